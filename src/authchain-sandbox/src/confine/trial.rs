//! Trials of the walls where the host has a filter, each in a new process.
//!
//! The host's filter may kill for the very calls that build a wall: systemd's `@system-service`
//! kills for Landlock's. Only making the calls shows whether it does.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;

use super::refused::Refused;

/// The program of this process.
const OWN_PROGRAM: &str = "/proc/self/exe";

/// The walls to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walls {
    /// Every wall.
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

    /// Parses the argument of `--trial`.
    pub fn parse(word: &str) -> Option<Self> {
        let mut both = [Self::All, Self::WithoutLandlock].into_iter();
        both.find(|walls| walls.word() == word)
    }

    /// Returns the walls that a worker of `user` can build under the host's filter.
    ///
    /// Only a kill by the filter makes Landlock optional. A trial that fails otherwise keeps all
    /// walls, and the worker then meets the same failure itself.
    ///
    /// # Errors
    /// Where the filter kills for another wall than Landlock.
    pub(super) fn that_can_be_built(user: &str) -> Result<Self, Refused> {
        let most = match Self::All.is_killed(user) {
            true => Self::WithoutLandlock,
            false => Self::All,
        };
        // This trial takes the worker's user id, so that other processes of this user may kill it.
        match Self::WithoutLandlock.is_killed(user) {
            true => Err(Refused::CallFilter),
            false => Ok(most),
        }
    }

    /// Returns whether the trial of these walls ([`try_out`](super::try_out)) dies of SIGSYS, the
    /// signal of a filter.
    fn is_killed(self, user: &str) -> bool {
        let mut command = Command::new(OWN_PROGRAM);
        command.args(["--trial", self.word(), "--user", user]);
        command.env_clear().stdin(Stdio::null());
        let ended = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        ended.is_ok_and(|status| status.signal() == Some(Signal::SIGSYS as i32))
    }
}
