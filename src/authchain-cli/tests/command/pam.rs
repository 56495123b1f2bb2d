//! `authchain check` on PAM's service files.

use crate::fixture::{Fixture, Run};

const ACCOUNT: &str = "account [success=done new_authtok_reqd=done service_err=ignore \
    module_unknown=ignore default=die] pam_authchain.so\naccount required pam_unix.so\n";

const AUTH: &str = "auth [success=done service_err=ignore module_unknown=ignore default=die] \
    pam_authchain.so\nauth required pam_unix.so\n";

fn fixture() -> Fixture {
    let fixture = Fixture::with_system();
    fixture.add_modules();
    fixture
}

fn check(fixture: &Fixture) -> Run {
    let (pam, modules) = (fixture.path("pam.d"), fixture.path("modules"));
    fixture.run(&[
        "check",
        "--pam-dir",
        pam.to_str().unwrap(),
        "--module-dir",
        modules.to_str().unwrap(),
    ])
}

fn check_service(text: &str) -> Run {
    let fixture = fixture();
    fixture.write("pam.d/sshd", text);
    check(&fixture)
}

#[test]
fn sound_stacks_are_listed_without_a_finding() {
    let fixture = fixture();
    fixture.write("pam.d/common-auth", AUTH);
    fixture.write("pam.d/common-account", ACCOUNT);
    fixture.write(
        "pam.d/sshd",
        "@include common-auth\n@include common-account\n",
    );
    fixture.write("pam.d/other", "auth required pam_deny.so\n");
    check(&fixture).expect(0, &["authchain is used by sshd", "everything is in order"]);
}

#[test]
fn a_stack_that_lets_wrong_passwords_in_is_an_error() {
    let stack = "auth sufficient pam_authchain.so\nauth required pam_permit.so\n";
    check_service(&format!("{stack}{ACCOUNT}")).expect(2, &["sshd:1", "a wrong password gets in"]);
}

#[test]
fn a_stack_without_a_way_in_for_the_administrator_is_a_warning() {
    check_service(&format!("auth required pam_authchain.so\n{ACCOUNT}"))
        .expect(1, &["authchain stands alone in this stack"]);
    check_service(&format!(
        "auth sufficient pam_authchain.so\nauth required pam_deny.so\n{ACCOUNT}"
    ))
    .expect(1, &["no pam_unix behind authchain"]);
}

#[test]
fn an_account_line_whose_refusal_is_skipped_is_a_warning() {
    let account = ACCOUNT.replace("[success=done", "[success=done perm_denied=ignore");
    check_service(&format!("{AUTH}{account}")).expect(
        1,
        &[
            "sshd:3",
            "(perm_denied) would be skipped",
            "perm_denied=ignore",
        ],
    );
}

#[test]
fn an_account_line_that_an_outage_passes_is_an_error() {
    for ours in [
        "authinfo_unavail=ignore",
        "system_err=ignore",
        "user_unknown=1",
    ] {
        let account = ACCOUNT.replace("[success=done", &format!("[success=done {ours}"));
        let permit = "account required pam_permit.so\n";
        check_service(&format!("{AUTH}{account}{permit}")).expect(2, &["sshd:3"]);
    }
}

#[test]
fn a_condition_that_lets_people_in_is_reported_at_its_own_line() {
    check_service(&format!(
        "auth sufficient pam_localuser.so\n{AUTH}{ACCOUNT}"
    ))
    .expect(2, &["sshd:1", "`pam_localuser` asks for none"]);
}

#[test]
fn a_module_that_is_not_loaded_may_be_skipped_in_sshd_but_not_in_su() {
    let fixture = fixture();
    for service in ["su", "sshd"] {
        fixture.write(&format!("pam.d/{service}"), &format!("{AUTH}{ACCOUNT}"));
    }
    let run = check(&fixture).expect(2, &["su:1", "where the module cannot be loaded"]);
    assert!(!run.out.contains("sshd:"), "{}", run.out);
}

#[test]
fn auth_without_account_is_a_warning() {
    check_service(AUTH).expect(1, &["auth without account"]);
}

#[test]
fn unknown_arguments_are_errors() {
    for (argument, expected) in [
        (
            "nulok",
            "unknown argument \"nulok\" (did you mean \"nullok\"?)",
        ),
        ("chian=local", "\"chian=local\" (did you mean \"chain=\"?)"),
        ("Config=/etc/x.toml", "(did you mean \"config=\"?)"),
    ] {
        let run = check_line(&format!("{argument} debug nodelay")).expect(2, &["sshd:1", expected]);
        assert!(!run.out.contains("\"debug\""), "{}", run.out);
    }
}

/// Runs `check` on a service with these arguments in its line for `auth`.
fn check_line(arguments: &str) -> Run {
    let auth = AUTH.replace("pam_authchain.so", &format!("pam_authchain.so {arguments}"));
    check_service(&format!("{auth}{ACCOUNT}"))
}

#[test]
fn arguments_that_keep_everybody_out_are_errors() {
    for (argument, expected) in [
        (
            "config=/nowhere.toml",
            "config= names a file that cannot be used",
        ),
        ("config=authchain.toml", "not an absolute path"),
        ("chain=guests,corp", "the chain names \"corp\""),
        ("chain=", "chain=:"),
    ] {
        check_line(argument).expect(2, &["sshd:1", expected]);
    }
}

#[test]
fn a_chain_in_which_nobody_knows_root_is_an_error_where_root_logs_in() {
    let expected = "root cannot get in here: the chain (guests) has no backend `local`";
    check_line("chain=guests").expect(2, &["sshd:1", expected]);
    check_line("chain=guests,local").expect(0, &["in order"]);
    let fixture = fixture();
    let guests = |text: &str| text.replace("chain.so", "chain.so chain=guests");
    fixture.write("pam.d/dovecot", &guests(&format!("{AUTH}{ACCOUNT}")));
    check(&fixture).expect(0, &["in order"]);
    // Where pam_unix comes first, it lets root in.
    let first = format!("auth sufficient pam_unix.so\n{AUTH}{ACCOUNT}");
    fixture.write(
        "pam.d/sshd",
        &first.replace(
            "die] pam_authchain.so\nauth",
            "die] pam_authchain.so chain=guests\nauth",
        ),
    );
    check(&fixture).expect(0, &["in order"]);
}

#[test]
fn a_configuration_that_an_argument_names_is_checked_too() {
    let fixture = fixture();
    let other = fixture.write("other.toml", "colour = 1");
    let auth = AUTH.replace(
        "pam_authchain.so",
        &format!("pam_authchain.so config={}", other.display()),
    );
    fixture.write("pam.d/sshd", &format!("{auth}{ACCOUNT}"));
    check(&fixture).expect(2, &["other.toml:1:1: unknown key \"colour\""]);
}

#[test]
fn a_module_that_is_not_installed_is_an_error() {
    let fixture = fixture();
    fixture.write("pam.d/sshd", &format!("{AUTH}{ACCOUNT}"));
    std::fs::remove_file(fixture.path("modules/pam_authchain.so")).unwrap();
    check(&fixture).expect(
        2,
        &[
            "pam_authchain.so is not where PAM looks for modules",
            "nobody gets in whom authchain alone knows",
        ],
    );
}

#[test]
fn a_module_that_left_with_its_package_is_an_error_in_every_facility() {
    let fixture = fixture();
    let account = format!("account [success=ok default=bad] pam_gone.so\n{ACCOUNT}");
    let session = "session required pam_unix.so\n-session optional pam_gone.so\n";
    fixture.write("pam.d/sshd", &format!("{AUTH}{account}{session}"));
    let run = check(&fixture).expect(
        2,
        &[
            "sshd:3: pam_gone.so is not where PAM looks for modules: libpam answers module_unknown",
            "nobody gets in, not even root",
        ],
    );
    assert_eq!(run.out.matches("pam_gone").count(), 1, "{}", run.out);
    fixture.write("modules/pam_gone.so", "a line of text that is no library");
    check(&fixture).expect(2, &["sshd:3", "modules/pam_gone.so is no shared object"]);
    fixture.write(
        "pam.d/sshd",
        &format!("{AUTH}{ACCOUNT}session required pam_lost.so\n"),
    );
    check(&fixture).expect(2, &["sshd:5: pam_lost.so is not where", "nobody gets in"]);
}

#[test]
fn a_line_that_libpam_cannot_use_is_an_error() {
    check_service(&format!("auth include nowhere\n{AUTH}{ACCOUNT}"))
        .expect(2, &["it includes nowhere, which cannot be read"]);
    check_service(&format!("{AUTH}{ACCOUNT}auth requird pam_env.so\n"))
        .expect(2, &["control \"requird\" cannot be read"]);
    check_service(&format!("{AUTH}{ACCOUNT}auth include\n")).expect(2, &["without a file"]);
}

#[test]
fn lines_that_end_in_cr_lf_are_an_error() {
    check_service(&format!("{AUTH}{ACCOUNT}").replace('\n', "\r\n"))
        .expect(2, &["sshd: the lines end in CR and LF"]);
}

#[test]
fn a_fault_in_an_included_file_is_reported_once() {
    let fixture = fixture();
    fixture.write("pam.d/common", "auth required pam_authchain.so\n");
    for n in 0..10 {
        fixture.write(
            &format!("pam.d/s{n}"),
            &format!("@include common\n{ACCOUNT}"),
        );
    }
    let run = check(&fixture).expect(1, &["concerns: s0, s1, s2"]);
    assert_eq!(run.out.matches("stands alone").count(), 1, "{}", run.out);
}

#[test]
fn a_file_in_the_first_folder_hides_its_namesake_in_the_second() {
    let fixture = fixture();
    let stack = format!("{AUTH}{ACCOUNT}");
    fixture.write("vendor/sshd", "auth required pam_authchain.so\n");
    fixture.write("vendor/login", &format!("{AUTH}account include common\n"));
    fixture.write("vendor/common", ACCOUNT);
    fixture.write("pam.d/sshd", &stack);
    let folders = ["pam.d", "vendor", "modules"].map(|name| fixture.path(name));
    let [pam, vendor, modules] = folders.each_ref().map(|path| path.to_str().unwrap());
    let command = [
        "check",
        "--pam-dir",
        pam,
        "--pam-dir",
        vendor,
        "--module-dir",
        modules,
    ];
    fixture
        .run(&command)
        .expect(0, &["authchain is used by login, sshd"]);
}

#[test]
fn a_program_that_is_not_root_gets_a_note_about_its_backends() {
    let fixture = fixture();
    let stack = format!("{AUTH}{ACCOUNT}");
    fixture.write("pam.d/jupyterhub", &stack);
    check(&fixture).expect(
        0,
        &[
            "jupyterhub:1: this program is not root, and may not read the files of local, guests",
            "user_dn_template",
            "concerns: jupyterhub",
        ],
    );
}
