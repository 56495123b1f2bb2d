//! Plays the stories of `stories/real/factors`, about second factors at the real programs.

use authchain_tests::host::codes::{AUTH_ERR, SUCCESS};
use authchain_tests::real::factors::{login_of, machine, play};

#[test]
fn su_and_login_ask_for_the_code_and_take_it_once() {
    play(
        "second factors: su",
        include_str!("../../stories/real/factors/su.toml"),
    );
}

#[test]
fn sudo_tries_again_and_remembers_in_its_session() {
    play(
        "second factors: sudo",
        include_str!("../../stories/real/factors/sudo.toml"),
    );
}

#[test]
fn sudo_reads_the_code_from_its_input_and_asks_for_none_where_it_may_not_ask() {
    play(
        "second factors: sudo -S",
        include_str!("../../stories/real/factors/sudo-input.toml"),
    );
}

#[test]
fn sshd_asks_for_the_code_by_keyboard_interactive_and_cannot_by_password() {
    play(
        "second factors: sshd",
        include_str!("../../stories/real/factors/sshd.toml"),
    );
}

#[test]
fn sshd_takes_a_key_for_the_password_where_a_rule_says_so() {
    play(
        "second factors: key",
        include_str!("../../stories/real/factors/sshd-key.toml"),
    );
}

#[test]
fn mail_servers_take_the_code_behind_the_password() {
    play(
        "second factors: dovecot",
        include_str!("../../stories/real/factors/dovecot.toml"),
    );
}

#[test]
fn file_servers_take_the_code_behind_the_password() {
    play(
        "second factors: vsftpd",
        include_str!("../../stories/real/factors/vsftpd.toml"),
    );
}

#[test]
fn whoever_is_not_enrolled_is_refused_and_root_is_named_by_a_rule() {
    let rules = "then = [\"totp\"]\n[[rule]]\nuser = [\"root\"]\nthen = []\n";
    let Some(machine) = machine("second factors: root", rules) else {
        return;
    };
    let codes = |user: &str| machine.ask(&login_of(user, "000000")).unwrap().codes;
    assert_eq!(codes("charly"), [AUTH_ERR]);
    assert_eq!(codes("root"), [SUCCESS]);
}
