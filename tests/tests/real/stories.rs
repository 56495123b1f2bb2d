//! Plays the stories of `stories/real/hosts`.

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
