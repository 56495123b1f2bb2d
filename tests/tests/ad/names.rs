//! Logins by other names, such as principal names and mail addresses, and the sources of user ids.

use authchain::backends::protocol::WireVerdict;
use authchain::words::DenialReason::{BadCredential, NotPermitted};
use authchain_tests::servers::asker::Asker;
use authchain_tests::servers::samba::{BASE, DOMAIN, PASSWORD, Samba, domain};
use serde_json::json;

/// A suffix of principal names that is not a domain.
const SUFFIX: &str = "example.test";

fn asker(samba: &Samba) -> Asker {
    let aliases = json!([
        "userPrincipalName=%u",
        format!("userPrincipalName=%u@{SUFFIX}"),
        "mail=%u",
        "proxyAddresses=smtp:%u"
    ]);
    samba.asker().with("aliases", aliases)
}

#[test]
fn a_principal_name_or_an_address_is_a_login_name_where_the_settings_say_so() {
    let Some(samba) = domain() else { return };
    samba.modify(
        "named",
        "userPrincipalName",
        &format!("Nadia.Named@{SUFFIX}"),
    );
    samba.modify("named", "mail", "nadia@mail.test");
    samba.modify("named", "proxyAddresses", "smtp:nn@mail.test");
    let corp = asker(samba);
    for alias in [
        "nadia.named",
        "nadia.named@example.test",
        "nadia@mail.test",
        "nn@mail.test",
    ] {
        let told = corp.login(alias, PASSWORD);
        let WireVerdict::Accepted(user, Some(_)) = &told.conclusion.verdict else {
            panic!("{alias}: {told:?}")
        };
        assert_eq!(
            (&*user.name, user.alias_of.as_deref()),
            (alias, Some("named"))
        );
        assert_eq!(
            corp.login(alias, "wrong").denial(),
            Some(BadCredential),
            "{alias}"
        );
        assert!(corp.account(alias).status().is_some(), "{alias}");
        let told = samba.asker().login(alias, PASSWORD);
        assert!(told.is_unknown(), "{alias}: {told:?}");
    }
    let outer = corp.with("allow_groups", json!(["outer"]));
    let told = outer.login("nadia.named", PASSWORD);
    assert_eq!(told.denial(), Some(NotPermitted), "{told:?}");
    // Names that a domain controller takes for the alias, and we do not.
    for name in [
        "n\u{e1}dia.named",
        "nadia.named@",
        "@example.test",
        "*@mail.test",
    ] {
        assert!(!corp.login(name, PASSWORD).is_accepted(), "{name}");
    }
}

/// mallory's principal name is `victim@ad.example.test`.
#[test]
fn a_principal_name_that_is_anothers_account_is_that_accounts_own() {
    let Some(samba) = domain() else { return };
    let aliases = json!([
        "userPrincipalName=%u",
        format!("userPrincipalName=%u@{DOMAIN}")
    ]);
    let corp = samba.asker().with("aliases", aliases);
    let qualified = corp.with("qualified_names", true);
    let whole = format!("victim@{DOMAIN}");
    for (corp, name) in [
        (&corp, "victim"),
        (&qualified, "victim"),
        (&qualified, &whole),
    ] {
        let told = corp.login(name, PASSWORD);
        assert_eq!(told.denial(), Some(BadCredential), "{name}: {told:?}");
        assert!(corp.login(name, "Vict1m-Passw0rd!").is_accepted(), "{name}");
    }
    // Without `qualified_names`, only mallory has this name.
    let told = corp.login(&whole, PASSWORD);
    assert_eq!(told.user().unwrap().alias_of.as_deref(), Some("mallory"));
}

#[test]
fn an_address_of_two_accounts_is_nobodys_and_people_cannot_write_their_own() {
    let Some(samba) = domain() else { return };
    for name in ["twin1", "twin2"] {
        samba.modify(name, "mail", "twins@mail.test");
        for attribute in ["mail", "userPrincipalName", "proxyAddresses"] {
            assert!(
                !samba.modify_as(name, attribute, "x@mail.test"),
                "{attribute}"
            );
        }
    }
    assert!(
        samba.modify_as("twin1", "telephoneNumber", "1"),
        "as a domain is set up"
    );
    let told = asker(samba).login("twins@mail.test", PASSWORD);
    assert_eq!(told.denial(), Some(NotPermitted), "{told:?}");
    assert_eq!(told.detail(), "more than one entry has this alias");
    // Neither is below this entry.
    let elsewhere = asker(samba).with("base", format!("CN=Builtin,{BASE}"));
    assert!(elsewhere.login("twins@mail.test", PASSWORD).is_unknown());
}

#[test]
fn no_user_id_of_an_entry_is_read_where_the_systems_counts() {
    let Some(samba) = domain() else { return };
    let told = (samba.asker().with("uid", "system")).login("alice", PASSWORD);
    let alice = told.user().unwrap();
    assert_eq!(
        (&*alice.name, alice.uid, alice.gid),
        ("alice", None, Some(10_000))
    );
}
