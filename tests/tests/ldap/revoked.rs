//! Revoked certificates, and incomplete or old revocation lists.

use std::fs;
use std::path::{Path, PathBuf};

use authchain_tests::servers::asker::Asker;
use authchain_tests::servers::certificates::Kind;
use authchain_tests::servers::checker::Checker;
use authchain_tests::servers::slapd::{Plan, Slapd};
use serde_json::json;

/// A past year, and a future one.
const OVER: u16 = 2020;
const TO_COME: u16 = 2040;

/// A server, and the file with its certificate.
fn server() -> Option<(Slapd, PathBuf)> {
    let slapd = Slapd::start(&Plan::default())?;
    let certificate = slapd.path("server.pem");
    Some((slapd, certificate))
}

/// Asserts that the server is refused for this reason, and gets no bind.
#[track_caller]
fn assert_not_believed(slapd: &Slapd, corp: &Asker, list: &Path, words: &str) {
    for uri in [slapd.ldaps(), slapd.ldap()] {
        let told = (corp.with("uris", json!([uri])))
            .with("tls_crl_file", json!(list))
            .login("alice", "pw-alice");
        let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
        assert!(why.starts_with(&format!("{uri}: TLS: {words}")), "{why}");
        assert!(
            told.conclusion.servers.down.is_empty(),
            "it answers: {told:?}"
        );
    }
    assert!(!slapd.log().contains("cn=svc"), "a login was tried");
}

#[test]
fn a_server_whose_certificate_was_revoked_hears_no_password() {
    let Some((slapd, certificate)) = server() else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    let list = (slapd.certificates()).revocations("revoked", Some(&certificate), TO_COME);
    assert_not_believed(&slapd, &corp, &list, "certificate was revoked");
    let lax = corp.with("tls_verify", "ca");
    assert_not_believed(&slapd, &lax, &list, "certificate was revoked");
    let blind = (corp.with("tls_verify", "none")).with("tls_crl_file", json!(list));
    let told = blind.login("alice", "pw-alice");
    assert!(
        told.unavailable()
            .unwrap()
            .contains("tls_crl_file means nothing"),
        "{told:?}"
    );
}

#[test]
fn a_server_that_no_list_speaks_of_is_believed_while_the_list_holds() {
    let Some((slapd, _)) = server() else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    let certificates = slapd.certificates();
    let old = certificates.revocations("old", None, OVER);
    let words = format!(
        "tls_crl_file {}: the list of \"ca\" is too old (nextUpdate {OVER}-12-31)",
        old.display()
    );
    assert_not_believed(&slapd, &corp, &old, &words);
    let other = certificates.issue_for("another", "DNS:another.example");
    let good = certificates.revocations("good", Some(&other.0), TO_COME);
    let told = (corp.with("tls_crl_file", json!(good))).login("alice", "pw-alice");
    assert!(told.is_accepted(), "{told:?}");
    // Of two lists by one authority, the one that holds longer counts.
    let both = slapd.path("both.crl");
    fs::write(
        &both,
        [&old, &good].map(|list| fs::read(list).unwrap()).concat(),
    )
    .unwrap();
    let told = (corp.with("tls_crl_file", json!(both))).login("alice", "pw-alice");
    assert!(told.is_accepted(), "{told:?}");
}

#[test]
fn a_server_of_an_authority_without_a_list_is_not_believed() {
    let Some((slapd, _)) = server() else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    let strangers = slapd
        .certificates()
        .revocations_of("other-ca", "strangers", None, TO_COME);
    let words = format!(
        "tls_crl_file {}: no list of the certificate's authority, or of one on the way to it; it holds \
         those of \"other-ca\"",
        strangers.display()
    );
    assert_not_believed(&slapd, &corp, &strangers, &words);
    for (text, words) in [
        (None, "no such file"),
        (
            Some(""),
            "holds no list of revoked certificates in PEM form",
        ),
        (
            Some("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"),
            "holds something that is no list",
        ),
    ] {
        let path = slapd.path("odd.crl");
        if let Some(text) = text {
            fs::write(&path, text).unwrap();
        }
        let told = (corp.with("tls_crl_file", json!(path))).login("alice", "pw-alice");
        let why = told.unavailable().unwrap();
        assert!(why.contains("odd.crl: ") && why.contains(words), "{why}");
    }
    assert!(!slapd.log().contains("cn=svc"), "a login was tried");
}

#[test]
fn every_authority_on_the_way_to_ours_needs_a_list_and_may_be_on_one() {
    let Some(slapd) = Slapd::start(&Plan {
        certificate: Kind::ByAnother,
        ..Plan::default()
    }) else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    let certificates = slapd.certificates();
    let middle = slapd.path("middle.pem");
    let of_ours = certificates.revocations("ours", None, TO_COME);
    let without_middle = certificates.revocations("without", Some(&middle), TO_COME);
    let of_middle = certificates.revocations_of("middle", "middles", None, TO_COME);
    let both = |name: &str, lists: [&PathBuf; 2]| {
        let path = slapd.path(name);
        fs::write(&path, lists.map(|list| fs::read(list).unwrap()).concat()).unwrap();
        path
    };
    for list in [&of_ours, &of_middle] {
        assert_not_believed(&slapd, &corp, list, "tls_crl_file ");
    }
    let revoked = both("revoked.crl", [&without_middle, &of_middle]);
    let words = "certificate was revoked, or that of an authority on the way to it";
    assert_not_believed(&slapd, &corp, &revoked, words);
    let good = both("good.crl", [&of_ours, &of_middle]);
    let told = (corp.with("tls_crl_file", json!(good))).login("alice", "pw-alice");
    assert!(told.is_accepted(), "{told:?}");
}

#[test]
fn check_says_what_is_wrong_with_lists_whether_or_not_it_asks_the_servers() {
    let Some((slapd, certificate)) = server() else {
        return;
    };
    let certificates = slapd.certificates();
    let old = certificates.revocations("old", None, OVER);
    let good = certificates.revocations("good", None, TO_COME);
    let revoked = certificates.revocations("revoked", Some(&certificate), TO_COME);
    let empty = slapd.path("empty.crl");
    fs::write(&empty, "").unwrap();
    let check = |list: &Path, arguments: &[&str]| {
        let corp = Checker::new(slapd.settings()).with("tls_crl_file", json!(list));
        corp.run(arguments)
    };
    let too_old = "the list of \"ca\" is too old (nextUpdate 2020-12-31)";
    check(&old, &[]).expect(2, &[&["old.crl", too_old, "tls_crl_file"]]);
    check(&empty, &[]).expect(2, &[&["empty.crl", "holds no list", "tls_crl_file"]]);
    let missing = slapd.path("missing.crl");
    check(&missing, &[]).expect(2, &[&["missing.crl", "no such file", "tls_crl_file"]]);
    check(&good, &[]).expect(0, &[]);
    let online: &[&str] = &["--online"];
    check(&old, online).expect(
        2,
        &[&["TLS", "error: tls_crl_file", too_old, "fetch the newest"]],
    );
    let found = ["TLS", "error: certificate was revoked", "needs a new one"];
    check(&revoked, online).expect(2, &[&found]);
    check(&good, online).expect(0, &[&["TLS", "expires in", "it was not revoked"]]);
    let told = check(&empty, online);
    told.expect(
        2,
        &[&["tls_crl_file", "holds no list of revoked certificates"]],
    );
}
