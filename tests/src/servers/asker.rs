//! The module's end of the conversation with a worker.

use std::io::{ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use authchain::backends::protocol::{
    Bytes, Conclusion, Hello, LineBuffer, Message, Operation, Question, Reply, WireUser,
    WireVerdict,
};
use authchain::words::{AccountStatus, DenialReason, Secret};
use serde_json::Value;

use crate::host::built;

/// What is asked of a worker.
#[derive(Clone)]
pub struct Asker {
    /// The worker's program.
    pub worker: PathBuf,
    /// The type of the backend.
    pub kind: &'static str,
    /// The settings of the backend.
    pub settings: Value,
    /// Servers to leave out.
    pub avoid: Vec<String>,
    /// Servers to try, for `probe_ms` each.
    pub probe: Vec<String>,
    /// How long a probe may take.
    pub probe_ms: u64,
    /// How long it all may take.
    pub budget_ms: u64,
    /// Who starts the worker, if not the user who runs the tests.
    pub uid: Option<u32>,
    /// What the worker finds in its environment; the module leaves it empty.
    pub environment: Vec<(String, String)>,
}

/// What a worker told.
#[derive(Debug)]
pub struct Told {
    /// Texts for the person.
    pub infos: Vec<String>,
    /// The verdict, and what was noticed.
    pub conclusion: Conclusion,
    /// From the start of the process to the verdict.
    pub took: Duration,
    /// The most memory the worker had at once, resident, in KiB.
    pub peak_kib: u64,
}

impl Asker {
    /// With these settings of a directory, and three seconds.
    pub fn new(settings: Value) -> Self {
        Self::of(built::worker(), settings)
    }

    /// The same for another type.
    pub fn of_kind(kind: &'static str, settings: Value) -> Self {
        Self {
            kind,
            ..Self::new(settings)
        }
    }

    /// The same as the first with the worker at this path.
    pub fn of(worker: PathBuf, settings: Value) -> Self {
        Self {
            worker,
            kind: "ldap",
            settings,
            avoid: vec![],
            probe: vec![],
            probe_ms: 40,
            budget_ms: 3_000,
            uid: None,
            environment: vec![],
        }
    }

    /// The same with one setting changed; `null` takes it away.
    pub fn with(&self, key: &str, value: impl Into<Value>) -> Self {
        let mut changed = self.clone();
        let settings = changed.settings.as_object_mut().unwrap();
        match value.into() {
            Value::Null => settings.remove(key),
            value => settings.insert(key.to_owned(), value),
        };
        changed
    }

    /// Is this the person's password?
    pub fn login(&self, user: &str, password: impl AsRef<[u8]>) -> Told {
        self.ask(Operation::Authenticate, user, Some(password.as_ref()))
    }

    /// In which state is the account?
    pub fn account(&self, user: &str) -> Told {
        self.ask(Operation::Account, user, None)
    }

    /// Who is this?
    pub fn lookup(&self, user: &str) -> Told {
        self.ask(Operation::Lookup, user, None)
    }

    fn ask(&self, operation: Operation, user: &str, password: Option<&[u8]>) -> Told {
        let begin = Instant::now();
        let (mut stream, mut worker) = self.spawn();
        self.send(&mut stream, operation, user, password);
        let heard = hear(&mut stream);
        let took = begin.elapsed();
        let peak_kib = peak_kib(worker.id());
        // A worker whose socket ended ends too.
        drop(stream);
        let status = worker.wait().unwrap();
        let mut told = heard.unwrap_or_else(|what| panic!("{what} after {took:?}; {status:?}"));
        told.took = took;
        told.peak_kib = peak_kib;
        told
    }

    /// A worker, as the module starts it: a socket, and nothing else of ours.
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

    fn send(
        &self,
        stream: &mut UnixStream,
        operation: Operation,
        user: &str,
        password: Option<&[u8]>,
    ) {
        let hello = Message::Hello(Hello {
            backend: "corp".to_owned(),
            kind: self.kind.to_owned(),
            settings: self.settings.clone(),
            avoid: self.avoid.clone(),
            probe: self.probe.clone(),
            probe_ms: self.probe_ms,
        });
        let question = Message::Question(Question {
            operation,
            user: user.to_owned(),
            password: password.map(|bytes| Bytes::Owned(Secret::new(bytes.to_vec()))),
            service: "sshd".to_owned(),
            tty: String::new(),
            rhost: String::new(),
            ruser: String::new(),
            budget_ms: self.budget_ms,
        });
        for message in [hello, question] {
            stream.write_all(&message.to_line().unwrap()).unwrap();
        }
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

fn hear(stream: &mut UnixStream) -> Result<Told, String> {
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let (mut lines, mut infos) = (LineBuffer::default(), Vec::new());
    loop {
        while let Some(line) = lines.next_line().map_err(|error| error.to_string())? {
            match Reply::parse(line).map_err(|error| error.to_string())? {
                Reply::Hello(_) => {}
                Reply::Info(text) => infos.push(text),
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
    /// Whoever was accepted or found.
    pub fn user(&self) -> Option<&WireUser> {
        self.conclusion.verdict.user()
    }

    /// The name of whoever was accepted or found.
    pub fn name(&self) -> Option<&str> {
        self.user().map(|user| &*user.name)
    }

    /// Whether the password was accepted, be it to be changed.
    pub fn is_accepted(&self) -> bool {
        matches!(self.conclusion.verdict, WireVerdict::Accepted(..)) || self.must_change()
    }

    /// Whether the password was accepted as one that is to be changed.
    pub fn must_change(&self) -> bool {
        matches!(self.conclusion.verdict, WireVerdict::MustChange(..))
    }

    /// Whether nobody of that name is there.
    pub fn is_unknown(&self) -> bool {
        self.conclusion.verdict == WireVerdict::Unknown
    }

    /// Why it was denied, if it was.
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

    /// What was told with a denial.
    pub fn detail(&self) -> &str {
        match &self.conclusion.verdict {
            WireVerdict::Denied(denial) => denial.detail.as_deref().unwrap_or_default(),
            _ => "",
        }
    }

    /// Why it could not be found out, if so.
    pub fn unavailable(&self) -> Option<&str> {
        match &self.conclusion.verdict {
            WireVerdict::Unavailable(why) => Some(why),
            _ => None,
        }
    }

    /// Why the worker itself could not ask, if so.
    pub fn failed(&self) -> Option<&str> {
        match &self.conclusion.verdict {
            WireVerdict::Failed(why) => Some(why),
            _ => None,
        }
    }

    /// The state of the account, if that was told.
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
