//! Tests that lines reach the logger, and that a hung logger does not keep a login waiting.

use super::*;
use std::cell::Cell;
use std::fs;
use std::net::Shutdown;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::OnceLock;
use std::thread;

use crate::tools::deadline::Moment;

fn listen() -> (tempfile::TempDir, PathBuf, UnixDatagram) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let socket = UnixDatagram::bind(&path).unwrap();
    (dir, path, socket)
}

#[test]
fn a_line_carries_priority_tag_pid_and_prefix() {
    let (_dir, path, logger) = listen();
    let syslog = Syslog::new(path);
    PamJournal::new(&syslog, "sshd", Phase::Auth).write(Severity::LOG_NOTICE, "hello");
    let mut buffer = [0; 4096];
    let n = logger.recv(&mut buffer).unwrap();
    let pid = std::process::id();
    assert_eq!(
        std::str::from_utf8(&buffer[..n]).unwrap(),
        format!("<85>authchain[{pid}]: pam_authchain(sshd:auth): hello")
    );
}

#[test]
fn a_logger_that_wants_a_stream_gets_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let logger = std::os::unix::net::UnixListener::bind(&path).unwrap();
    Syslog::new(path).write(Severity::LOG_NOTICE, "hello");
    let mut text = String::new();
    let (mut stream, _) = logger.accept().unwrap();
    std::io::Read::read_to_string(&mut stream, &mut text).unwrap();
    assert_eq!(
        text,
        format!("<85>authchain[{}]: hello\0", std::process::id())
    );
}

#[test]
fn a_missing_logger_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    Syslog::new(dir.path().join("nobody")).write(Severity::LOG_ERR, "lost");
}

#[test]
fn a_hung_logger_loses_the_line_and_not_the_login() {
    let (_dir, path, _logger) = listen();
    let syslog = Syslog::new(path);
    // Linux keeps a queue of 10 datagrams by default (net.unix.max_dgram_qlen), some 500 at most.
    for _ in 0..15 {
        syslog.write(Severity::LOG_ERR, "nobody reads this");
    }
}

fn stopped_clock() -> Moment {
    static BEGIN: OnceLock<Moment> = OnceLock::new();
    *BEGIN.get_or_init(system_clock)
}

/// Fills the logger's queue again and again, until the logger is gone.
fn flood(path: &Path) {
    let socket = UnixDatagram::unbound().unwrap();
    socket.connect(path).unwrap();
    while socket.send(b"flood").is_ok() {}
}

/// Reads until `awaited` lines of the journal have come, or the socket is shut down. Returns how
/// many lines came.
fn lines_heard(logger: &UnixDatagram, awaited: usize) -> usize {
    let mut heard = 0;
    let mut buffer = [0; 4096];
    while heard < awaited {
        match logger.recv(&mut buffer).unwrap() {
            0 => break,
            n => heard += usize::from(buffer[..n].starts_with(b"<")),
        }
    }
    heard
}

#[test]
fn a_line_gets_through_however_often_a_flooder_is_faster() {
    const LINES: usize = 200;
    let (_dir, path, logger) = listen();
    let mut syslog = Syslog::new(path.clone());
    // The clock is stopped, so that a slow machine does not fail the test.
    syslog.clock = stopped_clock;
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| flood(&path));
        }
        let end_of_reader = logger.try_clone().unwrap();
        let reader = scope.spawn(move || lines_heard(&logger, LINES));
        for _ in 0..LINES {
            syslog.write(Severity::LOG_NOTICE, "somebody guesses");
        }
        // Lines may have been lost, but no login may be kept waiting.
        end_of_reader.shutdown(Shutdown::Read).unwrap();
        let heard = reader.join().unwrap();
        // Linux wakes a sender that waits for room when the socket is closed, not when it is shut.
        drop(end_of_reader);
        assert_eq!(heard, LINES);
    });
}

thread_local!(static NOW: Cell<Option<Moment>> = const { Cell::new(None) });

/// Tries a logger that fails with these errors, one after the other, and then succeeds. Each wait
/// takes 30 ms. Returns the outcome and the number of attempts.
fn try_logger(answers: &[Errno]) -> (nix::Result<()>, usize) {
    let clock: Clock = || NOW.get().unwrap_or_else(stopped_clock);
    NOW.set(Some(stopped_clock()));
    let mut answers = answers.iter();
    let mut tries = 0;
    let outcome = retry(
        Deadline::after(clock, PATIENCE),
        || {
            tries += 1;
            answers.next().map_or(Ok(()), |errno| Err(*errno))
        },
        |_| {
            let later = NOW.get().unwrap().checked_add(Duration::from_millis(30));
            NOW.set(later);
        },
    );
    (outcome, tries)
}

#[test]
fn a_busy_logger_is_tried_until_the_time_is_over_and_no_longer() {
    assert_eq!(try_logger(&[]), (Ok(()), 1));
    assert_eq!(try_logger(&[Errno::EAGAIN; 4]), (Ok(()), 5));
    assert_eq!(try_logger(&[Errno::EAGAIN; 9]), (Err(Errno::EAGAIN), 5));
    assert_eq!(try_logger(&[Errno::EINTR; 9]), (Ok(()), 10), "no failure");
    assert_eq!(
        try_logger(&[Errno::ECONNREFUSED]),
        (Err(Errno::ECONNREFUSED), 1)
    );
}

#[test]
fn a_line_for_a_logger_that_is_full_goes_to_the_kernels_log() {
    let (dir, path, _logger) = listen();
    let kernel_log = dir.path().join("kmsg");
    fs::write(&kernel_log, "").unwrap();
    let syslog = Syslog {
        patience: Duration::ZERO,
        kernel_log: kernel_log.clone(),
        ..Syslog::new(path)
    };
    // Linux keeps a queue of 10 datagrams by default (net.unix.max_dgram_qlen), some 500 at most.
    let line = "x".repeat(MAX_LINE);
    for _ in 0..520 {
        syslog.write(Severity::LOG_NOTICE, &line);
    }
    let written = fs::read_to_string(&kernel_log).unwrap();
    let tag = format!("<85>authchain[{}]: xxx", std::process::id());
    assert!(written.starts_with(&tag), "{written:.80}");
    assert!(!written.contains(&"x".repeat(MAX_KERNEL_LINE)));
    // The kernel shows no line before it has ended.
    assert!(written.ends_with("x\n"), "no end of line");
}
