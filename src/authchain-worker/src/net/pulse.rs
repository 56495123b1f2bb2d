//! Tells whether this process was running while it waited for an answer.
//!
//! The caller of su can stop, starve or freeze this process, and a busy machine starves it too.
//! Only a worker that was running while it waited may call a server down. So the wait is cut into
//! short timers, the *beats*: a beat that comes late shows that this process did not run.

use std::time::Duration;

/// The length of a beat.
pub(super) const BEAT: Duration = Duration::from_millis(20);

/// The wait is divided by this. A process that lost more than one such part may have missed the
/// answer.
const PARTS: u32 = 4;

/// The least and the most time that a beat may be late without counting as lost time. Between them,
/// one part of the wait is allowed.
///
/// Timers are as coarse as a millisecond. On a busy machine every beat is late, but the process
/// still hears an answer at the next beat.
const SLACK: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(100)];

/// A wait, and the time that was lost in it because this process did not run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pulse {
    given: Duration,
    slack: Duration,
    lost: Duration,
}

impl Pulse {
    /// Begins a wait of this length.
    pub(super) fn begin(given: Duration) -> Self {
        let part = given.checked_div(PARTS).unwrap_or_default();
        let [least, most] = SLACK;
        Self {
            given,
            slack: part.clamp(least, most),
            lost: Duration::ZERO,
        }
    }

    /// Counts a beat that was to come after `due` and came after `passed`.
    pub(super) fn beat(&mut self, due: Duration, passed: Duration) {
        let late = passed.saturating_sub(due);
        if late > self.slack {
            self.lost = self.lost.saturating_add(late);
        }
    }

    /// Returns whether this process ran enough to hear an answer.
    pub(super) fn was_awake(&self) -> bool {
        self.lost.saturating_mul(PARTS) <= self.given
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pulse_of(beats: &[Duration]) -> Pulse {
        let mut pulse = Pulse::begin(beats.iter().sum());
        for passed in beats {
            pulse.beat(BEAT, *passed);
        }
        pulse
    }

    /// Models a machine with many more processes than processors.
    #[test]
    fn a_process_that_is_late_at_every_beat_still_hears_an_answer() {
        assert!(pulse_of(&[BEAT * 4; 20]).was_awake());
        assert!(!pulse_of(&[BEAT, BEAT * 10]).was_awake());
    }

    proptest! {
        #[test]
        fn a_process_within_the_slack_was_awake(late in prop::collection::vec(0..=10u64, 1..100)) {
            let late = late.into_iter().map(Duration::from_millis);
            let beats: Vec<_> = late.map(|late| BEAT + late).collect();
            prop_assert!(pulse_of(&beats).was_awake());
        }

        #[test]
        fn a_process_that_missed_half_of_its_wait_was_not_awake(
            before in 0..40usize,
            after in 0..40usize,
            more_ms in 31..2_000u64,
        ) {
            let gap = BEAT * u32::try_from(before + after).unwrap() + Duration::from_millis(more_ms);
            let mut beats = vec![BEAT; before];
            beats.push(gap);
            beats.resize(before + 1 + after, BEAT);
            prop_assert!(!pulse_of(&beats).was_awake());
        }
    }
}
