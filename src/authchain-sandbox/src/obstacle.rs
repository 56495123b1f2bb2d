//! The settings of the host's service that forbid a step of the worker.
//!
//! The worker inherits the restrictions that a service manager or a container put on the host:
//! filters of system calls, a bounding set of capabilities, a user namespace, limits. An errno
//! alone does not tell which of these forbade the step.

use std::fmt;
use std::fs;

use nix::errno::Errno;

use crate::status::Status;

/// A setting of the host's service that forbids a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// A filter of system calls.
    CallFilter,
    /// The capability of this name (capabilities(7)) is missing.
    Capability(&'static str),
    /// The user namespace forbids setgroups(2) (user_namespaces(7)).
    SetgroupsDenied,
    /// The user or group id is not mapped in the user namespace.
    UnmappedId,
    /// The limit on processes (RLIMIT_NPROC, getrlimit(2)) is reached.
    ProcessLimit,
}

/// A capability (capabilities(7)) that a change of ids needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Capability {
    bit: u32,
    name: &'static str,
}

impl Capability {
    /// Allows a process to change its groups.
    pub(crate) const SETGID: Self = Self {
        bit: 6,
        name: "CAP_SETGID",
    };
    /// Allows a process to change its user.
    pub(crate) const SETUID: Self = Self {
        bit: 7,
        name: "CAP_SETUID",
    };

    fn is_missing(self, status: Status) -> bool {
        status.effective.checked_shr(self.bit).unwrap_or_default() & 1 == 0
    }
}

impl Obstacle {
    /// Finds the obstacle to an unprivileged system call that failed with `errno`.
    pub(crate) fn to_call(errno: Errno) -> Option<Self> {
        let is_filtered = is_refusal(errno) && Status::read().is_ok_and(|own| own.is_filtered);
        is_filtered.then_some(Self::CallFilter)
    }

    /// Finds the obstacle to a change of ids that needs `capability` and failed with `errno`.
    pub(crate) fn to_change_of_ids(errno: Errno, capability: Capability) -> Option<Self> {
        match errno {
            Errno::EINVAL => Some(Self::UnmappedId),
            Errno::EAGAIN => Some(Self::ProcessLimit),
            _ if is_refusal(errno) => Self::to_privilege(Status::read().ok()?, capability),
            _ => None,
        }
    }

    fn to_privilege(status: Status, capability: Capability) -> Option<Self> {
        if capability.is_missing(status) {
            return Some(Self::Capability(capability.name));
        }
        let setgroups = fs::read_to_string("/proc/self/setgroups").unwrap_or_default();
        if capability == Capability::SETGID && setgroups.trim_end() == "deny" {
            return Some(Self::SetgroupsDenied);
        }
        status.is_filtered.then_some(Self::CallFilter)
    }
}

/// Returns whether `errno` says that the call is forbidden, rather than that its arguments are
/// wrong.
fn is_refusal(errno: Errno) -> bool {
    [Errno::EPERM, Errno::EACCES, Errno::ENOSYS].contains(&errno)
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CallFilter => f.write_str(
                "the service's SystemCallFilter forbids it; its unit must allow @system-service",
            ),
            Self::Capability(name) => write!(
                f,
                "the service lacks {name}; its unit must keep it in CapabilityBoundingSet"
            ),
            Self::SetgroupsDenied => f.write_str(
                "its user namespace forbids setgroups (/proc/self/setgroups); have newgidmap \
                 write the map of groups",
            ),
            Self::UnmappedId => f.write_str(
                "its user namespace lacks this id (/proc/self/uid_map and gid_map); map it, or \
                 name a user who is there in worker_user",
            ),
            Self::ProcessLimit => f.write_str(
                "the limit on processes is reached; raise RLIMIT_NPROC, in a unit LimitNPROC",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_capability_is_found_before_a_filter_of_system_calls() {
        let status = |effective, is_filtered| Status {
            effective,
            is_filtered,
            ..Status::default()
        };
        let found = |effective, is_filtered| {
            Obstacle::to_privilege(status(effective, is_filtered), Capability::SETUID)
        };
        assert_eq!(found(0x40, true), Some(Obstacle::Capability("CAP_SETUID")));
        assert_eq!(found(0x80, true), Some(Obstacle::CallFilter));
        assert_eq!(found(0x80, false), None);
    }

    #[test]
    fn the_errno_tells_an_unmapped_id_and_a_reached_limit_apart() {
        let found = |errno| Obstacle::to_change_of_ids(errno, Capability::SETGID);
        assert_eq!(found(Errno::EINVAL), Some(Obstacle::UnmappedId));
        assert_eq!(found(Errno::EAGAIN), Some(Obstacle::ProcessLimit));
        assert_eq!(found(Errno::ENOMEM), None);
    }
}
