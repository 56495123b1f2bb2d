//! Where a login comes from: `PAM_RHOST`, and the addresses and networks of `from`.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use ipnet::IpNet;

use crate::words::number;

/// The first bits that make an IPv6 address an IPv4 address in other words (RFC 4291 §2.5.5.2).
const MAPPED_BITS: u8 = 96;

/// The origin of a login, by `PAM_RHOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Nothing: the person is at this machine.
    Local,
    /// An address. An IPv4-mapped IPv6 address is the IPv4 address.
    Address(IpAddr),
    /// A host name, or anything else that is no address. Whoever owns a zone of reverse DNS may
    /// have chosen it, so it says nothing about the address.
    NoAddress,
}

impl Origin {
    /// Reads `PAM_RHOST`. Text that is not exactly one address is none.
    pub fn of(rhost: &str) -> Self {
        if rhost.is_empty() {
            return Self::Local;
        }
        match address(rhost) {
            Some(address) => Self::Address(address.to_canonical()),
            None => Self::NoAddress,
        }
    }
}

/// Reads an address. A link-local IPv6 address may have a zone (RFC 4007 §11), which is dropped:
/// two links may have the same address, and no entry of `from` tells them apart.
fn address(text: &str) -> Option<IpAddr> {
    let Some((address, zone)) = text.split_once('%') else {
        return text.parse().ok();
    };
    let is_zone_char = |c: char| c.is_ascii_alphanumeric() || "-_.:@".contains(c);
    let is_zone = !zone.is_empty() && zone.chars().all(is_zone_char);
    let address: Ipv6Addr = address.parse().ok()?;
    (is_zone && address.is_unicast_link_local()).then_some(address.into())
}

/// An entry of the list `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OriginEntry {
    /// `local`: no remote host is named.
    Local,
    /// An address or a network.
    Network(IpNet),
}

impl OriginEntry {
    /// Returns whether the origin matches; `None` for a network where no address is known.
    pub fn matches(&self, origin: Origin) -> Option<bool> {
        match (self, origin) {
            (Self::Local, origin) => Some(origin == Origin::Local),
            (Self::Network(_), Origin::Local) => Some(false),
            (Self::Network(network), Origin::Address(address)) => Some(network.contains(&address)),
            (Self::Network(_), Origin::NoAddress) => None,
        }
    }

    /// Returns whether this matches every origin that `other` matches.
    pub(super) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Network(wide), Self::Network(narrow)) => wide.contains(narrow),
            _ => self == other,
        }
    }
}

impl FromStr for OriginEntry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "local" {
            return Ok(Self::Local);
        }
        let network = match text.split_once('/') {
            None => text.parse::<IpAddr>().map(IpNet::from).ok(),
            Some((address, length)) => network(address, length),
        };
        let network = network.ok_or_else(|| {
            format!(
                "\"{text}\" is no address, no network such as \"10.0.0.0/8\", and not \"local\""
            )
        })?;
        let whole = network.trunc();
        if whole != network {
            return Err(format!(
                "\"{text}\" is an address within a network; the network is \"{whole}\""
            ));
        }
        Ok(Self::Network(unmapped(network)))
    }
}

/// Reads the two parts of a network. As a part of an address, a length has no leading zero.
fn network(address: &str, length: &str) -> Option<IpNet> {
    let bits: u8 = number(length.as_bytes())?;
    if bits.to_string() != length {
        return None;
    }
    IpNet::new(address.parse().ok()?, bits).ok()
}

/// Returns the IPv4 network where this is one of IPv4-mapped addresses.
fn unmapped(network: IpNet) -> IpNet {
    let bits = network.prefix_len().checked_sub(MAPPED_BITS);
    let plain = bits.and_then(|bits| IpNet::new(network.addr().to_canonical(), bits).ok());
    match plain {
        Some(plain @ IpNet::V4(_)) if matches!(network, IpNet::V6(_)) => plain,
        _ => network,
    }
}

/// Writes the entry; an address alone without its length.
impl fmt::Display for OriginEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
            Self::Network(one) if one.prefix_len() == one.max_prefix_len() => one.addr().fmt(f),
            Self::Network(network) => network.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    fn entry(text: &str) -> OriginEntry {
        text.parse().unwrap()
    }

    #[test]
    fn only_an_address_alone_is_an_address() {
        let address = |text: &str| Origin::Address(text.parse().unwrap());
        for (rhost, expected) in [
            ("", Origin::Local),
            ("10.0.0.1", address("10.0.0.1")),
            ("::ffff:10.0.0.1", address("10.0.0.1")),
            ("::FFFF:0a00:0001", address("10.0.0.1")),
            ("2001:db8::1", address("2001:db8::1")),
            ("::10.0.0.1", address("::a00:1")),
            ("fe80::1%eth0", address("fe80::1")),
            ("fe80::1%2", address("fe80::1")),
        ] {
            assert_eq!(Origin::of(rhost), expected, "{rhost}");
        }
        for rhost in [
            "10.0.0.1.evil.example",
            "localhost",
            "local",
            " ",
            " 10.0.0.1",
            "10.0.0.1 ",
            "10.0.0.1\n",
            "010.0.0.1",
            "10.0.0.01",
            "1.2.3",
            "0x0a000001",
            "167772161",
            "10.0.0.256",
            "10.0.0.1/8",
            "10.0.0.1:22",
            "[::1]",
            "10.0.0.1%eth0",
            "::1%lo",
            "2001:db8::1%eth0",
            "::ffff:10.0.0.1%eth0",
            "fe80::1%",
            "fe80::1%a b",
            "fe80::1%eth0%eth1",
            "\u{661}0.0.0.1",
        ] {
            assert_eq!(Origin::of(rhost), Origin::NoAddress, "{rhost:?}");
        }
    }

    #[test]
    fn a_network_is_written_with_its_own_address() {
        for (text, expected) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("10.0.0.7", "10.0.0.7"),
            ("10.0.0.7/32", "10.0.0.7"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::/0", "::/0"),
            ("2001:DB8::/32", "2001:db8::/32"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:10.0.0.7", "10.0.0.7"),
            ("::ffff:0.0.0.0/96", "0.0.0.0/0"),
            ("local", "local"),
        ] {
            assert_eq!(entry(text).to_string(), expected, "{text}");
        }
        for text in [
            "10.0.0.1/8",
            "10.0.0.0/33",
            "10.0.0.0/08",
            "10.0.0.0/+8",
            "10.0.0.0/",
            "10.0.0.0/255.0.0.0",
            "10/8",
            "10.0.0.0 /8",
            "010.0.0.0/8",
            "::ffff:10.0.0.0/80",
            "fe80::1%eth0",
            "10.0.*",
            "host.example.com",
            ".example.com",
            "LOCAL",
            "",
        ] {
            assert!(text.parse::<OriginEntry>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_ipv4_address_in_ipv6_notation_matches_like_itself(
            address: u32, network: u32, bits in 0..=32_u8, near in 0..=32_u32,
        ) {
            // Half of the addresses lie near the network.
            let neighbour = network ^ 1_u32.checked_shl(near).unwrap_or(0);
            let address = Ipv4Addr::from(if address % 2 == 0 { address } else { neighbour });
            let network = IpNet::new(Ipv4Addr::from(network).into(), bits).unwrap().trunc();
            let plain = entry(&network.to_string());
            let mapped = entry(&format!("::ffff:{}/{}", network.addr(), u32::from(bits) + 96));
            prop_assert_eq!(plain, mapped);
            let expected = plain.matches(Origin::of(&address.to_string()));
            prop_assert_eq!(plain.matches(Origin::of(&format!("::ffff:{address}"))), expected);
            let every_ipv6 = entry("::/0").matches(Origin::of(&format!("::ffff:{address}")));
            prop_assert_eq!(every_ipv6, Some(false));
        }

        #[test]
        fn no_text_makes_the_parsers_panic(text in "(?s).{0,60}", host in "[0-9a-f:.%/]{0,40}") {
            for text in [text, host] {
                let _ = (Origin::of(&text), text.parse::<OriginEntry>());
            }
        }
    }
}
