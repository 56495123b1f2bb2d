//! Connects to a server: names, sockets, TLS and its certificate.

use std::net::SocketAddr;
use std::time::Duration;

use authchain::config::settings::tls::TlsVerify;
use authchain::tools::deadline::Deadline;
use authchain::tools::journal::quoted;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::{Directory, Examination, Remark};
use crate::clock::now;
use crate::ldap::sources::{LdapServer, SrvRecord};
use crate::ldap::starttls;
use crate::net::connect::{self, CONNECT, Connection, Encryption, Endpoint, TLS, TcpEndpoint};
use crate::net::dns;
use crate::net::failure::{Failure, within};
use crate::net::tls::{Certificate, SOON, Trust, days};

/// The most names of a certificate that are listed.
const MAX_NAMES: usize = 5;

/// The remark on a certificate for which no authority vouches.
const PINNED: &str = "it is pinned: tls_ca_file holds this very certificate";

impl Directory {
    /// Connects as a login would, step by step.
    pub(super) async fn connect(
        &self,
        steps: &Examination<'_>,
        server: &LdapServer,
        opening: Deadline,
    ) -> Option<Box<dyn Connection>> {
        let tcp = match &server.endpoint {
            Endpoint::Unix(socket) => {
                let connecting = within(opening, CONNECT, connect::unix(socket));
                let judge = |_: &_, _| Remark::fine(socket.path.display().to_string());
                let stream = self.step(steps, CONNECT, connecting, judge);
                return Some(Box::new(stream.await?));
            }
            Endpoint::Tcp(tcp) => tcp,
        };
        let addresses = self.addresses(steps, tcp, opening).await?;
        let connecting = connect::first(&addresses, opening);
        let judge = |stream: &TcpStream, _| judge_socket(stream, &addresses);
        let mut stream = self.step(steps, CONNECT, connecting, judge).await?;
        if server.starttls {
            let asking = within(opening, starttls::STEP, starttls::ask(&mut stream));
            let judge = |(): &(), _| Remark::fine("the server is ready for TLS");
            self.step(steps, starttls::STEP, asking, judge).await?;
        }
        if tcp.encryption == Encryption::Plain {
            return Some(Box::new(stream));
        }
        let trust = self.connector.trust.as_ref()?;
        let shaking = connect::handshake(stream, &tcp.identity, Some(trust));
        let shaking = within(opening, TLS, shaking);
        let stream = self.step(steps, TLS, shaking, |stream, _| judge_tls(trust, stream));
        Some(Box::new(stream.await?))
    }

    /// Asks DNS for the servers of a domain.
    pub(super) async fn resolve_servers(
        &self,
        steps: &Examination<'_>,
        records: &SrvRecord,
        opening: Deadline,
    ) -> Option<Vec<LdapServer>> {
        let finding = self.connector.servers_of(records, opening);
        let judge = |found: &Vec<LdapServer>, _| {
            let tcp = found.iter().filter_map(LdapServer::tcp);
            let places = tcp.map(|server| format!("{}:{}", server.host, server.port));
            let named = Remark::fine(places.collect::<Vec<_>>().join(", "));
            match self.foreign_names(found) {
                Some(foreign) => named.and(foreign),
                None => named,
            }
        };
        self.step(steps, dns::STEP, finding, judge).await
    }

    /// Remarks on servers whose names are not within the domain, where certificates are checked.
    fn foreign_names(&self, found: &[LdapServer]) -> Option<Remark> {
        let is_checked = self
            .connector
            .trust
            .as_ref()
            .is_some_and(|trust| trust.verify == TlsVerify::Full);
        let foreign: Vec<&TcpEndpoint> = (found.iter().filter_map(LdapServer::tcp))
            .filter(|server| is_checked && server.encryption == Encryption::Tls)
            .filter(|server| server.identity != server.host)
            .collect();
        let domain = &foreign.first()?.identity;
        let hosts: Vec<&str> = (foreign.iter())
            .map(|server| server.host.as_str())
            .collect();
        Some(Remark::note(format!(
            "not within {domain}, so that only a certificate for {domain} will do: {}",
            hosts.join(", ")
        )))
    }

    async fn addresses(
        &self,
        steps: &Examination<'_>,
        server: &TcpEndpoint,
        opening: Deadline,
    ) -> Option<Vec<SocketAddr>> {
        let resolving = self
            .connector
            .dns
            .addresses(&server.host, server.port, opening);
        if !dns::is_name(&server.host) {
            return resolving.await.ok();
        }
        let judge = |addresses: &Vec<SocketAddr>, _| {
            let addresses = addresses.iter().map(|address| address.ip().to_string());
            Remark::fine(addresses.collect::<Vec<_>>().join(", "))
        };
        self.step(steps, dns::STEP, resolving, judge).await
    }

    async fn step<T>(
        &self,
        steps: &Examination<'_>,
        step: &str,
        work: impl Future<Output = Result<T, Failure>>,
        judge: impl FnOnce(&T, Duration) -> Remark,
    ) -> Option<T> {
        let work = async { work.await.map_err(|failure| self.remark_on(&failure)) };
        steps.step(step, work, judge).await
    }
}

fn judge_socket(stream: &TcpStream, addresses: &[SocketAddr]) -> Remark {
    let Ok(peer) = stream.peer_addr() else {
        return Remark::fine("connected");
    };
    match addresses.iter().position(|address| *address == peer) {
        Some(0) | None => Remark::fine(peer.to_string()),
        Some(before) => Remark::note(format!(
            "{peer}; each login tries {before} of its other addresses in vain before"
        )),
    }
}

fn judge_tls(trust: &Trust, stream: &TlsStream<TcpStream>) -> Remark {
    let (_, session) = stream.get_ref();
    let version = match session.protocol_version() {
        Some(version) => format!("{version:?}").replace("TLSv1_", "TLS 1."),
        None => "TLS".to_owned(),
    };
    let version = Remark::fine(version);
    let Some(verifier) = &trust.verifier else {
        let text = "nobody has checked the certificate (tls_verify = \"none\")";
        return version.and(Remark::warning(text));
    };
    let chain = session.peer_certificates().unwrap_or_default();
    let Some(certificate) = Certificate::of(verifier, chain, now()) else {
        return version.and(Remark::fine("a certificate that holds"));
    };
    let remark = version.and(in_words(&certificate));
    match (certificate.is_pinned, trust.has_lists) {
        (false, false) => remark,
        (false, true) => remark.and(Remark::fine("it was not revoked")),
        (true, false) => remark.and(Remark::fine(PINNED)),
        (true, true) => remark.and(Remark::note(format!(
            "{PINNED}, and no list of revoked certificates is about it"
        ))),
    }
}

fn in_words(certificate: &Certificate) -> Remark {
    let names: Vec<String> = certificate.names.iter().map(|name| quoted(name)).collect();
    let names = match names.split_at_checked(MAX_NAMES) {
        Some((first, rest)) if !rest.is_empty() => format!("{} and more", first.join(", ")),
        _ => names.join(", "),
    };
    let for_whom = Remark::fine(format!("certificate for {names}"));
    let Some(valid_for) = certificate.valid_for else {
        return for_whom;
    };
    let left = days(valid_for.as_secs());
    for_whom.and(match valid_for < SOON {
        true => Remark::warning(format!(
            "it expires in {left}: the server needs a new one soon"
        )),
        false => Remark::fine(format!("it expires in {left}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use authchain::backends::protocol::Severity;

    #[test]
    fn a_certificate_that_expires_within_a_month_is_a_warning() {
        let remark = |seconds| {
            in_words(&Certificate {
                names: vec!["a.example".to_owned()],
                valid_for: Some(Duration::from_secs(seconds)),
                is_pinned: false,
            })
        };
        let day = 24 * 60 * 60;
        assert_eq!(remark(30 * day).severity, Severity::Fine);
        let soon = remark(30 * day - 1);
        assert_eq!(soon.severity, Severity::Warning);
        assert!(soon.text.contains("expires in 29 days"), "{}", soon.text);
    }
}
