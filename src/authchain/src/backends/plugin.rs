//! The arguments with which a worker becomes a plugin: a program of the administrator's that
//! answers as a backend or as a second factor.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The argument in front of the plugin's program.
pub const RUN: &str = "--run";

/// The argument in front of a file or folder that the plugin may read.
pub const READ: &str = "--read";

/// The argument with which the plugin may connect to servers.
pub const NETWORK: &str = "--network";

/// A plugin, and what it may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginProgram {
    /// The absolute path of its program.
    pub program: PathBuf,
    /// The files and folders that it may read, beside what the system has installed.
    pub read: Vec<PathBuf>,
    /// True if it may connect to servers.
    pub network: bool,
}

impl PluginProgram {
    /// Returns the arguments. A path with a NUL, which no file has, becomes empty, and the worker
    /// refuses it.
    pub(super) fn arguments(&self) -> Vec<CString> {
        let word = |word: &str| CString::new(word).unwrap_or_default();
        let path = |path: &Path| CString::new(path.as_os_str().as_bytes()).unwrap_or_default();
        let mut arguments = vec![word(RUN), path(&self.program)];
        for read in &self.read {
            arguments.extend([word(READ), path(read)]);
        }
        arguments.extend(self.network.then(|| word(NETWORK)));
        arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_is_told_what_it_may_reach() {
        let plugin = PluginProgram {
            program: "/srv/p".into(),
            read: vec!["/a".into(), "/b".into()],
            network: true,
        };
        let arguments = plugin.arguments();
        let words: Vec<&str> = arguments
            .iter()
            .map(|word| word.to_str().unwrap())
            .collect();
        let expected = [
            "--run",
            "/srv/p",
            "--read",
            "/a",
            "--read",
            "/b",
            "--network",
        ];
        assert_eq!(words, expected);
    }
}
