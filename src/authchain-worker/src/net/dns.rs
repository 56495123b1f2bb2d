//! Resolves names to addresses, and domains to their servers.
//!
//! This resolver reads /etc/hosts and asks the name servers of /etc/resolv.conf, as SSSD's does.
//! Every question ends at its deadline, and both files are read before the process is confined.
//!
//! The resolver of the C library would follow nsswitch.conf too. But it has no deadline, so it
//! would need a thread that can be abandoned. It also loads the modules that nsswitch.conf names,
//! and reads the environment.
//!
//! | file | holds |
//! |---|---|
//! | [`config`] | /etc/resolv.conf |
//! | [`hosts`] | /etc/hosts |
//! | [`ask`] | asks the name servers one question, one after the other, over UDP and TCP |
//! | [`message`] | the question and its answer as bytes |

mod ask;
mod config;
mod hosts;
mod message;

use std::fs::OpenOptions;
use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use authchain::tools::deadline::Deadline;
use authchain::tools::trusted_file::{FileError, FileFault};
use nix::fcntl::OFlag;

pub use self::ask::{STEP, connected, random};
pub use self::config::{Config, PORT};
pub use self::message::Service;

use self::hosts::Hosts;
use self::message::{RecordKind, Records};
use super::failure::Failure;

const RESOLV_CONF: &str = "/etc/resolv.conf";
const HOSTS: &str = "/etc/hosts";
const HOST_NAME: &str = "/proc/sys/kernel/hostname";

/// The most bytes that are read of a file. Block lists in /etc/hosts have a megabyte or two.
const MAX_FILE: u64 = 4 << 20;

/// The time that the addresses of one family wait for those of the other (RFC 8305 §3). Some name
/// servers never answer for a family that they do not know.
const OTHER_FAMILY: Duration = Duration::from_millis(50);

/// The most addresses of one name that are tried.
const MAX_ADDRESSES: usize = 16;

/// Returns whether `host` is a name, which has to be resolved.
pub fn is_name(host: &str) -> bool {
    host.parse::<IpAddr>().is_err()
}

/// A resolver, with the contents of /etc/hosts and /etc/resolv.conf.
#[derive(Debug, Clone, Default)]
pub struct Dns {
    hosts: Hosts,
    config: Config,
    /// The reason why this process could not read a file that may name servers.
    fault: Option<String>,
}

impl Dns {
    /// Reads the system's files. A missing file counts as empty. If no name server is configured,
    /// the name server of this machine is asked (resolv.conf(5)).
    pub fn read() -> Self {
        let mut fault = None;
        let mut text = |path| {
            read(Path::new(path)).unwrap_or_else(|error| {
                fault = Some(error.to_string());
                String::new()
            })
        };
        let hosts = text(HOSTS);
        let config = Config::parse(&text(RESOLV_CONF), &text(HOST_NAME));
        Self {
            fault,
            ..Self::new(hosts, config)
        }
    }

    /// Makes a resolver of the text of a hosts file and of name servers.
    pub fn new(hosts: String, config: Config) -> Self {
        Self {
            hosts: Hosts(hosts),
            config,
            fault: None,
        }
    }

    /// Returns the addresses of `host`: first the addresses that this machine has a route to.
    ///
    /// # Errors
    /// When `host` has no address, or no name server answers in time.
    pub async fn addresses(
        &self,
        host: &str,
        port: u16,
        deadline: Deadline,
    ) -> Result<Vec<SocketAddr>, Failure> {
        let addresses = match host.parse() {
            Ok(address) => vec![address],
            Err(_) => self.resolve(host, deadline).await?,
        };
        let addresses = addresses
            .into_iter()
            .map(|address| SocketAddr::new(address, port));
        Ok(in_order(addresses.take(MAX_ADDRESSES).collect()))
    }

    /// Returns the SRV records (RFC 2782) of the service `name`, such as `_ldap._tcp.example.com`;
    /// none where the domain says that it has no such service.
    ///
    /// # Errors
    /// When the name has no such records, or no name server answers in time.
    pub async fn services(&self, name: &str, deadline: Deadline) -> Result<Vec<Service>, Failure> {
        self.check()?;
        match ask::ask(&self.config, RecordKind::Srv, name, deadline).await? {
            Records::Services(services) => Ok(services),
            _ => Err(Failure::trouble(STEP, format!("{name}: no SRV records"))),
        }
    }

    /// Returns the addresses that /etc/hosts has for a name. If it has none, returns the addresses
    /// of the first name of the search list that has some.
    async fn resolve(&self, host: &str, deadline: Deadline) -> Result<Vec<IpAddr>, Failure> {
        let known = self.hosts.addresses(host);
        if !known.is_empty() {
            return Ok(known);
        }
        self.check()?;
        for name in self.config.candidates(host) {
            let found = self.query(&name, deadline).await?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Err(Failure::down(STEP, "no such name, or it has no address"))
    }

    /// Checks that the system's files could be read: a missing line may name the server.
    fn check(&self) -> Result<(), Failure> {
        match &self.fault {
            Some(fault) => Err(Failure::local(STEP, fault)),
            None => Ok(()),
        }
    }

    /// Asks for the addresses of both families at once.
    ///
    /// A name without addresses is no error: another name of the search list may have some. But a
    /// name server that does not answer is an error: otherwise the next name of the search list
    /// would be taken, in another domain.
    async fn query(&self, name: &str, deadline: Deadline) -> Result<Vec<IpAddr>, Failure> {
        let ask = |kind| ask::ask(&self.config, kind, name, deadline);
        if self.config.ipv4_only {
            return ask(RecordKind::A).await.map(Records::addresses);
        }
        let (mut new, mut old) = (pin!(ask(RecordKind::Aaaa)), pin!(ask(RecordKind::A)));
        let (new, old) = tokio::select! {
            new = &mut new => {
                let old = other_family(&new, old).await;
                (Some(new), old)
            }
            old = &mut old => (other_family(&old, new).await, Some(old)),
        };
        let answers = [new, old].into_iter().flatten();
        let (mut found, mut failure) = (Vec::new(), None);
        for answer in answers {
            match answer {
                Ok(records) => found.extend(records.addresses()),
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            Some(failure) if found.is_empty() => Err(failure),
            _ => Ok(found),
        }
    }
}

type FamilyAnswer = Result<Records, Failure>;

/// Waits for the answer about the other family. If `first` has addresses, waits for at most
/// [`OTHER_FAMILY`].
async fn other_family(
    first: &FamilyAnswer,
    other: impl Future<Output = FamilyAnswer>,
) -> Option<FamilyAnswer> {
    let has_some = first.as_ref().is_ok_and(|records| !records.is_empty());
    match has_some {
        true => tokio::time::timeout(OTHER_FAMILY, other).await.ok(),
        false => Some(other.await),
    }
}

/// Sorts addresses: addresses without a route go last, then IPv4 goes behind IPv6. These are the
/// rules of RFC 6724 §6 that matter here (1 and 6).
fn in_order(mut addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    if addresses.iter().any(SocketAddr::is_ipv6) && addresses.len() > 1 {
        addresses.sort_by_cached_key(|address| (!ask::has_route(*address), address.is_ipv4()));
    }
    addresses
}

/// Reads a system file; a file that may not be used counts as empty. The file may belong to the
/// service that manages the network (systemd-resolved has its own user): it is trusted as the C
/// library trusts it. `O_NONBLOCK` keeps a FIFO from blocking the worker.
///
/// # Errors
/// Where this process lacks what it takes, such as a descriptor.
fn read(path: &Path) -> Result<String, FileError> {
    let mut open = OpenOptions::new();
    let open = open.read(true).custom_flags(OFlag::O_NONBLOCK.bits());
    let bytes = match open.open(path) {
        Ok(file) => whole_lines(file),
        Err(error) => match FileFault::from(&error) {
            fault @ FileFault::Process(_) => return Err(FileError::at(path, fault)),
            _ => Vec::new(),
        },
    };
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads the whole lines before an error or the limit. A line that is cut off is dropped: part of
/// an address may be another address.
fn whole_lines(file: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    let is_whole = (file.take(MAX_FILE).read_to_end(&mut bytes))
        .is_ok_and(|length| u64::try_from(length).is_ok_and(|length| length < MAX_FILE));
    if !is_whole {
        let end = bytes.iter().rposition(|byte| *byte == b'\n');
        bytes.truncate(end.unwrap_or_default());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::failure::FailureKind;
    use authchain::tools::deadline::system_clock;
    use std::io;

    /// An error after the bytes of this text.
    struct Broken(&'static [u8]);

    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(io::Error::other("broken")),
                length => Ok(length),
            }
        }
    }

    #[test]
    fn a_file_that_could_not_be_opened_is_no_empty_one() {
        let dns = Dns {
            fault: Some("/etc/hosts: too many open files".to_owned()),
            ..Dns::new("192.0.2.1 known".to_owned(), Config::default())
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let addresses = |host| {
            let deadline = Deadline::after(system_clock, Duration::from_secs(1));
            let asking = dns.addresses(host, 389, deadline);
            runtime.as_ref().unwrap().block_on(asking)
        };
        assert!(addresses("known").is_ok() && addresses("192.0.2.2").is_ok());
        let failure = addresses("unknown").unwrap_err();
        assert_eq!(failure.kind, FailureKind::Local);
        assert!(failure.text.contains("/etc/hosts"), "{failure}");
        assert_eq!(read(Path::new("/nowhere/hosts")), Ok(String::new()));
    }

    #[test]
    fn a_line_that_is_cut_off_is_dropped() {
        let cut = whole_lines(Broken(b"nameserver 192.0.2.1\nnameserver 192.0.2.1"));
        assert_eq!(cut, b"nameserver 192.0.2.1");
        assert_eq!(whole_lines(Broken(b"nameserver 192.0.2.1")), b"");
        assert_eq!(
            whole_lines(&b"nameserver 192.0.2.1"[..]),
            b"nameserver 192.0.2.1"
        );
        let long = whole_lines(io::repeat(b'x'));
        assert_eq!(long, b"", "longer than the limit");
    }
}
