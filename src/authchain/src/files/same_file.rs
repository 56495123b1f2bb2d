//! Paths that lead to the same file, by whatever links and mounts.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Most links that are followed to a file that is missing, as by the kernel (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// Returns the path with its links resolved, also where the file they lead to is missing.
pub(in crate::files) fn resolved(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        if let Ok(real) = fs::canonicalize(&path) {
            return real;
        }
        match fs::read_link(&path) {
            Ok(target) => path = path.with_file_name("").join(target),
            Err(_) => break,
        }
    }
    let folder = path
        .parent()
        .and_then(|folder| fs::canonicalize(folder).ok());
    let found = folder
        .zip(path.file_name())
        .map(|(folder, name)| folder.join(name));
    found.unwrap_or(path)
}

/// Returns whether both paths are one name in one folder, by whatever links and mounts. A second
/// name of a file (a hard link) is another file: it is left behind where the first is replaced.
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    let [one, other] = [one, other].map(resolved);
    let folder = |path: &Path| {
        let folder = fs::metadata(path.parent()?).ok()?;
        Some((folder.dev(), folder.ino()))
    };
    one == other
        || (one.file_name() == other.file_name()
            && folder(&one).is_some_and(|place| Some(place) == folder(&other)))
}
