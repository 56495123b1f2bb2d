//! The hash of a new password.

use std::fmt;

use authchain::files::password_hash::{HashError, Method, NewHash, cost_of};
use authchain::tools::deadline::Deadline;
use authchain::words::Secret;

use super::alarm::alarm;
use super::password::{TooSlow, is_time_for};
use crate::net::dns::random;
use crate::net::failure::Failure;

/// The reason why there is no new hash.
#[derive(Debug)]
pub(super) enum NoNewHash {
    /// The method does not take passwords that long.
    TooLong,
    TooSlow,
    NotComputed(HashError),
    NoSalt(Failure),
}

impl fmt::Display for NoNewHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => f.write_str("the new password is too long"),
            Self::TooSlow => TooSlow.fmt(f),
            Self::NotComputed(error) => write!(f, "no new hash: {error}"),
            Self::NoSalt(failure) => write!(f, "no new hash: {failure}"),
        }
    }
}

/// Returns a hash of `new`, made like the `old` one, if it can be computed by `deadline`.
pub(super) fn new_hash(
    deadline: Deadline,
    new: &Secret,
    old: &Secret,
) -> Result<String, NoNewHash> {
    if !is_time_for(deadline, old.expose()) {
        return Err(NoNewHash::TooSlow);
    }
    let mut salt = [0; 16];
    for four in salt.chunks_exact_mut(4) {
        four.copy_from_slice(&random().map_err(NoNewHash::NoSalt)?.to_be_bytes());
    }
    let _alarm = alarm(deadline);
    like(old.expose())
        .make(new, &salt)
        .map_err(|error| match error {
            HashError::UnusablePassword => NoNewHash::TooLong,
            error => NoNewHash::NotComputed(error),
        })
}

/// Returns the method and cost of an old hash, which every host of the domain knows. In the place
/// of a weak or rare method it is sha512crypt, which every crypt(3) has known for many years.
fn like(old: &[u8]) -> NewHash {
    use Method::{Bcrypt, Sha256crypt, Sha512crypt, Yescrypt};
    let beginning = |cost: &[u8]| String::from_utf8(cost.to_vec()).ok();
    match cost_of(old).map(|(method, cost)| (method, beginning(cost))) {
        Some((method @ (Sha256crypt | Sha512crypt | Bcrypt | Yescrypt), Some(beginning))) => {
            NewHash::Crypt { method, beginning }
        }
        _ => NewHash::Sha512crypt,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use authchain::files::password_hash::verify;
    use authchain::tools::deadline::system_clock;

    fn secret(text: &str) -> Secret {
        Secret::new(text.as_bytes().to_vec())
    }

    fn made(new: &str, old: &str) -> Result<String, NoNewHash> {
        let deadline = Deadline::after(system_clock, Duration::from_secs(60));
        new_hash(deadline, &secret(new), &secret(old))
    }

    #[test]
    fn a_new_hash_has_the_method_and_cost_of_the_old_one_unless_that_is_weak() {
        for (old, beginning) in [
            ("$6$salt$x", "$6$"),
            ("$6$rounds=9000$salt$x", "$6$rounds=9000$"),
            ("$5$salt$x", "$5$"),
            (
                "$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2",
                "$2b$05$",
            ),
            ("$y$j9T$salt$x", "$y$j9T$"),
            ("$1$saltsalt$x", "$6$"),
            ("abhfCpXqd4GrI", "$6$"),
            ("$7$CU..../....salt$x", "$6$"),
            ("$gy$j75$salt$x", "$6$"),
        ] {
            let hash = made("new horse", old).unwrap();
            assert!(hash.starts_with(beginning), "{old}: {hash}");
            assert_eq!(
                verify(&secret("new horse"), hash.as_bytes(), false),
                Ok(true)
            );
            assert!(
                !hash.contains("rounds") || beginning.contains("rounds"),
                "{hash}"
            );
            assert_ne!(hash, made("new horse", old).unwrap(), "the salt is new");
        }
    }

    #[test]
    fn what_a_method_would_cut_off_is_refused() {
        let old = "$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2";
        assert!(matches!(
            made(&"x".repeat(73), old),
            Err(NoNewHash::TooLong)
        ));
        assert!(made(&"x".repeat(73), "$6$salt$x").is_ok());
    }

    #[test]
    fn a_costly_hash_is_not_begun_too_late() {
        let late = Deadline::after(system_clock, Duration::from_millis(900));
        let old = secret("$6$rounds=900000$salt$x");
        let made = new_hash(late, &secret("new"), &old);
        assert!(matches!(made, Err(NoNewHash::TooSlow)), "{made:?}");
    }
}
