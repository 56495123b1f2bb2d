//! One question, as it is put to one server.

use authchain::backends::protocol::Question;
use authchain::config::settings::nis::{Address, NisSettings};
use authchain::tools::deadline::Deadline;

use crate::net::dns::Dns;
use crate::servers::Server as _;

/// One question, as it is put to one server.
pub(super) struct NisInquiry<'a> {
    pub(super) settings: &'a NisSettings,
    pub(super) dns: &'a Dns,
    pub(super) server: &'a Address,
    pub(super) question: &'a Question<'a>,
    /// The end of the question: a hash must be done by then.
    pub(super) whole: Deadline,
}

impl NisInquiry<'_> {
    /// Returns a text about the server, for the log.
    pub(super) fn about_server(&self, why: impl std::fmt::Display) -> String {
        format!("{}: {why}", self.server.name())
    }
}
