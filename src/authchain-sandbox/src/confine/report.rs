//! The report of confinement.

use serde::Serialize;

/// The user that the worker runs as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    /// The name in the passwd file; absent where the worker runs as the user who started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The user id.
    pub uid: u32,
    /// The group id.
    pub gid: u32,
    /// The configured user, where it does not exist and this user stands in for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stands_in_for: Option<String>,
    /// True if this user did not start the worker: the worker has changed its user.
    pub is_other: bool,
}

impl User {
    pub(super) fn own(uid: u32, gid: u32) -> Self {
        Self {
            name: None,
            uid,
            gid,
            stands_in_for: None,
            is_other: false,
        }
    }

    pub(super) fn other(name: &str, uid: u32, gid: u32) -> Self {
        Self {
            name: Some(name.to_owned()),
            uid,
            gid,
            stands_in_for: None,
            is_other: true,
        }
    }
}

/// The state of Landlock in the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Landlock {
    /// The rules are in force, except for rights that the kernel's ABI lacks.
    Enforced {
        /// The version of Landlock's ABI: 1 came with Linux 5.13. From version 4 on, TCP listeners
        /// can be forbidden; from version 6 on, signals and abstract sockets to other processes.
        abi: i32,
    },
    /// The kernel has Landlock, but it was not switched on at boot (`lsm=`).
    SwitchedOff,
    /// The kernel has no Landlock, or the host's filter makes Landlock's calls fail.
    Missing,
    /// The host's filter kills for Landlock's calls.
    Forbidden,
}

/// The first version of Landlock's ABI that keeps signals in.
const KEEPS_SIGNALS: i32 = 6;

impl Landlock {
    /// Returns whether signals of the process reach no process outside.
    pub(super) fn keeps_signals_in(self) -> bool {
        matches!(self, Self::Enforced { abi } if abi >= KEEPS_SIGNALS)
    }

    /// Returns a line for the log where the rules are not in force. `is_filtered` says whether the
    /// host has a filter.
    pub(super) fn complaint(self, is_filtered: bool) -> Option<&'static str> {
        match (self, is_filtered) {
            (Self::Enforced { .. }, _) => None,
            (Self::Forbidden, _) => Some(
                "no Landlock, so that file modes alone protect files from reading: the service's \
                 SystemCallFilter forbids it; its unit should allow landlock_create_ruleset \
                 landlock_add_rule landlock_restrict_self",
            ),
            (Self::Missing, true) => Some(
                "no Landlock, so that file modes alone protect files from reading: the kernel has \
                 none, or the service's SystemCallFilter forbids it; its unit should allow \
                 landlock_create_ruleset landlock_add_rule landlock_restrict_self",
            ),
            _ => Some("the kernel has no Landlock: file modes alone protect files from reading"),
        }
    }
}

/// The walls of confinement, and which of them stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The user that the worker runs as.
    pub user: User,
    /// The attribute no_new_privs (prctl(2)): execve(2) grants no privileges.
    pub no_new_privs: bool,
    /// The capabilities that are left, a bit each; absent where the kernel could not be asked.
    pub capabilities: Option<u64>,
    /// The state of Landlock, which guards files, ports and Unix sockets.
    pub landlock: Landlock,
    /// True if system calls are filtered.
    pub seccomp: bool,
    /// The walls that are missing or incomplete, in words for people.
    pub notes: Vec<String>,
}

impl Report {
    /// Returns whether every wall stands.
    pub fn is_complete(&self) -> bool {
        let landlocked = matches!(self.landlock, Landlock::Enforced { .. });
        self.user.is_other
            && self.capabilities == Some(0)
            && self.no_new_privs
            && landlocked
            && self.seccomp
    }
}

#[cfg(test)]
mod tests {
    use super::Landlock;

    #[test]
    fn a_missing_landlock_is_laid_to_the_kernel_alone_only_where_nothing_filters_calls() {
        let kernel = "the kernel has no Landlock: file modes alone protect files from reading";
        assert_eq!(Landlock::Missing.complaint(false), Some(kernel));
        let filtered = Landlock::Missing.complaint(true).unwrap();
        assert!(filtered.contains("the kernel has none, or the service's SystemCallFilter"));
        let forbidden = Landlock::Forbidden.complaint(true).unwrap();
        assert!(!forbidden.contains("kernel"), "{forbidden}");
    }
}
