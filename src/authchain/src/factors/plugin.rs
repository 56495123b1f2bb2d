//! A second factor that is a program of the administrator's.

use std::rc::Rc;
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use super::factor::{Confirmation, Confirming, Enrolment, EnrolmentNumber, Factor};
use crate::backends::remote::{ConfirmVerdict, Remote};
use crate::tools::conversation::Conversation;
use crate::tools::request::Request;
use crate::words::{BackendError, Denial, DenialReason, Secret, Username};

/// A plugin that confirms people. It alone knows who is enrolled.
#[derive(Clone)]
pub struct PluginFactor {
    /// The way to the plugin.
    pub remote: Rc<Remote>,
    /// The question that is asked for it.
    pub question: Option<String>,
    /// Maximum time for it to answer.
    pub timeout: Duration,
}

impl Factor for PluginFactor {
    fn name(&self) -> &str {
        &self.remote.name
    }

    fn enrolment(&self, user: &Username) -> Result<Option<Box<dyn Enrolment>>, BackendError> {
        Ok(Some(Box::new(PluginEnrolment {
            factor: self.clone(),
            user: user.clone(),
        })))
    }

    fn is_presumed(&self) -> bool {
        true
    }

    fn question(&self) -> Option<&str> {
        self.question.as_deref()
    }

    /// Enrols nobody: people enrol with the plugin itself. It is never called, as everybody counts
    /// as enrolled ([`Factor::is_presumed`]).
    fn enrol(
        &self,
        _: &Username,
        _: &Secret,
        _: &mut dyn Conversation,
        _: &dyn Fn() -> SystemTime,
    ) -> Result<Confirmation, BackendError> {
        Ok(Confirmation::NotEnrolled)
    }
}

/// The presumed enrolment of one person.
struct PluginEnrolment {
    factor: PluginFactor,
    user: Username,
}

impl Enrolment for PluginEnrolment {
    /// Returns a hash of the plugin's name, its settings and the person. A plugin has no number for
    /// an enrolment, so that a remembered login ends when its settings change.
    fn number(&self) -> EnrolmentNumber {
        let remote = &self.factor.remote;
        let settings = remote.settings.to_string();
        let parts = [&remote.name, &settings, self.user.as_str()];
        let hashed = parts.iter().fold(Sha256::new(), |hash, part| {
            hash.chain_update(part).chain_update([0])
        });
        hashed.finalize().into()
    }

    /// Returns `None`: only the plugin could say where a code begins.
    fn split(&self, _password: &Secret) -> Option<(Secret, Secret)> {
        None
    }

    fn confirm(&self, confirming: Confirming<'_>) -> Result<Confirmation, BackendError> {
        let request = Request {
            user: &self.user,
            // The backends have had their time.
            deadline: confirming
                .context
                .deadline
                .restarted()
                .within(self.factor.timeout),
            groups: &[],
            context: confirming.context,
        };
        let remote = &self.factor.remote;
        let verdict = remote.confirm(&request, confirming.answer, confirming.person)?;
        Ok(match verdict {
            ConfirmVerdict::Accepted => Confirmation::Confirmed(None),
            ConfirmVerdict::Denied(denial) => Confirmation::Refused(in_words(denial)),
            ConfirmVerdict::Unknown => Confirmation::NotEnrolled,
        })
    }
}

/// Returns the reason of a denial, for the log. `BadCredential` would read "wrong password", but it
/// was an answer that was wrong.
fn in_words(denial: Denial) -> String {
    match (denial.reason, denial.detail) {
        (DenialReason::BadCredential, Some(detail)) => detail,
        (DenialReason::BadCredential, None) => "wrong answer".to_owned(),
        (reason, detail) => Denial {
            detail,
            ..Denial::from(reason)
        }
        .to_string(),
    }
}
