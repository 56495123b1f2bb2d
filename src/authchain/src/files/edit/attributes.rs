//! The attributes that a new file takes over from the file that it replaces.

use std::fs::{self, File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use nix::unistd::{getegid, geteuid};
use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr};
use rustix::io::Errno;

/// Maximum length of the names and of the value of extended attributes, in bytes (xattr(7)).
const MAX_XATTR: usize = 1 << 16;

/// The extended attribute that holds a file's access list (acl(5)).
const ACCESS_LIST: &str = "system.posix_acl_access";

/// The extended attributes that are about a file's contents, and so are not taken over.
const OF_CONTENTS: [&[u8]; 2] = [b"security.ima", b"security.evm"];

/// The owner, group, mode and extended attributes of a file.
#[derive(Clone, Copy)]
pub(super) enum Attributes {
    /// The process's own user and group, and this mode.
    Own(u32),
    /// Those of the file that is replaced: the SELinux context and the ACL are among its extended
    /// attributes. A missing file is not made.
    Kept,
}

/// The file that is replaced, as it was when it was read.
pub(super) struct Old {
    path: PathBuf,
    file: File,
    metadata: Metadata,
}

impl Old {
    /// Takes the file that was opened at `path`, before its contents are read.
    pub(super) fn new(path: &Path, file: File) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            metadata: file.metadata()?,
            file,
        })
    }

    /// Returns the file, to be read.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Returns the file's size in bytes.
    pub(super) fn size(&self) -> u64 {
        self.metadata.size()
    }

    /// Returns whether the file at the path is still this one, and nobody has written to it.
    pub(super) fn is_unchanged(&self) -> io::Result<bool> {
        let stamp = |file: &Metadata| {
            let modified = (file.mtime(), file.mtime_nsec());
            (file.dev(), file.ino(), file.size(), modified)
        };
        Ok(stamp(&fs::metadata(&self.path)?) == stamp(&self.metadata))
    }
}

impl Attributes {
    /// Gives the attributes to `file`, which replaces `old`, the mode last: until then, only root
    /// may read the file.
    pub(super) fn give_to(self, file: &File, old: Option<&Old>) -> io::Result<()> {
        let (uid, gid, mode) = match (self, old) {
            (Self::Own(mode), _) => (geteuid().as_raw(), getegid().as_raw(), mode),
            (Self::Kept, Some(old)) => {
                let old = &old.metadata;
                (old.uid(), old.gid(), old.mode() & 0o7777)
            }
            (Self::Kept, None) => return Err(Errno::NOENT.into()),
        };
        fchown(file, Some(uid), Some(gid))?;
        remove_inherited_acl(file)?;
        if let (Self::Kept, Some(old)) = (self, old) {
            copy_extended(&old.file, file)?;
        }
        file.set_permissions(Permissions::from_mode(mode))
    }
}

/// Removes the access list that the new file has from its folder, and the old one need not have
/// had.
fn remove_inherited_acl(file: &File) -> io::Result<()> {
    match fremovexattr(file, ACCESS_LIST) {
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(()),
        removed => Ok(removed?),
    }
}

/// Copies the extended attributes that the new file does not have already.
fn copy_extended(old: &File, new: &File) -> io::Result<()> {
    let mut names = vec![0; MAX_XATTR];
    let length = match flistxattr(old, &mut names) {
        // The file system has none.
        Err(Errno::OPNOTSUPP) => return Ok(()),
        length => length?,
    };
    names.truncate(length);
    let (mut value, mut present) = (vec![0; MAX_XATTR], vec![0; MAX_XATTR]);
    for name in names.split(|&byte| byte == 0) {
        if name.is_empty() || OF_CONTENTS.contains(&name) {
            continue;
        }
        let length = fgetxattr(old, name, &mut value)?;
        let wanted = value.get(..length).unwrap_or_default();
        let has_it = fgetxattr(new, name, &mut present)
            .is_ok_and(|length| present.get(..length) == Some(wanted));
        if !has_it {
            fsetxattr(new, name, wanted, XattrFlags::empty())?;
        }
    }
    Ok(())
}
