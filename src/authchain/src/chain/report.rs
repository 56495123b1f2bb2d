//! The lines that a decision writes into the log.
//!
//! The wording is an interface: fail2ban, journal searches and people rely on it.

use super::decision::{AccountDecision, AuthDecision, Finding, Outcome, Step};
use super::links::Link;
use crate::tools::journal::{Severity, field};
use crate::tools::request::Context;
use crate::words::{ConversationError, PamCode, Username};

/// The name with which a login was asked for.
#[derive(Debug, Clone, Copy)]
pub struct GivenName<'a> {
    /// The name as it was given. It may be invalid, or a password that was typed at the wrong
    /// prompt.
    pub name: &'a [u8],
    /// True if a name that no backend knows may be logged as it was typed.
    pub log_unknown_users: bool,
}

/// Returns the fields about the origin of a login, as in pam_unix's line about a failure.
pub(super) fn origin_fields(context: &Context<'_>, ruser: &str) -> String {
    let [tty, rhost] = [context.tty, context.rhost].map(field);
    format!(
        "uid={} euid={} tty={tty} ruser={ruser} rhost={rhost}",
        context.uid, context.euid
    )
}

/// Logs an attempt that is not decided yet, and its origin.
pub(super) fn log_attempt(user: &Username, what: &str, context: &Context<'_>) {
    let origin = origin_fields(context, &field(context.ruser));
    let line = format!("{user}: {what}; {origin}");
    context.journal.write(Severity::LOG_NOTICE, &line);
}

/// Logs in su, sudo and passwd that a worker is given a password. The caller can stop this process,
/// tell from the length of the answer in the socket whether the guess was right, and kill this
/// process before it has read the answer.
pub(super) fn log_guess(link: &Link, user: &Username, context: &Context<'_>) {
    let is_elsewhere = !link.backend.nature().answers_at_once;
    if is_elsewhere && context.on_behalf_of().is_some() {
        log_attempt(user, &format!("asking {}", link.backend.name()), context);
    }
}

impl AuthDecision {
    /// Logs a login: a failure in a line that tools such as fail2ban parse, and the reasons in a
    /// line for people.
    ///
    /// A right password of an account that may not be used is no guess, and must not be counted as
    /// one.
    pub fn report(&self, given: &GivenName<'_>, context: &Context<'_>) {
        let is_failure = matches!(self.outcome, Outcome::Denied(_) | Outcome::Unknown);
        if is_failure && self.barred().is_none() {
            let line = self.failure_line(given, context);
            context.journal.write(Severity::LOG_NOTICE, &line);
        }
        let severity = match self.outcome {
            Outcome::Answered(_) => Severity::LOG_INFO,
            Outcome::Denied(_) | Outcome::Unknown | Outcome::Conversation(_) => {
                Severity::LOG_NOTICE
            }
            Outcome::Unavailable | Outcome::Failed => severity_of_fault(Severity::LOG_ERR, context),
        };
        let line = match &self.outcome {
            Outcome::Conversation(error) if self.steps.is_empty() => {
                self.unanswered_line(given, *error)
            }
            _ => self.why(),
        };
        context.journal.write(severity, &line);
    }

    /// Returns the line about a login without a password. No backend was asked about the name, so
    /// the line has the name only if the local passwd file has it, or if every name may be logged.
    fn unanswered_line(&self, given: &GivenName<'_>, error: ConversationError) -> String {
        match self.name.is_some() || given.log_unknown_users {
            true => format!("{}: {error}", self.loggable_name(given)),
            false => error.to_string(),
        }
    }

    /// Returns the line in pam_unix's words, its two blanks included. The name comes last, with
    /// nothing behind it, so that it cannot pretend to be another field.
    fn failure_line(&self, given: &GivenName<'_>, context: &Context<'_>) -> String {
        // Some hosts (dovecot, vsftpd) repeat the name in `ruser`: where the name is hidden,
        // `ruser` is hidden, too.
        let repeats = context.ruser.as_bytes() == given.name;
        let ruser = if repeats {
            self.loggable_name(given)
        } else {
            field(context.ruser)
        };
        let origin = origin_fields(context, &ruser);
        let user = self.loggable_name(given);
        format!("authentication failure; logname= {origin}  user={user}")
    }

    fn loggable_name(&self, given: &GivenName<'_>) -> String {
        match &self.name {
            Some(name) => field(name.as_str()),
            None if given.log_unknown_users => field(&String::from_utf8_lossy(given.name)),
            None => "(unknown)".to_owned(),
        }
    }
}

impl AccountDecision {
    /// Logs an account that is refused, or that may be used although a backend could not be asked.
    /// Other accounts are logged only if `even_success`.
    pub fn report(&self, context: &Context<'_>, even_success: bool) {
        let has_fault =
            |step: &Step<_>| matches!(step.finding, Finding::Unavailable(_) | Finding::Failed(_));
        let severity = match (self.code(), &self.outcome) {
            // The account counts as valid although a source that might have refused it did not
            // answer.
            (PamCode::Success, _) if self.steps.iter().any(has_fault) => {
                severity_of_fault(Severity::LOG_WARNING, context)
            }
            (PamCode::Success, _) if !even_success => return,
            (PamCode::Success, _) => Severity::LOG_DEBUG,
            (_, Outcome::Unavailable | Outcome::Failed) => {
                severity_of_fault(Severity::LOG_ERR, context)
            }
            _ => Severity::LOG_NOTICE,
        };
        context.journal.write(severity, &self.why());
    }
}

/// Returns the severity of a line about a backend that could not be asked: `usual` if the program
/// is root. Other programs may read neither shadow files nor secrets, and would log this at each
/// login.
pub(super) fn severity_of_fault(usual: Severity, context: &Context<'_>) -> Severity {
    match context.euid {
        0 => usual,
        _ => Severity::LOG_DEBUG,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::time::{Duration, SystemTime};

    use crate::chain::Decision;
    use crate::tools::deadline::{Deadline, system_clock};
    use crate::tools::journal::Journal;
    use crate::words::{AccountStatus, Denial, DenialReason, Username};

    #[derive(Default)]
    struct Memory(RefCell<Vec<String>>);

    impl Journal for Memory {
        fn write(&self, severity: Severity, line: &str) {
            self.0
                .borrow_mut()
                .push(format!("{} {line}", severity as u8));
        }
    }

    fn lines(report: impl FnOnce(&Context<'_>)) -> Vec<String> {
        let journal = Memory::default();
        report(&Context {
            service: "sshd",
            tty: "ssh",
            rhost: "192.0.2.7  user=root",
            ruser: "",
            uid: 1000,
            euid: 0,
            now: SystemTime::UNIX_EPOCH,
            deadline: Deadline::after(system_clock, Duration::from_secs(8)),
            allow_empty_password: false,
            has_publickey: false,
            silent: false,
            journal: &journal,
        });
        journal.0.take()
    }

    fn decision<A>(name: Option<&str>, outcome: Outcome<A>, finding: Finding<A>) -> Decision<A> {
        Decision {
            confirmation: None,
            rule: None,
            name: name.map(|name| Username::parse(name.as_bytes()).unwrap()),
            invalid: None,
            outcome,
            steps: vec![Step {
                backend: "local".to_owned(),
                finding,
                took: Duration::from_millis(12),
            }],
        }
    }

    fn given_name(name: &[u8], log_unknown_users: bool) -> GivenName<'_> {
        GivenName {
            name,
            log_unknown_users,
        }
    }

    #[test]
    fn a_denial_is_two_lines_and_no_field_can_be_forged() {
        let denial = Denial::from(DenialReason::BadCredential);
        let decision: AuthDecision = decision(
            Some("alice"),
            Outcome::Denied(denial.clone()),
            Finding::Denied(denial),
        );
        assert_eq!(
            lines(|context| decision.report(&given_name(b"alice", false), context)),
            [
                "5 authentication failure; logname= uid=1000 euid=0 tty=ssh ruser= rhost=192.0.2.7__user_root  user=alice",
                "5 alice: local denied: wrong password (12 ms)"
            ]
        );
    }

    #[test]
    fn a_right_password_of_an_account_that_has_expired_is_no_guess() {
        let denial = Denial {
            detail: Some("the account has expired".to_owned()),
            state: Some(AccountStatus::AccountExpired),
            ..DenialReason::NotPermitted.into()
        };
        let mut decision: AuthDecision = decision(
            Some("alice"),
            Outcome::Denied(denial.clone()),
            Finding::Denied(denial),
        );
        let report = |decision: &AuthDecision| {
            lines(|context| decision.report(&given_name(b"alice", false), context))
        };
        let why = "5 alice: local denied: not permitted (the account has expired) (12 ms)";
        assert_eq!(report(&decision), [why]);
        assert_eq!(decision.barred(), Some(&AccountStatus::AccountExpired));
        decision.outcome = Outcome::Unavailable;
        assert_eq!(decision.barred(), None, "another backend was to be asked");
    }

    #[test]
    fn a_name_that_nobody_knows_may_be_a_password() {
        let decision: AuthDecision = decision(None, Outcome::Unknown, Finding::Unknown);
        let first = |log_unknown_users| {
            let given = given_name(b"hunter 2\xff", log_unknown_users);
            lines(|context| decision.report(&given, context)).remove(0)
        };
        assert!(first(false).ends_with("  user=(unknown)"));
        assert!(first(true).ends_with("  user=hunter_2\u{fffd}"));
    }

    #[test]
    fn a_name_that_is_hidden_is_not_repeated_as_the_remote_users() {
        let decision: AuthDecision = decision(None, Outcome::Unknown, Finding::Unknown);
        let line = lines(|context| {
            let ruser = "hunter2";
            decision.report(
                &given_name(b"hunter2", false),
                &Context { ruser, ..*context },
            );
        });
        assert!(line[0].contains(" ruser=(unknown) "), "{line:?}");
        assert!(!line.concat().contains("hunter2"), "{line:?}");
    }

    #[test]
    fn an_outage_is_not_logged_as_a_failed_login() {
        let finding = Finding::Unavailable("down".to_owned());
        let decision: AuthDecision = decision(Some("alice"), Outcome::Unavailable, finding);
        assert_eq!(
            lines(|context| decision.report(&given_name(b"alice", false), context)),
            ["3 alice: local unavailable: down (12 ms)"]
        );
    }

    #[test]
    fn a_fault_in_a_program_that_is_not_root_is_logged_at_debug() {
        let why = || "/etc/shadow: permission denied".to_owned();
        let finding = Finding::Unavailable(why());
        let login: AuthDecision = decision(Some("alice"), Outcome::Unavailable, finding);
        let finding = Finding::Unavailable(why());
        let account: AccountDecision = decision(Some("alice"), Outcome::Failed, finding);
        let said = lines(|context| {
            let context = Context {
                euid: 1000,
                ..*context
            };
            login.report(&given_name(b"alice", false), &context);
            account.report(&context, false);
        });
        let line = "7 alice: local unavailable: /etc/shadow: permission denied (12 ms)";
        assert_eq!(said, [line, line]);
    }

    #[test]
    fn an_account_is_logged_when_a_backend_could_not_be_asked() {
        let status = AccountStatus::Valid { warning: None };
        let mut valid = decision(
            Some("alice"),
            Outcome::Answered(status.clone()),
            Finding::Unavailable("down".to_owned()),
        );
        valid.steps.push(Step {
            backend: "files".to_owned(),
            finding: Finding::Answered(status),
            took: Duration::ZERO,
        });
        assert_eq!(
            lines(|context| valid.report(context, false)),
            ["4 alice: local unavailable: down (12 ms); files: valid (0 ms)"]
        );
    }

    #[test]
    fn an_account_is_logged_when_it_is_refused() {
        let account = |status: AccountStatus| {
            decision(
                Some("alice"),
                Outcome::Answered(status.clone()),
                Finding::Answered(status),
            )
        };
        let valid = account(AccountStatus::Valid { warning: None });
        assert!(lines(|context| valid.report(context, false)).is_empty());
        assert_eq!(
            lines(|context| valid.report(context, true)),
            ["7 alice: local: valid (12 ms)"]
        );
        let expired = account(AccountStatus::AccountExpired);
        assert_eq!(
            lines(|context| expired.report(context, false)),
            ["5 alice: local: the account has expired (12 ms)"]
        );
    }
}
