//! A hint that `pam_authenticate` leaves for `pam_acct_mgmt`, which most hosts call next: the
//! backend that accepted the login has just judged the account, and need not be asked again.
//!
//! Without a fresh hint of this very login, the backend is asked. A hint says no more than the
//! backend found out during the login. If the backend can find this out without the password, the
//! decision is the same with and without a hint. If only the person may read their entry, the hint
//! is the only answer. A warning that only the login heard is told to the person once the account
//! is found valid.

use std::path::{Path, PathBuf};
use std::process;
use std::time::Duration;

use authchain::chain::AuthDecision;
use authchain::tools::deadline::Moment;
use authchain::words::Account;

use crate::items::Items;

/// Maximum age of a hint, counted from the question to the backend. Hosts ask about the account
/// right after the login. If another prompt comes between them, the account may have changed, and
/// the backend is asked again.
const MAX_AGE: Duration = Duration::from_secs(5);

/// The identity of a login: everything that a backend is told with the question, and the process
/// that asks.
///
/// The configuration is part of it: another configuration may have another backend of the same
/// name. The order of the backends (`chain=`) is not: no answer of a backend depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Login {
    config: Option<PathBuf>,
    name: Vec<u8>,
    items: Items,
    /// The process id: a host may fork after the login, and the new process may run for much
    /// longer.
    pid: u32,
}

/// The verdict on an account by the backend that accepted the login.
#[derive(Debug)]
pub(crate) struct Hint {
    login: Login,
    asked: Moment,
    account: Account,
}

impl Login {
    /// Returns the identity of the current call, whose arguments name the configuration `config`.
    pub(crate) fn new(config: Option<&Path>, name: &[u8], items: &Items) -> Self {
        Self {
            config: config.map(Path::to_owned),
            name: name.to_owned(),
            items: items.clone(),
            pid: process::id(),
        }
    }
}

impl Hint {
    /// Returns the hint of a login that was decided at the moment `decided`, if a backend has
    /// judged the account in it.
    pub(crate) fn of(decision: &AuthDecision, login: Login, decided: Moment) -> Option<Self> {
        let (account, took) = decision.known_account()?;
        Some(Self {
            login,
            asked: decided.checked_sub(took)?,
            account,
        })
    }

    /// Returns whether the hint is that of `login`.
    pub(crate) fn is_of(&self, login: &Login) -> bool {
        self.login == *login
    }

    /// Returns whether the hint may answer a question about the account that is asked `now`.
    pub(crate) fn is_fresh(&self, now: Moment) -> bool {
        let age = now.checked_duration_since(self.asked);
        age.is_some_and(|age| age <= MAX_AGE)
    }

    /// Returns the warning that the login brought. It does not grow old: some servers tell only the
    /// login when the password ends.
    pub(crate) fn warning(&self) -> Option<String> {
        self.account.status.warning().map(str::to_owned)
    }

    /// Returns the account.
    pub(crate) fn into_account(self) -> Account {
        self.account
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use authchain::chain::{Accepted, Decision, Finding, Outcome, Step};
    use authchain::tools::deadline::system_clock;
    use authchain::words::{AccountStatus, User, Username};

    fn login() -> Login {
        Login {
            config: None,
            name: b"alice".to_vec(),
            items: Items {
                service: "sshd".to_owned(),
                tty: "ssh".to_owned(),
                rhost: "192.0.2.7".to_owned(),
                ruser: String::new(),
                has_publickey: false,
            },
            pid: 7,
        }
    }

    fn alice() -> User {
        User {
            name: "alice".to_owned(),
            alias_of: None,
            also_named: Vec::new(),
            uid: None,
            gid: None,
            gecos: String::new(),
            home: String::new(),
            shell: String::new(),
            groups: None,
            unclear_groups: Vec::new(),
            backend: "corp".to_owned(),
        }
    }

    /// Returns a login that corp accepted after the time `took`, with this status of the account.
    fn accepted(took: Duration, status: Option<AccountStatus>) -> AuthDecision {
        let user = alice();
        let answer = Accepted {
            user,
            status,
            by_key: false,
        };
        Decision {
            name: Username::parse(b"alice").ok(),
            invalid: None,
            outcome: Outcome::Answered(answer.clone()),
            confirmation: None,
            rule: None,
            steps: vec![Step {
                backend: "corp".to_owned(),
                finding: Finding::Answered(answer),
                took,
            }],
        }
    }

    const VALID: AccountStatus = AccountStatus::Valid { warning: None };

    fn hint(asked: Moment) -> Hint {
        let account = Account {
            user: alice(),
            status: VALID,
        };
        Hint {
            login: login(),
            asked,
            account,
        }
    }

    #[test]
    fn the_age_of_a_hint_is_counted_from_the_question_to_the_backend() {
        let now = system_clock();
        let is_good = |took| {
            let hint = Hint::of(&accepted(took, Some(VALID)), login(), now);
            hint.is_some_and(|hint| hint.is_fresh(now))
        };
        assert!(is_good(Duration::from_millis(4)));
        // A second prompt took the person some seconds.
        assert!(!is_good(MAX_AGE + Duration::from_millis(1)));
    }

    #[test]
    fn a_backend_that_says_nothing_of_the_account_leaves_no_hint() {
        let decision = accepted(Duration::ZERO, None);
        assert!(Hint::of(&decision, login(), system_clock()).is_none());
    }

    #[test]
    fn a_hint_is_good_for_seconds() {
        let asked = system_clock();
        let later = |age| asked.checked_add(age).unwrap();
        let after = |age| hint(asked).is_fresh(later(age));
        assert!(after(Duration::ZERO) && after(MAX_AGE));
        assert!(!after(MAX_AGE + Duration::from_nanos(1)));
        assert!(!hint(later(MAX_AGE)).is_fresh(asked), "from the future");
    }

    #[test]
    fn a_warning_outlives_the_answer_about_the_account() {
        let text = "Your password will expire in 3 days.";
        let warned = VALID.with_warning(Some(text.to_owned()));
        let decision = accepted(MAX_AGE * 2, Some(warned));
        let now = system_clock();
        let hint = Hint::of(&decision, login(), now).unwrap();
        assert!(!hint.is_fresh(now) && hint.is_of(&login()));
        assert_eq!(hint.warning().as_deref(), Some(text));
    }

    #[test]
    fn a_hint_is_for_the_same_question_in_the_same_process() {
        let fits = |change: &dyn Fn(&mut Login)| {
            let mut login = login();
            change(&mut login);
            hint(system_clock()).is_of(&login)
        };
        assert!(fits(&|_| {}));
        assert!(!fits(&|login| login.pid = 8));
        assert!(!fits(&|login| login.name = b"Alice".to_vec()));
        assert!(!fits(&|login| login.items.service = "sudo".to_owned()));
        assert!(!fits(&|login| login.items.rhost.clear()));
        assert!(!fits(&|login| login.config = Some("/etc/other.toml".into())));
    }
}
