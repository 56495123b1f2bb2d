//! Takes from a process, for good, every right that it does not need, before it reads what a
//! network sends.
//!
//! A user of its own keeps it from the files of others, Landlock from files that everybody may
//! read, and seccomp from everything else: starting programs, listening, reaching into other
//! processes. Each wall is built even where another is missing, and the [`Report`] says which ones
//! stand.

mod access;
mod call_tables;
mod calls;
mod families;
mod files;
#[allow(unsafe_code, reason = "the one file of the sandbox that calls C")]
mod install;
mod program;
mod refused;
mod report;
mod trial;
mod user;

use std::fmt;
use std::io;
use std::path::Path;

use authchain::files::passwd_files::SYSTEM_PASSWD;
use nix::errno::Errno;
use nix::sys::prctl;
use seccompiler::Error as SeccompError;

use crate::fault::fault;
use crate::status::Status;
pub use access::Access;
use calls::OptionalCalls;
pub use calls::Profile;
pub use families::Families;
use files::Rules;
pub use refused::Refused;
pub use report::{Landlock, Report, User};
pub use trial::Walls;

/// The user that packages create for the worker.
pub const DEFAULT_USER: &str = "authchain";

/// Confines the process to the calls of `profile` and to `access`. Started by root, it becomes
/// `user`, or `nobody` where no such user exists.
///
/// To be called once, while there is one thread, after secrets and certificates have been read and
/// before anything is sent.
///
/// Where the host runs under a filter of system calls, it is tried out first which walls that
/// leaves.
///
/// # Errors
/// When a wall that this kernel has cannot be built: the worker must not go on. Landlock alone may
/// be missing.
pub fn confine(profile: &Profile, access: &Access, user: &str) -> Result<Report, Refused> {
    if !Status::read().is_ok_and(|own| own.is_filtered) {
        return build(profile, access, user, Walls::All);
    }
    let walls = Walls::that_can_be_built(user)?;
    build(profile, access, user, walls).map_err(Refused::under_a_filter)
}

/// Makes the calls that build `walls` in this process, for a parent that wants to know whether it
/// survives them: of all walls those of Landlock alone, else those of every other wall.
///
/// Landlock is tried as the user who started this process. Whoever has the worker's user id could
/// send the same signal as the filter, and so take Landlock away.
///
/// # Errors
/// As [`confine`].
pub fn try_out(profile: &Profile, walls: Walls, user: &str) -> Result<(), Refused> {
    let access = Access {
        files: vec!["/".into()],
        ..Access::none()
    };
    match walls {
        Walls::All => {
            let rules = Rules::gather(&access).map_err(landlock)?;
            prctl::set_no_new_privs().map_err(fault("give up new privileges"))?;
            rules.enter().map_err(landlock).map(|_| ())
        }
        Walls::WithoutLandlock => build(profile, &access, user, walls).map(|_| ()),
    }
}

fn build(profile: &Profile, access: &Access, user: &str, walls: Walls) -> Result<Report, Refused> {
    let mut notes = Vec::new();
    // Before the change of user: root can still open these paths and read the passwd file.
    let rules = match walls {
        Walls::All => Some(Rules::gather(access).map_err(landlock)?),
        Walls::WithoutLandlock => None,
    };
    let user = user::choose(user, Path::new(SYSTEM_PASSWD))?;
    user::become_user(&user)?;
    prctl::set_no_new_privs().map_err(fault("give up new privileges"))?;
    let status = verify_unprivileged(&user, &mut notes)?;
    let is_filtered = status.is_some_and(|own| own.is_filtered);
    let forbidden = is_filtered.then(|| Families::forbidden_to(access));
    if let Some(needed) = forbidden.flatten() {
        return Err(Refused::AddressFamilies(needed));
    }
    let landlock = match rules {
        Some(rules) => rules.enter().map_err(landlock)?,
        None => Landlock::Forbidden,
    };
    notes.extend(landlock.complaint(is_filtered).map(str::to_owned));
    let seccomp = filtered(
        profile.install(OptionalCalls {
            unix_sockets: !access.unix_sockets.is_empty(),
            files: !access.files.is_empty(),
        }),
        status,
        &mut notes,
    )?;
    Ok(Report {
        user,
        no_new_privs: status.is_some_and(|status| status.no_new_privs),
        capabilities: status.map(|status| status.capabilities),
        landlock,
        seccomp,
        notes,
    })
}

/// Reads the process' status and refuses one with other threads, or with capabilities left after a
/// change of user; `None` without /proc.
fn verify_unprivileged(user: &User, notes: &mut Vec<String>) -> Result<Option<Status>, Refused> {
    let Ok(status) = Status::read() else {
        notes.push("/proc is missing: what the kernel took away could not be verified".to_owned());
        return Ok(None);
    };
    if status.threads != 1 {
        return Err(Refused::Threads(status.threads));
    }
    match (status.capabilities, user.is_other) {
        (0, _) => {}
        (left, true) => return Err(Refused::Capabilities(left)),
        (left, false) => notes.push(format!(
            "keeps the capabilities {left:#x} of who started it"
        )),
    }
    Ok(Some(status))
}

/// Returns whether system calls are filtered. A kernel without filters is noted and is no reason to
/// deny logins.
fn filtered(
    installed: Result<(), SeccompError>,
    status: Option<Status>,
    notes: &mut Vec<String>,
) -> Result<bool, Refused> {
    match installed {
        Ok(()) => Ok(true),
        Err(SeccompError::Seccomp(error)) if has_no_filters(&error, status) => {
            notes.push(
                "the kernel has no seccomp filters: every system call can be made".to_owned(),
            );
            Ok(false)
        }
        Err(error) => Err(Refused::Seccomp(error.to_string())),
    }
}

/// Returns whether the kernel has no seccomp filters. `EINVAL` says that, but also that the filter
/// is a bad one; so it only counts where the kernel's status of this process does not mention
/// seccomp either.
fn has_no_filters(error: &io::Error, status: Option<Status>) -> bool {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOSYS) => true,
        Some(Errno::EINVAL) => status.is_some_and(|status| !status.knows_seccomp),
        _ => false,
    }
}

fn landlock(error: impl fmt::Display) -> Refused {
    Refused::Landlock(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_is_refused_is_not_taken_for_a_kernel_without_filters() {
        let outcome = |errno: Errno, knows_seccomp: Option<bool>| {
            let status = knows_seccomp.map(|knows_seccomp| Status {
                knows_seccomp,
                ..Status::default()
            });
            let refused = SeccompError::Seccomp(io::Error::from(errno));
            let mut notes = Vec::new();
            filtered(Err(refused), status, &mut notes).map(|stands| (stands, notes.len()))
        };
        assert_eq!(outcome(Errno::EINVAL, Some(false)), Ok((false, 1)));
        assert_eq!(outcome(Errno::ENOSYS, Some(true)), Ok((false, 1)));
        assert!(outcome(Errno::EINVAL, Some(true)).is_err());
        assert!(outcome(Errno::EINVAL, None).is_err());
        assert!(outcome(Errno::EACCES, Some(false)).is_err());
    }
}
