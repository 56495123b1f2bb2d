//! Panics on demand, for the border's own tests.

#![expect(clippy::panic, reason = "panicking is what it is for")]

use std::panic::panic_any;

use crate::arguments::Arguments;

/// A payload that panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic_any("panic payload of a drop");
    }
}

/// Panics where the arguments say so: `panic=text` with a text, `panic=drop` with a [`Bomb`].
pub(crate) fn obey(arguments: &Arguments) {
    for argument in &arguments.unknown {
        match argument.as_str() {
            "panic=text" => panic_any("panic payload with a password in it"),
            "panic=drop" => panic_any(Bomb),
            _ => {}
        }
    }
}
