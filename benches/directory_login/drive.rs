//! The host program inside the chroot, reduced to its calls of libpam.
//!
//! `directory_login --drive TASK` carries the task out and prints its samples, both as JSON. The
//! process that logs in takes the time, so the start of this program does not count.

use std::ffi::CString;
use std::fs::File;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use authchain_tests::host::conversation::Conversation;
use authchain_tests::host::libpam::Handle;
use authchain_tests::host::scene::{Call, Phase, Script};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork, pipe};
use serde::{Deserialize, Serialize};

use super::child::in_a_child;
use super::floor::Floor;

/// The folder of the PAM services in the chroot.
pub const SERVICES: &str = "/bench/pam.d";

/// What to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    /// How to log in.
    pub way: Way,
    /// Names and passwords: each is used once, or again and again until the time is up.
    pub logins: Vec<(String, String)>,
    /// The number of clients at once, and the seconds. None: one login after the other.
    pub crowd: Option<(usize, f64)>,
}

/// How to log in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Way {
    /// Through libpam, as this service.
    Pam(String),
    /// Without PAM.
    Floor(Floor),
}

/// One login.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Sample {
    /// PAM's code: the account's, once the password was accepted.
    pub code: i32,
    /// From `pam_start` to the end of `pam_end`, in milliseconds.
    pub ms: f64,
    /// `pam_authenticate` alone.
    pub auth_ms: f64,
    /// The CPU time of the process and its children, in milliseconds.
    pub cpu_ms: f64,
}

/// Does the task of the command line.
pub fn drive(task: &str) {
    let task: Task = serde_json::from_str(task).unwrap();
    let samples = match task.crowd {
        None => task
            .logins
            .iter()
            .map(|who| login(&task.way, who))
            .collect(),
        Some((people, seconds)) => crowd(&task, people, Duration::from_secs_f64(seconds)),
    };
    println!("{}", serde_json::to_string(&samples).unwrap());
}

/// A login in a new process, as in sshd.
fn login(way: &Way, (user, password): &(String, String)) -> Sample {
    let [code, ms, auth_ms, cpu_ms] = in_a_child(|| {
        let (begin, before) = (Instant::now(), cpu_ms());
        let (code, auth_ms) = match way {
            Way::Pam(service) => transaction(service, user, password),
            Way::Floor(floor) => (floor.bind(user, password), millis(begin)),
        };
        [f64::from(code), millis(begin), auth_ms, cpu_ms() - before]
    });
    Sample {
        code: code as i32,
        ms,
        auth_ms,
        cpu_ms,
    }
}

/// Returns PAM's code and the time of `pam_authenticate`.
fn transaction(service: &str, user: &str, password: &str) -> (i32, f64) {
    let script = Script {
        answers: vec![password.into()],
        ..Script::default()
    };
    let [confdir, service] = [SERVICES, service].map(|text| CString::new(text).unwrap());
    let conversation = Conversation::new(&script);
    let mut handle = Handle::start(&confdir, &service, Some(&user.into()), conversation);
    let begin = Instant::now();
    let mut code = handle.call(Call::new(Phase::Authenticate));
    let auth_ms = millis(begin);
    if code == 0 {
        code = handle.call(Call::new(Phase::Account));
    }
    handle.end();
    (code, auth_ms)
}

fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// User and system time of this process and of the children it has waited for.
fn cpu_ms() -> f64 {
    let of = |who| getrusage(who).unwrap();
    let sum = |usage: Usage| {
        let [user, system] = [usage.user_time(), usage.system_time()];
        let micros = |time: nix::sys::time::TimeVal| time.tv_sec() * 1_000_000 + time.tv_usec();
        (micros(user) + micros(system)) as f64 / 1e3
    };
    sum(of(UsageWho::RUSAGE_SELF)) + sum(of(UsageWho::RUSAGE_CHILDREN))
}

/// Starts this many clients, each with other users, that log in again and again. Logins that are
/// complete when the time is up count.
fn crowd(task: &Task, people: usize, time: Duration) -> Vec<Sample> {
    let end = Instant::now() + time;
    let start = |person| {
        let (reader, writer) = pipe().unwrap();
        // SAFETY: this program has one thread.
        match unsafe { fork() }.unwrap() {
            ForkResult::Child => {
                let samples = until(end, task, person);
                let text = serde_json::to_string(&samples).unwrap();
                File::from(writer).write_all(text.as_bytes()).unwrap();
                // SAFETY: ends the child without running the parent's destructors.
                unsafe { libc::_exit(0) }
            }
            ForkResult::Parent { child } => (child, File::from(reader)),
        }
    };
    let started: Vec<_> = (0..people).map(start).collect();
    let gather = |(child, mut reader): (_, File)| {
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        waitpid(child, None).unwrap();
        serde_json::from_str::<Vec<Sample>>(&text).unwrap()
    };
    started.into_iter().flat_map(gather).collect()
}

fn until(end: Instant, task: &Task, person: usize) -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut who = task.logins.iter().cycle().skip(person * 7);
    while let Some(sample) = who.next().map(|who| login(&task.way, who)) {
        if Instant::now() > end {
            break;
        }
        samples.push(sample);
    }
    samples
}
