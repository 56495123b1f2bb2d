//! The servers of a domain, as the settings name them.

use authchain::config::settings::nis::Address;

use crate::net::dns;
use crate::servers::Server;

impl Server for Address {
    fn name(&self) -> &str {
        self.as_str()
    }
}

/// Returns whether the address of one of them has to be resolved.
pub(super) fn has_names(servers: &[Address]) -> bool {
    (servers.iter()).any(|server| dns::is_name(&server.host))
}
