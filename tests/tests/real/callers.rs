//! A hostile caller of su and sudo: it chooses the environment, the limits, the signals, the
//! directory and the mask that our code runs with as root.

use std::os::unix::fs::PermissionsExt;

use authchain_tests::real::hosts::{self, Host, Outcome, by};
use authchain_tests::real::ipc::Run;
use authchain_tests::real::log::listing;
use authchain_tests::real::machine::Machine;
use authchain_tests::real::misbehaviour::misbehaviour;
use authchain_tests::real::people::{Person, person};
use authchain_tests::real::stories::machine_for;
use nix::libc;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

/// One attack on a set-user-ID program.
struct Trick {
    says: &'static str,
    play: fn(&mut Run),
    /// Whether the right password must still let in. If not, a clean refusal is enough.
    harmless: bool,
}

const fn harmless(says: &'static str, play: fn(&mut Run)) -> Trick {
    Trick {
        says,
        play,
        harmless: true,
    }
}

const TRICKS: &[Trick] = &[
    harmless("an environment that points everywhere", |run| {
        let pairs = ENVIRONMENT
            .iter()
            .map(|(key, value)| (key.to_string(), value.to_string()));
        run.environment.extend(pairs);
    }),
    harmless("hardly any environment", |run| {
        run.environment.clear();
        // With none at all, sudo 1.9.16 (Debian 13) ends with SIGSEGV before it asks.
        run.environment.insert("TERM".into(), "dumb".into());
    }),
    harmless("a huge environment", |run| {
        let pairs = (0..10).map(|n| (format!("BIG{n}"), "x".repeat(10_000)));
        run.environment.extend(pairs);
    }),
    harmless("files that may not grow", |run| run.max_file_size = Some(0)),
    harmless("SIGCHLD ignored", |run| run.ignored = vec![libc::SIGCHLD]),
    harmless("SIGPIPE, SIGXFSZ and SIGHUP ignored", |run| {
        run.ignored = vec![libc::SIGPIPE, libc::SIGXFSZ, libc::SIGHUP];
    }),
    harmless("SIGTERM and SIGALRM blocked", |run| {
        run.blocked = vec![libc::SIGTERM, libc::SIGALRM]
    }),
    harmless("SIGCHLD blocked", |run| run.blocked = vec![libc::SIGCHLD]),
    harmless("a deleted working directory", |run| {
        run.directory = format!("/run/stage/deleted-{}", run.uid);
        run.directory_is_deleted = true;
    }),
    harmless("a mask that lets everybody write", |run| run.umask = 0),
    harmless("a mask that lets nobody read", |run| run.umask = 0o777),
    harmless("everything bad at once", |run| {
        run.environment.extend(
            ENVIRONMENT
                .iter()
                .map(|(key, value)| (key.to_string(), value.to_string())),
        );
        run.max_file_size = Some(0);
        run.ignored = vec![libc::SIGCHLD, libc::SIGALRM];
        run.blocked = vec![libc::SIGTERM, libc::SIGALRM];
        run.directory = format!("/run/stage/all-{}", run.uid);
        run.directory_is_deleted = true;
        run.umask = 0;
    }),
    Trick {
        says: "twelve open files",
        play: |run| run.max_open_files = Some(12),
        harmless: false,
    },
    Trick {
        says: "six open files",
        play: |run| run.max_open_files = Some(6),
        harmless: false,
    },
    Trick {
        says: "four open files",
        play: |run| run.max_open_files = Some(4),
        harmless: false,
    },
    Trick {
        says: "three open files",
        play: |run| run.max_open_files = Some(3),
        harmless: false,
    },
    Trick {
        says: "64 MiB of memory",
        play: |run| run.max_memory = Some(64 << 20),
        harmless: false,
    },
    Trick {
        says: "16 MiB of memory",
        play: |run| run.max_memory = Some(16 << 20),
        harmless: false,
    },
    Trick {
        says: "8 MiB of memory",
        play: |run| run.max_memory = Some(8 << 20),
        harmless: false,
    },
];

/// A file that the caller wants root to read. The module may not even open it.
const TRAP: &str = "/run/stage/trap";

const ENVIRONMENT: &[(&str, &str)] = &[
    ("AUTHCHAIN_CONFIG", "/run/stage/trap/file"),
    ("AUTHCHAIN_MODULE", "/run/stage/trap/file"),
    ("SSL_CERT_FILE", "/run/stage/trap/file"),
    ("SSL_CERT_DIR", "/run/stage/trap"),
    ("LDAPCONF", "/run/stage/trap/file"),
    ("LDAPRC", "/run/stage/trap/file"),
    ("LDAPTLS_CACERT", "/run/stage/trap/file"),
    ("LDAPTLS_REQCERT", "never"),
    ("KRB5_CONFIG", "/run/stage/trap/file"),
    ("HTTPS_PROXY", "http://127.0.0.1:1"),
    ("RUST_LOG", "trace"),
    ("RUST_BACKTRACE", "full"),
    ("RUST_MIN_STACK", "1"),
    ("TZ", ":/run/stage/trap/file"),
    ("TZDIR", "/run/stage/trap"),
    ("HOME", "/run/stage/trap"),
    ("XDG_CONFIG_HOME", "/run/stage/trap"),
    ("TMPDIR", "/run/stage/trap"),
    ("LOCPATH", "/run/stage/trap"),
    ("LANG", "tr_TR.UTF-8"),
    ("LD_PRELOAD", "/run/stage/trap/file"),
    ("LD_LIBRARY_PATH", "/run/stage/trap"),
    ("PAM_USER", "root"),
    ("PATH", "/run/stage/trap"),
];

fn set_trap(machine: &Machine) -> Inotify {
    machine.write("/run/stage/trap/file", 0o666, "chain = []\n");
    let folder = machine.outside(TRAP);
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    let watch = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC).unwrap();
    watch
        .add_watch(&folder, AddWatchFlags::IN_OPEN | AddWatchFlags::IN_CREATE)
        .unwrap();
    watch
}

/// Tries every attack with the right and with a wrong password.
fn play_all(
    host: Host,
    caller: &Person,
    attempt: fn(&Machine, &Run, &str) -> Outcome,
    right: &str,
) {
    let Some(machine) = machine_for("hostile callers", host) else {
        return;
    };
    let trap = set_trap(&machine);
    for trick in TRICKS {
        for password in [right, "a wrong guess"] {
            let mark = machine.log.mark();
            let mut run = by(&machine, caller, &[]);
            (trick.play)(&mut run);
            let outcome = attempt(&machine, &run, password);
            println!("{}, {password:?}: {}", trick.says, outcome.shown.trim());
            let lines = machine.log.since(mark);
            let about = format!(
                "{host:?}, {}, {password:?}: {}\n{}",
                trick.says,
                outcome.shown,
                listing(&lines)
            );
            if password != right {
                assert!(!outcome.accepted, "a wrong password got in: {about}");
            } else if trick.harmless {
                assert!(
                    outcome.accepted,
                    "the right password did not get in: {about}"
                );
            }
            assert!(
                outcome.code < 128
                    || with_pam_unix(&machine, || attempt(&machine, &run, password)).code
                        == outcome.code,
                "it crashed with {}: {about}",
                outcome.code
            );
            // With too few files or bytes, libpam cannot load any module. The module cannot prevent
            // that.
            if trick.harmless {
                assert_eq!(
                    misbehaviour(&lines, password),
                    Vec::<String>::new(),
                    "{about}"
                );
            }
            assert!(
                trap.read_events().is_err(),
                "somebody opened the trap: {about}"
            );
        }
    }
}

/// Repeats an attack with pam_unix in the module's place. With too few files for the sockets of its
/// terminal, sudo 1.9.16 (Debian 13) ends with SIGSEGV whatever module let the person in.
fn with_pam_unix(machine: &Machine, attack: impl FnOnce() -> Outcome) -> Outcome {
    let stack = "auth required pam_unix.so nodelay\naccount required pam_unix.so\n\
                 session required pam_unix.so\n";
    for service in ["su", "sudo"] {
        machine.stack(service, stack);
    }
    let outcome = attack();
    for service in ["su", "sudo"] {
        machine.stack(service, &machine.plain_stack());
    }
    outcome
}

#[test]
fn a_hostile_caller_of_su_gains_nothing() {
    let right = person("bob").password.unwrap();
    let attempt =
        |machine: &Machine, run: &Run, password: &str| hosts::su(machine, run, "bob", password);
    play_all(Host::Su, &person("mallory"), attempt, &right);
}

#[test]
fn a_hostile_caller_of_sudo_gains_nothing() {
    let right = person("mallory").password.unwrap();
    play_all(Host::Sudo, &person("mallory"), hosts::sudo, &right);
}
