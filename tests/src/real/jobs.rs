//! cron and at, which run the jobs of people who are away: only the account counts.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};

use crate::real::hosts::{Outcome, by, caller, proof};
use crate::real::log::Line;
use crate::real::machine::{Machine, await_that};

/// What the job writes.
const RESULT: &str = "/var/tmp/result";
const JOB: &str = "echo now I am $(/usr/bin/id -un) > /var/tmp/result";

/// The job is marked `@reboot`, so that it runs as soon as cron starts, not at the next minute.
pub(crate) fn cron(machine: &Machine, user: &str) -> Outcome {
    let somebody = caller(machine, user);
    let table = format!("/var/spool/cron/crontabs/{user}");
    machine.write(&table, 0o600, &format!("@reboot {JOB}\n"));
    chown(machine.outside(&table), Some(somebody.uid), Some(102)).unwrap();
    let mark = machine.log.mark();
    machine.start(&machine.command(&["/usr/sbin/cron", "-f", "-L", "3"]));
    // cron logs the end of the job, or why the job did not start. Lines of PAM do not count.
    let told = |line: &Line| {
        line.program.eq_ignore_ascii_case("cron")
            && !line.is_from_pam()
            && (line.text.contains(") END (") || !line.text.starts_with('('))
    };
    await_that("cron", || machine.log.since(mark).iter().any(told));
    end_daemon(machine, "/run/crond.pid");
    machine.await_daemons();
    let outcome = outcome(machine, user);
    for file in [&table, "/run/crond.reboot"] {
        let _ = fs::remove_file(machine.outside(file));
    }
    outcome
}

/// Makes the folders and the file that at's package brings.
pub(crate) fn make_spool(machine: &Machine) {
    for folder in ["atjobs", "atspool"] {
        let folder = machine.outside(&format!("/var/spool/cron/{folder}"));
        fs::create_dir_all(&folder).unwrap();
        chown(&folder, Some(1), Some(1)).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o1770)).unwrap();
    }
    let sequence = "/var/spool/cron/atjobs/.SEQ";
    machine.write(sequence, 0o600, "");
    chown(machine.outside(sequence), Some(1), Some(1)).unwrap();
    machine.write("/etc/at.deny", 0o644, "");
}

/// The job is due at once, and atd looks for jobs once.
pub(crate) fn at(machine: &Machine, user: &str) -> Outcome {
    let somebody = caller(machine, user);
    let hand_in = format!("echo '{JOB}' | /usr/bin/at now");
    let given = machine.run(&by(machine, &somebody, &["/bin/sh", "-c", &hand_in]));
    assert_eq!(given.code, 0, "at: {}", given.output);
    let mark = machine.log.mark();
    let ending = machine.run(&machine.command(&["/usr/sbin/atd", "-s"]));
    assert_eq!(ending.code, 0, "atd: {}", ending.output);
    let refused = |line: &Line| line.program == "atd" && !line.is_from_pam();
    let file = machine.outside(RESULT);
    await_that("at", || {
        fs::read_to_string(&file).is_ok_and(|text| text.ends_with('\n'))
            || machine.log.since(mark).iter().any(refused)
    });
    outcome(machine, user)
}

/// Reads the result of a job, and removes it.
fn outcome(machine: &Machine, user: &str) -> Outcome {
    let file = machine.outside(RESULT);
    let shown = fs::read_to_string(&file).unwrap_or_default();
    let _ = fs::remove_file(&file);
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
