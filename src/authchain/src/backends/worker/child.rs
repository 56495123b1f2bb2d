//! A process that is started, ended and reaped without the host noticing.

use std::cell::OnceCell;
use std::ffi::{CStr, CString};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::ppoll;
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn};
use nix::sys::signal::{SigSet, Signal, kill, killpg};
use nix::sys::stat::Mode;
use nix::sys::time::{TimeSpec, TimeValLike};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::Pid;

use super::call_filter;
use super::fault::WorkerFault;
use crate::backends::plugin::PluginProgram;
use crate::tools::trusted_file;

/// The name of a worker in its own `argv`.
const NAME: &CStr = c"authchain-worker";

/// The argument in front of the name of the user that the worker becomes.
const USER: &CStr = c"--user";

/// `POSIX_SPAWN_SETSID` (spawn.h of glibc 2.26 and musl 1.1.22), which nix does not have.
const SETSID: i32 = 0x80;

/// Number of attempts to reap a worker that hung up, so that the log can say how it ended: 20 ms in
/// all.
const EXIT_TRIES: u32 = 40;

/// Number of attempts to reap a worker that was killed: a second in all. The kernel takes a third
/// of a millisecond, unless the process hangs in a system call, on a file server that is away for
/// example.
const REAP_TRIES: u32 = 1_000;

/// Number of attempts that follow each other quickly: every login waits for the first ones.
const QUICK_TRIES: u32 = 20;

/// The running process.
pub(super) struct Child {
    pid: Pid,
    /// The result of killing the process. The kill is not repeated: once the process has ended,
    /// another thread of the host may reap it, and its process id may then be another process's.
    killed: OnceCell<Result<(), Errno>>,
}

impl Child {
    /// Starts the program at `path` with `socket` as its stdin and stdout, and tells it to become
    /// `user`, and `plugin` if there is one.
    ///
    /// The worker inherits no environment, no signal mask and no signal disposition, and runs in a
    /// new session (setsid(2)), so that no terminal sends it signals. It does inherit limits,
    /// umask, working directory, and descriptors that others left without CLOEXEC. It must replace
    /// these itself: `posix_spawn` cannot, and a host with threads must not fork. SIGCHLD must be
    /// blocked by then (`Reaper::block`).
    pub(super) fn start(
        path: &Path,
        user: &str,
        plugin: Option<&PluginProgram>,
        socket: &OwnedFd,
    ) -> Result<Self, WorkerFault> {
        trusted_file::open_program(path).map_err(WorkerFault::Program)?;
        let plugin = plugin.map(PluginProgram::arguments).unwrap_or_default();
        let pid = spawn(path, user, &plugin, socket).map_err(WorkerFault::Start)?;
        Ok(Self {
            pid,
            killed: OnceCell::new(),
        })
    }

    /// Returns how the process ended, if it does within a moment.
    pub(super) fn how_it_ended(&self) -> Option<String> {
        for tried in 0..EXIT_TRIES {
            match self.peek() {
                Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => pause(tried),
                Ok(WaitStatus::Exited(_, code)) => return Some(format!("exit status {code}")),
                Ok(WaitStatus::Signaled(_, Signal::SIGSYS, _)) => {
                    return Some(format!("killed by SIGSYS{}", call_filter::sigsys_hint()));
                }
                Ok(WaitStatus::Signaled(_, signal, _)) => {
                    return Some(format!("killed by {signal}"));
                }
                _ => return None,
            }
        }
        None
    }

    /// Returns its status without reaping it: until it is reaped, no other process can get its
    /// process id.
    fn peek(&self) -> nix::Result<WaitStatus> {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        waitid(Id::Pid(self.pid), flags)
    }

    /// Kills it without waiting for its end. Dropping does both.
    pub(super) fn kill(&self) -> Result<(), Errno> {
        *self.killed.get_or_init(|| {
            // Where a host ignores SIGCHLD, or another of its threads reaped the worker first, the
            // process id may be another process's by now.
            if let Err(errno) = self.peek() {
                self.kill_orphans();
                return Err(errno);
            }
            // The process group first: what a worker has started must not outlive the login either.
            let _ = killpg(self.pid, Signal::SIGKILL);
            kill(self.pid, Signal::SIGKILL)
        })
    }

    /// Kills what a worker has started that has ended and was reaped by somebody else. As long as
    /// any of it lives, the kernel gives its process group's number to no other process.
    fn kill_orphans(&self) {
        if kill(self.pid, None) == Err(Errno::ESRCH) {
            let _ = killpg(self.pid, Signal::SIGKILL);
        }
    }

    /// Reaps it, or leaves it to the host: waiting for it for ever would be worse.
    fn reap(&self, tries: u32) {
        for tried in 0..tries {
            match waitpid(self.pid, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => pause(tried),
                _ => return,
            }
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        match self.kill() {
            Err(Errno::ECHILD) => {}
            Ok(()) => self.reap(REAP_TRIES),
            // The host may not kill its own worker. The worker ends because its socket is closed.
            Err(_) => self.reap(EXIT_TRIES),
        }
    }
}

fn spawn(path: &Path, user: &str, plugin: &[CString], socket: &OwnedFd) -> nix::Result<Pid> {
    let mut actions = PosixSpawnFileActions::init()?;
    actions.add_dup2(socket.as_raw_fd(), 0)?;
    actions.add_dup2(socket.as_raw_fd(), 1)?;
    actions.add_open(2, "/dev/null", OFlag::O_WRONLY, Mode::empty())?;
    let mut attributes = PosixSpawnAttr::init()?;
    attributes.set_flags(
        PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF
            | PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK
            | PosixSpawnFlags::from_bits_retain(SETSID),
    )?;
    attributes.set_sigdefault(&SigSet::all())?;
    attributes.set_sigmask(&SigSet::empty())?;
    let user = CString::new(user).map_err(|_| Errno::EINVAL)?;
    let plugin = plugin.iter().map(CString::as_c_str);
    let arguments: Vec<&CStr> = [NAME, USER, &user].into_iter().chain(plugin).collect();
    let environment: [&CStr; 0] = [];
    posix_spawn(path, &actions, &attributes, &arguments, &environment)
}

/// Sleeps between two tries to reap a process: at first as briefly as the kernel can, which takes a
/// twentieth of a millisecond longer than asked, later a whole millisecond. Never used to wait for
/// a person.
fn pause(tried: u32) {
    let micros = if tried < QUICK_TRIES { 10 } else { 1_000 };
    let _ = ppoll(&mut [], Some(TimeSpec::microseconds(micros)), None);
}

#[cfg(test)]
mod tests {
    use super::*;

    use nix::unistd::{getpgid, getsid};

    use crate::tools::deadline::system_clock;

    /// Makes a program that waits for its socket, whatever its arguments.
    fn patient() -> (tempfile::TempDir, std::path::PathBuf) {
        program("exec /bin/cat")
    }

    fn program(script: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        (folder, path)
    }

    /// Starts the program. Tries again if another thread forked while the program was written
    /// (ETXTBSY).
    fn start(program: &Path, socket: std::os::unix::net::UnixStream) -> Child {
        let socket = socket.into();
        loop {
            match Child::start(program, "authchain", None, &socket) {
                Err(WorkerFault::Start(Errno::ETXTBSY)) => std::thread::yield_now(),
                started => return started.unwrap(),
            }
        }
    }

    #[test]
    fn a_process_that_does_not_end_is_left_to_the_host() {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        // Its socket stays open, so that it does not end: like a worker that cannot be killed.
        let (_folder, patient) = patient();
        let child = start(&patient, theirs);
        let begin = system_clock();
        child.reap(EXIT_TRIES);
        assert!(system_clock().saturating_duration_since(begin).as_millis() < 1_000);
        assert_eq!(child.peek(), Ok(WaitStatus::StillAlive));
        let pid = child.pid;
        drop(child);
        assert_eq!(waitpid(pid, None), Err(Errno::ECHILD));
        drop(ours);
    }

    #[test]
    fn a_process_that_gets_the_id_of_a_killed_worker_is_not_killed() {
        let (_ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let (_folder, patient) = patient();
        let child = start(&patient, theirs);
        child.kill().unwrap();
        // Once another thread has reaped it, its process id may be given away.
        waitpid(child.pid, None).unwrap();
        assert_eq!(child.kill(), Ok(()), "it was not tried again");
    }

    #[test]
    fn what_a_worker_has_started_is_killed_even_if_the_worker_has_ended_and_was_reaped() {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let (_folder, parent) = program("/bin/cat <&0 &\nexit");
        let child = start(&parent, theirs);
        waitpid(child.pid, None).unwrap();
        assert_eq!(child.kill(), Err(Errno::ECHILD));
        // The socket ends when the last process that has it has ended.
        let mut end = Vec::new();
        std::io::Read::read_to_end(&mut &ours, &mut end).unwrap();
    }

    #[test]
    fn a_worker_is_a_session_of_its_own() {
        let (_ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let (_folder, patient) = patient();
        let child = start(&patient, theirs);
        assert_eq!(getsid(Some(child.pid)), Ok(child.pid));
        assert_eq!(getpgid(Some(child.pid)), Ok(child.pid));
    }
}
