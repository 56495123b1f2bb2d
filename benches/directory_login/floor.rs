//! The minimum of a login at a directory: a connection, TLS and one bind, in one process and
//! without PAM.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use authchain_tests::servers::directory::BASE;
use authchain_tests::servers::hostile::{element, message};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};
use serde::{Deserialize, Serialize};

/// Tags of RFC 4511: a bind, its answer, and the password in it.
const BIND: u8 = 0x60;
const BIND_ANSWER: u8 = 0x61;
const SIMPLE: u8 = 0x80;

/// PAM_AUTH_ERR.
const AUTH_ERR: i32 = 7;

/// The server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Floor {
    /// Its name in its certificate.
    pub name: String,
    /// Its port for TLS.
    pub port: u16,
    /// The authority that signed its certificate.
    pub authority: String,
}

impl Floor {
    /// Binds as a user of `ou=bulk`. Returns PAM's code for the result.
    pub fn bind(&self, user: &str, password: &str) -> i32 {
        let address = (self.name.as_str(), self.port);
        let mut socket = TcpStream::connect(address).unwrap();
        socket.set_nodelay(true).unwrap();
        let name = ServerName::try_from(self.name.clone()).unwrap();
        let mut tls = ClientConnection::new(Arc::new(self.trust()), name).unwrap();
        let mut stream = Stream::new(&mut tls, &mut socket);
        let dn = format!("uid={user},ou=bulk,{BASE}");
        stream.write_all(&bind_request(&dn, password)).unwrap();
        match result_code(&mut stream) {
            0 => 0,
            _ => AUTH_ERR,
        }
    }

    fn trust(&self) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        let bytes = fs::read(&self.authority).unwrap();
        for certificate in CertificateDer::pem_slice_iter(&bytes) {
            roots.add(certificate.unwrap()).unwrap();
        }
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth()
    }
}

fn bind_request(dn: &str, password: &str) -> Vec<u8> {
    let version = [2, 1, 3].to_vec();
    let [dn, password] = [
        element(4, dn.as_bytes()),
        element(SIMPLE, password.as_bytes()),
    ];
    message(1, &element(BIND, &[version, dn, password].concat()))
}

/// slapd's answers to a bind are short, so every length in them is one byte.
fn result_code(stream: &mut impl Read) -> u8 {
    let mut head = [0; 10];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(head[5], BIND_ANSWER, "{head:?}");
    head[9]
}
