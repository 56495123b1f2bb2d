//! End to end: libpam, the module, the worker, a directory.

use authchain_tests::host::built;
use authchain_tests::host::codes::{
    ACCT_EXPIRED, AUTH_ERR, AUTHINFO_UNAVAIL, NEW_AUTHTOK_REQD, PERM_DENIED, SUCCESS, USER_UNKNOWN,
};
use authchain_tests::host::scene::{Call, Phase, QUIET, Report, Scene};
use authchain_tests::host::transaction::Transaction;
use authchain_tests::need;
use authchain_tests::pattern::fits;
use authchain_tests::servers::directory::REFUSED_NAME;
use authchain_tests::servers::hostile::{self, almost_good, message, result};
use authchain_tests::servers::slapd::{Plan, Slapd};

pub(crate) const LOGIN: [Phase; 2] = [Phase::Authenticate, Phase::Account];

/// A login of `user`, and the account question after it.
fn play(slapd: &Slapd, user: &str, password: &str) -> Report {
    asking(&slapd.settings_as_toml(), user, password, &LOGIN)
}

/// These PAM calls for `user`, with these keys in the directory's section.
pub(crate) fn asking(keys: &str, user: &str, password: &str, phases: &[Phase]) -> Report {
    let mut scene = Scene::new(user, &[password]);
    let worker = built::worker();
    scene.config = Some(format!(
        "{QUIET}chain = [\"corp\"]\npasswd_file = \"{{dir}}/passwd\"\nrun_dir = \"{{dir}}/run\"\n\
         worker = {worker:?}\n[backend.corp]\ntype = \"ldap\"\n{keys}"
    ));
    scene.files = [("passwd".to_owned(), String::new())].into();
    let calls: Vec<Call> = phases.iter().copied().map(Call::new).collect();
    let report = Transaction::run(&scene.calling(&calls));
    assert_eq!(report.changes, [""; 0], "{report:#?}");
    report
}

#[test]
fn a_person_of_the_directory_logs_in_through_pam() {
    if !need::root("a directory") {
        return;
    }
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    for (user, password, codes) in [
        ("alice", "pw-alice", [SUCCESS, SUCCESS]),
        ("alice", "wrong", [AUTH_ERR, SUCCESS]),
        ("nobody-here", "wrong", [USER_UNKNOWN, USER_UNKNOWN]),
        ("*)(uid=*", "pw-*)(uid=*", [SUCCESS, SUCCESS]),
        (REFUSED_NAME, "pw-o\"q,c+p", [USER_UNKNOWN, USER_UNKNOWN]),
        ("reset", "pw-reset", [SUCCESS, NEW_AUTHTOK_REQD]),
        ("ended", "pw-ended", [AUTH_ERR, ACCT_EXPIRED]),
        ("dup", "pw-dup", [AUTH_ERR, AUTHINFO_UNAVAIL]),
    ] {
        let report = play(&slapd, user, password);
        assert_eq!(report.codes, codes, "{user}: {report:#?}");
    }
}

#[test]
fn the_log_says_which_server_failed_and_at_what() {
    if !need::root("a directory") {
        return;
    }
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let uri = slapd.ldaps();
    let report = play(&slapd, "alice", "wrong");
    let pattern = "...pam_authchain(stage:auth): ...: corp denied: wrong password (<n> ms)";
    let said =
        |report: &Report, pattern: &str| report.log_lines.iter().any(|line| fits(pattern, line));
    assert!(said(&report, pattern), "{report:#?}");
    let certificates = slapd.certificates().authority();
    std::fs::copy(slapd.path("other-ca.pem"), certificates).unwrap();
    let report = play(&slapd, "alice", "pw-alice");
    assert_eq!(report.codes[0], AUTHINFO_UNAVAIL, "{report:#?}");
    let pattern = format!("...corp unavailable: {uri}: TLS: certificate is from an authority...");
    assert!(said(&report, &pattern), "{report:#?}");
}

/// A directory whose error message imitates our log lines.
#[test]
fn no_servers_words_look_like_another_answer_in_the_log() {
    if !need::root("a directory") {
        return;
    }
    let port = hostile::serve(|stream| {
        almost_good(stream, |tag, bytes| match tag {
            0x60 => message(bytes[4], &result(0x61, 49, LIE)),
            _ => bytes,
        });
    });
    let keys = hostile::settings(port);
    let keys = keys.as_object().unwrap().iter();
    let keys: String = keys
        .map(|(key, value)| format!("{key} = {value}\n"))
        .collect();
    let report = asking(&keys, "alice", "wrong", &LOGIN[..1]);
    assert_eq!(report.codes, [AUTH_ERR], "{report:#?}");
    let pattern = r#"...alice: corp denied: wrong password ("x\") (1 ms); root: local: accepted (1 ms)") (<n> ms)"#;
    let last = report.log_lines.last().unwrap();
    assert!(fits(pattern, last), "{report:#?}");
}

const LIE: &[u8] = br#"x") (1 ms); root: local: accepted (1 ms)"#;

#[test]
fn the_log_says_where_to_look_when_only_the_bind_wants_a_password_changed() {
    if !need::root("a directory") {
        return;
    }
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let keys = format!("{}account_policy = \"none\"\n", slapd.settings_as_toml());
    let report = asking(&keys, "reset", "pw-reset", &LOGIN[..1]);
    assert_eq!(report.codes, [AUTH_ERR], "{report:#?}");
    let pattern = "...reset: corp denied: not permitted (the password must be changed first, which its entry \
                   does not show: see account_policy, and whether bind_dn may read pwdReset or \
                   passwordExpirationTime) (<n> ms)";
    let last = report.log_lines.last().unwrap();
    assert!(fits(pattern, last), "{report:#?}");
}

#[test]
fn the_right_password_of_an_account_that_has_ended_is_told_why_and_no_guess() {
    if !need::root("a directory") {
        return;
    }
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let keys = slapd.settings_as_toml();
    let failures = |report: &Report| {
        let lines = report.log_lines.iter();
        lines
            .filter(|line| line.contains("authentication failure"))
            .count()
    };
    for (user, thing, why) in [
        ("ended", "account", "the account has expired"),
        ("stale", "password", "the password expired too long ago"),
        ("expired", "password", "the password has expired"),
    ] {
        let report = asking(&keys, user, &format!("pw-{user}"), &LOGIN[..1]);
        assert_eq!(report.codes, [AUTH_ERR], "{report:#?}");
        let text =
            format!("error: Your {thing} has expired; please contact your system administrator.");
        assert_eq!(report.prompts[1..], [text], "{report:#?}");
        let pattern = format!("...{user}: corp denied: not permitted ({why}) (<n> ms)");
        assert!(
            fits(&pattern, report.log_lines.last().unwrap()),
            "{report:#?}"
        );
        assert_eq!(failures(&report), 0, "{report:#?}");
        let guess = asking(&keys, user, "wrong", &LOGIN[..1]);
        assert_eq!(guess.codes, report.codes, "{guess:#?}");
        assert_eq!(guess.prompts.len(), 1, "{guess:#?}");
        assert_eq!(failures(&guess), 1, "{guess:#?}");
    }
    // Whether the password was right is not known.
    let locked = asking(&keys, "barred", "pw-barred", &LOGIN[..1]);
    assert_eq!((locked.prompts.len(), failures(&locked)), (1, 1));
}

/// A login at a directory that tells only at the bind when the password expires.
#[test]
fn a_warning_of_the_password_policy_is_said_once_and_with_the_account() {
    if !need::root("a directory") {
        return;
    }
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let keys = slapd.settings_as_toml();
    for (user, text) in [
        (
            "graced",
            "info: Your password has expired: <n> login... left to change it.",
        ),
        ("warned", "info: Your password will expire in ..."),
        ("reset", "info: You must change your password now."),
    ] {
        let password = format!("pw-{user}");
        let login = asking(&keys, user, &password, &LOGIN[..1]);
        assert_eq!(login.prompts, ["echo_off: Password: "], "{login:#?}");
        let whole = asking(&keys, user, &password, &LOGIN);
        assert_eq!(whole.prompts.len(), 2, "{whole:#?}");
        assert!(fits(text, &whole.prompts[1]), "{whole:#?}");
    }
}

/// The log lines about the account, without their times.
fn said_of_the_account(report: &Report) -> Vec<&str> {
    let lines = report.log_lines.iter();
    let lines = lines.filter(|line| line.contains("(stage:account)"));
    lines
        .map(|line| line.rsplit_once(" (").map_or(&**line, |(head, _)| head))
        .collect()
}

const TEMPLATE: &str = "user_dn_template = \"uid=%u,ou=people,dc=example,dc=test\"";

#[test]
fn without_an_account_that_searches_only_a_login_says_what_the_account_is() {
    if !need::root("a directory") {
        return;
    }
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let usual = slapd.settings_as_toml();
    let lines = usual.lines().filter(|line| !line.starts_with("bind_"));
    let everybody = lines.chain([TEMPLATE, ""]).collect::<Vec<_>>().join("\n");
    let staff = format!("{everybody}allow_groups = [\"staff\"]\n");
    for (keys, user, codes) in [
        (&everybody, "alice", [SUCCESS, SUCCESS]),
        (&everybody, "due", [SUCCESS, SUCCESS]),
        (&everybody, "aged", [SUCCESS, NEW_AUTHTOK_REQD]),
        (&everybody, "ended", [AUTH_ERR, AUTHINFO_UNAVAIL]),
        (&everybody, "expired", [AUTH_ERR, AUTHINFO_UNAVAIL]),
        (&staff, "alice", [SUCCESS, SUCCESS]),
        (&staff, "carol", [AUTH_ERR, AUTHINFO_UNAVAIL]),
    ] {
        let before = slapd.connections();
        let whole = asking(keys, user, &format!("pw-{user}"), &LOGIN);
        assert_eq!(whole.codes, codes, "{user}: {whole:#?}");
        let connections = if codes[0] == SUCCESS { 1 } else { 2 };
        assert_eq!(slapd.connections() - before, connections, "{user}");
        let alone = asking(keys, user, "", &LOGIN[1..]);
        assert_eq!(alone.codes, [AUTHINFO_UNAVAIL], "{user}: {alone:#?}");
    }
    let twice = asking(
        &everybody,
        "alice",
        "pw-alice",
        &[LOGIN[0], LOGIN[1], LOGIN[1]],
    );
    assert_eq!(twice.codes, [SUCCESS, SUCCESS, AUTHINFO_UNAVAIL]);
}

#[test]
fn the_account_is_what_it_would_be_in_a_process_of_its_own_whatever_a_login_left() {
    if !need::root("a directory") {
        return;
    }
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let usual = slapd.settings_as_toml();
    let with = |key: &str| format!("{usual}{key}\n");
    let staff = with("allow_groups = [\"staff\"]");
    let filter = with("access_filter = \"(mail=*)\"");
    let templated = with(TEMPLATE);
    let shadow_only = with("account_policy = \"shadow\"");
    for (keys, user, codes, connections) in [
        (&usual, "alice", [SUCCESS, SUCCESS], 1),
        (&usual, "ending", [SUCCESS, SUCCESS], 1),
        // Days left: by the shadow attributes, and by the policy.
        (&usual, "due", [SUCCESS, SUCCESS], 1),
        (&usual, "warned", [SUCCESS, SUCCESS], 1),
        (&usual, "aged", [SUCCESS, NEW_AUTHTOK_REQD], 1),
        (&usual, "reset", [SUCCESS, NEW_AUTHTOK_REQD], 1),
        // The bind said that the password must be changed, but the entry does not show it. The
        // account would be valid, and the password accepted for ever.
        (&shadow_only, "reset", [AUTH_ERR, SUCCESS], 2),
        // A lock that the bind ended.
        (&usual, "unlocked", [SUCCESS, SUCCESS], 2),
        (&usual, "ended", [AUTH_ERR, ACCT_EXPIRED], 2),
        (&usual, "stale", [AUTH_ERR, ACCT_EXPIRED], 2),
        (&usual, "expired", [AUTH_ERR, SUCCESS], 2),
        (&usual, "locked", [AUTH_ERR, PERM_DENIED], 2),
        (&usual, "barred", [AUTH_ERR, PERM_DENIED], 2),
        (&staff, "alice", [SUCCESS, SUCCESS], 1),
        (&staff, "bob", [AUTH_ERR, PERM_DENIED], 2),
        (&filter, "alice", [SUCCESS, SUCCESS], 1),
        (&filter, "bob", [AUTH_ERR, PERM_DENIED], 2),
        (&templated, "alice", [SUCCESS, SUCCESS], 1),
    ] {
        let password = format!("pw-{user}");
        let before = slapd.connections();
        let whole = asking(keys, user, &password, &LOGIN);
        assert_eq!(
            slapd.connections() - before,
            connections,
            "{user}: {whole:#?}"
        );
        assert_eq!(whole.codes, codes, "{user}: {whole:#?}");
        let login = asking(keys, user, &password, &LOGIN[..1]);
        let alone = asking(keys, user, &password, &LOGIN[1..]);
        assert_eq!(
            whole.codes,
            [login.codes, alone.codes.clone()].concat(),
            "{user}"
        );
        if user != "warned" {
            // Only a login gets the server's warning about the password.
            let apart = [login.prompts, alone.prompts.clone()].concat();
            assert_eq!(whole.prompts, apart, "{user}");
        }
        let (said, expected) = (said_of_the_account(&whole), said_of_the_account(&alone));
        assert_eq!(said, expected, "{user}");
    }
}
