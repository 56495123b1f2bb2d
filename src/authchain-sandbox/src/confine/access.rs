//! What a process still needs once it is confined.

use std::path::PathBuf;

/// What stays within reach of a confined process. Everything else is given up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Files and folders to read; where there are none, no file can be opened. What name resolution
    /// needs has been read before.
    pub files: Vec<PathBuf>,
    /// Unix sockets to connect to; where there are none, no Unix socket can be made.
    pub unix_sockets: Vec<PathBuf>,
    /// The TCP ports to connect to; `None` means any. Where the kernel knows no such rule: any.
    pub ports: Option<Vec<u16>>,
    /// Whether password hashes are computed, some of which take a lot of memory.
    pub hashes: bool,
}

impl Access {
    /// Returns the access of a process that needs no server.
    pub fn none() -> Self {
        Self {
            ports: Some(Vec::new()),
            ..Self::default()
        }
    }
}
