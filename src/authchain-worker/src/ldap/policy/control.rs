//! The control of the password policy in the answer to a bind (draft-behera-ldap-password-policy
//! §6.2).

use ldap3::controls::Control;

use crate::guard::ber::{Elements, integer};

/// The OID of the control, in request and answer.
pub(in crate::ldap) const CONTROL: &str = "1.3.6.1.4.1.42.2.27.8.5.1";

/// Seconds of a day.
const DAY: u32 = 24 * 60 * 60;

/// The contents of the control.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::ldap) struct PolicyAnswer {
    /// Seconds until the password expires.
    expires_in: Option<u32>,
    /// Logins that are left although it has expired.
    grace: Option<u32>,
    /// The reason why the bind is refused, or what the person has to do.
    pub(in crate::ldap) error: Option<BindError>,
    /// The reason why a change of the password is refused.
    pub(in crate::ldap) change_error: Option<ChangeError>,
}

/// The errors that concern a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ldap) enum BindError {
    /// The password was right, and has expired.
    Expired,
    /// The account is locked; whether the password was right is not said.
    Locked,
    /// The password was right, and must be changed before anything else.
    MustChange,
}

/// The errors that concern a change of the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ldap) enum ChangeError {
    /// The person may not change the password (passwordModNotAllowed).
    NotAllowed,
    /// The old password must be sent as well (mustSupplyOldPassword).
    OldPasswordMissing,
    /// The new password is not good enough (insufficientPasswordQuality).
    Quality,
    /// The new password is too short.
    TooShort,
    /// The old password was set too recently.
    TooYoung,
    /// The new password is one of the last ones.
    InHistory,
}

impl PolicyAnswer {
    /// Reads the control in an answer; a malformed one counts as empty. The control can make a
    /// refusal more precise or refuse a bind that succeeded, but never accept one that failed.
    pub(in crate::ldap) fn of(controls: &[Control]) -> Self {
        let control = controls.iter().find(|control| control.1.ctype == CONTROL);
        let value = control.and_then(|control| control.1.val.as_deref());
        value.and_then(Self::decode).unwrap_or_default()
    }

    fn decode(value: &[u8]) -> Option<Self> {
        let mut answer = Self::default();
        let mut parts = Elements::of(Elements::of(value).expect(0x30, "control").ok()?);
        while let Some(part) = parts.take().ok()? {
            match part.tag {
                0xa0 => answer.read_warning(part.contents)?,
                0x81 => {
                    answer.error = error(part.contents);
                    answer.change_error = change_error(part.contents);
                }
                _ => {}
            }
        }
        Some(answer)
    }

    fn read_warning(&mut self, contents: &[u8]) -> Option<()> {
        let warning = Elements::of(contents).take().ok()??;
        let number = u32::try_from(integer(warning.contents)?).ok()?;
        match warning.tag {
            0x80 => self.expires_in = Some(number),
            0x81 => self.grace = Some(number),
            _ => {}
        }
        Some(())
    }

    /// Returns whether the password has expired, and the server still lets the person in.
    pub(in crate::ldap) fn is_in_grace(self) -> bool {
        self.grace.is_some()
    }

    /// Returns the text about the end of the password for a person whose account is valid.
    pub(in crate::ldap) fn warning(self) -> Option<String> {
        if let Some(left) = self.grace {
            let logins = if left == 1 { "login" } else { "logins" };
            return Some(format!(
                "Your password has expired: {left} {logins} left to change it."
            ));
        }
        let days = self.expires_in?.checked_div(DAY)?;
        Some(match days {
            0 => "Your password will expire in less than a day.".to_owned(),
            1 => "Your password will expire in 1 day.".to_owned(),
            _ => format!("Your password will expire in {days} days."),
        })
    }
}

fn error(contents: &[u8]) -> Option<BindError> {
    match contents {
        [0] => Some(BindError::Expired),
        [1] => Some(BindError::Locked),
        [2] => Some(BindError::MustChange),
        _ => None,
    }
}

fn change_error(contents: &[u8]) -> Option<ChangeError> {
    match contents {
        [3] => Some(ChangeError::NotAllowed),
        [4] => Some(ChangeError::OldPasswordMissing),
        [5] => Some(ChangeError::Quality),
        [6] => Some(ChangeError::TooShort),
        [7] => Some(ChangeError::TooYoung),
        [8] => Some(ChangeError::InHistory),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_control_is_read_as_servers_send_it() {
        let decode = |bytes: &[u8]| PolicyAnswer::decode(bytes).unwrap();
        assert_eq!(decode(&[0x30, 0]), PolicyAnswer::default());
        let expired = decode(&[0x30, 3, 0x81, 1, 0]);
        assert_eq!(expired.error, Some(BindError::Expired));
        let grace = decode(&[0x30, 5, 0xa0, 3, 0x81, 1, 2]);
        assert_eq!(grace.grace, Some(2));
        let text = "Your password has expired: 2 logins left to change it.";
        assert_eq!(grace.warning().as_deref(), Some(text));
        let warned = decode(&[0x30, 7, 0xa0, 5, 0x80, 3, 4, 0x93, 0xe0]);
        let text = "Your password will expire in 3 days.";
        assert_eq!(warned.warning().as_deref(), Some(text));
        let reset = decode(&[0x30, 3, 0x81, 1, 2]);
        assert_eq!(reset.error, Some(BindError::MustChange));
        assert_eq!(reset.change_error, None);
        let short = decode(&[0x30, 3, 0x81, 1, 6]);
        assert_eq!(
            (short.error, short.change_error),
            (None, Some(ChangeError::TooShort))
        );
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        for bytes in [
            &[][..],
            &[0x30],
            &[0x30, 2, 0xa0, 0],
            &[0x30, 5, 0x81],
            &[4, 0],
        ] {
            assert_eq!(
                PolicyAnswer::decode(bytes).unwrap_or_default(),
                PolicyAnswer::default()
            );
        }
        let strange = PolicyAnswer::decode(&[0x30, 3, 0x81, 1, 9]).unwrap();
        assert_eq!(strange.error, None);
    }
}
