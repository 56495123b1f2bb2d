//! The change of a password, in libpam's two calls.
//!
//! A password is changed where it lives: in the first backend of the chain that knows the same
//! person. No other backend is given the old or the new password, and if a backend before it could
//! not be asked, nothing is changed.

mod decision;
mod new_password;
mod report;

pub use decision::{ChangeDecision, ChangeOutcome, ChangePhase, Preliminary};

use super::links::{Chain, Link};
use super::no_owner::NoOwner;
use super::report::{log_attempt, log_guess};
use crate::backends::password_change::{Change, ChangeKind, ChangeVerdict};
use crate::tools::password_dialogue::PasswordDialogue;
use crate::tools::request::{Context, Request};
use crate::words::{BackendError, Secret, Username};

impl Chain {
    /// Decides in the first call (`PAM_PRELIM_CHECK`) whether the password may be changed, and
    /// changes nothing. A name that nobody knows is asked nothing, so that the next module can
    /// change the password of its people.
    pub fn may_change_password(
        &self,
        name: &[u8],
        kind: ChangeKind,
        context: &Context<'_>,
        person: &mut dyn PasswordDialogue,
    ) -> ChangeDecision {
        let phase = ChangePhase::Preliminary;
        let user = match Username::parse(name) {
            Ok(user) => user,
            Err(_) => return ChangeDecision::new(phase, None, None, ChangeOutcome::Unknown),
        };
        let link = match self.password_owner(&user, context) {
            Ok(Some(link)) => link,
            Ok(None) => return ChangeDecision::new(phase, None, None, ChangeOutcome::Unknown),
            Err(NoOwner::Undecided(backend, finding)) => {
                let outcome = ChangeOutcome::of_finding(*finding);
                return ChangeDecision::new(phase, Some(user), Some(backend), outcome);
            }
            Err(NoOwner::Objection(objection)) => {
                let outcome = ChangeOutcome::of_objection(objection);
                return ChangeDecision::new(phase, Some(user), None, outcome);
            }
        };
        let (outcome, old_was_asked) = preliminary(link, &user, kind, context, person);
        let backend = Some(link.backend.name().to_owned());
        ChangeDecision {
            kind: Some(kind),
            old_was_asked,
            ..ChangeDecision::new(phase, Some(user), backend, outcome)
        }
    }

    /// Changes the password in the second call (`PAM_UPDATE_AUTHTOK`), in the backend that allowed
    /// it in the first.
    pub fn change_password(
        &self,
        allowed: &Preliminary,
        context: &Context<'_>,
        person: &mut dyn PasswordDialogue,
    ) -> ChangeDecision {
        let user = allowed.user.clone();
        let outcome = match self.link_named(&allowed.backend) {
            Some(link) => update(link, allowed, context, person),
            None => ChangeOutcome::Failed("the chain has lost this backend".to_owned()),
        };
        let backend = Some(allowed.backend.clone());
        ChangeDecision::new(ChangePhase::Update, Some(user), backend, outcome)
    }
}

/// Returns the outcome of the first call, and whether the old password was asked for.
fn preliminary(
    link: &Link,
    user: &Username,
    kind: ChangeKind,
    context: &Context<'_>,
    person: &mut dyn PasswordDialogue,
) -> (ChangeOutcome, bool) {
    let changes = match link.change_password() {
        Ok(changes) => changes,
        Err(why) => return (ChangeOutcome::CannotChange(why), false),
    };
    let ask = |context: &Context<'_>, old: Option<&Secret>| {
        outcome_of(changes.preliminary(&Change {
            request: request(link, user, context),
            kind,
            old,
        }))
    };
    match ask(context, None) {
        ChangeOutcome::OldPasswordNeeded => {}
        outcome => return (outcome, false),
    }
    if !context.silent {
        person.text_info(&format!("Changing password for {user}."));
    }
    let outcome = match person.old_authtok() {
        // The time somebody takes to type does not count against the backend.
        Ok(old) => {
            log_guess(link, user, context);
            ask(&context.restarted(), Some(&old))
        }
        Err(error) => ChangeOutcome::NoOldPassword(error),
    };
    (outcome, true)
}

fn update(
    link: &Link,
    allowed: &Preliminary,
    context: &Context<'_>,
    person: &mut dyn PasswordDialogue,
) -> ChangeOutcome {
    let changes = match link.change_password() {
        Ok(changes) => changes,
        Err(why) => return ChangeOutcome::CannotChange(why),
    };
    let old = match allowed
        .old_was_asked
        .then(|| person.old_authtok())
        .transpose()
    {
        Ok(old) => old,
        Err(error) => return ChangeOutcome::NoOldPassword(error),
    };
    let new = match new_password::ask(old.as_ref(), context.silent, person) {
        Ok(new) => new,
        Err(outcome) => return outcome,
    };
    // Whoever is not root may end the program between the change and its line in the log.
    if allowed.kind != ChangeKind::ByRoot {
        let what = format!("changing the password in {}", link.backend.name());
        log_attempt(&allowed.user, &what, context);
    }
    let context = context.restarted();
    let change = Change {
        request: request(link, &allowed.user, &context),
        kind: allowed.kind,
        old: old.as_ref(),
    };
    let outcome = outcome_of(changes.update(&change, &new));
    if !matches!(outcome, ChangeOutcome::Granted(_)) {
        person.clear_new_authtok();
    }
    outcome
}

fn request<'a>(link: &Link, user: &'a Username, context: &'a Context<'a>) -> Request<'a> {
    Request {
        user,
        deadline: context.deadline.within(link.timeout),
        groups: &[],
        context,
    }
}

fn outcome_of(answer: Result<ChangeVerdict, BackendError>) -> ChangeOutcome {
    match answer {
        Ok(ChangeVerdict::Granted(text)) => ChangeOutcome::Granted(text),
        Ok(ChangeVerdict::OldPasswordNeeded) => ChangeOutcome::OldPasswordNeeded,
        Ok(ChangeVerdict::Denied(denial)) => ChangeOutcome::Denied(denial),
        Ok(ChangeVerdict::Refused(refusal)) => ChangeOutcome::Refused(refusal),
        Ok(ChangeVerdict::Unknown) => ChangeOutcome::Unknown,
        Err(error) => ChangeOutcome::of_error(error),
    }
}
