//! The steps of the worker's start, in the one order in which they are safe.

use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use authchain_sandbox::confine::{Profile, try_out};
use authchain_sandbox::process::{self, Limits};
use authchain_worker::{about, arguments::Arguments, launch, session};

/// `EX_USAGE` (sysexits.h): started by hand, or with unknown arguments.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let arguments = Arguments::parse(std::env::args_os().skip(1));
    let is_plugin = arguments.as_ref().is_ok_and(|given| given.plugin.is_some());
    let limits = match is_plugin {
        true => Limits::PLUGIN,
        false => Limits::SERVER,
    };
    let sanitized = process::sanitize(limits);
    let arguments = match arguments {
        Ok(arguments) => arguments,
        Err(usage) => return misused(&usage),
    };
    if arguments.about {
        return about::print(&arguments, sanitized);
    }
    if let Some(walls) = arguments.trial {
        // How the process ends is the answer.
        let _ = try_out(&Profile::SERVER, walls, &arguments.user);
        return ExitCode::SUCCESS;
    }
    let module = match module_socket() {
        Ok(stream) => stream,
        Err(text) => return misused(&text),
    };
    match &arguments.plugin {
        Some(plugin) => {
            let why = launch::become_plugin(plugin, &arguments.user, sanitized);
            session::fail(module, why);
        }
        None => session::serve(module, &arguments, sanitized),
    }
    ExitCode::SUCCESS
}

/// Returns the socket to the module, which is standard input.
fn module_socket() -> Result<UnixStream, String> {
    let stdin = std::io::stdin();
    if !process::is_socket(&stdin) {
        return Err(
            "is started by the PAM module; to see what confines it, use --about".to_owned(),
        );
    }
    let own: OwnedFd = std::os::fd::AsFd::as_fd(&stdin)
        .try_clone_to_owned()
        .map_err(|error| format!("cannot use its socket: {error}"))?;
    Ok(UnixStream::from(own))
}

/// Says why the worker ends, to a person who started it by hand.
fn misused(text: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "authchain-worker: {text}");
    ExitCode::from(USAGE)
}
