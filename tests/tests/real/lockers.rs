//! A screen locker, which runs as the person and may read no file of root's, with the stack and the
//! configuration that we ship for it.

use std::os::unix::fs::chown;

use authchain_tests::host::codes::{AUTH_ERR, AUTHINFO_UNAVAIL};
use authchain_tests::need;
use authchain_tests::real::ask::Ask;
use authchain_tests::real::hosts::Host;
use authchain_tests::real::people::{files, person};
use authchain_tests::real::stacks::{COMMON_AUTH, SCREEN_LOCKER, installed};
use authchain_tests::servers::directory::{self, BASE};
use authchain_tests::servers::slapd::Plan;

use crate::directory::Town;

const CONFIGURATION: &str = include_str!("../../../conf/screen-locker.toml");
const PATH: &str = "/etc/authchain/screen-locker.toml";

/// The group of Debian's shadow file, which pam_unix's helper has.
const SHADOW: u32 = 42;

/// A machine with mallory in /etc/passwd, a directory with alice, and i3lock's stack.
fn town() -> Option<Town> {
    let test = "a screen locker";
    if !need::file(test, "/usr/sbin/unix_chkpwd") {
        return None;
    }
    let people = directory::ldif(0).passwd;
    let town = Town::with(test, Host::Su, &Plan::default(), &people)?;
    town.configure("");
    let machine = &town.machine;
    for (path, mode, text) in files(&[person("root"), person("mallory")]) {
        machine.write(path, mode, &text);
    }
    chown(machine.outside("/etc/shadow"), None, Some(SHADOW)).unwrap();
    let authority = town.slapd.certificates().authority();
    let text = CONFIGURATION
        .replace("ldaps://ldap.example.com", &town.slapd.ldaps())
        .replace("dc=example,dc=com", BASE)
        .replace("# tls_ca_file", "tls_ca_file")
        .replace("/etc/authchain/ldap-ca.pem", authority.to_str().unwrap());
    let text = format!("worker = \"/run/stage/authchain-worker\"\n{text}");
    machine.write(PATH, 0o644, &text);
    let inside = format!("{} nodelay", machine.module.inside());
    let lines = SCREEN_LOCKER.replace("pam_authchain.so", &inside);
    machine.stack("i3lock", &lines);
    Some(town)
}

/// What libpam answers to a locker of `user` with `password`.
fn unlock(town: &Town, user: &str, uid: u32, password: &str) -> i32 {
    let ask = Ask {
        service: "i3lock".into(),
        user: user.into(),
        password: password.into(),
        steps: vec!["auth".into()],
        uid: Some(uid),
        ..Ask::default()
    };
    let answer = town.machine.ask(&ask).unwrap();
    assert_eq!(answer.asked, ["Password: "], "{answer:?}");
    answer.codes[0]
}

#[test]
fn a_screen_locker_unlocks_for_people_of_the_machine_and_of_the_directory() {
    let Some(town) = town() else {
        return;
    };
    let alice = town.somebody("alice").uid;
    assert_eq!(unlock(&town, "alice", alice, "pw-alice"), 0);
    assert_eq!(unlock(&town, "alice", alice, "a wrong guess"), AUTH_ERR);
    let mallory = person("mallory");
    let right = mallory.password.unwrap();
    assert_eq!(unlock(&town, "mallory", mallory.uid, &right), 0);
    let code = unlock(&town, "mallory", mallory.uid, "a wrong guess");
    assert_eq!(code, AUTHINFO_UNAVAIL);
}

/// This is why the page tells people to give lockers a file of their own.
#[test]
fn a_locker_with_the_stack_of_everything_else_unlocks_for_nobody() {
    let Some(town) = town() else {
        return;
    };
    let machine = &town.machine;
    machine.stack("i3lock", &installed(machine, COMMON_AUTH));
    let alice = town.somebody("alice").uid;
    assert_eq!(unlock(&town, "alice", alice, "pw-alice"), AUTHINFO_UNAVAIL);
    let mallory = person("mallory");
    let right = mallory.password.unwrap();
    let code = unlock(&town, "mallory", mallory.uid, &right);
    assert_eq!(code, AUTHINFO_UNAVAIL);
}
