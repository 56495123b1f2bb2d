//! Passwords that cannot be sent, and whose they were to be.

use authchain::backends::protocol::{Question, WireVerdict};
use authchain::words::{Denial, DenialReason};

use super::Prepared;
use super::password::Fault;
use super::person::Found;
use super::session::Session;
use crate::net::failure::Failure;
use crate::servers::Ruling;

impl Prepared {
    /// Refuses the password only where the name is somebody's here: a backend after this one may
    /// know the person, and take passwords that a directory does not.
    pub(super) async fn refuse_unsent(
        &self,
        session: &mut Session,
        question: &Question<'_>,
        fault: Fault,
    ) -> Result<Ruling, Failure> {
        if self.binds_as_the_person() {
            // Without a login of our own, the password is the only way to find out.
            return Ok(WireVerdict::Unknown.into());
        }
        let found = self.find(session, &question.user).await?;
        Ok(ruling(found, fault))
    }
}

fn ruling(found: Found, fault: Fault) -> Ruling {
    match found {
        Found::Person(_) => WireVerdict::Denied(Denial::from(fault)).into(),
        Found::Several => WireVerdict::Denied(DenialReason::NotPermitted.into()).into(),
        Found::Nobody(note) => {
            let mut ruling = Ruling::from(WireVerdict::Unknown);
            ruling.notes.extend(note);
            ruling
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_denied_for_a_password_that_may_be_somebody_elses() {
        assert_eq!(
            ruling(Found::Nobody(None), Fault::TooLong).verdict,
            WireVerdict::Unknown
        );
        assert!(matches!(
            ruling(Found::Several, Fault::Nul).verdict,
            WireVerdict::Denied(_)
        ));
    }
}
