//! The files, sockets and ports that a process needs once it is confined.

use std::path::{Path, PathBuf};

/// The access that a confined process keeps; everything else is given up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Files and folders to read; if there are none, no file can be opened. `/etc/hosts` and
    /// `/etc/resolv.conf` need not be listed: they are read before.
    pub files: Vec<PathBuf>,
    /// Programs to read and to start, and folders of such programs.
    pub programs: Vec<PathBuf>,
    /// Unix sockets to connect to; if there are none, no Unix socket can be made.
    pub unix_sockets: Vec<PathBuf>,
    /// The TCP ports to connect to; `None` means any. A kernel whose Landlock has no rules for
    /// ports (before ABI 4) allows any.
    pub ports: Option<Vec<u16>>,
    /// True if password hashes are computed, some of which take a lot of memory.
    pub hashes: bool,
}

impl Access {
    /// Returns access to no file, no socket and no port.
    pub fn none() -> Self {
        Self {
            ports: Some(Vec::new()),
            ..Self::default()
        }
    }

    /// Returns the access of a plugin: to its programs, to what the system has installed, to the
    /// files in `read`, and to any server where it has a network.
    pub fn of_plugin(programs: &[&Path], read: &[PathBuf], network: bool) -> Self {
        let for_names: &[&str] = if network { FOR_NAMES } else { &[] };
        let files = FOR_LOADING.iter().chain(for_names).map(PathBuf::from);
        let installed = INSTALLED.iter().map(PathBuf::from);
        let own = programs.iter().map(|program| program.to_path_buf());
        Self {
            files: files.chain(read.iter().cloned()).collect(),
            programs: installed.chain(own).collect(),
            ports: if network { None } else { Some(Vec::new()) },
            ..Self::default()
        }
    }
}

/// The folders of programs, interpreters and libraries that the system has installed (hier(7)).
const INSTALLED: &[&str] = &["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"];

/// Files that the dynamic linker and C libraries read.
const FOR_LOADING: &[&str] = &[
    "/etc/ld.so.cache",
    "/etc/ld.so.preload",
    "/etc/localtime",
    "/dev/null",
    "/dev/urandom",
    "/dev/random",
];

/// Files with which C libraries look up the names of servers, and know certificates.
const FOR_NAMES: &[&str] = &[
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/nsswitch.conf",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/ssl",
    "/etc/pki/tls",
    "/etc/pki/ca-trust",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_without_a_network_has_no_port_and_no_file_for_names() {
        let hosts = PathBuf::from("/etc/hosts");
        let none = Access::of_plugin(&[Path::new("/srv/p")], &["/srv/d".into()], false);
        assert_eq!(none.ports, Some(Vec::new()));
        assert!(!none.files.contains(&hosts));
        assert!(none.files.contains(&"/srv/d".into()));
        assert!(none.programs.contains(&"/srv/p".into()));
        let any = Access::of_plugin(&[], &[], true);
        assert_eq!(any.ports, None);
        assert!(any.files.contains(&hosts));
    }
}
