//! What a test needs that not every machine gives. Tests that are skipped for want of it say so,
//! loudly.

use std::io::Write;

/// Whether this is root, whom namespaces and mounts need. If not, says that `test` is skipped.
///
/// # Panics
/// As [`skip`].
pub fn root(test: &str) -> bool {
    nix::unistd::geteuid().is_root() || skip(test, "namespaces and mounts need root")
}

/// Whether this file is there: a server's program, a module of it. If not, says that `test` is skipped.
///
/// # Panics
/// As [`skip`].
pub fn file(test: &str, path: &str) -> bool {
    std::path::Path::new(path).exists() || skip(test, &format!("there is no {path}"))
}

/// Says that `test` is skipped and why. Always false, for the caller to return on.
///
/// # Panics
/// Where `CI` is `true`: a green run that tested nothing is worse than a red one.
pub fn skip(test: &str, why: &str) -> bool {
    let text = format!("skipped: {test}: {why}");
    // Past the test harness, which hides what passing tests print.
    let _ = writeln!(std::io::stderr(), "{text}");
    let ci = std::env::var("CI").unwrap_or_default();
    assert_ne!(ci, "true", "{text}, and in CI nothing is skipped");
    false
}
