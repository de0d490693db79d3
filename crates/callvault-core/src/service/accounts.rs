//! Customers, people and roles: administration, and the cache from which logins and sessions read accounts.

mod customers;
mod people;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock, Weak};

use crate::customer::{Customer, CustomerChange, NewCustomer};
use crate::error::{Error, Result};
use crate::gate::{Gate, Kind, Principal, Verb, opened};
use crate::id::{CustomerId, PersonId, RoleId};
use crate::page::PageRequest;
use crate::person::Account;
use crate::plan::{Plan, PlanChange};
use crate::port::catalog::{Catalog, Trial};
use crate::port::clock::Clock;
use crate::port::password::PasswordHasher;
use crate::role::{Privileges, Reach, Role};
use crate::service::field::{MOST_DESCRIPTION, own_number, text, title};
use crate::service::{Ports, sessions::Sessions};
use crate::time::is_zone;

pub use self::people::{NewPassword, PersonToAdd, PersonToChange, RoleChoice};

/// Over this many cached accounts the cache starts anew.
const MOST_CACHED: usize = 10_000;

/// A customer to add, as typed.
#[derive(Debug, Clone, Default)]
pub struct CustomerToAdd {
    /// A number of one's own; the next free one otherwise.
    pub id: Option<CustomerId>,
    /// The customer above it; the caller's own otherwise, unless the whole installation is within reach.
    pub parent: Option<CustomerId>,
    /// See [`Customer::name`].
    pub name: String,
    /// See [`Customer::description`].
    pub description: String,
    /// See [`Customer::timezone`]; UTC otherwise, and where it is empty that of the customer above.
    pub timezone: Option<String>,
    /// See [`Customer::serial`].
    pub serial: String,
    /// See [`Customer::device_name`].
    pub device_name: String,
    /// See [`Customer::plan`].
    pub plan: Plan,
}

#[derive(Default)]
struct Cache {
    generation: u64,
    by_id: HashMap<PersonId, Arc<Account>>,
    by_name: HashMap<String, Arc<Account>>,
}

/// The use cases of accounts.
pub struct Accounts {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    passwords: Arc<dyn PasswordHasher>,
    gate: Arc<Gate>,
    cache: RwLock<Cache>,
    /// They have the accounts, and whoever has both has them.
    sessions: OnceLock<Weak<Sessions>>,
}

impl Accounts {
    pub(crate) fn new(ports: &Ports, gate: Arc<Gate>) -> Self {
        Self {
            catalog: ports.catalog.clone(),
            clock: ports.clock.clone(),
            passwords: ports.passwords.clone(),
            gate,
            cache: RwLock::default(),
            sessions: OnceLock::new(),
        }
    }

    /// Tells which sessions to end when a person loses them. The two services know each other, so this one is told late.
    pub(crate) fn on_revocation(&self, sessions: &Arc<Sessions>) {
        // A second call would be a mistake in wiring; the first one stays.
        let _ = self.sessions.set(Arc::downgrade(sessions));
    }

    /// An account by username, without regard to case. For logins only: it asks no gate.
    pub(crate) async fn named(&self, username: &str) -> Result<Option<Arc<Account>>> {
        let key = username.to_lowercase();
        let generation = {
            let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(account) = cache.by_name.get(&key) {
                return Ok(Some(account.clone()));
            }
            cache.generation
        };
        let account = self.catalog.account_named(&key).await?;
        Ok(account.map(|account| self.keep(generation, account)))
    }

    /// An account by number. For sessions only: it asks no gate.
    pub(crate) async fn numbered(&self, id: PersonId) -> Result<Option<Arc<Account>>> {
        let generation = {
            let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(account) = cache.by_id.get(&id) {
                return Ok(Some(account.clone()));
            }
            cache.generation
        };
        let account = self.catalog.account(id).await?;
        Ok(account.map(|account| self.keep(generation, account)))
    }

    /// Keeps an account unless something changed since it was read: a stale row must not outlive the change.
    fn keep(&self, generation: u64, account: Account) -> Arc<Account> {
        let account = Arc::new(account);
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        if cache.generation == generation {
            if cache.by_id.len() >= MOST_CACHED {
                cache.by_id.clear();
                cache.by_name.clear();
            }
            cache.by_id.insert(account.person.id, account.clone());
            cache.by_name.insert(account.person.username.to_lowercase(), account.clone());
        }
        account
    }

    /// Counts the changes of people and customers: what was read under another number may be stale.
    pub(crate) fn generation(&self) -> u64 {
        self.cache.read().unwrap_or_else(PoisonError::into_inner).generation
    }

    /// What decides about a person's logins changed.
    pub(crate) fn changed_person(&self) {
        self.forget_cached();
    }

    /// The catalog ended the sessions and tokens of a person.
    pub(crate) fn ended_sessions(&self, person: PersonId) {
        self.forget_cached();
        if let Some(sessions) = self.sessions.get().and_then(Weak::upgrade) {
            sessions.forget_person(person);
        }
    }

    fn forget_cached(&self) {
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        *cache = Cache { generation: cache.generation + 1, ..Cache::default() };
    }

    /// Adds a customer; below another one unless the whole installation is within reach.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (parent), [`Error::Invalid`] (`name`, `description`, `timezone`, `serial`,
    /// `device_name`, `largest_message_bytes`, `total_message_bytes`, `id`), [`Error::PlanForbids`], [`Error::Conflict`] (`id`).
    pub async fn add_customer(&self, principal: &Principal, customer: CustomerToAdd) -> Result<CustomerId> {
        let new = self.prepared_customer(principal, customer).await?;
        Ok(self.catalog.add_customer(new).await?)
    }

    /// Fails as [`Accounts::add_customer`] would, and adds nothing.
    ///
    /// # Errors
    /// Those of [`Accounts::add_customer`].
    pub async fn try_add_customer(&self, principal: &Principal, customer: CustomerToAdd) -> Result<()> {
        let new = self.prepared_customer(principal, customer).await?;
        Ok(self.catalog.try_out(Trial::AddCustomer(new)).await?)
    }

    /// Whether the role adds customers at all: none does that reaches nothing below its own.
    ///
    /// # Errors
    /// [`Error::ScopeForbids`], [`Error::RoleForbids`].
    pub fn may_add_customers(&self, principal: &Principal) -> Result<()> {
        self.gate.privilege(principal, Kind::Customer, Verb::Administer)?;
        if principal.reach < Reach::Subtree { Err(Error::RoleForbids) } else { Ok(()) }
    }

    async fn prepared_customer(&self, principal: &Principal, customer: CustomerToAdd) -> Result<NewCustomer> {
        self.may_add_customers(principal)?;
        let parent = match (customer.parent, principal.reach) {
            (None, Reach::System) => None,
            (parent, _) => {
                Some(self.gate.customer(principal, Kind::Customer, Verb::Administer, parent).await?.id())
            }
        };
        own_number(principal, customer.id.map(|id| id.0))?;
        text("description", &customer.description, MOST_DESCRIPTION)?;
        Ok(NewCustomer {
            id: customer.id,
            parent,
            name: title("name", &customer.name)?,
            description: customer.description,
            timezone: self.zone(customer.timezone.as_deref().unwrap_or("UTC"), parent).await?,
            serial: serial(&customer.serial)?,
            device_name: device_name(&customer.device_name)?,
            plan: plan(customer.plan)?,
            created_at: self.clock.now(),
        })
    }

    /// Changes a customer. Disabling one closes every door to its people and to those of the customers below it. The plan is
    /// changed from above: by who reaches the whole installation, or the customer from its reseller's. What a changed plan
    /// does not allow any more stays.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`], [`Error::Invalid`] (`name`, `description`, `timezone`, `serial`,
    /// `device_name`, `largest_message_bytes`, `total_message_bytes`, `disabled`), [`Error::PlanForbids`], [`Error::Conflict`]
    /// (`disabled`: the last system owner belongs to it).
    pub async fn change_customer(
        &self,
        principal: &Principal,
        id: CustomerId,
        change: CustomerChange,
    ) -> Result<()> {
        let change = self.fitting_customer(principal, id, change).await?;
        self.catalog.change_customer(id, change).await?;
        self.forget_cached();
        Ok(())
    }

    /// Fails as [`Accounts::change_customer`] would, and changes nothing.
    ///
    /// # Errors
    /// Those of [`Accounts::change_customer`].
    pub async fn try_change_customer(
        &self,
        principal: &Principal,
        id: CustomerId,
        change: CustomerChange,
    ) -> Result<()> {
        let change = self.fitting_customer(principal, id, change).await?;
        Ok(self.catalog.try_out(Trial::ChangeCustomer(id, change)).await?)
    }

    async fn fitting_customer(
        &self,
        principal: &Principal,
        id: CustomerId,
        mut change: CustomerChange,
    ) -> Result<CustomerChange> {
        self.gate.customer(principal, Kind::Customer, Verb::Change, Some(id)).await?;
        if let Some(name) = &change.name {
            change.name = Some(title("name", name)?);
        }
        if let Some(description) = &change.description {
            text("description", description, MOST_DESCRIPTION)?;
        }
        if let Some(timezone) = &change.timezone {
            let parent = self.catalog.customer(id).await?.and_then(|customer| customer.parent);
            change.timezone = Some(self.zone(timezone, parent).await?);
        }
        if let Some(text) = &change.serial {
            change.serial = Some(serial(text)?);
        }
        if let Some(text) = &change.device_name {
            change.device_name = Some(device_name(text)?);
        }
        if change.plan != PlanChange::default() {
            let above = principal.reach == Reach::System
                || principal.reach == Reach::Subtree && principal.customer != Some(id);
            if !above {
                return Err(Error::RoleForbids);
            }
            plan(Plan::default().changed(change.plan))?;
        }
        if change.disabled == Some(true) && principal.customer == Some(id) {
            return Err(Error::invalid("disabled", "one cannot disable one's own customer"));
        }
        Ok(change)
    }

    /// A zone by its name; that of the customer above, as it is now, where the name is empty.
    async fn zone(&self, name: &str, above: Option<CustomerId>) -> Result<String> {
        if !name.is_empty() {
            return zone(name);
        }
        let Some(above) = above else { return zone("UTC") };
        Ok(self.catalog.customer(above).await?.ok_or(Error::NotFound { what: "customer" })?.timezone)
    }

    /// One customer.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`].
    pub async fn customer(&self, principal: &Principal, id: CustomerId) -> Result<Customer> {
        let customer = self.gate.customer(principal, Kind::Customer, Verb::See, Some(id)).await?;
        self.catalog.customer(customer.id()).await?.ok_or(Error::NotFound { what: "customer" })
    }

    /// The time zone of a person's own customer, in which dialects show and read times. Whoever has a login may know it.
    ///
    /// # Errors
    /// [`Error::NotFound`] (customer), for the local owner too, who has none.
    pub async fn own_timezone(&self, principal: &Principal) -> Result<String> {
        let missing = Error::NotFound { what: "customer" };
        let Some(own) = principal.customer else { return Err(missing) };
        Ok(self.catalog.customer(own).await?.ok_or(missing)?.timezone)
    }

    /// The customers within reach, by number.
    ///
    /// # Errors
    /// [`Error::RoleForbids`].
    pub async fn customers(
        &self,
        principal: &Principal,
        page: PageRequest<CustomerId>,
    ) -> Result<Vec<Customer>> {
        let within = self.gate.within(principal, Kind::Customer, Verb::See)?;
        Ok(self.catalog.customers(&within, page).await?)
    }

    /// Adds a role; without a reach it reaches as far as the pre-made role with such privileges.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::Invalid`] (`name`, `privileges`), [`Error::Conflict`] (`name`).
    pub async fn add_role(
        &self,
        principal: &Principal,
        name: &str,
        privileges: Privileges,
        reach: Option<Reach>,
    ) -> Result<RoleId> {
        self.gate.privilege(principal, Kind::Role, Verb::Administer)?;
        if privileges == Privileges::default() {
            return Err(Error::invalid("privileges", "a role needs at least one privilege"));
        }
        let name = title("name", name)?;
        let reach = reach.unwrap_or_else(|| Reach::implied_by(privileges));
        Ok(self.catalog.add_role(name, reach, privileges).await?)
    }

    /// All roles, by number.
    ///
    /// # Errors
    /// [`Error::RoleForbids`].
    pub async fn roles(&self, principal: &Principal) -> Result<Vec<Role>> {
        self.gate.privilege(principal, Kind::Role, Verb::See)?;
        Ok(self.catalog.roles().await?)
    }
}

/// Whether the role may and reaches no more than the principal. `yeastar_api` only opens a door to rights that are
/// counted anyway, so administrators can make connectors' accounts.
pub(crate) fn within_rights(principal: &Principal, role: &Role) -> bool {
    use crate::role::Privilege::YeastarApi;
    // Whoever has a person's password has what their role opens, so a key must have all of that.
    let scoped = principal.key.is_none_or(|key| key.scopes.covers(opened(role.privileges)));
    scoped
        && principal.privileges.covers(role.privileges.without(YeastarApi))
        && role.reach <= principal.reach
}

fn zone(name: &str) -> Result<String> {
    if is_zone(name) {
        Ok(name.to_owned())
    } else {
        Err(Error::invalid("timezone", "must be a zone of the IANA database, such as Europe/Berlin"))
    }
}

/// The most characters that the serial number of a device may have.
const MOST_SERIAL_CHARACTERS: usize = 32;

fn serial(text: &str) -> Result<String> {
    let text = text.trim();
    if text.len() <= MOST_SERIAL_CHARACTERS && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err(Error::invalid("serial", "must be empty, or at most 32 visible ASCII characters"))
    }
}

/// The largest limit in bytes: every JSON reader holds it exactly.
const MOST_LIMIT_BYTES: u64 = (1 << 53) - 1;

fn plan(plan: Plan) -> Result<Plan> {
    for (field, limit) in [
        ("largest_message_bytes", plan.largest_message_bytes),
        ("total_message_bytes", plan.total_message_bytes),
    ] {
        if limit.is_some_and(|bytes| !(1..=MOST_LIMIT_BYTES).contains(&bytes)) {
            return Err(Error::invalid(
                field,
                "must be a number of bytes from 1 to 9007199254740991, or null",
            ));
        }
    }
    Ok(plan)
}

fn device_name(text: &str) -> Result<String> {
    if text.trim().is_empty() { Ok(String::new()) } else { title("device_name", text) }
}
