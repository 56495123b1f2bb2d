//! `authchain backends`, and `authchain user --backend` with files.

use nix::unistd::geteuid;

use crate::fixture::{Fixture, GUESTS, PASSWORD, WITH_SYSTEM};

const CORP: &str = "[backend.corp]\ntype = \"ldap\"\nuris = [\"ldaps://127.0.0.1:9\"]\n\
    base = \"dc=example,dc=com\"\n";

const BOUND: &str = "bind_dn = \"cn=svc,dc=example,dc=com\"\nbind_password_file = \"/dev/null\"\n";

fn why(shown: &serde_json::Value, backend: &str, capability: &str) -> String {
    let backends = shown["backends"].as_array().unwrap();
    let found = backends.iter().find(|shown| shown["name"] == backend);
    let capability = &found.unwrap()["capabilities"][capability];
    match capability["can"].as_bool().unwrap() {
        true => capability["more"].as_str().unwrap_or("yes").to_owned(),
        false => capability["why"].as_str().unwrap().to_owned(),
    }
}

#[test]
fn each_backend_shows_what_it_can_do_and_why_not() {
    let sections = format!(
        "{CORP}[backend.half]\n{half}{BOUND}[backend.whole]\n{half}{BOUND}accounts = \"write\"\n\
         password = \"off\"\ngroup_base = \"ou=groups,dc=example,dc=com\"\n\
         [backend.ad]\ntype = \"active_directory\"\ndomain = \"ad.example.com\"\n\
         [backend.yp]\ntype = \"nis\"\ndomain = \"x\"\nservers = [\"127.0.0.1\"]\n\
         [backend.mail]\ntype = \"app_passwords\"\n",
        half = CORP.split_once('\n').unwrap().1
    );
    let fixture = Fixture::new(&format!("{WITH_SYSTEM}{sections}"));
    let shown = fixture.run(&["backends", "--json"]).expect(0, &[]).json();
    let root_only = "not root: only root may lock the files";
    let expected = [
        ("local", "authenticate", "yes"),
        (
            "local",
            "register",
            "the system's own accounts are kept by useradd, usermod, passwd and userdel",
        ),
        ("local", "list", "yes"),
        (
            "local",
            "change_password",
            if geteuid().is_root() {
                "yes"
            } else {
                root_only
            },
        ),
        ("guests", "register", "yes"),
        ("guests", "edit", "name, shell, lock"),
        (
            "guests",
            "list_groups",
            "passwd files have no groups; /etc/group is the system's",
        ),
        (
            "guests",
            "groups",
            "the groups of /etc/group count for everybody",
        ),
        ("corp", "change_password", "yes"),
        ("corp", "edit", "bind_dn may not write: accounts = \"read\""),
        ("corp", "list", "yes"),
        ("corp", "list_groups", "group_base is not set"),
        (
            "half",
            "remove",
            "bind_dn may not write: accounts = \"read\"",
        ),
        ("whole", "register", "yes"),
        ("whole", "edit", "name, mail, shell, lock"),
        ("whole", "list_groups", "yes"),
        ("whole", "change_password", "password = \"off\""),
        (
            "ad",
            "lookup",
            "without bind_dn, only a person's password shows them",
        ),
        ("ad", "edit", "bind_dn may not write: accounts = \"read\""),
        (
            "ad",
            "list",
            "no bind_dn: authchain has no login of its own there",
        ),
        ("yp", "change_password", "password_change = \"off\""),
        (
            "yp",
            "register",
            "the maps of a NIS domain are made of files on its master",
        ),
        ("mail", "edit", "backends of this type keep no accounts"),
    ];
    for (backend, capability, expected) in expected {
        assert_eq!(
            why(&shown, backend, capability),
            expected,
            "{backend} {capability}"
        );
    }
    assert!(why(&shown, "ad", "register").contains("samba-tool"));
    fixture.run(&["backends"]).expect(
        0,
        &[
            "guests: local\n",
            "corp: ldap, in no chain",
            "ldaps://127.0.0.1:9",
            "no: bind_dn may not write: accounts = \"read\"",
        ],
    );
}

#[test]
fn the_accounts_of_a_local_backend_are_kept_through_it() {
    let fixture = Fixture::new(GUESTS);
    let corp = ["--backend", "guests"];
    let with = |arguments: &[&str]| fixture.run(&[arguments, &corp[..]].concat());
    fixture
        .run(&["user", "add", "bob-test", "--no-password"])
        .expect(0, &[]);
    with(&[
        "user",
        "add",
        "carol-test",
        "--no-password",
        "--gecos",
        "Carol",
    ])
    .expect(0, &["carol-test is added to guests with user id 70001"]);
    with(&["user", "add", "carol-test", "--no-password"]).expect(1, &["carol-test exists already"]);
    with(&[
        "user",
        "add",
        "dora-test",
        "--no-password",
        "--uid",
        "70001",
    ])
    .expect(1, &["guests: user id 70001 is another account's"]);
    with(&["user", "set-name", "carol-test", "Carol Jones"]).expect(0, &["has a new name"]);
    with(&["user", "set-shell", "carol-test", "/bin/bash"]).expect(0, &["login shell"]);
    with(&["user", "set-shell", "carol-test", "bash"]).expect(1, &["absolute path"]);
    with(&["user", "set-name", "carol-test", "a:b"]).expect(1, &["gecos: a colon"]);
    with(&["user", "set-mail", "carol-test", "c@example.com"]).expect(
        1,
        &["guests: passwd files have no field for a mail address"],
    );
    assert_eq!(
        fixture.read("passwd").lines().nth(1),
        Some("carol-test:x:70001:70001:Carol Jones:/home/carol-test:/bin/bash")
    );
    let found = with(&["user", "search", "rol", "--json"])
        .expect(0, &[])
        .json();
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0]["gecos"], "Carol Jones");
    with(&["user", "list"]).expect(0, &["bob-test", "carol-test"]);
    let shown = with(&["user", "show", "carol-test", "--json"])
        .expect(0, &[])
        .json();
    assert_eq!(shown["shell"], "/bin/bash");
    assert_eq!(shown["state"], "valid");
    with(&["user", "lock", "carol-test"]).expect(0, &["carol-test is locked"]);
    with(&["user", "show", "carol-test"]).expect(0, &["account expired"]);
    with(&["user", "del", "carol-test", "--yes"]).expect(0, &["is deleted from guests"]);
    with(&["user", "del", "carol-test", "--yes"]).expect(1, &["guests does not know carol-test"]);
    with(&["user", "lock", "nobody-test"]).expect(1, &["guests does not know nobody-test"]);
}

#[test]
fn a_password_of_a_local_backend_is_set_by_root() {
    let fixture = Fixture::with_alice();
    let passwd = ["user", "passwd", "alice-test", "--backend", "guests"];
    if !geteuid().is_root() {
        fixture
            .run_with(&passwd, "another one")
            .expect(1, &["only root can lock the files"]);
        return;
    }
    fixture
        .run_with(&passwd, "another one")
        .expect(0, &["alice-test has a new password in guests"]);
    fixture
        .run_with(&["test", "alice-test"], "another one")
        .expect(0, &[]);
    fixture
        .run_with(
            &["user", "add", "bob-test", "--backend", "guests"],
            PASSWORD,
        )
        .expect(0, &["bob-test is added to guests"]);
    fixture
        .run_with(&["test", "bob-test"], PASSWORD)
        .expect(0, &[]);
}

#[test]
fn what_a_backend_cannot_do_is_refused_in_words() {
    let fixture = Fixture::new(&format!("{WITH_SYSTEM}{CORP}"));
    let refused = |arguments: &[&str], backend: &str, words: &str| {
        let all = [&["user"], arguments, &["--backend", backend]].concat();
        fixture.run(&all).expect(1, &[words]);
    };
    let system = "local: the system's own accounts are kept by useradd";
    refused(&["add", "x-test", "--no-password"], "local", system);
    refused(&["lock", "x-test"], "local", system);
    refused(&["del", "x-test", "--yes"], "local", system);
    let reader = "corp: bind_dn may not write: accounts = \"read\"";
    refused(&["set-mail", "x-test", "a@b"], "corp", reader);
    refused(&["add", "x-test", "--no-password"], "corp", reader);
    refused(
        &["list"],
        "nowhere",
        "there is no backend \"nowhere\"; the configuration has corp, guests, local",
    );
    let mail = ["user", "set-mail", "x-test", "a@b"];
    fixture
        .run(&mail)
        .expect(1, &["passwd files have no field", "--backend"]);
    let files = ["user", "list", "--backend", "guests", "--passwd-file", "/x"];
    fixture.run(&files).expect(2, &["cannot be used with"]);
}

#[test]
fn a_server_that_does_not_answer_is_trouble_and_no_refusal() {
    let config = format!("worker = \"/nonexistent/worker\"\n{GUESTS}{CORP}");
    let fixture = Fixture::new(&config);
    fixture
        .run(&["user", "list", "--backend", "corp"])
        .expect(2, &["corp is failed: worker /nonexistent/worker"]);
    fixture
        .run(&["backends", "--online"])
        .expect(0, &["none could be asked", "worker /nonexistent/worker"]);
}

#[test]
fn names_and_shells_of_authchains_own_accounts_are_set() {
    let fixture = Fixture::with_alice();
    fixture
        .run(&["user", "set-name", "alice-test", "Alice Adams"])
        .expect(0, &["alice-test has a new name"]);
    fixture
        .run(&["user", "set-shell", "alice-test", "/bin/false"])
        .expect(0, &["alice-test has a new login shell"]);
    assert_eq!(
        fixture.read("passwd"),
        "alice-test:x:70000:70000:Alice Adams:/home/alice-test:/bin/false\n"
    );
    fixture
        .run(&["user", "show", "alice-test"])
        .expect(0, &["Alice Adams"]);
    fixture.run(&["user", "search", "zzz"]).expect(0, &["name"]);
    fixture
        .run(&["user", "show", "zzz"])
        .expect(1, &["no account here"]);
    fixture
        .run(&["user", "set-name", "zzz", "Z"])
        .expect(1, &["no account here"]);
}
