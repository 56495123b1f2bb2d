//! The session that this process belongs to (setsid(2)).

use std::fs;

use nix::unistd::getsid;

/// The kernel's random number of the present boot.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The place of the start time in /proc/PID/stat, counted from the field behind the name.
const START_TIME: usize = 19;

/// A function that returns what tells this session from every other, or `None` where that cannot be
/// found out. Tests pass one of their own.
pub type SessionName = fn() -> Option<String>;

/// Returns the boot, the leader of this process's session, and the moment when the leader started:
/// process ids are used again. su and sudo run in the session of their caller, who cannot enter
/// another one.
pub fn session_name() -> Option<String> {
    let boot = fs::read_to_string(BOOT_ID).ok()?;
    let leader = getsid(None).ok()?;
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
        assert!(session_name().is_some());
        assert_eq!(session_name(), session_name());
    }

    #[test]
    fn the_name_of_a_program_cannot_forge_the_time() {
        let stat = b"7 (x) 1 2 3) S 1 7 7 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 1 0 99 100 200";
        assert_eq!(start_time(stat), Some("99"));
        assert_eq!(start_time(b"7 (x) S 1"), None);
    }
}
