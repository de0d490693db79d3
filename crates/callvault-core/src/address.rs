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

/// A network such as `10.0.0.0/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    base: IpAddr,
    prefix: u8,
}

impl Network {
    /// Whether the address lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, canonical(address)) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                masked(u128::from(base.to_bits()) << 96, self.prefix)
                    == masked(u128::from(address.to_bits()) << 96, self.prefix)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                masked(base.to_bits(), self.prefix) == masked(address.to_bits(), self.prefix)
            }
            _ => false,
        }
    }
}

fn masked(bits: u128, prefix: u8) -> u128 {
    if prefix == 0 { 0 } else { bits >> (128 - u32::from(prefix)) }
}

/// Text that names no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is neither an IP address nor a network such as 10.0.0.0/8")]
pub struct NotANetwork {
    /// What was written.
    pub text: String,
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || NotANetwork { text: text.to_owned() };
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| refuse())?)),
            None => (text, None),
        };
        let base = canonical(address.parse().map_err(|_| refuse())?);
        let widest = if base.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(widest);
        if prefix > widest {
            return Err(refuse());
        }
        Ok(Self { base, prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widest = if self.base.is_ipv4() { 32 } else { 128 };
        if self.prefix == widest {
            write!(f, "{}", self.base)
        } else {
            write!(f, "{}/{}", self.base, self.prefix)
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
    type Err = NotANetwork;

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
    fn refuses_what_is_no_network() {
        for text in ["10.0.0.0/33", "host.example", "10.0.0", "::/129", "1.2.3.4/x"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }

    #[test]
    fn loopback_is_one_client() {
        let one = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!(same_client(one("::1"), one("127.0.0.1")));
        assert!(same_client(one("::ffff:192.0.2.1"), one("192.0.2.1")));
        assert!(!same_client(one("127.0.0.2"), one("127.0.0.1")));
    }
}
