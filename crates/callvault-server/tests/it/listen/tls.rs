//! TLS beside plain HTTP on one port, and certificates that change.

use rustls::ClientConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;

/// Connects as a client that trusts the certificate in this PEM text and nothing else.
async fn connect(
    server: &Running,
    trusted_pem: &str,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusted_pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, server.connect().await).await
}

fn certificate(directory: &tempfile::TempDir) -> String {
    fs_err::read_to_string(directory.path().join("tls/self-signed.crt")).unwrap()
}

/// One request over TLS, checked against the self-signed certificate; the answer and the protocol agreed on.
pub(super) async fn get(server: &Running, directory: &tempfile::TempDir) -> (String, Option<Vec<u8>>) {
    get_with(server, directory, rustls::ALL_VERSIONS).await
}

async fn get_with(
    server: &Running,
    directory: &tempfile::TempDir,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> (String, Option<Vec<u8>>) {
    let mut stream = patiently(connect(server, &certificate(directory), versions)).await.unwrap();
    let protocol = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
    stream.write_all(&request("")).await.unwrap();
    (read_all(&mut stream).await, protocol)
}

#[tokio::test]
async fn one_port_speaks_http_and_https() {
    let directory = tempfile::tempdir().unwrap();
    let start =
        Start { protocol: Protocol::Both, certificates: Some(self_signed(&directory)), ..Start::default() };
    let server = start.run().await;
    let plain = server.send(&request("")).await;
    assert!(body(&plain).contains("tls=false name=- client=127.0.0.1"), "{plain}");
    for versions in [[&rustls::version::TLS12], [&rustls::version::TLS13]] {
        let (answer, protocol) = get_with(&server, &directory, &versions).await;
        assert!(body(&answer).contains("tls=true name=localhost client=127.0.0.1"), "{answer}");
        assert_eq!(protocol.as_deref(), Some(&b"http/1.1"[..]), "HTTP/2 must not be agreed on");
    }
}

#[tokio::test]
async fn tls_may_follow_a_proxy_header() {
    let directory = tempfile::tempdir().unwrap();
    let settings =
        ListenSettings { proxy_protocol: vec!["127.0.0.1".parse().unwrap()], ..ListenSettings::default() };
    let start = Start {
        protocol: Protocol::Both,
        settings,
        certificates: Some(self_signed(&directory)),
        ..Start::default()
    };
    let server = start.run().await;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate(&directory).as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut stream = server.connect().await;
    stream.write_all(b"PROXY TCP6 2001:db8::9 2001:db8::1 50000 443\r\n").await.unwrap();
    // The certificate names loopback addresses too.
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut stream = patiently(TlsConnector::from(Arc::new(config)).connect(name, stream)).await.unwrap();
    stream.write_all(&request("")).await.unwrap();
    let answer = read_all(&mut stream).await;
    let expected =
        "peer=[2001:db8::9]:50000 local=[2001:db8::1]:443 tls=true name=- client=2001:db8::9 ignored=false";
    assert_eq!(body(&answer), expected);
}

#[tokio::test]
async fn a_replaced_certificate_serves_the_next_connection() {
    let made = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let files = tempfile::tempdir().unwrap();
    let (chain, key) = (files.path().join("chain.pem"), files.path().join("key.pem"));
    // Two pairs to move through the operator's files, made by the server's own means.
    for directory in [&made, &other] {
        self_signed(directory);
    }
    let pair = |directory: &tempfile::TempDir| {
        let key = fs_err::read_to_string(directory.path().join("tls/self-signed.key")).unwrap();
        (certificate(directory), key)
    };
    let put = |path: &std::path::Path, text: &str| {
        let fresh = path.with_extension("new");
        fs_err::write(&fresh, text).unwrap();
        fs_err::rename(&fresh, path).unwrap();
    };
    let ((old_chain, old_key), (new_chain, new_key)) = (pair(&made), pair(&other));
    put(&chain, &old_chain);
    put(&key, &old_key);

    let certificates = Arc::new(
        Certificates::open(CertificateSource::Files { chain: chain.clone(), key: key.clone() }).unwrap(),
    );
    let start =
        Start { protocol: Protocol::Tls, certificates: Some(certificates.clone()), ..Start::default() };
    let server = start.run().await;
    let watching = tokio::spawn(certificates.watch(Duration::from_millis(10), server.stop.clone()));
    let mut kept = connect(&server, &old_chain, rustls::ALL_VERSIONS).await.unwrap();
    ask(&mut kept, "/").await;
    read_until(&mut kept, "client=").await;

    put(&key, &new_key);
    assert!(
        connect(&server, &old_chain, rustls::ALL_VERSIONS).await.is_ok(),
        "half a change changes nothing"
    );
    put(&chain, &new_chain);
    let changed = async {
        while connect(&server, &new_chain, rustls::ALL_VERSIONS).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    patiently(changed).await;
    assert!(connect(&server, &old_chain, rustls::ALL_VERSIONS).await.is_err());
    // Connections that are open are not disturbed.
    ask(&mut kept, "/").await;
    read_until(&mut kept, "client=").await;

    server.stop.cancel();
    patiently(watching).await.unwrap();
}
