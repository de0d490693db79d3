//! A connector that speaks TLS and looks at no certificate, as nearly all of them do.

use std::io::{self, Write as _};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned,
    SupportedProtocolVersion,
};
use serde_json::json;

use super::account::{Account, link, refused, required};
use super::wire::{Answer, get, md5, post};

/// Believes everybody.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Logs in, fetches a recording and logs out, all over TLS of one version. The server is called by its address, without
/// a name.
///
/// # Errors
/// When the telephone system cannot be reached, or refuses.
pub fn fetch(
    account: &Account,
    recording: &str,
    version: &'static SupportedProtocolVersion,
) -> io::Result<Vec<u8>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[version])
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        .with_no_client_auth();
    let config = Arc::new(config);
    let exchange = |request: &str| -> io::Result<Answer> {
        let name = ServerName::from(account.pbx.address().ip());
        let connection = ClientConnection::new(config.clone(), name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, account.pbx.connect()?);
        stream.write_all(request.as_bytes())?;
        Answer::read(stream, false)
    };
    let body = json!({ "username": account.username, "password": md5(&account.password), "port": "8260" });
    let login = exchange(&post("/api/v2.0.0/login", "application/json", &body.to_string()))?;
    let token = required(&login, "token")?;
    let body = json!({ "recording": recording }).to_string();
    let target = format!("/api/v2.0.0/recording/get_random?token={token}");
    let random = required(&exchange(&post(&target, "application/json", &body))?, "random")?;
    let audio = exchange(&get(&link(recording, &random, &token), ""))?;
    exchange(&post(&format!("/api/v2.0.0/logout?token={token}"), "", ""))?;
    if audio.member("errno").is_empty() { Ok(audio.body) } else { Err(refused(&audio)) }
}
