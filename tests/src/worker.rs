//! A worker that a test starts as the module does, and asks to break out of its confinement.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use authchain::backends::protocol::{
    Hello, LineBuffer, Message, Operation, Question, Reply, WireVerdict,
};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

/// Returns the outcome of an attempt that failed with this error.
pub fn failed(error: &str) -> Outcome {
    Outcome::Failed(error.to_owned())
}

/// The process id of this test, for attempts that attack it.
pub fn own_id() -> String {
    std::process::id().to_string()
}

/// A folder that everybody may look into and write to.
///
/// # Panics
/// If that cannot be had.
pub fn open_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    folder
}

/// The output of `--about`, and whether the command succeeded.
///
/// # Panics
/// If that cannot be had.
pub fn about(command: &mut Command) -> (Value, bool) {
    let output = command.arg("--about").env_clear().output().unwrap();
    (
        serde_json::from_slice(&output.stdout).unwrap(),
        output.status.success(),
    )
}

/// How long a test waits for an answer that comes at once except on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running worker, and the module's end of its socket.
pub struct Worker {
    child: Child,
    socket: Option<UnixStream>,
    lines: LineBuffer,
}

/// The result of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It worked.
    Possible,
    /// It failed, with this error.
    Failed(String),
    /// The worker was killed by this signal; whether that left a core dump.
    Killed(Signal, bool),
    /// The worker ended otherwise.
    Ended(ExitStatus),
}

impl Worker {
    /// Starts `command` with one socket as stdin and stdout, and nothing in its environment.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start(command: &mut Command) -> Self {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_read_timeout(Some(PATIENCE)).unwrap();
        let theirs = OwnedFd::from(theirs);
        command.env_clear().stdin(theirs.try_clone().unwrap());
        command.stdout(theirs).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        // The command holds the worker's end of the socket, and some tests wait until that is
        // closed.
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Self {
            child,
            socket: Some(ours),
            lines: LineBuffer::default(),
        }
    }

    /// Starts the worker at `path` and says hello as a backend that tries to break out, with
    /// `settings` for what the confinement leaves it.
    pub fn probe(path: &Path, settings: serde_json::Value) -> Self {
        let mut worker = Self::start(&mut Command::new(path));
        worker.greet(settings);
        worker
    }

    /// Starts the plugin at `program` as the module does, by way of the worker at `path`, with
    /// `more` arguments, and says hello.
    ///
    /// # Panics
    /// If it does not say hello.
    pub fn plugin(path: &Path, program: &Path, more: &[&str]) -> Self {
        let mut command = Command::new(path);
        command.arg("--run").arg(program).args(more);
        command.process_group(0);
        let mut plugin = Self::start(&mut command);
        plugin.hello(Value::Object(serde_json::Map::new()));
        plugin
    }

    /// Says hello, and asks a harmless question: its answer shows that the worker is confined.
    ///
    /// # Panics
    /// If it is not answered.
    pub fn greet(&mut self, settings: serde_json::Value) {
        self.hello(settings);
        assert_eq!(self.attempt("random", ""), Outcome::Possible);
    }

    /// Says hello, and waits for the worker's hello, which comes before the confinement.
    ///
    /// # Panics
    /// If it does not.
    pub fn hello(&mut self, settings: serde_json::Value) {
        self.say_hello(settings);
        assert!(matches!(self.hear(), Some(Reply::Hello(_))));
    }

    /// Says hello, and does not wait for the answer.
    pub fn say_hello(&mut self, settings: serde_json::Value) {
        self.say(&Message::Hello(Hello {
            backend: "probe".to_owned(),
            kind: "confinement_probe".to_owned(),
            settings,
            avoid: Vec::new(),
            probe: Vec::new(),
            probe_ms: 0,
        }));
    }

    /// Asks the worker to try something, and waits for the result.
    ///
    /// # Panics
    /// If the answer is not a result.
    pub fn attempt(&mut self, what: &str, object: &str) -> Outcome {
        self.ask(what, object, PATIENCE);
        match self.hear() {
            Some(Reply::Verdict(conclusion)) => match conclusion.verdict {
                WireVerdict::Found(_) => Outcome::Possible,
                WireVerdict::Unavailable(error) | WireVerdict::Failed(error) => {
                    Outcome::Failed(error)
                }
                other => panic!("{other:?}"),
            },
            Some(other) => panic!("{other:?}"),
            None => self.outcome(),
        }
    }

    /// Asks the worker to try something, and does not wait for the result.
    pub fn ask(&mut self, what: &str, object: &str, budget: Duration) {
        self.say(&Message::Question(Question {
            operation: Operation::Lookup,
            user: what.to_owned(),
            password: None,
            change: None,
            answer: None,
            service: "test".to_owned(),
            tty: String::new(),
            rhost: object.to_owned(),
            ruser: String::new(),
            groups: Vec::new(),
            budget_ms: u64::try_from(budget.as_millis()).unwrap(),
        }));
    }

    /// Closes the socket, as the death of a host would.
    pub fn hang_up(&mut self) {
        self.socket = None;
    }

    /// The exit status of the worker, which must end soon.
    ///
    /// # Panics
    /// If it does not end.
    pub fn end(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "the worker does not end");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// The reason that it gives, in place of a hello, why it cannot work.
    ///
    /// # Panics
    /// If it says anything else.
    pub fn refusal(&mut self) -> String {
        match self.hear() {
            Some(Reply::Verdict(conclusion)) => match conclusion.verdict {
                WireVerdict::Failed(why) => why,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    /// Its process id.
    pub fn id(&self) -> String {
        self.child.id().to_string()
    }

    /// Kills it and everything that it has started, as the module does.
    ///
    /// # Panics
    /// If it is gone already.
    pub fn kill_group(&mut self) {
        let group = Pid::from_raw(self.child.id().try_into().unwrap());
        killpg(group, Signal::SIGKILL).unwrap();
    }

    /// The path of `file` in the worker's folder of `/proc`.
    ///
    /// # Panics
    /// If it is gone.
    pub fn proc(&self, file: &str) -> std::path::PathBuf {
        format!("/proc/{}/{file}", self.child.id()).into()
    }

    /// The value of one line of the worker's `/proc/PID/status`, with single blanks.
    ///
    /// # Panics
    /// If there is no such line.
    pub fn status(&self, name: &str) -> String {
        let text = std::fs::read_to_string(self.proc("status")).unwrap();
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value
            .unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn say(&mut self, message: &Message<'_>) {
        let line = message.to_line().unwrap();
        self.socket.as_mut().unwrap().write_all(&line).unwrap();
    }

    /// The next reply; `None` when the worker has gone.
    ///
    /// # Panics
    /// If what comes is no reply.
    pub fn hear(&mut self) -> Option<Reply> {
        loop {
            if let Some(line) = self.lines.next_line().unwrap() {
                return Some(Reply::parse(line).unwrap());
            }
            match self.lines.read_from(self.socket.as_mut().unwrap()) {
                Ok(0) => return None,
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                // A read with a time limit is not begun again after a signal (signal(7)).
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => drop(result.unwrap()),
            }
        }
    }

    fn outcome(&mut self) -> Outcome {
        let status = self.end();
        match status.signal() {
            Some(signal) => Outcome::Killed(signal.try_into().unwrap(), status.core_dumped()),
            None => Outcome::Ended(status),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
