//! What a test needs that not every machine gives.

use std::io::Write;

/// Whether this is root; says so loudly if it is not.
///
/// # Panics
/// If it is not, and `CI` says that every test must run.
pub fn root() -> bool {
    let is_root = nix::unistd::geteuid().is_root();
    if !is_root {
        // Not eprintln: what a passing test prints that way, nobody sees.
        let line = "skipped: needs root, for a mount namespace with a /dev/log of its own\n";
        let _ = std::io::stderr().write_all(line.as_bytes());
        let ci = std::env::var("CI").unwrap_or_default();
        assert_ne!(ci, "true", "in CI nothing is skipped");
    }
    is_root
}
