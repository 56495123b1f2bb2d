//! What a test needs that not every machine gives.

use std::io::Write;
use std::process::Command;

/// Whether this is root; says so loudly if it is not.
///
/// # Panics
/// If it is not, and `CI` says that every test must run.
pub fn root() -> bool {
    let is_root = nix::unistd::geteuid().is_root();
    needed(
        is_root,
        "root, for a mount namespace with a /dev/log of its own",
    )
}

/// Whether this is root, who alone can become somebody else; says so loudly if it is not.
///
/// # Panics
/// If it is not, and `CI` says that every test must run.
pub fn root_to_become_another() -> bool {
    let is_root = nix::unistd::geteuid().is_root();
    needed(is_root, "root, for a worker with a user of its own")
}

/// Whether this program is installed; says so loudly if it is not.
///
/// # Panics
/// If it is not, and `CI` says that every test must run.
pub fn program(name: &str) -> bool {
    let answer = Command::new(name).arg("--version").output();
    needed(answer.is_ok(), &format!("the program {name}"))
}

/// Whether this file is there; says so loudly if it is not.
///
/// # Panics
/// If it is not, and `CI` says that every test must run.
pub fn file(path: &str) -> bool {
    needed(std::path::Path::new(path).exists(), path)
}

fn needed(is_there: bool, what: &str) -> bool {
    if !is_there {
        // Not eprintln: what a passing test prints that way, nobody sees.
        let line = format!("skipped: needs {what}\n");
        let _ = std::io::stderr().write_all(line.as_bytes());
        let ci = std::env::var("CI").unwrap_or_default();
        assert_ne!(ci, "true", "in CI nothing is skipped");
    }
    is_there
}
