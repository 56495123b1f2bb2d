//! Settings of backends of type `local`.

use std::path::PathBuf;

use serde::Deserialize;

use crate::files::passwd_files::SYSTEM_PASSWD;

/// The keys of a backend of type `local`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(default)]
pub struct LocalSettings {
    /// The passwd(5) file.
    pub passwd: PathBuf,

    /// The shadow(5) file.
    pub shadow: PathBuf,

    /// Accept DES, bsdi, MD5, sunmd5, sha1 and NT hashes, which can be broken in hours.
    pub weak_hashes: bool,
}

impl Default for LocalSettings {
    fn default() -> Self {
        Self {
            passwd: PathBuf::from(SYSTEM_PASSWD),
            shadow: PathBuf::from("/etc/shadow"),
            weak_hashes: false,
        }
    }
}
