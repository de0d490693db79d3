//! Whose request it is: the address of the client behind the proxies that the operator named.
//!
//! The peer address decides. What forwarding headers claim counts only if the peer is a configured proxy,
//! and then only up to the first address, from the right, that is not one. One header is read, the one the
//! proxies are said to write: a proxy passes on the other one as the client sent it.

use std::net::{IpAddr, SocketAddr};

use callvault_core::address::Network;
use http::HeaderMap;
use http::header::{FORWARDED, HeaderName};
use thiserror::Error;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Whether any of the networks contains the address.
pub fn in_any(networks: &[Network], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(address))
}

/// Whether an address is loopback, private or link-local: reached without crossing the public Internet.
///
/// RFC 1918, RFC 3927, RFC 4193, RFC 4291 and the shared space of RFC 6598.
pub fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || (first == 100 && (64..128).contains(&second))
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

/// Which header the configured proxies write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardingHeader {
    /// `X-Forwarded-For`, the one that nearly every proxy writes.
    #[default]
    XForwardedFor,
    /// `Forwarded` of RFC 7239.
    Forwarded,
}

/// The proxies whose word is taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Forwarding {
    /// Where they are.
    pub proxies: Vec<Network>,
    /// What they write.
    pub header: ForwardingHeader,
}

/// The address a request is judged by. It stands in the extensions of every request over TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress {
    /// The client, never IPv4-mapped.
    pub address: IpAddr,
    /// Whether there were forwarding headers that did not count, because the peer is no configured proxy.
    pub forwarding_ignored: bool,
}

/// A configured proxy sent a forwarding header that cannot be read, or that hides the next address
/// (`unknown`, `_name`).
///
/// The request has no address then and is to be refused: to take the address of the proxy instead would let
/// a client that spoils the header pass for loopback or an internal host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the forwarding header does not tell from where {hop} had the request")]
pub struct ForwardingUnreadable {
    /// The last proxy that is known.
    pub hop: IpAddr,
}

impl Forwarding {
    /// Finds the client of a request that came from `peer`.
    ///
    /// # Errors
    /// When a configured proxy sent a header that leaves the client unknown.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Result<ClientAddress, ForwardingUnreadable> {
        let peer = peer.to_canonical();
        if !in_any(&self.proxies, peer) {
            let forwarding_ignored = headers.contains_key(FORWARDED) || headers.contains_key(X_FORWARDED_FOR);
            return Ok(ClientAddress { address: peer, forwarding_ignored });
        }
        let hops = match self.header {
            ForwardingHeader::XForwardedFor => x_forwarded_for(headers),
            ForwardingHeader::Forwarded => forwarded(headers).ok_or(ForwardingUnreadable { hop: peer })?,
        };
        let mut address = peer;
        for hop in hops.iter().rev() {
            if !in_any(&self.proxies, address) {
                break;
            }
            address = node_address(hop).ok_or(ForwardingUnreadable { hop: address })?;
        }
        Ok(ClientAddress { address, forwarding_ignored: false })
    }
}

/// The elements of all lines; bytes that are no text spoil their own element only.
fn x_forwarded_for(headers: &HeaderMap) -> Vec<String> {
    let mut hops = Vec::new();
    for line in headers.get_all(X_FORWARDED_FOR) {
        let elements = line.as_bytes().split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        let elements = elements.filter(|element| !element.is_empty());
        hops.extend(elements.map(|element| String::from_utf8_lossy(element).into_owned()));
    }
    hops
}

/// The `for` of each element of `Forwarded`, an element without one as `unknown`.
///
/// The lines are read from the left as one list, so a client can spoil the list with an open quote but
/// cannot choose where a later element begins: what a proxy appends after an open quote leaves it malformed.
fn forwarded(headers: &HeaderMap) -> Option<Vec<String>> {
    let mut hops = Vec::new();
    for line in headers.get_all(FORWARDED) {
        let text = String::from_utf8_lossy(line.as_bytes());
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (hop, after) = forwarded_element(rest)?;
            hops.extend(hop);
            rest = after.trim_start();
        }
    }
    Some(hops)
}

/// One element from the start of `text` and what follows its comma; the hop is `None` for an empty element.
fn forwarded_element(text: &str) -> Option<(Option<String>, &str)> {
    let mut rest = text;
    let (mut hop, mut empty) = (None, true);
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix(';') {
            rest = after;
            continue;
        }
        if rest.is_empty() || rest.starts_with(',') {
            break;
        }
        empty = false;
        let (name, after) = rest.split_once('=')?;
        if name.is_empty() || !name.bytes().all(is_token) {
            return None;
        }
        let (value, after) = token_or_quoted(after)?;
        if name.eq_ignore_ascii_case("for") && hop.replace(value).is_some() {
            return None;
        }
        rest = after.trim_start();
        if !(rest.is_empty() || rest.starts_with([';', ','])) {
            return None;
        }
    }
    let hop = if empty { None } else { Some(hop.unwrap_or_else(|| "unknown".to_owned())) };
    Some((hop, rest.strip_prefix(',').unwrap_or(rest)))
}

fn token_or_quoted(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        // Strictly a token; the colon and brackets of addresses that some proxies forget to quote as well.
        let end = text.find([',', ';', ' ', '\t', '"', '=']).unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((place, character)) = characters.next() {
        match character {
            '"' => return Some((value, &quoted[place + 1..])),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The address of a hop, with or without a port (RFC 7239 section 6; bare IPv6 as X-Forwarded-For has it).
fn node_address(hop: &str) -> Option<IpAddr> {
    let address = if let Ok(address) = hop.parse::<IpAddr>() {
        address
    } else if let Ok(address) = hop.parse::<SocketAddr>() {
        address.ip()
    } else if let Some(inner) = hop.strip_prefix('[') {
        // The port may be hidden (`_port`), so only its place is checked.
        let (address, port) = inner.split_once(']')?;
        if !(port.is_empty() || port.starts_with(":_")) {
            return None;
        }
        IpAddr::V6(address.parse().ok()?)
    } else {
        let (address, port) = hop.split_once(':')?;
        if !port.starts_with('_') {
            return None;
        }
        IpAddr::V4(address.parse().ok()?)
    };
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests;
