//! Holds what was typed against what the maps have.

use authchain::files::password_hash::{HashError, verify};
use authchain::words::{Denial, DenialReason, Secret};

/// Why `typed` is not the password that is `stored`; `None` where it is.
///
/// # Errors
/// When that cannot be found out: the hash is weak or costly beyond what is allowed, or this system
/// does not know its method.
pub(super) fn judge(
    typed: &Secret,
    stored: &Secret,
    weak_hashes: bool,
) -> Result<Option<Denial>, HashError> {
    let reason = match stored.expose() {
        // What no password matches: `!`, `!!`, `*`, `*LK*`, and a `!` in front of a hash.
        [b'!' | b'*', ..] => DenialReason::Locked,
        // Whoever has no password has none to log in with.
        [] => DenialReason::EmptyPassword,
        _ if typed.is_empty() => DenialReason::EmptyPassword,
        hash => match verify(typed, hash, weak_hashes) {
            Ok(true) => return Ok(None),
            Ok(false) => DenialReason::BadCredential,
            Err(error) if error.matches_nothing() => {
                return Ok(Some(Denial {
                    reason: DenialReason::Locked,
                    detail: Some(error.to_string()),
                }));
            }
            Err(error) => return Err(error),
        },
    };
    Ok(Some(reason.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(typed: &str, stored: &str) -> Option<DenialReason> {
        let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
        let denial = judge(&secret(typed), &secret(stored), false).unwrap();
        denial.map(|denial| denial.reason)
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
        assert_eq!(judge(&typed, &weak, true), Ok(None));
        let costly = secret("$6$rounds=999999999$salt$x");
        assert!(judge(&typed, &costly, true).is_err());
    }
}
