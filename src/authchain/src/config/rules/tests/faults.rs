//! Rules with a fault, which is named with its place.

use super::source;
use crate::config::Config;

/// Returns the faults of a text, each with its line and column.
fn faults(text: &str) -> Vec<String> {
    let source = source(text);
    let (_, faults) = Config::parse_all(&source);
    let faults = faults.iter().map(ToString::to_string);
    faults
        .map(|fault| fault.replacen("authchain.toml:", "", 1))
        .collect()
}

#[test]
fn each_fault_of_a_rule_points_at_its_key() {
    for (text, expected) in [
        ("rule = 1", "1:8: rules are sections of their own: [[rule]]"),
        ("[rule]", "1:1: rules are sections of their own: [[rule]]"),
        ("rule = [1]", "1:9: a rule is a section: [[rule]]"),
        (
            "[[rule]]",
            "1:1: the rule says nothing: every login would fit it",
        ),
        (
            "[[rule]]\nusers = [\"a\"]",
            "2:1: unknown key \"users\" (did you mean \"user\"?)",
        ),
        (
            "[[rule]]\ndeadline = \"1s\"",
            "2:1: the key \"deadline\" does not belong here: move it to the top of the file, above the first section",
        ),
        (
            "[[rule]]\non_denied = \"stop\"",
            "2:1: the key \"on_denied\" does not belong here: move it below the [backend.NAME] it is about",
        ),
        (
            "access = \"deny\"",
            "1:1: the key \"access\" does not belong here: move it below the [[rule]] it is about",
        ),
        (
            "[[rule]]\naccess = \"no\"",
            "2:10: \"no\" is none of the words allowed: \"allow\" or \"deny\"",
        ),
        (
            "[[rule]]\nuser = \"a\"",
            "2:8: a list such as [\"a\", \"b\"] belongs here, not \"a\"",
        ),
        (
            "[[rule]]\nuser = []",
            "2:8: the list is empty: leave the key out if it is not to matter",
        ),
        (
            "[[rule]]\nuser = [\"a\", \"*\"]",
            "2:14: \"*\": users are named one by one; without the key `user`, everybody fits",
        ),
        (
            "[[rule]]\nuser = [\"a:b\"]",
            "2:9: \"a:b\": the name has a ':'",
        ),
        ("[[rule]]\nuser = [\"!\"]", "2:9: \"\": the name is empty"),
        (
            "[[rule]]\nuser = [\"!!a\"]",
            "2:9: \"!a\": one \"!\" excludes, two mean nothing",
        ),
        (
            "[[rule]]\nservice = [\"SSHD\"]",
            "2:12: \"SSHD\": PAM has services in small letters: \"sshd\"",
        ),
        (
            "[[rule]]\nservice = [\"/etc/pam.d/sshd\"]",
            "2:12: \"/etc/pam.d/sshd\": a service is named without its folder",
        ),
        (
            "[[rule]]\nservice = [\"ss hd\"]",
            "2:12: \"ss hd\" has a blank or a control character",
        ),
        ("[[rule]]\ntty = [\"/dev/\"]", "2:8: the name is empty"),
        (
            "[[rule]]\ngroup = [\" a\"]",
            "2:10: \" a\" has a control character, or a blank at an end",
        ),
        (
            "[[rule]]\ngroup = [\"4294967295\"]",
            "2:10: \"4294967295\" is no group id: 0 to 4294967294",
        ),
        (
            "[[rule]]\ngroup = [\"010\"]",
            "2:10: \"010\" is no group id: 0 to 4294967294",
        ),
        (
            "[[rule]]\ngroup = [10]",
            "2:10: a text in quotes, such as \"a\", belongs here, not 10",
        ),
        (
            "[[rule]]\nfrom = [\"10.0.0.1/8\"]",
            "2:9: \"10.0.0.1/8\" is an address within a network; the network is \"10.0.0.0/8\"",
        ),
        (
            "[[rule]]\nfrom = [\"host.example.com\"]",
            "2:9: \"host.example.com\" is no address, no network such as \"10.0.0.0/8\", and not \"local\"",
        ),
        (
            "[[rule]]\nchain = []",
            "2:9: the chain is empty: nobody could log in",
        ),
        (
            "[[rule]]\nchain = [\"locl\"]",
            "2:10: the chain names \"locl\", but there is no [backend.locl] (did you mean \"local\"?)",
        ),
        (
            "[[rule]]\nchain = [\"local\", \"local\"]",
            "2:19: the chain names \"local\" twice",
        ),
        (
            "[[rule]]\nuser = [\"a\"]\naccess = \"deny\"\nchain = [\"local\"]",
            "4:9: a rule with access = \"deny\" asks no backend",
        ),
        (
            "[[rule]]\nname = \"\"\nuser = [\"a\"]",
            "2:8: a rule's name is not empty, and has no control character and no '\"'",
        ),
        (
            "[[rule]]\nname = \"a\"\nuser = [\"a\"]\n[[rule]]\nname = \"a\"\nuser = [\"b\"]",
            "4:1: there is a rule \"a\" before this one",
        ),
        (
            "[[rule]]\nuser = [\"a\", \"!a\"]",
            "2:9: this list excludes the entry again, by \"!a\"",
        ),
    ] {
        assert_eq!(faults(text), [expected], "{text}");
    }
}

#[test]
fn each_fault_about_second_factors_points_at_its_key() {
    let none = "needs a second factor, and `then` names none, neither in this rule nor at the top";
    for (text, expected) in [
        (
            "then = [\"local\"]",
            "1:9: [backend.local] is no second factor: name it in `chain`",
        ),
        (
            "then = [\"phone\"]",
            "1:9: there is no second factor [backend.phone]",
        ),
        (
            "chain = [\"totp\"]\nthen = [\"totp\"]",
            "1:10: \"totp\" is a second factor: name it in `then`",
        ),
        (
            "then = [\"totp\"]\n[[rule]]\nthen = [\"totp\", \"totp\"]",
            "3:17: the list names \"totp\" twice",
        ),
        ("[[rule]]\npublickey = \"counts\"", &format!("2:13: {none}")),
        ("[[rule]]\nremember = \"15m\"", &format!("2:12: {none}")),
        ("[[rule]]\ncode = \"appended\"", &format!("2:8: {none}")),
        ("[[rule]]\nenrol = \"self\"", &format!("2:9: {none}")),
        (
            "then = [\"totp\"]\n[[rule]]\nthen = []\nnot_enrolled = \"skip\"",
            &format!("4:16: {none}"),
        ),
        (
            "then = [\"totp\"]\n[[rule]]\nremember_max = \"4h\"",
            "3:16: it needs `remember` beside it",
        ),
        (
            "then = [\"totp\"]\n[[rule]]\nremember = \"4h\"\nremember_max = \"1h\"",
            "4:16: it is shorter than `remember`",
        ),
        (
            "then = [\"totp\"]\n[[rule]]\nremember = \"0s\"",
            "3:12: must be longer than nothing",
        ),
        (
            "[[rule]]\nuser = [\"a\"]\naccess = \"deny\"\nthen = [\"totp\"]",
            "4:8: a rule with access = \"deny\" asks for nothing",
        ),
        (
            "then = [\"totp\"]\n[[rule]]\ncode = \"appended\"\npublickey = \"counts\"",
            "3:8: where a key counts, there is no password to append a code to",
        ),
        (
            "[backend.totp]\ntype = \"totp\"\non_denied = \"stop\"",
            "3:13: a second factor has no such key: it is no backend",
        ),
    ] {
        assert_eq!(faults(text), [expected], "{text}");
    }
}

/// Returns the faults of two rules of which each has these keys.
fn faults_of_two(first: &str, second: &str) -> Vec<String> {
    let second = format!("[[rule]]\nname = \"second\"\n{second}\n");
    faults(&format!("[[rule]]\nname = \"first\"\n{first}\n{second}"))
}

#[test]
fn a_rule_behind_one_that_always_fits_when_it_does_is_dead() {
    for (first, second) in [
        ("", ""),
        ("", "user = ['a']"),
        ("user = ['a', 'b']", "user = ['b']"),
        ("user = ['!a']", "user = ['!a', '!b']"),
        ("user = ['!a']", "user = ['b', 'c']"),
        ("user = ['a']", "user = ['a']\nfrom = ['local']"),
        ("service = ['s*']", "service = ['sshd', 'su*']"),
        ("tty = ['/dev/tty*']", "tty = ['tty1']"),
        (
            "from = ['10.0.0.0/8']",
            "from = ['10.1.0.0/16', '10.2.0.1']",
        ),
        ("from = ['::ffff:10.0.0.0/104']", "from = ['10.1.0.0/16']"),
        ("from = ['!10.1.0.0/16']", "from = ['!10.0.0.0/8']"),
        ("from = ['!10.0.0.0/8']", "from = ['192.0.2.0/24', 'local']"),
        ("group = ['a', 'b']", "group = ['a']"),
        ("group = ['a']", "group = ['a']\nchain = ['local']"),
        ("group = ['!a']\nchain = ['local']", "group = ['!a']"),
    ] {
        let line = first.split('\n').count() + 3;
        let expected = format!(
            "{line}:1: the rule can never fit: rule \"first\" fits whenever this one would"
        );
        assert_eq!(
            faults_of_two(first, second),
            [expected],
            "{first} / {second}"
        );
    }
}

#[test]
fn a_rule_that_can_fit_is_not_called_dead() {
    for (first, second) in [
        ("user = ['a']", ""),
        ("user = ['a']", "user = ['a', 'b']"),
        ("user = ['a']", "user = ['A']"),
        ("user = ['!a', '!b']", "user = ['!a']"),
        ("user = ['!a']", "user = ['A', 'b']"),
        ("user = ['a']\ntty = ['tty1']", "user = ['a']"),
        ("service = ['sshd']", "service = ['s*']"),
        ("service = ['!s*d']", "service = ['ss*']"),
        ("from = ['10.0.0.0/16']", "from = ['10.0.0.0/8']"),
        ("from = ['!10.0.0.0/8']", "from = ['!10.1.0.0/16']"),
        ("from = ['0.0.0.0/0', '::/0']", "from = ['local']"),
        ("from = ['::/0']", "from = ['10.0.0.0/8']"),
        ("group = ['a']", "group = ['!a']"),
        ("group = ['!a']", "group = ['b']"),
        ("group = ['a']\nchain = ['local']", "group = ['a']"),
        ("group = ['!a']", "group = ['!a']\nchain = ['local']"),
        ("group = ['10']", "group = ['wheel']"),
    ] {
        assert_eq!(faults_of_two(first, second), [""; 0], "{first} / {second}");
    }
}

#[test]
fn rules_that_shut_root_out_of_every_service_are_refused() {
    let corp = "[backend.corp]\ntype = 'local'\npasswd = '/a'\nshadow = '/b'\n";
    for rules in [
        "[[rule]]\naccess = 'deny'",
        "[[rule]]\nuser = ['root']\naccess = 'deny'",
        "[[rule]]\nuser = ['alice', '!bob', 'root']\naccess = 'deny'",
        "[[rule]]\nuser = ['alice']\n[[rule]]\naccess = 'deny'",
        "[[rule]]\nservice = ['su']\naccess = 'deny'\n[[rule]]\nuser = ['!alice']\naccess = 'deny'",
        "[[rule]]\nchain = ['corp']",
        "[[rule]]\nservice = ['su']\nchain = ['corp']\n[[rule]]\naccess = 'deny'",
        // Nobody can know whether ROOT is root.
        "[[rule]]\nuser = ['ROOT']",
    ] {
        let found = faults(&format!("{rules}\n{corp}"));
        assert_eq!(found.len(), 1, "{rules}: {found:?}");
        assert!(found[0].contains(": no rule lets root in, "), "{found:?}");
    }
    for rules in [
        "",
        "[[rule]]\nuser = ['!root']\naccess = 'deny'",
        "[[rule]]\nservice = ['!login']\naccess = 'deny'",
        "[[rule]]\nservice = ['login']\n[[rule]]\naccess = 'deny'",
        "[[rule]]\ngroup = ['wheel']\n[[rule]]\naccess = 'deny'",
        "[[rule]]\nfrom = ['local']\nchain = ['local']\n[[rule]]\naccess = 'deny'",
        "[[rule]]\nchain = ['corp', 'local']",
    ] {
        assert_eq!(faults(&format!("{rules}\n{corp}")), [""; 0], "{rules}");
    }
    // Where the chain does not know root, another module is in charge.
    let without = format!("chain = ['corp']\n[[rule]]\naccess = 'deny'\n{corp}");
    assert_eq!(faults(&without), [""; 0]);
}

#[test]
fn more_groups_than_a_backend_can_be_asked_about_are_refused() {
    let groups = |count: usize, length: usize, more: &str| {
        let groups = (0..count).map(|n| format!("g{n:0length$}"));
        let groups: Vec<String> = groups.collect();
        format!("[[rule]]\ngroup = {groups:?}\n[[rule]]\nuser = ['a']\ngroup = ['g']\n{more}")
    };
    let fault = "5:10: backends can be asked about 128 groups of 8192 bytes together, and no more";
    assert_eq!(faults(&groups(128, 3, "")), [fault]);
    assert_eq!(faults(&groups(64, 127, "")), [fault]);
    assert_eq!(faults(&groups(127, 3, "")), [""; 0]);
    // The group file alone is asked about the second rule's.
    assert_eq!(faults(&groups(128, 3, "chain = ['local']")), [""; 0]);
}

#[test]
fn every_fault_of_every_rule_is_found() {
    let text = "[[rule]]\nuser = ['a:b', 'c']\nfrom = ['x', 'y']\naccess = 'no'\n\
                [[rule]]\nservise = ['sshd']\nthen = ['totp']\n[[rule]]\n";
    let lines: Vec<_> = (faults(text).iter())
        .map(|fault| fault.split_once(": ").unwrap().0.to_owned())
        .collect();
    assert_eq!(lines, ["4:10", "2:9", "3:9", "3:14", "6:1", "8:1"]);
}

#[test]
fn app_passwords_are_asked_only_where_a_rule_names_the_services() {
    let section = "[backend.app]\ntype = \"app_passwords\"\n";
    let message = "\"app\" has app passwords: only a rule with `service` may name it";
    let chain = "chain = [\"app\", \"local\"]";
    for (text, place) in [
        (format!("{chain}\n"), "1:10"),
        (format!("[[rule]]\nuser = [\"bob\"]\n{chain}\n"), "3:10"),
        (
            format!("[[rule]]\nservice = [\"!sshd\"]\n{chain}\n"),
            "3:10",
        ),
        (format!("[[rule]]\nservice = [\"*\"]\n{chain}\n"), "3:10"),
        (
            format!("[[rule]]\nservice = [\"imap\", \"*\"]\n{chain}\n"),
            "3:10",
        ),
    ] {
        assert_eq!(
            faults(&format!("{text}{section}")),
            [format!("{place}: {message}")],
            "{text}"
        );
    }
    let text = format!("[[rule]]\nservice = [\"imap\"]\n{chain}\n{section}");
    assert_eq!(faults(&text), [""; 0]);
    let source = source(&text);
    let config = Config::parse(&source).unwrap();
    let of_line = config.links(Some(&["app".to_owned()]));
    assert_eq!(of_line.unwrap_err().message, message);
}
