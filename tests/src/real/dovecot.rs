//! dovecot: one authentication process that serves one login after the other, and so loads and
//! unloads the module again and again.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use crate::real::hosts::Outcome;
use crate::real::machine::{Machine, PATIENCE, await_that};

const SETTINGS: &str = "\
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

/// Starts dovecot and waits until it listens.
pub fn start(machine: &Machine) {
    machine.write("/etc/dovecot/dovecot.conf", 0o644, SETTINGS);
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
