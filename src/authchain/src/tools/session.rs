//! The session that this process belongs to (setsid(2)).

use std::fs;

use nix::unistd::{Pid, getsid};

/// The kernel's random number of the present boot.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The place of the start time in /proc/PID/stat, counted from the field behind the name.
const START_TIME: usize = 19;

/// A function that returns what tells this session from every other, or `None` where that cannot be
/// found out. Tests pass one of their own.
pub type SessionName = fn() -> Option<String>;

/// Returns the boot, the leader of this process's session, and the moment when the leader started:
/// process ids are used again. su and sudo run in the session of their caller, who cannot enter
/// another one. Returns `None` where the leader is outside this PID namespace, as in a container
/// that was entered from outside: two sessions there look the same.
pub fn session_name() -> Option<String> {
    named_by(getsid(None).ok()?)
}

/// Returns the name of the session that the process `leader` leads. getsid(2) says 0 for a leader
/// outside this PID namespace.
fn named_by(leader: Pid) -> Option<String> {
    let boot = fs::read_to_string(BOOT_ID).ok()?;
    let stat = fs::read(format!("/proc/{leader}/stat")).ok()?;
    let start = start_time(&stat)?;
    Some(format!("{} {leader} {start}", boot.trim_end()))
}

/// Returns the start time in a line of /proc/PID/stat (proc_pid_stat(5)). The name in it may have
/// blanks and parentheses.
fn start_time(stat: &[u8]) -> Option<&str> {
    let stat = std::str::from_utf8(stat).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split(' ').nth(START_TIME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_one_name() {
        assert!(named_by(Pid::this()).is_some());
        assert_eq!(named_by(Pid::this()), named_by(Pid::this()));
        assert_ne!(named_by(Pid::this()), named_by(Pid::parent()));
        assert_eq!(session_name(), session_name());
    }

    #[test]
    fn a_session_whose_leader_is_out_of_sight_has_no_name() {
        assert_eq!(named_by(Pid::from_raw(0)), None);
    }

    #[test]
    fn the_name_of_a_program_cannot_forge_the_time() {
        let stat = b"7 (x) 1 2 3) S 1 7 7 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 1 0 99 100 200";
        assert_eq!(start_time(stat), Some("99"));
        assert_eq!(start_time(b"7 (x) S 1"), None);
    }
}
