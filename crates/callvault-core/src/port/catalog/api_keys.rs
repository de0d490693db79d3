//! The part of the port that is about API keys.

use async_trait::async_trait;

use super::CatalogResult;
use crate::api_key::ApiKey;
use crate::gate::{InCustomer, Within};
use crate::id::KeyId;
use crate::page::PageRequest;
use crate::secret::SecretHash;
use crate::time::Timestamp;

/// API keys.
#[async_trait]
pub trait ApiKeys: Send + Sync {
    /// Adds one, whose number is given here and not by the row. Gone: the customer.
    async fn add_key(&self, key: ApiKey) -> CatalogResult<KeyId>;
    /// The key with this hash, over or not, and whether its customer or one above it is disabled.
    async fn key(&self, hash: SecretHash) -> CatalogResult<Option<(ApiKey, bool)>>;
    /// Those of a customer, by number.
    async fn keys(&self, customer: &InCustomer, page: PageRequest<KeyId>) -> CatalogResult<Vec<ApiKey>>;
    /// Deletes one; false when there is none.
    async fn revoke_key(&self, within: &Within, id: KeyId) -> CatalogResult<bool>;
    /// Keeps when one was used.
    async fn note_key_use(&self, id: KeyId, at: Timestamp) -> CatalogResult<()>;
}
