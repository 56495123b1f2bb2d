//! The whole way: libpam, the module, the worker, a directory.

use authchain_tests::host::built;
use authchain_tests::host::scene::{Call, Phase, QUIET, Report, Scene};
use authchain_tests::host::transaction::Transaction;
use authchain_tests::need;
use authchain_tests::pattern::fits;
use authchain_tests::servers::directory::REFUSED_NAME;
use authchain_tests::servers::slapd::{Plan, Slapd};

const SUCCESS: i32 = 0;
const AUTH_ERR: i32 = 7;
const AUTHINFO_UNAVAIL: i32 = 9;
const USER_UNKNOWN: i32 = 10;
const NEW_AUTHTOK_REQD: i32 = 12;
const ACCT_EXPIRED: i32 = 13;

/// A login of `user`, and the question about the account behind it.
fn play(slapd: &Slapd, user: &str, password: &str) -> Report {
    let mut scene = Scene::new(user, &[password]);
    let worker = built::worker();
    let keys = slapd.settings_as_toml();
    scene.config = Some(format!(
        "{QUIET}chain = [\"corp\"]\npasswd_file = \"{{dir}}/passwd\"\nrun_dir = \"{{dir}}/run\"\n\
         worker = {worker:?}\n[backend.corp]\ntype = \"ldap\"\n{keys}"
    ));
    scene.files = [("passwd".to_owned(), String::new())].into();
    let report =
        Transaction::run(&scene.calling(&[Phase::Authenticate, Phase::Account].map(Call::new)));
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
