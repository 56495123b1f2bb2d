//! A test machine: real programs on a private `/etc`, `/home`, `/run`, `/var`, `/dev`, process
//! table and network.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, setns};

use crate::host::built;
use crate::host::scene::Report;
use crate::real::ask::{Answer, Ask};
use crate::real::floors;
use crate::real::ipc::Run;
use crate::real::log::Log;
use crate::real::module::Module;
use crate::real::people::{Person, everybody};

/// How long anything on a machine may take before the test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running test machine. Dropping it ends every process on it and removes its files.
pub struct Machine {
    directory: tempfile::TempDir,
    holder: Child,
    // The machine ends when this pipe closes, and so in any case with the test's process.
    lifeline: Option<ChildStdin>,
    pid: i32,
    daemons: Mutex<Vec<Child>>,
    /// Everything written to its `/dev/log`.
    pub log: Log,
    /// The module under test.
    pub module: Module,
}

/// The end and the output of a program.
#[derive(Debug)]
pub struct Ending {
    /// Exit code, or 128 + signal.
    pub code: i32,
    /// Standard output and standard error, in the order they came.
    pub output: String,
}

impl Machine {
    /// A machine with all accounts, whose every service asks `module`.
    pub fn new(module: Module) -> Self {
        Self::with_people(module, &everybody())
    }

    /// A machine with these people on it.
    pub fn with_people(module: Module, people: &[Person]) -> Self {
        let directory = tempfile::Builder::new()
            .prefix("authchain-test-")
            .tempdir()
            .unwrap();
        floors::build(&directory);
        let plan = serde_json::to_string(&floors::plan(&directory)).unwrap();
        let mut holder = Command::new(stage())
            .args(["hold", &plan])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lifeline = holder.stdin.take();
        let pid = await_ready(&mut holder);
        let log = listen(&directory, pid);
        let machine = Self {
            directory,
            holder,
            lifeline,
            pid,
            daemons: Mutex::default(),
            log,
            module,
        };
        floors::furnish(&machine, people);
        machine
    }

    /// A stack of the module alone.
    pub fn plain_stack(&self) -> String {
        let line = format!(
            "required {} {}",
            self.module.inside(),
            self.module.arguments
        );
        format!("auth {line}\naccount {line}\nsession {line}\n")
    }

    /// Writes a service's PAM stack.
    pub fn stack(&self, service: &str, lines: &str) {
        self.write(&format!("/etc/pam.d/{service}"), 0o644, lines);
    }

    /// The outside path of a path on the machine.
    pub fn outside(&self, inside: &str) -> PathBuf {
        self.directory.path().join(inside.trim_start_matches('/'))
    }

    /// Writes a file on the machine, as root.
    pub fn write(&self, inside: &str, mode: u32, text: &str) {
        let path = self.outside(inside);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    }

    /// A program to run as root, with a plain environment.
    pub fn command(&self, argv: &[&str]) -> Run {
        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        let environment = [("PATH", path), ("TERM", "dumb"), ("HOME", "/root")];
        Run {
            machine: self.pid,
            argv: argv.iter().map(ToString::to_string).collect(),
            umask: 0o022,
            environment: environment
                .iter()
                .map(|(key, value)| (key.to_string(), value.to_string()))
                .collect::<BTreeMap<_, _>>(),
            ..Run::default()
        }
    }

    /// The command that performs a [`Run`], not yet started.
    pub fn starter(&self, run: &Run) -> Command {
        let mut command = Command::new(stage());
        command.args(["run", &serde_json::to_string(run).unwrap()]);
        command
    }

    /// Starts a daemon; it ends with the machine at the latest. What it prints goes to `/run/stage/output`.
    pub fn start(&self, run: &Run) {
        let mut command = self.starter(run);
        let output = File::options()
            .create(true)
            .append(true)
            .open(self.outside("/run/stage/output"))
            .unwrap();
        command.stdin(Stdio::null());
        command.stdout(output.try_clone().unwrap()).stderr(output);
        self.daemons.lock().unwrap().push(command.spawn().unwrap());
    }

    /// Waits until every daemon has ended.
    pub fn await_daemons(&self) {
        for mut daemon in self.daemons.lock().unwrap().drain(..) {
            await_end(&mut daemon);
        }
    }

    /// Runs a program to its end.
    pub fn run(&self, run: &Run) -> Ending {
        let output = tempfile::NamedTempFile::new().unwrap();
        let mut command = self.starter(run);
        command.stdin(Stdio::null());
        // Both append: otherwise stdout and stderr would overwrite each other.
        command.stdout(File::options().append(true).open(output.path()).unwrap());
        command.stderr(File::options().append(true).open(output.path()).unwrap());
        let mut child = command.spawn().unwrap();
        let code = await_end(&mut child);
        let said = fs::read(output.path()).unwrap();
        Ending {
            code,
            output: String::from_utf8_lossy(&said).into_owned(),
        }
    }

    /// Makes the PAM calls in the `pam-host` program. `Err` holds the end of a program that died.
    pub fn ask(&self, ask: &Ask) -> Result<Answer, Ending> {
        let ending = self.ask_through(&[], ask);
        match serde_json::from_str::<Report>(&ending.output) {
            Ok(report) if ending.code == 0 => Ok(report.into()),
            _ => Err(ending),
        }
    }

    /// As [`ask`](Self::ask), with a program and its arguments in front of the host.
    pub fn ask_through(&self, wrapper: &[&str], ask: &Ask) -> Ending {
        let script = serde_json::to_string(&ask.script()).unwrap();
        let host = self.command(&[floors::PAM_HOST, &ask.service, &script]);
        self.run(&Run {
            wrapper: wrapper.iter().map(ToString::to_string).collect(),
            ..host
        })
    }

    /// Does `what` on the machine's network.
    pub fn on_network<T: Send>(&self, what: impl FnOnce() -> T + Send) -> T {
        on_network(self.pid, what)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // The machine's first process ends, and the kernel ends all others with it.
        drop(self.lifeline.take());
        let _ = self.holder.wait();
        for daemon in self
            .daemons
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
        {
            let _ = daemon.wait();
        }
    }
}

/// Waits for a process to end, and kills it if it does not.
pub fn await_end(child: &mut Child) -> i32 {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().unwrap_or(-1);
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            panic!("a program did not end within {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(3));
    }
}

/// Calls `ready` until it returns true.
pub fn await_that(what: &str, mut ready: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !ready() {
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The `stage` program, which cargo builds beside the tests.
fn stage() -> PathBuf {
    sibling("stage")
}

/// A program of this package.
pub fn sibling(name: &str) -> PathBuf {
    built::own_program()
        .parent()
        .and_then(|deps| deps.parent())
        .unwrap()
        .join(name)
}

fn await_ready(holder: &mut Child) -> i32 {
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    let mut pid = None;
    let mut ready = false;
    while pid.is_none() || !ready {
        let line = lines.next().expect("the stage could not be set").unwrap();
        ready |= line == "ready";
        pid = pid.or_else(|| line.strip_prefix("pid ")?.parse().ok());
    }
    pid.unwrap()
}

fn listen(directory: &tempfile::TempDir, pid: i32) -> Log {
    let path = directory.path().join("dev/log");
    let socket = on_network(pid, || {
        // Our module does not wait for a slow logger, so the socket should queue more than the
        // kernel's usual ten lines. Where the limit cannot be raised, ten must do.
        let _ = fs::write("/proc/sys/net/unix/max_dgram_qlen", "4096");
        UnixDatagram::bind(&path).unwrap()
    });
    fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
    Log::new(socket, path)
}

fn on_network<T: Send>(pid: i32, what: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let there = move || {
            let door = File::open(format!("/proc/{pid}/ns/net")).unwrap();
            // Changes this thread alone, which ends with the closure.
            setns(&door, CloneFlags::CLONE_NEWNET).unwrap();
            what()
        };
        scope.spawn(there).join().unwrap()
    })
}
