//! The wall clock.

use std::time::SystemTime;

/// Returns the date and time.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of the worker where the date is read"
)]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}
