//! Starts dovecot, whose one authentication process serves all logins and loads the module for
//! each.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::Command;

use crate::real::hosts::Outcome;
use crate::real::machine::{Machine, PATIENCE, await_that};

/// The settings of dovecot 2.3.
const OLD_SETTINGS: &str = "\
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_failure_delay = 0
mail_location = maildir:~/mail
first_valid_uid = 500
default_login_user = dovenull
default_internal_user = dovecot
passdb {
  driver = pam
  args = session=yes max_requests=100 dovecot
}
userdb {
  driver = passwd
}
# Otherwise every failure makes the next login from the same address wait longer.
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
";

/// The settings of dovecot 2.4, which have other names.
const SETTINGS: &str = "\
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
protocols = imap
listen = 127.0.0.1
ssl = no
auth_allow_cleartext = yes
auth_failure_delay = 0
mail_driver = maildir
mail_path = ~/mail
first_valid_uid = 500
default_login_user = dovenull
default_internal_user = dovecot
passdb pam {
  session = yes
  max_requests = 100
  service_name = dovecot
}
userdb passwd {
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
";

fn settings() -> &'static str {
    let version = Command::new("/usr/sbin/dovecot").arg("--version").output();
    match version.is_ok_and(|it| it.stdout.starts_with(b"2.3")) {
        true => OLD_SETTINGS,
        false => SETTINGS,
    }
}

/// Starts dovecot and waits until it listens.
pub fn start(machine: &Machine) {
    machine.write("/etc/dovecot/dovecot.conf", 0o644, settings());
    std::fs::create_dir_all(machine.outside("/var/lib/dovecot")).unwrap();
    machine.start(&machine.command(&["/usr/sbin/dovecot", "-F"]));
    await_that("dovecot", || {
        machine.on_network(|| TcpStream::connect("127.0.0.1:143").is_ok())
    });
}

/// An IMAP login.
pub fn login(machine: &Machine, user: &str, password: &str) -> Outcome {
    let stream = machine.on_network(|| TcpStream::connect("127.0.0.1:143").unwrap());
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    // A literal carries any byte, where a quoted string would not.
    let command = format!(
        "a LOGIN {{{}+}}\r\n{user} {{{}+}}\r\n{password}\r\n",
        user.len(),
        password.len()
    );
    (&stream).write_all(command.as_bytes()).unwrap();
    let mut shown = String::new();
    while let Some(Ok(line)) = lines.next() {
        shown += &format!("{line}\n");
        if line.starts_with("a ") {
            break;
        }
    }
    Outcome {
        accepted: shown.contains("a OK"),
        code: 0,
        shown,
    }
}
