//! API keys: how programs come to our own API. A key belongs to a customer, has scopes and, mostly, an end; of the key only
//! the hash is kept.

use std::time::Duration;

use crate::id::{CustomerId, KeyId, PersonId};
use crate::role::Privileges;
use crate::scope::Scopes;
use crate::secret::SecretHash;
use crate::time::Timestamp;

/// What every key begins with, so that people and programs that look for leaked secrets know one.
pub const KEY_PREFIX: &str = "cv_";

/// How long a key lives when nothing is said.
pub const KEY_LIFE: Duration = Duration::from_secs(365 * 86_400);

/// How exactly the last use of a key is kept: one write for each key in this time.
pub const LAST_USE_STEP: Duration = Duration::from_secs(3600);

/// A key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its number.
    pub id: KeyId,
    /// The hash of the key.
    pub hash: SecretHash,
    /// Whose it is.
    pub customer: CustomerId,
    /// Whether it reaches the customers below as well.
    pub below: bool,
    /// What it is for, as whoever made it says.
    pub name: String,
    /// What it may.
    pub scopes: Scopes,
    /// What whoever made it could: it never may more.
    pub privileges: Privileges,
    /// Who made it; `None` is the local system owner, or another key.
    pub made_by: Option<PersonId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends; `None` is never.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, give or take [`LAST_USE_STEP`].
    pub last_used_at: Option<Timestamp>,
}
