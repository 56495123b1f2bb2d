//! `authchain user --backend` and `authchain backends` on a real directory.

use authchain_tests::host::app_passwords::give;
use authchain_tests::servers::checker::Checker;
use authchain_tests::servers::directory::BASE;
use authchain_tests::servers::slapd::{Plan, Slapd};

/// The service account may write everything, and read any number of pages.
fn kept() -> Option<Slapd> {
    Slapd::start(&Plan {
        access: "access to * by dn.exact=\"cn=svc,dc=example,dc=test\" write by * break\n",
        limits: "limits dn.exact=\"cn=svc,dc=example,dc=test\" size.prtotal=unlimited\n",
        ..Plan::default()
    })
}

fn corp(slapd: &Slapd) -> Checker {
    Checker::new(slapd.settings())
        .with("accounts", "write")
        .with("base", format!("ou=people,{BASE}"))
}

fn user(corp: &Checker, arguments: &[&str], code: i32, words: &[&str]) {
    let typed = "Correct-Horse!7\n";
    let all = [arguments, &["--backend", "corp"]].concat();
    let told = corp.command("user", &all, typed);
    assert_eq!(told.code, code, "{arguments:?}: {}", told.text);
    for word in words {
        assert!(told.text.contains(word), "{word}: {}", told.text);
    }
    assert!(!told.text.contains("Correct-Horse"), "{}", told.text);
}

#[test]
fn app_passwords_end_with_an_account_that_is_deleted_in_other_letters() {
    let Some(slapd) = kept() else { return };
    let state = tempfile::tempdir().unwrap();
    let top = format!("state_dir = \"{}\"\n", state.path().display());
    let corp = &corp(&slapd).with("case", "ascii").with_top(&top);
    user(corp, &["add", "zoe-deleted"], 0, &["is added to corp"]);
    give(state.path(), "zoe-deleted");
    let words = ["3 app passwords of zoe-deleted are void"];
    user(corp, &["del", "ZOE-DELETED", "--yes"], 0, &words);
}

#[test]
fn a_person_of_a_directory_lives_from_add_to_del() {
    let Some(slapd) = kept() else { return };
    let corp = &corp(&slapd);
    let zoe = "zoe-of-the-directory";
    let add = [
        "add",
        zoe,
        "--gecos",
        "Zoe Dyck",
        "--mail",
        "zoe@example.test",
    ];
    user(corp, &add, 0, &["is added to corp with user id 100"]);
    user(corp, &add, 1, &["corp: there is such a person already"]);
    user(
        corp,
        &["show", zoe],
        0,
        &["Zoe Dyck", "zoe@example.test", "valid", "/home/zoe-of"],
    );
    user(
        corp,
        &["set-mail", zoe, "z@example.test"],
        0,
        &["a new mail address"],
    );
    user(corp, &["set-name", zoe, "Zoe Smith"], 0, &["a new name"]);
    user(
        corp,
        &["set-shell", zoe, "/bin/bash"],
        0,
        &["a new login shell"],
    );
    user(corp, &["passwd", zoe], 0, &["has a new password in corp"]);
    let found = ["search", "of-the-dir", "--json"];
    user(
        corp,
        &found,
        0,
        &["\"Zoe Smith\"", "\"z@example.test\"", "\"/bin/bash\""],
    );
    user(corp, &["lock", zoe], 0, &["is locked"]);
    user(corp, &["show", zoe, "--json"], 0, &["\"locked\""]);
    user(corp, &["unlock", zoe], 0, &["is unlocked"]);
    user(corp, &["del", zoe], 1, &["use --yes"]);
    user(corp, &["del", zoe, "--yes"], 0, &["is deleted from corp"]);
    user(
        corp,
        &["show", zoe],
        1,
        &["corp does not know zoe-of-the-directory"],
    );
    user(
        corp,
        &["set-name", "alice", "\u{c4}lice"],
        1,
        &["corp: the attribute gecos holds ASCII"],
    );
}

#[test]
fn a_directory_that_lets_nothing_be_written_is_told_of_in_words() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let words = "corp: bind_dn may not write there: insufficientAccessRights (50)";
    user(
        &corp(&slapd),
        &["set-shell", "alice", "/bin/sh"],
        1,
        &[words],
    );
    user(
        &corp(&slapd),
        &["list"],
        0,
        &["alice", "Alice Example, alice@example.test"],
    );
    let reader = corp(&slapd).with("accounts", "read");
    let words = "corp: bind_dn may not write: accounts = \"read\"";
    user(&reader, &["del", "alice", "--yes"], 1, &[words]);
}

#[test]
fn the_servers_of_a_backend_are_asked_what_they_lack() {
    let Some(mut slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = corp(&slapd);
    let told = corp.command("backends", &["--online"], "");
    assert_eq!(told.code, 0, "{}", told.text);
    for words in [
        "corp: ldap",
        "answers",
        "change_password  yes",
        "name, mail, shell, lock",
    ] {
        assert!(told.text.contains(words), "{words}: {}", told.text);
    }
    slapd.stop();
    let told = corp.command("backends", &["--online"], "");
    assert!(told.text.contains("connection refused"), "{}", told.text);
}
