use super::*;
use crate::check::pam::files::tests::files;
use crate::check::pam::modules::OURS;
use crate::check::pam::simulator::{ServiceFiles, expand};
use crate::check::report::Severity;

const AUTH: Facility = Facility::Auth;
const ACCOUNT: Facility = Facility::Account;

/// Services that people start, services that root starts, and one that no table lists.
const SERVICES: [&str; 5] = ["su", "sudo", "sshd", "login", "dovecot"];

fn faults_in(service: &str, facility: Facility, text: &str) -> Vec<Fault> {
    let (_dir, files) = files(&[("s", text)]);
    let stack = expand(&files, &files.path_of("s"), facility);
    judge(facility, service, &stack, &[])
}

fn faults(facility: Facility, text: &str) -> Vec<Fault> {
    faults_in("sshd", facility, text)
}

#[track_caller]
fn assert_faults(found: &[Fault], expected: &[(Severity, &str)], text: &str) {
    let is_as_expected = found.len() == expected.len()
        && (found.iter().zip(expected)).all(|(found, (severity, words))| {
            found.severity == *severity && found.message.contains(words)
        });
    assert!(
        is_as_expected,
        "{text}\n  found {found:#?}\n  expected {expected:#?}"
    );
}

#[track_caller]
fn assert_error(facility: Facility, text: &str, expected: &str) {
    assert_faults(
        &faults(facility, text),
        &[(Severity::Error, expected)],
        text,
    );
}

#[track_caller]
fn assert_fine(service: &str, facility: Facility, text: &str) {
    assert_faults(&faults_in(service, facility, text), &[], text);
}

/// The line after our module's in a sound stack. pam_unix is asked only where our configuration is
/// broken.
const AUTH_BEHIND: &str = "auth [success=done default=die] pam_unix.so\n";

#[test]
fn the_stacks_we_ship_have_no_fault() {
    const COMMON_AUTH: &str = include_str!("../../../../../../pam.d/debian-common-auth");
    const COMMON_ACCOUNT: &str = include_str!("../../../../../../pam.d/debian-common-account");
    const ONE_SERVICE: &str = include_str!("../../../../../../pam.d/one-service");
    for service in SERVICES {
        for (facility, text) in [
            (AUTH, COMMON_AUTH),
            (ACCOUNT, COMMON_ACCOUNT),
            (AUTH, ONE_SERVICE),
            (ACCOUNT, ONE_SERVICE),
        ] {
            assert_fine(service, facility, text);
        }
    }
}

#[test]
fn the_service_for_trying_has_no_fault_and_its_stack_is_a_warning_anywhere_else() {
    const TRIAL: &str = include_str!("../../../../../../pam.d/authchain-try");
    for facility in [AUTH, ACCOUNT] {
        assert_fine("authchain-try", facility, TRIAL);
        let expected = [(Severity::Warning, "authchain stands alone in this stack")];
        assert_faults(&faults_in("sshd", facility, TRIAL), &expected, TRIAL);
    }
    // What lets people in is an error there as well.
    let open = TRIAL.replace("auth      required", "auth      optional");
    let open = format!("{open}auth required pam_permit.so\n");
    assert!(!faults_in("authchain-try", AUTH, &open).is_empty());
}

#[test]
fn a_stack_that_lets_a_wrong_password_in_is_an_error() {
    for text in [
        "auth sufficient pam_authchain.so\nauth required pam_permit.so",
        "auth optional pam_authchain.so\nauth required pam_permit.so",
        "auth [success=ok user_unknown=ignore default=die] pam_authchain.so\nauth required pam_permit.so",
        "auth [success=2 default=ignore] pam_authchain.so\nauth [success=1 default=ignore] pam_unix.so\nauth optional pam_deny.so\nauth required pam_permit.so",
        "auth [success=1 default=ignore] pam_localuser.so\nauth requisite pam_deny.so\nauth optional pam_authchain.so\nauth required pam_permit.so",
        // A single answer of pam_unix that lets somebody in is enough.
        "auth [success=done service_err=ignore default=die] pam_authchain.so\nauth [success=1 acct_expired=ignore default=die] pam_unix.so\nauth required pam_permit.so",
        "auth [success=done service_err=ignore default=die] pam_authchain.so\nauth [success=1 ignore=ignore default=die] pam_sss.so\nauth required pam_permit.so",
        // Either module answers success, whoever the person is.
        "auth [success=done default=ignore] pam_authchain.so\nauth optional pam_cap.so",
        "auth [success=done default=ignore] pam_authchain.so\nauth optional pam_gnome_keyring.so",
        // pam_faillock answers `ignore` where it only counts.
        "auth [success=done default=ignore] pam_authchain.so\nauth required pam_faillock.so authfail\nauth required pam_permit.so",
    ] {
        assert_error(AUTH, text, "a wrong password gets in: authchain answers");
    }
}

#[test]
fn each_answer_of_ours_that_lets_a_wrong_password_in_is_found() {
    for ours in Answers::to(AUTH).unwrap().ours {
        let text = format!(
            "auth [{ours}=ignore default=die] pam_authchain.so\nauth required pam_permit.so"
        );
        match *ours {
            "success" => assert!(
                faults(AUTH, &text)
                    .iter()
                    .all(|it| it.severity < Severity::Error)
            ),
            ours => assert_error(AUTH, &text, &format!("authchain answers {ours} and")),
        }
    }
}

#[test]
fn a_condition_that_lets_people_in_without_a_password_is_an_error() {
    for line in [
        "auth sufficient pam_localuser.so",
        "auth sufficient pam_succeed_if.so uid >= 1000",
        "auth sufficient pam_succeed_if.so user notingroup staff",
        "auth sufficient pam_succeed_if.so uid = 0 use_uid",
        "auth sufficient pam_rootok.so",
        "auth sufficient pam_succeed_if.so user = root",
        "auth sufficient pam_succeed_if.so user ingroup staff:wheel",
        "auth sufficient pam_wheel.so trust deny",
        "auth sufficient pam_listfile.so item=user sense=deny file=/etc/x",
        "auth sufficient pam_listfile.so item=user sense=allow file=/etc/x onerr=succeed",
        "auth sufficient pam_access.so",
        "auth sufficient pam_shells.so",
        "auth sufficient pam_usertype.so isregular",
        "auth [success=done default=ignore] pam_listfile.so item=rhost sense=allow file=/etc/hosts.pam",
    ] {
        let text = format!(
            "{line}\nauth [success=done service_err=ignore module_unknown=ignore default=die] pam_authchain.so\n{AUTH_BEHIND}"
        );
        assert_error(AUTH, &text, "asks for none, and lets in whom it holds for");
        assert_eq!(faults(AUTH, &text)[0].at, Some(0), "{line}");
    }
}

#[test]
fn a_condition_that_names_people_may_let_them_in_without_a_password() {
    for (service, line, note) in [
        ("su", "auth sufficient pam_rootok.so", None),
        (
            "su",
            "auth sufficient pam_succeed_if.so use_uid user ingroup wheel",
            Some("names gets in"),
        ),
        (
            "dovecot",
            "auth sufficient pam_listfile.so item=user sense=allow file=/etc/x",
            Some("names gets in"),
        ),
        (
            "su",
            "auth sufficient pam_succeed_if.so uid = 0 use_uid quiet",
            None,
        ),
        ("chsh", "auth sufficient pam_rootok.so", None),
        (
            "gdm-password",
            "auth sufficient pam_succeed_if.so user ingroup nopasswdlogin",
            Some("`pam_succeed_if user ingroup nopasswdlogin` names gets in without a password"),
        ),
        (
            "su",
            "auth sufficient pam_wheel.so trust",
            Some("pam_wheel trust"),
        ),
        (
            "su",
            "auth sufficient pam_unheard_of.so",
            Some("does not know that module"),
        ),
    ] {
        let not_loaded = if service == "su" || service == "chsh" {
            "die"
        } else {
            "ignore"
        };
        let text = format!(
            "{line}\nauth [success=done service_err=ignore module_unknown={not_loaded} default=die] pam_authchain.so\n{AUTH_BEHIND}"
        );
        let expected: Vec<_> = note.iter().map(|note| (Severity::Note, *note)).collect();
        assert_faults(&faults_in(service, AUTH, &text), &expected, &text);
    }
}

#[test]
fn a_condition_on_the_caller_of_an_unknown_service_is_a_warning() {
    for line in ["pam_rootok.so", "pam_succeed_if.so uid = 0 use_uid"] {
        let text = format!(
            "auth sufficient {line}\nauth [success=done service_err=ignore default=die] pam_authchain.so\n{AUTH_BEHIND}"
        );
        let warning = [(Severity::Warning, "if that is root here, everybody gets in")];
        assert_faults(&faults_in("config-util", AUTH, &text), &warning, &text);
    }
}

#[test]
fn a_refusal_that_pam_unix_undoes_is_named_with_every_answer() {
    let text = "auth sufficient pam_authchain.so\nauth required pam_unix.so";
    let words = "a refusal of authchain (auth_err, user_unknown, authinfo_unavail, system_err, conv_err) would be skipped, and pam_unix behind";
    assert_error(AUTH, text, words);
    let denied = "auth [success=done auth_err=ignore service_err=ignore module_unknown=ignore default=die] pam_authchain.so\nauth required pam_unix.so";
    let expected = [(Severity::Warning, "(auth_err) would be skipped")];
    assert_faults(&faults(AUTH, denied), &expected, denied);
    for ours in ["authinfo_unavail", "system_err", "conv_err"] {
        let text = denied.replace("auth_err", ours);
        assert_error(AUTH, &text, &format!("({ours}) would be skipped"));
        let text = text.replace("pam_unix", "pam_sss");
        let found = faults(AUTH, &text);
        assert!(found[0].message.contains("and pam_sss behind"), "{found:?}");
    }
}

#[test]
fn where_a_caller_can_keep_the_module_from_loading_pam_unix_must_not_decide() {
    let all = "auth [success=done service_err=ignore module_unknown=ignore default=die] pam_authchain.so\nauth required pam_unix.so";
    let none = all.replace("module_unknown=ignore ", "");
    let account = |text: &str| {
        text.replace("auth [", "account [")
            .replace("auth req", "account req")
    };
    for service in [
        "su", "su-l", "sudo", "sudo-i", "doas", "pkexec", "polkit-1", "chsh", "chfn", "passwd",
    ] {
        for (facility, all, none) in [
            (AUTH, all.to_owned(), none.clone()),
            (ACCOUNT, account(all), account(&none)),
        ] {
            let error = [(
                Severity::Error,
                "where the module cannot be loaded, pam_unix alone decides",
            )];
            assert_faults(&faults_in(service, facility, &all), &error, service);
            assert_fine(service, facility, &none);
        }
    }
    assert_fine("dovecot", AUTH, all);
    assert_fine("dovecot", AUTH, &none);
    for service in ["sshd", "login", "cron"] {
        assert_fine(service, AUTH, all);
        let lockout = [(
            Severity::Warning,
            "nobody gets in when the module cannot be loaded, not even root",
        )];
        assert_faults(&faults_in(service, AUTH, &none), &lockout, service);
    }
}

#[test]
fn a_stack_that_locks_everybody_out_with_a_broken_configuration_is_named() {
    let cases = [
        ("auth required pam_authchain.so", "authchain stands alone"),
        (
            "auth sufficient pam_authchain.so\nauth required pam_deny.so",
            "no pam_unix behind authchain",
        ),
        (
            "auth requisite pam_authchain.so\nauth optional pam_unix.so",
            "`requisite` lets no failure",
        ),
        (
            "auth [success=done service_err=ignore module_unknown=ignore default=die] pam_authchain.so\nauth required pam_unix.so use_first_pass",
            "a broken authchain asks for none",
        ),
    ];
    let both = "when the configuration is broken or the module cannot be loaded, not even root";
    for (text, expected) in cases {
        let found = faults(AUTH, text);
        assert_faults(&found, &[(Severity::Warning, expected)], text);
        assert!(found[0].message.contains(both), "{found:?}");
    }
    let text = "account required pam_unix.so\naccount required pam_authchain.so";
    let expected = [(Severity::Warning, "no pam_unix behind authchain")];
    assert_faults(&faults(ACCOUNT, text), &expected, text);
}

#[test]
fn pam_unix_may_also_stand_before_us() {
    let text = "auth sufficient pam_unix.so\nauth sufficient pam_authchain.so use_first_pass\nauth required pam_deny.so";
    assert_fine("sshd", AUTH, text);
}

#[test]
fn a_refusal_that_is_skipped_is_named() {
    for text in [
        "account [success=1 default=ignore] pam_authchain.so\naccount required pam_unix.so\naccount required pam_permit.so",
        "account sufficient pam_authchain.so\naccount required pam_unix.so",
        "account optional pam_authchain.so\naccount required pam_unix.so",
        // A stack that authchain shipped once: a local person gets in while the directory is down.
        "account [success=1 default=ignore] pam_localuser.so\naccount [success=1 user_unknown=1 new_authtok_reqd=done default=die] pam_authchain.so\naccount [success=ok new_authtok_reqd=ok user_unknown=ignore authinfo_unavail=ignore default=die] pam_authchain.so\naccount required pam_unix.so",
    ] {
        let found = faults(ACCOUNT, text);
        let skipped = found
            .iter()
            .find(|it| it.message.contains("would be skipped"));
        let skipped = skipped.unwrap_or_else(|| panic!("{text}: {found:#?}"));
        assert_eq!(skipped.severity, Severity::Error);
        assert!(skipped.message.contains("authinfo_unavail"), "{skipped:?}");
    }
    let denied = "account [success=done perm_denied=ignore acct_expired=ignore service_err=ignore module_unknown=ignore default=die] pam_authchain.so\naccount required pam_unix.so";
    let words = "(acct_expired, perm_denied) would be skipped, and pam_unix behind or before it lets the locked and expired in";
    assert_faults(
        &faults(ACCOUNT, denied),
        &[(Severity::Warning, words)],
        denied,
    );
}

#[test]
fn an_account_that_no_module_calls_valid_is_refused() {
    let behind = "account [success=1 user_unknown=ignore default=die] pam_unix.so\naccount required pam_permit.so";
    for ours in Answers::to(ACCOUNT).unwrap().ours {
        let text =
            format!("account [success=done {ours}=ignore default=die] pam_authchain.so\n{behind}");
        match *ours {
            "success" => {}
            ours => assert_error(
                ACCOUNT,
                &text,
                &format!(
                    "an account that nobody calls valid gets in: authchain answers {ours}, pam_unix user_unknown"
                ),
            ),
        }
    }
}

#[test]
fn a_line_that_lets_people_in_before_their_account_is_checked_is_found() {
    let ours = "account [success=done service_err=ignore module_unknown=ignore default=die] pam_authchain.so\naccount required pam_unix.so";
    for (line, severity, words) in [
        (
            "sufficient pam_localuser.so",
            Severity::Warning,
            "before anybody has looked",
        ),
        (
            "sufficient pam_succeed_if.so uid < 1000",
            Severity::Warning,
            "before anybody has looked",
        ),
        (
            "sufficient pam_succeed_if.so uid >= 1000",
            Severity::Error,
            "at which nobody has looked",
        ),
        (
            "sufficient pam_access.so",
            Severity::Error,
            "at which nobody has looked",
        ),
        (
            "sufficient pam_unix.so",
            Severity::Warning,
            "is not asked about accounts that pam_unix before it",
        ),
        (
            "sufficient pam_permit.so",
            Severity::Error,
            "an account that nobody calls valid gets in",
        ),
    ] {
        let text = format!("account {line}\n{ours}");
        assert_faults(&faults(ACCOUNT, &text), &[(severity, words)], &text);
    }
    assert_fine("sshd", ACCOUNT, ours);
    let by_both = format!("account [success=1 default=ignore] pam_localuser.so\n{ours}");
    assert_fine("sshd", ACCOUNT, &by_both);
}

#[test]
fn an_account_stack_that_refuses_whom_only_we_know_is_noted() {
    let text = "account [success=ok service_err=ignore module_unknown=ignore default=die] pam_authchain.so\naccount required pam_unix.so";
    let note = [(
        Severity::Note,
        "people whom only authchain knows are refused",
    )];
    assert_faults(&faults(ACCOUNT, text), &note, text);
}

#[test]
fn a_stack_that_needs_two_modules_to_accept_is_a_warning() {
    let text = "auth [success=ok service_err=ignore module_unknown=ignore default=die] pam_authchain.so\nauth required pam_unix.so try_first_pass";
    let warning = [(Severity::Warning, "another module must accept it too")];
    assert_faults(&faults(AUTH, text), &warning, text);
}

#[test]
fn harmless_conditions_raise_no_false_alarm() {
    let ours =
        "auth [success=done service_err=ignore module_unknown=ignore default=die] pam_authchain.so";
    for text in [
        format!(
            "auth required pam_faillock.so preauth\n{ours}\nauth sufficient pam_unix.so\nauth [default=die] pam_faillock.so authfail\nauth required pam_deny.so"
        ),
        format!(
            "auth optional pam_faildelay.so\nauth requisite pam_nologin.so\n{ours}\nauth sufficient pam_unix.so\nauth required pam_deny.so"
        ),
        format!(
            "auth required pam_access.so\nauth requisite pam_succeed_if.so uid >= 1000\n{ours}\n{AUTH_BEHIND}"
        ),
        // A second factor that is not asked for where pam_access accepts.
        format!(
            "auth [success=1 default=ignore] pam_access.so accessfile=/etc/house.conf\nauth required pam_google_authenticator.so\n{ours}\n{AUTH_BEHIND}"
        ),
        // pam_unix answers for local people, authchain for all others.
        format!(
            "auth [success=1 default=ignore] pam_localuser.so\n{ours}\nauth required pam_unix.so"
        ),
    ] {
        assert_fine("sshd", AUTH, &text);
    }
}

#[test]
fn a_condition_on_the_service_holds_in_these_services_only() {
    let text = |condition: &str| {
        format!(
            "auth sufficient pam_succeed_if.so quiet {condition}\nauth [success=done service_err=ignore module_unknown=ignore default=die] pam_authchain.so\n{AUTH_BEHIND}"
        )
    };
    for (condition, holds) in [
        ("service in login:sshd", true),
        ("service notin login:cron", true),
        ("service = sshd", true),
        ("service != cron", true),
        ("service in login:cron", false),
        ("service = sshd service = cron", false),
        ("service notin sshd", false),
        ("service in", false),
    ] {
        let found = faults(AUTH, &text(condition));
        assert_eq!(found.is_empty(), !holds, "{condition}: {found:?}");
    }
}

#[test]
fn a_stack_with_too_many_ways_is_reported() {
    let condition = |n| format!("auth [success=ok default=ignore] pam_access.so n{n}\n");
    let many: String = (0..20).map(condition).collect();
    let text = format!(
        "{many}auth [success=done service_err=ignore module_unknown=ignore default=die] pam_authchain.so\n{AUTH_BEHIND}"
    );
    let found = faults(AUTH, &text);
    assert!(
        found.iter().any(|it| it.message.contains("too many ways")),
        "{found:?}"
    );
}

/// Returns the faults of a stack in which libpam cannot load this module.
fn faults_without(lacking: &str, service: &str, facility: Facility, text: &str) -> Vec<Fault> {
    let (_dir, files) = files(&[("s", text)]);
    let stack = expand(&files, &files.path_of("s"), facility);
    let is_lacking = |entry: &Entry| entry.name() == lacking;
    let lacking: Vec<Unloadable> = (stack.iter().enumerate())
        .filter(|(_, entry)| is_lacking(entry))
        .map(|(at, _)| Unloadable {
            at,
            why: "it is gone".to_owned(),
        })
        .collect();
    judge(facility, service, &stack, &lacking)
}

const PRIMARY_ACCOUNT: &str = include_str!("../../../../../../pam.d/debian-common-account");
const PRIMARY_AUTH: &str = include_str!("../../../../../../pam.d/debian-common-auth");

#[test]
fn a_module_that_a_package_took_along_locks_everybody_out_where_its_line_is_not_passed_over() {
    const NSLCD: &str = "account [success=ok new_authtok_reqd=done ignore=ignore \
        user_unknown=ignore authinfo_unavail=ignore default=bad] pam_ldap.so minimum_uid=1000\n";
    const SSSD: &str = "account [default=bad success=ok user_unknown=ignore] pam_ldap.so\n";
    const NOBODY: &str = "nobody gets in, not even root";
    for (facility, text, expected) in [
        (
            ACCOUNT,
            format!("{PRIMARY_ACCOUNT}{NSLCD}"),
            (Severity::Error, NOBODY),
        ),
        (
            ACCOUNT,
            format!("{PRIMARY_ACCOUNT}{SSSD}"),
            (Severity::Error, NOBODY),
        ),
        (
            ACCOUNT,
            format!("{PRIMARY_ACCOUNT}-{NSLCD}"),
            (Severity::Error, NOBODY),
        ),
        (
            AUTH,
            format!("auth required pam_ldap.so\n{PRIMARY_AUTH}"),
            (Severity::Error, NOBODY),
        ),
        (
            Facility::Session,
            "session required pam_ldap.so\nsession required pam_unix.so\n".to_owned(),
            (Severity::Error, NOBODY),
        ),
        (
            Facility::Password,
            "password requisite pam_ldap.so\npassword required pam_unix.so\n".to_owned(),
            (Severity::Warning, "can change a password"),
        ),
        (
            AUTH,
            format!("auth sufficient pam_rootok.so\nauth requisite pam_ldap.so\n{PRIMARY_AUTH}"),
            (
                Severity::Error,
                "nobody gets in whom the lines above do not lead past this one",
            ),
        ),
    ] {
        let found = faults_without("pam_ldap", "su", facility, &text);
        assert_faults(&found, &[expected], &text);
        assert!(
            found[0]
                .message
                .starts_with("it is gone: libpam answers module_unknown")
        );
    }
}

#[test]
fn a_module_that_nobody_misses_is_at_most_a_note() {
    for (facility, text, is_noted) in [
        (
            AUTH,
            format!("{PRIMARY_AUTH}auth optional pam_ldap.so\n"),
            true,
        ),
        (
            AUTH,
            format!("{PRIMARY_AUTH}-auth optional pam_ldap.so\n"),
            false,
        ),
        (
            ACCOUNT,
            format!("{PRIMARY_ACCOUNT}account [default=ignore] pam_ldap.so\n"),
            true,
        ),
        (
            Facility::Session,
            "session required pam_unix.so\n-session optional pam_ldap.so\n".to_owned(),
            false,
        ),
        (
            Facility::Session,
            "session required pam_unix.so\nsession optional pam_ldap.so\n".to_owned(),
            true,
        ),
    ] {
        let expected = [(Severity::Note, "libpam passes over this line")];
        let expected = if is_noted { &expected[..] } else { &[] };
        let found = faults_without("pam_ldap", "sshd", facility, &text);
        assert_faults(&found, expected, &text);
    }
}

#[test]
fn people_of_ours_are_refused_without_our_module_and_root_in_an_emergency_without_pam_unix() {
    for (facility, text) in [(AUTH, PRIMARY_AUTH), (ACCOUNT, PRIMARY_ACCOUNT)] {
        let ours = "nobody gets in whom authchain alone knows";
        let found = faults_without(OURS, "sshd", facility, text);
        assert_faults(&found, &[(Severity::Error, ours)], text);
        let unix = "nobody gets in when the configuration is broken, not even root";
        let found = faults_without("pam_unix", "sshd", facility, text);
        assert_faults(&found, &[(Severity::Warning, unix)], text);
    }
}

#[test]
fn a_missing_module_whose_absence_lets_people_in_is_an_error() {
    let text =
        format!("auth [success=ok module_unknown=4 default=die] pam_ldap.so\n{PRIMARY_AUTH}");
    let found = faults_without("pam_ldap", "sshd", AUTH, &text);
    assert!(
        found
            .iter()
            .any(|fault| fault.message.contains("a wrong password gets in"))
    );
}
