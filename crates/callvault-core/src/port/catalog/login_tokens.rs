//! The part of the port that is about login tokens.

use async_trait::async_trait;

use super::CatalogResult;
use crate::gate::Within;
use crate::login_token::{LetInBy, LoginToken};
use crate::person::PasswordHash;
use crate::secret::SecretHash;
use crate::time::Timestamp;

/// The place of a token among those that are listed, newest first.
pub type LoginTokenPlace = (Timestamp, SecretHash);

/// Login tokens of the Enswitch dialect.
#[async_trait]
pub trait LoginTokens: Send + Sync {
    /// Adds one, deletes those of its person that are over, and the oldest beyond `most`, in one commit; answers the hashes of
    /// those that it deleted. `None`, and nothing done, when the person or who switched to them is gone or disabled, the person's
    /// password is not the one that was `read` any more, or what they were let in by is not good any more: the token ended,
    /// the password is another one, or one-time codes are on and no code was shown.
    async fn add_login_token(
        &self,
        token: LoginToken,
        read: PasswordHash,
        by: LetInBy,
        most: u32,
    ) -> CatalogResult<Option<Vec<SecretHash>>>;
    /// One, alive or not.
    async fn login_token(&self, token: SecretHash) -> CatalogResult<Option<LoginToken>>;
    /// Those within a bound that are alive, newest first, at most `limit` behind a place.
    async fn login_tokens(
        &self,
        within: &Within,
        now: Timestamp,
        after: Option<LoginTokenPlace>,
        limit: u32,
    ) -> CatalogResult<Vec<LoginToken>>;
    /// The live one within a bound whose hash begins with these bytes.
    async fn login_token_beginning(
        &self,
        within: &Within,
        beginning: [u8; 6],
        now: Timestamp,
    ) -> CatalogResult<Option<LoginToken>>;
    /// Deletes one.
    async fn end_login_token(&self, token: SecretHash) -> CatalogResult<()>;
    /// Deletes those that are over.
    async fn prune_login_tokens(&self, now: Timestamp) -> CatalogResult<()>;
}
