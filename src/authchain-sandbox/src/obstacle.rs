//! The sandbox of the host's service, where it forbids a step of the worker.
//!
//! The worker inherits what the service manager or a container made of its host: filters of system
//! calls, a bounding set of capabilities, a user namespace, limits. An errno alone tells nobody
//! which of them it was.

use std::fmt;
use std::fs;

use nix::errno::Errno;

use crate::status::Status;

/// A setting of the host's service that forbids a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// A filter of system calls.
    CallFilter,
    /// This capability (capabilities(7)) is missing.
    Capability(&'static str),
    /// The user namespace forbids setgroups(2) (user_namespaces(7)).
    SetgroupsDenied,
    /// The user namespace has no such id.
    UnmappedId,
    /// The limit on processes (RLIMIT_NPROC, getrlimit(2)).
    ProcessLimit,
}

/// The capability that a change of ids takes: its bit and its name.
#[derive(Clone, Copy)]
pub(crate) struct Needed(u32, &'static str);

impl Needed {
    /// For changing groups.
    pub(crate) const SETGID: Self = Self(6, "CAP_SETGID");
    /// For changing the user.
    pub(crate) const SETUID: Self = Self(7, "CAP_SETUID");

    fn is_missing(self, status: Status) -> bool {
        status.effective.checked_shr(self.0).unwrap_or_default() & 1 == 0
    }
}

impl Obstacle {
    /// Finds the obstacle to a system call that failed with `errno` and needs no privilege.
    pub(crate) fn to_call(errno: Errno) -> Option<Self> {
        let is_filtered = is_refusal(errno) && Status::read().is_ok_and(|own| own.is_filtered);
        is_filtered.then_some(Self::CallFilter)
    }

    /// Finds the obstacle to a change of ids that failed with `errno`.
    pub(crate) fn to_change(errno: Errno, needed: Needed) -> Option<Self> {
        match errno {
            Errno::EINVAL => Some(Self::UnmappedId),
            Errno::EAGAIN => Some(Self::ProcessLimit),
            _ if is_refusal(errno) => Self::to_privilege(Status::read().ok()?, needed),
            _ => None,
        }
    }

    fn to_privilege(status: Status, needed: Needed) -> Option<Self> {
        if needed.is_missing(status) {
            return Some(Self::Capability(needed.1));
        }
        let setgroups = fs::read_to_string("/proc/self/setgroups").unwrap_or_default();
        if needed.1 == Needed::SETGID.1 && setgroups.trim_end() == "deny" {
            return Some(Self::SetgroupsDenied);
        }
        status.is_filtered.then_some(Self::CallFilter)
    }
}

/// Returns whether a call was refused, rather than wrong.
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
    fn a_refusal_is_laid_to_what_is_missing_and_to_a_filter_only_where_there_is_one() {
        let status = |effective, is_filtered| Status {
            effective,
            is_filtered,
            ..Status::default()
        };
        let found = |effective, is_filtered| {
            Obstacle::to_privilege(status(effective, is_filtered), Needed::SETUID)
        };
        assert_eq!(found(0x40, true), Some(Obstacle::Capability("CAP_SETUID")));
        assert_eq!(found(0x80, true), Some(Obstacle::CallFilter));
        assert_eq!(found(0x80, false), None);
    }

    #[test]
    fn an_id_that_is_not_mapped_and_a_full_limit_are_told_from_a_refusal() {
        let found = |errno| Obstacle::to_change(errno, Needed::SETGID);
        assert_eq!(found(Errno::EINVAL), Some(Obstacle::UnmappedId));
        assert_eq!(found(Errno::EAGAIN), Some(Obstacle::ProcessLimit));
        assert_eq!(found(Errno::ENOMEM), None);
    }
}
