//! Rules with a fault, which is named with its place.

use super::source;
use crate::config::Config;

/// The faults of a text, each with its line and column.
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
            "[[rule]]\nthen = [\"totp\"]",
            "2:8: needs a second factor, of which none is configured",
        ),
        (
            "then = [\"totp\"]",
            "1:8: needs a second factor, of which none is configured",
        ),
        (
            "[[rule]]\npublickey = \"counts\"",
            "2:13: needs a second factor, of which none is configured",
        ),
        (
            "[[rule]]\nremember = \"15m\"",
            "2:12: needs a second factor, of which none is configured",
        ),
        (
            "[[rule]]\nremember_max = \"4h\"",
            "2:16: a duration such as \"3s\", \"250ms\" or \"2m\" belongs here, not \"4h\"",
        ),
        (
            "[[rule]]\nremember_max = \"4m\"",
            "2:16: needs a second factor, of which none is configured",
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
