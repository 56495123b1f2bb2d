//! The reasons for which a domain controller refuses a password.
//!
//! The code is invalidCredentials for all of them. The reason stands in the text, as the number of
//! a Windows error in hexadecimal: `… AcceptSecurityContext error, data 532, v1db1` (winerror.h;
//! the values for logins also in MS-ERREF 2.2).

use authchain::words::AccountStatus;

/// The reason why a login was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reason {
    /// There is no such account. (Samba never says so, Windows not always.)
    NoSuchName,
    /// The name or the password is wrong.
    WrongPassword,
    /// The password is right and has expired, or must be changed. The server only says so to
    /// clients that have the password.
    PasswordEnded(&'static str),
    /// The account is in this state. The server says `Locked` to every client.
    State(AccountStatus, &'static str),
}

impl Reason {
    /// Finds the reason in the text of a refusal; `None` where there is no known one.
    pub(super) fn of(text: &str) -> Option<Self> {
        use AccountStatus::{AccountExpired, Locked, NotPermitted};
        let (_, rest) = text.split_once("error, data ")?;
        let (digits, _) = rest.split_once(',')?;
        Some(match u32::from_str_radix(digits, 16).ok()? {
            0x525 => Self::NoSuchName,
            0x52e => Self::WrongPassword,
            0x532 => Self::PasswordEnded("the password has expired"),
            0x773 => Self::PasswordEnded("the password must be changed first"),
            0x52f => Self::State(NotPermitted, "the domain restricts the account"),
            0x530 => Self::State(NotPermitted, "not within the account's logon hours"),
            0x531 => Self::State(
                NotPermitted,
                "the account may be used from other workstations only",
            ),
            0x533 => Self::State(NotPermitted, "the account is disabled"),
            0x568 => Self::State(NotPermitted, "the account is in too many groups"),
            0x569 => Self::State(NotPermitted, "the account may not log in this way"),
            0x701 => Self::State(AccountExpired, "the account has expired"),
            0x775 => Self::State(Locked, "the account is locked"),
            _ => return None,
        })
    }

    /// Returns the reason as a text for the log.
    pub(super) fn text(&self) -> &'static str {
        match self {
            Self::NoSuchName => "there is no such account",
            Self::WrongPassword => "wrong name or password",
            Self::PasswordEnded(words) | Self::State(_, words) => words,
        }
    }
}

/// The reason why a domain controller does not change a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ChangeFault<'a> {
    /// The old password is wrong.
    WrongPassword,
    /// The account is locked.
    Locked,
    /// The new password is too short, too simple or one of the last, or the old one too young; with
    /// the controller's words for people, empty where it has none.
    Restriction(&'a str),
}

impl<'a> ChangeFault<'a> {
    /// Finds the reason in the text of a refusal, which begins with eight digits: `0000052D: …`
    /// (MS-ADTS 3.1.1.3.1.9).
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let (digits, rest) = text.split_once(':')?;
        let is_number = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(digits, 16).ok();
        Some(match number.filter(|_| is_number)? {
            0x56 => Self::WrongPassword,
            0x775 => Self::Locked,
            // Samba says which rule it is, Windows writes for programmers.
            0x52d => Self::Restriction(
                rest.split_once("check_password_restrictions:")
                    .map_or("", |(_, words)| words),
            ),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reason(data: &str) -> Option<Reason> {
        Reason::of(&format!(
            "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data {data}, v1db1"
        ))
    }

    #[test]
    fn each_number_has_its_meaning() {
        for (data, words) in [
            ("525", "there is no such account"),
            ("52e", "wrong name or password"),
            ("52E", "wrong name or password"),
            ("52f", "the domain restricts the account"),
            ("568", "the account is in too many groups"),
            ("569", "the account may not log in this way"),
            ("530", "not within the account's logon hours"),
            (
                "531",
                "the account may be used from other workstations only",
            ),
            ("532", "the password has expired"),
            ("533", "the account is disabled"),
            ("701", "the account has expired"),
            ("773", "the password must be changed first"),
            ("775", "the account is locked"),
        ] {
            assert_eq!(
                reason(data).map(|reason| reason.text()),
                Some(words),
                "{data}"
            );
        }
    }

    #[test]
    fn no_other_text_has_one() {
        for data in ["0", "53", "", "5 33", "0x533", "-533", "533533533533"] {
            assert_eq!(reason(data), None, "{data}");
        }
        for text in [
            "",
            "error, data ",
            "error, data 533",
            "data 533, x",
            "Invalid credentials",
        ] {
            assert_eq!(Reason::of(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(.{0,9}error, data )?.{0,20}") {
            let _ = Reason::of(&text);
        }
    }

    #[test]
    fn a_refusal_to_change_a_password_begins_with_the_error() {
        let of = ChangeFault::of;
        let samba = "0000052D: Constraint violation - check_password_restrictions: the password \
                     is too short. It should be equal or longer than 7 characters!";
        let words = " the password is too short. It should be equal or longer than 7 characters!";
        assert_eq!(of(samba), Some(ChangeFault::Restriction(words)));
        let windows = "0000052D: SvcErr: DSID-031A1248, problem 5003 (WILL_NOT_PERFORM), data 0";
        assert_eq!(of(windows), Some(ChangeFault::Restriction("")));
        let wrong = "00000056: AtrErr: DSID-03191083, #1:";
        assert_eq!(of(wrong), Some(ChangeFault::WrongPassword));
        for other in ["", "52D: x", "0000202F: x", "no number: x", "+000052D: x"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
