//! Names to addresses, and domains to their servers.
//!
//! A resolver of our own: /etc/hosts and the name servers of /etc/resolv.conf, as SSSD has it too.
//! The C library's would also heed nsswitch.conf, but it waits as long as it likes, needs a thread
//! to be left behind on, loads what that file names and reads the environment. Here every question
//! ends with its deadline, and both files are read before the process is confined.
//!
//! | file | holds |
//! |---|---|
//! | [`config`] | /etc/resolv.conf |
//! | [`hosts`] | /etc/hosts |
//! | [`ask`] | one question, put to the servers in turn, over UDP and TCP |
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
use nix::fcntl::OFlag;

pub use self::ask::{STEP, connected, random};
pub use self::config::{Config, PORT};
pub use self::message::Service;

use self::hosts::Hosts;
use self::message::{RecordKind, Records};
use super::failure::Failure;

const RESOLV_CONF: &str = "/etc/resolv.conf";
const HOSTS: &str = "/etc/hosts";

/// The most that is read of one of those files. Lists of unwanted hosts have a megabyte or two.
const MAX_FILE: u64 = 4 << 20;

/// How long the addresses of one family wait for those of the other: RFC 8305 §3. Some servers
/// never answer for the family they do not know.
const OTHER_FAMILY: Duration = Duration::from_millis(50);

/// How many addresses of one name are tried.
const MAX_ADDRESSES: usize = 16;

/// Returns whether `host` is a name, so that somebody has to be asked for its address.
pub fn is_name(host: &str) -> bool {
    host.parse::<IpAddr>().is_err()
}

/// What this machine knows about names, and whom it asks.
#[derive(Debug, Clone, Default)]
pub struct Dns {
    hosts: Hosts,
    config: Config,
}

impl Dns {
    /// Reads the system's files. One that is missing is empty: without a name server, this machine
    /// is asked.
    pub fn read() -> Self {
        let host_name = read(Path::new("/proc/sys/kernel/hostname"));
        Self::new(
            read(Path::new(HOSTS)),
            Config::parse(&read(Path::new(RESOLV_CONF)), &host_name),
        )
    }

    /// Makes a resolver of the text of a hosts file, and these servers.
    pub fn new(hosts: String, config: Config) -> Self {
        Self {
            hosts: Hosts(hosts),
            config,
        }
    }

    /// Returns the addresses of `host`, those first that this machine has a way to.
    ///
    /// # Errors
    /// When there are none, or nobody says so in time.
    pub async fn addresses(
        &self,
        host: &str,
        port: u16,
        deadline: Deadline,
    ) -> Result<Vec<SocketAddr>, Failure> {
        let addresses = match host.parse() {
            Ok(address) => vec![address],
            Err(_) => self.of_name(host, deadline).await?,
        };
        let addresses = addresses
            .into_iter()
            .map(|address| SocketAddr::new(address, port));
        Ok(in_order(addresses.take(MAX_ADDRESSES).collect()))
    }

    /// Returns the servers that offer the service `name`, such as `_ldap._tcp.example.com`, as the
    /// records have them (RFC 2782); none where the domain says that there are none.
    ///
    /// # Errors
    /// When the name has no such records, or nobody says so in time.
    pub async fn services(&self, name: &str, deadline: Deadline) -> Result<Vec<Service>, Failure> {
        match ask::ask(&self.config, RecordKind::Srv, name, deadline).await? {
            Records::Services(services) => Ok(services),
            _ => Err(Failure::trouble(STEP, format!("{name}: no SRV records"))),
        }
    }

    async fn of_name(&self, host: &str, deadline: Deadline) -> Result<Vec<IpAddr>, Failure> {
        let known = self.hosts.addresses(host);
        if !known.is_empty() {
            return Ok(known);
        }
        for name in self.config.candidates(host) {
            let found = self.of_one_name(&name, deadline).await?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Err(Failure::down(STEP, "no such name, or it has no address"))
    }

    /// Asks for both families at once. A name without an address is no error yet: another one of
    /// the search list may have some. A server that cannot tell is one, or its silence would lead
    /// elsewhere.
    async fn of_one_name(&self, name: &str, deadline: Deadline) -> Result<Vec<IpAddr>, Failure> {
        let ask = |kind| ask::ask(&self.config, kind, name, deadline);
        if self.config.ipv4_only {
            return ask(RecordKind::A).await.map(Records::addresses);
        }
        let (mut new, mut old) = (pin!(ask(RecordKind::Aaaa)), pin!(ask(RecordKind::A)));
        let (new, old) = tokio::select! {
            new = &mut new => {
                let old = patiently(&new, old).await;
                (Some(new), old)
            }
            old = &mut old => (patiently(&old, new).await, Some(old)),
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

/// Waits for the answer for the other family; not for long once `first` has what is needed.
async fn patiently(
    first: &FamilyAnswer,
    other: impl Future<Output = FamilyAnswer>,
) -> Option<FamilyAnswer> {
    let has_some = first.as_ref().is_ok_and(|records| !records.is_empty());
    match has_some {
        true => tokio::time::timeout(OTHER_FAMILY, other).await.ok(),
        false => Some(other.await),
    }
}

/// Sorts addresses: what this machine has no way to goes last, else newer ones go first, which are
/// the rules of RFC 6724 that matter where nothing else is known.
fn in_order(mut addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    if addresses.iter().any(SocketAddr::is_ipv6) && addresses.len() > 1 {
        addresses.sort_by_cached_key(|address| (!ask::has_route(*address), address.is_ipv4()));
    }
    addresses
}

/// Reads a system file; one that cannot be read is empty. It may belong to whoever manages the
/// network (systemd-resolved has a user of its own), and is believed as the C library believes it;
/// but it cannot hold us up.
fn read(path: &Path) -> String {
    let mut text = Vec::new();
    let mut open = OpenOptions::new();
    let open = open.read(true).custom_flags(OFlag::O_NONBLOCK.bits());
    if let Ok(file) = open.open(path) {
        // What was read before an error is as good as the rest.
        let _ = file.take(MAX_FILE).read_to_end(&mut text);
    }
    String::from_utf8_lossy(&text).into_owned()
}
