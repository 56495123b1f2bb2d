//! The setting of a host, its calls, and their results: plain data, passed between test and host.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::sandbox::Sandbox;

/// A login, and the system on which it takes place.
#[derive(Debug, Clone)]
pub struct Scene {
    /// The module on trial.
    pub module: PathBuf,
    /// Arguments of the module, in addition to the `config=` for `config`.
    pub arguments: String,
    /// The PAM stack; `{module}` stands for the module, `{arguments}` for its arguments.
    pub stack: String,
    /// The configuration's text; `{dir}` stands for the scene's directory, which has `log`.
    pub config: Option<String>,
    /// Files beside the configuration, by name; their mode is 0600.
    pub files: BTreeMap<String, String>,
    /// The whole environment of the host.
    pub environment: BTreeMap<String, String>,
    /// The name of the link by which the host is started.
    pub host_name: String,
    /// What the host does.
    pub script: Script,
}

/// The module in all four stacks.
pub const ALONE: &str = "\
auth     required {module} {arguments}
account  required {module} {arguments}
password required {module} {arguments}
session  required {module} {arguments}
";

/// The settings that every configuration here has.
pub const QUIET: &str = "log_socket = \"{dir}/log\"\nfail_delay = \"0s\"\n";

impl Scene {
    /// A login of `user`, who answers every question with the next of `answers`.
    pub fn new(user: &str, answers: &[&str]) -> Self {
        Self {
            module: super::built::module(),
            arguments: String::new(),
            stack: ALONE.to_owned(),
            config: Some(QUIET.to_owned()),
            files: BTreeMap::new(),
            environment: BTreeMap::new(),
            host_name: "pam-host".to_owned(),
            script: Script {
                user: Some(user.into()),
                answers: answers.iter().map(|answer| (*answer).into()).collect(),
                calls: vec![Call::new(Phase::Authenticate)],
                ..Script::default()
            },
        }
    }

    /// This scene with these calls.
    #[must_use]
    pub fn calling(mut self, calls: &[Call]) -> Self {
        self.script.calls = calls.to_vec();
        self
    }

    /// This scene with these module arguments.
    #[must_use]
    pub fn with_arguments(mut self, arguments: &str) -> Self {
        arguments.clone_into(&mut self.arguments);
        self
    }
}

/// What the host does.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Script {
    /// `PAM_USER`, if the host has one.
    pub user: Option<Hex>,
    /// What the person answers, one after the other; then they hang up.
    pub answers: Vec<Hex>,
    /// What is wrong with the conversation.
    pub fault: Option<Fault>,
    /// `PAM_TTY` and its like.
    pub items: BTreeMap<Item, Hex>,
    /// What the host calls, in order.
    pub calls: Vec<Call>,
    /// Items that the host changes before the call with this index.
    pub meanwhile: BTreeMap<usize, BTreeMap<Item, Hex>>,
    /// What sort of process it is.
    pub process: Process,
}

/// Bytes written as hexadecimal digits, so that a scan of the memory finds only real copies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hex(pub String);

impl Hex {
    /// The digits of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The bytes, one by one.
    pub fn bytes(&self) -> impl ExactSizeIterator<Item = u8> + '_ {
        let digit = |c: u8| char::from(c).to_digit(16).unwrap() as u8;
        (self.0.as_bytes().chunks(2)).map(move |pair| digit(pair[0]) << 4 | digit(pair[1]))
    }
}

impl From<&str> for Hex {
    fn from(text: &str) -> Self {
        Self::of(text.as_bytes())
    }
}

/// A fault of the conversation function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// The function pointer is null.
    NoFunction,
    /// It returns success, and a null array of answers.
    NoArray,
    /// It returns success, and a null answer.
    NoReply,
    /// It returns this code.
    Fails(i32),
}

/// The items a host may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Item {
    /// `PAM_SERVICE`
    Service = 1,
    /// `PAM_USER`
    User = 2,
    /// `PAM_TTY`
    Tty = 3,
    /// `PAM_RHOST`
    Rhost = 4,
    /// `PAM_RUSER`
    Ruser = 8,
}

/// One call of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The PAM function.
    pub phase: Phase,
    /// The flags of the call.
    pub flags: i32,
}

impl Call {
    /// Without flags.
    pub fn new(phase: Phase) -> Self {
        Self { phase, flags: 0 }
    }

    /// Every call once, in the order of a login.
    pub fn all() -> Vec<Self> {
        Phase::ALL.into_iter().map(Self::new).collect()
    }
}

/// The six functions of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// `pam_authenticate`
    Authenticate,
    /// `pam_acct_mgmt`
    Account,
    /// `pam_setcred`
    Setcred,
    /// `pam_open_session`
    OpenSession,
    /// `pam_close_session`
    CloseSession,
    /// `pam_chauthtok`
    Chauthtok,
}

impl Phase {
    /// In the order of a login.
    pub const ALL: [Self; 6] = [
        Self::Authenticate,
        Self::Account,
        Self::Setcred,
        Self::OpenSession,
        Self::CloseSession,
        Self::Chauthtok,
    ];
}

/// What sort of process the host is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Process {
    /// Plays the script in this many threads at once, each with its own handle. 0: plays it in the
    /// first thread.
    pub threads: usize,
    /// Each thread plays the script this often.
    pub rounds: usize,
    /// Forks before the last call, which both processes make. The child's code comes first. The
    /// child ends its copy of the transaction as pam_end(3) asks of children.
    pub fork: bool,
    /// Gives up being root.
    pub uid: Option<u32>,
    /// Runs for this user, as su and sudo do, and stays root.
    pub real_uid: Option<u32>,
    /// Mounts this socket over `/dev/log`, visible to the host only.
    pub dev_log: Option<PathBuf>,
    /// Closes stdin, stdout and stderr.
    pub closed: bool,
    /// Has every attribute that a hostile caller can set.
    pub hostile: bool,
    /// How the host handles SIGCHLD.
    pub children: Children,
    /// Blocks every signal.
    pub blocked: bool,
    /// Resource limits, set once the host has what it needs for itself.
    pub limits: BTreeMap<Limit, u64>,
    /// The sandbox it is in.
    pub sandbox: Option<Sandbox>,
    /// The host can open no more files once the transaction has begun.
    pub starved: bool,
    /// A secret that the host looks for in its memory at the end.
    pub search: Option<Hex>,
}

/// What a host does about SIGCHLD.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Children {
    /// Nothing.
    #[default]
    Default,
    /// Ignores it: the kernel reaps.
    Ignored,
    /// Has a handler that reaps every child there is.
    Reaped,
}

/// Limits a caller can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Limit {
    /// `RLIMIT_NOFILE`
    Files,
    /// `RLIMIT_FSIZE`
    FileSize,
    /// `RLIMIT_NPROC`
    Processes,
    /// `RLIMIT_CORE`
    Core,
}

/// The results of a scene.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Report {
    /// The answer to every call.
    pub codes: Vec<i32>,
    /// How long each call took.
    pub millis: Vec<f64>,
    /// What the person saw: `echo_off: Password: `.
    pub prompts: Vec<String>,
    /// The changes that the calls made in the host process.
    pub changes: Vec<String>,
    /// `PAM_USER` at the end.
    pub user: Option<Hex>,
    /// How often its own SIGCHLD handler was called.
    pub child_signals: usize,
    /// How many children that handler reaped.
    pub reaped: usize,
    /// How many copies of what was searched for are left.
    pub found: Option<usize>,
    /// What was logged, with the severity's name in front.
    pub log_lines: Vec<String>,
    /// What was written to the host's stdout and stderr.
    pub output: String,
}
