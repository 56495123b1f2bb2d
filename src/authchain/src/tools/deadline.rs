//! Time that ends.

use std::time::{Duration, Instant};

/// Where the monotonic time comes from. Tests hand in their own.
pub type Clock = fn() -> Instant;

/// The clock of the machine.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the monotonic clock is read"
)]
pub fn system_clock() -> Instant {
    Instant::now()
}

/// An absolute point in time by which an answer is due.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    clock: Clock,
    budget: Duration,
    begin: Instant,
    end: Instant,
}

impl Deadline {
    /// The deadline `budget` from now on `clock`.
    pub fn after(clock: Clock, budget: Duration) -> Self {
        let now = clock();
        // A budget beyond what the clock can express is no budget; a year is.
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

    /// The same budget, from now.
    ///
    /// For the moment in which a person has finished typing: a budget is for machines.
    #[must_use]
    pub fn restarted(self) -> Self {
        Self::after(self.clock, self.budget)
    }

    /// The sooner of this deadline and `budget` from now.
    #[must_use]
    pub fn within(self, budget: Duration) -> Self {
        let other = Self::after(self.clock, budget);
        if other.end < self.end { other } else { self }
    }

    /// What is left; zero once it has passed.
    pub fn remaining(&self) -> Duration {
        self.end.saturating_duration_since((self.clock)())
    }

    /// How much there was in the beginning.
    pub fn budget(&self) -> Duration {
        self.budget
    }

    /// How long ago it was set.
    pub fn elapsed(&self) -> Duration {
        (self.clock)().saturating_duration_since(self.begin)
    }

    /// Whether it has passed.
    pub fn is_over(&self) -> bool {
        self.remaining().is_zero()
    }

    /// The clock it is measured on.
    pub fn clock(&self) -> Clock {
        self.clock
    }
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
        thread_local!(static NOW: std::cell::Cell<Option<Instant>> = const { std::cell::Cell::new(None) });
        let clock: Clock = || NOW.get().unwrap_or_else(system_clock);
        let begin = system_clock();
        NOW.set(Some(begin));
        let deadline = Deadline::after(clock, Duration::from_secs(8));
        NOW.set(Some(begin + Duration::from_secs(60)));
        assert!(deadline.is_over());
        assert_eq!(deadline.elapsed(), Duration::from_secs(60));
        assert_eq!(deadline.restarted().elapsed(), Duration::ZERO);
        assert_eq!(deadline.restarted().remaining(), Duration::from_secs(8));
    }

    #[test]
    fn an_endless_budget_is_still_a_deadline() {
        assert!(!Deadline::after(system_clock, Duration::MAX).is_over());
        assert!(Deadline::after(system_clock, Duration::ZERO).is_over());
    }
}
