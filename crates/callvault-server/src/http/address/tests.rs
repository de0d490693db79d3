//! Networks, forwarding headers and who may be believed.

use http::HeaderValue;
use proptest::prelude::*;

use super::*;

fn networks(texts: &[&str]) -> Vec<Network> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn private_addresses_are_those_of_the_rfcs() {
    for private in [
        "127.0.0.1",
        "127.9.9.9",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "169.254.1.1",
        "100.64.0.1",
        "::1",
        "fd00::1",
        "fe80::1",
        "::ffff:192.168.1.1",
    ] {
        assert!(is_private(private.parse().unwrap()), "{private}");
    }
    for public in [
        "8.8.8.8",
        "172.32.0.1",
        "192.169.0.1",
        "100.128.0.1",
        "0.0.0.0",
        "2001:db8::1",
        "::",
        "::ffff:8.8.8.8",
    ] {
        assert!(!is_private(public.parse().unwrap()), "{public}");
    }
}

fn client(header: ForwardingHeader, peer: &str, lines: &[(&str, &str)]) -> Result<(String, bool), String> {
    let forwarding = Forwarding { proxies: networks(&["10.0.0.0/8", "2001:db8:cafe::/48", "::1"]), header };
    let mut headers = HeaderMap::new();
    for &(name, value) in lines {
        headers
            .append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    let client = forwarding
        .client(peer.parse().unwrap(), &headers)
        .map_err(|unreadable| unreadable.hop.to_string())?;
    Ok((client.address.to_string(), client.forwarding_ignored))
}

#[test]
fn x_forwarded_for_counts_from_proxies_and_from_the_right() {
    let check = |peer: &str, lines: &[&str], expected: Result<(&str, bool), &str>| {
        let lines: Vec<(&str, &str)> = lines.iter().map(|&line| ("x-forwarded-for", line)).collect();
        let found = client(ForwardingHeader::XForwardedFor, peer, &lines);
        let expected =
            expected.map(|(address, ignored)| (address.to_owned(), ignored)).map_err(str::to_owned);
        assert_eq!(found, expected, "{peer} {lines:?}");
    };
    check("203.0.113.9", &[], Ok(("203.0.113.9", false)));
    check("::ffff:203.0.113.9", &[], Ok(("203.0.113.9", false)));
    check("203.0.113.9", &["192.168.1.1"], Ok(("203.0.113.9", true)));
    check("10.0.0.1", &[], Ok(("10.0.0.1", false)));
    check("10.0.0.1", &["203.0.113.9"], Ok(("203.0.113.9", false)));
    check("::ffff:10.0.0.1", &["::ffff:203.0.113.9"], Ok(("203.0.113.9", false)));
    // The left part is what the client wrote itself.
    check("10.0.0.1", &["127.0.0.1, 203.0.113.9"], Ok(("203.0.113.9", false)));
    check("10.0.0.1", &["127.0.0.1", "203.0.113.9"], Ok(("203.0.113.9", false)));
    check("10.0.0.1", &["127.0.0.1, 203.0.113.9, 10.2.2.2"], Ok(("203.0.113.9", false)));
    check("10.0.0.1", &["10.3.3.3, 10.2.2.2"], Ok(("10.3.3.3", false)));
    check("10.0.0.1", &["203.0.113.9:50000"], Ok(("203.0.113.9", false)));
    check("10.0.0.1", &["2001:db8::7"], Ok(("2001:db8::7", false)));
    check("10.0.0.1", &["[2001:db8::7]:443"], Ok(("2001:db8::7", false)));
    check("10.0.0.1", &[" , 203.0.113.9 ,"], Ok(("203.0.113.9", false)));
    check("10.0.0.1", &["garbage, 203.0.113.9"], Ok(("203.0.113.9", false)));
    check("10.0.0.1", &["203.0.113.9, garbage"], Err("10.0.0.1"));
    check("10.0.0.1", &["203.0.113.9, unknown, 10.2.2.2"], Err("10.2.2.2"));
    check("10.0.0.1", &["203.0.113.9:port"], Err("10.0.0.1"));
}

#[test]
fn forwarded_is_read_as_rfc_7239_shows_it() {
    let check = |lines: &[&str], expected: Result<(&str, bool), &str>| {
        let lines: Vec<(&str, &str)> = lines.iter().map(|&line| ("forwarded", line)).collect();
        let found = client(ForwardingHeader::Forwarded, "10.0.0.1", &lines);
        let expected =
            expected.map(|(address, ignored)| (address.to_owned(), ignored)).map_err(str::to_owned);
        assert_eq!(found, expected, "{lines:?}");
    };
    // Sections 4, 6 and 7.
    check(&["For=\"[2001:db8::17]:4711\""], Ok(("2001:db8::17", false)));
    check(&["for=192.0.2.60;proto=http;by=203.0.113.43"], Ok(("192.0.2.60", false)));
    check(&["for=192.0.2.43, for=198.51.100.17"], Ok(("198.51.100.17", false)));
    check(&["for=192.0.2.43, for=\"[2001:db8:cafe::17]\""], Ok(("192.0.2.43", false)));
    check(&["for=192.0.2.43,for=\"[2001:db8:cafe::17]\",for=unknown"], Err("10.0.0.1"));
    check(&["for=_gazonk"], Err("10.0.0.1"));
    check(&["for=\"192.0.2.43:47011\""], Ok(("192.0.2.43", false)));
    check(&["for=\"192.0.2.43:_hidden\""], Ok(("192.0.2.43", false)));
    check(&["for=192.0.2.43", "proto=http ; for=\"198.51.100.17\""], Ok(("198.51.100.17", false)));
    check(&["for=192.0.2.43, proto=https"], Err("10.0.0.1"));
    check(&["for=\"198.51.100.1\\7\""], Ok(("198.51.100.17", false)));
    // An open quote spoils the list; it does not hide what the proxy appended.
    check(&["for=\"192.168.1.1, for=198.51.100.17"], Err("10.0.0.1"));
    check(&["for=\"x, for=\"[2001:db8::17]\""], Err("10.0.0.1"));
    check(&["for=1.1.1.1;for=2.2.2.2"], Err("10.0.0.1"));
    check(&["nonsense"], Err("10.0.0.1"));
}

#[test]
fn only_the_header_that_the_proxies_write_is_read() {
    let lines = [("forwarded", "for=192.168.1.1"), ("x-forwarded-for", "203.0.113.9")];
    let found = client(ForwardingHeader::XForwardedFor, "10.0.0.1", &lines);
    assert_eq!(found, Ok(("203.0.113.9".to_owned(), false)));
    let found = client(ForwardingHeader::XForwardedFor, "10.0.0.1", &lines[..1]);
    assert_eq!(found, Ok(("10.0.0.1".to_owned(), false)));
}

proptest! {
    #[test]
    fn what_a_client_writes_never_replaces_what_the_proxy_saw(spoofed in "[ -~]{0,40}", quoted in any::<bool>()) {
        for (header, name, seen) in [
            (ForwardingHeader::XForwardedFor, "x-forwarded-for", "203.0.113.9"),
            (ForwardingHeader::Forwarded, "forwarded", if quoted { "for=\"203.0.113.9\"" } else { "for=203.0.113.9" }),
        ] {
            let line = format!("{spoofed}, {seen}");
            match client(header, "10.0.0.1", &[(name, &line)]) {
                Ok(found) => prop_assert_eq!(found, ("203.0.113.9".to_owned(), false), "{}", line),
                // An open quote can spoil the list of RFC 7239, which refuses the request.
                Err(_) => prop_assert_eq!(header, ForwardingHeader::Forwarded, "{}", line),
            }
        }
    }
}
