//! The servers of a directory, as the settings or DNS name them.

use authchain::config::settings::ldap::srv::SrvService;
use authchain::config::settings::ldap::uri::{Scheme, ServerUri};
use authchain::config::settings::ldap::{LdapSettings, Tls};

use crate::net::connect::{Encryption, Endpoint, TcpEndpoint, UnixEndpoint};
use crate::net::dns;
use crate::net::srv::Target;
use crate::servers;

/// A server that may know the answer, or the SRV record that names such servers.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// A server.
    Server(LdapServer),
    /// SRV records of DNS, which name servers.
    Records(SrvRecord),
}

/// A server of the directory.
#[derive(Debug, Clone)]
pub(super) struct LdapServer {
    /// Its name in messages and for the module: its URI.
    pub(super) name: String,
    /// Its address.
    pub(super) endpoint: Endpoint,
    /// True if TLS is begun by StartTLS on a connection in the clear.
    pub(super) starttls: bool,
}

/// SRV records to ask DNS for.
#[derive(Debug, Clone)]
pub(super) struct SrvRecord {
    pub(super) service: SrvService,
    /// The port of all servers, whatever the records say.
    pub(super) port: Option<u16>,
}

impl servers::Server for Source {
    fn name(&self) -> &str {
        match self {
            Self::Server(server) => &server.name,
            Self::Records(records) => &records.service.name,
        }
    }

    fn names_servers(&self) -> bool {
        matches!(self, Self::Records(_))
    }
}

impl Source {
    /// Returns the endpoint of a server; SRV records have none.
    pub(super) fn endpoint(&self) -> Option<&Endpoint> {
        match self {
            Self::Server(server) => Some(&server.endpoint),
            Self::Records(_) => None,
        }
    }

    /// Returns whether connections to it, or to the servers it names, are encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        match self {
            Self::Server(server) => server.is_encrypted(),
            Self::Records(records) => records.service.tls != Tls::None,
        }
    }

    /// Returns the port to connect to; `None` where DNS says which.
    #[cfg(test)]
    pub(super) fn port(&self) -> Option<u16> {
        match self {
            Self::Server(server) => server.tcp().map(|server| server.port),
            Self::Records(records) => records.port,
        }
    }
}

impl LdapServer {
    /// Returns a server that the settings name. Looks at the socket, if it is one: called before
    /// the process is confined.
    pub(super) fn named(uri: &ServerUri, tls: Tls) -> Self {
        let endpoint = match uri.scheme {
            Scheme::Ldapi => Endpoint::Unix(UnixEndpoint::at(&uri.host)),
            Scheme::Ldap | Scheme::Ldaps => Endpoint::Tcp(TcpEndpoint {
                host: uri.host.clone(),
                port: uri.port,
                encryption: encryption(tls),
                identity: uri.host.clone(),
            }),
        };
        Self {
            name: uri.as_str().to_owned(),
            endpoint,
            starttls: tls == Tls::Starttls,
        }
    }

    /// Returns a server that DNS names.
    pub(super) fn found(target: Target, tls: Tls) -> Self {
        let scheme = match tls {
            Tls::Ldaps => Scheme::Ldaps,
            Tls::Starttls | Tls::None => Scheme::Ldap,
        };
        let uri = ServerUri::new(scheme, &target.host, target.port);
        Self {
            name: uri.as_str().to_owned(),
            endpoint: Endpoint::Tcp(TcpEndpoint {
                host: target.host,
                port: target.port,
                encryption: encryption(tls),
                identity: target.identity,
            }),
            starttls: tls == Tls::Starttls,
        }
    }

    /// Returns its address on the network; `None` for a socket of this machine.
    pub(super) fn tcp(&self) -> Option<&TcpEndpoint> {
        match &self.endpoint {
            Endpoint::Tcp(server) => Some(server),
            Endpoint::Unix(_) => None,
        }
    }

    /// Returns whether connections to it are encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        (self.tcp()).is_some_and(|server| server.encryption == Encryption::Tls)
    }
}

fn encryption(tls: Tls) -> Encryption {
    match tls {
        Tls::Ldaps | Tls::Starttls => Encryption::Tls,
        Tls::None => Encryption::Plain,
    }
}

/// Returns the sources in the order in which they are asked: the servers that the settings name,
/// those that DNS names, and those of `backup_uris`.
pub(super) fn sources(settings: &LdapSettings) -> Vec<Source> {
    let server = |(uri, tls)| Source::Server(LdapServer::named(uri, tls));
    let records = (settings.srv_service())
        .map(|service| SrvRecord {
            service,
            port: None,
        })
        .map(Source::Records);
    let named = settings.servers().map(server);
    let backup = settings.backup_servers().map(server);
    named.chain(records).chain(backup).collect()
}

/// Returns the ports of these sources, and that of name servers if there is a name among them.
/// `None`, which means any port, if DNS names servers: it may name their ports, too.
pub(super) fn ports(sources: &[Source]) -> Option<Vec<u16>> {
    let mut ports = Vec::new();
    let mut needs_dns = false;
    for source in sources {
        match source {
            Source::Records(records) => {
                ports.push(records.port?);
                needs_dns = true;
            }
            Source::Server(server) => {
                if let Some(tcp) = server.tcp() {
                    ports.push(tcp.port);
                    needs_dns |= dns::is_name(&tcp.host);
                }
            }
        }
    }
    ports.extend(needs_dns.then_some(dns::PORT));
    Some(ports)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(settings: &str) -> Option<Vec<u16>> {
        let settings: LdapSettings = serde_json::from_str(settings).unwrap();
        ports(&sources(&settings))
    }

    #[test]
    fn no_port_is_open_that_no_server_needs() {
        let of = |uris: &str| reached(&format!("{{\"uris\":[{uris}]}}")).unwrap();
        assert_eq!(of(r#""ldapi://%2Fs""#), [0; 0]);
        assert_eq!(of(r#""ldap://127.0.0.1","ldaps://[::1]""#), [389, 636]);
        let named = of(r#""ldaps://a.example:7","ldap://1.2.3.4""#);
        assert_eq!(named, [7, 389, 53]);
    }

    #[test]
    fn servers_that_dns_names_may_be_on_any_port() {
        let settings = r#"{"uris":["ldap://127.0.0.1"],"srv":"example.com"}"#;
        assert_eq!(reached(settings), None);
    }
}
