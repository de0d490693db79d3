//! The certificate that both sides show, and the client that believes it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

/// The name in the certificate, and whom the client asks for.
pub(crate) const NAME: &str = "localhost";

/// A self-signed certificate (ECDSA P-256) for [`NAME`].
pub(crate) struct Certificate {
    /// PEM files.
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    client: TlsConnector,
}

impl Certificate {
    /// Makes one and writes it into `folder`.
    ///
    /// # Errors
    /// When it cannot be made or written.
    pub(crate) fn make(folder: &Path) -> anyhow::Result<Certificate> {
        let made =
            rcgen::generate_simple_self_signed(vec![NAME.to_owned()]).context("cannot make a certificate")?;
        let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
        fs_err::write(&certificate, made.cert.pem())?;
        fs_err::write(&key, made.signing_key.serialize_pem())?;
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).context("the certificate is not to rustls' taste")?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .context("no TLS 1.3")?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Certificate { certificate, key, client: TlsConnector::from(Arc::new(config)) })
    }

    /// How clients connect: TLS 1.3 with the suite that they like best, for whichever server takes it.
    pub(crate) fn client(&self) -> TlsConnector {
        self.client.clone()
    }
}
