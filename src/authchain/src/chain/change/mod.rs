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
use super::owner::{NoOwner, Owner};
use super::report::{log_attempt, log_guess};
use crate::backends::password_change::{Change, ChangeKind, ChangeVerdict};
use crate::tools::password_dialogue::PasswordDialogue;
use crate::tools::request::{Context, Request};
use crate::words::{Secret, Username};

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
        let mut passed = Vec::new();
        let mut unknown = ChangeDecision::new(phase, None, None, ChangeOutcome::Unknown);
        loop {
            // The time in which the person has typed the old password does not count.
            let context = &context.restarted();
            let owner = match self.password_owner(&user, kind, &passed, context) {
                Ok(Some(owner)) => owner,
                Ok(None) => return unknown,
                Err(reason) => return without_owner(phase, user, reason),
            };
            let (verdict, old_was_asked) = preliminary(&owner, &user, kind, context, person);
            let backend = owner.link().backend.name();
            let outcome = match verdict {
                Ok(verdict) => match self.outcome_at(&owner, verdict, &user, context) {
                    Ok(outcome) => outcome,
                    Err(reason) => return without_owner(phase, user, reason),
                },
                Err(outcome) => outcome,
            };
            if let (Owner::ToProve(..), ChangeOutcome::Unknown) = (&owner, &outcome) {
                passed.push(backend);
                unknown.old_was_asked |= old_was_asked;
                unknown.user = Some(user.clone()).filter(|_| unknown.old_was_asked);
                continue;
            }
            return ChangeDecision {
                kind: Some(kind),
                old_was_asked,
                ..ChangeDecision::new(phase, Some(user), Some(backend.to_owned()), outcome)
            };
        }
    }

    /// Returns the outcome of the first call by the verdict of the owner. One that only the old
    /// password shows to be the owner has to say who the person is.
    fn outcome_at(
        &self,
        owner: &Owner<'_>,
        verdict: ChangeVerdict,
        user: &Username,
        context: &Context<'_>,
    ) -> Result<ChangeOutcome, NoOwner> {
        Ok(match (owner, verdict) {
            (Owner::ToProve(link, _), ChangeVerdict::Proven(found, text)) => {
                match self.is_proven_owner(link, &found, user, &context.restarted())? {
                    true => ChangeOutcome::Granted(text),
                    false => ChangeOutcome::Unknown,
                }
            }
            (Owner::ToProve(..), ChangeVerdict::Granted(_)) => {
                ChangeOutcome::Failed("it does not say who the person is".to_owned())
            }
            (_, verdict) => outcome_of(verdict),
        })
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

fn without_owner(phase: ChangePhase, user: Username, reason: NoOwner) -> ChangeDecision {
    let (backend, outcome) = match reason {
        NoOwner::Undecided(backend, finding) => {
            (Some(backend), ChangeOutcome::of_finding(*finding))
        }
        NoOwner::Objection(objection) => (None, ChangeOutcome::of_objection(objection)),
    };
    ChangeDecision::new(phase, Some(user), backend, outcome)
}

/// Returns the verdict of the first call, or the outcome if there is none; and whether the old
/// password was asked for.
fn preliminary(
    owner: &Owner<'_>,
    user: &Username,
    kind: ChangeKind,
    context: &Context<'_>,
    person: &mut dyn PasswordDialogue,
) -> (Result<ChangeVerdict, ChangeOutcome>, bool) {
    let link = owner.link();
    let changes = match link.change_password() {
        Ok(changes) => changes,
        Err(why) => return (Err(ChangeOutcome::CannotChange(why)), false),
    };
    let ask = |context: &Context<'_>, old: Option<&Secret>| {
        let verdict = changes.preliminary(&Change {
            request: Request {
                groups: owner.groups(),
                ..request(link, user, context)
            },
            kind,
            old,
        });
        verdict.map_err(ChangeOutcome::of_error)
    };
    match ask(context, None) {
        Ok(ChangeVerdict::OldPasswordNeeded) => {}
        verdict => return (verdict, false),
    }
    if !context.silent {
        person.text_info(&format!("Changing password for {user}."));
    }
    let verdict = match person.old_authtok() {
        // The time somebody takes to type does not count against the backend.
        Ok(old) => {
            log_guess(link, user, context);
            ask(&context.restarted(), Some(&old))
        }
        Err(error) => Err(ChangeOutcome::NoOldPassword(error)),
    };
    (verdict, true)
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
    let verdict = changes.update(&change, &new);
    let outcome = verdict.map_or_else(ChangeOutcome::of_error, outcome_of);
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

fn outcome_of(verdict: ChangeVerdict) -> ChangeOutcome {
    match verdict {
        ChangeVerdict::Granted(text) | ChangeVerdict::Proven(_, text) => {
            ChangeOutcome::Granted(text)
        }
        ChangeVerdict::OldPasswordNeeded => ChangeOutcome::OldPasswordNeeded,
        ChangeVerdict::Denied(denial) => ChangeOutcome::Denied(denial),
        ChangeVerdict::Refused(refusal) => ChangeOutcome::Refused(refusal),
        ChangeVerdict::Unknown => ChangeOutcome::Unknown,
    }
}
