//! Tests that need root say so, loudly.

use std::io::Write;

/// Can the tests make machines here? If not, says why the calling test is skipped.
///
/// Where `CI` is `true` a skip is a failure: a green run that tested nothing is worse than a red one.
pub fn can_stage(test: &str) -> bool {
    if nix::unistd::geteuid().is_root() {
        return true;
    }
    skip(test, "making a machine of namespaces needs root")
}

/// Says that `test` is skipped and why. Always false, for the caller to return on.
///
/// # Panics
/// Where `CI` is `true`.
pub fn skip(test: &str, why: &str) -> bool {
    note(&format!("skipped: {test}: {why}"));
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "skipped: {test}: {why} (and CI does not skip)"
    );
    false
}

/// Says something that is to be heard even if every test passes.
pub fn note(text: &str) {
    // Past the test harness, which hides what passing tests print.
    let _ = writeln!(std::io::stderr(), "{text}");
}
