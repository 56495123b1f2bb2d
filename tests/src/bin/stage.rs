//! The stage: sets up a machine of namespaces (`stage hold PLAN`) and starts programs on it
//! (`stage run RUN`).

use std::ffi::CString;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use authchain_tests::namespace;
use authchain_tests::real::ipc::{Plan, Run};
use nix::libc;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal, sigprocmask};
use nix::sys::stat::{Mode, umask};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Gid, Pid, Uid};

/// The namespaces that each machine has for itself.
const NAMESPACES: CloneFlags = CloneFlags::CLONE_NEWNS
    .union(CloneFlags::CLONE_NEWPID)
    .union(CloneFlags::CLONE_NEWNET)
    .union(CloneFlags::CLONE_NEWUTS)
    .union(CloneFlags::CLONE_NEWIPC);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, command, text] = arguments.as_slice() else {
        panic!("usage: stage hold|run JSON");
    };
    match command.as_str() {
        "hold" => hold(&serde_json::from_str(text).unwrap()),
        "run" => run(&serde_json::from_str(text).unwrap()),
        other => panic!("unknown command {other}"),
    }
}

/// Runs as the machine's first process until standard input ends, as it does when the test ends.
fn hold(plan: &Plan) -> ! {
    unshare(NAMESPACES).expect("unshare");
    // SAFETY: this program has one thread.
    match unsafe { nix::unistd::fork() }.expect("fork") {
        ForkResult::Parent { child } => {
            println!("pid {child}");
            std::process::exit(exit_code(child));
        }
        ForkResult::Child => {
            furnish(plan);
            // The first process inherits every orphan; ignoring SIGCHLD lets the kernel bury them.
            // SAFETY: no handler is installed.
            unsafe { signal(Signal::SIGCHLD, SigHandler::SigIgn) }.expect("SIGCHLD");
            println!("ready");
            std::io::stdout().flush().unwrap();
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            std::process::exit(0)
        }
    }
}

fn furnish(plan: &Plan) {
    let none: Option<&str> = None;
    nix::unistd::sethostname(&plan.hostname).expect("sethostname");
    namespace::keep_mounts_private();
    for (outside, inside) in &plan.binds {
        mount(
            Some(outside.as_str()),
            inside.as_str(),
            none,
            MsFlags::MS_BIND | MsFlags::MS_REC,
            none,
        )
        .unwrap_or_else(|e| panic!("mount {outside} on {inside}: {e}"));
    }
    mount(Some("proc"), "/proc", Some("proc"), MsFlags::empty(), none).expect("mount /proc");
    raise_loopback();
}

/// A new network has only a loopback, and that is down.
fn raise_loopback() {
    // SAFETY: all zeros is a valid ifreq.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = *from as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = libc::IFF_UP as libc::c_short;
    // SAFETY: a plain system call.
    let socket = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    // SAFETY: `request` lives through the call.
    let result = unsafe { libc::ioctl(socket, libc::SIOCSIFFLAGS, &raw const request) };
    assert_eq!(result, 0, "loopback: {}", std::io::Error::last_os_error());
    // SAFETY: opened above, and not used again.
    unsafe { libc::close(socket) };
}

/// Starts a program on the machine, and ends with its exit code.
fn run(spec: &Run) -> ! {
    let control_groups: Vec<File> = (spec.control_groups.iter())
        .map(|folder| {
            let processes = format!("{folder}/cgroup.procs");
            File::options().write(true).open(processes).expect("cgroup")
        })
        .collect();
    // All are opened before the first is entered: afterwards /proc is the machine's.
    let doors = ["pid", "net", "uts", "ipc", "mnt"].map(|kind| {
        File::open(format!("/proc/{}/ns/{kind}", spec.machine)).expect("the machine is gone")
    });
    let root = File::open(format!("/proc/{}/root", spec.machine)).expect("the machine is gone");
    for door in &doors {
        setns(door, CloneFlags::empty()).expect("setns");
    }
    // The namespace's root is not the machine's where the tests run in a chroot.
    namespace::change_root(&root);
    // A terminal's Ctrl-C is for the program; this process only waits.
    // SAFETY: this program has one thread.
    match unsafe { nix::unistd::fork() }.expect("fork") {
        ForkResult::Parent { child } => std::process::exit(exit_code(child)),
        ForkResult::Child => become_it(spec, control_groups),
    }
}

fn exit_code(child: Pid) -> i32 {
    match waitpid(child, None) {
        Ok(WaitStatus::Exited(_, code)) => code,
        Ok(WaitStatus::Signaled(_, signal, _)) => 128 + signal as i32,
        other => panic!("waitpid: {other:?}"),
    }
}

fn become_it(spec: &Run, control_groups: Vec<File>) -> ! {
    for mut processes in control_groups {
        // 0: the process that writes.
        processes.write_all(b"0").expect("cgroup.procs");
    }
    if spec.is_idle {
        // SAFETY: an all-zero parameter is what this policy wants.
        let parameter: libc::sched_param = unsafe { std::mem::zeroed() };
        // SAFETY: a plain system call on this process.
        let result = unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const parameter) };
        assert_eq!(result, 0, "SCHED_IDLE: {}", std::io::Error::last_os_error());
    }
    if spec.own_terminal {
        nix::unistd::setsid().expect("setsid");
        // SAFETY: a plain request on our own standard input.
        let result = unsafe { libc::ioctl(0, libc::TIOCSCTTY, 0) };
        assert_eq!(result, 0, "TIOCSCTTY: {}", std::io::Error::last_os_error());
    }
    let directory = Path::new(if spec.directory.is_empty() {
        "/"
    } else {
        &spec.directory
    });
    if spec.directory_is_deleted {
        std::fs::create_dir_all(directory).unwrap();
    }
    nix::unistd::chdir(directory).expect("chdir");
    if spec.directory_is_deleted {
        std::fs::remove_dir(directory).unwrap();
    }
    let groups = [Gid::from_raw(spec.gid)];
    nix::unistd::setgroups(&groups).expect("setgroups");
    nix::unistd::setgid(groups[0]).expect("setgid");
    nix::unistd::setuid(Uid::from_raw(spec.uid)).expect("setuid");

    let c = |text: &String| CString::new(text.as_str()).unwrap();
    let arguments: Vec<CString> = spec.wrapper.iter().chain(&spec.argv).map(c).collect();
    let program = arguments[0].clone();
    let environment: Vec<CString> = spec
        .environment
        .iter()
        .map(|(key, value)| CString::new(format!("{key}={value}")).unwrap())
        .collect();
    umask(Mode::from_bits_truncate(spec.umask));
    set_signals(spec);
    set_limits(spec);
    let error = nix::unistd::execve(&program, &arguments, &environment).unwrap_err();
    panic!("{}: {error}", spec.argv[0]);
}

fn set_signals(spec: &Run) {
    // Rust's runtime ignores SIGPIPE; programs expect it as the kernel made it.
    // SAFETY: no handler is installed, here and below.
    unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) }.unwrap();
    for number in &spec.ignored {
        let which = Signal::try_from(*number).unwrap();
        // SAFETY: see above.
        unsafe { signal(which, SigHandler::SigIgn) }.unwrap();
    }
    let mut blocked = SigSet::empty();
    for number in &spec.blocked {
        blocked.add(Signal::try_from(*number).unwrap());
    }
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&blocked), None).unwrap();
}

fn set_limits(spec: &Run) {
    let limits = [
        (Resource::RLIMIT_FSIZE, spec.max_file_size),
        (Resource::RLIMIT_NOFILE, spec.max_open_files),
        (Resource::RLIMIT_AS, spec.max_memory),
        (Resource::RLIMIT_STACK, spec.max_stack),
        (Resource::RLIMIT_DATA, spec.max_data),
        (Resource::RLIMIT_NPROC, spec.max_processes),
        (Resource::RLIMIT_CPU, spec.max_seconds),
    ];
    for (resource, limit) in limits {
        if let Some(limit) = limit {
            setrlimit(resource, limit, limit).unwrap();
        }
    }
}
