//! The user that the system has for a name, by its passwd file, shadow files and name service.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use crate::files::passwd_files::{passwd, shadow, was_ever_a_password};
use crate::tools::name_service;
use crate::words::{BackendError, Username};

/// The system's knowledge of names, as a trait, so that tests can pass their own.
pub trait Identities {
    /// Returns the user id that the local passwd file gives the name.
    ///
    /// # Errors
    /// When the file cannot be used.
    fn local_uid(&self, name: &Username) -> Result<Option<u32>, BackendError>;

    /// Returns whether the local files have a password for the name, usable or locked: then the
    /// name belongs to them.
    ///
    /// # Errors
    /// When the files cannot be used.
    fn has_local_password(&self, name: &Username) -> Result<bool, BackendError>;

    /// Returns the name that the local passwd file gives the user id.
    ///
    /// # Errors
    /// When the file cannot be used.
    fn local_name(&self, uid: u32) -> Result<Option<String>, BackendError>;

    /// Returns the user that the system's name service (NSS) has for the name.
    ///
    /// # Errors
    /// When the name service fails.
    fn system_user(&self, name: &Username) -> Result<Option<SystemUser>, BackendError>;
}

/// The user that the name service has for a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemUser {
    /// The name that the name service returned. Its spelling may differ from the name that was
    /// asked for, and host programs go on with this spelling.
    pub name: String,
    /// The user id.
    pub uid: u32,
}

/// The user ids that systemd gives to services (`DynamicUser=`; systemd's UIDS-GIDS.md).
const DYNAMIC_USERS: RangeInclusive<u32> = 61_184..=65_519;

/// The user ids of nobody: 65534, which the kernel shows for an id that it cannot map
/// (user_namespaces(7)), and 65535, "no id" in the 16 bits of old file systems.
const NOBODY: RangeInclusive<u32> = 65_534..=65_535;

/// The nobody of NFS, and "no id" in 32 bits, which means "no change" to setresuid(2).
const NO_ID: RangeInclusive<u32> = 0xffff_fffe..=u32::MAX;

/// Returns whether a user id is the system's own: 0, below `min_uid`, of a service or of nobody.
pub fn is_system_uid(uid: u32, min_uid: u32) -> bool {
    let ranges = [DYNAMIC_USERS, NOBODY, NO_ID];
    uid == 0 || uid < min_uid || ranges.iter().any(|range| range.contains(&uid))
}

/// The passwd and shadow files and the name service (NSS) of this machine.
pub struct SystemIdentities {
    passwd_file: PathBuf,
    shadow_files: Vec<PathBuf>,
}

impl SystemIdentities {
    /// Makes the identities of the passwd file at this path, without a shadow file.
    pub fn new(passwd_file: PathBuf) -> Self {
        Self {
            passwd_file,
            shadow_files: Vec::new(),
        }
    }

    /// Adds a shadow file in which the passwords of the passwd file's users are looked for.
    #[must_use]
    pub fn with_shadow(mut self, shadow_file: PathBuf) -> Self {
        self.shadow_files.push(shadow_file);
        self
    }

    fn passwd_entry(&self, name: &Username) -> Result<Option<passwd::PasswdEntry>, BackendError> {
        let mut found = passwd::find(&self.passwd_file, Some(name.as_str()), false)?;
        let entry = found.take_entry(&self.passwd_file);
        entry.map_err(BackendError::Unavailable)
    }
}

impl Identities for SystemIdentities {
    fn local_uid(&self, name: &Username) -> Result<Option<u32>, BackendError> {
        let entry = self.passwd_entry(name)?;
        Ok(entry.map(|entry| entry.uid()))
    }

    fn has_local_password(&self, name: &Username) -> Result<bool, BackendError> {
        let Some(person) = self.passwd_entry(name)? else {
            return Ok(false);
        };
        if !person.is_shadowed() {
            return Ok(was_ever_a_password(person.password.expose()));
        }
        for path in &self.shadow_files {
            let mut found = shadow::find(path, Some(name.as_str()), false)?;
            let entry = found.take_entry(path).map_err(BackendError::Unavailable)?;
            if entry.is_some_and(|entry| was_ever_a_password(entry.password.expose())) {
                return Ok(true);
            }
        }
        // Without a shadow file there is nowhere to look for the password: the name is local then.
        Ok(self.shadow_files.is_empty())
    }

    fn local_name(&self, uid: u32) -> Result<Option<String>, BackendError> {
        Ok(passwd::name_of(&self.passwd_file, uid)?)
    }

    fn system_user(&self, name: &Username) -> Result<Option<SystemUser>, BackendError> {
        let user = name_service::user_named(name.as_str()).map_err(BackendError::Failed)?;
        Ok(user.map(|user| SystemUser {
            name: user.name,
            uid: user.uid.as_raw(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    const HASH: &str = "$5$rounds=1000$saltsalt$R6e4P8ccT9iMqkYg7Z8YtpId/lfsIfnuPkp8WXposU8";

    /// Returns whether the name alice belongs to the local files, with these fields in passwd and
    /// shadow.
    fn is_theirs(passwd_field: &str, shadow_field: Option<&str>) -> bool {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            path
        };
        let passwd = file("passwd", &format!("alice:{passwd_field}:1000:1000:::\n"));
        let line = shadow_field.map(|field| format!("alice:{field}:::::::\n"));
        let shadow = file("shadow", &line.unwrap_or_default());
        let alice = Username::parse(b"alice").unwrap();
        let identities = SystemIdentities::new(passwd).with_shadow(shadow);
        identities.has_local_password(&alice).unwrap()
    }

    #[test]
    fn a_name_with_a_password_belongs_to_the_local_files_even_if_locked() {
        let locked = format!("!{HASH}");
        let twice = format!("!!{HASH}");
        for field in [HASH, "", &locked, &twice, "*LK*", &format!("*{HASH}"), "x"] {
            assert!(is_theirs("x", Some(field)), "{field}");
        }
        for field in [HASH, "", &locked] {
            assert!(is_theirs(field, None), "{field}");
        }
    }

    #[test]
    fn a_name_that_never_had_a_password_is_left_to_others() {
        for field in ["*", "!", "!!", "!*", "!!*"] {
            assert!(!is_theirs("x", Some(field)), "{field}");
            assert!(!is_theirs(field, Some(HASH)), "{field}");
        }
        assert!(!is_theirs("x", None));
    }

    #[test]
    fn a_name_belongs_to_the_local_files_if_any_shadow_file_has_its_password() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            path
        };
        let identities = SystemIdentities::new(file("passwd", "alice:x:1000:1000:::\n"))
            .with_shadow(file("mail", ""))
            .with_shadow(file("shadow", &format!("alice:{HASH}:::::::\n")));
        let alice = Username::parse(b"alice").unwrap();
        assert_eq!(identities.has_local_password(&alice), Ok(true));
        assert_eq!(identities.local_name(1000), Ok(Some("alice".to_owned())));
        assert_eq!(identities.local_name(1001), Ok(None));
    }

    #[test]
    fn a_shadow_file_that_cannot_be_read_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let passwd = dir.path().join("passwd");
        fs::write(&passwd, "alice:x:1000:1000:::\n").unwrap();
        let alice = Username::parse(b"alice").unwrap();
        let missing = SystemIdentities::new(passwd.clone()).with_shadow(dir.path().join("shadow"));
        let error = missing.has_local_password(&alice).unwrap_err();
        assert!(matches!(error, BackendError::Unavailable(_)), "{error}");
        let without = SystemIdentities::new(passwd);
        assert_eq!(without.has_local_password(&alice), Ok(true));
    }
}
