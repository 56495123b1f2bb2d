//! Server certificates that are in `tls_ca_file` themselves.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use authchain::config::settings::tls::{TlsSettings, TlsVerify, TlsVersion};
use authchain_tests::servers::asker::Asker;
use authchain_tests::servers::certificates::{Certificates, Kind};
use authchain_tests::servers::checker::Checker;
use authchain_tests::servers::hostile;
use authchain_tests::servers::slapd::{Plan, Slapd};
use authchain_worker::net::tls::configure;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, Error, ServerConfig, ServerConnection, Stream};
use serde_json::json;

/// A server whose certificate is of this kind, in the file of this name.
fn server(certificate: Kind, file: &str) -> Option<(Slapd, PathBuf)> {
    let slapd = Slapd::start(&Plan {
        certificate,
        ..Plan::default()
    })?;
    let own = slapd.path(file);
    Some((slapd, own))
}

/// A backend whose `tls_ca_file` is `file`.
fn trusting(slapd: &Slapd, file: &Path) -> Asker {
    Asker::new(slapd.settings()).with("tls_ca_file", json!(file))
}

/// Asserts that the server is refused for this reason, and gets no bind.
#[track_caller]
fn assert_refused(slapd: &Slapd, corp: &Asker, words: &str) {
    for uri in [slapd.ldaps(), slapd.ldap()] {
        let told = corp.with("uris", json!([uri])).login("alice", "pw-alice");
        let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
        assert!(why.starts_with(&format!("{uri}: TLS: {words}")), "{why}");
    }
    assert!(!slapd.log().contains("cn=svc"), "a login was tried");
}

/// Writes one file of both certificates.
fn write_both(slapd: &Slapd, files: [&Path; 2]) -> PathBuf {
    let bundle = slapd.path("bundle.pem");
    let both = files.map(|file| fs::read(file).unwrap());
    fs::write(&bundle, both.concat()).unwrap();
    bundle
}

#[test]
fn a_certificate_that_stands_itself_in_the_file_is_trusted() {
    for (kind, file) in [
        (Kind::SelfSigned, "own.pem"),
        (Kind::SelfSignedServer, "own-server.pem"),
        (Kind::OtherAuthority, "stranger.pem"),
    ] {
        let Some((slapd, own)) = server(kind, file) else {
            return;
        };
        let bundle = write_both(&slapd, [&slapd.certificates().authority(), &own]);
        for (file, verify) in [(&own, "full"), (&own, "ca"), (&bundle, "full")] {
            for uri in [slapd.ldaps(), slapd.ldap()] {
                let corp = trusting(&slapd, file).with("tls_verify", verify);
                let told = corp.with("uris", json!([uri])).login("alice", "pw-alice");
                assert!(told.is_accepted(), "{kind:?} {file:?} {uri}: {told:?}");
            }
        }
        let check = Checker::new(slapd.settings()).with("tls_ca_file", json!(own));
        let found = [
            "TLS",
            "certificate for \"localhost\"",
            "expires in",
            "it is pinned",
        ];
        check.run(&["--online"]).expect(0, &[&found]);
    }
}

#[test]
fn another_certificate_of_the_same_name_is_refused() {
    for (kind, file, words) in [
        (
            Kind::SelfSigned,
            "own.pem",
            "certificate is that of an authority",
        ),
        (
            Kind::SelfSignedServer,
            "own-server.pem",
            "certificate is from an authority that tls_ca_file does not hold",
        ),
    ] {
        let (Some((slapd, _)), Some((_other, pinned))) = (server(kind, file), server(kind, file))
        else {
            return;
        };
        assert_refused(&slapd, &trusting(&slapd, &pinned), words);
        let lax = trusting(&slapd, &pinned).with("tls_verify", "ca");
        assert_refused(&slapd, &lax, words);
    }
}

#[test]
fn a_pinned_server_vouches_for_no_other() {
    let Some((slapd, _)) = server(Kind::ByServer, "by-server.pem") else {
        return;
    };
    let pinned = slapd.path("server.pem");
    let words = "certificate is from an authority that tls_ca_file does not hold";
    assert_refused(&slapd, &trusting(&slapd, &pinned), words);
}

#[test]
fn a_pinned_certificate_is_refused_for_what_any_other_would_be() {
    for (kind, file, words) in [
        (Kind::Expired, "expired.pem", "certificate expired"),
        (
            Kind::OtherName,
            "elsewhere.pem",
            "certificate is for \"elsewhere.example\", not localhost",
        ),
        (
            Kind::Client,
            "client-only.pem",
            "certificate is not for servers",
        ),
        (
            Kind::Version1,
            "version1.pem",
            "certificate is of X.509 version 1 or 2",
        ),
    ] {
        let Some((slapd, own)) = server(kind, file) else {
            return;
        };
        assert_refused(&slapd, &trusting(&slapd, &own), words);
    }
}

/// OpenSSL cannot make an expired certificate here, so the verifier is asked about a later day.
#[test]
fn a_pinned_authority_is_held_to_its_dates_and_names() {
    let Some((_slapd, own)) = server(Kind::SelfSigned, "own.pem") else {
        return;
    };
    let trust = configure(&TlsSettings {
        ca_file: &own,
        crl_file: None,
        verify: TlsVerify::Full,
        min: TlsVersion::V1_2,
        client: None,
    });
    let verifier = trust.ok().unwrap().verifier.unwrap();
    let certificate = CertificateDer::from_pem_file(&own).unwrap();
    let in_days = |days: u64| UnixTime::now().as_secs() + days * 24 * 60 * 60;
    let refusal = |name: &'static str, then: u64| {
        let name = ServerName::try_from(name).unwrap();
        let then = UnixTime::since_unix_epoch(Duration::from_secs(then));
        match verifier.verify_server_cert(&certificate, &[], &name, &[], then) {
            Err(Error::InvalidCertificate(fault)) => Some(fault),
            Err(error) => panic!("{error}"),
            Ok(_) => None,
        }
    };
    assert_eq!(refusal("localhost", in_days(1)), None);
    assert!(matches!(
        refusal("localhost", in_days(400)),
        Some(CertificateError::ExpiredContext { .. })
    ));
    assert!(matches!(
        refusal("localhost", 0),
        Some(CertificateError::NotValidYetContext { .. })
    ));
    assert!(matches!(
        refusal("elsewhere.example", in_days(1)),
        Some(CertificateError::NotValidForNameContext { .. })
    ));
}

/// Presents a certificate without having its key.
#[derive(Debug)]
struct Impostor(Arc<CertifiedKey>);

impl ResolvesServerCert for Impostor {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// Serves TLS with these certificates and this key, and answers nothing; the port.
fn impostor(shown: &[PathBuf], key: &Path) -> u16 {
    let provider = ring::default_provider();
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let key = provider.key_provider.load_private_key(key).unwrap();
    let shown = shown
        .iter()
        .map(|file| CertificateDer::from_pem_file(file).unwrap());
    let resolver = Impostor(Arc::new(CertifiedKey::new(shown.collect(), key)));
    let config = ServerConfig::builder_with_provider(Arc::new(provider));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth();
    let config = Arc::new(config.with_cert_resolver(Arc::new(resolver)));
    hostile::serve(move |mut stream: TcpStream| {
        let mut session = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut tls = Stream::new(&mut session, &mut stream);
        let _ = std::io::copy(&mut tls, &mut std::io::sink());
    })
}

#[test]
fn whoever_shows_a_pinned_certificate_without_its_key_is_refused() {
    for (kind, name) in [
        (Kind::SelfSigned, "own"),
        (Kind::SelfSignedServer, "own-server"),
    ] {
        let Some((slapd, own)) = server(kind, &format!("{name}.pem")) else {
            return;
        };
        let login = |key: PathBuf| {
            let uri = format!(
                "ldaps://localhost:{}",
                impostor(std::slice::from_ref(&own), &key)
            );
            let corp = trusting(&slapd, &own).with("uris", json!([uri]));
            let told = corp.login("alice", "pw-alice");
            told.unavailable().unwrap().to_owned()
        };
        let why = login(slapd.path("ca.key"));
        assert!(why.contains("TLS: a signature is not valid"), "{why}");
        let why = login(slapd.path(&format!("{name}.key")));
        assert!(!why.contains("TLS"), "{why}");
    }
}

#[test]
fn lists_of_revoked_certificates_hold_where_the_authority_is_known_too() {
    const YEAR: u16 = 2040;
    let Some((slapd, own)) = server(Kind::Good, "server.pem") else {
        return;
    };
    let certificates = slapd.certificates();
    let list = certificates.revocations("revoked", Some(&own), YEAR);
    let both = write_both(&slapd, [&own, &certificates.authority()]);
    let listed = trusting(&slapd, &both).with("tls_crl_file", json!(list));
    assert_refused(&slapd, &listed, "certificate was revoked");
    // There is no authority that could have signed a list.
    let alone = trusting(&slapd, &own).with("tls_crl_file", json!(list));
    let told = alone.login("alice", "pw-alice");
    let why = told.unavailable().unwrap();
    assert!(why.contains("nothing can be checked by it"), "{why}");

    let Some((slapd, own)) = server(Kind::SelfSignedServer, "own-server.pem") else {
        return;
    };
    let certificates = slapd.certificates();
    let list = certificates.revocations("none", None, YEAR);
    let both = write_both(&slapd, [&own, &certificates.authority()]);
    let listed = trusting(&slapd, &both).with("tls_crl_file", json!(list));
    let told = listed.login("alice", "pw-alice");
    assert!(told.is_accepted(), "{told:?}");
    let check = Checker::new(slapd.settings()).with("tls_ca_file", json!(both));
    let check = check.with("tls_crl_file", json!(list)).run(&["--online"]);
    check.expect(0, &[&["TLS", "pinned", "no list of revoked certificates"]]);
    assert!(!check.text.contains("was not revoked"), "{}", check.text);
}

/// Many authorities of one name make the search for the right one end before a list is read.
#[test]
fn a_revoked_certificate_stays_refused_whatever_the_server_sends_with_it() {
    let Some((slapd, own)) = server(Kind::Good, "server.pem") else {
        return;
    };
    let certificates = slapd.certificates();
    let list = certificates.revocations("revoked", Some(&own), 2040);
    let both = write_both(&slapd, [&own, &certificates.authority()]);
    let dirs: Vec<_> = (0..6).map(|_| tempfile::tempdir().unwrap()).collect();
    let namesakes = dirs
        .iter()
        .map(|dir| Certificates::make(dir.path()).authority());
    let shown: Vec<_> = [own].into_iter().chain(namesakes).collect();
    let uri = format!(
        "ldaps://localhost:{}",
        impostor(&shown, &slapd.path("server.key"))
    );
    let corp = trusting(&slapd, &both)
        .with("tls_crl_file", json!(list))
        .with("uris", json!([uri]));
    let told = corp.login("alice", "pw-alice");
    let why = told.unavailable().unwrap();
    assert!(why.contains("TLS: certificate was revoked"), "{why}");
}
