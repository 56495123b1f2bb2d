//! chsh and chfn of shadow-utils: people change their own line of passwd.

use std::fs;

use crate::real::hosts::Outcome;
use crate::real::ipc::Run;
use crate::real::machine::Machine;
use crate::real::pty::Pty;

/// A shell that nobody has.
const SHELL: &str = "/bin/dash";

/// Allows people to change shell and room.
pub(crate) fn allow(machine: &Machine) {
    machine.write(
        "/etc/shells",
        0o644,
        &format!("/bin/sh\n/bin/bash\n{SHELL}\n"),
    );
    let settings = machine.outside("/etc/login.defs");
    let text = fs::read_to_string(&settings).unwrap() + "CHFN_RESTRICT rwh\n";
    fs::write(&settings, text).unwrap();
}

/// chsh to another shell, started as `caller` says.
pub(crate) fn chsh(machine: &Machine, caller: &Run, password: &str) -> Outcome {
    change(machine, caller, &["/usr/bin/chsh", "-s", SHELL], password)
}

/// chfn with another room, started as `caller` says.
pub(crate) fn chfn(machine: &Machine, caller: &Run, password: &str) -> Outcome {
    change(machine, caller, &["/usr/bin/chfn", "-r", "1001"], password)
}

/// Whoever is let in has another line in passwd; the next attempt finds the old one again.
fn change(machine: &Machine, caller: &Run, argv: &[&str], password: &str) -> Outcome {
    let passwd = machine.outside("/etc/passwd");
    let before = fs::read_to_string(&passwd).unwrap();
    let run = Run {
        argv: argv.iter().map(ToString::to_string).collect(),
        ..caller.clone()
    };
    let mut terminal = Pty::start(machine, &run);
    if terminal.wait_for(&["Password: "]).is_some() {
        terminal.enter(password);
    }
    let ending = terminal.end();
    let accepted = fs::read_to_string(&passwd).unwrap() != before;
    machine.write("/etc/passwd", 0o644, &before);
    Outcome {
        accepted,
        code: ending.code,
        shown: ending.output,
    }
}
