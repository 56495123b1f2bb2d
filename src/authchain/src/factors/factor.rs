//! The trait of second factors.

use std::time::SystemTime;

use crate::tools::conversation::Conversation;
use crate::tools::request::Context;
use crate::words::{BackendError, Secret, Username};

/// A second factor.
///
/// The chain takes care of order, of remembered logins, and of asking everybody alike.
pub trait Factor {
    /// Returns the factor's name in the configuration.
    fn name(&self) -> &str;

    /// Returns the person's enrolment; `None` if they are not enrolled.
    ///
    /// # Errors
    /// When it cannot be found out: then the login is refused.
    fn enrolment(&self, user: &Username) -> Result<Option<Box<dyn Enrolment>>, BackendError>;

    /// Returns whether everybody is taken for enrolled, under their own name, until
    /// [`Enrolment::confirm`] says who is not.
    fn is_presumed(&self) -> bool {
        false
    }

    /// Returns the question that everybody is asked before any backend is, whether or not they are
    /// enrolled; `None` if the factor asks its questions itself, after a right password.
    fn question(&self) -> Option<&str>;

    /// Lets a person enrol who has typed the right `password`, and confirms them.
    ///
    /// # Errors
    /// When they could not be asked, or nothing could be kept.
    fn enrol(
        &self,
        user: &Username,
        password: &Secret,
        person: &mut dyn Conversation,
        clock: &dyn Fn() -> SystemTime,
    ) -> Result<Confirmation, BackendError>;
}

/// The number of an enrolment. A new secret, or new recovery codes, have a new one.
pub type EnrolmentNumber = [u8; 32];

/// One person's enrolment in a factor.
pub trait Enrolment {
    /// Returns the number of the enrolment, by which remembered logins are told from those of an
    /// earlier one. Nobody can compute it who does not know the secret.
    fn number(&self) -> EnrolmentNumber;

    /// Returns the password and the code behind it; `None` if there is no code.
    fn split(&self, password: &Secret) -> Option<(Secret, Secret)>;

    /// Confirms the person. An answer is of no more use afterwards.
    ///
    /// It is called for people with the right password only.
    ///
    /// # Errors
    /// When it could not be verified, or its use could not be kept: then the login is refused.
    fn confirm(&self, confirming: Confirming<'_>) -> Result<Confirmation, BackendError>;
}

/// The request to confirm a person.
pub struct Confirming<'a> {
    /// The answer to [`Factor::question`]; `None` for a factor without one.
    pub answer: Option<&'a Secret>,
    /// The surroundings of the login.
    pub context: &'a Context<'a>,
    /// The conversation, for factors that ask further questions.
    pub person: &'a mut dyn Conversation,
}

/// The answer of a factor.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// The person is confirmed; with more about it for the log, if there is more.
    Confirmed(Option<String>),
    /// The person is not, for this reason.
    Refused(String),
    /// The person is not enrolled: only of a factor that [presumes](Factor::is_presumed) it.
    NotEnrolled,
}
