//! Connections to the domain controllers: TLS first, and controllers that are down.

use std::net::UdpSocket;
use std::thread;
use std::time::Duration;

use authchain_tests::namespace::own_names;
use authchain_tests::servers::free_port;
use authchain_tests::servers::hostile::{meddler, serve, wait};
use authchain_tests::servers::samba::{ADDRESS, PASSWORD, domain};
use serde_json::json;

#[test]
fn a_controller_that_is_down_is_passed_over_and_named() {
    let Some(samba) = domain() else { return };
    let dead = format!("127.0.0.1:{}", free_port());
    let corp = samba.asker().with("servers", json!([dead, ADDRESS]));
    let told = corp.login("alice", PASSWORD);
    assert!(told.is_accepted(), "{told:?}");
    let name = format!("ldaps://{dead}");
    assert_eq!(told.conclusion.servers.down, [name.as_str()]);
    assert_eq!(
        told.conclusion.notes[..1],
        [format!("{name}: connect: connection refused")]
    );
    let mut avoiding = corp;
    avoiding.avoid = vec![name];
    let told = avoiding.login("alice", PASSWORD);
    assert!(told.is_accepted() && told.conclusion.servers.down.is_empty());
}

#[test]
fn a_controller_that_hangs_leaves_time_for_the_next() {
    let Some(samba) = domain() else { return };
    let hung = format!(
        "127.0.0.1:{}",
        serve(|stream| drop(thread::spawn(|| wait(stream))))
    );
    let corp = (samba.asker())
        .with("servers", json!([hung, ADDRESS]))
        .with("connect_timeout", "800ms");
    let told = corp.login("alice", PASSWORD);
    assert!(told.is_accepted(), "{told:?}");
    assert_eq!(told.conclusion.servers.down, [format!("ldaps://{hung}")]);
    let alone = samba.asker().with("servers", json!([hung]));
    let told = alone.login("alice", PASSWORD);
    assert!(
        told.unavailable()
            .unwrap()
            .ends_with("TLS: timed out (connect_timeout)"),
        "{told:?}"
    );
}

#[test]
fn nothing_of_a_person_is_said_to_a_controller_before_tls() {
    let Some(samba) = domain() else { return };
    for starttls in [true, false] {
        // "Not supported" as the answer to StartTLS, and nonsense as the answer to a handshake.
        let refused = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00";
        let (port, meddler) = meddler(refused);
        let server = format!("127.0.0.1:{port}");
        let corp = (samba.asker_alone())
            .with("servers", json!([server]))
            .with("starttls", starttls);
        let told = corp.login("alice", PASSWORD);
        assert!(told.unavailable().is_some(), "{told:?}");
        let heard = meddler.join().unwrap();
        let heard = String::from_utf8_lossy(&heard);
        assert!(!heard.contains(PASSWORD) && !heard.contains("alice"));
        // A request for TLS, or the beginning of a handshake.
        let expected = if starttls { '0' } else { '\x16' };
        assert_eq!(heard.chars().next(), Some(expected));
    }
}

#[test]
fn a_controller_must_be_who_its_certificate_says() {
    let Some(samba) = domain() else { return };
    let strangers = samba.path("tls/other-ca.pem");
    let corp = samba.asker().with("tls_ca_file", json!(strangers));
    let told = corp.login("alice", PASSWORD);
    let why = told.unavailable().unwrap();
    assert!(why.contains("certificate is from an authority"), "{told:?}");
}

#[test]
fn a_wrong_setting_is_unavailable_and_named_and_never_a_denial() {
    let Some(samba) = domain() else { return };
    let corp = samba.asker();
    let wrong = json!(samba.secret("not-the-secret"));
    let users = json!(samba.secret(PASSWORD));
    for (corp, words) in [
        (
            corp.with("bind_password_file", wrong),
            "wrong name or password",
        ),
        (
            (corp.with("bind_dn", "stale-svc@ad.example.test")).with("bind_password_file", users),
            "configuration error: stale-svc@ad.example.test: the password has expired",
        ),
        (
            corp.with("domain", "other.example.test"),
            "search: configuration error",
        ),
        (corp.with("domain", ""), "settings: domain"),
        (
            corp.with("allow_groups", json!(["S-1-5-4294967296"])),
            "neither a group's name",
        ),
    ] {
        let told = corp.login("alice", PASSWORD);
        let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
        assert!(why.contains(words), "{why}");
        assert!(told.conclusion.servers.down.is_empty(), "{told:?}");
    }
}

#[test]
fn a_domain_is_enough_to_find_its_controllers() {
    let Some(samba) = domain() else { return };
    let corp = samba.asker().with("servers", ());
    let site = "Default-First-Site-Name";
    for corp in [
        &corp,
        &corp.with("site", site),
        &corp.with("starttls", true),
    ] {
        let told = corp.login("alice", PASSWORD);
        assert!(told.is_accepted(), "{told:?}");
        let noted = told.conclusion.notes.concat();
        assert!(!noted.contains("_ldap"), "{told:?}");
    }
    let told = corp.with("site", "Nowhere").login("alice", PASSWORD);
    assert!(told.is_accepted(), "{told:?}");
    let noted = told.conclusion.notes.concat();
    assert!(
        noted.contains("_ldap._tcp.Nowhere._sites.dc._msdcs"),
        "{told:?}"
    );
    // One wrong password is one attempt, although two names lead to the same controller.
    let told = corp.with("site", site).login("alice", "wrong");
    assert!(told.denial().is_some(), "{told:?}");
}

#[test]
fn a_name_server_that_is_dead_makes_a_domain_unavailable_in_time() {
    let Some(samba) = domain() else { return };
    let corp = samba.asker().with("servers", ());
    let silent = UdpSocket::bind("127.0.0.77:53").unwrap();
    for server in ["127.0.0.77", "127.0.0.78"] {
        own_names(&format!("nameserver {server}\n"), "127.0.0.1 localhost\n");
        let told = corp.login("alice", PASSWORD);
        let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
        assert!(
            why.contains("_ldap._tcp.dc._msdcs.ad.example.test: "),
            "{why}"
        );
        assert!(told.took < Duration::from_millis(3_300), "{told:?}");
    }
    drop(silent);
    let named = samba.asker();
    assert!(
        named.login("alice", PASSWORD).is_accepted(),
        "an address needs no name server"
    );
}
