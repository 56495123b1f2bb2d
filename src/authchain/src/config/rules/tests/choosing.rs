//! Which rule is chosen for a login.

use super::{first, in_short, second, source};
use crate::config::Config;
use crate::config::rules::{Group, LoginFacts};
use crate::files::group_file::GroupFile;

fn ssh(user: &'static str, rhost: &str) -> LoginFacts<'static> {
    LoginFacts::new("sshd", user, rhost, "ssh")
}

#[test]
fn the_first_rule_that_fits_by_all_its_keys_is_chosen() {
    let rules = "[[rule]]\nservice = ['sshd']\nuser = ['alice']\nfrom = ['!10.0.0.0/8']\naccess = 'deny'\n\
                 [[rule]]\nuser = ['alice']\n\
                 [[rule]]\ntty = ['tty*']\naccess = 'deny'\n";
    for (login, expected) in [
        (ssh("alice", "192.0.2.7"), ("deny 1", false)),
        (ssh("alice", "10.0.0.7"), ("allow 2", true)),
        (ssh("bob", "192.0.2.7"), ("top", true)),
        (
            LoginFacts::new("login", "bob", "", "/dev/tty1"),
            ("deny 3", false),
        ),
        (
            LoginFacts::new("login", "alice", "", "tty1"),
            ("allow 2", true),
        ),
    ] {
        let (choice, may_allow) = first(rules, &login, &[]);
        assert_eq!((choice.as_str(), may_allow), expected, "{login:?}");
    }
}

const STAFF_ALONE: &str = "[[rule]]\ngroup = ['staff']\n[[rule]]\naccess = 'deny'\n\
                           service = ['sshd']\n";

#[test]
fn a_group_that_the_backend_may_know_leaves_the_door_open_until_it_has_answered() {
    let login = ssh("alice", "192.0.2.7");
    assert_eq!(first(STAFF_ALONE, &login, &[]), ("deny 2".to_owned(), true));
    assert_eq!(second(STAFF_ALONE, &login, &[], &["staff"]), "allow 1");
    assert_eq!(second(STAFF_ALONE, &login, &[], &["guests"]), "deny 2");
    assert_eq!(
        first(STAFF_ALONE, &login, &["staff"]),
        ("allow 1".to_owned(), true)
    );
}

#[test]
fn a_group_that_only_the_backend_can_exclude_is_decided_when_it_has_answered() {
    let rules = "[[rule]]\nservice = ['sshd']\ngroup = ['!guests']\n\
                 [[rule]]\nservice = ['sshd']\naccess = 'deny'\n";
    let login = ssh("alice", "192.0.2.7");
    assert_eq!(first(rules, &login, &[]), ("allow 1".to_owned(), true));
    assert_eq!(
        first(rules, &login, &["guests"]),
        ("deny 2".to_owned(), false)
    );
    assert_eq!(second(rules, &login, &[], &[]), "allow 1");
    assert_eq!(second(rules, &login, &[], &["guests"]), "deny 2");
}

#[test]
fn a_rule_with_a_chain_goes_by_the_group_file_alone() {
    let rules = "[[rule]]\ngroup = ['staff']\nchain = ['local']\n";
    let login = ssh("alice", "192.0.2.7");
    assert_eq!(
        first(rules, &login, &["staff"]),
        ("allow 1".to_owned(), true)
    );
    assert_eq!(second(rules, &login, &[], &["staff"]), "top");
    let source = source(rules);
    let config = Config::parse(&source).unwrap();
    assert_eq!(config.rules.groups_of_backends().count(), 0);
}

#[test]
fn a_host_name_is_no_address_and_decides_nothing() {
    for (rules, expected) in [
        ("from = ['10.0.0.0/8']", "unclear 1"),
        ("from = ['!10.0.0.0/8']", "unclear 1"),
        ("from = ['10.0.0.0/8']\naccess = 'deny'", "unclear 1"),
        ("from = ['local', '10.0.0.0/8']", "unclear 1"),
        ("from = ['!local']", "allow 1"),
        ("from = ['local']", "top"),
        ("from = ['10.0.0.0/8']\nuser = ['bob']", "top"),
        (
            "from = ['10.0.0.0/8']\ngroup = ['staff']\nchain = ['local']",
            "top",
        ),
    ] {
        let rules = format!("[[rule]]\n{rules}\n");
        for rhost in ["10.0.0.1.evil.example", "[::1]", "1.2.3"] {
            let login = ssh("alice", rhost);
            assert_eq!(second(&rules, &login, &[], &[]), expected, "{rules}");
            assert_eq!(
                first(&rules, &login, &[]).1,
                !expected.starts_with("unclear")
            );
        }
    }
}

#[test]
fn a_name_in_other_letters_or_an_alias_evades_no_rule() {
    for access in ["allow", "deny"] {
        for list in ["'alice'", "'!alice'", "'bob', 'alice'"] {
            let rules =
                format!("[[rule]]\nuser = [{list}]\naccess = '{access}'\nservice = ['sshd']\n");
            let shouted = ssh("ALICE", "192.0.2.7");
            assert_eq!(second(&rules, &shouted, &[], &[]), "unclear 1", "{rules}");
            for own_name in ["alice", "Alice"] {
                let own_names = [own_name];
                let alias = ssh("alice@example.com", "192.0.2.7").known_as(&own_names);
                assert_eq!(second(&rules, &alias, &[], &[]), "unclear 1", "{rules}");
            }
        }
    }
}

#[test]
fn another_name_of_the_persons_entry_evades_no_rule() {
    let own_names = ["eve", "alice"];
    let eve = ssh("eve", "192.0.2.7").known_as(&own_names);
    for access in ["allow", "deny"] {
        for list in ["'alice'", "'!alice'", "'bob', 'alice'", "'!eve', 'alice'"] {
            let rules =
                format!("[[rule]]\nuser = [{list}]\naccess = '{access}'\nservice = ['sshd']\n");
            let expected = match list.contains("!eve") {
                true => "top",
                false => "unclear 1",
            };
            assert_eq!(second(&rules, &eve, &[], &[]), expected, "{rules}");
        }
        let by_the_typed_name = format!("[[rule]]\nuser = ['eve']\naccess = '{access}'\n");
        let expected = format!("{access} 1");
        assert_eq!(second(&by_the_typed_name, &eve, &[], &[]), expected);
    }
}

#[test]
fn a_group_of_which_the_backend_is_unclear_leaves_every_rule_possible_that_it_decides() {
    let all = |rules: &str, group: &str| {
        let source = source(rules);
        let config = Config::parse(&source).unwrap();
        let of_backend = |asked: &Group| match asked.to_string() == group {
            true => Ok::<_, String>(None),
            false => Ok(Some(asked.to_string() == "staff")),
        };
        let login = ssh("alice", "192.0.2.7");
        let chosen = (config.rules).second_choice(&login, |_| Ok(false), of_backend);
        let chosen: Vec<String> = chosen.unwrap().all().map(in_short).collect();
        chosen.join(", ")
    };
    let denies = "[[rule]]\ngroup = ['users']\naccess = 'deny'\n";
    let but = "[[rule]]\ngroup = ['!users']\naccess = 'deny'\n";
    let allows = "[[rule]]\ngroup = ['users']\n[[rule]]\ngroup = ['staff']\n\
                  [[rule]]\nservice = ['sshd']\naccess = 'deny'\n";
    assert_eq!(all(denies, "users"), "deny 1, top");
    assert_eq!(all(but, "users"), "deny 1, top");
    assert_eq!(all(denies, "guests"), "top");
    assert_eq!(all(but, "guests"), "deny 1");
    // Whether she is in users or not, she is let in.
    assert_eq!(all(allows, "users"), "allow 1, allow 2");
    let staff_too = "[[rule]]\ngroup = ['users', 'staff']\naccess = 'deny'\n";
    assert_eq!(all(staff_too, "users"), "deny 1");
}

#[test]
fn a_lookup_that_fails_concerns_the_rules_that_need_it() {
    let rules = "[[rule]]\nservice = ['su']\ngroup = ['wheel']\n\
                 [[rule]]\nuser = ['alice']\n\
                 [[rule]]\ngroup = ['staff']\n";
    let source = source(rules);
    let config = Config::parse(&source).unwrap();
    let fails = |_: &Group| Err::<bool, _>("the file cannot be read");
    let of_backend = |group: &Group| fails(group).map(Some);
    let choose = |login| config.rules.second_choice(&login, fails, of_backend);
    assert!(choose(ssh("alice", "")).unwrap().first.allows());
    assert!(choose(ssh("bob", "")).is_err());
    assert!(choose(LoginFacts::new("su", "alice", "", "")).is_err());
}

#[test]
fn a_rule_is_called_by_its_name_or_by_its_place() {
    let text =
        "# who\n\n[[rule]]\nname = 'ssh from outside'\nuser = ['a']\n\n[[rule]]\nuser = ['b']\n";
    let source = source(text);
    let config = Config::parse(&source).unwrap();
    let labels: Vec<String> = config.rules.iter().map(ToString::to_string).collect();
    assert_eq!(labels, ["rule \"ssh from outside\"", "rule 2 (line 7)"]);
}

#[test]
fn a_group_that_the_file_lacks_is_a_fault_beside_a_chain_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("group");
    std::fs::write(&path, "wheel:x:10:\n").unwrap();
    let file = GroupFile::read(&path).unwrap();
    let text = "[[rule]]\ngroup = ['wheel', '!whel', '55']\nchain = ['local']\n\
                [[rule]]\ngroup = ['staff']\n";
    let source = source(text);
    let faults = Config::parse(&source).unwrap().check_groups(&file);
    let [fault] = faults.as_slice() else {
        panic!("{faults:?}")
    };
    let expected = "2:19: ";
    let text = fault.to_string();
    assert!(
        text.contains(expected) && text.contains("has no group \"whel\""),
        "{text}"
    );
}
