//! The folders on the way to a file: whoever may write one of them can put another file in its
//! place.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::geteuid;

use super::error::{FileError, FileFault};

/// Most links that are followed, as many as the kernel follows.
const MAX_LINKS: usize = 40;

/// Mode bit of a folder in which everybody may replace only what is theirs, such as /tmp.
const STICKY: u32 = 0o1000;

/// Judges every folder on the way to `file`, links followed, and those in which links stand.
///
/// Each must belong to root or to the process's effective user, and nobody else may be able to
/// replace in it what the path leads through. A file that does not exist is judged as if it were to
/// be made.
///
/// # Errors
/// [`FileError`], which names the first folder that will not do, seen from the root.
pub fn judge(file: &Path) -> Result<(), FileError> {
    let fail = |error: io::Error| FileError::at(file, &error);
    let mut way = Way::to(file).map_err(fail)?;
    while let Some(part) = way.parts.pop_front() {
        if part == ".." {
            way.folder.pop();
            way.metadata = fs::symlink_metadata(&way.folder).map_err(fail)?;
            continue;
        }
        let path = way.folder.join(part);
        let entry = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            entry => Some(entry.map_err(fail)?),
        };
        way.judge_folder(&path, entry.as_ref())?;
        match entry {
            None => break,
            Some(entry) if entry.is_symlink() => way.follow(&path).map_err(fail)?,
            Some(entry) => (way.folder, way.metadata) = (path, entry),
        }
    }
    Ok(())
}

/// Returns whether a file of this user id is as good as ours: root's, or of the process's effective
/// user.
pub(super) fn is_trusted(owner: u32) -> bool {
    owner == 0 || owner == geteuid().as_raw()
}

/// The part of a file's path that was walked already, and the part that was not.
struct Way {
    /// The folder reached so far, by a path without a symbolic link.
    folder: PathBuf,
    /// The metadata of `folder`.
    metadata: Metadata,
    parts: VecDeque<OsString>,
    links: usize,
}

impl Way {
    fn to(file: &Path) -> io::Result<Self> {
        let mut way = Self {
            folder: PathBuf::from("/"),
            metadata: fs::symlink_metadata("/")?,
            parts: VecDeque::new(),
            links: 0,
        };
        if file.is_relative() {
            way.put_first(&fs::canonicalize(".")?.join(file));
        } else {
            way.put_first(file);
        }
        Ok(way)
    }

    fn follow(&mut self, link: &Path) -> io::Result<()> {
        self.links = self.links.saturating_add(1);
        if self.links > MAX_LINKS {
            return Err(Errno::ELOOP.into());
        }
        let target = fs::read_link(link)?;
        if target.is_absolute() {
            self.folder = PathBuf::from("/");
            self.metadata = fs::symlink_metadata("/")?;
        }
        self.put_first(&target);
        Ok(())
    }

    fn put_first(&mut self, path: &Path) {
        for part in path.components().rev() {
            if let Component::Normal(_) | Component::ParentDir = part {
                self.parts.push_front(part.as_os_str().to_owned());
            }
        }
    }

    /// Judges the folder by who may replace `entry` in it, which stands at `path` if it is there.
    fn judge_folder(&self, path: &Path, entry: Option<&Metadata>) -> Result<(), FileError> {
        let fail = |path: &Path, fault| Err(FileError::at(path, fault));
        let (owner, mode) = (self.metadata.uid(), self.metadata.mode() & 0o7777);
        if !is_trusted(owner) {
            return fail(&self.folder, FileFault::FolderOwner(owner));
        }
        if mode & 0o022 == 0 {
            return Ok(());
        }
        if mode & STICKY == 0 {
            return fail(&self.folder, FileFault::FolderMode(mode));
        }
        match entry.map(Metadata::uid) {
            Some(owner) if !is_trusted(owner) => fail(path, FileFault::Owner(owner)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    /// Makes a folder with `outer/inner/file` in it.
    fn scene() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        // On some machines the way to it is a link.
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
            // Who can remove the file can make it look as if it had never existed.
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
    fn every_folder_that_a_link_stands_in_or_leads_through_counts() {
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
    fn a_folder_or_link_of_somebody_elses_will_not_do() {
        if !nix::unistd::geteuid().is_root() {
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
