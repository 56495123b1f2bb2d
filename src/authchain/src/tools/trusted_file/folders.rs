//! The folders on the path to a file. A user who can write to one of them can replace the file.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::geteuid;

use super::error::{FileError, FileFault};

/// Maximum number of symbolic links that are followed, the same as the kernel's.
const MAX_LINKS: usize = 40;

/// The sticky bit: in a folder that has it, such as /tmp, users can rename or delete only their own
/// entries.
const STICKY: u32 = 0o1000;

/// Checks every folder that is passed when `file` is resolved, including those that contain a
/// symbolic link on the path.
///
/// Each must belong to root or to the process's effective user, and no other user may be able to
/// replace the entry in it that the path uses. If a component is missing, the check ends with the
/// folder that would contain it: a user who can write there could have deleted the file. A missing
/// entry in a sticky folder is accepted.
///
/// # Errors
/// The first fault, counted from the root: the owner or mode of a folder, the owner of an entry in
/// a sticky folder, or an I/O error, which names `file`.
pub fn judge(file: &Path) -> Result<(), FileError> {
    let io_fault = |error: io::Error| FileError::at(file, &error);
    let mut walk = PathWalk::new(file).map_err(io_fault)?;
    while let Some(part) = walk.remaining.pop_front() {
        if part == ".." {
            // `folder` contains no link, so its parent is what `..` means; nobody can replace `..`.
            walk.folder.pop();
            walk.metadata = fs::symlink_metadata(&walk.folder).map_err(io_fault)?;
            continue;
        }
        let path = walk.folder.join(part);
        let entry = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            entry => Some(entry.map_err(io_fault)?),
        };
        walk.judge_folder(&path, entry.as_ref())?;
        match entry {
            None => break,
            Some(entry) if entry.is_symlink() => walk.follow(&path).map_err(io_fault)?,
            Some(entry) => (walk.folder, walk.metadata) = (path, entry),
        }
    }
    Ok(())
}

/// Checks that no untrusted user can replace a file in the folder at `path`.
///
/// # Errors
/// The owner or the mode of the folder.
pub(super) fn check(path: &Path, folder: &Metadata) -> Result<(), FileError> {
    let (owner, mode) = (folder.uid(), folder.mode() & 0o7777);
    match (is_trusted(owner), mode & 0o022) {
        (true, 0) => Ok(()),
        (true, _) => Err(FileError::at(path, FileFault::FolderMode(mode))),
        (false, _) => Err(FileError::at(path, FileFault::FolderOwner(owner))),
    }
}

/// Returns whether a file of this owner is trusted: root's, or the process's effective user's.
pub(super) fn is_trusted(owner: u32) -> bool {
    owner == 0 || owner == geteuid().as_raw()
}

/// The resolution of a path, one component at a time.
struct PathWalk {
    /// The folder reached so far, by a path without a symbolic link.
    folder: PathBuf,
    /// The metadata of `folder`.
    metadata: Metadata,
    /// The components that are still to be resolved from `folder`.
    remaining: VecDeque<OsString>,
    links_followed: usize,
}

impl PathWalk {
    fn new(file: &Path) -> io::Result<Self> {
        let mut walk = Self {
            folder: PathBuf::from("/"),
            metadata: fs::symlink_metadata("/")?,
            remaining: VecDeque::new(),
            links_followed: 0,
        };
        if file.is_relative() {
            walk.prepend(&fs::canonicalize(".")?.join(file));
        } else {
            walk.prepend(file);
        }
        Ok(walk)
    }

    fn follow(&mut self, link: &Path) -> io::Result<()> {
        self.links_followed = self.links_followed.saturating_add(1);
        if self.links_followed > MAX_LINKS {
            return Err(Errno::ELOOP.into());
        }
        let target = fs::read_link(link)?;
        if target.is_absolute() {
            self.folder = PathBuf::from("/");
            self.metadata = fs::symlink_metadata("/")?;
        }
        self.prepend(&target);
        Ok(())
    }

    /// Puts the components of `path` before the remaining ones; `/` and `.` are left out.
    fn prepend(&mut self, path: &Path) {
        for part in path.components().rev() {
            if let Component::Normal(_) | Component::ParentDir = part {
                self.remaining.push_front(part.as_os_str().to_owned());
            }
        }
    }

    /// Checks that no untrusted user can replace `path` in the folder reached so far. `entry` is
    /// the metadata of `path`, `None` if it does not exist.
    fn judge_folder(&self, path: &Path, entry: Option<&Metadata>) -> Result<(), FileError> {
        let fault_at = |path: &Path, fault| Err(FileError::at(path, fault));
        let (owner, mode) = (self.metadata.uid(), self.metadata.mode() & 0o7777);
        if !is_trusted(owner) {
            return fault_at(&self.folder, FileFault::FolderOwner(owner));
        }
        if mode & 0o022 == 0 {
            return Ok(());
        }
        if mode & STICKY == 0 {
            return fault_at(&self.folder, FileFault::FolderMode(mode));
        }
        match entry.map(Metadata::uid) {
            Some(owner) if !is_trusted(owner) => fault_at(path, FileFault::Owner(owner)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::io::Write as _;
    use std::os::unix::fs::{PermissionsExt, symlink};

    /// Makes a folder with `outer/inner/file` in it.
    fn scene() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        // The temporary folder itself may be reached through a link.
        let root = fs::canonicalize(dir.path()).unwrap();
        fs::create_dir_all(root.join("outer/inner")).unwrap();
        fs::write(root.join("outer/inner/file"), "").unwrap();
        (dir, root)
    }

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    fn blamed(path: &Path) -> Option<(PathBuf, FileFault)> {
        judge(path).err().map(|error| (error.path, error.fault))
    }

    #[test]
    fn a_folder_that_others_may_write_is_named_wherever_it_is() {
        let (_dir, root) = scene();
        let file = root.join("outer/inner/file");
        for (folder, mode) in [("outer", 0o777), ("outer/inner", 0o775), ("outer", 0o757)] {
            assert_eq!(blamed(&file), None);
            let folder = root.join(folder);
            chmod(&folder, mode);
            let fault = FileFault::FolderMode(mode);
            assert_eq!(blamed(&file), Some((folder.clone(), fault.clone())));
            assert_eq!(
                blamed(&file.with_file_name("none")),
                Some((folder.clone(), fault))
            );
            chmod(&folder, 0o755);
        }
    }

    #[test]
    fn the_message_names_the_folder_and_the_remedy() {
        let (_dir, root) = scene();
        chmod(&root.join("outer"), 0o777);
        let error = judge(&root.join("outer/inner/file")).unwrap_err();
        let expected = "outer: mode 0777 lets others replace what is in it; use chmod go-w";
        assert!(error.to_string().ends_with(expected), "{error}");
    }

    #[test]
    fn folders_that_contain_a_link_and_folders_it_leads_through_are_checked() {
        let (_dir, root) = scene();
        for folder in ["links", "more"] {
            fs::create_dir(root.join(folder)).unwrap();
        }
        symlink("../outer/inner", root.join("links/relative")).unwrap();
        symlink(root.join("links/relative/file"), root.join("more/absolute")).unwrap();
        let file = root.join("more/absolute");
        assert_eq!(blamed(&file), None);
        for folder in ["more", "links", "outer", "outer/inner"] {
            let folder = root.join(folder);
            chmod(&folder, 0o777);
            let fault = FileFault::FolderMode(0o777);
            assert_eq!(blamed(&file), Some((folder.clone(), fault)));
            chmod(&folder, 0o755);
        }
        symlink("loop", root.join("loop")).unwrap();
        assert!(blamed(&root.join("loop")).is_some());
    }

    #[test]
    fn in_a_sticky_folder_others_cannot_replace_what_is_ours() {
        let (_dir, root) = scene();
        let file = root.join("outer/inner/file");
        chmod(&root.join("outer"), 0o1777);
        assert_eq!(blamed(&file), None);
        assert_eq!(blamed(&root.join("outer/none")), None);
    }

    #[test]
    fn a_folder_or_link_of_another_user_is_refused() {
        if !nix::unistd::geteuid().is_root() {
            let test = "a_folder_or_link_of_another_user_is_refused";
            let _ = writeln!(std::io::stderr(), "skipped: {test}: it needs root");
            return;
        }
        let (_dir, root) = scene();
        let file = root.join("outer/inner/file");
        std::os::unix::fs::chown(root.join("outer"), Some(4711), None).unwrap();
        let theirs = FileFault::FolderOwner(4711);
        assert_eq!(blamed(&file), Some((root.join("outer"), theirs)));
        std::os::unix::fs::chown(root.join("outer"), Some(0), None).unwrap();
        chmod(&root.join("outer"), 0o1777);
        let link = root.join("outer/link");
        symlink("inner/file", &link).unwrap();
        assert_eq!(blamed(&link), None);
        std::os::unix::fs::lchown(&link, Some(4711), None).unwrap();
        assert_eq!(blamed(&link), Some((link, FileFault::Owner(4711))));
    }

    #[test]
    fn a_path_within_the_working_directory_is_judged_from_the_root() {
        assert_eq!(
            blamed(Path::new("Cargo.toml")),
            blamed(&fs::canonicalize("Cargo.toml").unwrap())
        );
    }
}
