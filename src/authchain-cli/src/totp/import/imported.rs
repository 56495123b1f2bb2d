//! The secret of another program's file.

use authchain::files::authenticator::Authenticator;

/// The part of another program's file that is taken over.
pub(super) struct Imported {
    pub(super) authenticator: Authenticator,
    /// The time step of the last code that was used, as far as the file says.
    pub(super) last_step: Option<u64>,
    /// Things that are not taken over, in words.
    pub(super) remarks: Vec<String>,
}
