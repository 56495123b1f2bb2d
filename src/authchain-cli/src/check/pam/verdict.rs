//! Describes the faults that the trials of a stack found.

use std::iter;

use super::answers::{Answers, BROKEN, FOUND_OUT_NOTHING, NOT_LOADED};
use super::modules::{Reach, Role, takes_a_password_over};
use super::simulator::{Entry, Facility, Module};
use super::trials::Found;
use super::ways::Stack;
use crate::check::report::Severity;

/// A fault of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) severity: Severity,
    pub(super) message: String,
    /// The place in the stack of the entry that is at fault; `None` means our module's entry.
    pub(super) at: Option<usize>,
}

/// Returns the faults. If a person gets in whom no module accepts, no other fault is reported.
pub(super) fn faults(
    facility: Facility,
    stack: &Stack<'_>,
    found: &Found,
    answers: &Answers,
) -> Vec<Fault> {
    let describer = Describer {
        facility,
        stack,
        found,
        answers,
    };
    let mut faults: Vec<Fault> = describer.accepted_by_nobody().into_iter().collect();
    faults.extend(describer.by_condition());
    if faults.iter().any(|fault| fault.severity == Severity::Error) {
        return faults;
    }
    faults.extend(describer.skipped_refusals());
    faults.extend(describer.let_in_unloaded());
    faults.extend(describer.locked_out());
    faults.extend(describer.ours_alone_refused(faults.is_empty()));
    if found.is_incomplete {
        let message = "there are too many ways through this stack to try them all";
        faults.push(fault(Severity::Warning, message.to_owned()));
    }
    faults
}

/// Describes the faults of one stack.
struct Describer<'a> {
    facility: Facility,
    stack: &'a Stack<'a>,
    found: &'a Found,
    answers: &'a Answers,
}

impl Describer<'_> {
    fn accepted_by_nobody(&self) -> Option<Fault> {
        let mut ours = self.answers.ours.iter();
        let case = ours.find_map(|ours| self.found.accepted_by_nobody.get(ours))?;
        let who = match self.facility {
            Facility::Auth => "a wrong password gets in",
            _ => "an account that nobody calls valid gets in",
        };
        let unix = match self.names_of(&Role::Unix).first() {
            Some(name) => format!(", {name} {}", case.unix),
            None => String::new(),
        };
        let message = format!(
            "{who}: authchain answers {}{unix} and the stack succeeds",
            case.ours
        );
        Some(fault(Severity::Error, message))
    }

    fn by_condition(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (reach, places) in &self.found.by_condition {
            for at in places {
                let Some(entry) = self.stack.entries.get(*at) else {
                    continue;
                };
                let arguments = entry.arguments().iter().map(String::as_str);
                let words = iter::once(entry.name()).chain(arguments);
                let line = words.collect::<Vec<_>>().join(" ");
                let (severity, message) = self.condition(*reach, &line);
                faults.push(Fault {
                    severity,
                    message,
                    at: Some(*at),
                });
            }
        }
        faults
    }

    fn condition(&self, reach: Reach, line: &str) -> (Severity, String) {
        match (self.facility == Facility::Auth, reach) {
            (true, Reach::Root | Reach::Named) => (
                Severity::Note,
                format!("whom `{line}` names gets in without a password"),
            ),
            (true, Reach::Unknown) => (
                Severity::Note,
                format!(
                    "whom `{line}` accepts gets in, and authchain does not know that module: see \
                     that it asks for a password or token"
                ),
            ),
            (true, Reach::Caller) => (
                Severity::Warning,
                format!(
                    "`{line}` asks who started the program: if that is root here, everybody gets in \
                     without a password"
                ),
            ),
            (true, Reach::Local | Reach::Wide) => (
                Severity::Error,
                format!(
                    "a wrong password gets in: `{line}` asks for none, and lets in whom it holds for"
                ),
            ),
            (false, Reach::Wide) => (
                Severity::Error,
                format!("`{line}` lets accounts in at which nobody has looked"),
            ),
            (false, _) => (
                Severity::Warning,
                format!(
                    "`{line}` lets in whom it holds for before anybody has looked whether the \
                     account is locked or expired"
                ),
            ),
        }
    }

    fn skipped_refusals(&self) -> Option<Fault> {
        let skipped = |ours: &&&str| self.found.skipped_refusals.contains(**ours);
        let ours: Vec<&str> = self.answers.ours.iter().filter(skipped).copied().collect();
        if ours.is_empty() {
            return self.let_in_before_us();
        }
        let control = control_of_ours(self.stack);
        let who = match self.facility {
            Facility::Auth => "lets in whom it accepts",
            _ => "lets the locked and expired in",
        };
        let message = format!(
            "a refusal of authchain ({}) would be skipped, and {} behind or before it {who}: the \
             control is `{control}`{}",
            ours.join(", "),
            self.accepting(),
            by_the_caller(&ours),
        );
        let is_callers = ours.iter().any(|ours| FOUND_OUT_NOTHING.contains(ours));
        let severity = match is_callers {
            true => Severity::Error,
            false => Severity::Warning,
        };
        Some(fault(severity, message))
    }

    fn let_in_before_us(&self) -> Option<Fault> {
        let message = || {
            format!(
                "authchain is not asked about accounts that {} before it calls valid: whom \
                 authchain knows to be locked or expired gets in",
                self.accepting()
            )
        };
        (self.found.is_let_in_before_us).then(|| fault(Severity::Warning, message()))
    }

    fn let_in_unloaded(&self) -> Option<Fault> {
        let message = || {
            format!(
                "where the module cannot be loaded, {} alone decides: ordinary people start this \
                 program, and can bring that about by their limits; {NOT_LOADED} must end the \
                 stack here",
                self.accepting()
            )
        };
        (self.found.is_let_in_unloaded).then(|| fault(Severity::Error, message()))
    }

    /// Returns the fault of a stack that refuses everybody when our configuration is broken or our
    /// module cannot be loaded.
    fn locked_out(&self) -> Option<Fault> {
        let when = match (
            self.found.locked_out.contains(BROKEN),
            self.found.locked_out.contains(NOT_LOADED),
        ) {
            (false, false) => return None,
            (true, false) => "the configuration is broken",
            (false, true) => "the module cannot be loaded",
            (true, true) => "the configuration is broken or the module cannot be loaded",
        };
        let nobody = format!("nobody gets in when {when}, not even root");
        let is_ours = |role: &Role| *role == Role::Ours;
        let behind = self.stack.roles.iter().zip(self.stack.entries);
        let behind = behind.skip_while(|(role, _)| !is_ours(role));
        let is_other = |(role, entry): (&Role, &Entry)| {
            matches!(entry.module, Module::Ask { .. }) && !is_ours(role)
        };
        let message = if !self
            .stack
            .roles
            .iter()
            .zip(self.stack.entries)
            .any(is_other)
        {
            format!("authchain stands alone in this stack: {nobody}")
        } else if !behind.clone().any(|(role, _)| *role == Role::Unix) {
            format!("no pam_unix behind authchain: {nobody}")
        } else if behind
            .clone()
            .any(|(_, entry)| takes_a_password_over(entry))
        {
            format!("pam_unix has `use_first_pass`, and a broken authchain asks for none: {nobody}")
        } else {
            let control = control_of_ours(self.stack);
            format!(
                "pam_unix is there, but `{control}` lets no failure of authchain pass: {nobody}"
            )
        };
        Some(fault(Severity::Warning, message))
    }

    fn ours_alone_refused(&self, is_all: bool) -> Option<Fault> {
        let (severity, message) = match self.facility {
            Facility::Auth => (
                Severity::Warning,
                "a password that authchain accepts lets nobody in: another module must accept it \
                 too",
            ),
            _ if !is_all => return None,
            _ => (
                Severity::Note,
                "people whom only authchain knows are refused here: another module must know them \
                 too",
            ),
        };
        (self.found.is_ours_alone_refused).then(|| fault(severity, message.to_owned()))
    }

    /// Returns the names of the other modules that may accept a person.
    fn accepting(&self) -> String {
        let unix = self.names_of(&Role::Unix);
        let others = self.names_of(&Role::Credential);
        let names: Vec<&str> = unix.into_iter().chain(others).collect();
        names.join(" or ")
    }

    fn names_of(&self, role: &Role) -> Vec<&str> {
        let of_role = self.stack.roles.iter().zip(self.stack.entries);
        let of_role = of_role.filter(|(found, _)| *found == role);
        let mut names: Vec<&str> = of_role.map(|(_, entry)| entry.name()).collect();
        names.dedup();
        names
    }
}

fn fault(severity: Severity, message: String) -> Fault {
    Fault {
        severity,
        message,
        at: None,
    }
}

fn by_the_caller(ours: &[&str]) -> String {
    let callers = ours.iter().filter(|ours| FOUND_OUT_NOTHING.contains(ours));
    let callers: Vec<&str> = callers.copied().collect();
    match callers.as_slice() {
        [] => String::new(),
        _ => format!(
            "; a down directory, or what a caller of su can bring about, is enough ({})",
            callers.join(", ")
        ),
    }
}

fn control_of_ours<'a>(stack: &'a Stack<'_>) -> &'a str {
    let mut ours = stack.roles.iter().zip(stack.entries);
    let ours = ours.find(|(role, _)| **role == Role::Ours);
    let control = ours.and_then(|(_, entry)| entry.control());
    control.map_or("", |control| control.text.as_str())
}
