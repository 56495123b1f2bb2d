//! Runs a program on a terminal and types into it.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::{AsFd, FromRawFd, IntoRawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::process::Child;
use std::time::Instant;

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{LocalFlags, tcgetattr};

use crate::real::ipc::Run;
use crate::real::machine::{Ending, Machine, PATIENCE, await_end, await_that};

/// A program on a terminal.
pub struct Pty {
    master: File,
    child: Child,
    /// Everything shown so far.
    pub shown: String,
    /// How many bytes of it `wait_for` has gone past.
    read: usize,
}

impl Pty {
    /// Starts a program on a new terminal.
    pub fn start(machine: &Machine, run: &Run) -> Self {
        let (master, slave) = terminal();
        if run.uid != 0 {
            // The owner and mode that a login sets.
            nix::unistd::fchown(&slave, Some(run.uid.into()), None).unwrap();
        }
        let run = Run {
            own_terminal: true,
            ..run.clone()
        };
        let mut command = machine.starter(&run);
        command.stdin(slave.try_clone().unwrap());
        command.stdout(slave.try_clone().unwrap());
        command.stderr(slave);
        let child = command.spawn().unwrap();
        // Only the program may hold the other end: otherwise its end would go unnoticed.
        drop(command);
        Self {
            master,
            child,
            shown: String::new(),
            read: 0,
        }
    }

    /// Waits until one of `texts` is shown and says which; `None` if the program ended first.
    pub fn wait_for(&mut self, texts: &[&str]) -> Option<usize> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let news = &self.shown[self.read..];
            let first = texts
                .iter()
                .enumerate()
                .filter_map(|(which, text)| Some((news.find(text)? + text.len(), which)))
                .min();
            if let Some((end, which)) = first {
                self.read += end;
                return Some(which);
            }
            if !self.read_some(deadline) {
                return None;
            }
        }
    }

    /// Reads output. Returns false once the program has closed the terminal.
    fn read_some(&mut self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let mut wanted = [PollFd::new(self.master.as_fd(), PollFlags::POLLIN)];
        let ready = poll(&mut wanted, timeout).unwrap_or(0);
        if ready == 0 {
            let _ = self.child.kill();
            panic!("nothing more within {PATIENCE:?}, after: {:?}", self.shown);
        }
        let mut buffer = [0; 4096];
        match self.master.read(&mut buffer) {
            Ok(n) if n > 0 => {
                self.shown += &String::from_utf8_lossy(&buffer[..n]);
                true
            }
            // EIO: the other end is closed.
            _ => false,
        }
    }

    /// Waits until the terminal does not show what is typed: sudo-rs turns that off after its prompt.
    pub fn await_hidden_input(&self) {
        await_that("hidden input", || {
            let settings = tcgetattr(&self.master).unwrap();
            !settings.local_flags.contains(LocalFlags::ECHO)
        });
    }

    /// Types a line.
    pub fn enter(&mut self, line: &str) {
        self.master
            .write_all(format!("{line}\n").as_bytes())
            .unwrap();
    }

    /// Waits for the program's end.
    pub fn end(mut self) -> Ending {
        while self.wait_for(&[]).is_some() {}
        self.finish()
    }

    /// Hangs up, and waits for the program's end.
    pub fn hang_up(self) -> Ending {
        self.finish()
    }

    fn finish(self) -> Ending {
        let Self {
            master,
            mut child,
            shown,
            ..
        } = self;
        drop(master);
        Ending {
            code: await_end(&mut child),
            output: shown,
        }
    }
}

/// Opens both ends of a new terminal, close-on-exec from the start. `openpty` cannot: another test
/// could start a program in between, which would hold an end open.
fn terminal() -> (File, File) {
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let master = posix_openpt(flags).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let slave = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(OFlag::O_NOCTTY.bits())
        .open(ptsname_r(&master).unwrap())
        .unwrap();
    // SAFETY: `into_raw_fd` gives the descriptor away.
    (unsafe { File::from_raw_fd(master.into_raw_fd()) }, slave)
}
