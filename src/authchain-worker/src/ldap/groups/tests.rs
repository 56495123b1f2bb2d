use super::super::entry::Entry;
use super::super::membership::Doubts;
use super::*;

fn groups_of(settings: LdapSettings) -> Groups {
    Groups::new(&LdapSettings {
        base: Dn::parse("dc=x").unwrap(),
        group_base: Dn::parse("ou=groups,dc=x"),
        ..settings
    })
}

/// Returns the groups that are asked about.
fn asked(groups: &Groups, texts: &[&str]) -> Vec<AskedGroup> {
    let asked = texts.iter().map(|text| AskedGroup {
        text: (*text).to_owned(),
        group: groups.wanted(text).unwrap(),
    });
    asked.collect()
}

/// Returns those of `texts` that a person is in who is in `group`.
fn found_in(group: &Entry, texts: &[&str]) -> Vec<String> {
    let groups = groups_of(LdapSettings::default());
    let asked = asked(&groups, texts);
    let mut query = groups.query(&asked);
    Walk::new(&mut query, &groups.base, Dn::parse(ALICE)).note(group);
    query.answer()
}

fn group(dn: &str, attributes: &[(&str, &str)], classes: &[&str]) -> Entry {
    let classes = classes.iter().map(|class| (CLASS, *class));
    let attributes = attributes.iter().copied().chain(classes);
    Entry::made_of(dn, &attributes.collect::<Vec<_>>())
}

const ALICE: &str = "uid=alice,ou=people,dc=x";

#[test]
fn a_name_and_a_number_count_below_the_groups_base_only_and_a_dn_anywhere() {
    let attributes = [("cn", "staff"), ("gidNumber", "500")];
    let below = group("cn=staff,ou=groups,dc=x", &attributes, &["posixGroup"]);
    let elsewhere = group("cn=staff,ou=people,dc=x", &attributes, &["posixGroup"]);
    let wanted = ["Staff", "500", "0500", "staf", "50", "5000"];
    assert_eq!(found_in(&below, &wanted), ["Staff", "500", "0500"]);
    assert!(found_in(&elsewhere, &wanted).is_empty());
    let dn = "CN=Staff, ou=people,dc=x";
    assert_eq!(found_in(&elsewhere, &[dn]), [dn]);
    assert!(found_in(&below, &[dn]).is_empty());
}

#[test]
fn a_rule_can_ask_for_a_name_or_a_number_only_where_groups_have_a_base() {
    let without = Groups::new(&LdapSettings::default());
    for text in ["staff", "500"] {
        assert_eq!(
            without.wanted(text),
            Err("group_base is not set".to_owned()),
            "{text}"
        );
    }
    assert!(without.wanted("cn=staff,dc=x").is_ok());
    assert!(without.wanted("a=b=,=").is_err());
    let with = groups_of(LdapSettings::default());
    assert_eq!(with.wanted("500"), Ok(WantedGroup::Number(500)));
    let name = WantedGroup::Name("500a".to_owned());
    assert_eq!(with.wanted("500a"), Ok(name));
}

#[test]
fn a_group_is_walked_through_once_however_often_it_comes() {
    let groups = groups_of(LdapSettings::default());
    let never = asked(&groups, &["never"]);
    let mut query = groups.query(&never);
    let mut walk = Walk::new(&mut query, &groups.base, Dn::parse(ALICE));
    let names = [("cn", "a"), ("cn", "b")];
    let one = group("cn=a,ou=groups,dc=x", &names, &["groupOfNames"]);
    walk.note(&one);
    walk.note(&one);
    walk.note(&group("CN=A,ou=groups,dc=x", &[], &["groupOfNames"]));
    assert_eq!(walk.next_level().len(), 1);
    assert!(!query.is_done());
}

#[test]
fn no_entry_of_a_person_or_below_their_own_is_a_group() {
    let groups = Groups::new(&LdapSettings {
        group_base: Dn::parse("dc=x"),
        allow_groups: ["admins", ALICE].map(|group| group.parse().unwrap()).into(),
        ..LdapSettings::default()
    });
    let asked = asked(&groups, &["admins", ALICE, "7"]);
    let arrives = |dn: &str, classes: &[&str]| {
        let mut query = groups.query(&asked);
        let mut walk = Walk::new(&mut query, &groups.base, Dn::parse(ALICE));
        walk.note(&group(dn, &[("cn", "admins"), (NUMBER, "7")], classes));
        let is_unclear = walk.unclear.is_some();
        let is_left_out = walk.next_level().is_empty();
        assert_eq!(query.is_allowed(), !query.answer().is_empty(), "{dn}");
        assert!(query.is_allowed() || is_left_out, "{dn} {classes:?}");
        (query.is_allowed(), is_unclear)
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

#[test]
fn a_group_of_the_persons_own_number_and_all_above_it_are_only_possible() {
    let groups = groups_of(LdapSettings::default());
    let asked = asked(&groups, &["staff", "users", "above"]);
    let posix = |name: &str, number: Option<&str>| {
        let number = number.map(|number| (NUMBER, number));
        let attributes: Vec<_> = [("cn", name)].into_iter().chain(number).collect();
        group(
            &format!("cn={name},ou=groups,dc=x"),
            &attributes,
            &["PosixGroup"],
        )
    };
    let above = posix("above", Some("7"));
    let by_number = Doubts {
        number: Some(100),
        ..Doubts::NONE
    };
    let by_name = Doubts {
        has_other_names: true,
        ..Doubts::NONE
    };
    for (doubts, first, found, unclear) in [
        (
            Doubts::NONE,
            Some("100"),
            &["staff", "users", "above"][..],
            &[][..],
        ),
        (by_number, Some("100"), &["staff"], &["users", "above"]),
        (by_number, None, &["staff"], &["users", "above"]),
        (by_number, Some("101"), &["staff", "users", "above"], &[]),
        (by_name, Some("101"), &[], &["staff", "users", "above"]),
    ] {
        let mut query = groups.query(&asked);
        let walk = Walk::new(&mut query, &groups.base, Dn::parse(ALICE));
        let mut walk = walk.with_doubts(doubts);
        walk.note(&posix("staff", Some("50")));
        walk.note(&posix("users", first));
        assert_eq!(walk.next_level().len(), 2);
        walk.note(&above);
        assert_eq!(query.answer(), found, "{doubts:?} {first:?}");
        assert_eq!(
            query.unclear().collect::<Vec<_>>(),
            unclear,
            "{doubts:?} {first:?}"
        );
    }
}
