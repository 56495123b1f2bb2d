//! Panics on demand, for the tests of the panic guard.

#![expect(clippy::panic, reason = "the purpose of this file")]

use std::panic::panic_any;
use std::thread;

use authchain::config::ModuleArguments;

/// A payload that panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic_any("panic payload of a drop");
    }
}

/// Panics where the arguments say so: `panic=text` with a text, `panic=drop` with a [`Bomb`], and
/// `panic=thread` after std has left a destructor of ours in the host's thread.
pub(crate) fn obey(arguments: &ModuleArguments) {
    for argument in &arguments.unknown {
        match argument.as_str() {
            "panic=text" => panic_any("panic payload with a password in it"),
            "panic=drop" => panic_any(Bomb),
            "panic=thread" => panic_any(in_thread()),
            _ => {}
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test needs the destructor that this call leaves behind"
)]
fn in_thread() -> String {
    format!("panic payload in {:?}", thread::current().id())
}
