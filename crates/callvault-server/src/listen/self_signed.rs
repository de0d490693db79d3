//! Makes the self-signed certificate of an installation that has no other, and renews it.

use std::io::Write as _;
use std::net::{IpAddr, UdpSocket};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use fs_err::os::unix::fs::OpenOptionsExt;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::tls::TlsError;
use super::validity;

/// The certificate, in the directory of [`ensure`].
pub(super) const CHAIN_FILE: &str = "self-signed.crt";
/// Its private key.
pub(super) const KEY_FILE: &str = "self-signed.key";

const DAY: Duration = Duration::from_secs(86_400);
const VALID_DAYS: u32 = 825;
const RENEWED_DAYS_BEFORE: u32 = 30;

/// A certificate and its key in PEM form.
pub(super) struct Pair {
    pub(super) chain_pem: String,
    pub(super) key_pem: String,
}

/// Makes certificate and key unless they are there and stay valid for a while.
///
/// A certificate that cannot be read is left alone: opening it will say what is wrong with it.
pub(super) fn ensure(directory: &Path, names: &[String]) -> Result<(), TlsError> {
    let (chain, key) = (directory.join(CHAIN_FILE), directory.join(KEY_FILE));
    let now = SystemTime::now();
    if fs_err::exists(&chain)? && fs_err::exists(&key)? {
        let expires_at = CertificateDer::from_pem_slice(&fs_err::read(&chain)?)
            .ok()
            .and_then(|certificate| validity::expires_at(&certificate));
        if expires_at.is_none_or(|end| end > now + DAY * RENEWED_DAYS_BEFORE) {
            return Ok(());
        }
        tracing::warn!(
            "the self-signed certificate is about to expire; a new one with another fingerprint is made"
        );
    }
    let pair = make(&[names, &own_names()].concat(), now)?;
    if !directory.is_dir() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(|source| {
            std::io::Error::new(source.kind(), format!("failed to make {}: {source}", directory.display()))
        })?;
    }
    // The key first: a crash in between leaves a pair that is incomplete or does not fit, and `ensure` must
    // not take it for whole. An absent chain is made anew; a stale one is removed before.
    if fs_err::exists(&chain)? {
        fs_err::remove_file(&chain)?;
    }
    write_file(directory, KEY_FILE, pair.key_pem.as_bytes(), 0o600)?;
    write_file(directory, CHAIN_FILE, pair.chain_pem.as_bytes(), 0o644)
}

/// Makes a pair for these names, with ECDSA on P-256, which every client in the field can verify.
pub(super) fn make(names: &[String], now: SystemTime) -> Result<Pair, TlsError> {
    let mut names = names.to_vec();
    names.sort();
    names.dedup();
    let making = |source| TlsError::Making { names: names.clone(), source };
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).map_err(making)?;
    let mut params = CertificateParams::new(names.clone()).map_err(making)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Callvault self-signed");
    // A day of slack for clients whose clocks are behind.
    params.not_before = (now - DAY).into();
    params.not_after = (now + DAY * (VALID_DAYS - 1)).into();
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = params.self_signed(&key).map_err(making)?;
    Ok(Pair { chain_pem: certificate.pem(), key_pem: key.serialize_pem() })
}

/// What this machine may be called: its host name, its outward addresses and loopback.
fn own_names() -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    let system = rustix::system::uname();
    let is_name = |name: &&str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
    };
    names.extend(system.nodename().to_str().ok().filter(is_name).map(str::to_owned));
    // Connecting a UDP socket sends nothing; it only asks which address would be used. The destinations are
    // from the blocks for documentation (RFC 5737, RFC 3849).
    names.extend(outward("0.0.0.0:0", "192.0.2.1:9"));
    names.extend(outward("[::]:0", "[2001:db8::1]:9"));
    names
}

fn outward(local: &str, destination: &str) -> Option<String> {
    let socket = UdpSocket::bind(local).ok()?;
    socket.connect(destination).ok()?;
    let address: IpAddr = socket.local_addr().ok()?.ip();
    (!address.is_unspecified()).then(|| address.to_string())
}

/// Temporary file, fsync, rename, fsync of the directory.
fn write_file(directory: &Path, name: &str, content: &[u8], mode: u32) -> Result<(), TlsError> {
    let (path, temporary) = (directory.join(name), directory.join(format!("{name}.new")));
    let mut options = fs_err::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    options.mode(mode);
    let mut file = options.open(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs_err::rename(&temporary, &path)?;
    fs_err::File::open(directory)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_near_its_end_is_replaced_and_another_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let chain = directory.path().join(CHAIN_FILE);
        let put = |age_days: u32| {
            let pair = make(&["a.example".to_owned()], SystemTime::now() - DAY * age_days).unwrap();
            fs_err::write(&chain, &pair.chain_pem).unwrap();
            fs_err::write(directory.path().join(KEY_FILE), &pair.key_pem).unwrap();
            pair.chain_pem
        };
        for (age_days, kept) in [(0, true), (793, true), (796, false), (900, false)] {
            let before = put(age_days);
            ensure(directory.path(), &[]).unwrap();
            assert_eq!(fs_err::read_to_string(&chain).unwrap() == before, kept, "{age_days} days old");
        }
    }

    #[test]
    fn a_lost_key_or_certificate_makes_a_new_pair() {
        let directory = tempfile::tempdir().unwrap();
        for lost in [CHAIN_FILE, KEY_FILE] {
            ensure(directory.path(), &[]).unwrap();
            fs_err::remove_file(directory.path().join(lost)).unwrap();
            ensure(directory.path(), &[]).unwrap();
            assert!(directory.path().join(lost).is_file());
        }
    }

    #[test]
    fn it_is_valid_for_loopback_at_least() {
        let names = own_names();
        for name in ["localhost", "127.0.0.1", "::1"] {
            assert!(names.iter().any(|found| found == name), "{names:?}");
        }
        assert!(make(&names, SystemTime::now()).is_ok(), "{names:?}");
    }
}
