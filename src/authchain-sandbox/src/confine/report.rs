//! What confinement came to on this machine.

use serde::Serialize;

/// Who the worker is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    /// The name in the passwd file, where it was looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The user id.
    pub uid: u32,
    /// The group id.
    pub gid: u32,
    /// The user that was to be found, where this is one that stands in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stands_in_for: Option<String>,
    /// Whether it is another user than the one who started it.
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

/// How far the kernel's Landlock went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Landlock {
    /// Everything this worker asks for that the kernel's level knows.
    Enforced {
        /// The level of the kernel's interface: 1 since Linux 5.13; 4 forbids TCP listeners, 6
        /// keeps signals and abstract sockets in.
        abi: i32,
    },
    /// The kernel knows it, but it was not switched on at boot (`lsm=`).
    SwitchedOff,
    /// The kernel does not know it.
    Missing,
}

/// Which of the walls stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Who the worker is now.
    pub user: User,
    /// Whether no program it could start would gain anything.
    pub no_new_privs: bool,
    /// The capabilities it still has, a bit each; absent where the kernel could not be asked.
    pub capabilities: Option<u64>,
    /// Which files it may open.
    pub landlock: Landlock,
    /// Whether system calls are filtered.
    pub seccomp: bool,
    /// What is not as it should be, for people.
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
