use std::cell::RefCell;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::files::password_hash::witness::costs_of;
use crate::tools::conversation::Conversation;
use crate::tools::deadline::{Deadline, system_clock};
use crate::tools::deferred::Deferred;
use crate::tools::journal::Journal;
use crate::tools::request::Context;
use crate::words::{ConversationError, Username};

/// A hash of `correct horse`, at the lowest cost.
const SHA256: &str = "$5$rounds=1000$saltsalt$R6e4P8ccT9iMqkYg7Z8YtpId/lfsIfnuPkp8WXposU8";
const BCRYPT: &str = "$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
const DESCRYPT: &str = "abhfCpXqd4GrI";
const ARGON2: &str =
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

/// A machine with two files, and what became of asking it.
struct Machine {
    dir: tempfile::TempDir,
    weak_hashes: bool,
    allow_empty_password: bool,
    log: Remembered,
}

#[derive(Default)]
struct Remembered(RefCell<Vec<String>>);

impl Journal for Remembered {
    fn write(&self, _: Severity, line: &str) {
        self.0.borrow_mut().push(line.to_owned());
    }
}

/// A person who must not be asked anything.
struct Silence;

impl Conversation for Silence {
    fn authtok(&mut self, _: Option<&str>) -> Result<Secret, ConversationError> {
        panic!("asked for the password")
    }
    fn prompt_echo_off(&mut self, _: &str) -> Result<Secret, ConversationError> {
        panic!("asked")
    }
    fn prompt_echo_on(&mut self, _: &str) -> Result<Secret, ConversationError> {
        panic!("asked")
    }
    fn text_info(&mut self, _: &str) {
        panic!("told")
    }
    fn error_msg(&mut self, _: &str) {
        panic!("told")
    }
}

impl Machine {
    fn new(passwd: &str, shadow: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [("passwd", passwd), ("shadow", shadow)] {
            let path = dir.path().join(name);
            fs::write(&path, text).unwrap();
            let mode = if name == "shadow" { 0o640 } else { 0o644 };
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        }
        Self {
            dir,
            weak_hashes: false,
            allow_empty_password: false,
            log: Remembered::default(),
        }
    }

    /// Returns a machine with alice, whose shadow line has `password` and `ageing`.
    fn with(password: &str, ageing: &str) -> Self {
        let root = format!("root:{SHA256}:19000:0:99999:7:::");
        Self::new(
            "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000:Alice:/home/alice:/bin/sh\n",
            &format!("{root}\nalice:{password}:{ageing}\n"),
        )
    }

    fn local(&self) -> Local {
        let settings = LocalSettings {
            passwd: self.dir.path().join("passwd"),
            shadow: self.dir.path().join("shadow"),
            weak_hashes: self.weak_hashes,
        };
        Local::new("local".to_owned(), settings, true)
    }

    fn ask<T>(&self, name: &str, question: impl FnOnce(&Local, Request<'_>) -> T) -> T {
        let deadline = Deadline::after(system_clock, Duration::from_secs(8));
        let context = Context {
            service: "sshd",
            tty: "ssh",
            rhost: "",
            ruser: "",
            uid: 0,
            euid: 0,
            now: UNIX_EPOCH + Duration::from_secs(20_000 * 24 * 3600),
            deadline,
            allow_empty_password: self.allow_empty_password,
            has_publickey: false,
            silent: false,
            journal: &self.log,
        };
        let user = &Username::parse(name.as_bytes()).unwrap();
        question(
            &self.local(),
            Request {
                user,
                deadline,
                groups: &[],
                context: &context,
            },
        )
    }

    fn login(&self, name: &str, password: &str) -> Result<Verdict, BackendError> {
        self.attempt(name, password, &Deferred::default())
    }

    fn attempt(
        &self,
        name: &str,
        password: &str,
        deferred: &Deferred,
    ) -> Result<Verdict, BackendError> {
        self.ask(name, |local, request| {
            local.authenticate(&mut Attempt {
                request,
                password: &Secret::new(password.as_bytes().to_vec()),
                conversation: &mut Silence,
                deferred,
            })
        })
    }

    /// Returns the costs of the hashes that a refused login computes.
    fn costs_of_refusal(&self, name: &str, password: &str) -> Vec<String> {
        let deferred = Deferred::default();
        costs_of(|| {
            let _ = self.attempt(name, password, &deferred);
            deferred.run(&Secret::new(password.as_bytes().to_vec()));
        })
    }

    fn account(&self, name: &str) -> Result<Option<AccountStatus>, BackendError> {
        self.ask(name, |local, request| local.account(&request))
            .map(|account| account.map(|account| account.status))
    }
}

fn denied(reason: DenialReason) -> Result<Verdict, BackendError> {
    Ok(Verdict::Denied(reason.into()))
}

#[test]
fn the_right_password_is_accepted_as_the_entry_says() {
    for (hash, password) in [
        (SHA256, "correct horse"),
        (BCRYPT, "correct horse"),
        (ARGON2, "password"),
    ] {
        let Ok(Verdict::Accepted(user, None)) =
            Machine::with(hash, "::::::").login("alice", password)
        else {
            panic!("{hash}");
        };
        assert_eq!((user.name.as_str(), user.uid), ("alice", Some(1000)));
        assert_eq!(
            (user.home.as_str(), user.backend.as_str()),
            ("/home/alice", "local")
        );
    }
}

#[test]
fn a_wrong_password_is_denied_and_a_stranger_is_unknown() {
    let machine = Machine::with(SHA256, "::::::");
    assert_eq!(
        machine.login("alice", "wrong"),
        denied(DenialReason::BadCredential)
    );
    assert_eq!(
        machine.login("Alice", "correct horse"),
        Ok(Verdict::Unknown)
    );
    assert_eq!(machine.login("bob", "correct horse"), Ok(Verdict::Unknown));
}

#[test]
fn a_name_in_the_shadow_file_alone_is_unknown() {
    let machine = Machine::new("root:x:0:0:::\n", &format!("alice:{SHA256}:::::::\n"));
    assert_eq!(
        machine.login("alice", "correct horse"),
        Ok(Verdict::Unknown)
    );
    assert_eq!(machine.account("alice"), Ok(None));
}

#[test]
fn a_mark_that_accounts_are_made_with_is_no_password_and_lets_others_answer() {
    for field in ["!", "!!", "*", "!*", "!!*"] {
        for line in [
            Machine::with(field, "::::::"),
            Machine::new(&format!("alice:{field}:1000:1000:::\n"), ""),
        ] {
            for password in ["correct horse", field, "*", "!"] {
                let verdict = line.login("alice", password);
                assert_eq!(verdict, Ok(Verdict::NoPassword(None)), "{field}");
            }
        }
    }
}

#[test]
fn no_password_matches_a_lock_mark() {
    for field in ["*LK*", "*0", &format!("!{SHA256}"), &format!("!!{SHA256}")] {
        let machine = Machine::with(field, "::::::");
        for password in ["correct horse", field, "!"] {
            assert_eq!(
                machine.login("alice", password),
                denied(DenialReason::Locked),
                "{field}"
            );
        }
    }
}

#[test]
fn what_is_no_hash_is_locked_and_says_so() {
    for (field, detail) in [
        ("x", "not a hash of a known method"),
        ("correct horse", "not a hash of a known method"),
        ("$6$cut", "the sha512crypt hash is malformed"),
    ] {
        let verdict = Machine::with(field, "::::::").login("alice", "correct horse");
        let Ok(Verdict::Denied(denial)) = verdict else {
            panic!("{verdict:?}");
        };
        assert_eq!(
            (denial.reason, denial.detail.as_deref()),
            (DenialReason::Locked, Some(detail))
        );
    }
}

#[test]
fn an_empty_field_opens_only_to_an_empty_password_where_that_is_allowed() {
    let mut machine = Machine::with("", "::::::");
    assert_eq!(
        machine.login("alice", ""),
        denied(DenialReason::EmptyPassword)
    );
    assert_eq!(
        machine.login("alice", "x"),
        denied(DenialReason::EmptyPassword)
    );
    machine.allow_empty_password = true;
    assert!(matches!(
        machine.login("alice", ""),
        Ok(Verdict::Accepted(..))
    ));
    assert_eq!(
        machine.login("alice", "x"),
        denied(DenialReason::EmptyPassword)
    );
    assert_eq!(machine.login("bob", ""), Ok(Verdict::Unknown));
}

#[test]
fn an_empty_password_opens_nothing_else() {
    let mut machine = Machine::with(SHA256, "::::::");
    assert_eq!(
        machine.login("alice", ""),
        denied(DenialReason::EmptyPassword)
    );
    machine.allow_empty_password = true;
    assert_eq!(
        machine.login("alice", ""),
        denied(DenialReason::BadCredential)
    );
    let mut none = Machine::with("!", "::::::");
    none.allow_empty_password = true;
    assert_eq!(none.login("alice", ""), Ok(Verdict::NoPassword(None)));
}

#[test]
fn a_weak_or_costly_hash_is_unavailable_and_says_why() {
    let mut machine = Machine::with(DESCRYPT, "::::::");
    let error = machine
        .login("alice", "correct horse")
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("shadow: the hash is descrypt, refused unless weak_hashes = true"),
        "{error}"
    );
    machine.weak_hashes = true;
    assert!(matches!(
        machine.login("alice", "correct horse"),
        Ok(Verdict::Accepted(..))
    ));
    let bomb = SHA256.replace("rounds=1000", "rounds=999999999");
    let error = Machine::with(&bomb, "::::::")
        .login("alice", "correct horse")
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("shadow: rounds=999999999 is over the limit of 1000000"),
        "{error}"
    );
}

#[test]
fn a_hash_in_the_passwd_file_itself_is_used_as_it_is() {
    let line = |field: &str| format!("alice:{field}:1000:1000:::\n");
    let machine = Machine::new(&line(SHA256), "alice:!:::::::\n");
    assert!(matches!(
        machine.login("alice", "correct horse"),
        Ok(Verdict::Accepted(..))
    ));
    assert_eq!(
        machine.account("alice"),
        Ok(Some(AccountStatus::Valid { warning: None }))
    );
    let machine = Machine::new(&line("*"), &format!("alice:{SHA256}:::::::\n"));
    assert_eq!(
        machine.login("alice", "correct horse"),
        Ok(Verdict::NoPassword(None))
    );
    let machine = Machine::new(&line(""), &format!("alice:{SHA256}:::::::\n"));
    assert_eq!(
        machine.login("alice", "correct horse"),
        denied(DenialReason::EmptyPassword)
    );
    // Such an entry needs no shadow file.
    let machine = Machine::new(&line(SHA256), "");
    fs::remove_file(machine.dir.path().join("shadow")).unwrap();
    assert!(matches!(
        machine.login("alice", "correct horse"),
        Ok(Verdict::Accepted(..))
    ));
}

#[test]
fn without_a_shadow_entry_there_is_no_password_and_the_account_is_unavailable() {
    let machine = Machine::new("alice:x:1000:1000:::\n", "");
    let detail = Some("no shadow entry".to_owned());
    assert_eq!(machine.login("alice", "x"), Ok(Verdict::NoPassword(detail)));
    let error = machine.account("alice").unwrap_err().to_string();
    assert!(error.ends_with("/shadow: no shadow entry"), "{error}");
}

#[test]
fn a_file_that_may_not_be_used_is_unavailable_by_name() {
    for (file, mode) in [("passwd", 0o666), ("shadow", 0o644)] {
        let machine = Machine::with(SHA256, "::::::");
        let path = machine.dir.path().join(file);
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let expected = format!("{}: mode {mode:04o}", path.display());
        for error in [
            machine.login("alice", "correct horse").unwrap_err(),
            machine.account("alice").unwrap_err(),
        ] {
            assert!(error.to_string().starts_with(&expected), "{error}");
        }
    }
}

#[test]
fn a_line_of_the_name_that_says_nothing_clear_is_unavailable() {
    let machine = Machine::with(SHA256, "never:0:99999:7:::");
    for error in [
        machine.login("alice", "correct horse").unwrap_err(),
        machine.account("alice").unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(
            text.ends_with(
                "shadow: line 2 is not valid: a date or a number of days is not a number"
            ),
            "{text}"
        );
    }
    let machine = Machine::new("alice:x:zero:0:::\n", "");
    assert!(machine.login("alice", "x").is_err());
    assert!(
        machine
            .ask("alice", |local, request| local.lookup(&request))
            .is_err()
    );
}

#[test]
fn the_first_of_two_entries_counts_and_the_log_is_told_once_a_file() {
    let machine = Machine::new(
        "alice:x:1000:1000:::\nalice:x:0:0:::\ngarbage\n",
        &format!("alice:!:::::::\nalice:{SHA256}:::::::\n"),
    );
    assert_eq!(
        machine.login("alice", "correct horse"),
        Ok(Verdict::NoPassword(None))
    );
    let log = machine.log.0.borrow();
    assert_eq!(log.len(), 2, "{log:?}");
    assert!(
        log[0].starts_with("local: /")
            && log[0]
                .ends_with("passwd: line 2: the name again, skipped; line 3: no entry, skipped"),
        "{log:?}"
    );
    assert!(
        log[1].ends_with("shadow: line 2: the name again, skipped"),
        "{log:?}"
    );
}

#[test]
fn neither_hash_nor_password_reaches_the_log_or_an_error() {
    let secrets = ["correct horse", "saltsalt", "R6e4P8", DESCRYPT, "nonsense"];
    for field in [
        SHA256,
        DESCRYPT,
        "nonsense",
        "$6$nonsense",
        &format!("!{SHA256}"),
    ] {
        let machine = Machine::with(field, "::::::\ngarbage:\nnonsense");
        let answer = format!("{:?}", machine.login("alice", "correct horse"));
        let log = machine.log.0.borrow().join("\n");
        for secret in secrets {
            assert!(
                !answer.contains(secret) && !log.contains(secret),
                "{answer} {log}"
            );
        }
    }
}

#[test]
fn the_account_is_judged_by_its_dates_and_not_by_its_password() {
    let status =
        |password: &str, ageing: &str| Machine::with(password, ageing).account("alice").unwrap();
    let valid = Some(AccountStatus::Valid { warning: None });
    for password in [SHA256, "!", "*", "", DESCRYPT, &format!("!{SHA256}")] {
        assert_eq!(status(password, "19990:0:99999:7:::"), valid);
    }
    assert_eq!(
        status(SHA256, "19990:0:99999:7::20000:"),
        Some(AccountStatus::AccountExpired)
    );
    assert_eq!(
        status(SHA256, "0:0:99999:7:::"),
        Some(AccountStatus::MustChangePassword)
    );
    assert_eq!(
        status(SHA256, "19990:0:5:7:2::"),
        Some(AccountStatus::PasswordExpired)
    );
    assert_eq!(status(SHA256, "20000:7:99999:7:::"), valid);
    let warning = Some("Your password will expire in 3 days.".to_owned());
    assert_eq!(
        status(SHA256, "19990:0:13:7:::"),
        Some(AccountStatus::Valid { warning })
    );
    assert_eq!(Machine::with(SHA256, "::::::").account("bob"), Ok(None));
}

#[test]
fn every_refusal_computes_one_hash_of_the_usual_kind() {
    let line = |name: &str, field: &str| format!("{name}:{field}:::::::\n");
    let mut machine = Machine::new(
        "alice:x:1:1:::\nempty:x:2:2:::\nlocked:x:3:3:::\nweak:x:4:4:::\nnone:x:5:5:::\nbad:x:6:6:::\n",
        &[
            line("alice", SHA256),
            line("empty", ""),
            line("locked", &format!("!{SHA256}")),
            line("weak", DESCRYPT),
            line("bad", "$6$cut"),
        ]
        .concat(),
    );
    let one = ["$5$rounds=1000$"];
    for name in [
        "alice", "empty", "locked", "weak", "none", "bad", "stranger",
    ] {
        assert_eq!(machine.costs_of_refusal(name, "wrong"), one, "{name}");
    }
    let password = Secret::new(b"wrong".to_vec());
    assert_eq!(
        costs_of(|| machine.local().burn_refusal_time(&password)),
        one
    );
    // A longer one than can be hashed, and one with a NUL.
    for password in ["a".repeat(600), "a\0b".to_owned()] {
        assert_eq!(machine.costs_of_refusal("alice", &password), one);
    }
    machine.allow_empty_password = true;
    assert_eq!(machine.costs_of_refusal("stranger", ""), one);
}

#[test]
fn a_name_that_others_may_know_costs_nothing_until_it_is_refused() {
    let machine = Machine::with(SHA256, "::::::");
    assert!(costs_of(|| drop(machine.login("stranger", "wrong"))).is_empty());
}

#[test]
fn where_the_passwd_file_holds_the_hashes_its_usual_one_is_spent() {
    let machine = Machine::new(&format!("alice:{SHA256}:1:1:::\nbob:!:2:2:::\n"), "");
    for name in ["alice", "bob", "stranger"] {
        let costs = machine.costs_of_refusal(name, "wrong");
        assert_eq!(costs, ["$5$rounds=1000$"], "{name}");
    }
}
