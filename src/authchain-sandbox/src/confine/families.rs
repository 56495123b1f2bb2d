//! The address families of a worker's sockets: the host's filter may forbid them.

use std::fmt;

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

use super::access::Access;

/// A set of address families. The worker can work if the filter allows at least one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Families {
    /// AF_INET and AF_INET6.
    Internet,
    /// AF_UNIX.
    Unix,
    /// AF_INET, AF_INET6 and AF_UNIX.
    Any,
}

impl Families {
    /// Returns the families that `access` can use, if the host's filter forbids all of them
    /// (`RestrictAddressFamilies=` in systemd.exec(5)).
    pub(super) fn forbidden_to(access: &Access) -> Option<Self> {
        let needed = Self::needed(access)?;
        needed.list().iter().all(is_forbidden).then_some(needed)
    }

    fn needed(access: &Access) -> Option<Self> {
        let is_online = access.ports.as_ref().is_none_or(|ports| !ports.is_empty());
        match (is_online, access.unix_sockets.is_empty()) {
            (true, true) => Some(Self::Internet),
            (true, false) => Some(Self::Any),
            (false, false) => Some(Self::Unix),
            (false, true) => None,
        }
    }

    fn list(self) -> &'static [AddressFamily] {
        match self {
            Self::Internet => &[AddressFamily::Inet, AddressFamily::Inet6],
            Self::Unix => &[AddressFamily::Unix],
            Self::Any => &[
                AddressFamily::Inet,
                AddressFamily::Inet6,
                AddressFamily::Unix,
            ],
        }
    }
}

fn is_forbidden(family: &AddressFamily) -> bool {
    let made = socket(*family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None);
    made.is_err_and(|errno| [Errno::EAFNOSUPPORT, Errno::EPERM, Errno::EACCES].contains(&errno))
}

impl fmt::Display for Families {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Internet => "AF_INET AF_INET6",
            Self::Unix => "AF_UNIX",
            Self::Any => "AF_INET AF_INET6 AF_UNIX",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_families_follow_from_the_ports_and_the_unix_sockets() {
        let needed = |ports: Option<Vec<u16>>, sockets: &[&str]| {
            Families::needed(&Access {
                ports,
                unix_sockets: sockets.iter().map(Into::into).collect(),
                ..Access::default()
            })
        };
        assert_eq!(needed(None, &[]), Some(Families::Internet));
        assert_eq!(needed(Some(vec![636]), &["/x"]), Some(Families::Any));
        assert_eq!(needed(Some(vec![]), &["/x"]), Some(Families::Unix));
        assert_eq!(needed(Some(vec![]), &[]), None);
    }

    #[test]
    fn no_family_is_forbidden_where_sockets_can_be_made() {
        assert_eq!(Families::forbidden_to(&Access::default()), None);
    }
}
