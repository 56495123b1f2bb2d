//! Reaping workers that have answered, and the signal about their end.

use std::cell::{OnceCell, RefCell};
use std::marker::PhantomData;

use nix::sys::signal::{SigSet, SigmaskHow, Signal};

use super::child::Child;

/// Reaps the workers of one call when it is dropped: the kernel takes a third of a millisecond to
/// end a worker, and the call goes on meanwhile.
///
/// From the first worker on, SIGCHLD is blocked in the calling thread, so that a host's handler
/// does not reap a process that the host did not start.
#[derive(Default)]
pub struct Reaper {
    // Dropped in this order: the mask is back only when every child is gone.
    exiting: RefCell<Vec<Child>>,
    blocked: OnceCell<ChildSignalBlocked>,
}

impl Reaper {
    /// Blocks SIGCHLD until this is dropped.
    pub(super) fn block(&self) -> nix::Result<()> {
        if self.blocked.get().is_none() {
            let before = child_signal().thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
            let _ = self.blocked.set(ChildSignalBlocked {
                was_blocked: before.contains(Signal::SIGCHLD),
                _of_this_thread: PhantomData,
            });
        }
        Ok(())
    }

    /// Takes over a worker that has been killed.
    pub(super) fn take(&self, child: Child) {
        self.exiting.borrow_mut().push(child);
    }
}

/// SIGCHLD, blocked in this thread for as long as this value lives.
///
/// A signal mask is a thread's own, so the value must not go to another.
struct ChildSignalBlocked {
    was_blocked: bool,
    _of_this_thread: PhantomData<*const ()>,
}

impl Drop for ChildSignalBlocked {
    fn drop(&mut self) {
        if !self.was_blocked {
            let _ = child_signal().thread_unblock();
        }
    }
}

fn child_signal() -> SigSet {
    let mut set = SigSet::empty();
    set.add(Signal::SIGCHLD);
    set
}
