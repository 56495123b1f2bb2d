//! Plays the stories of `stories/real/hosts`.

use std::path::Path;

use authchain_tests::need;
use authchain_tests::real::stories::play;

#[test]
fn sshd_with_a_password_lets_in_whom_it_should() {
    play(
        "sshd password",
        include_str!("../../stories/real/hosts/sshd-password.toml"),
    );
}

#[test]
fn sshd_keyboard_interactive_lets_in_whom_it_should() {
    play(
        "sshd keyboard",
        include_str!("../../stories/real/hosts/sshd-keyboard.toml"),
    );
}

#[test]
fn sshd_with_a_key_asks_only_about_the_account() {
    play(
        "sshd key",
        include_str!("../../stories/real/hosts/sshd-key.toml"),
    );
}

#[test]
fn login_lets_in_whom_it_should() {
    play("login", include_str!("../../stories/real/hosts/login.toml"));
}

#[test]
fn a_forced_login_asks_only_about_the_account() {
    play(
        "login -f",
        include_str!("../../stories/real/hosts/login-forced.toml"),
    );
}

#[test]
fn su_lets_in_whom_it_should() {
    play("su", include_str!("../../stories/real/hosts/su.toml"));
}

#[test]
fn sudo_lets_in_whom_it_should() {
    play("sudo", include_str!("../../stories/real/hosts/sudo.toml"));
}

#[test]
fn sudo_without_a_question_asks_only_about_the_account() {
    play(
        "sudo -n",
        include_str!("../../stories/real/hosts/sudo-silent.toml"),
    );
}

#[test]
fn cron_runs_the_jobs_of_valid_accounts_only() {
    play("cron", include_str!("../../stories/real/hosts/cron.toml"));
}

#[test]
fn vsftpd_lets_in_whom_it_should() {
    play(
        "vsftpd",
        include_str!("../../stories/real/hosts/vsftpd.toml"),
    );
}

#[test]
fn dovecot_lets_in_whom_it_should() {
    play(
        "dovecot",
        include_str!("../../stories/real/hosts/dovecot.toml"),
    );
}

#[test]
fn su_by_root_asks_only_about_the_account() {
    play(
        "su by root",
        include_str!("../../stories/real/hosts/su-by-root.toml"),
    );
}

#[test]
fn sudo_to_another_person_asks_only_about_the_caller() {
    play(
        "sudo -u",
        include_str!("../../stories/real/hosts/sudo-as.toml"),
    );
}

#[test]
fn at_runs_the_jobs_of_valid_accounts_only() {
    play("at", include_str!("../../stories/real/hosts/at.toml"));
}

#[test]
fn chsh_lets_in_whom_it_should() {
    play("chsh", include_str!("../../stories/real/hosts/chsh.toml"));
}

#[test]
fn chfn_lets_in_whom_it_should() {
    play("chfn", include_str!("../../stories/real/hosts/chfn.toml"));
}

#[test]
fn cupsd_shows_its_pages_to_whom_it_should() {
    play("cupsd", include_str!("../../stories/real/hosts/cups.toml"));
}

#[test]
fn sudo_rs_lets_in_whom_it_should() {
    let sudo_rs = "/usr/bin/sudo-rs";
    if need::since_debian_13("sudo-rs", sudo_rs, Path::new(sudo_rs).exists()) {
        play(
            "sudo-rs",
            include_str!("../../stories/real/hosts/sudo-rs.toml"),
        );
    }
}
