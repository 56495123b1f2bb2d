//! Deadlines, and the clock that they are measured on.

use std::time::Duration;

use nix::poll::PollTimeout;
use nix::time::{ClockId, clock_gettime};

/// A point in time, as the time since the machine booted; time spent suspended counts.
///
/// std's `Instant` stops while the machine is suspended: a deadline could be hours late, and the
/// hint that a login leaves for the account question, meant to last seconds, would still be valid
/// the next morning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Duration);

impl Moment {
    /// Returns the time since the machine booted.
    pub fn since_boot(self) -> Duration {
        self.0
    }

    /// Returns the moment this much later; `None` if it is too late to be represented.
    pub fn checked_add(self, span: Duration) -> Option<Self> {
        self.0.checked_add(span).map(Self)
    }

    /// Returns the moment this much earlier, if the machine was running then.
    pub fn checked_sub(self, span: Duration) -> Option<Self> {
        self.0.checked_sub(span).map(Self)
    }

    /// Returns the time since `earlier`; `None` if `earlier` is later than this moment.
    pub fn checked_duration_since(self, earlier: Self) -> Option<Duration> {
        self.0.checked_sub(earlier.0)
    }

    /// Returns the time since `earlier`; zero if `earlier` is later than this moment.
    pub fn saturating_duration_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// A function that returns the current time. Tests pass one of their own.
pub type Clock = fn() -> Moment;

/// Reads the clock of the machine.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where this clock is read"
)]
pub fn system_clock() -> Moment {
    // Every supported kernel has this clock. If it could not be read, every deadline would be over.
    clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Moment(Duration::MAX), |now| Moment(now.into()))
}

/// An absolute point in time by which an answer is due.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    clock: Clock,
    budget: Duration,
    begin: Moment,
    end: Moment,
}

impl Deadline {
    /// Returns the deadline `budget` from now on `clock`.
    pub fn after(clock: Clock, budget: Duration) -> Self {
        let now = clock();
        // A budget that ends beyond the largest moment is cut to a year.
        let end = now
            .checked_add(budget)
            .or_else(|| now.checked_add(Duration::from_secs(365 * 24 * 3600)))
            .unwrap_or(now);
        Self {
            clock,
            budget,
            begin: now,
            end,
        }
    }

    /// Returns a deadline with the same budget, counted from now.
    ///
    /// Used when a person has finished typing: a budget limits machines, not people.
    #[must_use]
    pub fn restarted(self) -> Self {
        Self::after(self.clock, self.budget)
    }

    /// Returns the sooner of this deadline and `budget` from now.
    #[must_use]
    pub fn within(self, budget: Duration) -> Self {
        let other = Self::after(self.clock, budget);
        if other.end < self.end { other } else { self }
    }

    /// Returns the time that is left; zero once the deadline has passed.
    pub fn remaining(&self) -> Duration {
        self.end.saturating_duration_since((self.clock)())
    }

    /// Returns the time that the deadline was set with.
    pub fn budget(&self) -> Duration {
        self.budget
    }

    /// Returns how long ago the deadline was set.
    pub fn elapsed(&self) -> Duration {
        (self.clock)().saturating_duration_since(self.begin)
    }

    /// Returns whether the deadline has passed.
    pub fn is_over(&self) -> bool {
        self.remaining().is_zero()
    }

    /// Returns the clock that the deadline is measured on.
    pub fn clock(&self) -> Clock {
        self.clock
    }
}

/// Converts `remaining` to the milliseconds of poll(2), plus one: if a rest of less than a
/// millisecond became 0, the caller would spin until the deadline.
pub fn poll_timeout(remaining: Duration) -> PollTimeout {
    let rest = u128::from(!remaining.is_zero());
    let millis = remaining.as_millis().saturating_add(rest);
    PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_within_another_is_never_later_than_either() {
        let chain = Deadline::after(system_clock, Duration::from_secs(8));
        assert!(chain.within(Duration::from_secs(3)).remaining() <= Duration::from_secs(3));
        assert!(chain.within(Duration::from_secs(30)).remaining() <= Duration::from_secs(8));
    }

    #[test]
    fn a_restarted_deadline_has_its_whole_budget_again() {
        thread_local!(static NOW: std::cell::Cell<Option<Moment>> = const { std::cell::Cell::new(None) });
        let clock: Clock = || NOW.get().unwrap_or_else(system_clock);
        let begin = system_clock();
        NOW.set(Some(begin));
        let deadline = Deadline::after(clock, Duration::from_secs(8));
        NOW.set(begin.checked_add(Duration::from_secs(60)));
        assert!(deadline.is_over());
        assert_eq!(deadline.elapsed(), Duration::from_secs(60));
        assert_eq!(deadline.restarted().elapsed(), Duration::ZERO);
        assert_eq!(deadline.restarted().remaining(), Duration::from_secs(8));
    }

    #[test]
    fn a_clock_that_cannot_be_read_ends_every_deadline() {
        let deadline = Deadline::after(|| Moment(Duration::MAX), Duration::from_secs(8));
        assert!(deadline.is_over());
    }

    #[test]
    fn an_endless_budget_is_still_a_deadline() {
        assert!(!Deadline::after(system_clock, Duration::MAX).is_over());
        assert!(Deadline::after(system_clock, Duration::ZERO).is_over());
    }
}
