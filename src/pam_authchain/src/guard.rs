//! Keeps a panic in the module from ending the host program.

use std::mem;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::path::PathBuf;
use std::sync::Once;

use authchain::tools::journal::{DEFAULT_SOCKET, Journal, Severity, Syslog};
use authchain::words::PamCode;

/// Runs `answer`. If it panics, logs where, and returns `PAM_SYSTEM_ERR`.
pub(crate) fn catching(answer: impl FnOnce() -> PamCode) -> PamCode {
    set_hook();
    // Unwind safe: the values that `answer` was changing are dropped with it. Only a hint outlives
    // a call, and it is stored whole or not at all.
    match panic::catch_unwind(AssertUnwindSafe(answer)) {
        Ok(code) => code,
        Err(payload) => {
            #[expect(
                clippy::mem_forget,
                reason = "its drop may panic again, outside the guard; a few bytes are lost"
            )]
            mem::forget(payload);
            PamCode::SystemError
        }
    }
}

/// Replaces std's panic hook. That hook prints to stderr, which ends a host whose stderr is closed,
/// and obeys `RUST_BACKTRACE`, which the caller of su may set.
///
/// The hook belongs to the module's own copy of std: a host written in Rust keeps its hook.
fn set_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| panic::set_hook(Box::new(tell_where)));
}

/// Logs the place of a panic, but not its message, which may contain a password.
///
/// The line goes to the default socket, because the panic may have happened while the configuration
/// was read. It does not name the thread: `thread::current` would leave a destructor in the host's
/// thread.
fn tell_where(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    let place = place.unwrap_or_else(|| "an unknown place".to_owned());
    let syslog = Syslog::new(PathBuf::from(DEFAULT_SOCKET));
    syslog.write(
        Severity::LOG_ERR,
        &format!("pam_authchain: panic at {place}; answered PAM_SYSTEM_ERR"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A payload that panics when it is dropped.
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("second panic");
        }
    }

    #[test]
    fn a_panic_is_a_system_error() {
        assert_eq!(catching(|| panic!("secret")), PamCode::SystemError);
        assert_eq!(catching(|| panic::panic_any(Bomb)), PamCode::SystemError);
    }

    #[test]
    fn an_answer_passes_through() {
        assert_eq!(catching(|| PamCode::AuthError), PamCode::AuthError);
    }
}
