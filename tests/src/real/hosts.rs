//! The programs that ask PAM, each driven the way a person would.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use serde::Deserialize;

use crate::real::ipc::Run;
use crate::real::machine::{Ending, Machine, PATIENCE, await_that};
use crate::real::people::{Person, person};
use crate::real::pty::Pty;
use crate::real::ssh::{self, Method};

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
    /// sudo to root, called by the user.
    Sudo,
    /// `sudo -n` to root, called by the user.
    SudoSilent,
    /// A job in the user's crontab: account only.
    Cron,
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
fn proof(user: &str) -> String {
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
            Self::Sudo | Self::SudoSilent => allow_sudo(machine),
            Self::Vsftpd => start_vsftpd(machine),
            Self::Dovecot => crate::real::dovecot::start(machine),
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
            Self::Su => &["/bin/su"],
            Self::Sudo | Self::SudoSilent => &["/usr/bin/sudo"],
            Self::Cron => &["/usr/sbin/cron"],
            Self::Vsftpd => &["/usr/sbin/vsftpd"],
            Self::Dovecot => &["/usr/sbin/dovecot"],
        }
    }

    /// One attempt by `user` to get in with `password`.
    pub fn attempt(self, machine: &Machine, user: &str, password: &str) -> Outcome {
        let ssh = |method| judged(ssh::knock(machine, method, user, password), user);
        match self {
            Self::SshdPassword => ssh(Method::Password),
            Self::SshdKeyboard => ssh(Method::KeyboardInteractive),
            Self::SshdKey => ssh(Method::Key),
            Self::Login => login(machine, user, password),
            Self::LoginForced => login_forced(machine, user),
            Self::Su => su(
                machine,
                &by(machine, &person("mallory"), &[]),
                user,
                password,
            ),
            Self::Sudo => sudo(machine, &by(machine, &person(user), &[]), password),
            Self::SudoSilent => sudo_silent(machine, user),
            Self::Cron => cron(machine, user),
            Self::Vsftpd => ftp(machine, user, password),
            Self::Dovecot => crate::real::dovecot::login(machine, user, password),
        }
    }
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
    let argv = [
        "/usr/bin/sudo",
        "-p",
        "Sesame? ",
        "--",
        "/bin/sh",
        "-c",
        "echo now I am $(/usr/bin/id -un)",
    ];
    let run = Run {
        argv: argv.map(String::from).to_vec(),
        ..caller.clone()
    };
    let mut terminal = Pty::start(machine, &run);
    while terminal.wait_for(&["Sesame? "]).is_some() {
        terminal.enter(password);
    }
    judged(terminal.end(), "root")
}

fn sudo_silent(machine: &Machine, user: &str) -> Outcome {
    sudo_without_question(machine, &by(machine, &person(user), &[]))
}

/// sudo to root without a password, started as `caller` says.
pub fn sudo_without_question(machine: &Machine, caller: &Run) -> Outcome {
    let argv = [
        "/usr/bin/sudo",
        "-n",
        "--",
        "/bin/sh",
        "-c",
        "echo now I am $(/usr/bin/id -un)",
    ];
    let run = Run {
        argv: argv.map(String::from).to_vec(),
        ..caller.clone()
    };
    judged(Pty::start(machine, &run).end(), "root")
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

/// The job is marked `@reboot`, so that it runs as soon as cron starts, not at the next minute.
fn cron(machine: &Machine, user: &str) -> Outcome {
    let somebody = person(user);
    let table = format!("/var/spool/cron/crontabs/{user}");
    let result = format!("{}/cron-was-here", somebody.home());
    machine.write(
        &table,
        0o600,
        &format!("@reboot echo now I am $(/usr/bin/id -un) > {result}\n"),
    );
    std::os::unix::fs::chown(machine.outside(&table), Some(somebody.uid), Some(102)).unwrap();
    let mark = machine.log.mark();
    machine.start(&machine.command(&["/usr/sbin/cron", "-f", "-L", "3"]));
    // cron logs the end of the job, or why the job did not start. Lines of PAM do not count.
    let told = |line: &crate::real::log::Line| {
        line.program.eq_ignore_ascii_case("cron")
            && !["pam_", "PAM "]
                .iter()
                .any(|by_pam| line.text.starts_with(by_pam))
            && (line.text.contains(") END (") || !line.text.starts_with('('))
    };
    await_that("cron", || machine.log.since(mark).iter().any(told));
    let shown = std::fs::read_to_string(machine.outside(&result)).unwrap_or_default();
    end_daemon(machine, "/run/crond.pid");
    machine.await_daemons();
    for file in [&table, &result, "/run/crond.reboot"] {
        let _ = std::fs::remove_file(machine.outside(file));
    }
    Outcome {
        accepted: shown.contains(&proof(user)),
        code: 0,
        shown,
    }
}

/// Ends a daemon by the process number in its own file.
fn end_daemon(machine: &Machine, pid_file: &str) {
    let pid = std::fs::read_to_string(machine.outside(pid_file)).unwrap();
    let ended = machine.run(&machine.command(&["/bin/kill", pid.trim()]));
    assert_eq!(ended.code, 0, "kill: {}", ended.output);
}

fn start_vsftpd(machine: &Machine) {
    machine.write(
        "/etc/vsftpd.conf",
        0o644,
        "listen=YES\nlisten_address=127.0.0.1\nlisten_port=21\nbackground=NO\nlocal_enable=YES\n\
         anonymous_enable=NO\npam_service_name=vsftpd\nsession_support=YES\ncheck_shell=NO\n\
         secure_chroot_dir=/run/lock\nseccomp_sandbox=NO\nisolate=NO\nisolate_network=NO\n\
         syslog_enable=YES\ndelay_failed_login=0\ndelay_successful_login=0\n",
    );
    machine.start(&machine.command(&["/usr/sbin/vsftpd", "/etc/vsftpd.conf"]));
    await_that("vsftpd", || {
        machine.on_network(|| TcpStream::connect("127.0.0.1:21").is_ok())
    });
}

fn ftp(machine: &Machine, user: &str, password: &str) -> Outcome {
    let stream = machine.on_network(|| TcpStream::connect("127.0.0.1:21").unwrap());
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut replies = BufReader::new(stream.try_clone().unwrap());
    let mut shown = String::new();
    let mut reply = || {
        let before = shown.len();
        let _ = replies.read_line(&mut shown);
        shown[before..].to_string()
    };
    reply();
    let say = |line: String| (&stream).write_all(line.as_bytes()).unwrap();
    say(format!("USER {user}\r\n"));
    reply();
    say(format!("PASS {password}\r\n"));
    let accepted = reply().starts_with("230");
    Outcome {
        accepted,
        code: 0,
        shown,
    }
}
