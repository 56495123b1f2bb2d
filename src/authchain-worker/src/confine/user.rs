//! Whose process the worker is from now on.

use std::path::Path;

use authchain::files::passwd_files::passwd;
use nix::errno::Errno;
use nix::unistd::{Gid, Uid, getegid, geteuid, setgroups, setresgid, setresuid};

use super::report::User;
use crate::process::{Fault, fault, not_dumpable};

/// Who stands in where the worker's own user was not created.
const STAND_IN: &str = "nobody";

/// The id that the kernel shows for users it cannot name, where the passwd file has not even `nobody`.
const OVERFLOW_ID: u32 = 65_534;

/// Finds the user to become: `wanted`, else `nobody`, else the kernel's overflow id.
///
/// Only the passwd file is asked. NSS would load modules and may ask the very server that is down.
/// A user id 0 is no confinement, whatever its name; without root there is nobody to become.
pub(super) fn choose(wanted: &str, passwd_file: &Path, notes: &mut Vec<String>) -> User {
    if !geteuid().is_root() {
        notes.push("not started by root: keeps its user".to_owned());
        return User::own(geteuid().as_raw(), getegid().as_raw());
    }
    if let Some(user) = known(wanted, passwd_file) {
        return user;
    }
    notes.push(format!(
        "there is no unprivileged user {wanted} in {}: runs as {STAND_IN}",
        passwd_file.display()
    ));
    known(STAND_IN, passwd_file).unwrap_or_else(|| User::other(STAND_IN, OVERFLOW_ID, OVERFLOW_ID))
}

fn known(name: &str, passwd_file: &Path) -> Option<User> {
    let entry = passwd::find(passwd_file, Some(name), false).ok()?.entry?;
    let gid = entry.to_user("").gid?;
    let is_privileged = entry.uid() == 0 || gid == 0;
    (!is_privileged).then(|| User::other(name, entry.uid(), gid))
}

/// Becomes `user` for good: groups first, while it is still allowed.
pub(super) fn become_user(user: &User) -> Result<(), Fault> {
    if !user.is_other {
        return Ok(());
    }
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    setgroups(&[]).map_err(fault("drop the supplementary groups"))?;
    setresgid(gid, gid, gid).map_err(fault("become its own group"))?;
    setresuid(uid, uid, uid).map_err(fault("become its own user"))?;
    not_dumpable()?;
    cannot_return()
}

/// Tries to be root again, which must fail.
fn cannot_return() -> Result<(), Fault> {
    let root = Uid::from_raw(0);
    match setresuid(root, root, root) {
        Ok(()) => Err(fault("be sure that it is not root any more")(
            Errno::EALREADY,
        )),
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwd(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("passwd");
        std::fs::write(&path, text).unwrap();
        (dir, path)
    }

    #[test]
    fn a_user_is_unprivileged_or_none() {
        let text = "root:x:0:0:::\nauthchain:x:990:991:::\ntoor:x:0:5:::\nwheel:x:5:0:::\n";
        let (_dir, path) = passwd(text);
        assert_eq!(
            known("authchain", &path),
            Some(User::other("authchain", 990, 991))
        );
        for name in ["root", "toor", "wheel", "missing"] {
            assert_eq!(known(name, &path), None, "{name}");
        }
    }

    #[test]
    fn somebody_unprivileged_is_found_on_every_machine() {
        if !geteuid().is_root() {
            return;
        }
        for text in ["", "nobody:x:99:98:::\n"] {
            let (_dir, path) = passwd(text);
            let mut notes = Vec::new();
            let user = choose("authchain", &path, &mut notes);
            let id = if text.is_empty() { OVERFLOW_ID } else { 99 };
            assert_eq!((user.name.as_deref(), user.uid), (Some("nobody"), id));
            assert!(
                notes[0].contains("no unprivileged user authchain"),
                "{notes:?}"
            );
        }
    }
}
