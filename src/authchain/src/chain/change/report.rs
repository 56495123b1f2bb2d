//! The line that a change of a password writes into the log.

use super::decision::{ChangeDecision, ChangeOutcome, ChangePhase};
use crate::backends::password_change::ChangeRefusal;
use crate::chain::report::{origin_fields, severity_of_fault};
use crate::tools::journal::{Severity, field};
use crate::tools::request::Context;

impl ChangeDecision {
    /// Logs a password that was changed, and each refusal. That it may be changed, and that nobody
    /// knows the name, is logged only if `even_success`. But an old password that was typed is
    /// logged as a guess, even if it is right for another person.
    pub fn report(&self, context: &Context<'_>, even_success: bool) {
        let is_fault = matches!(
            self.outcome,
            ChangeOutcome::Unavailable(_)
                | ChangeOutcome::Failed(_)
                | ChangeOutcome::Refused(ChangeRefusal::Unsure(_))
        );
        let severity = match (&self.outcome, self.phase) {
            (ChangeOutcome::Unknown, _) if self.old_was_asked => Severity::LOG_NOTICE,
            (ChangeOutcome::Granted(_), ChangePhase::Preliminary) | (ChangeOutcome::Unknown, _) => {
                if !even_success {
                    return;
                }
                Severity::LOG_DEBUG
            }
            _ if is_fault => severity_of_fault(Severity::LOG_ERR, context),
            _ => Severity::LOG_NOTICE,
        };
        let user = self.user.as_ref().map_or("(unknown)", |user| user.as_str());
        let origin = origin_fields(context, &field(context.ruser));
        let line = format!("{user}: {}; {origin}", self.in_words());
        context.journal.write(severity, &line);
    }

    fn in_words(&self) -> String {
        use ChangeOutcome as Is;
        let backend = self.backend.as_deref().unwrap_or("chain");
        let why = match (&self.outcome, self.phase) {
            (Is::Granted(_), ChangePhase::Preliminary) => {
                return format!("password may be changed in {backend}");
            }
            (Is::Granted(_), ChangePhase::Update) => {
                return format!("password changed in {backend}");
            }
            (Is::Unknown, _) if self.old_was_asked => {
                return "password not changed: nobody has this name and this old password"
                    .to_owned();
            }
            (Is::Unknown, _) => return "password not changed: nobody knows the name".to_owned(),
            (Is::Refused(ChangeRefusal::Unsure(why)), _) => {
                return format!("password perhaps changed in {backend}: {why}");
            }
            (Is::OldPasswordNeeded, _) => "refused: the old password is needed".to_owned(),
            (Is::Denied(denial), _) => format!("denied: {denial}"),
            (Is::Refused(refusal), _) => format!("refused: {refusal}"),
            (Is::CannotChange(why), _) => format!("refused: {why}"),
            (Is::Unavailable(why), _) => format!("unavailable: {why}"),
            (Is::Failed(why), _) => format!("failed: {why}"),
            (Is::NoOldPassword(error), _) => format!("no old password: {error}"),
            (Is::NoNewPassword(error), _) => format!("no new password: {error}"),
            (Is::NewPasswordsDiffer, _) => "refused: the two new passwords differ".to_owned(),
            (Is::UselessNewPassword(fault), _) => {
                format!("refused: {}", fault.trim_end_matches('.'))
            }
        };
        format!("password not changed: {backend} {why}")
    }
}
