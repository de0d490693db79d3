//! Which certificates of `https` targets are believed.
//!
//! The roots are the system's, because the operator looks after those already: a company's own root that was installed
//! there counts, and one that was withdrawn does not. A list compiled in would know neither.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

/// What an operator wants of certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    verify: bool,
    further_roots: Vec<CertificateDer<'static>>,
}

impl Default for Trust {
    fn default() -> Self {
        Self { verify: true, further_roots: Vec::new() }
    }
}

/// Why a file with roots cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// It cannot be read; the source names it.
    #[error("the file with further roots is not accessible")]
    File(#[from] io::Error),
    /// It is no PEM.
    #[error("{path} holds no certificates in PEM form")]
    Pem {
        /// The file.
        path: PathBuf,
    },
    /// A certificate in it is no root.
    #[error("{path} holds a certificate that cannot be used as a root")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What rustls says.
        source: rustls::Error,
    },
}

impl Trust {
    /// Trusts the system's roots and those in a PEM file; any certificate at all without `verify`.
    ///
    /// # Errors
    /// When the file cannot be read or holds anything but certificates.
    pub fn new(verify: bool, roots_file: Option<&Path>) -> Result<Self, TrustError> {
        let Some(path) = roots_file else { return Ok(Self { verify, further_roots: Vec::new() }) };
        let pem = fs_err::read(path)?;
        let broken = || TrustError::Pem { path: path.to_owned() };
        let roots: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let further_roots = roots.ok().filter(|roots| !roots.is_empty()).ok_or_else(broken)?;
        for root in &further_roots {
            let added = RootCertStore::empty().add(root.clone());
            added.map_err(|source| TrustError::Unusable { path: path.to_owned(), source })?;
        }
        Ok(Self { verify, further_roots })
    }

    /// The settings of TLS connections. Reads the system's roots, so it is for a blocking thread.
    pub(super) fn client_config(&self) -> Result<ClientConfig, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone());
        let builder = builder.with_safe_default_protocol_versions()?;
        let mut config = if self.verify {
            builder.with_root_certificates(self.roots()).with_no_client_auth()
        } else {
            let any = Arc::new(AnyCertificate(provider));
            builder.dangerous().with_custom_certificate_verifier(any).with_no_client_auth()
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        for error in &system.errors {
            tracing::warn!(%error, "some of the system's root certificates could not be read");
        }
        let (_, unusable) = roots.add_parsable_certificates(system.certs);
        let (further, _) = roots.add_parsable_certificates(self.further_roots.iter().cloned());
        tracing::debug!(roots = roots.len(), further, unusable, "roots for https targets");
        if roots.is_empty() {
            tracing::warn!("there are no root certificates: no https target can be believed");
        }
        roots
    }
}

/// Believes every certificate, but only from who has its key.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
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
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_roots_must_hold_roots() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roots.pem");
        let made = rcgen::generate_simple_self_signed(vec!["crm.example.org".to_owned()]).unwrap();
        let check = |text: &str, expected: Option<usize>| {
            fs_err::write(&path, text).unwrap();
            let trust = Trust::new(true, Some(&path));
            assert_eq!(trust.ok().map(|trust| trust.further_roots.len()), expected, "{text}");
        };
        check(&made.cert.pem(), Some(1));
        check(&made.cert.pem().repeat(2), Some(2));
        check("", None);
        check("no PEM", None);
        check("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", None);
        assert!(Trust::new(true, Some(&folder.path().join("missing"))).is_err());
        assert_eq!(Trust::new(true, None).unwrap(), Trust::default());
    }
}
