//! Which rule is chosen for a login.

use super::{first, second};
use crate::config::rules::LoginFacts;

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
