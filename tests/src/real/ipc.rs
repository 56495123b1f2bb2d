//! What the tests and the `stage` program say to each other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How a machine is put together.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// Its name.
    pub hostname: String,
    /// Directory outside, directory inside.
    pub binds: Vec<(String, String)>,
}

/// One program to run inside a machine, and everything its caller may choose about it.
///
/// Set-user-ID programs inherit all of this from whoever starts them; that is why it is all here.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Run {
    /// The machine's first process, as the outside knows it.
    pub machine: i32,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Who runs it: uid and gid.
    pub uid: u32,
    /// See `uid`.
    pub gid: u32,
    /// Working directory; `/` if empty.
    pub directory: String,
    /// Is the working directory removed before the program starts?
    pub directory_is_deleted: bool,
    /// Start a session of its own with standard input as its terminal?
    pub own_terminal: bool,
    /// File mode mask.
    pub umask: u32,
    /// Signals to ignore, by number.
    pub ignored: Vec<i32>,
    /// Signals to block, by number.
    pub blocked: Vec<i32>,
    /// Limit on a file's size, in bytes.
    pub max_file_size: Option<u64>,
    /// Limit on open files.
    pub max_open_files: Option<u64>,
    /// Limit on the address space, in bytes.
    pub max_memory: Option<u64>,
    /// Limit on the stack, in bytes.
    pub max_stack: Option<u64>,
    /// Limit on memory that may be written to, in bytes.
    pub max_data: Option<u64>,
    /// Limit on the processes of the user.
    pub max_processes: Option<u64>,
    /// Limit on the processor's time, in seconds.
    pub max_seconds: Option<u64>,
    /// Control groups it runs in, by their folders.
    pub control_groups: Vec<String>,
    /// Does it run only when nobody else wants to?
    pub is_idle: bool,
    /// Program and arguments in front of `argv`, of the caller's own.
    pub wrapper: Vec<String>,
    /// Its whole environment.
    pub environment: BTreeMap<String, String>,
}
