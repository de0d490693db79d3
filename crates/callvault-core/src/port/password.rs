//! The port to password hashing: Argon2id over the MD5 hex of the password, one hash for every door.

use async_trait::async_trait;

use crate::person::PasswordHash;
use crate::secret::PasswordMd5;

/// Hashing was refused because too many are waiting for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many password checks are waiting")]
pub struct HasherBusy;

/// Hashes and verifies, at most a few at once: each run costs memory and time on purpose.
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// A fresh salted hash.
    async fn hash(&self, password: &PasswordMd5) -> Result<PasswordHash, HasherBusy>;
    /// Whether the password is the one that was hashed. Without a hash (no such person) it takes as long and says no. Equal
    /// questions about one username at one time may share a run, whether or not there is such a person.
    async fn verify(
        &self,
        username: &str,
        hash: Option<&PasswordHash>,
        password: &PasswordMd5,
    ) -> Result<bool, HasherBusy>;
}
