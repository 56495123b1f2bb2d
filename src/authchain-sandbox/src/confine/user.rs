//! The user that the worker becomes.

use std::path::Path;

use authchain::tools::trusted_file::{Access, read};
use nix::errno::Errno;
use nix::unistd::{Gid, Uid, getegid, geteuid, setresuid};

use super::refused::Refused;
use super::report::User;
use crate::fault::{ProcessFault, fault};
use crate::ids;
use crate::process::not_dumpable;

/// The user that the worker becomes where the configured user does not exist.
const STAND_IN: &str = "nobody";

/// The largest passwd file that is read, in bytes. A larger file counts as empty.
const MOST_PASSWD: u64 = 16 << 20;

/// The kernel's overflow id (user_namespaces(7)), used where the passwd file lacks `nobody` too.
const OVERFLOW_ID: u32 = 65_534;

/// Finds the user to become: `wanted`, else `nobody`, else the kernel's overflow id.
///
/// Only the passwd file is asked: NSS would load modules, and may ask the very server that is down.
/// A process that was not started by root keeps its user.
///
/// A kept user and a stand-in are not noted, as the note would be in the log of every login;
/// `authchain check` reports them.
///
/// # Errors
/// Where `wanted` has the user or group id 0, which confines nothing. No other user stands in, so
/// that the administrator corrects the setting.
pub(super) fn choose(wanted: &str, passwd_file: &Path) -> Result<User, Refused> {
    if !geteuid().is_root() {
        return Ok(User::own(geteuid().as_raw(), getegid().as_raw()));
    }
    let passwd = read(passwd_file, Access::Public, MOST_PASSWD).unwrap_or_default();
    match entry_of(wanted, &passwd) {
        Entry::Unprivileged(user) => return Ok(user),
        Entry::Privileged => return Err(Refused::Privileged(wanted.to_owned())),
        Entry::Missing => {}
    }
    let stand_in = match entry_of(STAND_IN, &passwd) {
        Entry::Unprivileged(user) => user,
        Entry::Privileged | Entry::Missing => User::other(STAND_IN, OVERFLOW_ID, OVERFLOW_ID),
    };
    Ok(User {
        stands_in_for: Some(wanted.to_owned()),
        ..stand_in
    })
}

/// A user's entry in the passwd file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    /// An unprivileged user.
    Unprivileged(User),
    /// A user whose user or group id is 0, or is [`NO_ID`].
    Privileged,
    /// The file has no line of this name, or none that can be parsed.
    Missing,
}

/// Returns the first entry of `name` in a passwd file.
fn entry_of(name: &str, passwd: &[u8]) -> Entry {
    let mut lines = passwd.split(|&byte| byte == b'\n');
    let found = lines.find_map(|line| ids(line.strip_prefix(name.as_bytes())?));
    match found {
        None => Entry::Missing,
        Some((uid, gid)) if [uid, gid].iter().any(|id| [0, NO_ID].contains(id)) => {
            Entry::Privileged
        }
        Some((uid, gid)) => Entry::Unprivileged(User::other(name, uid, gid)),
    }
}

/// The id that setresuid(2) takes for "unchanged".
const NO_ID: u32 = u32::MAX;

/// Returns the user and group id in a passwd line whose name was cut off: `:x:990:990:…`.
fn ids(rest: &[u8]) -> Option<(u32, u32)> {
    let mut fields = rest.split(|&byte| byte == b':');
    let is_whole_name = fields.next()?.is_empty();
    let _password = fields.next()?;
    // A plus sign, which `from_str` takes, makes a line unreadable to others.
    let mut id = || {
        let digits = fields.next().filter(|field| !field.starts_with(b"+"))?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    };
    let (uid, gid) = (id()?, id()?);
    is_whole_name.then_some((uid, gid))
}

/// Becomes `user` for good. The groups change first: without root, they could not.
pub(super) fn become_user(user: &User) -> Result<(), ProcessFault> {
    if !user.is_other {
        return Ok(());
    }
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    ids::drop_groups()?;
    ids::take(uid, gid)?;
    not_dumpable()?;
    // Becoming root again must fail.
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

    #[test]
    fn an_entry_is_unprivileged_privileged_or_missing() {
        let passwd = b"root:x:0:0:::\nauthchain2:x:5:5:::\nauthchain:x:990:991:::\nauthchain:x:0:0:::\ntoor:x:0:5:::\nwheel:x:5:0:::\nodd:x:five:5:::\nplus:x:+5:5:::\nnone:x:4294967295:1:::\nmax:x:4294967296:1:::\ncut:x:7";
        let found = entry_of("authchain", passwd);
        assert_eq!(
            found,
            Entry::Unprivileged(User::other("authchain", 990, 991))
        );
        for name in ["root", "toor", "wheel", "none"] {
            assert_eq!(entry_of(name, passwd), Entry::Privileged, "{name}");
        }
        for name in [
            "odd",
            "plus",
            "max",
            "cut",
            "missing",
            "auth",
            "authchain:x",
        ] {
            assert_eq!(entry_of(name, passwd), Entry::Missing, "{name}");
        }
    }

    #[test]
    fn an_unprivileged_user_is_found_on_every_machine() {
        if !geteuid().is_root() {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("passwd");
        for (text, id) in [("nobody:x:99:98:::\n", 99), ("", OVERFLOW_ID)] {
            std::fs::write(&path, text).unwrap();
            let user = choose("authchain", &path).unwrap();
            assert_eq!((user.name.as_deref(), user.uid), (Some("nobody"), id));
            assert_eq!(user.stands_in_for.as_deref(), Some("authchain"));
        }
        std::fs::write(&path, "admin:x:0:0:::\nnobody:x:99:98:::\n").unwrap();
        let refused = choose("admin", &path);
        assert_eq!(refused, Err(Refused::Privileged("admin".to_owned())));
    }
}
