//! The port to token pairs of the P-Series dialect.

use async_trait::async_trait;

use super::CatalogResult;
use crate::person::PasswordHash;
use crate::secret::SecretHash;
use crate::time::Timestamp;
use crate::token_pair::TokenPair;

/// What became of a token pair that was to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairAdded {
    /// It is there now.
    Added,
    /// Too many access tokens of the person are alive.
    Full,
    /// The person is gone or disabled, their password or the pair to be replaced is not that of then any more.
    Refused,
}

/// Token pairs of the P-Series dialect.
#[async_trait]
pub trait TokenPairs: Send + Sync {
    /// Adds a pair unless `most` other access tokens of the person are alive at `now`, and deletes those of the person
    /// whose refresh tokens are over. Refused when the person is gone or disabled, or their password is not the one that
    /// was verified any more.
    async fn add_token_pair(
        &self,
        pair: TokenPair,
        verified: PasswordHash,
        most: u32,
        now: Timestamp,
    ) -> CatalogResult<PairAdded>;
    /// The pair of an access token, alive or not.
    async fn token_pair_with_access(&self, access: SecretHash) -> CatalogResult<Option<TokenPair>>;
    /// The pair of a refresh token, alive or not.
    async fn token_pair_with_refresh(&self, refresh: SecretHash) -> CatalogResult<Option<TokenPair>>;
    /// Puts a new pair in the place of the live one with this refresh token, unless `most` access tokens of the person are
    /// alive beside that one. Of several callers with one refresh token, one succeeds and the others are refused.
    async fn replace_token_pair(
        &self,
        refresh: SecretHash,
        new: TokenPair,
        most: u32,
        now: Timestamp,
    ) -> CatalogResult<PairAdded>;
    /// Deletes the pair of an access token.
    async fn end_token_pair(&self, access: SecretHash) -> CatalogResult<()>;
    /// Deletes those whose refresh tokens are over.
    async fn prune_token_pairs(&self, now: Timestamp) -> CatalogResult<()>;
}
