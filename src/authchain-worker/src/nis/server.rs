//! The servers of a domain, as the settings name them.

use authchain::config::settings::nis::Address;

use crate::net::dns;
use crate::servers::Server;

/// A server, and its name in the settings.
#[derive(Clone)]
pub(super) struct NisServer {
    pub(super) name: String,
    pub(super) address: Address,
}

impl Server for NisServer {
    fn name(&self) -> &str {
        &self.name
    }
}

/// Returns whether the address of one of them has to be resolved.
pub(super) fn has_names(servers: &[NisServer]) -> bool {
    (servers.iter()).any(|server| dns::is_name(&server.address.host))
}

/// Reads the address of a server.
///
/// # Errors
/// For a malformed address.
pub(super) fn named(text: &str) -> Result<NisServer, String> {
    let address = Address::parse(text).map_err(|error| format!("settings: \"{text}\" {error}"))?;
    let name = text.to_owned();
    Ok(NisServer { name, address })
}
