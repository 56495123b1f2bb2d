//! The programs that ask PAM, each driven the way a person would.

use std::fs;

use serde::Deserialize;

use crate::real::ipc::Run;
use crate::real::machine::{Ending, Machine};
use crate::real::people::{Person, person};
use crate::real::pty::Pty;
use crate::real::ssh::{self, Method};
use crate::real::{cups, dovecot, jobs, own_entry, vsftpd};

/// A program that lets users in, and how it authenticates them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Host {
    /// sshd, password method.
    SshdPassword,
    /// sshd, keyboard-interactive method.
    SshdKeyboard,
    /// sshd, public key: account only.
    SshdKey,
    /// login on a terminal.
    Login,
    /// `login -f`: account only.
    LoginForced,
    /// su, called by mallory.
    Su,
    /// su, called by root: account only, where pam_rootok stands in front as in Debian.
    SuByRoot,
    /// sudo to root, called by the user.
    Sudo,
    /// sudo-rs to root, called by the user.
    SudoRs,
    /// `sudo -u eve`, called by the user: PAM_USER is another one in the session.
    SudoAs,
    /// `sudo -n` to root, called by the user.
    SudoSilent,
    /// A job in the user's crontab: account only.
    Cron,
    /// A job that the user handed in with at: account only.
    At,
    /// chsh, called by the user.
    Chsh,
    /// chfn, called by the user.
    Chfn,
    /// A page of cupsd.
    Cups,
    /// vsftpd.
    Vsftpd,
    /// An IMAP login at dovecot.
    Dovecot,
}

/// The result of an attempt.
#[derive(Debug)]
pub struct Outcome {
    /// Whether the user got in.
    pub accepted: bool,
    /// How the program ended: its code, or 128 + signal.
    pub code: i32,
    /// The output of the program.
    pub shown: String,
}

/// The output of a program that runs as the user.
pub(crate) fn proof(user: &str) -> String {
    format!("now I am {user}")
}

fn judged(ending: Ending, user: &str) -> Outcome {
    Outcome {
        accepted: ending.output.contains(&proof(user)),
        code: ending.code,
        shown: ending.output,
    }
}

impl Host {
    /// Starts the services that attempts need.
    pub fn start(self, machine: &Machine) {
        match self {
            Self::SshdPassword | Self::SshdKeyboard | Self::SshdKey => ssh::start(machine),
            Self::Sudo | Self::SudoRs | Self::SudoAs | Self::SudoSilent => allow_sudo(machine),
            Self::SuByRoot => {
                let stack = "auth sufficient pam_rootok.so\n".to_owned() + &machine.plain_stack();
                machine.stack("su", &stack);
            }
            Self::At => jobs::make_spool(machine),
            Self::Chsh | Self::Chfn => own_entry::allow(machine),
            Self::Cups => cups::start(machine),
            Self::Vsftpd => vsftpd::start(machine),
            Self::Dovecot => dovecot::start(machine),
            Self::Login | Self::LoginForced | Self::Su | Self::Cron => {}
        }
    }

    /// The programs that must be installed.
    pub fn programs(self) -> &'static [&'static str] {
        match self {
            Self::SshdPassword | Self::SshdKeyboard | Self::SshdKey => {
                &["/usr/sbin/sshd", "/usr/bin/ssh"]
            }
            Self::Login | Self::LoginForced => &["/bin/login"],
            Self::Su | Self::SuByRoot => &["/bin/su"],
            Self::Sudo | Self::SudoAs | Self::SudoSilent => &["/usr/bin/sudo"],
            Self::SudoRs => &["/usr/bin/sudo-rs"],
            Self::Cron => &["/usr/sbin/cron"],
            Self::At => &["/usr/bin/at", "/usr/sbin/atd"],
            Self::Chsh => &["/usr/bin/chsh"],
            Self::Chfn => &["/usr/bin/chfn"],
            Self::Cups => &["/usr/sbin/cupsd", "/usr/bin/openssl"],
            Self::Vsftpd => &["/usr/sbin/vsftpd"],
            Self::Dovecot => &["/usr/sbin/dovecot"],
        }
    }

    /// One attempt by `user` to get in with `password`.
    pub fn attempt(self, machine: &Machine, user: &str, password: &str) -> Outcome {
        let ssh = |method| judged(ssh::knock(machine, method, user, password), user);
        let by_user = || by(machine, &caller(machine, user), &[]);
        let by_mallory = || by(machine, &person("mallory"), &[]);
        match self {
            Self::SshdPassword => ssh(Method::Password),
            Self::SshdKeyboard => ssh(Method::KeyboardInteractive),
            Self::SshdKey => ssh(Method::Key),
            Self::Login => login(machine, user, password),
            Self::LoginForced => login_forced(machine, user),
            Self::Su => su(machine, &by_mallory(), user, password),
            Self::SuByRoot => su(machine, &machine.command(&[]), user, password),
            Self::Sudo => sudo(machine, &by_user(), password),
            Self::SudoRs => sudo_rs(machine, &by_user(), password),
            Self::SudoAs => sudo_as(machine, &by_user(), "eve", password),
            Self::SudoSilent => sudo_without_question(machine, &by_user()),
            Self::Cron => jobs::cron(machine, user),
            Self::At => jobs::at(machine, user),
            Self::Chsh => own_entry::chsh(machine, &by_user(), password),
            Self::Chfn => own_entry::chfn(machine, &by_user(), password),
            Self::Cups => cups::fetch(machine, user, password),
            Self::Vsftpd => vsftpd::login(machine, user, password),
            Self::Dovecot => dovecot::login(machine, user, password),
        }
    }
}

/// Returns somebody whom the machine knows, as the caller of a program.
///
/// # Panics
/// If neither file that NSS reads has the name.
pub(crate) fn caller(machine: &Machine, name: &str) -> Person {
    let files = ["/etc/passwd", "/var/lib/extrausers/passwd"];
    let text = files.map(|file| fs::read_to_string(machine.outside(file)).unwrap_or_default());
    let line = text.iter().flat_map(|text| text.lines());
    let mut fields = line.map(|line| line.split(':').collect::<Vec<_>>());
    let found = fields.find(|fields| fields[0] == name);
    let fields = found.unwrap_or_else(|| panic!("the machine knows no {name}"));
    Person::known(name, fields[2].parse().unwrap())
}

/// A program started by `caller`.
pub fn by(machine: &Machine, caller: &Person, argv: &[&str]) -> Run {
    let mut run = Run {
        uid: caller.uid,
        gid: caller.uid,
        ..machine.command(argv)
    };
    run.environment.insert("HOME".into(), caller.home());
    run
}

fn login(machine: &Machine, user: &str, password: &str) -> Outcome {
    let mut terminal = Pty::start(machine, &machine.command(&["/bin/login"]));
    terminal.wait_for(&["login: "]);
    terminal.enter(user);
    if terminal.wait_for(&["Password: "]).is_some() {
        terminal.enter(password);
    }
    let shown = terminal.wait_for(&["Login incorrect", &proof(user)]);
    let ending = if shown == Some(0) {
        // login asks for the name again.
        terminal.hang_up()
    } else {
        terminal.end()
    };
    judged(ending, user)
}

fn login_forced(machine: &Machine, user: &str) -> Outcome {
    let run = machine.command(&["/bin/login", "-f", user]);
    judged(Pty::start(machine, &run).end(), user)
}

/// su to `user`, started as `caller` says.
pub fn su(machine: &Machine, caller: &Run, user: &str, password: &str) -> Outcome {
    let argv = ["/bin/su", user, "-c", "echo now I am $(/usr/bin/id -un)"];
    let run = Run {
        argv: argv.map(String::from).to_vec(),
        ..caller.clone()
    };
    let mut terminal = Pty::start(machine, &run);
    if terminal.wait_for(&["Password: "]).is_some() {
        terminal.enter(password);
    }
    judged(terminal.end(), user)
}

/// sudo to root, started as `caller` says.
pub fn sudo(machine: &Machine, caller: &Run, password: &str) -> Outcome {
    sudo_as(machine, caller, "root", password)
}

/// sudo to `target`, started as `caller` says.
pub fn sudo_as(machine: &Machine, caller: &Run, target: &str, password: &str) -> Outcome {
    let argv = ["/usr/bin/sudo", "-u", target, "-p", SESAME, "--"];
    privileged(machine, caller, &argv, &[SESAME, password], target)
}

/// sudo to root without a password, started as `caller` says.
pub fn sudo_without_question(machine: &Machine, caller: &Run) -> Outcome {
    let argv = ["/usr/bin/sudo", "-n", "--"];
    privileged(machine, caller, &argv, &[], "root")
}

/// sudo-rs to root, started as `caller` says.
fn sudo_rs(machine: &Machine, caller: &Run, password: &str) -> Outcome {
    let argv = ["/usr/bin/sudo-rs", "--"];
    let prompt = "[sudo: authenticate] Password: ";
    privileged(machine, caller, &argv, &[prompt, password], "root")
}

const SESAME: &str = "Sesame? ";

/// Starts a program as `target`, and answers every prompt of `dialogue`.
fn privileged(
    machine: &Machine,
    caller: &Run,
    argv: &[&str],
    dialogue: &[&str],
    target: &str,
) -> Outcome {
    let program = ["/bin/sh", "-c", "echo now I am $(/usr/bin/id -un)"];
    let run = Run {
        argv: argv
            .iter()
            .chain(&program)
            .map(ToString::to_string)
            .collect(),
        ..caller.clone()
    };
    let mut terminal = Pty::start(machine, &run);
    if let [prompt, password] = dialogue {
        while terminal.wait_for(&[prompt]).is_some() {
            terminal.await_hidden_input();
            terminal.enter(password);
        }
    }
    judged(terminal.end(), target)
}

fn allow_sudo(machine: &Machine) {
    machine.write(
        "/etc/sudoers",
        0o440,
        "Defaults !lecture, timestamp_timeout=0, passwd_tries=1\n\
         ALL ALL=(ALL:ALL) ALL\n\
         nora ALL=(ALL:ALL) NOPASSWD: ALL\n\
         nils ALL=(ALL:ALL) NOPASSWD: ALL\n",
    );
}
