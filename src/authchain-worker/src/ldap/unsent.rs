//! Passwords that cannot be sent, and whose they were to be.

use authchain::backends::protocol::{Question, WireVerdict};
use authchain::words::{Denial, DenialReason};

use super::Prepared;
use super::password::Fault;
use super::person::Found;
use super::session::Session;
use crate::answer::Answer;
use crate::net::failure::Failure;

impl Prepared {
    /// Refuses the password only where the name is somebody's here: a backend after this one may
    /// know the person, and take passwords that a directory does not.
    pub(super) async fn refuse_unsent(
        &self,
        session: &mut Session,
        question: &Question<'_>,
        fault: Fault,
    ) -> Result<Answer, Failure> {
        if self.binds_as_the_person() {
            // Without a login of our own, the password is the only way to find out.
            return Ok(Answer::unknown(None));
        }
        let found = self.find(session, &question.user).await?;
        Ok(refused(found, fault))
    }
}

fn refused(found: Found, fault: Fault) -> Answer {
    match found {
        Found::Person(_) => WireVerdict::Denied(Denial::from(fault)).into(),
        Found::Several => WireVerdict::Denied(DenialReason::NotPermitted.into()).into(),
        Found::Nobody(note) => Answer::unknown(note),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_denied_for_a_password_that_may_be_somebody_elses() {
        assert_eq!(
            refused(Found::Nobody(None), Fault::TooLong).verdict,
            WireVerdict::Unknown
        );
        assert!(matches!(
            refused(Found::Several, Fault::Nul).verdict,
            WireVerdict::Denied(_)
        ));
    }
}
