//! The part of the port that is about people's one-time codes.

use async_trait::async_trait;

use super::CatalogResult;
use crate::id::PersonId;
use crate::one_time_code::{OneTimeSecret, StoredSecret};
use crate::time::Timestamp;

/// One-time codes of people.
#[async_trait]
pub trait OneTimeCodes: Send + Sync {
    /// Keeps a secret that is still to be confirmed, in the place of an earlier one; false, and nothing done, when a secret
    /// is confirmed already. Gone: the person.
    async fn begin_one_time_codes(
        &self,
        person: PersonId,
        secret: OneTimeSecret,
        at: Timestamp,
    ) -> CatalogResult<bool>;
    /// The secret of a person, confirmed or not.
    async fn one_time_secret(&self, person: PersonId) -> CatalogResult<Option<StoredSecret>>;
    /// Turns codes on with the first of them, and deletes all that was got without one: the person's sessions, token pairs and
    /// login tokens, in one commit. False, and nothing done, when this is not the secret to confirm.
    async fn confirm_one_time_codes(
        &self,
        person: PersonId,
        secret: OneTimeSecret,
        step: i64,
    ) -> CatalogResult<bool>;
    /// Uses the code of a step up; true for exactly one caller, and never again for this step or one before it.
    async fn use_one_time_code(
        &self,
        person: PersonId,
        secret: OneTimeSecret,
        step: i64,
    ) -> CatalogResult<bool>;
    /// Forgets the secret; false when there is none.
    async fn remove_one_time_codes(&self, person: PersonId) -> CatalogResult<bool>;
}
