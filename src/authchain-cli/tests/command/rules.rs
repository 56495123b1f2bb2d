//! The messages of `authchain check` about rules.

use crate::fixture::{Fixture, Run, WITH_SYSTEM};

const CORP: &str = "[backend.corp]\ntype = \"ldap\"\nuris = [\"ldaps://127.0.0.1\"]\n\
                    base = \"dc=x\"\n";

/// Checks these lines behind a configuration over files of the test's own.
fn check(rules: &str) -> Run {
    check_with(r#"["local", "guests"]"#, rules)
}

/// Checks these lines behind a configuration over files of the test's own with this chain.
fn check_with(chain: &str, rules: &str) -> Run {
    let fixture = Fixture::with_system();
    fixture.write("etc/group", "wheel:x:10:bob\n");
    let config = WITH_SYSTEM.replacen(r#"["local", "guests"]"#, chain, 1);
    let group_file = "group_file = \"DIR/etc/group\"\n";
    fixture.write("authchain.toml", &format!("{group_file}{config}{rules}"));
    fixture.run(&[
        "check",
        "--pam-dir",
        fixture.path("pam.d").to_str().unwrap(),
    ])
}

#[test]
fn rules_are_listed() {
    let run = check("[[rule]]\nname = \"a\"\nuser = [\"bob\"]\n[[rule]]\ngroup = [\"wheel\"]\n");
    let text = run.text();
    assert!(
        text.contains("authchain.toml: rule \"a\", rule 2 (line "),
        "{text}"
    );
    assert!(!text.contains("does not have the group"), "{text}");
}

#[test]
fn a_group_that_nobody_can_be_in_is_told() {
    let lines = "[[rule]]\ngroup = [\"whel\"]\n";
    let found = "etc/group does not have the group \"whel\" of a rule: ";
    check(lines).expect(1, &["warning: ", found, "nobody is in it"]);
    let with_corp = check(&format!(
        "{lines}[[rule]]\nuser = [\"bob\"]\nchain = [\"corp\"]\n{CORP}"
    ));
    let text = with_corp.text();
    assert!(
        text.contains("only a directory can say who is in it"),
        "{text}"
    );
    assert!(!text.contains("backend corp is not in the chain"), "{text}");
    check("[[rule]]\ngroup = [\"whel\"]\nchain = [\"local\"]\n")
        .expect(2, &["has no group \"whel\"", "^^^^^^"]);
}

#[test]
fn a_directory_that_cannot_tell_groups_when_it_is_asked_is_warned_of() {
    let rule = "[[rule]]\ngroup = [\"staff\"]\n";
    let check = |rule: &str, more: &str| {
        check_with(r#"["local", "corp"]"#, &format!("{rule}{CORP}{more}")).text()
    };
    let only = " goes by groups, and backend corp finds out groups only at a login \
                with a password (no bind_dn)";
    let no_base = "and backend corp can find no group by name or number (group_base is not set)";
    let template = "user_dn_template = \"uid=%u,dc=x\"\n";
    let text = check(rule, template);
    assert!(text.contains(only) && text.contains(no_base), "{text}");
    let text = check(rule, "group_base = \"ou=groups,dc=x\"\n");
    assert!(!text.contains("goes by groups"), "{text}");
    let text = check("[[rule]]\nuser = [\"bob\"]\n", template);
    assert!(!text.contains("goes by groups"), "{text}");
    let text = check(&format!("{rule}chain = [\"local\"]\n"), template);
    assert!(!text.contains("goes by groups"), "{text}");
}

#[test]
fn a_group_of_this_machine_that_a_directory_may_open_too_is_warned_of() {
    let both = "counts a group \"wheel\" of backend corp beside the one in ";
    for (rule, is_warned_of) in [
        ("group = [\"wheel\"]\n", true),
        ("group = [\"!wheel\"]\naccess = \"deny\"\n", true),
        ("group = [\"wheel\"]\naccess = \"deny\"\n", false),
        ("group = [\"!wheel\"]\n", false),
        ("group = [\"wheel\"]\nchain = [\"local\"]\n", false),
        ("group = [\"10\", \"staff\"]\n", false),
    ] {
        let rule = format!("[[rule]]\nservice = [\"sudo\"]\n{rule}");
        let text = check_with(r#"["corp", "local"]"#, &format!("{rule}{CORP}")).text();
        assert_eq!(text.contains(both), is_warned_of, "{rule}{text}");
        assert!(!check(&rule).text().contains("counts a group"), "{rule}");
    }
}

#[test]
fn a_group_file_that_may_not_be_used_is_an_error() {
    let fixture = Fixture::with_system();
    let rule = "[[rule]]\ngroup = [\"wheel\"]\n";
    let config = format!("group_file = \"DIR/none\"\n{WITH_SYSTEM}{rule}");
    fixture.write("authchain.toml", &config);
    fixture
        .run(&["check"])
        .expect(2, &["none: no such file (setting `group_file`)"]);
}

#[test]
fn a_deny_by_a_terminal_that_the_caller_chooses_is_warned_of() {
    let deny = |more: &str| {
        check(&format!(
            "[[rule]]\naccess = \"deny\"\ntty = [\"pts/*\"]\n{more}"
        ))
    };
    deny("").expect(
        1,
        &[
            "rule 1 (line ",
            "denies by terminal: in su the caller chooses",
        ],
    );
    deny("service = [\"sudo\"]\n").expect(1, &["in sudo the caller chooses"]);
    let text = deny("service = [\"login\"]\n").text();
    assert!(!text.contains("denies by terminal"), "{text}");
}

#[test]
fn a_rule_on_names_that_a_backend_folds_is_noted() {
    let rule = "[[rule]]\nuser = [\"bob\"]\nchain = [\"corp\"]\n";
    let folds = check(&format!("{rule}{CORP}case = \"ascii\"\n")).text();
    assert!(
        folds.contains("backend corp takes BOB for the same person"),
        "{folds}"
    );
    let exact = check(&format!("{rule}{CORP}")).text();
    assert!(!exact.contains("takes BOB"), "{exact}");
}
