//! The answer to `--about` of a worker behind every wall, for tests of code that judges it.

/// Returns the answer as JSON.
pub(super) fn about() -> serde_json::Value {
    serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "complete": true,
        "confined": {
            "user": {"name": "authchain", "uid": 990, "gid": 990, "is_other": true},
            "no_new_privs": true,
            "capabilities": 0,
            "landlock": {"state": "enforced", "abi": 6},
            "seccomp": true,
            "notes": [],
        },
    })
}
