//! Everything that the caller of su and sudo can do to a login: limits, signals, the terminal,
//! control groups, stopping, starving. A refusal stays a refusal, whatever the caller does.

use std::fs;
use std::path::{Path, PathBuf};

use authchain_tests::host::built;
use authchain_tests::need;
use authchain_tests::real::TORMENTOR;
use authchain_tests::real::ask::Ask;
use authchain_tests::real::hosts::{self, Host, Outcome, by};
use authchain_tests::real::ipc::Run;
use authchain_tests::real::log::{Line, listing};
use authchain_tests::real::machine::Machine;
use authchain_tests::real::people::{everybody, person};
use authchain_tests::real::stories::machine_with;

/// bob's hash at the cost that Debian 12 gives new ones: 16 MiB, which a limit can refuse.
const COSTLY: &str = "$y$j9T$0123456789abcdefghijk.$C5HfAwXv.7XaGrqN7UPCk4WXH46Y/BnlenhJ7q1PU9/";

/// bob's hash in the second database, of `guest sesame`.
const GUESTS: &str = "$6$rounds=1000$saltguest$uABbfja7vxjyxae4fDzwAJuVTvwYH31ziO0..02NZFPJ2Ra2cLQXzZkvY4Oa3eayZ/NVZEpCZeGHLLMnCOSHy0";

/// A refusal, and the backend that would accept the same person if the refusing one were missing.
struct Refusal {
    says: &'static str,
    chain: &'static str,
    without: &'static str,
    attempt: fn(&Machine, &Run) -> Outcome,
    caller: &'static str,
}

const REFUSALS: [Refusal; 4] = [
    Refusal {
        says: "su: local files deny and stop, a second database would accept",
        chain: r#"["strict", "guests"]"#,
        without: r#"["guests"]"#,
        attempt: |machine, run| hosts::su(machine, run, "bob", "guest sesame"),
        caller: "mallory",
    },
    Refusal {
        says: "su: a directory denies and stops, a second database would accept",
        chain: r#"["barred", "guests"]"#,
        without: r#"["guests"]"#,
        attempt: |machine, run| hosts::su(machine, run, "bob", "guest sesame"),
        caller: "mallory",
    },
    Refusal {
        says: "sudo: the account has ended in a directory, local files call it valid",
        chain: r#"["expired", "local"]"#,
        without: r#"["local"]"#,
        attempt: |machine, run| hosts::sudo(machine, run, &person("mallory").password.unwrap()),
        caller: "mallory",
    },
    Refusal {
        says: "sudo without a question: as before",
        chain: r#"["expired", "local"]"#,
        without: r#"["local"]"#,
        attempt: hosts::sudo_without_question,
        caller: "nora",
    },
];

fn configuration(chain: &str) -> String {
    let worker = built::fake_worker();
    let directory = |name: &str, kind: &str| {
        format!(
            "[backend.{name}]\ntype = \"ldap\"\nuris = [\"ldap://one\"]\nbase = \"cn={kind}\"\n\
             local_names = true\ntimeout = \"600ms\"\n"
        )
    };
    format!(
        "chain = {chain}\ndeadline = \"700ms\"\nworker = {worker:?}\n\
         [backend.strict]\ntype = \"local\"\non_denied = \"stop\"\n\
         [backend.guests]\ntype = \"local\"\nlocal_names = true\n\
         passwd = \"/etc/guests/passwd\"\nshadow = \"/etc/guests/shadow\"\n\
         {}on_denied = \"stop\"\n{}",
        directory("barred", "locked"),
        directory("expired", "expired"),
    )
}

/// A machine with everybody, on which bob has two passwords.
fn machine(test: &str) -> Option<Machine> {
    let mut people = everybody();
    let bob = people.iter_mut().find(|person| person.name == "bob")?;
    bob.hash = Some(COSTLY.to_owned());
    let uid = bob.uid;
    let machine = machine_with(test, &people).filter(|machine| machine.module.is_ours())?;
    let line = format!("bob:x:{uid}:{uid}::/home/bob:/bin/sh\n");
    machine.write("/etc/guests/passwd", 0o644, &line);
    machine.write(
        "/etc/guests/shadow",
        0o600,
        &format!("bob:{GUESTS}:::::::\n"),
    );
    Host::Sudo.start(&machine);
    Some(machine)
}

/// Something that a caller can do, and its name.
struct Fault {
    says: String,
    run: Run,
}

/// Plays each refusal with each way in which `faults` changes how the caller starts the program.
fn play(test: &str, faults: impl Fn(&Machine, &Run) -> Vec<Fault>) {
    let Some(machine) = machine(test) else { return };
    for refusal in &REFUSALS {
        let caller = by(&machine, &person(refusal.caller), &[]);
        let configure = |chain| {
            let text = configuration(chain);
            machine.write("/etc/authchain/authchain.toml", 0o644, &text);
        };
        configure(refusal.without);
        let without = (refusal.attempt)(&machine, &caller);
        assert!(without.accepted, "{}: {}", refusal.says, without.shown);
        configure(refusal.chain);
        let plain = Fault {
            says: "nothing at all".to_owned(),
            run: caller.clone(),
        };
        for fault in faults(&machine, &caller).into_iter().chain([plain]) {
            let mark = machine.log.mark();
            let outcome = (refusal.attempt)(&machine, &fault.run);
            let lines = machine.log.since(mark);
            // A fault in a program that su starts after an accepted login hides the acceptance.
            let is_let_in = |line: &&Line| {
                let said = ["guests: accepted", "local: valid"];
                said.iter().any(|said| line.text.contains(said))
            };
            assert!(
                !outcome.accepted && lines.iter().find(is_let_in).is_none(),
                "{}, under {}: {}\n{}",
                refusal.says,
                fault.says,
                outcome.shown,
                listing(&lines)
            );
        }
    }
}

fn sweep(
    caller: &Run,
    what: &str,
    values: impl Iterator<Item = u64>,
    set: fn(&mut Run, u64),
) -> Vec<Fault> {
    let fault = |value| {
        let mut run = caller.clone();
        set(&mut run, value);
        let says = format!("{what} {value}");
        Fault { says, run }
    };
    values.map(fault).collect()
}

#[test]
fn no_limit_turns_a_refusal_into_a_success() {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    play("faults: limits", |_, caller| {
        let memory = (4..=40).step_by(2).map(|mib| mib * MIB);
        let data = (0..=24).step_by(3).map(|mib| mib * MIB);
        let stacks = [16, 64, 128, 256].map(|kib| kib * KIB).into_iter();
        [
            sweep(caller, "address space", memory, |run, limit| {
                run.max_memory = Some(limit)
            }),
            sweep(caller, "data", data, |run, limit| {
                run.max_data = Some(limit)
            }),
            sweep(caller, "stack", stacks, |run, limit| {
                run.max_stack = Some(limit)
            }),
            sweep(caller, "open files", 3..=14, |run, limit| {
                run.max_open_files = Some(limit)
            }),
            sweep(caller, "file size", 0..=0, |run, limit| {
                run.max_file_size = Some(limit)
            }),
            sweep(caller, "processes", 0..=1, |run, limit| {
                run.max_processes = Some(limit)
            }),
            sweep(caller, "seconds", 0..=1, |run, limit| {
                run.max_seconds = Some(limit)
            }),
        ]
        .into_iter()
        .flatten()
        .collect()
    });
}

#[test]
fn no_signal_to_the_worker_or_the_host_turns_a_refusal_into_a_success() {
    play("faults: signals", |_, caller| {
        let fault = |how: &str| {
            let mut run = caller.clone();
            run.wrapper = tormentor(how);
            let says = how.to_owned();
            Fault { says, run }
        };
        let times = |how: &'static str, times| std::iter::repeat_n(how, times);
        times("kill", 4)
            .chain(times("interrupt", 4))
            .chain(times("stop", 1))
            .chain(times("stop-host", 2))
            .chain(times("kill-host", 1))
            .map(fault)
            .collect()
    });
}

fn tormentor(how: &str) -> Vec<String> {
    vec![TORMENTOR.to_owned(), how.to_owned(), "--".to_owned()]
}

#[test]
fn the_leader_of_the_callers_session_cannot_make_the_terminal_the_workers() {
    let Some(machine) = machine("faults: terminal") else {
        return;
    };
    // A worker that runs until the login ends.
    let text = configuration(r#"["hung"]"#).replace("[backend.strict]", HUNG);
    machine.write("/etc/authchain/authchain.toml", 0o644, &text);
    let mut run = by(&machine, &person("mallory"), &[]);
    run.wrapper = tormentor("terminal");
    let outcome = hosts::su(&machine, &run, "bob", "guest sesame");
    assert!(!outcome.accepted, "{}", outcome.shown);
    let taken = "the terminal is the worker's: false";
    assert!(outcome.shown.contains(taken), "{}", outcome.shown);
}

const HUNG: &str = "[backend.hung]\ntype = \"ldap\"\nuris = [\"ldap://one\"]\nbase = \"cn=mute\"\n\
                    local_names = true\ntimeout = \"600ms\"\n[backend.strict]";

#[test]
fn no_control_group_turns_a_refusal_into_a_success() {
    let groups: Vec<Group> = GROUPS.iter().filter_map(Group::new).collect();
    if groups.is_empty() {
        need::skip("faults: control groups", "none can be made here");
        return;
    }
    play("faults: control groups", |_, caller| {
        let fault = |group: &Group| {
            let mut run = caller.clone();
            run.control_groups = vec![group.folder.display().to_string()];
            let says = group.says.clone();
            Fault { says, run }
        };
        groups.iter().map(fault).collect()
    });
}

/// A controller, the names of its file in control groups v1 and v2, and the text to write.
const GROUPS: [(&str, [&str; 2], &str); 7] = [
    ("pids", ["pids.max", "pids.max"], "1"),
    ("pids", ["pids.max", "pids.max"], "2"),
    ("pids", ["pids.max", "pids.max"], "3"),
    ("memory", ["memory.limit_in_bytes", "memory.max"], "1M"),
    ("memory", ["memory.limit_in_bytes", "memory.max"], "2M"),
    ("memory", ["memory.limit_in_bytes", "memory.max"], "4M"),
    ("memory", ["memory.limit_in_bytes", "memory.max"], "8M"),
];

/// A control group of this test.
struct Group {
    folder: PathBuf,
    says: String,
}

impl Group {
    /// Makes a control group, if this machine has the controller and root may use it.
    fn new((controller, files, value): &(&str, [&str; 2], &str)) -> Option<Self> {
        let root = Path::new("/sys/fs/cgroup");
        let (parent, file) = match root.join(controller) {
            first if first.exists() => (first, files[0]),
            _ => (root.to_owned(), files[1]),
        };
        let name = format!("authchain-test-{}-{controller}-{value}", std::process::id());
        let group = Self {
            folder: parent.join(name),
            says: format!("{controller} {value}"),
        };
        fs::create_dir(&group.folder).ok()?;
        match fs::write(group.folder.join(file), value) {
            Ok(()) => Some(group),
            Err(error) => {
                println!("not played: {}: {error}", group.says);
                None
            }
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.folder);
    }
}

#[test]
fn being_frozen_beyond_the_deadline_turns_no_refusal_into_a_success() {
    let Some(group) = Group::new(&("freezer", ["freezer.state", "cgroup.freeze"], "")) else {
        return;
    };
    let is_first = group.folder.join("freezer.state").exists();
    let (file, frozen, thawed) = match is_first {
        true => ("freezer.state", "FROZEN", "THAWED"),
        false => ("cgroup.freeze", "1", "0"),
    };
    let state = group.folder.join(file);
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Longer than the deadline, at random moments.
        scope.spawn(|| {
            while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                let _ = fs::write(&state, frozen);
                std::thread::sleep(std::time::Duration::from_millis(900));
                let _ = fs::write(&state, thawed);
                std::thread::sleep(std::time::Duration::from_millis(30));
            }
        });
        let over = Over(&is_over);
        play("faults: freezer", |_, caller| {
            let mut run = caller.clone();
            run.control_groups = vec![group.folder.display().to_string()];
            let says = "frozen again and again".to_owned();
            vec![Fault { says, run }]
        });
        drop(over);
    });
    let _ = fs::write(&state, thawed);
}

/// Tells a thread to end, also if the test panics.
struct Over<'a>(&'a std::sync::atomic::AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}

#[test]
fn starving_turns_no_refusal_into_a_success() {
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let over = Over(&is_over);
        play("faults: load", |_, caller| {
            let run = Run {
                is_idle: true,
                ..caller.clone()
            };
            let says = "load".to_owned();
            vec![Fault { says, run }]
        });
        drop(over);
    });
}

/// A guesser ends su before it has read the answer of the next backend or a server: everybody can
/// see the length of an answer that waits in a socket.
#[test]
fn whoever_guesses_and_kills_su_is_in_the_log() {
    let Some(machine) = machine("faults: guesses") else {
        return;
    };
    let uid = person("mallory").uid;
    let whose = format!("uid={uid} euid=0 tty=... ruser=mallory rhost=");
    for (chain, says) in [
        (
            r#"["local", "hung"]"#,
            "bob: local denied: wrong password (<n> ms); now asking hung",
        ),
        (r#"["hung"]"#, "bob: asking hung"),
    ] {
        let text = configuration(chain).replace("[backend.strict]", HUNG);
        machine.write("/etc/authchain/authchain.toml", 0o644, &text);
        let mut run = by(&machine, &person("mallory"), &[]);
        run.wrapper = tormentor("kill-host");
        for _ in 0..3 {
            let mark = machine.log.mark();
            let outcome = hosts::su(&machine, &run, "bob", "a wrong guess");
            assert!(!outcome.accepted);
            let line = format!("pam_authchain(su:auth): {says}; {whose}");
            machine.log.wait_for(mark, &line);
        }
    }
}

/// The file for strace's list of the host's system calls.
const TRACE: &str = "/run/stage/trace";

/// The system calls that a login may make between reading the hash and logging the denial.
const BETWEEN: [&str; 14] = [
    "brk",
    "close",
    "connect",
    "fcntl",
    "fstat",
    "getpid",
    "lseek",
    "mmap",
    "mprotect",
    "munmap",
    "newfstatat",
    "read",
    "socket",
    "statx",
];

#[test]
fn a_guess_is_in_the_log_whichever_system_call_its_maker_ends() {
    let strace = "/usr/bin/strace";
    if !need::file("faults: strace", strace) {
        return;
    }
    let Some(machine) = machine("faults: system calls") else {
        return;
    };
    let text = configuration(r#"["local", "guests"]"#);
    machine.write("/etc/authchain/authchain.toml", 0o644, &text);
    let guess = Ask {
        service: "su".into(),
        user: "bob".into(),
        password: "a wrong guess".into(),
        steps: vec!["auth".into()],
        ..Ask::default()
    };
    let pattern = "pam_authchain(su:auth): bob: local denied: wrong password (<n> ms)...";
    machine.ask_through(&[strace, "-s", "200", "-o", TRACE, "--"], &guess);
    let trace = fs::read_to_string(machine.outside(TRACE)).unwrap();
    let calls: Vec<&str> = trace
        .lines()
        .filter(|line| !line.starts_with(['-', '+']))
        .collect();
    let place = |text: &str| calls.iter().position(|call| call.contains(text)).unwrap();
    let (files, line, next) = (
        calls
            .iter()
            .rposition(|call| call.contains("\"/etc/shadow\""))
            .unwrap(),
        place("local denied: wrong password"),
        place("\"/etc/guests/passwd\""),
    );
    assert!(files < line && line < next, "{trace}");
    for call in &calls[files + 1..line] {
        let name = call.split('(').next().unwrap();
        assert!(BETWEEN.contains(&name), "{call}\n{trace}");
    }
    // strace counts the execve that starts the program, too.
    for number in line + 2..=calls.len() {
        let mark = machine.log.mark();
        let kill = format!("--inject=all:signal=SIGKILL:when={number}");
        machine.ask_through(&[strace, "-o", "/dev/null", &kill, "--"], &guess);
        machine.log.wait_for(mark, pattern);
    }
}
