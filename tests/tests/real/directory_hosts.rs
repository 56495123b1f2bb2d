//! The other programs for people of a directory: who has a password, who is asked for none, who is
//! unknown there, and what is left when the directory is down.

use std::path::Path;

use authchain_tests::need;
use authchain_tests::real::hosts::Host;
use authchain_tests::servers::directory;
use authchain_tests::servers::slapd::Plan;

use super::directory::{KEYS, PASSWORDS, Town};

/// Stories of people whom NSS knows and the directory does not, and of people of this machine.
const STRANGERS: &str = include_str!("../../stories/real/directory-strangers.toml");

/// Stories of a directory that does not answer.
const DOWN: &str = include_str!("../../stories/real/directory-down.toml");

/// The same, where no password is asked for.
const DOWN_KEYS: &str = include_str!("../../stories/real/directory-down-keys.toml");

/// Stories of people who may not change a line of passwd that they do not have.
const OWN_ENTRY: &str = include_str!("../../stories/real/directory-own-entry.toml");

/// The programs that ask for a password.
const ASKING: [(Host, &str); 5] = [
    (
        Host::Login,
        include_str!("../../stories/real/hosts/login.toml"),
    ),
    (Host::Su, include_str!("../../stories/real/hosts/su.toml")),
    (
        Host::Cups,
        include_str!("../../stories/real/hosts/cups.toml"),
    ),
    (
        Host::Vsftpd,
        include_str!("../../stories/real/hosts/vsftpd.toml"),
    ),
    (
        Host::Dovecot,
        include_str!("../../stories/real/hosts/dovecot.toml"),
    ),
];

/// The programs that ask about the account only.
const SILENT: [(Host, &str); 5] = [
    (
        Host::LoginForced,
        include_str!("../../stories/real/hosts/login-forced.toml"),
    ),
    (
        Host::SuByRoot,
        include_str!("../../stories/real/hosts/su-by-root.toml"),
    ),
    (
        Host::Cron,
        include_str!("../../stories/real/hosts/cron.toml"),
    ),
    (
        Host::SudoSilent,
        include_str!("../../stories/real/hosts/sudo-silent.toml"),
    ),
    (Host::At, include_str!("../../stories/real/hosts/at.toml")),
];

/// A machine with `host` and a directory. NSS knows one person more than the directory.
fn town(host: Host) -> Option<Town> {
    let passwd = directory::ldif(0).passwd + "ghost:x:10999:5000::/home/ghost:/bin/bash\n";
    let town = Town::with("hosts with a directory", host, &Plan::default(), &passwd)?;
    town.configure("");
    Some(town)
}

fn play(town: &Town, (host, book): (Host, &str), stories: &str) {
    town.play(book, stories, |user, password| {
        host.attempt(&town.machine, user, password)
    });
}

#[test]
fn programs_that_ask_for_a_password_let_in_whom_the_directory_lets_in() {
    for host in ASKING {
        let Some(mut town) = town(host.0) else {
            return;
        };
        play(&town, host, PASSWORDS);
        play(&town, host, STRANGERS);
        town.slapd.stop();
        play(&town, host, DOWN);
    }
}

#[test]
fn programs_that_ask_for_none_ask_the_directory_about_the_account() {
    for host in SILENT {
        let Some(mut town) = town(host.0) else {
            return;
        };
        // Whom the sudo of other tests asks for a password, it does not here.
        let sudoers = "ALL ALL=(ALL:ALL) NOPASSWD: ALL\n";
        town.machine.write("/etc/sudoers", 0o440, sudoers);
        play(&town, host, KEYS);
        assert_eq!(town.slapd.binds_of_people(), 0, "{}", town.slapd.log());
        town.slapd.stop();
        play(&town, host, DOWN_KEYS);
    }
}

/// chsh asks PAM first, and then finds that the person has no line in /etc/passwd.
#[test]
fn chsh_asks_the_directory_although_it_can_change_nothing_there() {
    let Some(town) = town(Host::Chsh) else {
        return;
    };
    let book = include_str!("../../stories/real/hosts/chsh.toml");
    play(&town, (Host::Chsh, book), OWN_ENTRY);
}

#[test]
fn sudo_rs_lets_in_whom_the_directory_lets_in() {
    let host = Host::SudoRs;
    let is_there = Path::new(host.programs()[0]).exists();
    if !need::since_debian_13("sudo-rs with a directory", host.programs()[0], is_there) {
        return;
    }
    let Some(town) = town(host) else {
        return;
    };
    let book = include_str!("../../stories/real/hosts/sudo-rs.toml");
    play(&town, (host, book), PASSWORDS);
}
