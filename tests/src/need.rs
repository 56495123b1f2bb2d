//! Requirements of tests that not every machine meets. A skipped test says loudly which one is
//! missing.

use std::io::Write;

use nix::sched::{CloneFlags, unshare};

/// Whether the tests run as root and may make the namespaces and mounts that they need. If not,
/// says that `test` is skipped.
///
/// # Panics
/// As [`skip`].
pub fn root(test: &str) -> bool {
    if !nix::unistd::geteuid().is_root() {
        return skip(test, "namespaces and mounts need root");
    }
    may_make_namespaces() || skip(test, "this container may make no namespaces and mounts")
}

/// False in an ordinary container, and true in one of `docker run --privileged`.
fn may_make_namespaces() -> bool {
    // The namespace ends with the thread.
    let attempt = std::thread::spawn(|| unshare(CloneFlags::CLONE_NEWNS).is_ok());
    attempt.join().unwrap_or(false)
}

/// Whether this file exists: a server's program, or a module of a server. If not, says that `test`
/// is skipped.
///
/// # Panics
/// As [`skip`].
pub fn file(test: &str, path: &str) -> bool {
    std::path::Path::new(path).exists() || skip(test, &format!("there is no {path}"))
}

/// Returns `is_there`, for `what` Debian has since 13. If not, says that `test` is skipped, on
/// Debian 12 also in CI, which runs it on Debian 13.
///
/// # Panics
/// As [`skip`], elsewhere than on Debian 12.
pub fn since_debian_13(test: &str, what: &str, is_there: bool) -> bool {
    let version = std::fs::read_to_string("/etc/debian_version").unwrap_or_default();
    if !is_there && version.starts_with("12.") {
        say_skipped(test, &format!("Debian 12 has no {what}"));
    } else if !is_there {
        skip(test, &format!("there is no {what}"));
    }
    is_there
}

/// Says that `test` is skipped, and why. Returns false, for callers that return the answer.
///
/// # Panics
/// Where `CI` is `true`: a green run that tested nothing is worse than a red one.
pub fn skip(test: &str, why: &str) -> bool {
    let text = say_skipped(test, why);
    let ci = std::env::var("CI").unwrap_or_default();
    assert_ne!(ci, "true", "{text}, and in CI nothing is skipped");
    false
}

fn say_skipped(test: &str, why: &str) -> String {
    // The harness names the thread after the function; `tests/run` counts the names.
    let thread = std::thread::current();
    let text = format!(
        "skipped: {}: {test}: {why}",
        thread.name().unwrap_or_default()
    );
    // Written to the descriptor: the test harness hides what passing tests print.
    let _ = writeln!(std::io::stderr(), "{text}");
    text
}
