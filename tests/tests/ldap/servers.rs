//! Connections to the servers: certificates, StartTLS, service binds, servers that are down.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use authchain_tests::need;
use authchain_tests::servers::asker::Asker;
use authchain_tests::servers::certificates::Kind;
use authchain_tests::servers::directory::BASE;
use authchain_tests::servers::free_port;
use authchain_tests::servers::hostile::meddler;
use authchain_tests::servers::slapd::{Plan, Slapd};
use serde_json::json;

#[test]
fn an_address_that_stands_as_a_name_is_named() {
    let Some(slapd) = Slapd::start(&Plan {
        certificate: Kind::AddressAsName,
        ..Plan::default()
    }) else {
        return;
    };
    let uri = slapd.ldaps().replace("localhost", "127.0.0.1");
    let told = Asker::new(slapd.settings())
        .with("uris", json!([uri]))
        .login("alice", "pw-alice");
    let expected = format!(
        "{uri}: TLS: certificate has the address 127.0.0.1 as a DNS name; it must be an iPAddress \
         of subjectAltName"
    );
    assert_eq!(told.unavailable(), Some(expected.as_str()), "{told:?}");
}

#[test]
fn a_certificate_that_does_not_hold_is_named_and_no_password_sent() {
    for (certificate, words) in [
        (Kind::Expired, "TLS: certificate expired"),
        (
            Kind::OtherName,
            "TLS: certificate is for \"elsewhere.example\", not localhost",
        ),
        (
            Kind::OtherAuthority,
            "TLS: certificate is from an authority that tls_ca_file does not hold",
        ),
        (
            Kind::SelfSigned,
            "TLS: certificate is that of an authority (CA:TRUE), perhaps signed by itself",
        ),
        (
            Kind::Version1,
            "TLS: certificate is of X.509 version 1 or 2",
        ),
        (Kind::Sha1, "TLS: certificate is signed by a method"),
        (Kind::Client, "TLS: certificate is not for servers"),
    ] {
        let Some(slapd) = Slapd::start(&Plan {
            certificate,
            ..Plan::default()
        }) else {
            return;
        };
        for uri in [slapd.ldaps(), slapd.ldap()] {
            let told = Asker::new(slapd.settings())
                .with("uris", json!([uri]))
                .login("alice", "pw-alice");
            let why = told
                .unavailable()
                .unwrap_or_else(|| panic!("{certificate:?}: {told:?}"));
            assert!(
                why.starts_with(&format!("{uri}: {words}")),
                "{certificate:?}: {why}"
            );
            assert!(
                told.conclusion.servers.down.is_empty(),
                "it answers: {told:?}"
            );
        }
        assert!(
            !slapd.log().contains("cn=svc"),
            "{certificate:?}: a login was tried"
        );
        if certificate == Kind::OtherName {
            let lax = Asker::new(slapd.settings()).with("tls_verify", "ca");
            let told = lax.login("alice", "pw-alice");
            assert!(told.is_accepted(), "{told:?}");
            assert!(
                told.conclusion.notes[0].starts_with("tls_verify"),
                "{told:?}"
            );
        } else {
            let told = Asker::new(slapd.settings())
                .with("tls_verify", "ca")
                .login("alice", "pw-alice");
            assert!(told.unavailable().is_some(), "{certificate:?}: {told:?}");
            let blind = Asker::new(slapd.settings()).with("tls_verify", "none");
            let told = blind.login("alice", "pw-alice");
            // The key of this certificate cannot be read, whatever is trusted.
            let is_usable = certificate != Kind::Version1;
            assert_eq!(told.is_accepted(), is_usable, "{certificate:?}: {told:?}");
        }
    }
}

/// Inside su, the environment is the caller's. The module leaves none to the worker, and the worker
/// would not read it.
#[test]
fn no_variable_makes_a_strangers_certificate_good() {
    let plan = Plan {
        certificate: Kind::OtherAuthority,
        ..Plan::default()
    };
    let Some(slapd) = Slapd::start(&plan) else {
        return;
    };
    let rogue = slapd.path("other-ca.pem").display().to_string();
    let mut corp = Asker::new(slapd.settings());
    for name in ["SSL_CERT_FILE", "LDAPTLS_CACERT", "CURL_CA_BUNDLE"] {
        corp.environment.push((name.to_owned(), rogue.clone()));
    }
    let folder = slapd.path("").display().to_string();
    let never = [("LDAPTLS_REQCERT", "never"), ("SSL_CERT_DIR", &folder)];
    corp.environment
        .extend(never.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let told = corp.login("alice", "pw-alice");
    assert!(
        told.unavailable().unwrap().contains("TLS: certificate"),
        "{told:?}"
    );
}

#[test]
fn every_way_to_a_server_works() {
    // A user's own slapd listens on its socket as that user, whom the worker does not trust.
    if !need::root("ways to a server") {
        return;
    }
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    let numeric = format!("ldaps://127.0.0.1:{}", slapd.tls);
    for uri in [slapd.ldap(), slapd.ldaps(), slapd.ldapi(), numeric] {
        let told = corp.with("uris", json!([uri])).login("alice", "pw-alice");
        assert!(told.is_accepted(), "{uri}: {told:?}");
    }
    assert!(
        corp.with("tls_min", "1.3")
            .login("alice", "pw-alice")
            .is_accepted()
    );
    let clear = corp.with("uris", json!([slapd.ldap()])).with("tls", "none");
    let told = clear.login("alice", "pw-alice");
    assert!(
        told.unavailable().unwrap().contains("insecure_plaintext"),
        "{told:?}"
    );
    let told = clear
        .with("insecure_plaintext", true)
        .login("alice", "pw-alice");
    assert!(
        told.is_accepted() && told.conclusion.notes[0].contains("passwords can be read"),
        "{told:?}"
    );
    let nameless = corp.with("bind_dn", ()).with("bind_password_file", ());
    let external = nameless.with("sasl", "external");
    let told = external
        .with("uris", json!([slapd.ldapi()]))
        .login("alice", "pw-alice");
    assert!(told.is_accepted(), "{told:?}");
    let (certificate, key) = slapd.certificates().client("svc");
    let told = (external
        .with("tls_cert", json!(certificate))
        .with("tls_key", json!(key)))
    .login("alice", "pw-alice");
    assert!(told.is_accepted(), "{told:?}");
}

/// Any user can make a socket in a folder that everybody may write, and wait for passwords.
#[test]
fn a_socket_of_somebody_elses_hears_no_password() {
    if !need::root("a listener of somebody else's") || !need::file("a listener", "/usr/bin/python3")
    {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o1777)).unwrap();
    let path = folder.path().join("ldapi");
    let script = "import socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\n\
                  s.listen()\nprint(flush=True)\nc, _ = s.accept()\n\
                  sys.stdout.write(repr(c.recv(4096)))\n";
    let mut thief = Command::new("/usr/bin/python3");
    thief
        .args(["-I", "-c", script])
        .arg(&path)
        .stdout(Stdio::piped());
    let mut thief = thief.uid(65_534).gid(65_534).spawn().unwrap();
    let mut heard = BufReader::new(thief.stdout.take().unwrap());
    heard.read_line(&mut String::new()).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o777)).unwrap();
    let uri = format!("ldapi://{}", path.to_str().unwrap().replace('/', "%2F"));
    let asker = Asker::new(json!({"uris": [uri], "base": BASE}));
    let told = asker.login("alice", "pw-alice");
    let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
    assert!(
        why.contains("connect: user id 65534 listens there"),
        "{why}"
    );
    let mut bytes = String::new();
    heard.read_to_string(&mut bytes).unwrap();
    assert_eq!(bytes, "b''");
    thief.wait().unwrap();
}

#[test]
fn starttls_that_is_stripped_ends_the_attempt_and_no_password_is_sent() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let refused = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00";
    // Success, followed by an answer to the later bind.
    let injected = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00\
                     \x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00";
    let wrong_kind = b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00";
    for (reply, words) in [
        (&refused[..], "StartTLS: the server refuses it (2)"),
        (&injected[..], "TLS: what answers does not speak TLS here"),
        (&wrong_kind[..], "StartTLS: not a valid answer"),
    ] {
        let (port, meddler) = meddler(reply);
        let uri = format!("ldap://localhost:{port}");
        let told = Asker::new(slapd.settings())
            .with("uris", json!([uri]))
            .login("alice", "pw-alice");
        let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
        assert!(why.contains(words), "{why}");
        let heard = meddler.join().unwrap();
        let heard = String::from_utf8_lossy(&heard);
        assert!(
            !heard.contains("svc") && !heard.contains("alice"),
            "{heard}"
        );
    }
}

#[test]
fn a_wrong_setting_is_unavailable_and_named_and_never_a_denial() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    let wrong = json!(slapd.secret("not-the-secret"));
    let missing = format!("ou=nowhere,{BASE}");
    let binds = slapd.binds_of_people();
    for (corp, words) in [
        (
            corp.with("bind_password_file", wrong),
            "service bind: configuration error: wrong bind_dn or password",
        ),
        (
            corp.with("bind_dn", "cn=nobody,dc=example,dc=test"),
            "service bind: configuration error",
        ),
        (
            corp.with("base", missing.as_str()),
            "search: configuration error: the base ou=nowhere",
        ),
        (
            corp.with("bind_password_file", "/nonexistent"),
            "/nonexistent: no such file",
        ),
        (
            corp.with("tls_ca_file", "/nonexistent"),
            "/nonexistent: no such file",
        ),
        (corp.with("user_filter", "(uid=%u"), "settings: user_filter"),
        (
            corp.with("allow_groups", json!(["x"]))
                .with("group_base", missing.as_str()),
            "group_base",
        ),
    ] {
        let told = corp.login("alice", "pw-alice");
        let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
        assert!(why.contains(words), "{why}");
        assert!(told.conclusion.servers.down.is_empty(), "{told:?}");
    }
    assert_eq!(
        slapd.binds_of_people() - binds,
        1,
        "the one under a wrong bind_dn"
    );
}

#[test]
fn a_server_that_is_down_is_passed_over_and_named() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let dead = format!("ldaps://localhost:{}", free_port());
    let corp = Asker::new(slapd.settings());
    let both = corp
        .with("uris", json!([dead]))
        .with("backup_uris", json!([slapd.ldaps()]));
    let told = both.login("alice", "pw-alice");
    assert!(told.is_accepted(), "{told:?}");
    assert_eq!(told.conclusion.servers.down, [dead.as_str()]);
    assert_eq!(
        told.conclusion.notes[..1],
        [format!("{dead}: connect: connection refused")]
    );
    let alone = corp.with("uris", json!([dead]));
    let told = alone.login("alice", "pw-alice");
    assert_eq!(
        told.unavailable(),
        Some(&*format!("{dead}: connect: connection refused"))
    );
    let mut avoiding = both.clone();
    avoiding.avoid = vec![dead.clone()];
    let told = avoiding.login("alice", "pw-alice");
    assert!(
        told.is_accepted() && told.conclusion.servers.down.is_empty(),
        "{told:?}"
    );
    // If there is no other server, a marked one is asked.
    let mut back = corp;
    back.avoid = vec![slapd.ldaps()];
    back.probe_ms = 1_000;
    let told = back.login("alice", "pw-alice");
    assert!(told.is_accepted(), "{told:?}");
    assert_eq!(told.conclusion.servers.up, [slapd.ldaps()]);
    let mut hopeless = alone;
    hopeless.avoid = vec![dead.clone()];
    let told = hopeless.login("alice", "pw-alice");
    assert_eq!(told.conclusion.servers.down, [dead.as_str()]);
    assert!(told.conclusion.servers.again, "{told:?}");
}

#[test]
fn a_server_that_hangs_leaves_time_for_the_next() {
    let (Some(hung), Some(slapd)) = (
        Slapd::start(&Plan::default()),
        Slapd::start(&Plan::default()),
    ) else {
        return;
    };
    // The file has both authorities, one for each server.
    let mut bundle = std::fs::read(slapd.certificates().authority()).unwrap();
    bundle.extend(std::fs::read(hung.certificates().authority()).unwrap());
    let path = slapd.path("both.pem");
    std::fs::write(&path, bundle).unwrap();
    let uris = json!([hung.ldaps(), slapd.ldaps()]);
    let corp = Asker::new(slapd.settings())
        .with("uris", uris)
        .with("tls_ca_file", json!(path));
    hung.freeze();
    let told = corp.login("alice", "pw-alice");
    assert!(
        told.is_accepted() && told.took < Duration::from_secs(3),
        "{told:?}"
    );
    assert_eq!(told.conclusion.servers.down, [hung.ldaps()]);
    let mut probing = corp.clone();
    probing.probe = vec![hung.ldaps()];
    let told = probing.login("alice", "pw-alice");
    let notes = told.conclusion.notes.join("\n");
    assert!(
        told.is_accepted() && notes.contains("it was down a moment ago"),
        "{told:?}"
    );
    let alone = corp.with("uris", json!([hung.ldaps()]));
    let mut alone = alone.with("connect_timeout", "60s");
    alone.budget_ms = 700;
    let told = alone.login("alice", "pw-alice");
    assert!(
        told.unavailable().unwrap().ends_with("timed out (timeout)"),
        "{told:?}"
    );
    assert!(told.took < Duration::from_millis(900), "{told:?}");
    hung.thaw();
    probing.probe_ms = 1_000;
    assert!(probing.login("alice", "pw-alice").is_accepted());
}

#[test]
fn a_name_without_an_address_is_unavailable_in_time() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings()).with("uris", json!(["ldaps://nowhere.invalid"]));
    let told = corp.login("alice", "pw-alice");
    let why = told.unavailable().unwrap();
    assert!(
        why.starts_with("ldaps://nowhere.invalid: name resolution: "),
        "{why}"
    );
    assert!(told.took < Duration::from_millis(3_300), "{told:?}");
    assert_eq!(told.conclusion.servers.down, ["ldaps://nowhere.invalid"]);
}

#[test]
fn something_else_on_the_port_is_named() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    // LDAP without TLS where TLS is expected.
    let uri = format!("ldaps://localhost:{}", slapd.plain);
    let told = Asker::new(slapd.settings())
        .with("uris", json!([uri]))
        .login("alice", "pw-alice");
    assert!(told.unavailable().unwrap().contains(": TLS: "), "{told:?}");
    assert!(TcpStream::connect(("127.0.0.1", slapd.plain)).is_ok());
}
