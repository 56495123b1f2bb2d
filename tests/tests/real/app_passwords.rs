//! App passwords at a real mail server.

use authchain_tests::host::app_passwords::{PHONE, PRINTER, give, take};
use authchain_tests::host::authenticator::code;
use authchain_tests::need;
use authchain_tests::real::factors::machine;
use authchain_tests::real::hosts::Host;
use authchain_tests::real::people::person;

const RULES: &str = "then = [\"totp\"]\n[backend.app]\ntype = \"app_passwords\"\n[[rule]]\n\
                     service = [\"dovecot\"]\nchain = [\"app\", \"local\"]\ncode = \"appended\"\n";

#[test]
fn dovecot_takes_an_app_password_until_it_is_revoked_and_no_other_password_alone() {
    let test = "app passwords: dovecot";
    if !need::file(test, "/usr/sbin/dovecot") {
        return;
    }
    let Some(machine) = machine(test, RULES) else {
        return;
    };
    let state_dir = machine.outside("/var/lib/authchain");
    give(&state_dir, "alice");
    Host::Dovecot.start(&machine);
    let attempt = |password: &str| {
        let outcome = Host::Dovecot.attempt(&machine, "alice", password);
        outcome.accepted
    };
    let own = person("alice").password.unwrap();
    assert!(attempt(PHONE) && attempt(PHONE));
    assert!(attempt(&PHONE.replace('-', "").to_uppercase()));
    let mark = machine.log.mark();
    assert!(!attempt(PRINTER));
    machine.log.wait_for(
        mark,
        "pam_authchain(dovecot:auth): alice: app denied: not permitted (app password \"printer\" \
         is not for dovecot) ...",
    );
    assert!(!attempt(&own) && attempt(&(own.clone() + &code(0))));
    take(&state_dir, "alice");
    assert!(!attempt(PHONE));
}
