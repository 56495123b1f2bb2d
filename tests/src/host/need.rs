//! What a test needs that not every machine gives.

/// Whether this is root; says so loudly if it is not.
///
/// # Panics
/// If it is not, and `CI` says that every test must run.
pub fn root() -> bool {
    let is_root = nix::unistd::geteuid().is_root();
    if !is_root {
        eprintln!("skipped: needs root, for a mount namespace with a /dev/log of its own");
        let ci = std::env::var("CI").unwrap_or_default();
        assert_ne!(ci, "true", "in CI nothing is skipped");
    }
    is_root
}
