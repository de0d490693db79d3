//! Which addresses reports may be sent to.
//!
//! A login names the address, so whoever may log in could have this server knock at doors that only it can reach. PBX and
//! CRM mostly stand in one private network, so those are open; what belongs to this machine alone, or to the network's
//! own machinery (a cloud's metadata service), is not.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use callvault_core::address::{Network, canonical};

/// What an operator allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Private addresses: RFC 1918, shared (RFC 6598), unique local (RFC 4193), and those for benchmarks (RFC 2544).
    pub private: bool,
    /// Loopback addresses whoever logged in. Who logged in from this machine may have reports there anyway.
    pub loopback: bool,
    /// Link-local addresses, and those at which clouds serve metadata.
    pub link_local: bool,
    /// If there are any, addresses outside these are refused, whatever else is allowed.
    pub networks: Vec<Network>,
}

impl Default for Reach {
    fn default() -> Self {
        Self { private: true, loopback: false, link_local: false, networks: Vec::new() }
    }
}

/// Why nothing is sent to an address, as an operator is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// This machine, and the login came from elsewhere.
    #[error(
        "{0} is a loopback address and the login came from another machine; reports.allow_loopback would allow it"
    )]
    Loopback(IpAddr),
    /// Of the own link, or a metadata service.
    #[error("{0} is a link-local or metadata address; reports.allow_link_local would allow it")]
    LinkLocal(IpAddr),
    /// Private.
    #[error("{0} is a private address, and reports.allow_private is off")]
    Private(IpAddr),
    /// Outside the listed networks.
    #[error("{0} is in none of reports.networks")]
    NotListed(IpAddr),
    /// Nothing that can be reported to.
    #[error("{0} is {1}; reports are never sent there")]
    Never(IpAddr, &'static str),
}

impl Reach {
    /// Whether reports may go to an address. `login` is where the login that wants them came from, if one lives.
    ///
    /// # Errors
    /// The reason against it.
    pub fn admit(&self, address: IpAddr, login: Option<IpAddr>) -> Result<(), Refused> {
        let address = canonical(address);
        match kind(address) {
            Kind::Never(what) => return Err(Refused::Never(address, what)),
            Kind::Loopback
                if !self.loopback && !login.is_some_and(|login| canonical(login).is_loopback()) =>
            {
                return Err(Refused::Loopback(address));
            }
            Kind::LinkLocal if !self.link_local => return Err(Refused::LinkLocal(address)),
            Kind::Private if !self.private => return Err(Refused::Private(address)),
            Kind::Global | Kind::Private | Kind::LinkLocal | Kind::Loopback => {}
        }
        if self.networks.is_empty() || self.networks.iter().any(|network| network.contains(address)) {
            Ok(())
        } else {
            Err(Refused::NotListed(address))
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Global,
    Private,
    LinkLocal,
    Loopback,
    Never(&'static str),
}

const UNSPECIFIED: Kind = Kind::Never("no address of a machine");
const MULTICAST: Kind = Kind::Never("a multicast or broadcast address");
const RESERVED: Kind = Kind::Never("a reserved address");
const DOCUMENTATION: Kind = Kind::Never("an address for documentation");
const TUNNEL: Kind = Kind::Never("an IPv6 form of an address that is refused");

/// Where cloud providers answer questions about the machine, credentials included, beside the link-local addresses: Alibaba,
/// Azure (which has a public address for it), AWS, Google, Scaleway.
const METADATA: [IpAddr; 5] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42)),
];

/// By the registries of special-purpose addresses (RFC 6890 and what came after it).
fn kind(address: IpAddr) -> Kind {
    if METADATA.contains(&address) {
        return Kind::LinkLocal;
    }
    match address {
        IpAddr::V4(address) => kind_of_v4(address),
        IpAddr::V6(address) => kind_of_v6(address),
    }
}

fn kind_of_v4(address: Ipv4Addr) -> Kind {
    match address.octets() {
        [0, ..] => UNSPECIFIED,
        [127, ..] => Kind::Loopback,
        [169, 254, ..] => Kind::LinkLocal,
        [10, ..] | [192, 168, ..] | [172, 16..=31, ..] | [100, 64..=127, ..] | [198, 18..=19, ..] => {
            Kind::Private
        }
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => DOCUMENTATION,
        [192, 0, 0, _] | [192, 88, 99, _] => RESERVED,
        [224..=239, ..] | [255, 255, 255, 255] => MULTICAST,
        [240..=255, ..] => RESERVED,
        _ => Kind::Global,
    }
}

fn kind_of_v6(address: Ipv6Addr) -> Kind {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => UNSPECIFIED,
        [0, 0, 0, 0, 0, 0, 0, 1] => Kind::Loopback,
        // NAT64 (RFC 6052) and 6to4 (RFC 3056) lead to the IPv4 address inside.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => inside(high, low),
        // Teredo, ORCHID and their like; local NAT64 hides its address where only its network knows.
        [0x2001, 0..=0x1ff, ..] | [0x64, 0xff9b, 1, ..] => RESERVED,
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => DOCUMENTATION,
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Kind::Private,
        [0xfe80..=0xfebf, ..] => Kind::LinkLocal,
        [0xff00..=0xffff, ..] => MULTICAST,
        [0x2000..=0x3fff, ..] => Kind::Global,
        _ => RESERVED,
    }
}

/// Of an address inside another. No switch opens the way to this machine or its link in such a form.
fn inside(high: u16, low: u16) -> Kind {
    let address = Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match kind(address.into()) {
        Kind::Global => Kind::Global,
        Kind::Private => Kind::Private,
        Kind::LinkLocal | Kind::Loopback | Kind::Never(_) => TUNNEL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AWAY: Option<&str> = Some("192.168.5.20");
    const HERE: Option<&str> = Some("127.0.0.1");

    fn admitted(reach: &Reach, address: &str, login: Option<&str>) -> bool {
        let login = login.map(|login| login.parse().unwrap());
        reach.admit(address.parse().unwrap(), login).is_ok()
    }

    #[test]
    fn by_default_private_and_public_addresses_are_open() {
        let open = [
            "10.0.0.5",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.9",
            "100.64.0.1",
            "fd12:3456::1",
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "::ffff:10.0.0.5",
            "2606:4700::1111",
            "64:ff9b::8.8.8.8",
            "64:ff9b::10.0.0.5",
            "2002:808:808::1",
        ];
        let closed = [
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "::ffff:127.0.0.1",
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "fe80::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "100.100.100.200",
            "168.63.129.16",
            "fd00:42::42",
            "64:ff9b::168.63.129.16",
            "0.0.0.0",
            "0.1.2.3",
            "::",
            "224.0.0.1",
            "239.255.255.255",
            "255.255.255.255",
            "240.0.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.51.100.1",
            "203.0.113.9",
            "2001:db8::1",
            "3fff::1",
            "ff02::1",
            "2001::1",
            "100::1",
            "::127.0.0.1",
            "::8.8.8.8",
            "64:ff9b::127.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b::100.100.100.200",
            "64:ff9b::0.0.0.0",
            "64:ff9b:1::10.0.0.5",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
        ];
        let reach = Reach::default();
        for address in open {
            assert!(admitted(&reach, address, AWAY), "{address}");
        }
        for address in closed {
            assert!(!admitted(&reach, address, AWAY), "{address}");
            assert!(!admitted(&reach, address, None), "{address}");
        }
    }

    #[test]
    fn who_logs_in_here_may_have_reports_here() {
        let reach = Reach::default();
        for login in [HERE, Some("::1"), Some("::ffff:127.0.0.1")] {
            for (address, open) in [
                ("127.0.0.1", true),
                ("::1", true),
                ("169.254.169.254", false),
                ("64:ff9b::127.0.0.1", false),
            ] {
                assert_eq!(admitted(&reach, address, login), open, "{address} {login:?}");
            }
        }
    }

    #[test]
    fn switches_open_and_close_one_kind_each() {
        let closed = Reach { private: false, ..Reach::default() };
        for address in ["10.0.0.5", "100.64.0.1", "fd12::1", "64:ff9b::10.0.0.5", "2002:a00:5::"] {
            assert!(!admitted(&closed, address, HERE), "{address}");
        }
        assert!(admitted(&closed, "8.8.8.8", HERE));
        let all = Reach { private: true, loopback: true, link_local: true, networks: Vec::new() };
        for (address, open) in [
            ("127.0.0.1", true),
            ("169.254.169.254", true),
            ("fe80::1", true),
            ("fd00:ec2::254", true),
            ("0.0.0.0", false),
            ("224.0.0.1", false),
            ("64:ff9b::127.0.0.1", false),
            ("::127.0.0.1", false),
        ] {
            assert_eq!(admitted(&all, address, AWAY), open, "{address}");
        }
    }

    #[test]
    fn listed_networks_are_the_only_ones() {
        let networks = ["10.1.0.0/16", "127.0.0.0/8", "2606:4700::/32"].map(|text| text.parse().unwrap());
        let reach = Reach { networks: networks.to_vec(), ..Reach::default() };
        for (address, open) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("10.2.0.1", false),
            ("8.8.8.8", false),
            ("2606:4700::1", true),
            // Listing a network opens no kind of address that is closed.
            ("127.0.0.1", false),
        ] {
            assert_eq!(admitted(&reach, address, AWAY), open, "{address}");
        }
    }

    #[test]
    fn an_operator_learns_which_switch_is_meant() {
        let reach =
            Reach { private: false, networks: vec!["8.8.8.0/24".parse().unwrap()], ..Reach::default() };
        for (address, words) in [
            ("127.0.0.1", "reports.allow_loopback"),
            ("169.254.169.254", "reports.allow_link_local"),
            ("10.0.0.5", "reports.allow_private"),
            ("9.9.9.9", "reports.networks"),
            ("224.0.0.1", "never"),
        ] {
            let text = reach.admit(address.parse().unwrap(), None).unwrap_err().to_string();
            assert!(text.starts_with(address) && text.contains(words), "{text}");
        }
    }
}
