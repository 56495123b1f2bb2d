use super::*;

fn wanted(groups: &[&str]) -> Wanted {
    Wanted::new(&LdapSettings {
        base: Dn::parse("dc=x").unwrap(),
        group_base: Dn::parse("ou=groups,dc=x"),
        allow_groups: groups.iter().map(|group| group.parse().unwrap()).collect(),
        ..LdapSettings::default()
    })
}

#[test]
fn a_name_counts_below_the_groups_base_only_and_a_dn_anywhere() {
    let by_name = wanted(&["Staff"]);
    let below = Dn::parse("cn=staff,ou=groups,dc=x").unwrap();
    let elsewhere = Dn::parse("cn=staff,ou=people,dc=x").unwrap();
    assert!(by_name.has(&below, Some("staff")));
    assert!(!by_name.has(&elsewhere, Some("staff")));
    assert!(wanted(&["CN=Staff, ou=people,dc=x"]).has(&elsewhere, None));
}

fn group(dn: &str, names: &[&str], classes: &[&str]) -> Entry {
    let names = names.iter().map(|name| ("cn", *name));
    let classes = classes.iter().map(|class| (CLASS, *class));
    Entry::made_of(dn, &names.chain(classes).collect::<Vec<_>>())
}

const ALICE: &str = "uid=alice,ou=people,dc=x";

#[test]
fn a_group_is_walked_through_once_however_often_it_comes() {
    let wanted = wanted(&["never"]);
    let mut walk = Walk::new(&wanted, Dn::parse(ALICE));
    let one = group("cn=a,ou=groups,dc=x", &["a", "b"], &["groupOfNames"]);
    walk.note(&one);
    walk.note(&one);
    walk.note(&group("CN=A,ou=groups,dc=x", &[], &["groupOfNames"]));
    assert_eq!(walk.level.len(), 1);
    assert!(!walk.is_in_wanted);
}

#[test]
fn no_entry_of_a_person_or_below_their_own_is_a_group() {
    let settings = LdapSettings {
        group_base: Dn::parse("dc=x"),
        allow_groups: ["admins", ALICE].map(|group| group.parse().unwrap()).into(),
        ..LdapSettings::default()
    };
    let wanted = Wanted::new(&settings);
    let arrives = |dn: &str, classes: &[&str]| {
        let mut walk = Walk::new(&wanted, Dn::parse(ALICE));
        walk.note(&group(dn, &["admins"], classes));
        assert!(
            walk.is_in_wanted || walk.level.is_empty(),
            "{dn} {classes:?}"
        );
        (walk.is_in_wanted, walk.unclear.is_some())
    };
    let elsewhere = "cn=admins,ou=groups,dc=x";
    assert_eq!(arrives(elsewhere, &["top", "groupOfNames"]), (true, false));
    assert_eq!(arrives(elsewhere, &["posixGroup", "group"]), (true, false));
    for person in ["inetOrgPerson", "posixaccount", "USER"] {
        let classes = ["groupOfNames", "posixGroup", person];
        assert_eq!(arrives(elsewhere, &classes), (false, false), "{person}");
    }
    for own in [ALICE, "cn=admins,UID=Alice,ou=people,dc=x"] {
        assert_eq!(arrives(own, &["groupOfNames"]), (false, false), "{own}");
    }
    assert_eq!(arrives(elsewhere, &[]), (false, true), "it may be a person");
}
