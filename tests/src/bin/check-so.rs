//! Checks whether the built module may be loaded into `sshd`: reads its ELF with readelf(1).
//!
//! Usage: `check-so target/release/libpam_authchain.so`. Prints each check, and ends with 1 if one
//! fails.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, ExitCode};

/// The functions that libpam looks up. Another export could be called in place of another library's
/// function.
const EXPORTS: &[&str] = &[
    "pam_sm_acct_mgmt",
    "pam_sm_authenticate",
    "pam_sm_chauthtok",
    "pam_sm_close_session",
    "pam_sm_open_session",
    "pam_sm_setcred",
];

/// The libraries that may be loaded with the module. Each one costs time in every login.
const NEEDED: &[&str] = &[
    "libpam.so.0",
    "libcrypt.so.1",
    "libcrypt.so.2",
    "libgcc_s.so.1",
    "libc.so.6",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
];

/// The functions that the module may call, and why. Any other is a fault: setenv, signal,
/// sigaction, umask and chdir change the host; fork, execve and pthread_create leave something
/// behind; exit ends the host; dlopen and system run what the caller's environment says; connect
/// speaks to a network. Add the reason with each name.
const IMPORTS: &[(&str, &[&str])] = &[
    (
        "memory",
        &["malloc", "calloc", "realloc", "free", "posix_memalign"],
    ),
    (
        "bytes",
        &["memcpy", "memmove", "memset", "memcmp", "bcmp", "strlen"],
    ),
    (
        "files, opened once and judged by descriptor",
        &[
            "open64", "read", "pread64", "close", "fstat64", "lstat64", "lseek64", "statx",
        ],
    ),
    (
        "the folders on the way to them, links followed",
        &["readlink", "realpath"],
    ),
    ("clocks", &["clock_gettime"]),
    ("whose process this is", &["getuid", "geteuid", "getpid"]),
    (
        "the system's names, for the uid behind one",
        &["getpwnam_r", "sysconf"],
    ),
    (
        "a line to the logger, which is waited for a moment",
        &["socket", "connect", "send", "poll"],
    ),
    (
        "a worker, started without a fork of the host",
        &[
            "posix_spawn",
            "posix_spawnattr_*",
            "posix_spawn_file_actions_*",
        ],
    ),
    (
        "a talk with it, with a deadline",
        &["socketpair", "fcntl", "poll", "send", "recv"],
    ),
    (
        "its end, by its own number",
        &["kill", "killpg", "ppoll", "waitid", "waitpid"],
    ),
    (
        "SIGCHLD kept from the host's handlers meanwhile; the worker's own mask",
        &[
            "pthread_sigmask",
            "sigemptyset",
            "sigfillset",
            "sigaddset",
            "sigismember",
        ],
    ),
    (
        "empty files about servers that are down, in a folder that is nobody else's",
        &[
            "open",
            "openat",
            "mkdir",
            "fstat",
            "fstatat",
            "fdopendir",
            "readdir",
            "rewinddir",
            "closedir",
            "futimens",
            "linkat",
            "unlinkat",
        ],
    ),
    (
        "libpam",
        &[
            "pam_get_item",
            "pam_get_user",
            "pam_get_authtok",
            "pam_fail_delay",
            "pam_getenv",
        ],
    ),
    (
        "the ledgers of second factors: listed, appended to, flushed; and the session of a login",
        &["opendir", "readdir64", "dirfd", "fdatasync", "getsid"],
    ),
    (
        "the caller of passwd kept from stopping it while the account files are locked",
        &["getresuid", "setresuid"],
    ),
    (
        "a new password that is of no use, cleared in libpam",
        &["pam_set_item"],
    ),
    (
        "a new account file in place of the old one (rustix copies extended attributes, and gets \
         random numbers, by system calls of its own)",
        &[
            "write", "fchown", "fchmod", "getegid", "fsync", "rename", "unlink",
        ],
    ),
    (
        "the limit on file sizes, raised while that file is written",
        &["getrlimit", "setrlimit"],
    ),
    (
        "a home directory, made with its owner's rights beside its place and then renamed",
        &[
            "mkdirat",
            "symlinkat",
            "readlinkat",
            "chmod",
            "renameat2",
            "setfsuid",
            "setfsgid",
        ],
    ),
    (
        "what a login knows of the account, kept by libpam for the next question",
        &["pam_set_data", "pam_get_data"],
    ),
    ("hashes of passwords", &["crypt_rn"]),
    ("errors as text", &["__errno_location", "__xpg_strerror_r"]),
    (
        "std's locks and checked system calls (futex, statx)",
        &["syscall"],
    ),
    (
        "thread locals, in the general form that dlopen can always serve",
        &["__tls_get_addr"],
    ),
    (
        "unwinding to the panic guard",
        &["_Unwind_*", "dl_iterate_phdr"],
    ),
    (
        "std's own panic hook, linked and replaced by ours before the first line that can panic: \
      it would ask for RUST_BACKTRACE and write to stderr",
        &[
            "getenv", "getcwd", "write", "mmap64", "munmap", "realpath", "readlink", "stat64",
            "gettid",
        ],
    ),
    (
        "a panic inside the panic hook, and std's last resort",
        &["abort"],
    ),
    (
        "what every shared object of gcc's refers to",
        &["__cxa_finalize", "__gmon_start__", "_ITM_*"],
    ),
];

/// The size of a login program: see "The module may have 1.7 MB" in
/// docs/decisions.md.
const MAX_STRIPPED: u64 = 1_700_000;

/// The C library of Debian 12, the oldest system we say we run on.
const GLIBC_FLOOR: (u32, u32) = (2, 36);

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("usage: check-so MODULE");
        return ExitCode::from(2);
    };
    let checks = checks(Path::new(&path));
    for check in &checks {
        let mark = if check.faults.is_empty() {
            "ok"
        } else {
            "FAULT"
        };
        println!("{mark:5}  {:<28}{}", check.what, check.found);
        for fault in &check.faults {
            println!("       {fault}");
        }
    }
    if checks.iter().all(|check| check.faults.is_empty()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// One line of the table.
struct Check {
    what: &'static str,
    found: String,
    faults: Vec<String>,
}

impl Check {
    fn new(what: &'static str, found: impl Into<String>, faults: Vec<String>) -> Self {
        let found = found.into();
        Self {
            what,
            found,
            faults,
        }
    }

    /// A check that has only one possible fault.
    fn that(what: &'static str, holds: bool, otherwise: &str) -> Self {
        let faults = if holds {
            vec![]
        } else {
            vec![otherwise.to_owned()]
        };
        Self::new(what, if holds { "yes" } else { "no" }, faults)
    }
}

fn checks(path: &Path) -> Vec<Check> {
    let dynamic = readelf("-d", path);
    let segments = readelf("-l", path);
    let symbols = symbols(&readelf("--dyn-syms", path));
    let relocations = readelf("-r", path);
    let has = |text: &str| dynamic.contains(text);
    vec![
        exports(&symbols),
        needed(&dynamic),
        imports(&symbols),
        glibc(&symbols),
        size(path),
        Check::that(
            "bound at load time",
            has("BIND_NOW") || has("Flags: NOW"),
            "a missing symbol would show at a login",
        ),
        Check::that(
            "never unloaded",
            has("NODELETE"),
            "a thread of the host would end in unmapped code",
        ),
        Check::that(
            "relocations read-only",
            segments.contains("GNU_RELRO"),
            "no GNU_RELRO segment",
        ),
        Check::that(
            "stack not executable",
            stack_is_data(&segments),
            "GNU_STACK is missing or executable",
        ),
        Check::that(
            "no writable code",
            !writable_code(&segments),
            "a segment is both writable and executable",
        ),
        Check::that(
            "no text relocations",
            !has("TEXTREL"),
            "code is changed when it is loaded",
        ),
        Check::that(
            "no search path of its own",
            !has("(RPATH)") && !has("(RUNPATH)"),
            "RPATH or RUNPATH",
        ),
        Check::that(
            "no static TLS",
            !has("STATIC_TLS") && !relocations.contains("TPOFF"),
            "dlopen may fail for want of TLS space",
        ),
    ]
}

fn exports(symbols: &[Symbol]) -> Check {
    let found: BTreeSet<&str> = symbols
        .iter()
        .filter(|s| s.defined)
        .map(|s| s.name.as_str())
        .collect();
    let expected: BTreeSet<&str> = EXPORTS.iter().copied().collect();
    let missing = expected
        .difference(&found)
        .map(|name| format!("missing: {name}"));
    let more = found
        .difference(&expected)
        .map(|name| format!("not ours to export: {name}"));
    Check::new(
        "exports",
        format!("{} functions", found.len()),
        missing.chain(more).collect(),
    )
}

fn needed(dynamic: &str) -> Check {
    let libraries: Vec<&str> = dynamic
        .lines()
        .filter(|line| line.contains("(NEEDED)"))
        .filter_map(|line| line.split_once('[')?.1.split(']').next())
        .collect();
    let mut faults: Vec<String> = (libraries.iter())
        .filter(|library| !NEEDED.contains(library))
        .map(|library| format!("not on the list: {library}"))
        .collect();
    if !libraries.contains(&"libpam.so.0") {
        faults
            .push("libpam.so.0 is not named: hosts with a private libpam cannot load this".into());
    }
    Check::new("needs", libraries.join(" "), faults)
}

fn imports(symbols: &[Symbol]) -> Check {
    let imported: Vec<&str> = symbols
        .iter()
        .filter(|s| !s.defined)
        .map(|s| s.name.as_str())
        .collect();
    let allowed = |name: &str| {
        IMPORTS.iter().flat_map(|(_, names)| *names).any(|allowed| {
            match allowed.strip_suffix('*') {
                Some(beginning) => name.starts_with(beginning),
                None => name == *allowed,
            }
        })
    };
    let faults = imported.iter().filter(|name| !allowed(name));
    let faults = faults
        .map(|name| format!("not on the list in check-so.rs: {name}"))
        .collect();
    Check::new(
        "imports",
        format!("{} functions, each with its reason", imported.len()),
        faults,
    )
}

fn glibc(symbols: &[Symbol]) -> Check {
    let version = |symbol: &Symbol| {
        let (major, minor) = symbol.version.strip_prefix("GLIBC_")?.split_once('.')?;
        Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
    };
    let highest: (u32, u32) = symbols.iter().filter_map(version).max().unwrap_or_default();
    let faults = if highest > GLIBC_FLOOR {
        vec![format!("newer than {GLIBC_FLOOR:?}")]
    } else {
        vec![]
    };
    Check::new(
        "C library from",
        format!("{}.{}", highest.0, highest.1),
        faults,
    )
}

fn size(path: &Path) -> Check {
    let folder = tempfile::tempdir().unwrap();
    let stripped = folder.path().join("stripped.so");
    run(Command::new("strip")
        .arg("--strip-unneeded")
        .arg("-o")
        .arg(&stripped)
        .arg(path));
    let size = std::fs::metadata(&stripped).map_or(u64::MAX, |metadata| metadata.len());
    let faults = if size > MAX_STRIPPED {
        vec![format!("more than {MAX_STRIPPED} bytes")]
    } else {
        vec![]
    };
    Check::new("stripped size", format!("{size} bytes"), faults)
}

fn stack_is_data(segments: &str) -> bool {
    let stack = segments.lines().find(|line| line.contains("GNU_STACK"));
    stack.is_some_and(|line| line.contains(" RW "))
}

fn writable_code(segments: &str) -> bool {
    segments
        .lines()
        .any(|line| line.contains("LOAD") && line.contains("RWE"))
}

/// A line of the dynamic symbol table.
#[derive(Debug, PartialEq)]
struct Symbol {
    name: String,
    version: String,
    defined: bool,
}

/// `62: 000000000002f990    46 FUNC    GLOBAL DEFAULT   15 pam_sm_acct_mgmt`
fn symbols(table: &str) -> Vec<Symbol> {
    let lines = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    lines
        .filter(|words| {
            words.len() >= 8
                && words[0].trim_end_matches(':').parse::<u32>().is_ok()
                && words[4] != "LOCAL"
        })
        .map(|words| {
            let (name, version) = words[7].split_once('@').unwrap_or((words[7], ""));
            Symbol {
                name: name.to_owned(),
                version: version.trim_start_matches('@').to_owned(),
                defined: words[6] != "UND",
            }
        })
        .collect()
}

fn readelf(what: &str, path: &Path) -> String {
    run(Command::new("readelf").args(["-W", what]).arg(path))
}

/// The command's output.
fn run(command: &mut Command) -> String {
    let output = command.env("LC_ALL", "C").output();
    match output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into(),
        Ok(output) => fail(command, String::from_utf8_lossy(&output.stderr).trim()),
        Err(error) => fail(command, &error.to_string()),
    }
}

fn fail(command: &Command, why: &str) -> ! {
    eprintln!("{command:?}: {why}");
    std::process::exit(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
Symbol table '.dynsym' contains 4 entries:
   Num:    Value          Size Type    Bind   Vis      Ndx Name
     0: 0000000000000000     0 NOTYPE  LOCAL  DEFAULT  UND
     1: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND setenv@GLIBC_2.38 (3)
     2: 000000000002f990    46 FUNC    GLOBAL DEFAULT   15 pam_sm_acct_mgmt
     3: 000000000002f990    46 FUNC    GLOBAL DEFAULT   15 helper
";

    #[test]
    fn what_should_not_be_there_is_named() {
        let symbols = symbols(TABLE);
        assert_eq!(symbols.len(), 3);
        let faults = [exports(&symbols), imports(&symbols), glibc(&symbols)].map(|c| c.faults);
        assert!(faults[0].contains(&"not ours to export: helper".to_owned()));
        assert!(faults[0].contains(&"missing: pam_sm_setcred".to_owned()));
        assert!(faults[1][0].ends_with(": setenv"));
        assert_eq!(faults[2].len(), 1);
    }

    #[test]
    fn a_library_too_many_and_one_too_few_are_faults() {
        let line = " 0x01 (NEEDED)             Shared library: [libssl.so.3]\n";
        assert_eq!(needed(line).faults.len(), 2);
    }

    #[test]
    fn an_executable_stack_is_seen() {
        let line =
            |flags| format!("  GNU_STACK      0x000000 0x0 0x0 0x000000 0x000000 {flags} 0x10\n");
        assert!(stack_is_data(&line("RW ")));
        assert!(!stack_is_data(&line("RWE")));
        assert!(!stack_is_data(""));
    }
}
