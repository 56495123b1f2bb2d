//! End to end: passwords of a directory changed through libpam, the module and its worker.

use authchain_tests::host::built;
use authchain_tests::host::codes::{
    AUTH_ERR, AUTHINFO_UNAVAIL, AUTHTOK_ERR, NEW_AUTHTOK_REQD, PERM_DENIED, SUCCESS, USER_UNKNOWN,
};
use authchain_tests::host::scene::{Call, Phase, QUIET, Report, Scene};
use authchain_tests::host::transaction::Transaction;
use authchain_tests::need;
use authchain_tests::pattern::fits;
use authchain_tests::servers::hostile::{self, almost_good};
use authchain_tests::servers::slapd::{Plan, Slapd};

use super::changes::SERVICE_WRITES;

const NEW: &str = "new-secret-1";

const AUTHENTICATE: Call = call(Phase::Authenticate, 0);
const ACCOUNT: Call = call(Phase::Account, 0);
const CHANGE: Call = call(Phase::Chauthtok, 0);
/// `PAM_CHANGE_EXPIRED_AUTHTOK`, as login and su pass it.
const CHANGE_EXPIRED: Call = call(Phase::Chauthtok, 0x20);

const fn call(phase: Phase, flags: i32) -> Call {
    Call { phase, flags }
}

fn play(keys: &str, user: &str, answers: &[&str], calls: &[Call]) -> Report {
    let mut scene = Scene::new(user, answers);
    let worker = built::worker();
    scene.config = Some(format!(
        "{QUIET}chain = [\"corp\"]\npasswd_file = \"{{dir}}/passwd\"\nrun_dir = \"{{dir}}/run\"\n\
         worker = {worker:?}\n[backend.corp]\ntype = \"ldap\"\n{keys}"
    ));
    scene.files = [("passwd".to_owned(), String::new())].into();
    Transaction::run(&scene.calling(calls))
}

fn keys_of(settings: &serde_json::Value) -> String {
    let keys = settings.as_object().unwrap().iter();
    keys.map(|(key, value)| format!("{key} = {value}\n"))
        .collect()
}

fn said(report: &Report, pattern: &str) -> bool {
    report.log_lines.iter().any(|line| fits(pattern, line))
}

fn shown(report: &Report) -> String {
    format!("{:?}", report.prompts)
}

/// Starts a directory whose service account may write the people's entries.
fn writable_directory() -> Option<Slapd> {
    if !need::root("a directory") {
        return None;
    }
    Slapd::start(&Plan {
        access: SERVICE_WRITES,
        ..Plan::default()
    })
}

#[test]
fn a_login_that_demands_a_new_password_changes_it_in_the_directory() {
    let Some(slapd) = writable_directory() else {
        return;
    };
    let keys = slapd.settings_as_toml();
    for user in ["reset", "aged"] {
        let old = format!("pw-{user}");
        let report = play(
            &keys,
            user,
            &[&old, &old, NEW, NEW, NEW],
            &[AUTHENTICATE, ACCOUNT, CHANGE_EXPIRED, AUTHENTICATE, ACCOUNT],
        );
        let codes = [SUCCESS, NEW_AUTHTOK_REQD, SUCCESS, SUCCESS, SUCCESS];
        assert_eq!(report.codes, codes, "{user}: {report:#?}");
        assert!(
            said(&report, "...: password changed in corp; uid=0 ..."),
            "{report:#?}"
        );
        let report = play(&keys, user, &[NEW], &[CHANGE_EXPIRED]);
        assert_eq!(report.codes, [AUTHTOK_ERR], "{report:#?}");
        assert!(said(
            &report,
            "...corp refused: the password has not expired; ..."
        ));
    }
}

#[test]
fn what_a_directory_does_not_change_has_its_code_and_one_text() {
    if !need::root("a directory") {
        return;
    }
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let keys = slapd.settings_as_toml();
    let off = format!("{keys}password = \"off\"\n");
    for (keys, user, answers, call, code, text) in [
        (
            &keys,
            "aged",
            &["wrong"][..],
            CHANGE_EXPIRED,
            AUTH_ERR,
            "was not accepted",
        ),
        (&keys, "nobody-here", &[], CHANGE, USER_UNKNOWN, ""),
        (
            &keys,
            "alice",
            &[NEW, NEW],
            CHANGE,
            PERM_DENIED,
            "Password reset by root is not supported.",
        ),
        (
            &off,
            "alice",
            &[],
            CHANGE,
            PERM_DENIED,
            "Passwords of corp are not changed here.",
        ),
        (
            &keys,
            "ended",
            &["pw-ended"],
            CHANGE_EXPIRED,
            13,
            "Your account has expired",
        ),
    ] {
        let report = play(keys, user, answers, &[call]);
        assert_eq!(report.codes, [code], "{user}: {report:#?}");
        assert!(shown(&report).contains(text), "{user}: {report:#?}");
        assert!(
            !said(&report, "...password changed in..."),
            "{user}: {report:#?}"
        );
    }
}

#[test]
fn the_rules_are_shown_before_the_question_and_the_servers_words_after_it() {
    let Some(slapd) = writable_directory() else {
        return;
    };
    let keys = slapd.settings_as_toml();
    let report = play(&keys, "strict", &["short", "short"], &[CHANGE]);
    assert_eq!(report.codes, [AUTHTOK_ERR], "{report:#?}");
    let shown = shown(&report);
    let rules = "The new password must have at least 8 characters and be none of the last 3.";
    let positions = [
        rules,
        "New password: ",
        "Password fails quality checking policy",
    ];
    let positions = positions.map(|text| shown.find(text));
    assert!(
        positions.iter().all(Option::is_some) && positions.is_sorted(),
        "{shown}"
    );
    let pattern = "...: password not changed: corp refused: the new password is not accepted \
                   (\"Password fails quality checking policy\"); ...";
    assert!(said(&report, pattern), "{report:#?}");
}

#[test]
fn a_server_that_is_silent_after_the_request_is_never_a_success() {
    if !need::root("a directory") {
        return;
    }
    let port = hostile::serve(|stream| {
        almost_good(stream, |tag, bytes| match tag {
            0x77 => Vec::new(),
            _ => bytes,
        });
    });
    let keys = keys_of(&hostile::settings(port)) + "timeout = \"1s\"\nbind_dn = \"cn=a\"\n";
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret");
    std::fs::write(&secret, "x\n").unwrap();
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let keys = format!("{keys}bind_password_file = {secret:?}\n");
    let report = play(&keys, "alice", &[NEW, NEW], &[CHANGE]);
    assert_eq!(report.codes, [AUTHTOK_ERR], "{report:#?}");
    let pattern = "...: password perhaps changed in corp: ldap://127.0.0.1:...: password change: \
                   timed out (timeout); ...";
    assert!(said(&report, pattern), "{report:#?}");
    assert!(
        shown(&report).contains("could not be found out"),
        "{report:#?}"
    );
}

#[test]
fn a_directory_that_is_down_changes_nothing() {
    if !need::root("a directory") {
        return;
    }
    let Some(mut slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    slapd.stop();
    let report = play(&slapd.settings_as_toml(), "alice", &[], &[CHANGE]);
    assert_eq!(report.codes, [AUTHINFO_UNAVAIL], "{report:#?}");
}
