//! Checks whether the worker can be started, and which walls confine it on this system.

mod about;

use std::io::Read;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{ChildStdout, Command, Stdio};
use std::time::Duration;

use authchain::config::settings::GlobalSettings;
use authchain::tools::deadline::{Deadline, system_clock};
use authchain::tools::trusted_file;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::geteuid;

use super::report::{Report, Severity};
use about::About;

/// Maximum time for the worker's answer, which usually takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// Maximum length of the answer, in bytes.
const MAX_ABOUT: usize = 64 * 1024;

/// Checks the program, asks it which walls confine it, and returns whether it can be started. No
/// finding is reported as worse than `worst`.
pub(super) fn check(settings: &GlobalSettings, worst: Severity, report: &mut Report) -> bool {
    let path = settings.worker.as_path();
    if let Err(error) = trusted_file::open_program(path) {
        let what = match error.path == path {
            true => "it is the program that asks servers",
            false => "the program that asks servers stands below it",
        };
        let message = format!("{}; {what} (setting `worker`)", error.fault);
        report.add(worst, &error.path, message);
        return false;
    }
    if !geteuid().is_root() {
        let message = "what confines it shows only when it is started by root; run this as root";
        report.add(Severity::Note, path, message);
        return true;
    }
    match ask(path, settings) {
        Ok(answer) => report_about(&answer, settings, worst, report),
        Err(why) => {
            let message = format!("{why}, so nothing is known of what confines it");
            report.add(Severity::Warning, path, message);
        }
    }
    true
}

fn report_about(answer: &[u8], settings: &GlobalSettings, worst: Severity, report: &mut Report) {
    let path = settings.worker.as_path();
    let Some(about) = About::parse(answer) else {
        let message = "does not answer --about as authchain's worker does, so nothing is known of \
                       what confines it";
        return report.add(Severity::Warning, path, message);
    };
    if let Some(why) = about.refusal() {
        let message = format!("would not run here: {why}; docs/confinement.md says what helps");
        return report.add(worst, path, message);
    }
    let weaknesses = about.weaknesses(settings);
    if weaknesses.is_empty() {
        report.looked_at(format!("{}: {}", path.display(), about.summary()));
    }
    for weakness in weaknesses {
        report.add(Severity::Warning, path, weakness);
    }
}

/// Returns the output of `authchain-worker --about`. The worker is started as the module starts it:
/// without an environment and in the folder `/`.
fn ask(path: &Path, settings: &GlobalSettings) -> Result<Vec<u8>, String> {
    let mut command = Command::new(path);
    command.args(["--about", "--user", &settings.worker_user]);
    command.env_clear().current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let started = command.stderr(Stdio::null()).spawn();
    let mut child = started.map_err(|error| format!("cannot be started: {error}"))?;
    let answer = match child.stdout.take() {
        Some(mut stdout) => read(&mut stdout, Deadline::after(system_clock, PATIENCE)),
        None => Ok(Vec::new()),
    };
    // Both may fail: the worker may have ended already.
    let _ = child.kill();
    let _ = child.wait();
    answer
}

fn read(stdout: &mut ChildStdout, deadline: Deadline) -> Result<Vec<u8>, String> {
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let remaining = deadline.remaining();
        let timeout = PollTimeout::try_from(remaining).unwrap_or(PollTimeout::MAX);
        let mut fds = [PollFd::new(stdout.as_fd(), PollFlags::POLLIN)];
        let ready = poll(&mut fds, timeout);
        if ready == Ok(0) || remaining.is_zero() {
            return Err(format!("says nothing within {} s", PATIENCE.as_secs()));
        }
        match stdout.read(&mut buffer) {
            Ok(0) => return Ok(answer),
            Ok(count) => answer.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            Err(error) => return Err(format!("cannot be heard: {error}")),
        }
        if answer.len() > MAX_ABOUT {
            return Err(format!("says more than {MAX_ABOUT} bytes"));
        }
    }
}
