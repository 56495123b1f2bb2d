//! Tests of app passwords, over real files.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use super::*;
use crate::files::app_passwords::NewAppPassword;
use crate::tools::conversation::Conversation;
use crate::tools::deadline::{Deadline, system_clock};
use crate::tools::deferred::Deferred;
use crate::tools::journal::{Journal, Severity};
use crate::tools::request::Context;
use crate::words::{ConversationError, Secret, Username};

/// The day on which everything happens.
const TODAY: u64 = 20_000;

struct NoJournal;

impl Journal for NoJournal {
    fn write(&self, _: Severity, _: &str) {}
}

/// A person who must not be asked anything.
struct NotAsked;

impl Conversation for NotAsked {
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

/// A machine on which alice has a password for imap, which ends today, and one that ended
/// yesterday.
struct Mailbox {
    state_dir: tempfile::TempDir,
    phone: NewAppPassword,
    old: NewAppPassword,
}

/// Returns a folder that is its owner's alone, whatever the umask.
fn private_folder() -> tempfile::TempDir {
    let private = Permissions::from_mode(0o700);
    let folder = tempfile::Builder::new().permissions(private).tempdir();
    folder.unwrap()
}

fn name(name: &str) -> Username {
    Username::parse(name.as_bytes()).unwrap()
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(TODAY * 86_400 + 100)
}

impl Mailbox {
    fn new() -> Self {
        let made = |label: &str, end| {
            NewAppPassword::new(label, Some(70_000), &["imap".to_owned()], TODAY, Some(end))
                .unwrap()
        };
        let mailbox = Self {
            state_dir: private_folder(),
            phone: made("phone", TODAY),
            old: made("old", TODAY - 1),
        };
        let folder = mailbox.folder();
        folder.make().unwrap();
        for password in [&mailbox.phone, &mailbox.old] {
            AppPasswords::add(folder.path(), password.kept.clone()).unwrap();
        }
        mailbox
    }

    fn folder(&self) -> FactorFolder {
        FactorFolder::of(self.state_dir.path(), &name("alice"))
    }

    fn ask(&self, user: &str, service: &str, password: &str) -> Result<Verdict, BackendError> {
        let backend = AppPasswordBackend {
            name: "app".to_owned(),
            state_dir: self.state_dir.path().to_owned(),
        };
        let context = Context {
            service,
            tty: "",
            rhost: "",
            ruser: "",
            now: now(),
            deadline: Deadline::after(system_clock, Duration::from_secs(5)),
            uid: 0,
            euid: 0,
            allow_empty_password: false,
            has_publickey: false,
            silent: false,
            journal: &NoJournal,
        };
        let user = name(user);
        let request = Request {
            user: &user,
            deadline: context.deadline,
            groups: &[],
            context: &context,
        };
        assert_eq!(backend.lookup(&request), Ok(None));
        assert_eq!(backend.account(&request), Ok(None));
        backend.authenticate(&mut Attempt {
            request,
            password: &Secret::new(password.as_bytes().to_vec()),
            conversation: &mut NotAsked,
            deferred: &Deferred::default(),
        })
    }

    /// Returns the name that is accepted, or why nobody is.
    fn answer(&self, user: &str, service: &str, password: &str) -> String {
        match self.ask(user, service, password).unwrap() {
            Verdict::Accepted(user, None) => user.name,
            Verdict::Denied(denial) => denial.to_string(),
            verdict => format!("{verdict:?}"),
        }
    }
}

#[test]
fn a_password_is_right_for_its_person_and_service_until_its_end() {
    let mailbox = Mailbox::new();
    let (phone, old) = (mailbox.phone.shown.as_str(), mailbox.old.shown.as_str());
    for (user, service, password, expected) in [
        ("alice", "imap", phone, "alice"),
        ("alice", "imap", "open sesame", "wrong password"),
        ("alice", "imap", "", "wrong password"),
        (
            "alice",
            "sshd",
            phone,
            "not permitted (app password \"phone\" is not for sshd)",
        ),
        (
            "alice",
            "imap",
            old,
            "not permitted (app password \"old\" has ended)",
        ),
        ("bob", "imap", phone, "Unknown"),
        // It may be another person's name.
        ("ALICE", "imap", phone, "Unknown"),
    ] {
        assert_eq!(mailbox.answer(user, service, password), expected);
    }
}

#[test]
fn the_chain_is_told_the_user_id_for_which_a_password_was_made() {
    let mailbox = Mailbox::new();
    let verdict = mailbox.ask("alice", "imap", &mailbox.phone.shown);
    assert!(
        matches!(&verdict, Ok(Verdict::Accepted(user, None)) if user.uid == Some(70_000)),
        "{verdict:?}"
    );
}

#[test]
fn a_revoked_password_is_wrong_and_whoever_has_none_is_unknown() {
    let mailbox = Mailbox::new();
    let folder = mailbox.folder();
    let phone = mailbox.phone.shown.as_str();
    AppPasswords::revoke(folder.path(), |password| password.label == "phone").unwrap();
    assert_eq!(mailbox.answer("alice", "imap", phone), "wrong password");
    AppPasswords::revoke(folder.path(), |_| true).unwrap();
    assert_eq!(mailbox.answer("alice", "imap", phone), "Unknown");
}

#[test]
fn the_last_use_is_kept_and_lets_in_even_where_it_cannot_be() {
    let mailbox = Mailbox::new();
    let (phone, id) = (mailbox.phone.shown.as_str(), mailbox.phone.kept.id);
    let ledger = mailbox.folder().ledger();
    mailbox.answer("alice", "sshd", phone);
    assert_eq!(ledger.history().unwrap().last_use(id), None);
    mailbox.answer("alice", "imap", phone);
    let seconds = ledger.history().unwrap().last_use(id).unwrap() / 1_000;
    assert!(seconds.abs_diff(TODAY * 86_400 + 100) < 60, "{seconds}");
    fs::remove_file(mailbox.folder().path().join("ledger.1")).unwrap();
    assert_eq!(mailbox.answer("alice", "imap", phone), "alice");
}

#[test]
fn a_file_that_others_could_have_written_lets_nobody_in() {
    let mailbox = Mailbox::new();
    let path = mailbox.folder().path().join("app-passwords");
    fs::set_permissions(&path, Permissions::from_mode(0o620)).unwrap();
    let answer = mailbox.ask("alice", "imap", &mailbox.phone.shown);
    assert!(
        matches!(&answer, Err(BackendError::Unavailable(why)) if why.contains("mode 0620")),
        "{answer:?}"
    );
}
