//! The module's end of the conversation with a worker.

use std::io::{ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use authchain::backends::accounts::Listed;
use authchain::backends::password_change::ChangeKind;
use authchain::backends::protocol::{
    AccountTask, AccountWork, Bytes, Conclusion, Hello, LineBuffer, Message, Operation,
    PasswordChange, Question, RefusalReason, Reply, WireUser, WireVerdict,
};
use authchain::words::{AccountStatus, DenialReason, Secret};
use serde_json::Value;

use crate::host::built;

/// A worker to ask, and what its hello says.
#[derive(Clone)]
pub struct Asker {
    /// The worker's program.
    pub worker: PathBuf,
    /// The type of the backend.
    pub kind: &'static str,
    /// The settings of the backend.
    pub settings: Value,
    /// Servers that the worker avoids.
    pub avoid: Vec<String>,
    /// Servers that the worker tries for `probe_ms` each.
    pub probe: Vec<String>,
    /// How long a probe may take.
    pub probe_ms: u64,
    /// The groups that the question asks about.
    pub groups: Vec<String>,
    /// How long the whole question may take.
    pub budget_ms: u64,
    /// The user who starts the worker. None: the user who runs the tests.
    pub uid: Option<u32>,
    /// The worker's environment, which the module leaves empty.
    pub environment: Vec<(String, String)>,
}

/// A worker's replies to one question.
#[derive(Debug)]
pub struct Told {
    /// Texts for the person.
    pub infos: Vec<String>,
    /// The verdict and its notes.
    pub conclusion: Conclusion,
    /// From the start of the process to the verdict.
    pub took: Duration,
    /// The most memory the worker had at once, resident, in KiB.
    pub peak_kib: u64,
}

impl Asker {
    /// Asks a directory with these settings, for three seconds at most.
    pub fn new(settings: Value) -> Self {
        Self::of(built::worker(), settings)
    }

    /// Asks a backend of another type.
    pub fn of_kind(kind: &'static str, settings: Value) -> Self {
        Self {
            kind,
            ..Self::new(settings)
        }
    }

    /// Asks a directory with the worker at this path.
    pub fn of(worker: PathBuf, settings: Value) -> Self {
        Self {
            worker,
            kind: "ldap",
            settings,
            avoid: vec![],
            probe: vec![],
            probe_ms: 40,
            groups: vec![],
            budget_ms: 15_000,
            uid: None,
            environment: vec![],
        }
    }

    /// Changes one setting; `null` removes it.
    pub fn with(&self, key: &str, value: impl Into<Value>) -> Self {
        let mut changed = self.clone();
        let settings = changed.settings.as_object_mut().unwrap();
        match value.into() {
            Value::Null => settings.remove(key),
            value => settings.insert(key.to_owned(), value),
        };
        changed
    }

    /// Asks about these groups as well, in every question.
    pub fn about(&self, groups: &[&str]) -> Self {
        Self {
            groups: groups.iter().map(ToString::to_string).collect(),
            ..self.clone()
        }
    }

    /// Asks whether this is the person's password.
    pub fn login(&self, user: &str, password: impl AsRef<[u8]>) -> Told {
        let password = Bytes::Owned(Secret::new(password.as_ref().to_vec()));
        self.put(Question {
            password: Some(password),
            ..self.question(Operation::Authenticate, user)
        })
    }

    /// Asks for the state of the account.
    pub fn account(&self, user: &str) -> Told {
        self.put(self.question(Operation::Account, user))
    }

    /// Looks the user up.
    pub fn lookup(&self, user: &str) -> Told {
        self.put(self.question(Operation::Lookup, user))
    }

    /// Asks whether the person may change the password, whose old one is this.
    pub fn may_change(&self, user: &str, old: &str) -> Told {
        self.change_of(ChangeKind::Own, user, Some(old), None)
    }

    /// Has the person change the password.
    pub fn change(&self, user: &str, old: &str, new: impl AsRef<[u8]>) -> Told {
        self.change_of(ChangeKind::Own, user, Some(old), Some(new.as_ref()))
    }

    /// Has root change the password, or asks whether root may where there is no new one.
    pub fn change_as_root(&self, user: &str, new: Option<&str>) -> Told {
        self.change_of(ChangeKind::ByRoot, user, None, new.map(str::as_bytes))
    }

    /// Asks for any change.
    pub fn change_of(
        &self,
        kind: ChangeKind,
        user: &str,
        old: Option<&str>,
        new: Option<&[u8]>,
    ) -> Told {
        let bytes = |secret: &[u8]| Bytes::Owned(Secret::new(secret.to_vec()));
        self.put(Question {
            change: Some(PasswordChange {
                kind,
                old: old.map(|old| bytes(old.as_bytes())),
                new: new.map(bytes),
            }),
            ..self.question(Operation::ChangePassword, user)
        })
    }

    /// Gives the worker a task about accounts. Returns the entries it told, too.
    pub fn task(&self, work: AccountWork) -> (Vec<Listed>, Told) {
        let budget_ms = self.budget_ms;
        let mut listed = Vec::new();
        let task = Message::Task(AccountTask { work, budget_ms });
        let told = self.send(&task, &mut listed);
        (listed, told)
    }

    fn put(&self, question: Question<'_>) -> Told {
        self.send(&Message::Question(question), &mut Vec::new())
    }

    fn send(&self, message: &Message<'_>, listed: &mut Vec<Listed>) -> Told {
        let begin = Instant::now();
        let (mut stream, mut worker) = self.spawn();
        stream.write_all(&self.hello().to_line().unwrap()).unwrap();
        let heard = hear(&mut stream, message, listed);
        let took = begin.elapsed();
        let peak_kib = peak_kib(worker.id());
        // The worker ends when its socket is closed.
        drop(stream);
        let status = worker.wait().unwrap();
        let mut told = heard.unwrap_or_else(|what| panic!("{what} after {took:?}; {status:?}"));
        told.took = took;
        told.peak_kib = peak_kib;
        told
    }

    /// Starts a worker as the module does: it inherits only a socket.
    fn spawn(&self) -> (UnixStream, Child) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let theirs = OwnedFd::from(theirs);
        let mut worker = Command::new(&self.worker);
        if let Some(uid) = self.uid {
            worker.uid(uid).gid(uid);
        }
        let worker = worker
            .env_clear()
            .envs(self.environment.iter().cloned())
            .current_dir("/")
            .stdin(theirs.try_clone().unwrap())
            .stdout(theirs)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        (ours, worker)
    }

    fn question(&self, operation: Operation, user: &str) -> Question<'static> {
        Question {
            operation,
            user: user.to_owned(),
            password: None,
            change: None,
            answer: None,
            service: "sshd".to_owned(),
            tty: String::new(),
            rhost: String::new(),
            ruser: String::new(),
            groups: self.groups.clone(),
            budget_ms: self.budget_ms,
        }
    }

    fn hello(&self) -> Message<'static> {
        Message::Hello(Hello {
            backend: "corp".to_owned(),
            kind: self.kind.to_owned(),
            settings: self.settings.clone(),
            avoid: self.avoid.clone(),
            probe: self.probe.clone(),
            probe_ms: self.probe_ms,
        })
    }
}

/// `VmHWM` of a process that still runs.
fn peak_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}

/// Waits for the verdict. The question is asked after the worker's hello, as the module does: a
/// worker whose settings are at fault sends its verdict instead, and hangs up.
fn hear(
    stream: &mut UnixStream,
    question: &Message<'_>,
    listed: &mut Vec<Listed>,
) -> Result<Told, String> {
    stream
        .set_read_timeout(Some(Duration::from_secs(40)))
        .unwrap();
    let (mut lines, mut infos) = (LineBuffer::default(), Vec::new());
    loop {
        while let Some(line) = lines.next_line().map_err(|error| error.to_string())? {
            match Reply::parse(line).map_err(|error| error.to_string())? {
                Reply::Hello(_) => {
                    // If it hangs up now, it has said why.
                    let _ = stream.write_all(&question.to_line().unwrap());
                }
                Reply::Info(text) => infos.push(text),
                Reply::Listed(entry) => listed.push(entry),
                Reply::Verdict(conclusion) => {
                    return Ok(Told {
                        infos,
                        conclusion,
                        took: Duration::ZERO,
                        peak_kib: 0,
                    });
                }
                other => return Err(format!("{other:?}")),
            }
        }
        match lines.read_from(stream) {
            Ok(0) => return Err("the socket closed".to_owned()),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.to_string()),
        }
    }
}

impl Told {
    /// The user who was accepted or found.
    pub fn user(&self) -> Option<&WireUser> {
        self.conclusion.verdict.user()
    }

    /// The name of the user who was accepted or found.
    pub fn name(&self) -> Option<&str> {
        self.user().map(|user| &*user.name)
    }

    /// Those of the groups asked about that the user is in, if the worker has found them out.
    pub fn groups(&self) -> Option<Vec<&str>> {
        let groups = self.user()?.groups.as_ref()?;
        Some(groups.iter().map(String::as_str).collect())
    }

    /// Whether the password was accepted, also if it must be changed.
    pub fn is_accepted(&self) -> bool {
        matches!(self.conclusion.verdict, WireVerdict::Accepted(..)) || self.must_change()
    }

    /// Whether the password was accepted but must be changed.
    pub fn must_change(&self) -> bool {
        matches!(self.conclusion.verdict, WireVerdict::MustChange(..))
    }

    /// Whether the user is unknown.
    pub fn is_unknown(&self) -> bool {
        self.conclusion.verdict == WireVerdict::Unknown
    }

    /// The reason of a denial.
    pub fn denial(&self) -> Option<DenialReason> {
        match &self.conclusion.verdict {
            WireVerdict::Denied(denial) => Some(denial.reason),
            _ => None,
        }
    }

    /// The state of the account for which a right password was denied.
    pub fn barred(&self) -> Option<&AccountStatus> {
        match &self.conclusion.verdict {
            WireVerdict::Denied(denial) => denial.state.as_ref(),
            _ => None,
        }
    }

    /// The detail of a denial.
    pub fn detail(&self) -> &str {
        match &self.conclusion.verdict {
            WireVerdict::Denied(denial) => denial.detail.as_deref().unwrap_or_default(),
            _ => "",
        }
    }

    /// The detail of an `unavailable`.
    pub fn unavailable(&self) -> Option<&str> {
        match &self.conclusion.verdict {
            WireVerdict::Unavailable(why) => Some(why),
            _ => None,
        }
    }

    /// The detail of a `failed`.
    pub fn failed(&self) -> Option<&str> {
        match &self.conclusion.verdict {
            WireVerdict::Failed(why) => Some(why),
            _ => None,
        }
    }

    /// Whether the password was changed.
    pub fn is_changed(&self) -> bool {
        matches!(self.conclusion.verdict, WireVerdict::Changed(_))
    }

    /// Whether the password may be changed.
    pub fn may_be_changed(&self) -> bool {
        matches!(self.conclusion.verdict, WireVerdict::MayChange(..))
    }

    /// The reason for which a change was refused, and the text for the person.
    pub fn refusal(&self) -> Option<(RefusalReason, &str)> {
        match &self.conclusion.verdict {
            WireVerdict::Refused(refusal) => Some((refusal.reason, &refusal.text)),
            _ => None,
        }
    }

    /// The reason why it could not be found out whether the password was changed.
    pub fn unsure(&self) -> Option<&str> {
        match &self.conclusion.verdict {
            WireVerdict::Unsure(why) => Some(why),
            _ => None,
        }
    }

    /// The state of the account, if the reply has it.
    pub fn status(&self) -> Option<&AccountStatus> {
        match &self.conclusion.verdict {
            WireVerdict::Account(_, status) => Some(status),
            WireVerdict::Accepted(_, status) | WireVerdict::MustChange(_, status) => {
                status.as_ref()
            }
            _ => None,
        }
    }
}
