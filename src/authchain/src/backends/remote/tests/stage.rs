//! A worker that is a script in shell, and somebody who answers its questions.

use std::cell::{Cell, RefCell};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::rc::Rc;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use crate::backends::Backend;
use crate::backends::remote::{Reaper, Remote, WorkerSetup};
use crate::tools::conversation::Conversation;
use crate::tools::deadline::{Deadline, Moment, system_clock};
use crate::tools::deferred::Deferred;
use crate::tools::journal::{Journal, Severity};
use crate::tools::request::{Attempt, Context, Request};
use crate::words::{Account, BackendError, ConversationError, Secret, User, Username, Verdict};

/// `echo` of some shells takes `\n` for a line feed.
const SAY: &str = "say() { printf '%s\\n' \"$1\"; }\n";

/// Reads hello and question the way a plugin in shell would; `$question` has the second.
pub(super) const POLITE: &str = r#"
read -r hello
say '{"hello":1,"can":["authenticate","lookup","account"]}'
read -r question
"#;

pub(super) const ALICE: &str = r#""user":{"name":"alice","uid":10001}"#;

/// Held while a script is written: were another thread to start a process meanwhile, the script
/// would be "busy" for the kernel (ETXTBSY).
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

thread_local! {
    /// The time that the clock shows, if it stands still.
    static STOPPED: Cell<Option<Moment>> = const { Cell::new(None) };
}

/// Stops the clock. From now on, time passes only when the worker sends a text such as `1950 ms
/// pass`.
pub(super) fn stop_the_clock() {
    STOPPED.set(Some(system_clock()));
}

fn clock() -> Moment {
    STOPPED.get().unwrap_or_else(system_clock)
}

fn pass_the_time(text: &str) {
    let millis = text
        .strip_suffix(" ms pass")
        .and_then(|millis| millis.parse().ok());
    if let Some(millis) = millis {
        let later = |now: Moment| now.checked_add(Duration::from_millis(millis));
        STOPPED.set(STOPPED.get().and_then(later));
    }
}

#[derive(Default)]
struct Memory(RefCell<Vec<String>>);

impl Journal for Memory {
    fn write(&self, _: Severity, line: &str) {
        self.0.borrow_mut().push(line.to_owned());
    }
}

/// Somebody who answers everything with the same word.
pub(super) struct Person {
    pub(super) answer: Result<&'static str, ConversationError>,
    pub(super) seen: Vec<String>,
}

impl Person {
    fn see(&mut self, how: &str, text: &str) -> Result<Secret, ConversationError> {
        self.seen.push(format!("{how} {text}"));
        self.answer
            .map(|answer| Secret::new(answer.as_bytes().to_vec()))
    }
}

impl Conversation for Person {
    fn authtok(&mut self, _: Option<&str>) -> Result<Secret, ConversationError> {
        self.see("authtok", "")
    }
    fn prompt_echo_off(&mut self, text: &str) -> Result<Secret, ConversationError> {
        self.see("off", text)
    }
    fn prompt_echo_on(&mut self, text: &str) -> Result<Secret, ConversationError> {
        self.see("on", text)
    }
    fn text_info(&mut self, text: &str) {
        pass_the_time(text);
        let _ = self.see("info", text);
    }
    fn error_msg(&mut self, text: &str) {
        let _ = self.see("error", text);
    }
}

/// The result of asking a worker that is this script.
pub(super) struct Played {
    pub(super) verdict: Result<Verdict, BackendError>,
    pub(super) lookup: Result<Option<User>, BackendError>,
    pub(super) account: Result<Option<Account>, BackendError>,
    pub(super) seen: Vec<String>,
    pub(super) log: Vec<String>,
    pub(super) millis: u128,
}

pub(super) struct Stage {
    pub(super) dir: tempfile::TempDir,
    pub(super) silent: bool,
    pub(super) budget: Duration,
    pub(super) answer: Result<&'static str, ConversationError>,
    pub(super) fold_case: bool,
    pub(super) servers: Vec<String>,
    pub(super) caller: Option<u32>,
    pub(super) groups: Vec<String>,
}

impl Stage {
    pub(super) fn new(script: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("worker");
        fs::write(&path, format!("#!/bin/sh\n{SAY}{script}")).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        Self {
            dir,
            silent: false,
            budget: Duration::from_secs(20),
            answer: Ok("123456"),
            fold_case: false,
            servers: vec!["ldap://one".to_owned()],
            caller: None,
            groups: Vec::new(),
        }
    }

    pub(super) fn remote(&self) -> Remote {
        Remote {
            unanswered: Cell::default(),
            lacked_question: Cell::default(),
            name: "corp".to_owned(),
            kind: "ldap".to_owned(),
            settings: serde_json::json!({}),
            servers: self.servers.clone(),
            fold_case: self.fold_case,
            compares_uids: true,
            strips_domains: false,
            finds_by_password: false,
            cannot_change: None,
            #[cfg(feature = "manage")]
            rights: super::super::AccountRights::none("none"),
            setup: WorkerSetup {
                worker: self.dir.path().join("worker"),
                worker_user: "authchain".to_owned(),
                plugin: None,
                run_dir: self.dir.path().join("run"),
                reaper: Rc::new(Reaper::default()),
            },
        }
    }

    pub(super) fn ask<T>(
        &self,
        question: impl FnOnce(&Remote, &Request<'_>, &mut Person) -> T,
    ) -> (T, Person, Vec<String>) {
        let journal = Memory::default();
        let deadline = Deadline::after(clock, self.budget);
        let context = Context {
            service: "sshd",
            tty: "ssh",
            rhost: "192.0.2.7",
            ruser: "",
            uid: self.caller.unwrap_or(0),
            euid: 0,
            now: wall_clock(),
            deadline,
            allow_empty_password: false,
            has_publickey: false,
            silent: self.silent,
            journal: &journal,
        };
        let request = Request {
            user: &Username::parse(b"alice").unwrap(),
            deadline,
            groups: &self.groups,
            context: &context,
        };
        let mut person = Person {
            answer: self.answer,
            seen: Vec::new(),
        };
        let answer = question(&self.remote(), &request, &mut person);
        (answer, person, journal.0.take())
    }

    pub(super) fn authenticate(&self) -> (Result<Verdict, BackendError>, Person, Vec<String>) {
        self.ask(|remote, request, person| {
            remote.authenticate(&mut Attempt {
                request: *request,
                password: &Secret::new(b"secret".to_vec()),
                conversation: person,
                deferred: &Deferred::default(),
            })
        })
    }

    fn play(&self) -> Played {
        let begin = system_clock();
        let (verdict, person, log) = self.authenticate();
        let millis = system_clock().saturating_duration_since(begin).as_millis();
        Played {
            verdict,
            seen: person.seen,
            log,
            millis,
            lookup: self.ask(|remote, request, _| remote.lookup(request)).0,
            account: self.ask(|remote, request, _| remote.account(request)).0,
        }
    }
}

pub(super) fn played(script: &str) -> Played {
    let _alone = alone();
    Stage::new(script).play()
}

/// Returns the time of a clock that runs, and began at the same date on every machine.
pub(super) fn wall_clock() -> SystemTime {
    static BEGIN: OnceLock<Moment> = OnceLock::new();
    let begin = *BEGIN.get_or_init(system_clock);
    let since = clock().saturating_duration_since(begin);
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + since
}

pub(super) fn alone() -> impl Drop {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Plays a worker that reads hello and question and then says this line.
pub(super) fn saying(line: &str) -> Played {
    played(&format!("{POLITE}say '{line}'\nread -r end"))
}

pub(super) fn protocol<T>(why: &str) -> Result<T, BackendError> {
    failed(&format!("not a valid answer: worker: {why}"))
}

pub(super) fn failed<T>(why: &str) -> Result<T, BackendError> {
    Err(BackendError::Failed(why.to_owned()))
}

pub(super) fn unavailable<T>(why: &str) -> Result<T, BackendError> {
    Err(BackendError::Unavailable(why.to_owned()))
}
