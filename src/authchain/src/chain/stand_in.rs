//! The text that sshd sends instead of the password of people whom it has already refused.

/// The text that OpenSSH repeats, or cuts, to the length of the typed password when it has decided
/// to refuse (unknown users, `DenyUsers`, root under `PermitRootLogin no`): see `fake_password` in
/// its auth-pam.c. Its purpose is that the refusal costs the same time.
const PATTERN: &[u8] = b"\x08\n\r\x7fINCORRECT";

/// Returns whether `password` is such a stand-in for a real one.
///
/// Its first character is a backspace, which nobody can type at a prompt.
pub(super) fn is_stand_in(password: &[u8]) -> bool {
    !password.is_empty()
        && password
            .iter()
            .eq(PATTERN.iter().cycle().take(password.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stand_in_is_recognised_cut_and_repeated() {
        for length in 1..60 {
            let password: Vec<u8> = PATTERN.iter().copied().cycle().take(length).collect();
            assert!(is_stand_in(&password), "{length}");
        }
    }

    #[test]
    fn a_persons_password_is_not_taken_for_it() {
        let beyond = b"\x08\n\r\x7fINCORRECT!";
        for password in [&b""[..], b"INCORRECT", b"\n\r", b"\x08\n\rx", beyond] {
            assert!(!is_stand_in(password), "{password:?}");
        }
    }
}
