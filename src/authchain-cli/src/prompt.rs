//! Questions to the person at the terminal, with and without echo.
//!
//! If standard input is a terminal, the question is printed to standard error, so that standard
//! output can be redirected. Otherwise nothing is printed, and each question reads one line.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Stdin, Write};
use std::os::fd::AsFd;

use authchain::words::Secret;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

/// Maximum length of a line in bytes. A terminal cuts lines at the same length (`N_TTY_BUF_SIZE`).
const MAX_LINE: usize = 4096;

/// The signals that would end or stop the command while the terminal does not echo.
const INTERRUPTIONS: [Signal; 5] = [
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGTSTP,
];

/// The terminal's echo of what is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Echo {
    /// The answer is shown while it is typed.
    On,
    /// The answer is not shown.
    Off,
}

/// The reason why there is no answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// Standard input ended.
    End,
    /// The line has more than [`MAX_LINE`] bytes.
    TooLong,
    /// A system call failed.
    Io(io::Error),
}

impl std::fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::End => f.write_str("no answer: standard input ended"),
            Self::TooLong => write!(f, "no answer: a line longer than {MAX_LINE} bytes"),
            Self::Io(error) => write!(f, "no answer: {error}"),
        }
    }
}

impl<E: Into<io::Error>> From<E> for NoAnswer {
    fn from(error: E) -> Self {
        Self::Io(error.into())
    }
}

/// Returns whether standard input is a terminal, so that somebody can be asked.
pub(crate) fn is_interactive() -> bool {
    io::stdin().is_terminal()
}

/// Asks a question, and returns the line that is typed.
pub(crate) fn ask(question: &str, echo: Echo) -> Result<Secret, NoAnswer> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return TypedLine::default().read_from(&stdin);
    }
    loop {
        match ask_terminal(question, &stdin, echo)? {
            Typed::Line(answer) => return Ok(answer),
            // The signal is no longer blocked: it ends the process, or stops it until SIGCONT.
            Typed::Interrupted(signal) => raise(signal)?,
        }
    }
}

/// Asks for a new password: twice on a terminal. Returns `None` if the two passwords differ.
pub(crate) fn new_password() -> Result<Option<Secret>, NoAnswer> {
    let first = ask("New password: ", Echo::Off)?;
    if !is_interactive() {
        return Ok(Some(first));
    }
    let second = ask("Once more: ", Echo::Off)?;
    Ok((first.expose() == second.expose()).then_some(first))
}

fn show(text: &str) {
    let mut err = io::stderr();
    // A question that cannot be shown can still be answered.
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

/// The end of a wait for a line.
enum Typed {
    Line(Secret),
    Interrupted(Signal),
}

/// Reads a line from a terminal. While the terminal does not echo, [`INTERRUPTIONS`] are blocked.
fn ask_terminal(question: &str, stdin: &Stdin, echo: Echo) -> Result<Typed, NoAnswer> {
    if echo == Echo::On {
        show(question);
        return TypedLine::default().read_from(stdin).map(Typed::Line);
    }
    let signals = BlockedSignals::block()?;
    let no_echo = NoEcho::begin(stdin)?;
    // Shown without echo only: a person may type as soon as they see the question.
    show(question);
    let typed = read_or_signal(stdin, &signals.fd);
    drop(no_echo);
    // The newline that ended the answer was not echoed.
    show("\n");
    typed
}

fn read_or_signal(stdin: &Stdin, signals: &SignalFd) -> Result<Typed, NoAnswer> {
    let mut fds = [
        PollFd::new(stdin.as_fd(), PollFlags::POLLIN),
        PollFd::new(signals.as_fd(), PollFlags::POLLIN),
    ];
    poll(&mut fds, PollTimeout::NONE)?;
    if let Some(info) = signals.read_signal()? {
        let number = i32::try_from(info.ssi_signo).unwrap_or_default();
        return Ok(Typed::Interrupted(Signal::try_from(number)?));
    }
    // A terminal hands over whole lines, so reading does not block from here on.
    TypedLine::default().read_from(stdin).map(Typed::Line)
}

/// Signals that are blocked until this value is dropped.
struct BlockedSignals {
    fd: SignalFd,
    set: SigSet,
    before: SigSet,
}

impl BlockedSignals {
    fn block() -> nix::Result<Self> {
        let set: SigSet = INTERRUPTIONS.into_iter().collect();
        let before = SigSet::thread_get_mask()?;
        set.thread_block()?;
        let fd = SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK);
        match fd {
            Ok(fd) => Ok(Self { fd, set, before }),
            Err(errno) => {
                before.thread_set_mask()?;
                Err(errno)
            }
        }
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        let _ = self.set.thread_unblock();
        let _ = self.before.thread_set_mask();
    }
}

/// A terminal that does not echo until this value is dropped.
struct NoEcho<'a> {
    terminal: &'a Stdin,
    before: Termios,
}

impl<'a> NoEcho<'a> {
    fn begin(terminal: &'a Stdin) -> nix::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut silent = before.clone();
        silent
            .local_flags
            .remove(LocalFlags::ECHO | LocalFlags::ECHONL);
        // FLUSH discards what was typed before the question.
        tcsetattr(terminal, SetArg::TCSAFLUSH, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for NoEcho<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, SetArg::TCSANOW, &self.before);
    }
}

/// A line that is read byte by byte. A buffered reader would also read a part of the next answer,
/// and keep an unwiped copy of the line.
#[derive(Default)]
struct TypedLine(Zeroizing<Vec<u8>>);

impl TypedLine {
    fn read_from(mut self, stdin: &Stdin) -> Result<Secret, NoAnswer> {
        // The whole capacity at once: growing would leave an unwiped copy behind.
        self.0.reserve_exact(MAX_LINE);
        let mut byte = Zeroizing::new([0]);
        // Without the buffer that `std` puts in front of standard input.
        let mut input = File::from(stdin.as_fd().try_clone_to_owned()?);
        loop {
            let length = match input.read(byte.as_mut_slice()) {
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(NoAnswer::Io(error)),
            };
            let [typed] = *byte;
            match (length, typed) {
                (0, _) if self.0.is_empty() => return Err(NoAnswer::End),
                (0, _) | (_, b'\n') => break,
                _ if self.0.len() == MAX_LINE => return Err(NoAnswer::TooLong),
                _ => self.0.push(typed),
            }
        }
        Ok(Secret::new(std::mem::take(&mut *self.0)))
    }
}
