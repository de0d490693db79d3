//! Switching to another person without their password (`docs/enswitch.md` 78 and 79), for support.
//!
//! Nobody gains by it: whom one may switch to has no more rights than one has already. Who did it stays on record, in the
//! log, the listen log and the token.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::id::PersonId;
use crate::listen::Action;
use crate::person::profile::Profile;
use crate::person::{Account, DownloadErrors, EmptyCalls, NewPerson};
use crate::port::catalog::{Catalog, CatalogError};
use crate::port::clock::Clock;
use crate::port::password::PasswordHasher;
use crate::port::random::Random;
use crate::role::Role;
use crate::secret::{PasswordMd5, fresh_token};
use crate::service::Ports;
use crate::service::accounts::{Accounts, within_rights};
use crate::service::listening::{Listening, Subject};

/// The role of a customer's pseudo-person.
const PSEUDO_ROLE: &str = "reseller";

/// Whom to switch to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom<'a> {
    /// The person with this number.
    Id(PersonId),
    /// The person of this name; that of a customer in square brackets is the customer's pseudo-person.
    Username(&'a str),
}

/// The use case of switching.
pub struct Switching {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    passwords: Arc<dyn PasswordHasher>,
    gate: Arc<Gate>,
    accounts: Arc<Accounts>,
    listening: Arc<Listening>,
}

impl Switching {
    pub(crate) fn new(
        ports: &Ports,
        gate: Arc<Gate>,
        accounts: Arc<Accounts>,
        listening: Arc<Listening>,
    ) -> Self {
        Self {
            catalog: ports.catalog.clone(),
            clock: ports.clock.clone(),
            random: ports.random.clone(),
            passwords: ports.passwords.clone(),
            gate,
            accounts,
            listening,
        }
    }

    /// The account of whom the principal switches to, which is on record when this answers. A customer's pseudo-person is made
    /// where it is the first time that somebody switches to them.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], also for a person who may more than the principal; [`Error::NotFound`], also for one who is
    /// disabled; [`Error::Unlogged`].
    pub async fn switch(&self, principal: &Principal, whom: Whom<'_>) -> Result<Arc<Account>> {
        self.gate.privilege(principal, Kind::Person, Verb::Administer)?;
        let account = match whom {
            Whom::Id(id) => self.accounts.numbered(id).await?,
            Whom::Username(username) => match self.accounts.named(username).await? {
                Some(account) => self.still_named(account).await?,
                None => self.pseudo_person(principal, username).await?,
            },
        };
        let missing = || Error::NotFound { what: "person" };
        let account = account.ok_or_else(missing)?;
        let customer = account.person.customer;
        match self.gate.customer(principal, Kind::Person, Verb::Administer, Some(customer)).await {
            Ok(_) => {}
            Err(Error::NotFound { .. }) => return Err(missing()),
            Err(other) => return Err(other),
        }
        if account.person.disabled || account.customer_disabled {
            return Err(missing());
        }
        if !within_rights(principal, &account.role) {
            return Err(Error::RoleForbids);
        }
        let subject = Subject { customer, kind: "person", name: account.person.username.clone() };
        self.listening.record(principal, Action::Switch, &subject, None, None, None).await?;
        Ok(account)
    }

    /// Nothing for a pseudo-person whose customer has another name by now: nobody means that customer by the old one.
    async fn still_named(&self, account: Arc<Account>) -> Result<Option<Arc<Account>>> {
        let Some(name) = customer_in(&account.person.username) else { return Ok(Some(account)) };
        let customer = self.catalog.customer(account.person.customer).await?;
        let same = customer.is_some_and(|customer| customer.name.to_lowercase() == name.to_lowercase());
        Ok(same.then_some(account))
    }

    /// Makes the pseudo-person of the customer whose name stands in square brackets, if there is exactly one within reach. It
    /// has reseller-like access there, so who has less may not.
    async fn pseudo_person(&self, principal: &Principal, username: &str) -> Result<Option<Arc<Account>>> {
        let Some(name) = customer_in(username) else { return Ok(None) };
        let within = self.gate.within(principal, Kind::Person, Verb::Administer)?;
        let found = self.catalog.customers_named(&within, name).await?;
        let [customer] = found.as_slice() else { return Ok(None) };
        let role = self.pseudo_role().await?;
        if !within_rights(principal, &role) {
            return Err(Error::RoleForbids);
        }
        // Nobody knows the password, so that nobody logs in as them.
        let password = PasswordMd5::of_password(&fresh_token(self.random.as_ref()));
        let new = NewPerson {
            customer: customer.id,
            username: username.to_owned(),
            role: role.id,
            password_hash: self.passwords.hash(&password).await.map_err(|_| Error::Busy)?,
            source: Default::default(),
            download_errors: DownloadErrors::default(),
            empty_calls: EmptyCalls::default(),
            profile: Profile::default(),
            created_at: self.clock.now(),
        };
        match self.catalog.add_person(new).await {
            // Taken: somebody else has just switched there for the first time.
            Ok(_) | Err(CatalogError::Taken { .. }) => self.accounts.named(username).await,
            // Where the plan of the customer has no room for one there is none.
            Err(CatalogError::PlanForbids(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn pseudo_role(&self) -> Result<Role> {
        let roles = self.catalog.roles().await?;
        let role = roles.into_iter().find(|role| role.builtin && role.name == PSEUDO_ROLE);
        role.ok_or(Error::Catalog(CatalogError::Unreadable { what: "role" }))
    }
}

/// The name of a customer in the user name of its pseudo-person.
fn customer_in(username: &str) -> Option<&str> {
    username.strip_prefix('[')?.strip_suffix(']').filter(|name| !name.is_empty())
}
