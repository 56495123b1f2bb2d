//! `authchain check --online` on a real domain.

use authchain_tests::servers::checker::Checker;
use authchain_tests::servers::samba::{
    ADDRESS, ADMINISTRATOR_PASSWORD, BASE, DOMAIN, SERVER, SERVICE_PASSWORD, Samba, domain,
};
use serde_json::json;

const ONLINE: &[&str] = &["--online"];

fn checker(samba: &Samba) -> Checker {
    Checker::of_kind("active_directory", samba.settings())
}

#[test]
fn a_domain_is_looked_at_from_dns_to_its_policy() {
    let Some(samba) = domain() else { return };
    let corp =
        (checker(samba).with("servers", ())).with("allow_groups", json!(["outer", "Domain Users"]));
    corp.run(ONLINE).expect(
        0,
        &[
            &["backend corp ", "_ldap._tcp.dc._msdcs.", DOMAIN],
            &["name resolution", SERVER, ":636"],
            &["connect", " ms  ", ADDRESS, ":636"],
            &["TLS", "certificate for ", SERVER, "it expires in"],
            &["service bind", "as svc@"],
            &["root entry", "Active Directory"],
            &["clock", "ours"],
            &["domain", "DC=ad,DC=example,DC=test"],
            &["accounts", "10 looked at; their state can be read"],
            &[
                "passwords",
                "7 characters or more and end after 42 days; wrong ones lock nobody out",
            ],
            &["group", "CN=outer,CN=Users"],
            &["groups", "can be read"],
            &["everything is in order"],
        ],
    );
}

/// A domain controller tells which attributes a user may write. OpenLDAP does not.
#[test]
fn a_plain_directory_whose_groups_we_may_write_is_a_warning_where_it_tells() {
    let Some(samba) = domain() else { return };
    let plain = |bind_dn: &str, password: &str| {
        let secret = samba.secret(password);
        Checker::new(samba.settings_as_ldap())
            .with("bind_dn", bind_dn)
            .with("bind_password_file", json!(secret))
            .with("allow_groups", json!(["outer"]))
            .with("group_base", format!("CN=Builtin,{BASE}"))
            .run(ONLINE)
    };
    let ours = plain(
        &format!("CN=Administrator,CN=Users,{BASE}"),
        ADMINISTRATOR_PASSWORD,
    );
    let warning = ["groups", "warning: ", "may write there"];
    assert!(ours.has_line(&warning), "{ours:?}");
    let service = plain(&format!("CN=svc,CN=Users,{BASE}"), SERVICE_PASSWORD);
    assert!(service.has_line(&["groups", "CN=Builtin"]), "{service:?}");
    assert!(!service.has_line(&warning), "{service:?}");
}

#[test]
fn what_is_wrong_with_a_domain_is_said_with_what_to_do() {
    let Some(samba) = domain() else { return };
    let wrong = json!(samba.secret("not-the-secret"));
    let checked = checker(samba).with("bind_password_file", wrong).run(ONLINE);
    assert!(
        checked.has_line(&["service bind", "wrong name or password", "the password in"]),
        "{checked:?}"
    );
    assert_ne!(checked.code, 0);
    let checked = checker(samba)
        .with("domain", "other.example.test")
        .run(ONLINE);
    assert!(
        checked.has_line(&["domain", "not of DC=other,DC=example,DC=test"]),
        "{checked:?}"
    );
    let checked = checker(samba)
        .with("allow_groups", json!(["outre"]))
        .run(ONLINE);
    assert!(
        checked.has_line(&["there is no group (sAMAccountName=outre)"]),
        "{checked:?}"
    );
    let rules = "[[rule]]\ngroup = [\"outre\", \"outer\"]\n";
    let checked = checker(samba).with_rules(rules).run(ONLINE);
    let missing = [
        "group of a rule",
        "there is no group (sAMAccountName=outre); look at the rules",
    ];
    assert!(checked.has_line(&missing), "{checked:?}");
    let found = ["group of a rule", "CN=outer,CN=Users"];
    assert!(checked.has_line(&found), "{checked:?}");
    assert!(checked.has_line(&["groups", "can be read"]), "{checked:?}");
    let alone = checker(samba)
        .with("bind_dn", ())
        .with("bind_password_file", ());
    alone
        .run(ONLINE)
        .expect(0, &[&["service bind", "no bind_dn"], &["domain", "DC=ad"]]);
    let checked = alone
        .with("servers", ())
        .with("site", "Nowhere")
        .run(ONLINE);
    assert!(
        checked.has_line(&["name resolution", "_ldap._tcp.Nowhere"]),
        "{checked:?}"
    );
    assert!(checked.has_line(&["domain", "DC=ad"]), "{checked:?}");
}
