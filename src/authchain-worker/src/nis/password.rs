//! Compares a typed password with the stored one, in the time that is left.

use std::fmt;
use std::time::Duration;

use authchain::files::password_hash::{HashError, verify};
use authchain::tools::deadline::Deadline;
use authchain::words::{Denial, DenialReason, Secret};

use super::alarm::alarm;
use super::dummy_hash::{TimedDummy, is_quick};

/// The time that must be left for a costly hash. The limits allow hashes that take two seconds and
/// more; a hash that is not done in time ends with the worker.
const FOR_A_COSTLY_HASH: Duration = Duration::from_secs(1);

/// The result of comparing a password with the stored one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Judgment {
    /// The password is right.
    Right,
    /// The password is wrong; a hash was computed to find out.
    Wrong,
    /// No password is right, and no hash was computed.
    NoneIsRight(Denial),
}

/// The fault of a deadline that is too close for a hash to be begun.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooSlow;

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is too little time left for a hash that takes so long")
    }
}

/// Returns whether `typed` is the password in `stored`, if a hash can be computed by `deadline`.
pub(super) fn judge_by(
    deadline: Deadline,
    typed: &Secret,
    stored: &Secret,
    weak_hashes: bool,
) -> Result<Result<Judgment, HashError>, TooSlow> {
    if !is_time_for(deadline, stored.expose()) {
        return Err(TooSlow);
    }
    let _alarm = alarm(deadline);
    Ok(judge(typed, stored, weak_hashes))
}

/// Computes a dummy hash, if there is time for it.
pub(super) fn spend_by(deadline: Deadline, dummy: &TimedDummy, typed: &Secret) {
    if dummy.is_quick || has_time_for_costly(deadline) {
        let _alarm = alarm(deadline);
        dummy.hash.spend(typed);
    }
}

/// Returns whether there is time to compute a hash like `stored`: yppasswd lets people choose
/// costly ones, and only the end of the worker can stop one.
pub(super) fn is_time_for(deadline: Deadline, stored: &[u8]) -> bool {
    is_quick(stored) || has_time_for_costly(deadline)
}

fn has_time_for_costly(deadline: Deadline) -> bool {
    deadline.remaining() >= FOR_A_COSTLY_HASH
}

/// Returns whether `typed` is the password in `stored`.
///
/// # Errors
/// When the hash is weak or too costly, or this system does not know its method.
fn judge(typed: &Secret, stored: &Secret, weak_hashes: bool) -> Result<Judgment, HashError> {
    let none_is_right = |reason: DenialReason| Ok(Judgment::NoneIsRight(reason.into()));
    match stored.expose() {
        // Marks that no password matches: `!`, `!!`, `*`, `*LK*`, and a `!` in front of a hash.
        [b'!' | b'*', ..] => none_is_right(DenialReason::Locked),
        // Nobody can log in to an account without a password.
        [] => none_is_right(DenialReason::EmptyPassword),
        _ if typed.is_empty() => none_is_right(DenialReason::EmptyPassword),
        hash => match verify(typed, hash, weak_hashes) {
            Ok(true) => Ok(Judgment::Right),
            Ok(false) => Ok(Judgment::Wrong),
            Err(error) if error.matches_nothing() => Ok(Judgment::NoneIsRight(Denial {
                detail: Some(error.to_string()),
                ..DenialReason::Locked.into()
            })),
            Err(error) => Err(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(typed: &str, stored: &str) -> Option<DenialReason> {
        let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
        match judge(&secret(typed), &secret(stored), false).unwrap() {
            Judgment::NoneIsRight(denial) => Some(denial.reason),
            _ => None,
        }
    }

    #[test]
    fn what_is_no_hash_lets_nobody_in() {
        for stored in ["!", "!!", "*", "*LK*", "!$6$a$b", "*NP*", "NP", "x", "##a"] {
            assert_eq!(reason("x", stored), Some(DenialReason::Locked), "{stored}");
        }
        for (typed, stored) in [("", ""), ("x", ""), ("", "$1$saltsalt$b")] {
            let empty = Some(DenialReason::EmptyPassword);
            assert_eq!(reason(typed, stored), empty, "{typed} {stored}");
        }
        assert_eq!(reason("", "!"), Some(DenialReason::Locked));
    }

    #[test]
    fn a_hash_that_may_not_be_computed_is_no_denial() {
        let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
        let typed = secret("correct horse");
        let weak = secret("$1$saltsalt$NuzA7WTAelpl95xgBGWN60");
        assert!(matches!(
            judge(&typed, &weak, false),
            Err(HashError::Weak(_))
        ));
        assert_eq!(judge(&typed, &weak, true), Ok(Judgment::Right));
        assert_eq!(judge(&secret("x"), &weak, true), Ok(Judgment::Wrong));
        let costly = secret("$6$rounds=999999999$salt$x");
        assert!(judge(&typed, &costly, true).is_err());
    }
}
