//! The folders in which homes are made.

use std::path::{Component, Path};

/// Folders of the system, in which and below which no home can be.
const OF_THE_SYSTEM: &[&str] = &[
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/var/cache",
    "/var/log",
    "/var/spool",
];

/// Folders that hold folders of the system: a home in one of them could have the name of one.
const AROUND_THE_SYSTEM: &[&str] = &["/", "/var", "/var/lib"];

/// Returns the fault of a folder in which homes would be among the system's own files.
pub(super) fn fault_of_home_dir(path: &Path) -> Option<String> {
    if path.components().any(|part| part == Component::ParentDir) {
        return Some("must not have .. in it".to_owned());
    }
    let is_of_system = OF_THE_SYSTEM.iter().any(|folder| path.starts_with(folder))
        || AROUND_THE_SYSTEM
            .iter()
            .any(|folder| path == Path::new(folder));
    is_of_system.then(|| format!("{} is a folder of the system", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_the_system_is_no_folder_for_homes() {
        let fault = |path: &str| fault_of_home_dir(Path::new(path));
        for path in [
            "/",
            "//",
            "/etc",
            "/etc/",
            "/etc/homes",
            "/usr/./bin",
            "/var/lib",
            "/run/user",
        ] {
            let text = fault(path).unwrap_or_else(|| panic!("{path}"));
            assert!(text.ends_with("is a folder of the system"), "{text}");
        }
        let up = Some("must not have .. in it".to_owned());
        assert_eq!(fault("/home/../etc"), up);
        for path in [
            "/home",
            "/srv",
            "/srv/etc",
            "/var/home",
            "/var/lib/homes",
            "/etcetera",
            "/tmp/x",
        ] {
            assert_eq!(fault(path), None);
        }
    }
}
