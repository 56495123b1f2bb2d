//! The system calls of each kind of process.

use seccompiler::Error;

use super::install::install;
use super::optional::OptionalCalls;
use super::program::{Answers, Program, assemble};
use super::{calls, plugin_calls};

/// The system calls that a kind of process may make.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// Returns the answers to calls.
    answers: fn(OptionalCalls) -> Answers,
}

impl Profile {
    /// The calls of a process that asks servers. It uses sockets and clocks, and starts no program
    /// and no other process.
    pub const SERVER: Self = Self {
        answers: calls::answers,
    };

    /// The calls of a plugin, which may be any program: whatever a program needs for itself. It
    /// reaches into no other process, changes nothing of the machine, and leaves neither its
    /// process group nor its namespaces.
    pub const PLUGIN: Self = Self {
        answers: plugin_calls::answers,
    };

    /// Installs the filter, for good, in this thread, which is the only one.
    ///
    /// # Errors
    /// Where the kernel refuses the filter, or has no seccomp filters.
    pub(super) fn install(&self, optional: OptionalCalls) -> Result<(), Error> {
        install(&self.program(optional))
    }

    pub(super) fn program(&self, optional: OptionalCalls) -> Program {
        assemble(&(self.answers)(optional))
    }
}
