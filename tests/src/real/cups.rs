//! Starts cupsd, which asks for a name and a password by HTTP's Basic authentication (RFC 7617).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use crate::real::hosts::{Outcome, proof};
use crate::real::machine::{Machine, PATIENCE, await_that};

const FILES: &str = "\
User lp
Group lp
SystemGroup root
AccessLog syslog
ErrorLog syslog
PageLog syslog
DocumentRoot /run/stage/pages
";

const SETTINGS: &str = "\
LogLevel warn
Listen 127.0.0.1:631
Browsing No
WebInterface Yes
DefaultAuthType Basic
<Location />
  AuthType Basic
  Require valid-user
  Order allow,deny
  Allow all
</Location>
";

/// Starts cupsd and waits until it listens.
pub(crate) fn start(machine: &Machine) {
    machine.write("/etc/cups/cups-files.conf", 0o640, FILES);
    machine.write("/etc/cups/cupsd.conf", 0o640, SETTINGS);
    machine.write("/run/stage/pages/index.html", 0o644, "the page\n");
    machine.start(&machine.command(&["/usr/sbin/cupsd", "-f"]));
    await_that("cupsd", || {
        machine.on_network(|| TcpStream::connect("127.0.0.1:631").is_ok())
    });
}

/// Fetches a page that only people of this machine may see.
pub(crate) fn fetch(machine: &Machine, user: &str, password: &str) -> Outcome {
    let mut stream = machine.on_network(|| TcpStream::connect("127.0.0.1:631").unwrap());
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let credentials = base64(&format!("{user}:{password}"));
    let request = format!(
        "GET /index.html HTTP/1.0\r\nHost: localhost\r\nAuthorization: Basic {credentials}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut shown = String::new();
    stream.read_to_string(&mut shown).unwrap();
    let status = shown.lines().next().unwrap_or_default().to_owned();
    let accepted = shown.contains("the page");
    Outcome {
        accepted,
        code: 0,
        shown: if accepted { proof(user) } else { status },
    }
}

fn base64(text: &str) -> String {
    let mut command = Command::new("/usr/bin/openssl");
    command.args(["base64", "-A"]);
    let mut child = command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}
