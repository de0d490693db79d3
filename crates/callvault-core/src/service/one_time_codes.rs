//! One-time codes of people (`docs/enswitch.md` 35 and 49): turned on in two steps, turned off in one.
//!
//! A person does it for themselves, or an administrator for them. From then on a password alone opens no door to them.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::id::PersonId;
use crate::one_time_code::OneTimeSecret;
use crate::person::Person;
use crate::port::catalog::Catalog;
use crate::port::clock::Clock;
use crate::port::random::Random;
use crate::secret::Secret;
use crate::service::Ports;
use crate::service::accounts::Accounts;

/// A secret at the one moment when it is told.
#[derive(Debug, Clone)]
pub struct BegunCodes {
    /// As people type it into an app.
    pub secret: Secret,
    /// As apps read it from a QR code.
    pub uri: Secret,
}

/// Whether a person uses one-time codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodesState {
    /// They do not.
    Off,
    /// They have a secret that waits for its first code, and counts for nothing until then.
    Begun,
    /// They do.
    On,
}

impl CodesState {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Off, Self::Begun, Self::On];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Begun => "begun",
            Self::On => "on",
        }
    }
}

/// The use cases of one-time codes, but for logging in with them.
pub struct OneTimeCodes {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    gate: Arc<Gate>,
    accounts: Arc<Accounts>,
}

impl OneTimeCodes {
    pub(crate) fn new(ports: &Ports, gate: Arc<Gate>, accounts: Arc<Accounts>) -> Self {
        Self {
            catalog: ports.catalog.clone(),
            clock: ports.clock.clone(),
            random: ports.random.clone(),
            gate,
            accounts,
        }
    }

    /// Makes a secret, which replaces one that was not confirmed.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`], [`Error::Conflict`] (`totp`) when codes are on.
    pub async fn begin(&self, principal: &Principal, id: PersonId) -> Result<BegunCodes> {
        let person = self.person(principal, id, Verb::Change).await?;
        let secret = OneTimeSecret::fresh(self.random.as_ref());
        if !self.catalog.begin_one_time_codes(id, secret, self.clock.now()).await? {
            return Err(on_already());
        }
        Ok(BegunCodes { secret: secret.base32(), uri: secret.uri(&person.username) })
    }

    /// Turns codes on with the first one, and ends all that was got without: sessions and tokens of the person.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`], also without a secret; [`Error::Conflict`] (`totp`) when codes are on;
    /// [`Error::Invalid`] (`code`).
    pub async fn confirm(&self, principal: &Principal, id: PersonId, code: &Secret) -> Result<()> {
        self.person(principal, id, Verb::Change).await?;
        let stored = self.catalog.one_time_secret(id).await?;
        let stored = stored.ok_or(Error::NotFound { what: "secret of one-time codes" })?;
        if stored.confirmed {
            return Err(on_already());
        }
        let step = stored.secret.step_of(code, self.clock.now(), stored.last_step);
        let step =
            step.ok_or_else(|| Error::invalid("code", "is not the code of now; is the clock right?"))?;
        if !self.catalog.confirm_one_time_codes(id, stored.secret, step).await? {
            return Err(Error::invalid("code", "is that of a secret that was replaced meanwhile"));
        }
        self.accounts.ended_sessions(id);
        Ok(())
    }

    /// Whether they are on.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`].
    pub async fn state(&self, principal: &Principal, id: PersonId) -> Result<CodesState> {
        self.person(principal, id, Verb::See).await?;
        Ok(match self.catalog.one_time_secret(id).await? {
            None => CodesState::Off,
            Some(stored) if !stored.confirmed => CodesState::Begun,
            Some(_) => CodesState::On,
        })
    }

    /// Turns codes off, or forgets a secret that was not confirmed.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`], also when there are none.
    pub async fn remove(&self, principal: &Principal, id: PersonId) -> Result<()> {
        self.person(principal, id, Verb::Change).await?;
        if !self.catalog.remove_one_time_codes(id).await? {
            return Err(Error::NotFound { what: "secret of one-time codes" });
        }
        self.accounts.changed_person();
        Ok(())
    }

    /// Oneself, or whom one may change as an administrator. Whoever switched to a person is not that person here: codes must be those of who holds
    /// the app.
    async fn person(&self, principal: &Principal, id: PersonId, verb: Verb) -> Result<Person> {
        if principal.person == Some(id) && principal.switched_by.is_none() {
            let account = self.accounts.numbered(id).await?;
            return account.map(|account| account.person.clone()).ok_or(Error::NotFound { what: "person" });
        }
        // As where a person is changed: who may see none is refused, whatever else their role may.
        self.gate.privilege(principal, Kind::Person, Verb::See)?;
        self.accounts.person_for(principal, id, verb).await
    }
}

fn on_already() -> Error {
    Error::Conflict { field: "totp", reason: "one-time codes are on already; turn them off first".to_owned() }
}
