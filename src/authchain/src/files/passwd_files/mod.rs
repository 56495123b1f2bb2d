//! passwd(5) and shadow(5).
//!
//! Every search reads its file once from beginning to end, whether or not the name is in it: a
//! second entry of the same name has to be noticed, and the time must not tell whether the name is
//! known. Nothing is kept in memory but a buffer and the entry of the name.

pub mod ageing;
mod common_hash;
mod lines;
pub mod oddities;
pub mod passwd;
mod search;
pub mod shadow;

pub use search::{SYSTEM_PASSWD, SYSTEM_SHADOW, Search, is_entry_of, open, was_ever_a_password};
