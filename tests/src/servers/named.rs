//! A directory that DNS alone names, on a network of its own.

use std::net::UdpSocket;

use serde_json::Value;

use super::certificates::Kind;
use super::free_port;
use super::name_server::{NameServer, Question, address, service};
use super::slapd::{Plan, Slapd};
use crate::namespace::in_own_network;
use crate::need;

const RESOLV_CONF: &str = "nameserver 127.0.0.1\n";
const HOSTS: &str = "127.0.0.1 localhost\n";

/// Where the name server of our resolv.conf is.
const NAME_SERVER: &str = "127.0.0.1:53";

/// What the certificate of the directory is for.
const HOST: &str = "elsewhere.example";

const SRV: u16 = 33;
const A: u16 = 1;

/// The directory, and the name server beside it.
pub struct Named {
    /// The directory. Its certificate is for `elsewhere.example`.
    pub slapd: Slapd,
    /// Who names it.
    pub names: NameServer,
}

/// Does `work` where DNS names a directory, and nobody else is. Where that cannot be had, says so.
///
/// # Panics
/// As `work` does.
pub fn beside_named_directory(work: impl FnOnce(&Named) + Send + 'static) {
    on_network(|| {
        let slapd = Slapd::start(&Plan {
            certificate: Kind::OtherName,
            ..Plan::default()
        });
        if let Some(slapd) = slapd {
            let names = name_server(&slapd);
            work(&Named { slapd, names });
        }
    });
}

/// Does `work` where the only name server hears everything and says nothing.
///
/// # Panics
/// As `work` does.
pub fn beside_silent_name_server(work: impl FnOnce() + Send + 'static) {
    on_network(|| {
        let _silent = UdpSocket::bind(NAME_SERVER).unwrap();
        work();
    });
}

fn on_network(work: impl FnOnce() + Send + 'static) {
    if need::root("a network") {
        in_own_network(RESOLV_CONF, HOSTS, work);
    }
}

impl Named {
    /// Settings that lead to the directory by way of this domain.
    pub fn settings(&self, srv: &str) -> Value {
        let mut settings = self.slapd.settings();
        settings.as_object_mut().unwrap().remove("uris");
        settings["srv"] = srv.into();
        settings
    }
}

/// Every host but `nowhere.example` is this machine; the domain `example` has the directory, and before it
/// a server that is not there. `refusing.test` has no directory, and says so.
fn name_server(slapd: &Slapd) -> NameServer {
    let (plain, tls, nobody) = (slapd.plain, slapd.tls, free_port());
    NameServer::at(NAME_SERVER, move |question: &Question| {
        let records = match (&*question.name, question.kind) {
            ("_ldap._tcp.example", SRV) => vec![
                service(10, 1, plain, HOST),
                service(5, 1, nobody, "gone.example"),
            ],
            ("_ldaps._tcp.example", SRV) => vec![service(0, 0, tls, HOST)],
            ("_ldap._tcp.odd._sites.example", SRV) => vec![
                service(10, 1, plain, HOST),
                service(5, 1, plain, "-odd.example"),
            ],
            ("_ldap._tcp.other.test", SRV) => vec![service(0, 0, plain, HOST)],
            ("_ldap._tcp.refusing.test", SRV) => vec![service(0, 0, 0, ".")],
            ("nowhere.example", _) => vec![],
            (_, A) => vec![address("127.0.0.1")],
            _ => vec![],
        };
        vec![question.answer(&records)]
    })
}
