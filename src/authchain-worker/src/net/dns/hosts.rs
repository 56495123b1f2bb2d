//! /etc/hosts (hosts(5)), and the name `localhost`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The text of /etc/hosts, which is only searched when a name is asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Hosts(pub(super) String);

impl Hosts {
    /// Returns the addresses of `host`, in the order of the file.
    ///
    /// `localhost` and every name below it mean this machine, whatever name servers say (RFC 6761
    /// §6.3).
    pub(super) fn addresses(&self, host: &str) -> Vec<IpAddr> {
        let host = host.strip_suffix('.').unwrap_or(host);
        let lines = self.0.lines().filter_map(|line| address(line, host));
        let found: Vec<IpAddr> = lines.collect();
        let label = host.rsplit('.').next().unwrap_or_default();
        if found.is_empty() && label.eq_ignore_ascii_case("localhost") {
            return vec![Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()];
        }
        found
    }
}

/// Returns the address of a line that names `host`.
fn address(line: &str, host: &str) -> Option<IpAddr> {
    let (line, _) = line.split_once('#').unwrap_or((line, ""));
    let mut words = line.split_whitespace();
    let address = words.next()?;
    words
        .any(|name| name.eq_ignore_ascii_case(host))
        .then(|| address.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(host: &str) -> Vec<String> {
        let text = "127.0.0.1 localhost\n# 192.0.2.9 ldap\n192.0.2.1\tldap.example LDAP # old: dc\n2001:db8::1 ldap.example\nbroken dc\n192.0.2.3\n";
        let found = Hosts(text.to_owned()).addresses(host);
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_host_has_the_addresses_of_all_its_lines_by_any_of_its_names() {
        assert_eq!(find("LDAP.example"), ["192.0.2.1", "2001:db8::1"]);
        assert_eq!(find("ldap"), ["192.0.2.1"]);
        assert_eq!(find("ldap."), ["192.0.2.1"]);
        for none in ["dc", "192.0.2.1", "", "old:"] {
            assert!(find(none).is_empty(), "{none}");
        }
    }

    #[test]
    fn localhost_is_this_machine_with_and_without_a_line() {
        assert_eq!(find("localhost"), ["127.0.0.1"]);
        assert_eq!(find("db.LocalHost."), ["::1", "127.0.0.1"]);
        let bare = Hosts::default().addresses("localhost");
        assert_eq!(bare.len(), 2);
    }
}
