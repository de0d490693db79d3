//! PROXY headers, plain HTTP, permitted clients, the control socket.

use std::os::unix::fs::PermissionsExt;

use callvault_core::address::Network;
use callvault_server::http::address::{Forwarding, ForwardingHeader};
use callvault_server::listen::PlainPolicy;
use tokio::net::UnixStream;

use super::*;

fn networks(texts: &[&str]) -> Vec<Network> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[tokio::test]
async fn proxy_headers_of_configured_proxies_name_the_client() {
    let settings = ListenSettings { proxy_protocol: networks(&["127.0.0.0/8"]), ..ListenSettings::default() };
    let server = Start::with(settings).run().await;
    let named =
        "peer=203.0.113.9:50000 local=192.0.2.1:443 tls=false name=- client=203.0.113.9 ignored=false";

    let one = server
        .send(&[b"PROXY TCP4 203.0.113.9 192.0.2.1 50000 443\r\n", request("").as_slice()].concat())
        .await;
    assert_eq!(body(&one), named);
    let signature = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c";
    let addresses = [203, 0, 113, 9, 192, 0, 2, 1, 0xc3, 0x50, 0x01, 0xbb];
    let two = server.send(&[signature.as_slice(), &addresses, &request("")].concat()).await;
    assert_eq!(body(&two), named);

    // In single bytes, so that neither the header nor the request comes in one read.
    let mut stream = server.connect().await;
    stream.set_nodelay(true).unwrap();
    for byte in [b"PROXY TCP4 203.0.113.9 192.0.2.1 50000 443\r\n", request("").as_slice()].concat() {
        stream.write_all(&[byte]).await.unwrap();
        stream.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(body(&read_all(&mut stream).await), named);

    let local = server.send(&[b"PROXY UNKNOWN\r\n", request("").as_slice()].concat()).await;
    assert!(body(&local).contains("client=127.0.0.1 "), "{local}");
    // Without a header the connection is closed unanswered.
    assert_eq!(server.send(&request("")).await, "");
}

#[tokio::test]
async fn the_wire_behind_a_proxy_is_that_to_the_proxy() {
    let settings = ListenSettings {
        proxy_protocol: networks(&["127.0.0.1"]),
        plain: PlainPolicy::PrivateOnly,
        ..ListenSettings::default()
    };
    let server = Start::with(settings).run().await;
    let answer =
        server.send(&[b"PROXY TCP4 203.0.113.9 192.0.2.1 1 2\r\n", request("").as_slice()].concat()).await;
    assert!(body(&answer).contains("client=203.0.113.9 "), "{answer}");
}

#[tokio::test]
async fn proxy_headers_of_others_are_no_http() {
    let settings =
        ListenSettings { proxy_protocol: networks(&["192.0.2.0/24"]), ..ListenSettings::default() };
    let server = Start::with(settings).run().await;
    let answer =
        server.send(&[b"PROXY TCP4 203.0.113.9 192.0.2.1 1 2\r\n", request("").as_slice()].concat()).await;
    assert_eq!(status(&answer), "400");
    assert!(!answer.contains("203.0.113.9"));
}

#[tokio::test]
async fn forwarding_headers_count_from_configured_proxies_only() {
    let forwarding =
        |proxies: &[&str]| Forwarding { proxies: networks(proxies), header: ForwardingHeader::default() };
    let header = "X-Forwarded-For: 10.1.1.1, 203.0.113.9\r\n";

    let settings = ListenSettings { forwarding: forwarding(&["127.0.0.1"]), ..ListenSettings::default() };
    let server = Start::with(settings).run().await;
    let answer = server.send(&request(header)).await;
    assert!(answer.ends_with(" client=203.0.113.9 ignored=false"), "{answer}");
    assert_eq!(status(&server.send(&request("X-Forwarded-For: unknown\r\n")).await), "400");

    let server = Start::with(ListenSettings::default()).run().await;
    let answer = server.send(&request(header)).await;
    assert!(answer.ends_with(" client=127.0.0.1 ignored=true"), "{answer}");
}

#[tokio::test]
async fn clients_that_are_not_permitted_get_403_and_nothing_else() {
    let settings = ListenSettings {
        clients: Some(networks(&["203.0.113.0/24"])),
        forwarding: Forwarding { proxies: networks(&["127.0.0.1"]), header: ForwardingHeader::default() },
        ..ListenSettings::default()
    };
    let server = Start::with(settings).run().await;
    for (headers, expected) in [
        ("X-Forwarded-For: 203.0.113.9\r\n", "200"),
        ("X-Forwarded-For: 203.0.114.9\r\n", "403"),
        ("X-Forwarded-For: 203.0.113.9, 198.51.100.7\r\n", "403"),
        ("", "403"),
    ] {
        let answer = server.send(&request(headers)).await;
        assert_eq!(status(&answer), expected, "{headers}");
        assert_eq!(body(&answer).is_empty(), expected == "403", "{answer}");
    }
}

#[tokio::test]
async fn plain_http_can_be_limited_or_refused() {
    let directory = tempfile::tempdir().unwrap();
    let certificates = self_signed(&directory);
    for (plain, expected) in
        [(PlainPolicy::Allow, "200"), (PlainPolicy::PrivateOnly, "200"), (PlainPolicy::Refuse, "403")]
    {
        let server = Start {
            protocol: Protocol::Both,
            settings: ListenSettings { plain, ..ListenSettings::default() },
            certificates: Some(certificates.clone()),
            ..Start::default()
        };
        let server = server.run().await;
        let answer = server.send(&request("")).await;
        assert_eq!(status(&answer), expected, "{plain:?}");
        assert_eq!(body(&answer).is_empty(), expected == "403");
        let (answer, _) = super::tls::get(&server, &directory).await;
        assert_eq!(status(&answer), "200", "TLS under {plain:?}");
    }
}

#[tokio::test]
async fn the_control_socket_needs_no_address() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("control.sock");
    // Policies are for the network.
    let settings = ListenSettings {
        plain: PlainPolicy::Refuse,
        clients: Some(Vec::new()),
        connections: 1,
        ..ListenSettings::default()
    };
    let listener = Listener::control(&path).unwrap();
    let server = Start::with(settings).run_on(listener, "127.0.0.1:0".parse().unwrap());
    assert_eq!(fs_err::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut stream = UnixStream::connect(&path).await.unwrap();
        ask(&mut stream, "/").await;
        read_until(&mut stream, "control socket").await;
        streams.push(stream);
    }
    assert!(server.metrics.render().contains("callvault_connections{protocol=\"control\"} 3"));
    assert_eq!(server.shutdown().await, Shutdown { cut: 0 });
    assert!(!path.exists());
}
