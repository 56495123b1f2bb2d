//! Settings of `type = "local"`.

use std::path::PathBuf;

use serde::Deserialize;

use super::common::{SettingsFault, fault_of_path};
#[cfg(feature = "schema")]
use super::schema::AbsolutePath;
use crate::files::passwd_files::{SYSTEM_PASSWD, SYSTEM_SHADOW};

/// Accounts in passwd(5) and shadow(5) files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(default)]
pub struct LocalSettings {
    /// The file of the accounts, in the form of passwd(5). It must belong to root, and nobody else
    /// may be able to write it.
    #[cfg_attr(feature = "schema", schemars(with = "AbsolutePath"))]
    pub passwd: PathBuf,

    /// The file of the password hashes and dates, in the form of shadow(5). It must belong to root,
    /// and only root and the file's group may be able to read it.
    #[cfg_attr(feature = "schema", schemars(with = "AbsolutePath"))]
    pub shadow: PathBuf,

    /// True to accept passwords stored by methods that are quickly guessed today: descrypt,
    /// bsdicrypt, md5crypt, sunmd5, sha1crypt and nt.
    pub weak_hashes: bool,
}

impl Default for LocalSettings {
    fn default() -> Self {
        Self {
            passwd: PathBuf::from(SYSTEM_PASSWD),
            shadow: PathBuf::from(SYSTEM_SHADOW),
            weak_hashes: false,
        }
    }
}

impl LocalSettings {
    /// Checks whether the settings fit together.
    ///
    /// # Errors
    /// The key that does not fit, and why: a path that is not absolute, or the passwd file of one
    /// database with the shadow file of another, which would open accounts with strangers'
    /// passwords.
    pub fn check(&self) -> Result<(), SettingsFault> {
        for (key, path) in [("passwd", &self.passwd), ("shadow", &self.shadow)] {
            if let Some(message) = fault_of_path(path) {
                return Err((key, message));
            }
        }
        let [passwd, shadow] = [(&self.passwd, SYSTEM_PASSWD), (&self.shadow, SYSTEM_SHADOW)]
            .map(|(path, system)| path.as_os_str() == system);
        let message = || "passwd and shadow belong together: set both, or neither".to_owned();
        match (passwd, shadow) {
            (true, false) => Err(("shadow", message())),
            (false, true) => Err(("passwd", message())),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_systems_files_and_no_weak_hashes() {
        let settings: LocalSettings = toml::from_str("").unwrap();
        assert_eq!(settings, LocalSettings::default());
        assert_eq!(settings.passwd, PathBuf::from("/etc/passwd"));
        assert_eq!(settings.shadow, PathBuf::from("/etc/shadow"));
        assert!(!settings.weak_hashes);
    }

    #[test]
    fn each_key_can_be_set_alone() {
        let settings: LocalSettings = toml::from_str("passwd = '/srv/mail/passwd'").unwrap();
        assert_eq!(settings.passwd, PathBuf::from("/srv/mail/passwd"));
        assert_eq!(settings.shadow, PathBuf::from("/etc/shadow"));
        assert!(toml::from_str::<LocalSettings>("weak_hashes = 'yes'").is_err());
    }

    #[test]
    fn one_database_is_not_mixed_with_another() {
        let check = |text| toml::from_str::<LocalSettings>(text).unwrap().check();
        assert!(check("").is_ok());
        assert!(check("passwd = '/a'\nshadow = '/b'").is_ok());
        assert_eq!(check("passwd = '/a'").unwrap_err().0, "passwd");
        assert_eq!(check("shadow = '/b'").unwrap_err().0, "shadow");
    }
}
