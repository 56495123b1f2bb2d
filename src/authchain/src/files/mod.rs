//! Floor 2: what stands in password files.

pub mod passwd_files;
pub mod password_hash;
