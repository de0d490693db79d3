//! What every door reads from a request: ranges, conditions, addresses, the PROXY header; and the header it writes file
//! names into.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime};

use callvault_core::address::Network;
use callvault_server::http::address::{Forwarding, ForwardingHeader};
use callvault_server::http::conditional::{Precondition, evaluate};
use callvault_server::http::entity_tag::StrongEtag;
use callvault_server::http::range::{MOST_PARTS, RangeVerdict, Representation, select};
use callvault_server::listen::mended::Mender;
use callvault_server::listen::proxy::{MOST_BYTES, Progress, parse};
use callvault_wire::disposition::attachment;
use http::header::{
    FORWARDED, HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE,
};
use http::{HeaderMap, Method};

use crate::first_line;

const SIZES: [u64; 5] = [0, 1, 44, 100_000, u64::MAX];

fn representation(size_bytes: u64) -> Representation {
    Representation {
        size_bytes,
        etag: StrongEtag::from_sha256(&[0xab; 32]),
        // Sun, 06 Nov 1994 08:49:37 GMT, the date of the RFC's examples.
        last_modified: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)),
    }
}

/// The value of `Range`, and on a second line that of `If-Range`.
pub fn range_header(data: &[u8]) {
    let (range, condition) = first_line(data);
    let condition = (!condition.is_empty()).then_some(condition);
    for size in SIZES {
        let representation = representation(size);
        let verdict = select(Some(range), condition, &representation);
        let parts = match &verdict {
            RangeVerdict::Whole => continue,
            RangeVerdict::Unsatisfiable => Vec::new(),
            RangeVerdict::Single(part) => vec![part.clone()],
            RangeVerdict::Multi(parts) => {
                assert!((2..=MOST_PARTS).contains(&parts.len()), "{verdict:?}");
                parts.clone()
            }
        };
        let mut sorted = parts;
        sorted.sort_by_key(|part| part.start);
        assert!(sorted.iter().all(|part| part.start < part.end && part.end <= size), "{verdict:?} of {size}");
        assert!(sorted.windows(2).all(|two| two[0].end < two[1].start), "{verdict:?} overlap or touch");
        // A condition can only turn a part into the whole; the whole is also due without a Range.
        let free = select(Some(range), None, &representation);
        assert_eq!(verdict, free, "a condition changed the range");
        assert_eq!(select(None, condition, &representation), RangeVerdict::Whole);
        // Blanks around the value are not part of it (RFC 9110 section 5.5).
        let spaced = [b" ", range, b"\t"].concat();
        assert_eq!(select(Some(&spaced), None, &representation), free);
    }
}

/// One header a line: `m` (If-Match), `n` (If-None-Match), `u` (If-Unmodified-Since) or `s` (If-Modified-Since), then
/// the value.
pub fn conditional_request(data: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in data.split(|&byte| byte == b'\n').take(8) {
        let Some((kind, value)) = line.split_first() else { continue };
        let name = match kind {
            b'm' => IF_MATCH,
            b'n' => IF_NONE_MATCH,
            b'u' => IF_UNMODIFIED_SINCE,
            b's' => IF_MODIFIED_SINCE,
            _ => continue,
        };
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(name, value);
        }
    }
    let representation = representation(100);
    let get = evaluate(&Method::GET, &headers, &representation);
    assert_eq!(get, evaluate(&Method::HEAD, &headers, &representation), "HEAD is GET without a body");
    let put = evaluate(&Method::PUT, &headers, &representation);
    assert_ne!(put, Precondition::NotModified, "304 is for GET and HEAD");
    let has_match = headers.contains_key(IF_MATCH) || headers.contains_key(IF_UNMODIFIED_SINCE);
    let has_none = headers.contains_key(IF_NONE_MATCH) || headers.contains_key(IF_MODIFIED_SINCE);
    assert!(get != Precondition::Failed || has_match, "412 without a condition for it");
    assert!(get != Precondition::NotModified || has_none, "304 without a condition for it");
}

/// Header lines as they arrive behind a proxy; the first byte chooses which header.
pub fn forwarding(data: &[u8]) {
    const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
    let Some((choice, lines)) = data.split_first() else { return };
    let (header, name) = if choice % 2 == 0 {
        (ForwardingHeader::XForwardedFor, X_FORWARDED_FOR)
    } else {
        (ForwardingHeader::Forwarded, FORWARDED)
    };
    let mut headers = HeaderMap::new();
    for line in lines.split(|&byte| byte == b'\n').take(8) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(name.clone(), value);
        }
    }
    let proxy = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
    let network: Network = "10.0.0.0/8".parse().expect("a network");
    let behind = Forwarding { proxies: vec![network], header };
    if let Ok(client) = behind.client(proxy, &headers) {
        assert_eq!(client.address, client.address.to_canonical(), "never IPv4 in IPv6's clothes");
        assert!(!client.forwarding_ignored);
    }
    // A stranger's headers change nothing, whatever they hold.
    let stranger = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
    let client = behind.client(stranger, &headers).expect("the peer is the client");
    assert_eq!(client.address, stranger);
    assert_eq!(client.forwarding_ignored, headers.contains_key(&name));
    // What a client wrote before the proxy added its own line does not count.
    headers
        .append(name, HeaderValue::from_static(if *choice % 2 == 0 { "192.0.2.9" } else { "for=192.0.2.9" }));
    if let Ok(client) = behind.client(proxy, &headers) {
        assert_eq!(
            client.address,
            IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9)),
            "the client chose its own address"
        );
    }
}

/// The requests of a connection; the first byte says into what pieces they are cut.
pub fn request_lines(data: &[u8]) {
    let Some((piece, bytes)) = data.split_first() else { return };
    let mended = |piece: usize| {
        let mut mender = Mender::default();
        bytes.chunks(piece).for_each(|piece| mender.push(piece));
        mender.end();
        mender.ready().to_vec()
    };
    let (whole, cut) = (mended(usize::MAX), mended(usize::from(*piece).max(1)));
    assert!(whole == cut, "what comes out depends on how it came in");
    let plain = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("%20", " ");
    assert!(plain(&whole) == plain(bytes), "something else than blanks was changed");
    // A second time there is nothing left to do.
    let mut again = Mender::default();
    again.push(&whole);
    again.end();
    assert!(again.ready()[..] == whole[..], "a mended line is not left alone");
}

/// A network as an operator writes it.
pub fn network(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match text.parse::<Network>() {
        Ok(network) => {
            let shown = network.to_string();
            assert_eq!(shown.parse().as_ref(), Ok(&network), "{text:?} shown as {shown}");
            let address = shown.split('/').next().and_then(|address| address.parse().ok());
            assert!(
                network.contains(address.expect("an address before the slash")),
                "{shown} holds its first address"
            );
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// The first bytes of a connection.
pub fn proxy_header(data: &[u8]) {
    match parse(data) {
        Ok(Progress::Complete { header, consumed_bytes }) => {
            assert!(consumed_bytes <= data.len() && consumed_bytes <= MOST_BYTES);
            let own = parse(&data[..consumed_bytes]);
            assert_eq!(
                own,
                Ok(Progress::Complete { header, consumed_bytes }),
                "what follows does not matter"
            );
            for end in 0..consumed_bytes {
                assert_eq!(parse(&data[..end]), Ok(Progress::Incomplete), "the first {end} bytes");
            }
        }
        Ok(Progress::Incomplete) => {
            assert!(data.len() < MOST_BYTES, "it never asks for more than it reads");
            for end in 0..data.len() {
                assert_eq!(parse(&data[..end]), Ok(Progress::Incomplete), "the first {end} bytes");
            }
        }
        // An error is one for good.
        Err(_) => {
            let longer = [data, b"\r\n\0\0\0\0"].concat();
            assert!(parse(&longer).is_err(), "more bytes healed it");
        }
    }
}

/// A file name that a header is to carry.
pub fn content_disposition(data: &[u8]) {
    let name = String::from_utf8_lossy(data);
    let value = attachment(&name);
    assert!(value.bytes().all(|byte| (0x20..=0x7e).contains(&byte)), "{value:?}");
    let Some(rest) = value.strip_prefix("attachment; filename=\"") else {
        assert_eq!(value, "attachment");
        return;
    };
    // The quoted string ends once, and only filename* may follow (RFC 6266 section 4.1).
    let mut escaped = false;
    let end = rest.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    let end = end.expect("the quoted string ends");
    assert!(!rest[..end].contains('/'), "{value:?}");
    let behind = &rest[end + 1..];
    if let Some(extended) = behind.strip_prefix("; filename*=UTF-8''") {
        assert!(
            extended.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~%".contains(&byte))
        );
    } else {
        assert!(
            behind.is_empty() && name.chars().filter(|one| !one.is_ascii()).all(|one| !one.is_alphanumeric())
        );
    }
}
