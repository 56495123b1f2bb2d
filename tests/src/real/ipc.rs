//! The messages between the tests and the `stage` program.

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

/// One program to run on a machine, with all attributes that its caller may choose.
///
/// A set-user-ID program inherits all of these from its caller.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Run {
    /// The process id of the machine's first process, seen from outside.
    pub machine: i32,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// The user id of the program.
    pub uid: u32,
    /// The group id of the program.
    pub gid: u32,
    /// Working directory; `/` if empty.
    pub directory: String,
    /// Whether the working directory is removed before the program starts.
    pub directory_is_deleted: bool,
    /// Whether the program gets its own session with standard input as its terminal.
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
    /// Whether it gets the scheduling policy `SCHED_IDLE`.
    pub is_idle: bool,
    /// A program of the caller that starts `argv`, with its arguments.
    pub wrapper: Vec<String>,
    /// Its whole environment.
    pub environment: BTreeMap<String, String>,
}
