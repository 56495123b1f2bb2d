//! Users in the system's name service (NSS, nsswitch.conf(5)).

use nix::errno::Errno;
use nix::unistd::{Uid, User};

/// Returns the user that the name service has for a name.
///
/// # Errors
/// The reason, for people, why the name service could not tell.
pub fn user_named(name: &str) -> Result<Option<User>, String> {
    found(User::from_name(name))
}

/// Returns the user that the name service has for a user id.
///
/// # Errors
/// The reason, for people, why the name service could not tell.
pub fn user_with_id(uid: u32) -> Result<Option<User>, String> {
    found(User::from_uid(Uid::from_raw(uid)))
}

/// Tells "no such user" from a fault.
///
/// getpwnam(3) lists four error numbers that may mean "not found". Two of them count here: a source
/// that does not exist has no users (`ENOENT`, `ESRCH`). `EPERM` and `EBADF` are faults of this
/// process, such as the sandbox of a service or a descriptor that the host has closed, and may hide
/// a user who exists.
fn found(answer: Result<Option<User>, Errno>) -> Result<Option<User>, String> {
    match answer {
        Err(Errno::ENOENT | Errno::ESRCH) => Ok(None),
        answer => answer.map_err(|errno| format!("name service: {}", errno.desc())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_is_not_there_has_no_user_and_every_fault_stays_one() {
        for errno in [Errno::ENOENT, Errno::ESRCH] {
            assert_eq!(found(Err(errno)), Ok(None));
        }
        for errno in [
            Errno::EPERM,
            Errno::EBADF,
            Errno::EACCES,
            Errno::EINTR,
            Errno::EIO,
            Errno::EMFILE,
            Errno::ENFILE,
            Errno::ENOMEM,
            Errno::ERANGE,
            Errno::EAGAIN,
            Errno::ECONNREFUSED,
        ] {
            let fault = found(Err(errno)).unwrap_err();
            assert!(fault.starts_with("name service: "), "{fault}");
        }
        assert_eq!(user_with_id(0).unwrap().unwrap().name, "root");
        assert_eq!(user_named("root").unwrap().unwrap().uid.as_raw(), 0);
    }
}
