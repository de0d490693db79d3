//! Targets behind TLS.

use callvault_server::work::reports::Trust;
use callvault_testkit::world::HERE;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

use super::*;

/// An authority, and a server with a certificate of it for this name.
fn certified(name: &str) -> (String, TlsAcceptor) {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).unwrap();
    let issuer = rcgen::Issuer::from_params(&params, &authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    (authority.pem(), TlsAcceptor::from(Arc::new(config)))
}

/// Whether a report gets to a server with a certificate for a name, and what an operator reads if it does not.
async fn reported(certificate: &str, host: &str, trusted: bool, verify: bool) -> Result<(), String> {
    let (authority, acceptor) = certified(certificate);
    let folder = tempfile::tempdir().unwrap();
    let roots = folder.path().join("roots.pem");
    fs_err::write(&roots, authority).unwrap();
    let trust = Trust::new(verify, trusted.then_some(roots.as_path())).unwrap();
    let world = world_with(reports::Settings { trust, ..reports::Settings::default() }).await;
    let server = ApplicationServer::start_tls(acceptor).await;
    let url = format!("https://{host}:{}/report", server.address().port());
    log_in_for(&world, HERE, "crm", &url).await;
    ended(&world, 1, 0..1).await;
    let told = |targets: &[Value]| targets[0]["waiting"] == 0 || targets[0]["failure"].is_string();
    let found = targets_until(&world, Duration::ZERO, told).await;
    match found[0]["failure"].as_str() {
        None => {
            let received = server.received();
            assert_eq!((received.len(), received[0].first_read), (1, received[0].bytes.len()));
            Ok(())
        }
        Some(failure) => {
            assert_eq!(server.received().len(), 0, "{failure}");
            Err(failure.to_owned())
        }
    }
}

#[tokio::test]
async fn a_certificate_must_be_of_a_known_authority_and_for_the_name() {
    assert_eq!(reported("localhost", "localhost", true, true).await, Ok(()));
    assert_eq!(reported("127.0.0.1", "127.0.0.1", true, true).await, Ok(()));
    for (certificate, host, trusted) in [
        ("localhost", "localhost", false),
        ("crm.example.org", "localhost", true),
        ("localhost", "127.0.0.1", true),
    ] {
        let failure = reported(certificate, host, trusted, true).await.unwrap_err();
        assert!(failure.contains("TLS handshake") && failure.contains("certificate"), "{failure}");
    }
}

#[tokio::test]
async fn verification_can_be_turned_off() {
    assert_eq!(reported("crm.example.org", "localhost", false, false).await, Ok(()));
}

#[tokio::test]
async fn plain_text_where_tls_belongs_is_told() {
    let patience = Patience { connect: Duration::from_millis(200), ..Patience::default() };
    let world = world_with(reports::Settings { patience, ..reports::Settings::default() }).await;
    let server = ApplicationServer::start().await;
    log_in_for(&world, HERE, "crm", &format!("https://{}/", server.address())).await;
    ended(&world, 1, 0..1).await;
    let failed = |targets: &[Value]| targets[0]["failure"].is_string();
    let found = targets_until(&world, Duration::ZERO, failed).await;
    assert!(found[0]["failure"].as_str().unwrap().contains("TLS handshake"), "{found:?}");
}
