//! Starts vsftpd, and logs in.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use crate::real::hosts::Outcome;
use crate::real::machine::{Machine, PATIENCE, await_that};

/// Starts vsftpd and waits until it listens.
pub(crate) fn start(machine: &Machine) {
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

/// One login.
pub(crate) fn login(machine: &Machine, user: &str, password: &str) -> Outcome {
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
