//! A name that nobody has, to ask backends about.

use authchain::words::Username;

/// Returns a name that nobody has. A backend that works answers that it does not know the name.
pub(super) fn nobody() -> Option<Username> {
    Username::parse(b"authchain-check").ok()
}
