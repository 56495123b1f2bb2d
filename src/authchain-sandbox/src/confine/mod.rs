//! Confines the worker for good, before it reads from a network.
//!
//! File modes keep the worker's own user from the files of others, and Landlock keeps it from files
//! that everybody may read. seccomp forbids the rest: starting programs, listening, reaching into
//! other processes. These are the walls. A missing wall does not keep the others from being built,
//! and the [`Report`] lists which walls stand.

mod access;
mod arguments;
mod call_tables;
mod calls;
mod families;
mod files;
#[allow(
    unsafe_code,
    reason = "calls C, where no crate of the tree has a safe wrapper"
)]
mod install;
mod optional;
mod plugin_calls;
mod profile;
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
pub use families::Families;
use files::Rules;
use optional::OptionalCalls;
pub use profile::Profile;
pub use refused::Refused;
pub use report::{Landlock, Report, User};
pub use trial::Walls;

/// The user that packages create for the worker.
pub const DEFAULT_USER: &str = "authchain";

/// Confines the process to the system calls of `profile` and to `access`. A process of root becomes
/// `user`, or `nobody` where `user` does not exist.
///
/// To be called once, while there is one thread, after secrets and certificates have been read and
/// before anything is sent.
///
/// Where the host has a filter, trials in other processes first find the walls that the filter lets
/// a process build.
///
/// # Errors
/// When a wall that this kernel has cannot be built: the worker must not go on. Landlock alone is
/// left out where the host's filter kills for it.
pub fn confine(profile: &Profile, access: &Access, user: &str) -> Result<Report, Refused> {
    if !Status::read().is_ok_and(|own| own.is_filtered) {
        return build(profile, access, user, Walls::All);
    }
    let walls = Walls::that_can_be_built(user)?;
    build(profile, access, user, walls).map_err(Refused::name_host_filter)
}

/// Builds walls in this process, so that its parent learns whether the host's filter kills for
/// them. [`Walls::All`] tries Landlock alone; [`Walls::WithoutLandlock`] tries every other wall.
///
/// Landlock is tried as the user who started this process. Under the worker's user id, other
/// processes of this user could send the signal of the filter, and so turn Landlock off.
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
    let seccomp = check_filter(
        profile.install(OptionalCalls {
            unix_sockets: !access.unix_sockets.is_empty(),
            files: !access.files.is_empty(),
            network: access.ports.as_ref().is_none_or(|ports| !ports.is_empty()),
            signals: landlock.keeps_signals_in(),
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

/// Reads the status of the process; `None` without /proc.
///
/// # Errors
/// When there are other threads, or when capabilities are left after a change of user.
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

/// Returns whether system calls are filtered. A kernel without seccomp filters is noted, and no
/// reason to deny logins.
fn check_filter(
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

/// Returns whether the kernel has no seccomp filters.
///
/// `EINVAL` can also mean that the filter is invalid. It counts as a missing feature only where
/// `/proc/self/status` has no line about seccomp.
fn has_no_filters(error: &io::Error, status: Option<Status>) -> bool {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOSYS) => true,
        Some(Errno::EINVAL) => status.is_some_and(|status| !status.has_seccomp),
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
        let outcome = |errno: Errno, has_seccomp: Option<bool>| {
            let status = has_seccomp.map(|has_seccomp| Status {
                has_seccomp,
                ..Status::default()
            });
            let refused = SeccompError::Seccomp(io::Error::from(errno));
            let mut notes = Vec::new();
            check_filter(Err(refused), status, &mut notes).map(|stands| (stands, notes.len()))
        };
        assert_eq!(outcome(Errno::EINVAL, Some(false)), Ok((false, 1)));
        assert_eq!(outcome(Errno::ENOSYS, Some(true)), Ok((false, 1)));
        assert!(outcome(Errno::EINVAL, Some(true)).is_err());
        assert!(outcome(Errno::EINVAL, None).is_err());
        assert!(outcome(Errno::EACCES, Some(false)).is_err());
    }
}
