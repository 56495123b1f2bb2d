//! sshd and sudo for people of a directory: the real programs, the module, its worker, and a real
//! slapd over ldaps on the machine's own network.
//!
//! NSS knows these people from libnss-extrausers, in place of nslcd or sssd. /etc/passwd does not
//! have them.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};

use authchain_tests::host::built;
use authchain_tests::need;
use authchain_tests::real::hosts::{Host, Outcome};
use authchain_tests::real::machine::Machine;
use authchain_tests::real::people::{Person, person};
use authchain_tests::real::stories::{complaints, machine_with};
use authchain_tests::servers::directory;
use authchain_tests::servers::slapd::{Plan, Slapd};

/// Stories of logins with a password, for every program.
pub(super) const PASSWORDS: &str = include_str!("../../stories/real/directory.toml");

/// Stories of account checks after a login with a key.
pub(super) const KEYS: &str = include_str!("../../stories/real/directory-keys.toml");

const SSHD_PASSWORD: &str = include_str!("../../stories/real/hosts/sshd-password.toml");
const SSHD_KEYBOARD: &str = include_str!("../../stories/real/hosts/sshd-keyboard.toml");
const SSHD_KEY: &str = include_str!("../../stories/real/hosts/sshd-key.toml");
const SUDO: &str = include_str!("../../stories/real/hosts/sudo.toml");

/// A directory and a machine that asks it.
pub(super) struct Town {
    // Dropped first: the machine's network goes with it.
    pub(super) slapd: Slapd,
    pub(super) machine: Machine,
}

impl Town {
    /// A machine with `host` on it, whose people but `strangers` are known to NSS.
    fn new(test: &str, host: Host, strangers: &[&str]) -> Option<Self> {
        let known = |line: &&str| {
            !strangers
                .iter()
                .any(|name| line.starts_with(&format!("{name}:")))
        };
        let passwd = directory::ldif(0).passwd;
        let lines: Vec<&str> = passwd.lines().filter(known).collect();
        let town = Self::with(test, host, &Plan::default(), &(lines.join("\n") + "\n"))?;
        town.configure("");
        Some(town)
    }

    /// A machine with `host` on it, whose NSS knows the people of `passwd`. It is not configured.
    pub(super) fn with(test: &str, host: Host, plan: &Plan, passwd: &str) -> Option<Self> {
        let programs = host.programs().iter().chain(&[EXTRAUSERS]);
        let mut missing = programs.filter(|path| !need::file(test, path));
        if missing.next().is_some() {
            return None;
        }
        let machine = machine_with(test, &[person("root"), person("mallory")])?;
        if !machine.module.is_ours() {
            return None;
        }
        let slapd = machine.on_network(|| Slapd::start(plan))?;
        let town = Self { slapd, machine };
        town.tell_nss(passwd);
        host.start(&town.machine);
        Some(town)
    }

    fn tell_nss(&self, passwd: &str) {
        let machine = &self.machine;
        for line in passwd.lines() {
            make_home(machine, line);
        }
        machine.write("/var/lib/extrausers/passwd", 0o644, passwd);
        machine.write("/var/lib/extrausers/group", 0o644, "staff:x:5000:\n");
        let switch =
            "passwd: files extrausers\ngroup: files extrausers\nshadow: files\nhosts: files\n";
        machine.write("/etc/nsswitch.conf", 0o644, switch);
    }

    /// Writes the configuration, with `keys` in the directory's section.
    pub(super) fn configure(&self, keys: &str) {
        self.configure_section(&format!("{}{keys}", self.slapd.settings_as_toml()));
    }

    /// Writes the configuration with this section of the directory, and what stands behind it.
    pub(super) fn configure_section(&self, section: &str) {
        let worker = "/run/stage/authchain-worker";
        built::copy(built::worker(), self.machine.outside(worker));
        let mode = Permissions::from_mode(0o755);
        fs::set_permissions(self.machine.outside(worker), mode).unwrap();
        let text = format!(
            "chain = [\"local\", \"corp\"]\nworker = \"{worker}\"\n[backend.corp]\ntype = \"ldap\"\n{section}"
        );
        self.machine
            .write("/etc/authchain/authchain.toml", 0o644, &text);
    }

    /// Plays each story with the host of `book`.
    pub(super) fn play(&self, book: &str, stories: &str, attempt: impl Fn(&str, &str) -> Outcome) {
        let wrong = complaints(&self.machine, book, stories, attempt);
        assert!(wrong.is_empty(), "{wrong}");
    }

    /// A person of the directory, as the caller of a program.
    pub(super) fn somebody(&self, name: &str) -> Person {
        let passwd = directory::ldif(0).passwd;
        let line = passwd
            .lines()
            .find(|line| line.starts_with(&format!("{name}:")));
        let uid = line.unwrap().split(':').nth(2).unwrap().parse().unwrap();
        Person::known(name, uid)
    }
}

/// Makes the home directory of a passwd line, where a login shell says who it is.
fn make_home(machine: &Machine, line: &str) {
    let fields: Vec<&str> = line.split(':').collect();
    let [_, _, uid, _, _, home, _] = fields[..] else {
        panic!("{line}");
    };
    if home.starts_with("/home/") {
        machine.write(
            &format!("{home}/.profile"),
            0o644,
            "echo now I am $(id -un)\nexit\n",
        );
        let owner = uid.parse().unwrap();
        chown(machine.outside(home), Some(owner), None).unwrap();
    }
}

/// The NSS module that knows people who are not in /etc/passwd.
const EXTRAUSERS: &str = "/usr/lib/libnss_extrausers.so.2";

#[test]
fn sshd_lets_in_whom_the_directory_lets_in_by_password() {
    for (host, book) in [
        (Host::SshdPassword, SSHD_PASSWORD),
        (Host::SshdKeyboard, SSHD_KEYBOARD),
    ] {
        let Some(town) = Town::new("sshd with a directory", host, &[]) else {
            return;
        };
        town.play(book, PASSWORDS, |user, password| {
            host.attempt(&town.machine, user, password)
        });
    }
}

#[test]
fn sshd_with_a_key_asks_the_directory_about_the_account_and_binds_as_nobody() {
    let host = Host::SshdKey;
    let Some(town) = Town::new("sshd, a key and a directory", host, &[]) else {
        return;
    };
    town.play(SSHD_KEY, KEYS, |user, password| {
        host.attempt(&town.machine, user, password)
    });
    assert!(town.slapd.connections() >= KEYS.matches("[[story]]").count());
    assert_eq!(town.slapd.binds_of_people(), 0, "{}", town.slapd.log());
}

#[test]
fn sudo_lets_in_whom_the_directory_lets_in_by_password() {
    let Some(town) = Town::new("sudo with a directory", Host::Sudo, &[]) else {
        return;
    };
    town.play(SUDO, PASSWORDS, |user, password| {
        Host::Sudo.attempt(&town.machine, user, password)
    });
}

/// Password and account: without the hint, each would take a worker and a connection.
#[test]
fn a_login_costs_the_directory_one_connection_whichever_program_asks() {
    for host in [Host::SshdPassword, Host::SshdKeyboard, Host::Sudo] {
        let Some(town) = Town::new("one connection", host, &[]) else {
            return;
        };
        let before = town.slapd.connections();
        let outcome = host.attempt(&town.machine, "alice", "pw-alice");
        assert!(outcome.accepted, "{}", outcome.shown);
        let connections = town.slapd.connections() - before;
        assert_eq!(connections, 1, "{}", town.slapd.log());
    }
}

/// root under `PermitRootLogin no`, somebody under `DenyUsers`, a name that nobody has, and one
/// that the directory has and this machine has not: no server hears of a login that sshd already
/// refuses, so it counts as no guess.
#[test]
fn whom_sshd_bars_no_server_hears_of() {
    for host in [Host::SshdPassword, Host::SshdKeyboard] {
        let Some(town) = Town::new("sshd's stand-in password", host, &["bob"]) else {
            return;
        };
        let before = town.slapd.connections();
        for (user, password) in [
            ("root", "root of all"),
            ("dave", "pw-dave"),
            ("nobodyatall", "pw-nobodyatall"),
            ("bob", "pw-bob"),
        ] {
            let mark = town.machine.log.mark();
            let outcome = host.attempt(&town.machine, user, password);
            assert!(!outcome.accepted, "{user}: {}", outcome.shown);
            town.machine.log.wait_for(mark, "pam_authchain(sshd:auth): (unknown): denied before any backend: sshd does not know this name (NSS), or its settings bar it");
        }
        assert_eq!(town.slapd.connections(), before, "{}", town.slapd.log());
        // The server hears of this login, which shows that the test would see the others.
        assert!(host.attempt(&town.machine, "alice", "pw-alice").accepted);
        assert!(town.slapd.connections() > before);
        assert_eq!(town.slapd.binds_of_people(), 1);
    }
}
