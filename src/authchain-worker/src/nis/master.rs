//! The master of a domain, on which passwords are changed.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use authchain::config::settings::nis::{Address, NisSettings};
use authchain::tools::deadline::Deadline;
use authchain::tools::journal::quoted;

use super::client::{Client, MASTER};
use super::maps::passwd_map;
use super::portmap;
use crate::net::dns::Dns;
use crate::net::failure::Failure;

/// The master of a domain.
pub(super) enum Master<'s> {
    /// The one in the settings.
    Known(&'s Address),
    /// The one that a server names. It gets nobody's password unless it is one of the servers in
    /// the settings.
    Named(String),
}

impl<'s> Master<'s> {
    /// Finds out who is the master, from the settings or from a server.
    pub(super) async fn find(
        settings: &'s NisSettings,
        client: &mut Client<'_>,
    ) -> Result<Self, Failure> {
        match &settings.yppasswdd {
            Some(address) => Ok(Self::Known(address)),
            None => (client.master(passwd_map(settings)).await).map(Self::Named),
        }
    }

    /// Returns the addresses of the master, with the port of its portmapper.
    ///
    /// # Errors
    /// When a server has named a host that is none of the servers in the settings.
    pub(super) async fn addresses(
        &self,
        settings: &NisSettings,
        dns: &Dns,
        deadline: Deadline,
    ) -> Result<Vec<SocketAddr>, Failure> {
        match self {
            Self::Known(address) => dns.addresses(&address.host, portmap::PORT, deadline).await,
            Self::Named(name) => listed(settings, dns, name, deadline).await,
        }
    }
}

impl fmt::Display for Master<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(address) => f.write_str(&address.host),
            Self::Named(name) => f.write_str(&quoted(name)),
        }
    }
}

/// Returns the addresses of the server of this name in the settings, or else those addresses of the
/// name that a server in the settings has.
async fn listed(
    settings: &NisSettings,
    dns: &Dns,
    name: &str,
    deadline: Deadline,
) -> Result<Vec<SocketAddr>, Failure> {
    let is_named = |server: &&Address| server.host.eq_ignore_ascii_case(name);
    if let Some(server) = settings.servers.iter().find(is_named) {
        return dns.addresses(&server.host, portmap::PORT, deadline).await;
    }
    let named = match Address::parse(name) {
        Ok(Address {
            host, port: None, ..
        }) => dns.addresses(&host, portmap::PORT, deadline).await,
        _ => return Err(not_listed(name, "which is no name of a host")),
    };
    let mut named = named.map_err(|failure| not_listed(name, &failure.text))?;
    let mut servers: Vec<IpAddr> = Vec::new();
    for server in &settings.servers {
        let addresses = dns.addresses(&server.host, portmap::PORT, deadline).await;
        servers.extend(addresses.iter().flatten().map(SocketAddr::ip));
    }
    named.retain(|address| servers.contains(&address.ip()));
    match named.is_empty() {
        true => Err(not_listed(name, "which is none of servers")),
        false => Ok(named),
    }
}

fn not_listed(name: &str, why: &str) -> Failure {
    let name = quoted(name);
    let text = format!("a server names {name}, {why}; if it is the master, write it as yppasswdd");
    Failure::settings(MASTER, text)
}
