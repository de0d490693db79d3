//! Password hashing that costs nothing, for tests that make many installations. The real one has tests of its own.

use async_trait::async_trait;
use callvault_core::person::PasswordHash;
use callvault_core::port::password::{HasherBusy, PasswordHasher};
use callvault_core::secret::PasswordMd5;
use sha2::{Digest as _, Sha256};

/// One SHA-256.
#[derive(Debug, Default, Clone, Copy)]
pub struct QuickHasher;

fn hash(password: &PasswordMd5) -> PasswordHash {
    let digest = Sha256::digest(password.reveal().as_bytes());
    PasswordHash::new(digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

#[async_trait]
impl PasswordHasher for QuickHasher {
    async fn hash(&self, password: &PasswordMd5) -> Result<PasswordHash, HasherBusy> {
        Ok(hash(password))
    }

    async fn verify(
        &self,
        _username: &str,
        stored: Option<&PasswordHash>,
        password: &PasswordMd5,
    ) -> Result<bool, HasherBusy> {
        Ok(stored.is_some_and(|stored| *stored == hash(password)))
    }
}
