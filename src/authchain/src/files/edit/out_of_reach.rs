//! Keeping the caller of passwd and su from stopping this process while it holds the lock.

use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::unistd::{ResUid, Uid, getresuid, setresuid};
use rustix::thread::{CapabilitySet, capabilities};

use super::error::EditError;

/// The signals by which a terminal stops a process. Sending them takes no permission.
const FROM_THE_TERMINAL: [Signal; 3] = [Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU];

const ROOT: Uid = Uid::from_raw(0);

/// Keeps this process out of reach of its caller while it lives.
///
/// A process may send signals to all whose real or saved user id is its own (kill(2)), so the
/// caller of a set-user-ID program could stop it while it holds the lock for which everybody's
/// changes wait. With real user id 0 only root can, and what the terminal sends is blocked. All
/// threads of the host have real user id 0 meanwhile, because a signal to one stops them all.
pub(super) struct OutOfReach {
    /// The user ids to give back, if they were changed.
    before: Option<ResUid>,
    /// The signals that this thread had blocked.
    blocked: Option<SigSet>,
}

impl OutOfReach {
    /// Takes the process out of reach, unless it could not get its real user id back: then the
    /// caller can stop it, as if it were pam_unix.
    pub(super) fn enter() -> Self {
        let terminal = SigSet::from_iter(FROM_THE_TERMINAL);
        let before = getresuid()
            .ok()
            .filter(|ids| !ids.real.is_root() && ids.effective.is_root() && may_choose_user_ids());
        Self {
            blocked: terminal.thread_swap_mask(SigmaskHow::SIG_BLOCK).ok(),
            before: before.filter(|_| setresuid(ROOT, ROOT, ROOT).is_ok()),
        }
    }

    /// Gives back what was taken.
    ///
    /// # Errors
    /// When the process keeps real user id 0, which its program must not take for its caller's.
    pub(super) fn leave(mut self) -> Result<(), EditError> {
        self.give_back_user_ids()
            .map_err(|errno| EditError::Stranded(format!("real user id 0 stays: {}", errno.desc())))
    }

    fn give_back_user_ids(&mut self) -> nix::Result<()> {
        match self.before.take() {
            Some(ids) => setresuid(ids.real, ids.effective, ids.saved),
            None => Ok(()),
        }
    }
}

impl Drop for OutOfReach {
    fn drop(&mut self) {
        // After `leave` there is nothing to give back; in a panic the host gets an error anyway.
        let _ = self.give_back_user_ids();
        if let Some(blocked) = self.blocked {
            let _ = blocked.thread_set_mask();
        }
    }
}

/// Returns whether this process has CAP_SETUID (capabilities(7)), which containers take away.
fn may_choose_user_ids() -> bool {
    capabilities(None).is_ok_and(|held| held.effective.contains(CapabilitySet::SETUID))
}
