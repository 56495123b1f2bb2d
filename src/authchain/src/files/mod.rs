//! Floor 2: password files and password hashes.
//!
//! - [`app_passwords`]: passwords for programs that cannot ask for a second factor.
//! - [`authenticator`]: the secret of an authenticator app, and recovery codes.
//! - [`edit`]: adds, changes and deletes accounts in a passwd and a shadow file, under one lock.
//! - [`factor_folder`]: the folder of a person's second factors.
//! - [`group_file`]: group(5), and the groups that it has one person in.
//! - [`ledger`]: what is counted of a person, such as used codes, without a lock.
//! - [`login_defs`]: the method by which the system stores new passwords.
//! - [`passwd_files`]: passwd(5) and shadow(5), read line by line in a fixed amount of memory.
//! - [`password_hash`]: verifies a password against a stored hash, within limits on its cost, and
//!   makes new hashes. The only unsafe code of the library is in its `crypt.rs`.
//! - [`same_file`]: paths that lead to the same file, by whatever links.
//!
//! No function here decides who may log in.
//!
//! **Uses** `words` and `tools`. **Used by** `config`, `backends`, `chain`, the worker, which
//! verifies the hashes of a NIS domain, and the command, which edits account files.
//! **Begin with** [`password_hash::verify`].

pub mod app_passwords;
pub mod authenticator;
pub mod edit;
pub mod factor_folder;
mod file_size;
pub mod group_file;
mod hex;
pub mod home;
pub mod ledger;
pub mod login_defs;
mod new_file;
pub mod passwd_files;
pub mod password_hash;
#[cfg(feature = "examine")]
pub mod pem;
#[cfg(feature = "manage")]
pub mod published;
#[cfg(feature = "examine")]
pub mod revocation_lists;
pub mod same_file;
