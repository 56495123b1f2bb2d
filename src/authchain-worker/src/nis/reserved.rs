//! Sockets on ports below 1024, bound while the worker still has the right to.
//!
//! Servers give hashes only to these ports: on the hosts that they trust, only root can use them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd};

use authchain::config::settings::nis::{Address, SourcePort, Transport};
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, SockaddrIn6, bind, setsockopt, socket, sockopt,
};

use crate::net::dns::random;
use crate::net::failure::Failure;

/// The ports that RPC clients ask from (bindresvport(3)); below them are services.
const FIRST: u16 = 600;
const LAST: u16 = 1023;

/// Ports among them that belong to services, which must be able to start meanwhile: IPMI (whose
/// packets some network cards keep to themselves), CUPS, LDAP and IMAP and POP over TLS, tinc,
/// rpasswd, Kerberos, rsync, lwresd.
const SERVICES: [u16; 13] = [
    623, 631, 636, 655, 664, 749, 750, 774, 873, 921, 989, 993, 995,
];

/// The number of sockets for a name, in each family.
const FOR_A_NAME: usize = 2;

/// The reasons why a reserved port could not be bound.
const NO_RIGHT: &str = "ports below 1024 are root's, and this program does not run as root";
const NONE_FREE: &str = "every port from 600 to 1023 is taken";

/// Sockets that are bound to reserved ports and not connected yet.
#[derive(Debug)]
pub(super) struct Ports {
    v4: Vec<OwnedFd>,
    v6: Vec<OwnedFd>,
    wanted: SourcePort,
    /// The reason why there are fewer than were wanted.
    pub(super) missing: Option<&'static str>,
}

impl Ports {
    /// Sets aside a port for each address that may be asked.
    ///
    /// # Errors
    /// When no reserved port can be bound, and the settings accept no other.
    pub(super) fn set_aside<'a>(
        servers: impl Iterator<Item = &'a Address>,
        transport: Transport,
        wanted: SourcePort,
    ) -> Result<Self, String> {
        let mut ports = Self {
            v4: Vec::new(),
            v6: Vec::new(),
            wanted,
            missing: None,
        };
        if wanted == SourcePort::Any {
            return Ok(ports);
        }
        let (count_v4, count_v6) = count(servers);
        let unspecified_v6 = IpAddr::from(Ipv6Addr::UNSPECIFIED);
        ports.fill(count_v4, IpAddr::from(Ipv4Addr::UNSPECIFIED), transport);
        ports.fill(count_v6, unspecified_v6, transport);
        match (ports.missing, wanted) {
            (Some(why), SourcePort::Reserved) => Err(format!("source_port = \"reserved\": {why}")),
            _ => Ok(ports),
        }
    }

    fn fill(&mut self, count: usize, own: IpAddr, transport: Transport) {
        for _ in 0..count {
            match reserved(own, transport) {
                Ok(socket) if own.is_ipv4() => self.v4.push(socket),
                Ok(socket) => self.v6.push(socket),
                Err(Errno::EACCES | Errno::EPERM) => self.missing = Some(NO_RIGHT),
                Err(Errno::EADDRINUSE) => self.missing = Some(NONE_FREE),
                // A machine without IPv6: a server that has only such an address cannot be reached
                // anyway.
                Err(_) => return,
            }
        }
    }

    /// Returns a socket to ask `server` from; `None` where any port will do.
    ///
    /// # Errors
    /// When none is left and no other port will do.
    pub(super) fn take(&mut self, server: IpAddr) -> Result<Option<OwnedFd>, Failure> {
        let socket = match server {
            IpAddr::V4(_) => self.v4.pop(),
            IpAddr::V6(_) => self.v6.pop(),
        };
        if socket.is_none() && self.wanted == SourcePort::Reserved {
            return Err(Failure::local("connect", "no reserved port is left"));
        }
        Ok(socket)
    }
}

/// Returns the number of sockets that these servers may need, in each family.
fn count<'a>(servers: impl Iterator<Item = &'a Address>) -> (usize, usize) {
    servers.fold((0, 0), |(v4, v6): (usize, usize), server| {
        let (more_v4, more_v6) = match server.host.parse() {
            Ok(IpAddr::V4(_)) => (1, 0),
            Ok(IpAddr::V6(_)) => (0, 1),
            Err(_) => (FOR_A_NAME, FOR_A_NAME),
        };
        (v4.saturating_add(more_v4), v6.saturating_add(more_v6))
    })
}

/// Returns a socket that is bound to a reserved port.
fn reserved(own: IpAddr, transport: Transport) -> Result<OwnedFd, Errno> {
    let family = match own {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    };
    let kind = match transport {
        Transport::Tcp => SockType::Stream,
        Transport::Udp => SockType::Datagram,
    };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket(family, kind, flags, None)?;
    if own.is_ipv6() {
        setsockopt(&socket, sockopt::Ipv6V6Only, &true)?;
    }
    if transport == Transport::Tcp {
        // The connection is closed by a reset, however the process ends. Otherwise each login would
        // block a port for a minute (TIME_WAIT), and after some four hundred logins no port would
        // be left.
        let at_once = libc::linger {
            l_onoff: 1,
            l_linger: 0,
        };
        setsockopt(&socket, sockopt::Linger, &at_once)?;
    }
    for port in candidates()? {
        match bind_to(&socket, SocketAddr::new(own, port)) {
            Err(Errno::EADDRINUSE) => {}
            bound => return bound.map(|()| socket),
        }
    }
    Err(Errno::EADDRINUSE)
}

fn bind_to(socket: &OwnedFd, own: SocketAddr) -> Result<(), Errno> {
    match own {
        SocketAddr::V4(own) => bind(socket.as_raw_fd(), &SockaddrIn::from(own)),
        SocketAddr::V6(own) => bind(socket.as_raw_fd(), &SockaddrIn6::from(own)),
    }
}

/// Returns every port to try, from a random one on: several workers at once would otherwise try the
/// same ones.
fn candidates() -> Result<impl Iterator<Item = u16>, Errno> {
    let all = || (FIRST..=LAST).filter(|port| !SERVICES.contains(port));
    let start = random().map_err(|_| Errno::EIO)?;
    let start = usize::try_from(start).unwrap_or_default();
    let start = start.checked_rem(all().count()).unwrap_or_default();
    Ok(all().skip(start).chain(all().take(start)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::net::TcpStream;

    fn set_aside(
        servers: &[&str],
        transport: Transport,
        wanted: SourcePort,
    ) -> Result<Ports, String> {
        let servers: Vec<_> = (servers.iter())
            .map(|text| Address::parse(text).unwrap())
            .collect();
        Ports::set_aside(servers.iter(), transport, wanted)
    }

    fn is_root(test: &str) -> bool {
        let is_root = nix::unistd::geteuid().is_root();
        if !is_root {
            let _ = writeln!(std::io::stderr(), "skipped: {test}: ports need root");
        }
        is_root
    }

    #[test]
    fn every_port_is_tried_once_and_none_of_a_service() {
        let mut all: Vec<u16> = candidates().unwrap().collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 424 - SERVICES.len());
        assert!(all.iter().all(|port| (600..1024).contains(port)));
        assert!(!all.contains(&636));
    }

    #[test]
    fn each_server_has_a_port_below_1024_for_each_address_it_may_have() {
        if !is_root("each_server_has_a_port_below_1024_for_each_address_it_may_have") {
            return;
        }
        let mut ports =
            set_aside(&["192.0.2.1", "nis1"], Transport::Tcp, SourcePort::Reserved).unwrap();
        assert_eq!((ports.v4.len(), ports.missing), (3, None));
        let socket = ports.take("192.0.2.1".parse().unwrap()).unwrap().unwrap();
        let port = TcpStream::from(socket).local_addr().unwrap().port();
        assert!((FIRST..=LAST).contains(&port), "{port}");
        for _ in 0..2 {
            ports.take("192.0.2.1".parse().unwrap()).unwrap();
        }
        let left = ports.take("192.0.2.1".parse().unwrap());
        assert_eq!(left.unwrap_err().text, "no reserved port is left");
    }

    #[test]
    fn without_a_wish_for_reserved_ports_none_is_bound() {
        for transport in [Transport::Tcp, Transport::Udp] {
            let mut ports = set_aside(&["192.0.2.1"], transport, SourcePort::Any).unwrap();
            let socket = ports.take("192.0.2.1".parse().unwrap());
            assert!(socket.unwrap().is_none() && ports.missing.is_none());
        }
    }
}
