//! Network addresses of clients, compared as one would expect: IPv4-mapped IPv6 is IPv4, and a list may name networks.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An address in the form in which Callvault compares addresses: IPv4-mapped IPv6 becomes IPv4.
pub fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// Whether two addresses are one client. `::1` and `127.0.0.1` are: a program with two HTTP libraries reaches
/// `localhost` by either (`docs/yeastar.md` G11).
pub fn same_client(one: IpAddr, other: IpAddr) -> bool {
    let fold = |address: IpAddr| match canonical(address) {
        IpAddr::V6(Ipv6Addr::LOCALHOST) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        folded => folded,
    };
    fold(one) == fold(other)
}

/// A network in CIDR notation; a bare address stands for itself.
///
/// IPv4-mapped IPv6 is IPv4, in networks as in the addresses they are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    network: IpAddr,
    prefix: u8,
}

/// Why a text is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// The part before the slash is no IP address.
    #[error("{0:?} is not a network: expected an address such as 10.0.0.0/8 or 2001:db8::/32")]
    Address(String),
    /// The part after the slash is no length, or one beyond 32 (IPv4) or 128 (IPv6).
    #[error("{0:?} is not a network: the length of its prefix must be 0 to {1}")]
    Prefix(String, u8),
    /// Address bits after the prefix are set, which is mostly a typing error.
    #[error("{text:?} has address bits after its prefix; did you mean {meant}?")]
    HostBits {
        /// What was given.
        text: String,
        /// The network that contains it.
        meant: Network,
    },
}

impl Network {
    /// Whether the network contains an address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (bits, width) = bits_of(address.to_canonical());
        let (network, network_width) = bits_of(self.network);
        width == network_width && keep_prefix(bits, width, self.prefix) == network
    }
}

/// The address as a number and how many bits it has.
fn bits_of(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

fn keep_prefix(bits: u128, width: u8, prefix: u8) -> u128 {
    let host_bits = u32::from(width - prefix);
    bits.checked_shr(host_bits).and_then(|kept| kept.checked_shl(host_bits)).unwrap_or(0)
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text.trim(), None),
        };
        let written: IpAddr = address.parse().map_err(|_| NetworkError::Address(text.to_owned()))?;
        let (_, written_width) = bits_of(written);
        let written_prefix = match prefix {
            None => written_width,
            Some(digits) => Some(digits)
                .filter(|digits| {
                    (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
                })
                .and_then(|digits| digits.parse().ok())
                .filter(|&prefix: &u8| prefix <= written_width)
                .ok_or_else(|| NetworkError::Prefix(text.to_owned(), written_width))?,
        };
        // ::ffff:10.0.0.0/104 is 10.0.0.0/8; a shorter prefix of the mapped block stays an IPv6 network,
        // which no canonical IPv4 address is in.
        let canonical = written.to_canonical();
        let (address, prefix) = match (written, canonical) {
            (IpAddr::V6(_), IpAddr::V4(_)) if written_prefix >= 96 => (canonical, written_prefix - 96),
            _ => (written, written_prefix),
        };
        let (bits, width) = bits_of(address);
        let kept = keep_prefix(bits, width, prefix);
        let network = match address {
            IpAddr::V4(_) => IpAddr::V4((kept as u32).into()),
            IpAddr::V6(_) => IpAddr::V6(kept.into()),
        };
        let whole = Self { network, prefix };
        if kept == bits {
            Ok(whole)
        } else {
            Err(NetworkError::HostBits { text: text.to_owned(), meant: whole })
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, width) = bits_of(self.network);
        if self.prefix == width {
            write!(formatter, "{}", self.network)
        } else {
            write!(formatter, "{}/{}", self.network, self.prefix)
        }
    }
}

/// Where a person may come from. An empty list is any address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceList(Vec<Network>);

impl SourceList {
    /// Whether the list lets the address in.
    pub fn allows(&self, address: IpAddr) -> bool {
        self.0.is_empty() || self.0.iter().any(|network| network.contains(address))
    }
}

impl FromStr for SourceList {
    type Err = NetworkError;

    /// Addresses and networks separated by commas or blanks.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let items = text.split([',', ' ']).filter(|item| !item.is_empty());
        items.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for SourceList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, network) in self.0.iter().enumerate() {
            let separator = if place == 0 { "" } else { "," };
            write!(f, "{separator}{network}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(list: &str, address: &str, expected: bool) {
        let list: SourceList = list.parse().unwrap();
        assert_eq!(list.allows(address.parse().unwrap()), expected, "{list} {address}");
    }

    #[test]
    fn source_lists() {
        check("", "203.0.113.9", true);
        check("10.0.0.0/8", "10.255.0.1", true);
        check("10.0.0.0/8", "11.0.0.1", false);
        check("10.0.0.0/8", "::ffff:10.1.2.3", true);
        check("192.0.2.7, 2001:db8::/32", "2001:db8::1", true);
        check("192.0.2.7 2001:db8::/32", "2001:db9::1", false);
        check("192.0.2.7", "192.0.2.8", false);
        check("0.0.0.0/0", "8.8.8.8", true);
        check("0.0.0.0/0", "2001:db8::1", false);
        check("::/0", "2001:db8::1", true);
    }

    #[test]
    fn networks_contain_what_their_prefix_says() {
        let check = |network: &str, address: &str, expected: bool| {
            let network_found: Network = network.parse().unwrap();
            assert_eq!(network_found.contains(address.parse().unwrap()), expected, "{network} {address}");
        };
        check("10.0.0.0/8", "10.255.255.255", true);
        check("10.0.0.0/8", "11.0.0.0", false);
        check("192.168.7.128/25", "192.168.7.127", false);
        check("192.168.7.128/25", "192.168.7.128", true);
        check("0.0.0.0/0", "203.0.113.9", true);
        check("0.0.0.0/0", "2001:db8::1", false);
        check("203.0.113.9", "203.0.113.9", true);
        check("203.0.113.9", "203.0.113.8", false);
        check("10.0.0.0/8", "::ffff:10.1.2.3", true);
        check("::ffff:10.0.0.0/104", "10.1.2.3", true);
        check("::ffff:10.0.0.0/104", "11.1.2.3", false);
        check("2001:db8::/32", "2001:db8:ffff::1", true);
        check("2001:db8::/32", "2001:db9::", false);
        check("::/0", "2001:db8::1", true);
        check("::/0", "10.0.0.1", false);
        check("::1", "::1", true);
    }

    #[test]
    fn mistyped_networks_are_refused_with_a_reason() {
        let check = |text: &str, expected: &str| {
            assert_eq!(text.parse::<Network>().unwrap_err().to_string(), expected);
        };
        check("10.0.0.1/8", "\"10.0.0.1/8\" has address bits after its prefix; did you mean 10.0.0.0/8?");
        check("10.0.0.0/33", "\"10.0.0.0/33\" is not a network: the length of its prefix must be 0 to 32");
        check("::/129", "\"::/129\" is not a network: the length of its prefix must be 0 to 128");
        check("10.0.0.0/+8", "\"10.0.0.0/+8\" is not a network: the length of its prefix must be 0 to 32");
        check("10.0.0.0/", "\"10.0.0.0/\" is not a network: the length of its prefix must be 0 to 32");
        check("host", "\"host\" is not a network: expected an address such as 10.0.0.0/8 or 2001:db8::/32");
        check(
            "10.0/8",
            "\"10.0/8\" is not a network: expected an address such as 10.0.0.0/8 or 2001:db8::/32",
        );
    }

    #[test]
    fn loopback_is_one_client() {
        let one = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!(same_client(one("::1"), one("127.0.0.1")));
        assert!(same_client(one("::ffff:192.0.2.1"), one("192.0.2.1")));
        assert!(!same_client(one("127.0.0.2"), one("127.0.0.1")));
    }

    #[test]
    fn networks_read_back_as_they_are_shown() {
        for text in ["10.0.0.0/8", "203.0.113.9", "0.0.0.0/0", "2001:db8::/32", "::1"] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
    }
}
