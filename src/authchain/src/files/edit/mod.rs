//! Editing accounts in a passwd(5) and a shadow(5) file. No change is ever left half done.
//!
//! A change is read, made and written under one lock, file by file: a new file is written beside
//! the old one, flushed to the disk, and renamed over it. A reader sees the old file or the new
//! one. Two files cannot be renamed at once, so the order matters: **a name exists while it is in
//! the passwd file**. A new account's shadow line is written first, a deleted account's is removed
//! last. A process that is killed between the two renames leaves a shadow line that belongs to
//! nobody, which no login reads and the next [`Database::add`] of that name replaces. It never
//! leaves a name without its password, expiry date or lock.

mod account;
mod attributes;
mod database;
mod error;
pub(in crate::files) mod lock;
mod new_account;
mod out_of_reach;
mod replace;
mod shadow_line;
mod table;
mod tables;

pub use account::AccountEntry;
pub use database::Database;
pub use database::password::PasswordEdit;
pub use error::EditError;
pub use new_account::NewAccount;
pub use out_of_reach::real_uid;
pub use table::Table;
