//! API keys: made, verified, listed, revoked.
//!
//! A key is asked of the catalog at every call, which answers what it is after the last change of keys and customers, and the
//! clock is asked for its end: end, revocation and a disabled customer count at once. It may what its scopes say and
//! whoever made it could, and reaches its customer, or also those below.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::api_key::{ApiKey, KEY_LIFE, KEY_PREFIX, LAST_USE_STEP};
use crate::error::{Error, Result};
use crate::gate::{Gate, Kind, Principal, Verb, beyond};
use crate::id::{CustomerId, KeyId};
use crate::page::PageRequest;
use crate::port::catalog::Catalog;
use crate::port::clock::Clock;
use crate::port::random::Random;
use crate::role::Reach;
use crate::scope::Scopes;
use crate::secret::{Secret, SecretHash, fresh_token};
use crate::service::Ports;
use crate::service::field::title;
use crate::time::Timestamp;

/// A key to make, as typed.
#[derive(Debug, Clone)]
pub struct KeyToAdd {
    /// Its customer; the caller's own otherwise.
    pub customer: Option<CustomerId>,
    /// Whether it reaches the customers below as well.
    pub below: bool,
    /// What it is for: at most 100 characters, may be empty.
    pub name: String,
    /// What it may; at least one.
    pub scopes: Scopes,
    /// When it ends.
    pub ends: KeyEnd,
}

/// When a key is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyEnd {
    /// After [`KEY_LIFE`], or with the key that makes it.
    Usual,
    /// At this moment.
    At(Timestamp),
    /// Never; for system owners alone.
    Never,
}

/// Why a key opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum KeyRefused {
    /// Never made, revoked, over, or its customer is disabled.
    #[error("the key is not good")]
    Unknown,
    /// The catalog failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// The use cases of API keys.
pub struct ApiKeys {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    gate: Arc<Gate>,
    /// The last use that was written, or is being written, of each key.
    noted: Mutex<HashMap<KeyId, Timestamp>>,
}

impl ApiKeys {
    pub(crate) fn new(ports: &Ports, gate: Arc<Gate>) -> Self {
        Self {
            catalog: ports.catalog.clone(),
            clock: ports.clock.clone(),
            random: ports.random.clone(),
            gate,
            noted: Mutex::default(),
        }
    }

    /// Makes a key; it is told here and never again. Durable before it answers.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::ScopeForbids`], [`Error::NotFound`] (customer), [`Error::Invalid`] (`customer`, `name`,
    /// `scopes`, `below`, `expires_at`).
    pub async fn add(&self, principal: &Principal, new: KeyToAdd) -> Result<(Secret, ApiKey)> {
        let customer = self.gate.customer(principal, Kind::Key, Verb::Administer, new.customer).await?;
        let name = if new.name.trim().is_empty() { String::new() } else { title("name", &new.name)? };
        if new.scopes.is_empty() {
            return Err(Error::invalid("scopes", "a key needs at least one scope"));
        }
        if let Some(scope) = beyond(principal, new.scopes) {
            return Err(Error::invalid("scopes", format!("`{}` is beyond your own rights", scope.as_str())));
        }
        if new.below && principal.reach < Reach::Subtree {
            return Err(Error::invalid("below", "customers below are beyond your own reach"));
        }
        let now = self.clock.now();
        let expires_at = end(principal, new.ends, now)?;
        let secret = Secret::new(format!("{KEY_PREFIX}{}", fresh_token(self.random.as_ref()).reveal()));
        let mut key = ApiKey {
            id: KeyId(0),
            hash: SecretHash::of(secret.reveal()),
            customer: customer.id(),
            below: new.below,
            name,
            scopes: new.scopes,
            privileges: principal.privileges,
            made_by: principal.person,
            created_at: now,
            expires_at,
            last_used_at: None,
        };
        key.id = self.catalog.add_key(key.clone()).await?;
        Ok((secret, key))
    }

    /// What comes with a key from `peer`.
    ///
    /// # Errors
    /// See [`KeyRefused`].
    pub async fn resume(&self, key: &str, peer: IpAddr) -> Result<Principal, KeyRefused> {
        if !key.starts_with(KEY_PREFIX) {
            return Err(KeyRefused::Unknown);
        }
        let hash = SecretHash::of(key);
        let found = self.catalog.key(hash).await.map_err(Error::from)?;
        let now = self.clock.now();
        let good = |(key, disabled): &(ApiKey, bool)| {
            key.hash.matches(&hash) && !disabled && key.expires_at.is_none_or(|end| now < end)
        };
        let (key, _) = found.filter(good).ok_or(KeyRefused::Unknown)?;
        self.note_use(&key, now).await;
        Ok(Principal::of_key(&key, peer))
    }

    async fn note_use(&self, key: &ApiKey, now: Timestamp) {
        {
            let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
            let last = noted.get(&key.id).copied().max(key.last_used_at);
            if last.is_some_and(|last| now < last.after(LAST_USE_STEP)) {
                return;
            }
            noted.insert(key.id, now);
        }
        if self.catalog.note_key_use(key.id, now).await.is_err() {
            // Nothing depends on it, and the next call tries again.
            self.noted.lock().unwrap_or_else(PoisonError::into_inner).remove(&key.id);
        }
    }

    /// The keys of a customer, by number.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::ScopeForbids`], [`Error::NotFound`] (customer).
    pub async fn list(
        &self,
        principal: &Principal,
        customer: Option<CustomerId>,
        page: PageRequest<KeyId>,
    ) -> Result<Vec<ApiKey>> {
        let customer = self.gate.customer(principal, Kind::Key, Verb::See, customer).await?;
        Ok(self.catalog.keys(&customer, page).await?)
    }

    /// Revokes a key, at once.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::ScopeForbids`], [`Error::NotFound`].
    pub async fn revoke(&self, principal: &Principal, id: KeyId) -> Result<()> {
        let within = self.gate.within(principal, Kind::Key, Verb::Delete)?;
        if !self.catalog.revoke_key(&within, id).await? {
            return Err(Error::NotFound { what: "key" });
        }
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        Ok(())
    }
}

/// When a key of this principal ends: never after the key that makes it.
fn end(principal: &Principal, wanted: KeyEnd, now: Timestamp) -> Result<Option<Timestamp>> {
    let bound = principal.key.and_then(|key| key.expires_at);
    let end = match wanted {
        KeyEnd::Usual => {
            let usual = now.after(KEY_LIFE);
            return Ok(Some(bound.map_or(usual, |bound| bound.min(usual))));
        }
        KeyEnd::Never if principal.reach < Reach::System => {
            return Err(Error::invalid("expires_at", "only keys of system owners live for ever"));
        }
        KeyEnd::Never => None,
        KeyEnd::At(end) if end <= now => return Err(Error::invalid("expires_at", "must be in the future")),
        KeyEnd::At(end) => Some(end),
    };
    if bound.is_some_and(|bound| end.is_none_or(|end| end > bound)) {
        return Err(Error::invalid("expires_at", "must not be after the end of the key that makes it"));
    }
    Ok(end)
}
