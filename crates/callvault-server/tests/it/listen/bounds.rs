//! Slow, large and many clients.

use callvault_server::http::address::Forwarding;

use super::*;

#[tokio::test]
async fn a_slow_first_byte_delays_nobody_else() {
    let server = Start::default().run().await;
    let mut slow = server.connect().await;
    for _ in 0..3 {
        assert_eq!(status(&server.send(&request("")).await), "200");
    }
    let request = request("");
    slow.write_all(&request[..1]).await.unwrap();
    assert_eq!(status(&server.send(&request).await), "200");
    slow.write_all(&request[1..]).await.unwrap();
    assert_eq!(status(&read_all(&mut slow).await), "200");
}

#[tokio::test]
async fn silent_and_slow_clients_are_closed() {
    let directory = tempfile::tempdir().unwrap();
    let moment = Duration::from_millis(100);
    let settings = ListenSettings {
        first_byte_timeout: moment,
        handshake_timeout: moment,
        header_timeout: moment,
        proxy_protocol: Vec::new(),
        ..ListenSettings::default()
    };
    let start = Start {
        protocol: Protocol::Both,
        settings,
        certificates: Some(self_signed(&directory)),
        ..Start::default()
    };
    let server = start.run().await;
    // Nothing; the start of a TLS record; the start of a request; a request and then nothing.
    for (sent, expected) in [
        (&b""[..], "none"),
        (b"\x16\x03\x01", "none"),
        (b"GET / HTTP/1.1\r\nHost:", "none"),
        (b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", "200"),
    ] {
        let answer = server.send(sent).await;
        assert_eq!(status(&answer), expected, "{:?}", sent.escape_ascii().to_string());
    }
}

#[tokio::test]
async fn headers_have_a_bound() {
    let settings = ListenSettings { header_bytes: 16 * 1024, ..ListenSettings::default() };
    let server = Start::with(settings).run().await;
    let with_header = |bytes: usize| request(&format!("X-Filling: {}\r\n", "x".repeat(bytes)));
    assert_eq!(status(&server.send(&with_header(15 * 1024)).await), "200");
    assert_eq!(status(&server.send(&with_header(17 * 1024)).await), "431");
}

#[tokio::test]
async fn connections_beyond_the_cap_wait_for_their_turn() {
    let settings = ListenSettings { connections: 1, ..ListenSettings::default() };
    let server = Start::with(settings).run().await;
    let mut first = server.connect().await;
    ask(&mut first, "/").await;
    read_until(&mut first, "client=").await;

    let mut second = server.connect().await;
    ask(&mut second, "/").await;
    // The first is still served while the second waits in the queue.
    ask(&mut first, "/").await;
    read_until(&mut first, "client=").await;
    assert!(server.metrics.render().contains("callvault_connections{protocol=\"http\"} 1"));
    assert_eq!(second.try_read(&mut [0; 1]).unwrap_err().kind(), io::ErrorKind::WouldBlock);

    drop(first);
    read_until(&mut second, "client=").await;
}

#[tokio::test]
async fn an_address_has_its_share_and_a_proxy_any_number() {
    let networks = || vec!["127.0.0.0/8".parse().unwrap()];
    let mine = ListenSettings { connections_per_address: 2, ..ListenSettings::default() };
    let server = Start::with(mine.clone()).run().await;
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut stream = server.connect().await;
        ask(&mut stream, "/").await;
        read_until(&mut stream, "client=").await;
        open.push(stream);
    }
    assert_eq!(status(&server.send(&request("")).await), "none", "the third is closed");
    // Another address of this machine is not concerned.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut other = socket.connect(server.address).await.unwrap();
    ask(&mut other, "/").await;
    read_until(&mut other, "client=127.0.0.2").await;
    drop(open);
    let again = async { while status(&server.send(&request("")).await) != "200" {} };
    patiently(again).await;

    let forwarding = Forwarding { proxies: networks(), ..Forwarding::default() };
    let server = Start::with(ListenSettings { forwarding, ..mine }).run().await;
    let mut open = Vec::new();
    for _ in 0..5 {
        let mut stream = server.connect().await;
        ask(&mut stream, "/").await;
        read_until(&mut stream, "client=").await;
        open.push(stream);
    }
}

#[tokio::test]
async fn one_protocol_alone_is_spoken_where_one_is_set() {
    let directory = tempfile::tempdir().unwrap();
    let certificates = self_signed(&directory);
    let server = Start { certificates: Some(certificates.clone()), ..Start::default() }.run().await;
    assert_eq!(status(&server.send(b"\x16\x03\x01\x00\x05hello\r\n\r\n").await), "400");

    let server = Start { protocol: Protocol::Tls, certificates: Some(certificates), ..Start::default() };
    let server = server.run().await;
    let mut stream = server.connect().await;
    stream.write_all(&request("")).await.unwrap();
    let mut received = Vec::new();
    let _ = patiently(stream.read_to_end(&mut received)).await;
    assert!(!received.windows(4).any(|window| window == b"HTTP"), "plain HTTP was answered");
    let (answer, _) = super::tls::get(&server, &directory).await;
    assert_eq!(status(&answer), "200");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_dropped() {
    let settings = ListenSettings { stall_timeout: Duration::from_millis(500), ..ListenSettings::default() };
    let server = Start::with(settings).run().await;
    let mut stream = server.connect().await;
    ask(&mut stream, "/endless").await;
    read_until(&mut stream, "HTTP/1.1 200").await;
    let dropped = async {
        while !server.metrics.render().contains("callvault_connections{protocol=\"http\"} 0") {
            tokio::task::yield_now().await;
        }
    };
    patiently(dropped).await;
}
