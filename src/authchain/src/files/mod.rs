//! Floor 2: what stands in password files.

pub mod passwd_files;
pub mod password_hash;
#[cfg(feature = "examine")]
pub mod revocation_lists;
