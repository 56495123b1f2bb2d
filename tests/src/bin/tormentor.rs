//! Starts a program, and disturbs it and its worker as an unprivileged caller can: `tormentor HOW
//! -- PROGRAM ARGUMENT…`.
//!
//! Needs no privilege: su and the processes that su starts have the caller's real user id, and the
//! caller leads the session of their terminal.

use std::ffi::CString;
use std::fs;
use std::io::{stderr, stdin};
use std::time::{Duration, Instant};

use nix::sys::signal::{SigHandler, Signal, kill, signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, execv, fork, getpgrp, getsid, tcsetpgrp};

/// How long the program may run once it is disturbed. A child that is stopped before its exec holds
/// up the program that starts it.
const PATIENCE: Duration = Duration::from_secs(3);

/// Longer than the deadline of the chain in the tests.
const BEYOND_THE_DEADLINE: Duration = Duration::from_millis(900);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, how, separator, program @ ..] = arguments.as_slice() else {
        panic!("usage: tormentor HOW -- PROGRAM ARGUMENT…");
    };
    assert_eq!(separator, "--");
    // SAFETY: this program has one thread.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => become_program(program),
        ForkResult::Parent { child } => {
            std::process::exit(torment(child, how));
        }
    }
}

fn become_program(program: &[String]) -> ! {
    let program: Vec<CString> = (program.iter())
        .map(|word| CString::new(word.as_str()).unwrap())
        .collect();
    panic!("{}", execv(&program[0], &program).unwrap_err())
}

fn torment(program: Pid, how: &str) -> i32 {
    // This process must survive the Ctrl-C that it sends. SAFETY: no handler is installed.
    unsafe { signal(Signal::SIGINT, SigHandler::SigIgn) }.unwrap();
    // A process in the background that changes the terminal's foreground is stopped otherwise.
    // SAFETY: no handler is installed.
    unsafe { signal(Signal::SIGTTOU, SigHandler::SigIgn) }.unwrap();
    let begin = Instant::now();
    let mut is_done = false;
    loop {
        match waitpid(program, Some(WaitPidFlag::WNOHANG)).unwrap() {
            WaitStatus::Exited(_, code) => return code,
            WaitStatus::Signaled(_, signal, _) => return 128 + signal as i32,
            _ => {}
        }
        if begin.elapsed() > PATIENCE {
            for worker in children_of(program) {
                let _ = kill(worker, Signal::SIGKILL);
            }
            let _ = kill(program, Signal::SIGKILL);
        }
        for worker in children_of(program) {
            match how {
                "kill" => drop(kill(worker, Signal::SIGKILL)),
                "interrupt" => drop(kill(worker, Signal::SIGINT)),
                "stop" => drop(kill(worker, Signal::SIGSTOP)),
                "stop-host" if !is_done => {
                    is_done = true;
                    kill(program, Signal::SIGSTOP).unwrap();
                    std::thread::sleep(BEYOND_THE_DEADLINE);
                    kill(program, Signal::SIGCONT).unwrap();
                }
                "kill-host" => drop(kill(program, Signal::SIGKILL)),
                "terminal" if !is_done && getsid(Some(worker)) == Ok(worker) => {
                    is_done = true;
                    let taken = tcsetpgrp(stdin(), worker);
                    eprintln!("the terminal is the worker's: {}", taken.is_ok());
                    // Gives the terminal back.
                    let _ = tcsetpgrp(stderr(), getpgrp());
                }
                "stop-host" | "terminal" => {}
                other => panic!("{other} is nothing that is done to a program"),
            }
        }
    }
}

/// The children of a process, as everybody can read in /proc.
fn children_of(parent: Pid) -> Vec<Pid> {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &i32| parent_of(*pid) == Some(parent))
        .map(Pid::from_raw)
        .collect()
}

fn parent_of(pid: i32) -> Option<Pid> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    let parent = rest.split(' ').nth(1)?.parse().ok()?;
    Some(Pid::from_raw(parent))
}
