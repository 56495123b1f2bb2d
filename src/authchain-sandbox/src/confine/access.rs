//! The files, sockets and ports that a process needs once it is confined.

use std::path::PathBuf;

/// The access that a confined process keeps; everything else is given up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Files and folders to read; if there are none, no file can be opened. `/etc/hosts` and
    /// `/etc/resolv.conf` need not be listed: they are read before.
    pub files: Vec<PathBuf>,
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
}
