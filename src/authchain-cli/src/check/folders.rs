//! Who could put another file in a file's place.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::geteuid;

/// What is wrong with the folders above a file, one sentence each, the nearest folder first.
///
/// A file that only root can write is worth nothing in a folder where somebody else can rename it
/// away. A sticky folder such as /tmp does not allow that.
pub(crate) fn faults(file: &Path) -> Vec<String> {
    // `new.toml` stands in the working directory; its parent is no path at all.
    let folder = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let Ok(folder) = fs::canonicalize(folder) else {
        return Vec::new();
    };
    folder.ancestors().filter_map(fault).collect()
}

fn fault(folder: &Path) -> Option<String> {
    let metadata = fs::metadata(folder).ok()?;
    let (owner, mode) = (metadata.uid(), metadata.mode() & 0o7777);
    let folder = folder.display();
    if owner != 0 && owner != geteuid().as_raw() {
        return Some(format!(
            "the folder {folder} belongs to user id {owner}, who can replace what is in it"
        ));
    }
    let is_sticky = mode & 0o1000 != 0;
    if mode & 0o022 != 0 && !is_sticky {
        return Some(format!(
            "the folder {folder} has mode {mode:04o}: others can replace what is in it; use chmod go-w"
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_folder_that_others_may_write_is_named_wherever_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("inner");
        fs::create_dir(&inner).unwrap();
        let file = inner.join("file");
        assert_eq!(faults(&file), Vec::<String>::new());
        fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
        let found = faults(&file);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("mode 0777"), "{found:?}");
        fs::set_permissions(dir.path(), Permissions::from_mode(0o1777)).unwrap();
        assert_eq!(faults(&file), Vec::<String>::new());
    }
}
