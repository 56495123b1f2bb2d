//! Reading a file with the rights of the person whose it is.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use authchain::tools::name_service;
use authchain::tools::trusted_file::{self, Access, folders};
use authchain::words::Username;
use nix::fcntl::OFlag;
use nix::unistd::{Gid, Uid, User, geteuid, setfsgid, setfsuid};

use crate::terminal::Failure;

/// Reads a file of at most `limit` bytes. Where others than root could have put another file in its
/// place, it is read with the rights of `owner`, and must be theirs: a link could lead to a file
/// that only root may read (CVE-2024-47191).
pub(super) fn read(path: &Path, owner: &Username, limit: u64) -> Result<Vec<u8>, Failure> {
    if folders::judge(path).is_ok() {
        return trusted_file::read(path, Access::Private, limit).map_err(Failure::trouble);
    }
    let user = name_service::user_named(owner.as_str()).map_err(Failure::trouble)?;
    let user = user.ok_or_else(|| {
        let path = path.display();
        Failure::refused(format!(
            "{path}: the system does not know {owner}, and others than root can replace the file"
        ))
    })?;
    let read = with_rights_of(&user, || read_own(path, user.uid, limit));
    read.map_err(|error| Failure::trouble(format_args!("{}: {error}", path.display())))
}

fn read_own(path: &Path, owner: Uid, limit: u64) -> io::Result<Vec<u8>> {
    let file = OpenOptions::new()
        .read(true)
        // O_NONBLOCK: opening a FIFO must not wait for a writer.
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits())
        .open(path)?;
    check(&file, owner)?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()).is_ok_and(|length| length <= limit) {
        true => Ok(bytes),
        false => Err(io::Error::other(format!("larger than {limit} bytes"))),
    }
}

fn check(file: &File, owner: Uid) -> io::Result<()> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("no regular file"));
    }
    match metadata.uid() {
        uid if uid == owner.as_raw() => Ok(()),
        uid => Err(io::Error::other(format!("it belongs to user id {uid}"))),
    }
}

/// Does something with the rights to files of another user, if this process may take them.
fn with_rights_of<T>(user: &User, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let _back = OwnRights;
    if geteuid().is_root() {
        setfsgid(user.gid);
        setfsuid(user.uid);
        // The call says nothing of a failure; a second one returns what the first has set.
        if setfsuid(user.uid) != user.uid {
            return Err(io::Error::other(
                "the rights of the owner could not be taken",
            ));
        }
    }
    work()
}

/// Gives the process its own rights back when it is dropped.
struct OwnRights;

impl Drop for OwnRights {
    fn drop(&mut self) {
        setfsuid(geteuid());
        setfsgid(Gid::effective());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_link_a_fifo_a_large_file_and_anothers_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("secret"), "text").unwrap();
        symlink(at("secret"), at("link")).unwrap();
        nix::unistd::mkfifo(&at("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let own = geteuid();
        assert_eq!(read_own(&at("secret"), own, 4).unwrap(), b"text");
        for (name, owner, limit) in [
            ("link", own, 4),
            ("fifo", own, 4),
            ("secret", own, 3),
            ("secret", Uid::from_raw(own.as_raw() + 1), 4),
            (".", own, 4),
        ] {
            assert!(read_own(&at(name), owner, limit).is_err(), "{name}");
        }
    }

    #[test]
    fn what_the_owner_may_not_read_is_not_read_for_them() {
        if !geteuid().is_root() {
            return;
        }
        let nobody = User::from_name("nobody").unwrap().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, "text").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let read = || with_rights_of(&nobody, || fs::read(&path));
        assert_eq!(read().unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert!(fs::read(&path).is_ok(), "the rights are given back");
    }
}
