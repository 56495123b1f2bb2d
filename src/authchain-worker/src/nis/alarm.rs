//! A timer that ends a hash which takes too long.
//!
//! A hash is computed in the only thread, and somebody else may have chosen its cost: yppasswd lets
//! people choose hashes. A hash that is not done in time ends the worker, and with it the login.

use std::time::Duration;

use authchain::tools::deadline::Deadline;
use nix::sys::signal::{SigEvent, SigevNotify, Signal};
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::ClockId;

/// The shortest time that is set: zero would disarm the timer (timer_settime(2)).
const SOONEST: Duration = Duration::from_millis(1);

/// Ends this process by SIGALRM at `deadline`, unless the returned timer is dropped before. `None`
/// where the kernel has no timer left: the hash then takes the time it takes.
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
