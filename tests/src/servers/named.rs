//! A directory that clients find only with DNS, on a private network.

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

/// The address of the name server in `RESOLV_CONF`.
const NAME_SERVER: &str = "127.0.0.1:53";

/// The host name in the directory's certificate.
const HOST: &str = "elsewhere.example";

const SRV: u16 = 33;
const A: u16 = 1;

/// The directory, and the name server beside it.
pub struct Named {
    /// The directory. Its certificate is for `elsewhere.example`.
    pub slapd: Slapd,
    /// The name server that knows the directory.
    pub names: NameServer,
}

/// Does `work` on a private network where DNS names a directory. Skips the test where this is
/// impossible.
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

/// Does `work` on a private network whose only name server never answers.
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
    /// Settings that find the directory with this `srv`.
    pub fn settings(&self, srv: &str) -> Value {
        let mut settings = self.slapd.settings();
        settings.as_object_mut().unwrap().remove("uris");
        settings["srv"] = srv.into();
        settings
    }
}

/// Every host but `nowhere.example` is this machine. The SRV records of `example` name a server
/// that does not exist, and then the directory. `refusing.test` says that it has no directory.
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
