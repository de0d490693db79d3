//! The PROXY protocol, versions 1 and 2, as a load balancer sends it before anything else.
//!
//! A pure parser over the bytes received so far. It reads what
//! <https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt> defines, takes no more than [`MOST_BYTES`],
//! and never guesses: bytes that cannot become a header are an error at once. Extensions of version 2 (TLVs)
//! are skipped unread.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use thiserror::Error;

/// The longest header that is read: it fits the smallest TCP segment that IPv4 guarantees (section 2).
pub const MOST_BYTES: usize = 536;

/// Section 2.1: the longest line of version 1, CR LF included.
const MOST_V1_BYTES: usize = 107;

const V2_SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
const V2_FIXED_BYTES: usize = 16;

/// How far a header has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// More bytes are needed.
    Incomplete,
    /// The header is complete.
    Complete {
        /// What it says.
        header: ProxyHeader,
        /// How many bytes it took; what follows belongs to the connection.
        consumed_bytes: usize,
    },
}

/// What a PROXY header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyHeader {
    /// The proxy speaks for itself, as in a health check, or does not know the addresses: those of the
    /// socket hold.
    Local,
    /// The proxy speaks for a client.
    Proxied {
        /// The client.
        source: SocketAddr,
        /// Where the client connected to.
        destination: SocketAddr,
    },
}

/// Why bytes are no PROXY header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ProxyError {
    /// They start like neither version.
    #[error("there is no PROXY header")]
    Missing,
    /// A line of version 1 is malformed.
    #[error("the line of the PROXY header is malformed")]
    Line,
    /// The header is longer than 107 (version 1) or 536 bytes (version 2).
    #[error("the PROXY header is too long")]
    TooLong,
    /// A header of version 2 has an unknown version, command, family or transport.
    #[error("the PROXY header has the unknown code {0:#04x}")]
    Code(u8),
    /// A header of version 2 is shorter than the addresses it announces.
    #[error("the PROXY header is too short for its addresses")]
    TooShort,
}

/// Reads a header from the start of a connection.
///
/// # Errors
/// When the bytes are not, and will not become, a header.
pub fn parse(received: &[u8]) -> Result<Progress, ProxyError> {
    if starts_alike(received, V2_SIGNATURE) {
        parse_v2(received)
    } else if starts_alike(received, b"PROXY ") {
        parse_v1(received)
    } else {
        Err(ProxyError::Missing)
    }
}

fn starts_alike(received: &[u8], signature: &[u8]) -> bool {
    let length = received.len().min(signature.len());
    received[..length] == signature[..length]
}

fn parse_v1(received: &[u8]) -> Result<Progress, ProxyError> {
    let window = &received[..received.len().min(MOST_V1_BYTES)];
    let Some(end) = window.windows(2).position(|pair| pair == b"\r\n") else {
        return if received.len() < MOST_V1_BYTES {
            Ok(Progress::Incomplete)
        } else {
            Err(ProxyError::TooLong)
        };
    };
    let line = std::str::from_utf8(&window[..end]).map_err(|_| ProxyError::Line)?;
    let header = v1_header(line).ok_or(ProxyError::Line)?;
    Ok(Progress::Complete { header, consumed_bytes: end + 2 })
}

fn v1_header(line: &str) -> Option<ProxyHeader> {
    let rest = line.strip_prefix("PROXY ")?;
    // After UNKNOWN the rest of the line is to be ignored (section 2.1).
    if rest == "UNKNOWN" || rest.starts_with("UNKNOWN ") {
        return Some(ProxyHeader::Local);
    }
    let mut words = rest.split(' ');
    let family = words.next()?;
    let mut address = || match family {
        "TCP4" => words.next()?.parse().ok().map(IpAddr::V4),
        "TCP6" => words.next()?.parse().ok().map(IpAddr::V6),
        _ => None,
    };
    let (source, destination) = (address()?, address()?);
    let mut port = || words.next().and_then(v1_port);
    let (source_port, destination_port) = (port()?, port()?);
    words.next().is_none().then(|| ProxyHeader::Proxied {
        source: SocketAddr::new(source, source_port),
        destination: SocketAddr::new(destination, destination_port),
    })
}

/// Decimal without sign or leading zeros.
fn v1_port(word: &str) -> Option<u16> {
    let plain = word.bytes().all(|byte| byte.is_ascii_digit()) && (word == "0" || !word.starts_with('0'));
    word.parse().ok().filter(|_| plain)
}

fn parse_v2(received: &[u8]) -> Result<Progress, ProxyError> {
    let Some((fixed, rest)) = received.split_first_chunk::<V2_FIXED_BYTES>() else {
        return Ok(Progress::Incomplete);
    };
    let [version_and_command, family_and_transport, length_high, length_low] =
        *fixed.last_chunk().expect("16 bytes have a last four");
    let length = usize::from(u16::from_be_bytes([length_high, length_low]));
    if version_and_command >> 4 != 2 {
        return Err(ProxyError::Code(version_and_command));
    }
    if V2_FIXED_BYTES + length > MOST_BYTES {
        return Err(ProxyError::TooLong);
    }
    let Some(addresses) = rest.get(..length) else {
        return Ok(Progress::Incomplete);
    };
    let header = match (version_and_command & 0x0f, family_and_transport) {
        // LOCAL; and PROXY with an unspecified or a UNIX address, which name nobody.
        (0, _) | (1, 0x00 | 0x31) => ProxyHeader::Local,
        (1, 0x11) => {
            let (source, rest) = take::<4>(addresses)?;
            let (destination, rest) = take::<4>(rest)?;
            proxied(Ipv4Addr::from(source).into(), Ipv4Addr::from(destination).into(), rest)?
        }
        (1, 0x21) => {
            let (source, rest) = take::<16>(addresses)?;
            let (destination, rest) = take::<16>(rest)?;
            proxied(Ipv6Addr::from(source).into(), Ipv6Addr::from(destination).into(), rest)?
        }
        (1, code) => return Err(ProxyError::Code(code)),
        _ => return Err(ProxyError::Code(version_and_command)),
    };
    Ok(Progress::Complete { header, consumed_bytes: V2_FIXED_BYTES + length })
}

fn proxied(source: IpAddr, destination: IpAddr, ports: &[u8]) -> Result<ProxyHeader, ProxyError> {
    let (source_port, ports) = take::<2>(ports)?;
    let (destination_port, _) = take::<2>(ports)?;
    Ok(ProxyHeader::Proxied {
        source: SocketAddr::new(source, u16::from_be_bytes(source_port)),
        destination: SocketAddr::new(destination, u16::from_be_bytes(destination_port)),
    })
}

fn take<const LENGTH: usize>(bytes: &[u8]) -> Result<([u8; LENGTH], &[u8]), ProxyError> {
    let (taken, rest) = bytes.split_first_chunk::<LENGTH>().ok_or(ProxyError::TooShort)?;
    Ok((*taken, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn complete(source: &str, destination: &str, consumed_bytes: usize) -> Result<Progress, ProxyError> {
        let header = ProxyHeader::Proxied {
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
        };
        Ok(Progress::Complete { header, consumed_bytes })
    }

    fn local(consumed_bytes: usize) -> Result<Progress, ProxyError> {
        Ok(Progress::Complete { header: ProxyHeader::Local, consumed_bytes })
    }

    fn check(received: &[u8], expected: Result<Progress, ProxyError>) {
        assert_eq!(parse(received), expected, "{:?}", received.escape_ascii().to_string());
    }

    #[test]
    fn version_1() {
        // The example of section 2.1, then the longest lines that it lists.
        check(
            b"PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\nGET / HTTP/1.1\r\n",
            complete("192.168.0.1:56324", "192.168.0.11:443", 47),
        );
        check(
            b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
            complete("255.255.255.255:65535", "255.255.255.255:65535", 56),
        );
        check(b"PROXY TCP6 ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", Err(ProxyError::Line));
        let all = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        check(
            format!("PROXY TCP6 {all} {all} 65535 65535\r\n").as_bytes(),
            complete(&format!("[{all}]:65535"), &format!("[{all}]:65535"), 104),
        );
        check(b"PROXY UNKNOWN\r\n", local(15));
        let longest = format!("PROXY UNKNOWN {all} {all} 65535 65535\r\n");
        assert_eq!(longest.len(), MOST_V1_BYTES);
        check(longest.as_bytes(), local(MOST_V1_BYTES));

        for line in [
            "PROXY TCP4 192.168.0.1 192.168.0.11 56324\r\n",
            "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443 \r\n",
            "PROXY TCP4  192.168.0.1 192.168.0.11 56324 443\r\n",
            "PROXY TCP4 ::1 ::1 1 2\r\n",
            "PROXY TCP6 127.0.0.1 127.0.0.1 1 2\r\n",
            "PROXY TCP4 192.168.0.1 192.168.0.11 65536 443\r\n",
            "PROXY TCP4 192.168.0.1 192.168.0.11 +1 443\r\n",
            "PROXY TCP4 192.168.0.1 192.168.0.11 01 443\r\n",
            "PROXY UDP4 192.168.0.1 192.168.0.11 1 2\r\n",
            "PROXY UNKNOWNS\r\n",
            "PROXY \r\n",
        ] {
            check(line.as_bytes(), Err(ProxyError::Line));
        }
        check(&b"PROXY TCP4 ".repeat(10), Err(ProxyError::TooLong));
        for other in ["GET / HTTP/1.1\r\n", "proxy TCP4", "\r\n\r\nQUIT", "\u{16}\u{3}\u{1}"] {
            check(other.as_bytes(), Err(ProxyError::Missing));
        }
    }

    fn v2(codes: [u8; 2], addresses: &[u8]) -> Vec<u8> {
        let length = u16::try_from(addresses.len()).unwrap().to_be_bytes();
        [b"\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a".as_slice(), &codes, &length, addresses].concat()
    }

    #[test]
    fn version_2() {
        let four = [127, 0, 0, 1, 192, 0, 2, 7, 0x04, 0xd2, 0x01, 0xbb];
        check(&v2([0x21, 0x11], &four), complete("127.0.0.1:1234", "192.0.2.7:443", 28));
        // Extensions are skipped, and what follows is left alone.
        let mut extended = v2([0x21, 0x11], &[&four[..], &[0x04, 0, 2, 9, 9]].concat());
        extended.extend_from_slice(b"GET");
        check(&extended, complete("127.0.0.1:1234", "192.0.2.7:443", 33));

        let six =
            [&Ipv6Addr::LOCALHOST.octets()[..], &[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5]]
                .concat();
        let six = [&six[..], &[0, 80, 0x1f, 0x98]].concat();
        check(&v2([0x21, 0x21], &six), complete("[::1]:80", "[2001:db8::5]:8088", 52));

        check(&v2([0x20, 0x00], &[]), local(16));
        check(&v2([0x20, 0x11], &four), local(28));
        check(&v2([0x21, 0x00], &[1, 2, 3]), local(19));
        check(&v2([0x21, 0x31], &[b'/'; 216]), local(232));
        check(&v2([0x21, 0x11], &four[..11]), Err(ProxyError::TooShort));
        check(&v2([0x21, 0x21], &six[..35]), Err(ProxyError::TooShort));
        check(&v2([0x21, 0x12], &four), Err(ProxyError::Code(0x12)));
        check(&v2([0x22, 0x11], &four), Err(ProxyError::Code(0x22)));
        check(&v2([0x31, 0x11], &four), Err(ProxyError::Code(0x31)));
        check(
            &v2([0x21, 0x11], &[&four[..], &[0; 508]].concat()),
            complete("127.0.0.1:1234", "192.0.2.7:443", 536),
        );
        check(&v2([0x21, 0x11], &[&four[..], &[0; 509]].concat()), Err(ProxyError::TooLong));
    }

    #[test]
    fn every_proper_start_of_a_header_is_incomplete() {
        let four = [127, 0, 0, 1, 192, 0, 2, 7, 0x04, 0xd2, 0x01, 0xbb];
        for whole in [v2([0x21, 0x11], &four), b"PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n".to_vec()]
        {
            for length in 0..whole.len() {
                check(&whole[..length], Ok(Progress::Incomplete));
            }
        }
    }

    proptest! {
        #[test]
        fn never_waits_beyond_the_bound_and_takes_no_more_than_there_is(
            start in prop_oneof![Just(b"PROXY ".to_vec()), Just(V2_SIGNATURE.to_vec()), Just(Vec::new())],
            rest in proptest::collection::vec(any::<u8>(), 0..600),
        ) {
            let received = [start, rest].concat();
            match parse(&received) {
                Ok(Progress::Incomplete) => prop_assert!(received.len() < MOST_BYTES),
                Ok(Progress::Complete { consumed_bytes, .. }) => {
                    prop_assert!(consumed_bytes <= received.len().min(MOST_BYTES));
                }
                Err(_) => {}
            }
        }

        #[test]
        fn version_1_lines_read_back(source in any::<[u16; 8]>(), destination in any::<[u16; 8]>(), ports in any::<[u16; 2]>()) {
            let (source, destination) = (Ipv6Addr::from(source), Ipv6Addr::from(destination));
            let line = format!("PROXY TCP6 {source} {destination} {} {}\r\n", ports[0], ports[1]);
            let header = ProxyHeader::Proxied {
                source: SocketAddr::new(source.into(), ports[0]),
                destination: SocketAddr::new(destination.into(), ports[1]),
            };
            prop_assert_eq!(parse(line.as_bytes()), Ok(Progress::Complete { header, consumed_bytes: line.len() }));
        }
    }
}
