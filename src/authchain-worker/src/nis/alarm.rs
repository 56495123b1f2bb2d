//! An end for what nothing else can stop.
//!
//! A hash is computed in the only thread there is, and how long it takes, somebody else may have
//! chosen. A hash that is not done in time ends the worker, and the login it is for with it.

use std::time::Duration;

use authchain::tools::deadline::Deadline;
use nix::sys::signal::{SigEvent, SigevNotify, Signal};
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::ClockId;

/// A timer that is set to nothing would never go off.
const SOONEST: Duration = Duration::from_millis(1);

/// Ends this process by SIGALRM at `deadline`, unless what is returned is dropped before. `None`
/// where the kernel has no timer left for us: what is computed then is only as late as it is.
pub(super) fn alarm(deadline: Deadline) -> Option<Timer> {
    let event = SigEvent::new(SigevNotify::SigevSignal {
        signal: Signal::SIGALRM,
        si_value: 0,
    });
    let mut timer = Timer::new(ClockId::CLOCK_BOOTTIME, event).ok()?;
    let remaining = deadline.remaining().max(SOONEST);
    let once = Expiration::OneShot(remaining.into());
    timer.set(once, TimerSetTimeFlags::empty()).ok()?;
    Some(timer)
}
