//! Trials of the walls, each in a process of its own, where the host runs under a filter of system
//! calls.
//!
//! Such a filter may kill for the very calls that build a wall: systemd's `@system-service` kills
//! for Landlock's. Whether it does can only be found out by making them.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;

use super::refused::Refused;

/// The program of this process.
const OWN_PROGRAM: &str = "/proc/self/exe";

/// The walls that are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walls {
    /// Every wall there is.
    All,
    /// Every wall but Landlock.
    WithoutLandlock,
}

impl Walls {
    /// Returns the word for the argument `--trial`.
    pub fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::WithoutLandlock => "without-landlock",
        }
    }

    /// Returns the walls with this word.
    pub fn of(word: &str) -> Option<Self> {
        let mut both = [Self::All, Self::WithoutLandlock].into_iter();
        both.find(|walls| walls.word() == word)
    }

    /// Returns the most walls that the host's filter lets a worker of `user` build.
    ///
    /// Only a kill by the filter counts. Whatever else goes wrong leaves all walls, and then the
    /// process itself meets it.
    ///
    /// # Errors
    /// Where the filter kills for what cannot be done without.
    pub(super) fn that_can_be_built(user: &str) -> Result<Self, Refused> {
        let most = match Self::All.is_killed(user) {
            true => Self::WithoutLandlock,
            false => Self::All,
        };
        // This trial has the worker's user id in the end, and so whoever else has it may kill it.
        match Self::WithoutLandlock.is_killed(user) {
            true => Err(Refused::CallFilter),
            false => Ok(most),
        }
    }

    /// Returns whether the trial of these walls (see [`try_out`](super::try_out)) is killed as the
    /// filter kills.
    fn is_killed(self, user: &str) -> bool {
        let mut command = Command::new(OWN_PROGRAM);
        command.args(["--trial", self.word(), "--user", user]);
        command.env_clear().stdin(Stdio::null());
        let ended = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        ended.is_ok_and(|status| status.signal() == Some(Signal::SIGSYS as i32))
    }
}
