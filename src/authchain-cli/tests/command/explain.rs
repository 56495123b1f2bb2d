//! `authchain explain`.

use crate::fixture::{Fixture, Run};

/// Rules over files of the test's own, in which alice is in wheel by her line in passwd, and bob by
/// a group line.
const RULES: &str = "group_file = \"DIR/etc/group\"\npasswd_file = \"DIR/etc/passwd\"\n\
    [[rule]]\nname = \"console\"\ntty = [\"tty*\"]\nfrom = [\"local\"]\n\
    [[rule]]\nservice = [\"sshd\"]\ngroup = [\"wheel\"]\nchain = [\"guests\"]\n\
    [[rule]]\nservice = [\"sshd\"]\ngroup = [\"staff\"]\n\
    [[rule]]\nname = \"outside\"\nuser = [\"!root\"]\nfrom = [\"!10.0.0.0/8\"]\naccess = \"deny\"\n\
    [backend.guests]\ntype = \"local\"\npasswd = \"DIR/passwd\"\nshadow = \"DIR/shadow\"\n";

fn fixture() -> Fixture {
    let fixture = Fixture::new(RULES);
    fixture.write("etc/group", "wheel:x:10:bob\nusers:x:100:\n");
    fixture.write("etc/passwd", "root:x:0:0::/:\nalice:x:1000:10::/:\n");
    fixture
}

fn explain(fixture: &Fixture, user: &str, more: &[&str]) -> Run {
    let mut arguments = vec!["explain", "--user", user, "--service", "sshd"];
    arguments.extend(more);
    fixture.run(&arguments)
}

#[test]
fn each_rule_before_the_one_that_holds_says_why_it_does_not_fit() {
    let fixture = fixture();
    explain(&fixture, "eve", &["--from", "192.0.2.7", "--tty", "ssh"]).expect(
        0,
        &[
            "eve, service sshd, from 192.0.2.7, terminal ssh\n",
            "rule \"console\" does not fit\n",
            "from = [\"local\"]: the login is from 192.0.2.7",
            "tty = [\"tty*\"]: the terminal is ssh",
            "rule 2 (line 7) does not fit\n",
            "group = [\"wheel\"]: the groups of eve on this machine do not fit",
            "rule 3 (line 11) may fit, and then allows",
            "group = [\"staff\"]: the backend that accepts eve may know of more groups",
            "rule \"outside\" fits, and denies",
            "rule       rule \"outside\"\n",
            "access     deny, unless the groups of the backend make another rule fit",
            "asked      local\n",
        ],
    );
}

#[test]
fn groups_count_by_line_and_by_primary_group() {
    let fixture = fixture();
    for user in ["alice", "bob"] {
        explain(&fixture, user, &["--from", "192.0.2.7"]).expect(
            0,
            &[
                "rule 2 (line 7) fits, and allows",
                "access     allow\n",
                "asked      guests\n",
            ],
        );
    }
}

#[test]
fn a_login_that_nobody_can_allow_is_denied_before_anybody_is_asked() {
    let fixture = fixture();
    let su = [
        "explain",
        "--user",
        "bob",
        "--service",
        "su",
        "--from",
        "::ffff:192.0.2.7",
    ];
    let run = fixture
        .run(&su)
        .expect(1, &["access     deny\n", "asked      nobody\n"]);
    assert!(!run.out.contains("unless"), "{}", run.out);
    let by_name = [
        "explain",
        "--user",
        "bob",
        "--service",
        "su",
        "--from",
        "a.example",
    ];
    fixture.run(&by_name).expect(
        1,
        &[
            "rule \"outside\" may fit or not, which denies",
            "from = [\"!10.0.0.0/8\"]: \"a.example\" is no address",
            "access     deny: nobody can know whether the rule fits",
        ],
    );
    fixture
        .run(&[
            "explain",
            "--user",
            "ROOT",
            "--service",
            "su",
            "--from",
            "192.0.2.7",
        ])
        .expect(1, &["user = [\"!root\"]: ROOT may be the same person"]);
}

#[test]
fn json_has_what_the_text_has() {
    let fixture = fixture();
    let json = explain(&fixture, "eve", &["--from", "192.0.2.7", "--json"]).json();
    assert_eq!(json["rule"], "rule \"outside\"");
    assert_eq!(json["access"], "deny");
    assert_eq!(json["may_allow"], true);
    assert_eq!(json["depends_on_backend"], true);
    assert_eq!(json["chain"], serde_json::json!(["local"]));
    assert_eq!(json["factors"], serde_json::json!([]));
    let fits: Vec<_> = (json["rules"].as_array().unwrap().iter())
        .map(|rule| rule["fits"].as_str().unwrap())
        .collect();
    assert_eq!(fits, ["no", "no", "up_to_the_backend", "yes"]);
    let obstacle = &json["rules"][0]["obstacles"][0];
    assert_eq!(obstacle["key"], "from");
    assert_eq!(obstacle["entries"], "[\"local\"]");
    assert_eq!(json["rules"][1]["line"], 7);
    let local = explain(&fixture, "eve", &["--tty", "/dev/tty1", "--json"]).json();
    assert_eq!(local["rule"], "rule \"console\"");
    assert_eq!(local["tty"], "tty1");
}

#[test]
fn the_chain_of_the_modules_line_limits_who_is_asked() {
    let fixture = fixture();
    let inside = ["--from", "10.0.0.1"];
    let with = |user: &str, chain: &str| {
        explain(&fixture, user, &[&inside[..], &["--chain", chain]].concat())
    };
    with("eve", "guests,local").expect(0, &["asked      guests, local\n"]);
    with("bob", "guests,local").expect(0, &["access     allow\n", "asked      guests\n"]);
    with("bob", "local").expect(
        1,
        &[
            "rule 2 (line 7) fits, and allows",
            "access     deny: chain= leaves out all backends of the rule\n",
            "asked      nobody\n",
        ],
    );
    let arguments = [&inside[..], &["--chain", "local", "--json"]].concat();
    let json = explain(&fixture, "bob", &arguments).json();
    assert_eq!(
        (&json["access"], &json["may_allow"]),
        (&"deny".into(), &false.into())
    );
    assert_eq!(json["chain"], serde_json::json!([]));
    with("bob", "lokal").expect(2, &["lokal"]);
}

#[test]
fn without_rules_the_top_of_the_file_holds() {
    Fixture::new("chain = [\"local\"]\n")
        .run(&["explain", "--user", "eve", "--service", "sshd"])
        .expect(
            0,
            &[
                "none: the keys at the top of the file hold",
                "asked      local\n",
            ],
        );
}

#[test]
fn what_cannot_be_found_out_is_trouble() {
    let fixture = fixture();
    fixture.write("etc/group", "wheel:x:10:bob\nstaff:x:50:al");
    explain(&fixture, "bob", &["--from", "192.0.2.7"]).expect(0, &["rule 2 (line 7) fits"]);
    explain(&fixture, "eve", &["--from", "192.0.2.7"]).expect(
        2,
        &[
            "the file ends in the middle of a line",
            "the login would be refused",
        ],
    );
    fixture.write("etc/group", "whel:x:10:bob\n");
    explain(&fixture, "eve", &[]).expect(2, &["has no group \"wheel\"", "^^^^^^^"]);
    fixture.write("authchain.toml", "[[rule]]\nusers = [\"a\"]\n");
    explain(&fixture, "eve", &[]).expect(2, &["unknown key \"users\"", "^^^^^"]);
    explain(&fixture, "a:b", &[]).expect(1, &["the name has a ':'"]);
    fixture
        .run(&["explain", "--user", "eve"])
        .expect(2, &["--service"]);
}

/// Rules that ask for a second factor.
const FACTORS: &str = "state_dir = \"DIR\"\nnot_enrolled = \"skip\"\n\
    [[rule]]\nservice = [\"sshd\"]\nthen = [\"totp\"]\npublickey = \"counts\"\n\
    not_enrolled = \"refuse\"\n\
    [[rule]]\nservice = [\"sudo\"]\nthen = [\"totp\"]\nremember = \"15m\"\n\
    [[rule]]\nservice = [\"login\"]\nthen = [\"totp\"]\nenrol = \"self\"\n\
    [[rule]]\nservice = [\"dovecot\"]\nthen = [\"totp\"]\ncode = \"appended\"\n\
    [backend.local]\ntype = \"local\"\nmfa = true\n";

#[test]
fn the_factor_that_a_person_is_asked_for_is_said() {
    let fixture = Fixture::new(FACTORS);
    fixture.write(
        "oath",
        "HOTP/T30 alice-test - 3132333435363738393031323334353637383930\n",
    );
    fixture.chmod("oath", 0o600);
    let oath = fixture.path("oath");
    fixture
        .run(&[
            "totp",
            "import",
            "alice-test",
            "--oath",
            oath.to_str().unwrap(),
        ])
        .expect(0, &[]);
    let explained = |user: &str, service: &str, more: &[&str]| {
        let mut arguments = vec!["explain", "--user", user, "--service", service];
        arguments.extend(more);
        fixture.run(&arguments)
    };
    for (user, service, words) in [
        (
            "alice-test",
            "sshd",
            ["totp (enrolled)", "totp is asked for", "stands for"],
        ),
        (
            "bob-test",
            "sshd",
            ["totp (not enrolled)", "refused: enrolled in none", "key"],
        ),
        (
            "bob-test",
            "sudo",
            [
                "is enough",
                "15m after each use, and 4h at most",
                "if local",
            ],
        ),
        (
            "bob-test",
            "login",
            ["the person enrols in totp", "enrol", "self"],
        ),
        (
            "alice-test",
            "dovecot",
            ["asked for", "behind the password", "totp"],
        ),
        (
            "alice-test",
            "cron",
            ["factors    none", "access     allow", "asked"],
        ),
    ] {
        explained(user, service, &[]).expect(0, &words);
    }
    let json = explained("alice-test", "sudo", &["--json"]).json();
    assert_eq!(json["factors"][0]["enrolled"], true);
    let confirmation = &json["confirmation"];
    assert_eq!(confirmation["consequence"], "asked");
    assert_eq!(confirmation["not_enrolled"], "skip");
    assert_eq!(confirmation["remember_max_seconds"], 4 * 3600);
    fixture.chmod("factors/alice-test/totp", 0o644);
    explained("alice-test", "sudo", &[]).expect(0, &["refused if root cannot", "mode 0644"]);
}
