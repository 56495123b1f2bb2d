//! Tells whether this process was running to hear an answer.
//!
//! The person who started the host can stop it, starve it or freeze it, and so does a machine under
//! load. Only a worker that was running while it waited may call a server down: the wait is cut
//! into beats, and a beat that comes late was not the server's doing.

use std::time::Duration;

/// The length of a beat.
pub(super) const BEAT: Duration = Duration::from_millis(20);

/// A process that did not run for more than one part in so many of its wait may have missed the
/// answer.
const PARTS: u32 = 4;

/// The bounds of how late a beat may come before the time counts as lost: one such part of the
/// wait, within these. Timers are as coarse as a millisecond, and on a busy machine every beat is
/// late, yet an answer is heard at the next one.
const SLACK: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(100)];

/// A wait, and how much of it was lost because this process did not run.
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

    /// Notes a beat that was due after `due` and came after `passed`.
    pub(super) fn beat(&mut self, due: Duration, passed: Duration) {
        let late = passed.saturating_sub(due);
        if late > self.slack {
            self.lost = self.lost.saturating_add(late);
        }
    }

    /// Returns whether an answer would have been heard.
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
    fn who_is_late_at_every_beat_hears_an_answer_all_the_same() {
        assert!(pulse_of(&[BEAT * 4; 20]).was_awake());
        assert!(!pulse_of(&[BEAT, BEAT * 10]).was_awake());
    }

    proptest! {
        #[test]
        fn who_is_never_late_heard_everything(late in prop::collection::vec(0..=10u64, 1..100)) {
            let late = late.into_iter().map(Duration::from_millis);
            let beats: Vec<_> = late.map(|late| BEAT + late).collect();
            prop_assert!(pulse_of(&beats).was_awake());
        }

        #[test]
        fn who_slept_through_half_of_it_heard_too_little(
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
