//! /etc/resolv.conf (resolv.conf(5)): the name servers and the search list.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;

use authchain::words::number;

/// The port of name servers.
pub const PORT: u16 = 53;

/// The limits of the C library, which reduces larger numbers to them too.
const MAX_SERVERS: usize = 3;
const MAX_DOTS: usize = 15;
const MAX_SECONDS: u64 = 30;
const MAX_ATTEMPTS: u32 = 5;

/// The most domains of the search list that are tried.
const MAX_SEARCH: usize = 16;

/// The name servers, how they are asked, and the search list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The name servers, in the order they are asked.
    pub servers: Vec<SocketAddr>,
    /// The domains in which a short name is looked for.
    pub search: Vec<String>,
    /// The number of dots from which on a name is tried before the search list is applied.
    pub ndots: usize,
    /// The most time that one server may take to answer.
    pub timeout: Duration,
    /// The number of rounds in which all servers are asked.
    pub attempts: u32,
    /// Begin with another server each time.
    pub rotate: bool,
    /// Ask over TCP at once.
    pub use_tcp: bool,
    /// Do not ask for IPv6 addresses.
    pub ipv4_only: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            servers: vec![SocketAddr::new(Ipv4Addr::LOCALHOST.into(), PORT)],
            search: Vec::new(),
            ndots: 1,
            timeout: Duration::from_secs(5),
            attempts: 2,
            rotate: false,
            use_tcp: false,
            ipv4_only: false,
        }
    }
}

impl Config {
    /// Reads the file's text. If the file has no search list, the domain in `host_name`, the name
    /// of this machine, is searched. Unknown words are ignored, as by the C library.
    pub fn parse(text: &str, host_name: &str) -> Self {
        let mut config = Self::default();
        let (mut servers, mut search) = (Vec::new(), None);
        for line in text.lines().filter(|line| !line.starts_with(['#', ';'])) {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => servers.extend(words.next().and_then(server)),
                Some("domain") => search = Some(words.take(1).map(str::to_owned).collect()),
                Some("search") => {
                    search = Some(words.take(MAX_SEARCH).map(str::to_owned).collect());
                }
                Some("options") => words.for_each(|word| config.option(word)),
                _ => {}
            }
        }
        servers.truncate(MAX_SERVERS);
        if !servers.is_empty() {
            config.servers = servers;
        }
        let own_domain = || host_name.trim().split_once('.').map(|(_, d)| d.to_owned());
        config.search = search.unwrap_or_else(|| own_domain().into_iter().collect());
        config
    }

    fn option(&mut self, word: &str) {
        let (name, value) = word.split_once(':').unwrap_or((word, ""));
        let value = || number::<u32>(value.as_bytes());
        match (name, value()) {
            ("ndots", Some(dots)) => {
                self.ndots = usize::try_from(dots).unwrap_or(MAX_DOTS).min(MAX_DOTS);
            }
            ("timeout", Some(seconds)) => {
                self.timeout = Duration::from_secs(u64::from(seconds).clamp(1, MAX_SECONDS));
            }
            ("attempts", Some(count)) => self.attempts = count.clamp(1, MAX_ATTEMPTS),
            ("rotate", _) => self.rotate = true,
            ("use-vc", _) => self.use_tcp = true,
            ("no-aaaa", _) => self.ipv4_only = true,
            _ => {}
        }
    }

    /// Returns the full names that `host` may stand for, in the order they are tried.
    pub(super) fn candidates(&self, host: &str) -> Vec<String> {
        if let Some(full) = host.strip_suffix('.') {
            return vec![full.to_owned()];
        }
        let within = self.search.iter().map(|domain| domain.trim_matches('.'));
        let within = within.filter(|domain| !domain.is_empty());
        let mut names: Vec<String> = within.map(|domain| format!("{host}.{domain}")).collect();
        let is_full = host.matches('.').count() >= self.ndots;
        let place = if is_full { 0 } else { names.len() };
        names.insert(place, host.to_owned());
        names
    }
}

/// Reads the address of a name server: `192.0.2.1`, `2001:db8::1`, or `fe80::1%eth0`.
fn server(text: &str) -> Option<SocketAddr> {
    let Some((address, zone)) = text.split_once('%') else {
        let address: IpAddr = text.parse().ok()?;
        return Some(SocketAddr::new(address, PORT));
    };
    let zone = number(zone.as_bytes()).or_else(|| interface_index(zone))?;
    Some(SocketAddrV6::new(address.parse().ok()?, PORT, 0, zone).into())
}

/// Returns the index of a network interface.
fn interface_index(interface: &str) -> Option<u32> {
    let is_name = !interface.contains('/') && !interface.starts_with('.');
    let path = is_name.then(|| format!("/sys/class/net/{interface}/ifindex"))?;
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Config {
        Config::parse(text, "box.corp.example\n")
    }

    #[test]
    fn a_file_as_systemd_resolved_writes_it() {
        let text = "# This is /run/systemd/resolve/stub-resolv.conf\n\nnameserver 127.0.0.53\noptions edns0 trust-ad\nsearch lan example.com\n";
        let expected = Config {
            servers: vec!["127.0.0.53:53".parse().unwrap()],
            search: vec!["lan".to_owned(), "example.com".to_owned()],
            ..Config::default()
        };
        assert_eq!(parse(text), expected);
    }

    #[test]
    fn without_a_file_this_machine_is_asked_about_its_own_domain() {
        let config = parse("");
        assert_eq!(config.servers, ["127.0.0.1:53".parse().unwrap()]);
        assert_eq!(config.search, ["corp.example"]);
        assert!(Config::parse("", "box").search.is_empty());
    }

    #[test]
    fn options_are_heeded_within_bounds_and_the_last_list_counts() {
        let config = parse(
            "options ndots:99 timeout:0 attempts:7 rotate use-vc no-aaaa inet6 ndots:x ndots:+3\ndomain a\nsearch b c\n;search d\n",
        );
        assert_eq!(
            (config.ndots, config.timeout.as_secs(), config.attempts),
            (15, 1, 5)
        );
        assert!(config.rotate && config.use_tcp && config.ipv4_only);
        assert_eq!(config.search, ["b", "c"]);
    }

    #[test]
    fn servers_are_addresses_of_both_kinds_and_no_more_than_three() {
        let text = "nameserver ns.example\nnameserver 2001:db8::1\nnameserver fe80::1%7\nnameserver fe80::1%lo\nnameserver 192.0.2.4\nnameserver";
        let shown: Vec<String> = parse(text)
            .servers
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            shown,
            ["[2001:db8::1]:53", "[fe80::1%7]:53", "[fe80::1%1]:53"]
        );
        assert_eq!(server("fe80::1%../../x"), None);
        assert_eq!(server("fe80::1%+7"), None);
    }

    #[test]
    fn a_short_name_is_searched_first_and_a_full_one_last() {
        let config = parse("search a.example b.example.\noptions ndots:2");
        assert_eq!(config.candidates("x.y.z")[..1], ["x.y.z"]);
        let short = ["dc.a.example", "dc.b.example", "dc"];
        assert_eq!(config.candidates("dc"), short);
        assert_eq!(config.candidates("dc.a.example."), ["dc.a.example"]);
    }
}
