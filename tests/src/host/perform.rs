//! Plays a script in the host process.

use std::ffi::{CStr, CString, c_int};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use nix::mount::{MsFlags, mount};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use nix::sys::stat::{Mode, umask};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Gid, Uid, alarm, close, fork, setgid, setgroups, setresuid, setuid};

use super::conversation::Conversation;
use super::libpam::Handle;
use super::memory;
use super::scene::{Children, Limit, Process, Report, Script};
use super::surroundings::{self, Surroundings};
use crate::namespace;

/// The service every scene is about.
pub const SERVICE: &CStr = c"stage";

/// Becomes the process that the script asks for, and plays it with the stack for `service` in
/// `confdir`.
pub fn perform(script: &Script, confdir: &Path, service: &CStr) -> Report {
    let limit = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    become_host(&script.process);
    if script.process.hostile {
        setrlimit(Resource::RLIMIT_FSIZE, 0, limit.1).unwrap();
    }
    let confdir = CString::new(confdir.as_os_str().as_bytes()).unwrap();
    let mut report = match script.process.threads {
        0 => play(script, &confdir, service),
        threads => play_in_threads(script, &confdir, service, threads),
    };
    report.changes.extend(surroundings::children());
    report.child_signals = CHILD_SIGNALS.load(Ordering::SeqCst);
    report.reaped = REAPED.load(Ordering::SeqCst);
    report.found = script.process.search.as_ref().map(memory::copies_of);
    setrlimit(Resource::RLIMIT_FSIZE, limit.0, limit.1).unwrap();
    report
}

/// Plays the script once as a login at `service`, in the calling thread.
pub fn play(script: &Script, confdir: &CStr, service: &CStr) -> Report {
    let mut report = Report::default();
    let conversation = Conversation::new(script);
    let mut handle = Handle::start(confdir, service, script.user.as_ref(), conversation);
    for (item, value) in &script.items {
        handle.set(*item, value);
    }
    let files = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    if script.process.starved {
        setrlimit(Resource::RLIMIT_NOFILE, 0, files.1).unwrap();
    }
    // Not with threads: the changes that other threads make would count as the module's. And
    // reading the state opens a file.
    let looking = script.process.threads == 0 && !script.process.starved;
    for (i, call) in script.calls.iter().enumerate() {
        for (item, value) in script.meanwhile.get(&i).into_iter().flatten() {
            handle.set(*item, value);
        }
        if script.process.fork && i + 1 == script.calls.len() {
            report.codes.push(in_a_child(|| {
                let code = handle.call(*call);
                handle.end_silently();
                code
            }));
        }
        let before = looking.then(Surroundings::now);
        let begin = Instant::now();
        report.codes.push(handle.call(*call));
        report.millis.push(begin.elapsed().as_secs_f64() * 1e3);
        if let Some(before) = before {
            report.changes.extend(before.changes(&Surroundings::now()));
        }
    }
    setrlimit(Resource::RLIMIT_NOFILE, files.0, files.1).unwrap();
    report.user = handle.user();
    report.prompts = handle.end();
    report
}

fn play_in_threads(script: &Script, confdir: &CStr, service: &CStr, threads: usize) -> Report {
    let round = || play(script, confdir, service);
    let rounds = || {
        (0..script.process.rounds.max(1))
            .map(|_| round())
            .collect::<Vec<_>>()
    };
    let reports: Vec<Report> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(rounds)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    let mut sum = Report::default();
    for report in reports {
        sum.codes.extend(report.codes);
        sum.millis.extend(report.millis);
        sum.prompts.extend(report.prompts);
    }
    sum
}

fn in_a_child(call: impl FnOnce() -> i32) -> i32 {
    // SAFETY: this process has one thread.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            let code = call();
            // SAFETY: ends the child without running the parent's destructors.
            unsafe { libc::_exit(code) }
        }
        ForkResult::Parent { child } => match waitpid(child, None).unwrap() {
            WaitStatus::Exited(_, code) => code,
            other => panic!("the child ended with {other:?}"),
        },
    }
}

fn become_host(process: &Process) {
    if let Some(socket) = &process.dev_log {
        mount_log(socket);
    }
    if let Some(uid) = process.uid {
        setgroups(&[]).unwrap();
        setgid(Gid::from_raw(uid)).unwrap();
        setuid(Uid::from_raw(uid)).unwrap();
    }
    if let Some(uid) = process.real_uid {
        let root = Uid::from_raw(0);
        setresuid(Uid::from_raw(uid), root, root).unwrap();
    }
    if process.closed {
        for fd in 0..3 {
            // std opened them at the start if they were closed.
            close(fd).unwrap();
        }
    }
    if process.hostile {
        be_hostile();
    }
    for (limit, most) in &process.limits {
        let resource = match limit {
            Limit::Files => Resource::RLIMIT_NOFILE,
            Limit::FileSize => Resource::RLIMIT_FSIZE,
            Limit::Processes => Resource::RLIMIT_NPROC,
            Limit::Core => Resource::RLIMIT_CORE,
        };
        let (_, hard) = getrlimit(resource).unwrap();
        setrlimit(resource, *most, hard).unwrap();
    }
    heed_children(process.children);
    if process.blocked {
        SigSet::all().thread_block().unwrap();
    }
    if let Some(sandbox) = process.sandbox {
        sandbox.enter();
    }
}

static CHILD_SIGNALS: AtomicUsize = AtomicUsize::new(0);
static REAPED: AtomicUsize = AtomicUsize::new(0);

/// A handler as many programs have it. It takes the exit status of children that libraries start.
extern "C" fn reap_everything(_: c_int) {
    CHILD_SIGNALS.fetch_add(1, Ordering::SeqCst);
    // SAFETY: waitpid may be called in a handler, with a null status.
    while unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) } > 0 {
        REAPED.fetch_add(1, Ordering::SeqCst);
    }
}

fn heed_children(how: Children) {
    let handler = match how {
        Children::Default => return,
        Children::Ignored => SigHandler::SigIgn,
        Children::Reaped => SigHandler::Handler(reap_everything),
    };
    // SAFETY: the handler does only what handlers may.
    unsafe { signal(Signal::SIGCHLD, handler) }.unwrap();
}

/// Sets the attributes that a caller of su or sudo can choose.
fn be_hostile() {
    umask(Mode::empty());
    let mut blocked = SigSet::empty();
    for blocked_signal in [Signal::SIGTERM, Signal::SIGALRM, Signal::SIGCHLD] {
        blocked.add(blocked_signal);
    }
    blocked.thread_block().unwrap();
    for (number, action) in [
        (Signal::SIGCHLD, SigHandler::SigIgn),
        (Signal::SIGALRM, SigHandler::SigIgn),
        (Signal::SIGPIPE, SigHandler::SigDfl),
    ] {
        // SAFETY: no handler of ours is set.
        unsafe { signal(number, action) }.unwrap();
    }
    let deleted = tempfile::tempdir().unwrap();
    std::env::set_current_dir(deleted.path()).unwrap();
    drop(deleted);
    let files = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, 16, files.1).unwrap();
    alarm::set(100);
}

/// Shows only this process a `/dev` whose `log` is `socket`.
fn mount_log(socket: &Path) {
    namespace::own_mounts();
    mount(
        Some("tmpfs"),
        "/dev",
        Some("tmpfs"),
        MsFlags::empty(),
        Some("mode=0755"),
    )
    .unwrap();
    std::os::unix::fs::symlink(socket, "/dev/log").unwrap();
}
