//! The reasons why a process could not be confined.

use std::fmt;

use super::families::Families;
use crate::fault::ProcessFault;

/// The reason why the worker could not be confined and must not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// A change of ids or of the process' attributes failed.
    Step(ProcessFault),
    /// The worker's user, by name, has the user or group id 0.
    Privileged(String),
    /// The worker still has capabilities, a bit each.
    Capabilities(u64),
    /// The worker has this many threads; all but one would stay unconfined.
    Threads(u64),
    /// The kernel has Landlock and refused the rules.
    Landlock(String),
    /// The kernel has seccomp filters and refused this one.
    Seccomp(String),
    /// The host's filter kills for a call that confinement needs.
    CallFilter,
    /// The host's filter forbids every address family in which the worker could reach a server.
    AddressFamilies(Families),
}

impl Refused {
    /// Adds to an error of the kernel that the host's filter may have caused it.
    pub(super) fn name_host_filter(self) -> Self {
        let blame = |error| {
            format!("{error}; the service's SystemCallFilter may be why: allow @system-service")
        };
        match self {
            Self::Landlock(error) => Self::Landlock(blame(error)),
            Self::Seccomp(error) => Self::Seccomp(blame(error)),
            other => other,
        }
    }
}

impl From<ProcessFault> for Refused {
    fn from(fault: ProcessFault) -> Self {
        Self::Step(fault)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(fault) => write!(f, "the worker {fault}"),
            Self::Privileged(user) => write!(
                f,
                "worker_user: {user} has the user or group id 0, which is no confinement"
            ),
            Self::Capabilities(left) => {
                write!(f, "the worker still has the capabilities {left:#x}")
            }
            Self::Threads(count) => {
                write!(f, "the worker has {count} threads before it is confined")
            }
            Self::Landlock(error) => write!(f, "the worker's Landlock rules were refused: {error}"),
            Self::Seccomp(error) => write!(f, "the worker's seccomp filter was refused: {error}"),
            Self::CallFilter => f.write_str(
                "the service's SystemCallFilter kills the worker for a call that it needs; its \
                 unit must allow @system-service",
            ),
            Self::AddressFamilies(needed) => write!(
                f,
                "the service's RestrictAddressFamilies keeps the worker from every server; its \
                 unit must allow {needed}"
            ),
        }
    }
}

impl std::error::Error for Refused {}
