//! The certificate of the TLS listeners: from files that may be replaced while we run, or our own.
//!
//! Promises: rustls with ring, chosen by hand and not through the process default; HTTP/1.1 only; TLS 1.2
//! and 1.3. A replaced file takes effect for the next connection, and a broken one leaves the old
//! certificate in place. A self-signed certificate is made once and kept, so that clients which pinned it
//! go on working; it is valid for 825 days, the most that Apple's clients accept of any server certificate,
//! and is replaced when less than 30 days are left.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use super::self_signed;
use super::validity;

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateSource {
    /// PEM files of the operator: the chain, leaf first, and the private key.
    Files {
        /// The chain.
        chain: PathBuf,
        /// The key: PKCS #8, PKCS #1 or SEC1.
        key: PathBuf,
    },
    /// A self-signed certificate, made when there is none.
    SelfSigned {
        /// Where it is kept; made with mode 0700 when absent.
        directory: PathBuf,
        /// Host names and addresses that it shall be valid for, besides what this machine knows of itself.
        names: Vec<String>,
    },
}

impl CertificateSource {
    fn files(&self) -> (PathBuf, PathBuf) {
        match self {
            Self::Files { chain, key } => (chain.clone(), key.clone()),
            Self::SelfSigned { directory, .. } => {
                (directory.join(self_signed::CHAIN_FILE), directory.join(self_signed::KEY_FILE))
            }
        }
    }
}

/// Why there is no certificate.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file cannot be read or written; the source names it.
    #[error("the certificate is not accessible")]
    File(#[from] io::Error),
    /// A file is no PEM, or has nothing of the kind.
    #[error("{path} holds no {kind} in PEM form")]
    Pem {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        kind: &'static str,
        /// What the reader says.
        source: rustls_pki_types::pem::Error,
    },
    /// The files do not fit each other, or rustls does not support them.
    #[error("the certificate in {chain} cannot be used with the key in {key}")]
    Unusable {
        /// The chain.
        chain: PathBuf,
        /// The key.
        key: PathBuf,
        /// What rustls says.
        source: rustls::Error,
    },
    /// A self-signed certificate could not be made, mostly because of a name.
    #[error("no self-signed certificate could be made for {names:?}")]
    Making {
        /// What it was for.
        names: Vec<String>,
        /// What rcgen says.
        source: rcgen::Error,
    },
    /// The provider and rustls disagree about protocol versions.
    #[error("TLS could not be set up")]
    Setup(#[from] rustls::Error),
}

/// The certificate in use, and the means to renew it.
#[derive(Debug)]
pub struct Certificates {
    source: CertificateSource,
    current: Arc<Current>,
    seen: Mutex<Stamps>,
    config: Arc<ServerConfig>,
}

#[derive(Debug)]
struct Current {
    provider: Arc<CryptoProvider>,
    key: RwLock<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.certified_key())
    }
}

impl Current {
    fn certified_key(&self) -> Arc<CertifiedKey> {
        self.key.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What tells that a file was replaced: time of change, inode and size.
type Stamp = (Option<SystemTime>, u64, u64);
type Stamps = [Option<Stamp>; 2];

impl Certificates {
    /// Reads the certificate, or makes it.
    ///
    /// Touches the disk; run it before serving or on a blocking thread.
    ///
    /// # Errors
    /// When files are absent, unreadable or do not fit, or no certificate can be made.
    pub fn open(source: CertificateSource) -> Result<Self, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        if let CertificateSource::SelfSigned { directory, names } = &source {
            self_signed::ensure(directory, names)?;
        }
        let seen = stamps(&source);
        let key = RwLock::new(Arc::new(read(&source, &provider)?));
        let current = Arc::new(Current { provider: provider.clone(), key });
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(current.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { source, current, seen: Mutex::new(seen), config: Arc::new(config) })
    }

    /// The settings for `tokio_rustls::TlsAcceptor`; later reloads take effect through them.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        self.config.clone()
    }

    /// SHA-256 over the leaf certificate as browsers and `openssl x509 -fingerprint -sha256` show it:
    /// upper-case hex pairs with colons.
    pub fn fingerprint(&self) -> String {
        let key = self.current.certified_key();
        fingerprint(key.cert.first().map(|leaf| leaf.as_ref()).unwrap_or_default())
    }

    /// When the certificate in use expires, if that can be read from it.
    pub fn expires_at(&self) -> Option<SystemTime> {
        validity::expires_at(self.current.certified_key().cert.first()?)
    }

    /// Reads the files again if they changed since they were last looked at, and replaces a self-signed
    /// certificate that is about to expire. Returns whether another certificate is in use now.
    ///
    /// # Errors
    /// When the new files are no use; the old certificate stays, and the same files are not tried again.
    pub fn reload_if_changed(&self) -> Result<bool, TlsError> {
        if let CertificateSource::SelfSigned { directory, names } = &self.source {
            self_signed::ensure(directory, names)?;
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // The stamps are taken before reading: a change in between is noticed the next time.
        let now = stamps(&self.source);
        if *seen == now {
            return Ok(false);
        }
        *seen = now;
        let fresh = Arc::new(read(&self.source, &self.current.provider)?);
        let mut key = self.current.key.write().unwrap_or_else(PoisonError::into_inner);
        let changed = key.cert != fresh.cert;
        *key = fresh;
        Ok(changed)
    }

    /// Looks for changed files every so often until `stop`. What it finds goes to the log.
    pub async fn watch(self: Arc<Self>, every: Duration, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(every)).await.is_some() {
            let certificates = self.clone();
            match tokio::task::spawn_blocking(move || certificates.reload_if_changed()).await {
                Ok(Ok(false)) => {}
                Ok(Ok(true)) => {
                    tracing::info!(tls.fingerprint = self.fingerprint(), "the certificate was replaced")
                }
                Ok(Err(error)) => {
                    let source = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::warn!(%error, source, "the new certificate is no use; the old one stays");
                }
                Err(error) => tracing::error!(%error, "looking for a new certificate failed"),
            }
        }
    }
}

fn fingerprint(certificate: &[u8]) -> String {
    let mut text = String::with_capacity(95);
    for (place, byte) in Sha256::digest(certificate).iter().enumerate() {
        let colon = if place == 0 { "" } else { ":" };
        write!(text, "{colon}{byte:02X}").expect("writing to a string cannot fail");
    }
    text
}

fn read(source: &CertificateSource, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let (chain, key) = source.files();
    let pem = |path: &Path, kind| {
        let path = path.to_owned();
        move |source| TlsError::Pem { path, kind, source }
    };
    let certificates =
        CertificateDer::pem_slice_iter(&fs_err::read(&chain)?)
            .collect::<Result<Vec<_>, _>>()
            .and_then(|found| {
                if found.is_empty() { Err(rustls_pki_types::pem::Error::NoItemsFound) } else { Ok(found) }
            })
            .map_err(pem(&chain, "certificate"))?;
    let private_key =
        PrivateKeyDer::from_pem_slice(&fs_err::read(&key)?).map_err(pem(&key, "private key"))?;
    CertifiedKey::from_der(certificates, private_key, provider).map_err(|source| TlsError::Unusable {
        chain,
        key,
        source,
    })
}

fn stamps(source: &CertificateSource) -> Stamps {
    let (chain, key) = source.files();
    [stamp(&chain), stamp(&key)]
}

fn stamp(path: &Path) -> Option<Stamp> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs_err::metadata(path).ok()?;
    Some((metadata.modified().ok(), metadata.ino(), metadata.len()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn self_signed(directory: &Path) -> CertificateSource {
        CertificateSource::SelfSigned {
            directory: directory.join("tls"),
            names: vec!["pbx.example".to_owned()],
        }
    }

    fn mode(path: PathBuf) -> u32 {
        fs_err::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_self_signed_certificate_is_made_once_and_kept() {
        let directory = tempfile::tempdir().unwrap();
        let first = Certificates::open(self_signed(directory.path())).unwrap();
        let again = Certificates::open(self_signed(directory.path())).unwrap();
        assert_eq!(first.fingerprint(), again.fingerprint());
        assert!(!again.reload_if_changed().unwrap());
        assert_eq!(mode(directory.path().join("tls")), 0o700);
        assert_eq!(mode(directory.path().join("tls").join(self_signed::KEY_FILE)), 0o600);
        let days = first.expires_at().unwrap().duration_since(SystemTime::now()).unwrap().as_secs() / 86_400;
        assert!((823..=825).contains(&days), "{days}");
        assert_eq!(
            fs_err::read_dir(directory.path().join("tls")).unwrap().count(),
            2,
            "temporary files are left"
        );
    }

    #[test]
    fn the_fingerprint_is_that_of_openssl() {
        // Made with: openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=fixture
        // and: openssl x509 -noout -fingerprint -sha256
        let certificate = CertificateDer::from_pem_slice(include_bytes!("fixture/certificate.pem")).unwrap();
        assert_eq!(fingerprint(&certificate), include_str!("fixture/fingerprint.txt").trim());
    }

    #[test]
    fn changed_files_are_taken_and_broken_ones_are_not() {
        let directory = tempfile::tempdir().unwrap();
        let (chain, key) = (directory.path().join("chain.pem"), directory.path().join("key.pem"));
        let put = |pair: &self_signed::Pair| {
            fs_err::write(&chain, &pair.chain_pem).unwrap();
            fs_err::write(&key, &pair.key_pem).unwrap();
        };
        let make = || self_signed::make(&["a.example".to_owned()], SystemTime::now()).unwrap();
        put(&make());
        let source = CertificateSource::Files { chain: chain.clone(), key: key.clone() };
        let certificates = Certificates::open(source).unwrap();
        let first = certificates.fingerprint();
        assert!(!certificates.reload_if_changed().unwrap());

        // A new chain whose key is not there yet: the usual state between two renames.
        let second = make();
        fs_err::write(&chain, &second.chain_pem).unwrap();
        assert!(matches!(certificates.reload_if_changed(), Err(TlsError::Unusable { .. })));
        assert_eq!(certificates.fingerprint(), first);
        assert!(!certificates.reload_if_changed().unwrap(), "the same broken files are reported once");

        fs_err::write(&key, &second.key_pem).unwrap();
        assert!(certificates.reload_if_changed().unwrap());
        let now = certificates.fingerprint();
        assert_ne!(now, first);

        fs_err::write(&chain, "not a certificate").unwrap();
        assert!(matches!(certificates.reload_if_changed(), Err(TlsError::Pem { kind: "certificate", .. })));
        fs_err::remove_file(&chain).unwrap();
        assert!(matches!(certificates.reload_if_changed(), Err(TlsError::File(_))));
        assert_eq!(certificates.fingerprint(), now);
    }
}
