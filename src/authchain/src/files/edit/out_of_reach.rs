//! Keeping the caller of passwd and su from stopping this process while it holds the lock.

use std::fs;
use std::sync::OnceLock;

use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::unistd::{Uid, getuid, setresuid};
use rustix::thread::{CapabilitySet, capabilities};

use super::error::EditError;

/// The signals by which a terminal stops a process. Sending them takes no permission.
const FROM_THE_TERMINAL: [Signal; 3] = [Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU];

const ROOT: Uid = Uid::from_raw(0);

/// For setresuid(2): the user id stays.
const UNCHANGED: Uid = Uid::from_raw(u32::MAX);

/// Most attempts to give the user ids back. The kernel may lack memory for a moment.
const ATTEMPTS: usize = 5;

/// The real user id of the caller, if it could not be given back.
static STRANDED: OnceLock<Uid> = OnceLock::new();

/// Returns the real user id of this process: its caller's also after a change that could not give
/// it back.
pub fn real_uid() -> Uid {
    STRANDED.get().copied().unwrap_or_else(getuid)
}

/// Keeps this process out of reach of its caller while it lives.
///
/// A process may send signals to all whose real or saved user id is its own (kill(2)), so the
/// caller of a set-user-ID program could stop it while it holds the lock for which everybody's
/// changes wait. With real and saved user id 0 only root can, and what the terminal sends is
/// blocked.
pub(super) struct OutOfReach {
    /// The user ids to give back, if they were changed.
    before: Option<UserIds>,
    /// The signals that this thread had blocked.
    blocked: Option<SigSet>,
}

impl OutOfReach {
    /// Takes the process out of reach, unless it could not get its user ids back or another thread
    /// would lose its own: then the caller can stop it, as if it were pam_unix.
    pub(super) fn enter() -> Self {
        let terminal = SigSet::from_iter(FROM_THE_TERMINAL);
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let before = UserIds::of_caller(&status).filter(|_| may_choose_user_ids());
        Self {
            blocked: terminal.thread_swap_mask(SigmaskHow::SIG_BLOCK).ok(),
            before: before.filter(|_| setresuid(ROOT, UNCHANGED, ROOT).is_ok()),
        }
    }

    /// Gives back what was taken.
    ///
    /// # Errors
    /// When the process keeps real user id 0, which its program must not take for its caller's.
    pub(super) fn leave(mut self) -> Result<(), EditError> {
        self.give_back_user_ids()
    }

    fn give_back_user_ids(&mut self) -> Result<(), EditError> {
        let Some(ids) = self.before.take() else {
            return Ok(());
        };
        let give_back = || setresuid(ids.real, UNCHANGED, ids.saved);
        let mut given = give_back();
        for _ in 1..ATTEMPTS {
            given = given.or_else(|_| give_back());
        }
        given.map_err(|errno| {
            let _ = STRANDED.set(ids.real);
            EditError::Stranded(format!("real user id 0 stays: {}", errno.desc()))
        })
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

/// The user ids by which others may send this process signals.
#[derive(Debug, PartialEq, Eq)]
struct UserIds {
    real: Uid,
    saved: Uid,
}

impl UserIds {
    /// Returns the user ids in `/proc/self/status` (proc(5)) of a set-user-ID program of root's.
    ///
    /// `None` for any other process, and where changing them would change more: the C library
    /// changes them for all threads, of which each may act for another user, and the kernel sets
    /// the user id for files to the effective one.
    fn of_caller(status: &str) -> Option<Self> {
        let value = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
        let ids = value("Uid:")?.split_whitespace();
        let ids: Vec<u32> = ids.map_while(|id| id.parse().ok()).collect();
        match (ids.as_slice(), value("Threads:")?.trim()) {
            (&[real, 0, saved, 0], "1") if real != 0 => Some(Self {
                real: Uid::from_raw(real),
                saved: Uid::from_raw(saved),
            }),
            _ => None,
        }
    }
}

/// Returns whether this process has CAP_SETUID (capabilities(7)), which containers take away.
fn may_choose_user_ids() -> bool {
    capabilities(None).is_ok_and(|held| held.effective.contains(CapabilitySet::SETUID))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(uid: &str, threads: &str) -> Option<(u32, u32)> {
        let status = format!("Name:\tpasswd\nUid:\t{uid}\nGid:\t7\t7\t7\t7\nThreads:\t{threads}\n");
        let ids = UserIds::of_caller(&status)?;
        Some((ids.real.as_raw(), ids.saved.as_raw()))
    }

    #[test]
    fn only_a_set_user_id_program_with_one_thread_goes_out_of_reach() {
        assert_eq!(ids("1000\t0\t0\t0", "1"), Some((1000, 0)));
        assert_eq!(ids("1000\t0\t1000\t0", "1"), Some((1000, 1000)));
        assert_eq!(ids("0\t0\t0\t0", "1"), None, "root's own");
        assert_eq!(ids("1000\t1000\t0\t0", "1"), None, "not root's now");
        assert_eq!(ids("1000\t0\t0\t1000", "1"), None, "another user's files");
        assert_eq!(ids("1000\t0\t0\t0", "2"), None, "other threads");
        assert_eq!(UserIds::of_caller(""), None, "no /proc");
    }
}
