//! `authchain check --online` on servers that are found with DNS, and on failures of DNS.

use authchain_tests::servers::checker::Checker;
use authchain_tests::servers::free_port;
use authchain_tests::servers::hostile::settings;
use authchain_tests::servers::named::{beside_named_directory, beside_silent_name_server};
use serde_json::json;

const ONLINE: &[&str] = &["--online"];

#[test]
fn every_server_that_dns_names_is_looked_at_in_its_turn() {
    beside_named_directory(|named| {
        let checked = Checker::new(named.settings("example")).run(ONLINE);
        let directory = format!("elsewhere.example:{}", named.slapd.plain);
        checked.expect(
            2,
            &[
                &["backend corp _ldap._tcp.example"],
                &["name resolution", " ms  gone.example:", ", ", &directory],
                &["backend corp ldap://gone.example:"],
                &["connect", "error: connection refused; does the server run"],
                &["backend corp ldap://", &directory],
                &["name resolution", " ms  127.0.0.1"],
                &["TLS", "certificate for \"elsewhere.example\""],
                &["service bind", " ms  as cn=svc,dc=example,dc=test"],
                &["people", "everything that is needed can be read"],
                &["1 error"],
            ],
        );
        let [signpost, gone, found] = ["_ldap._tcp", "ldap://gone", "ldap://elsewhere"]
            .map(|server| checked.text.find(&format!("backend corp {server}")));
        assert!(signpost < gone && gone < found, "{}", checked.text);
    });
}

/// An attacker who forges DNS can name a host of their own, with a valid certificate.
#[test]
fn a_server_outside_the_domain_is_told_with_the_certificate_it_needs() {
    beside_named_directory(|named| {
        let outside = || Checker::new(named.settings("other.test"));
        let needs = "only a certificate for other.test will do: elsewhere.example";
        outside().run(ONLINE).expect(
            2,
            &[
                &["name resolution", "note: elsewhere.example:", needs],
                &[
                    "TLS",
                    "error: certificate is for \"elsewhere.example\", not other.test",
                    "name the server in the settings as its certificate does",
                ],
            ],
        );
        assert!(!named.slapd.log().contains("cn=svc"), "a login was tried");
        let unchecked = outside().with("tls_verify", "ca").run(ONLINE);
        assert!(!unchecked.text.contains(needs), "{}", unchecked.text);
        // The advice in the message works.
        let uri = format!("ldap://elsewhere.example:{}", named.slapd.plain);
        let listed = outside().with("srv", ()).with("uris", json!([uri]));
        listed
            .run(ONLINE)
            .expect(0, &[&["certificate for \"elsewhere.example\""]]);
    });
}

#[test]
fn a_domain_that_dns_knows_no_servers_of_is_an_error() {
    beside_named_directory(|named| {
        for (domain, words) in [
            (
                "nobody.test",
                "error: _ldap._tcp.nobody.test: no SRV records",
            ),
            (
                "refusing.test",
                "the domain says that it has no such service",
            ),
        ] {
            let checked = Checker::new(named.settings(domain)).run(ONLINE);
            let advice = "is the domain right? what DNS does not name, the settings can";
            checked.expect(2, &[&["name resolution", words, advice], &["1 error"]]);
            assert!(!checked.text.contains("connect"), "{}", checked.text);
        }
    });
}

#[test]
fn a_name_without_an_address_is_an_error() {
    beside_named_directory(|named| {
        let corp = Checker::new(named.slapd.settings());
        let lost = corp.with("uris", json!(["ldaps://nowhere.example"]));
        let advice = "a name server of /etc/resolv.conf must know it";
        lost.run(ONLINE).expect(
            2,
            &[
                &["name resolution", "error: no such name", advice],
                &["1 error"],
            ],
        );
    });
}

#[test]
fn a_name_server_that_is_silent_is_an_error_and_the_servers_behind_are_looked_at() {
    beside_silent_name_server(|| {
        let dead = format!("ldap://127.0.0.1:{}", free_port());
        let corp = Checker::new(settings(1))
            .with("uris", ())
            .with("srv", "example")
            .with("backup_uris", json!([dead]))
            .with("connect_timeout", "300ms");
        corp.run(ONLINE).expect(
            2,
            &[
                &["backend corp _ldap._tcp.example"],
                &[
                    "name resolution",
                    "error: name server 127.0.0.1: timed out",
                    "do the name servers of /etc/resolv.conf run",
                ],
                &["backend corp ", &dead],
                &["connect", "error: connection refused"],
                &["2 errors"],
            ],
        );
    });
}
