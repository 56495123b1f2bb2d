//! A client that logs in with the library, as the module does.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use authchain::backends::Backend;
use authchain::backends::accounts::AccountRights;
use authchain::backends::remote::{Reaper, Remote, WorkerSetup};
use authchain::tools::conversation::Conversation;
use authchain::tools::deadline::{Deadline, system_clock};
use authchain::tools::deferred::Deferred;
use authchain::tools::journal::{Journal, Severity};
use authchain::tools::request::{Attempt, Context, Request};
use authchain::words::{ConversationError, Secret, Username, Verdict};
use authchain_tests::host::built;
use authchain_tests::servers::slapd::Slapd;
use serde_json::json;

/// The time that a login may take: the default of `timeout`.
const TIMEOUT: Duration = Duration::from_secs(3);

/// A client and its backend.
pub struct Client {
    remote: Remote,
    run_dir: PathBuf,
}

impl Client {
    /// A client of the directory behind each of `uris`.
    pub fn new(slapd: &Slapd, uris: &[String], run_dir: &Path) -> Self {
        let mut settings = slapd.settings();
        settings["uris"] = json!(uris);
        let remote = Remote {
            unanswered: std::cell::Cell::default(),
            lacked_question: std::cell::Cell::default(),
            name: "corp".to_owned(),
            kind: "ldap".to_owned(),
            settings,
            servers: uris.to_vec(),
            fold_case: false,
            compares_uids: true,
            strips_domains: false,
            finds_by_password: false,
            cannot_change: None,
            rights: AccountRights::none("asks about people only"),
            setup: WorkerSetup {
                worker: built::worker(),
                worker_user: "authchain".to_owned(),
                plugin: None,
                run_dir: run_dir.to_owned(),
                reaper: Rc::new(Reaper::default()),
            },
        };
        let run_dir = run_dir.to_owned();
        Self { remote, run_dir }
    }

    /// Whether alice gets in with the right password.
    pub fn login(&self) -> bool {
        let deadline = Deadline::after(system_clock, TIMEOUT);
        let context = Context {
            service: "sshd",
            tty: "ssh",
            rhost: "192.0.2.7",
            ruser: "",
            uid: 0,
            euid: 0,
            now: SystemTime::now(),
            deadline,
            allow_empty_password: false,
            has_publickey: false,
            silent: true,
            journal: &Nowhere,
        };
        let request = Request {
            user: &Username::parse(b"alice").unwrap(),
            deadline,
            groups: &[],
            context: &context,
        };
        let verdict = self.remote.authenticate(&mut Attempt {
            request,
            password: &Secret::new(b"pw-alice".to_vec()),
            conversation: &mut Nobody,
            deferred: &Deferred::default(),
        });
        matches!(verdict, Ok(Verdict::Accepted(..)))
    }

    /// Marks the server as down, though it is not.
    pub fn plant_mark(&self) {
        let files = fs::read_dir(&self.run_dir).unwrap();
        let mut names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        // The file that marks the server as up has `=` where the file for down has `@`.
        let up = names.find(|name| name.contains('=')).unwrap();
        fs::write(self.run_dir.join(up.replace('=', "@")), "").unwrap();
    }
}

struct Nowhere;

impl Journal for Nowhere {
    fn write(&self, _: Severity, _: &str) {}
}

struct Nobody;

impl Conversation for Nobody {
    fn authtok(&mut self, _: Option<&str>) -> Result<Secret, ConversationError> {
        Err(ConversationError::Aborted)
    }
    fn prompt_echo_off(&mut self, _: &str) -> Result<Secret, ConversationError> {
        Err(ConversationError::Aborted)
    }
    fn prompt_echo_on(&mut self, _: &str) -> Result<Secret, ConversationError> {
        Err(ConversationError::Aborted)
    }
    fn text_info(&mut self, _: &str) {}
    fn error_msg(&mut self, _: &str) {}
}
