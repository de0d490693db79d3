//! Secrets: text that never shows itself, and the hashes under which secrets are kept and looked up.

use std::fmt;
use std::hash::{Hash, Hasher};

use data_encoding::HEXLOWER;
use md5::{Digest as _, Md5};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::port::random::Random;

/// Text that must not reach a log, an error or a page. `Debug` and `Display` print `***`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Wraps the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The lower-case MD5 hex of a password: what the Yeastar login sends, and so what every door is verified against.
/// Whoever has it can log in (`docs/yeastar.md` G39): it is treated as the password itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordMd5(Secret);

impl PasswordMd5 {
    /// Of a password in clear.
    pub fn of_password(password: &Secret) -> Self {
        Self(Secret::new(HEXLOWER.encode(&Md5::digest(password.reveal().as_bytes()))))
    }

    /// Of the text a client sent in place of the password: 32 hex digits of either case (`docs/yeastar.md` G42).
    pub fn from_hex(text: &str) -> Option<Self> {
        let fits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        fits.then(|| Self(Secret::new(text.to_ascii_lowercase())))
    }

    /// The 32 digits.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

/// SHA-256 of a token or of a ticket's `random`. Both have 128 random bits, so a fast hash keeps them safe at rest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretHash([u8; 32]);

impl Hash for SecretHash {
    /// The first of four words. What is kept under such hashes is of random secrets of our own, so that nobody can choose two that
    /// begin alike.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.words()[0]);
    }
}

impl SecretHash {
    /// Of the text as it travels.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// From stored bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Compares without telling by its duration where the two differ.
    pub fn matches(&self, other: &Self) -> bool {
        self.words().ct_eq(&other.words()).into()
    }

    fn words(&self) -> [u64; 4] {
        let (words, _) = self.0.as_chunks();
        std::array::from_fn(|place| u64::from_ne_bytes(words[place]))
    }

    /// A short public handle for lists and commands: the first 12 hex digits. It gives nobody access.
    pub fn handle(&self) -> String {
        HEXLOWER.encode(&self.0[..6])
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretHash({})", self.handle())
    }
}

/// A fresh token or `random`: 128 random bits as 32 lower-case hex digits (`docs/yeastar.md` G36).
pub fn fresh_token(random: &dyn Random) -> Secret {
    let mut bits = [0u8; 16];
    random.fill(&mut bits);
    Secret::new(HEXLOWER.encode(&bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_shows_itself() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        let md5 = PasswordMd5::of_password(&secret);
        assert!(!format!("{md5:?}").contains(md5.reveal()));
    }

    #[test]
    fn md5_of_password_is_the_well_known_one() {
        // RFC 1321, appendix A.5 gives MD5("abc").
        let md5 = PasswordMd5::of_password(&Secret::new("abc"));
        assert_eq!(md5.reveal(), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(PasswordMd5::from_hex("900150983CD24FB0D6963F7D28E17F72"), Some(md5));
        assert_eq!(PasswordMd5::from_hex("900150983cd24fb0d6963f7d28e17f7"), None);
        assert_eq!(PasswordMd5::from_hex("g00150983cd24fb0d6963f7d28e17f72"), None);
    }

    #[test]
    fn a_hash_matches_itself_alone() {
        let bytes: [u8; 32] = std::array::from_fn(|place| place as u8);
        let hash = SecretHash::from_bytes(bytes);
        assert!(hash.matches(&SecretHash::from_bytes(bytes)));
        for place in 0..32 {
            let mut other = bytes;
            other[place] ^= 0x80;
            assert!(!hash.matches(&SecretHash::from_bytes(other)), "byte {place}");
        }
        assert_eq!(hash.handle(), "000102030405");
    }
}
