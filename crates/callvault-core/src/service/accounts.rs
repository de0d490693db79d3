//! Customers, people and roles: administration, and the cache from which logins and sessions read accounts.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use crate::address::SourceList;
use crate::customer::{Customer, CustomerChange, NewCustomer};
use crate::error::{Error, Result};
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::id::{CustomerId, PersonId, RoleId};
use crate::page::PageRequest;
use crate::person::{Account, DownloadErrors, EmptyCalls, NewPerson, Person, PersonChange};
use crate::plan::{Plan, PlanChange};
use crate::port::catalog::Catalog;
use crate::port::clock::Clock;
use crate::port::password::PasswordHasher;
use crate::role::{Privileges, Reach, Role};
use crate::secret::{PasswordMd5, Secret};
use crate::service::field::{own_number, title};
use crate::service::{Ports, sessions::Sessions};
use crate::time::is_zone;

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
    /// See [`Customer::timezone`]; UTC otherwise.
    pub timezone: Option<String>,
    /// See [`Customer::serial`].
    pub serial: String,
    /// See [`Customer::device_name`].
    pub device_name: String,
    /// See [`Customer::plan`].
    pub plan: Plan,
}

/// A person to add, as typed.
#[derive(Debug, Clone)]
pub struct PersonToAdd {
    /// Their customer; the caller's own otherwise.
    pub customer: Option<CustomerId>,
    /// 1 to 100 characters without blanks.
    pub username: String,
    /// The name of their role.
    pub role: String,
    /// At least 8 characters.
    pub password: Secret,
    /// Where they may come from.
    pub source: SourceList,
    /// How failed downloads look to their client.
    pub download_errors: DownloadErrors,
    /// What their client gets for call records of which there are none.
    pub empty_calls: EmptyCalls,
}

/// What may change about a person, as typed; `None` keeps.
#[derive(Debug, Clone, Default)]
pub struct PersonToChange {
    /// The name of another role.
    pub role: Option<String>,
    /// Another password.
    pub password: Option<Secret>,
    /// Other addresses.
    pub source: Option<SourceList>,
    /// Another look of failed downloads.
    pub download_errors: Option<DownloadErrors>,
    /// Something else for call records of which there are none.
    pub empty_calls: Option<EmptyCalls>,
    /// Whether they cannot log in.
    pub disabled: Option<bool>,
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
    sessions: OnceLock<Arc<Sessions>>,
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
    pub(crate) fn on_revocation(&self, sessions: Arc<Sessions>) {
        // A second call would be a mistake in wiring; the first one stays.
        let _ = self.sessions.set(sessions);
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

    fn forget_cached(&self) {
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        *cache = Cache { generation: cache.generation + 1, ..Cache::default() };
    }

    /// Adds a customer; below another one unless the whole installation is within reach.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (parent), [`Error::Invalid`] (`name`, `timezone`, `serial`,
    /// `device_name`, `largest_message_bytes`, `total_message_bytes`, `id`), [`Error::Conflict`] (`id`).
    pub async fn add_customer(&self, principal: &Principal, customer: CustomerToAdd) -> Result<CustomerId> {
        self.gate.privilege(principal, Kind::Customer, Verb::Administer)?;
        if principal.reach < Reach::Subtree {
            return Err(Error::RoleForbids);
        }
        let parent = match (customer.parent, principal.reach) {
            (None, Reach::System) => None,
            (parent, _) => {
                Some(self.gate.customer(principal, Kind::Customer, Verb::Administer, parent).await?.id())
            }
        };
        own_number(principal, customer.id.map(|id| id.0))?;
        let new = NewCustomer {
            id: customer.id,
            parent,
            name: title("name", &customer.name)?,
            timezone: zone(customer.timezone.as_deref().unwrap_or("UTC"))?,
            serial: serial(&customer.serial)?,
            device_name: device_name(&customer.device_name)?,
            plan: plan(customer.plan)?,
            created_at: self.clock.now(),
        };
        Ok(self.catalog.add_customer(new).await?)
    }

    /// Changes a customer. Disabling one closes every door to its people and to those of the customers below it. The plan is
    /// changed from above: by who reaches the whole installation, or the customer from its reseller's. What a changed plan
    /// does not allow any more stays.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`], [`Error::Invalid`] (`name`, `timezone`, `serial`, `device_name`,
    /// `largest_message_bytes`, `total_message_bytes`, `disabled`).
    pub async fn change_customer(
        &self,
        principal: &Principal,
        id: CustomerId,
        mut change: CustomerChange,
    ) -> Result<()> {
        let customer = self.gate.customer(principal, Kind::Customer, Verb::Change, Some(id)).await?;
        if let Some(name) = &change.name {
            change.name = Some(title("name", name)?);
        }
        if let Some(timezone) = &change.timezone {
            change.timezone = Some(zone(timezone)?);
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
        self.catalog.change_customer(customer.id(), change).await?;
        self.forget_cached();
        Ok(())
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

    /// Adds a person. Nobody can give a role that may or reaches more than their own.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer), [`Error::Invalid`] (`username`, `role`, `password`),
    /// [`Error::Conflict`] (`username`), [`Error::Busy`].
    pub async fn add_person(&self, principal: &Principal, person: PersonToAdd) -> Result<PersonId> {
        let customer = self.gate.customer(principal, Kind::Person, Verb::Administer, person.customer).await?;
        let username = checked_username(&person.username)?;
        let role = self.assignable_role(principal, &person.role).await?;
        let password = checked_password(&person.password)?;
        if self.catalog.account_named(&username.to_lowercase()).await?.is_some() {
            // Said before the hash is made; the catalog's own check decides when two come at once.
            return Err(Error::Conflict { field: "username", reason: "is in use already".to_owned() });
        }
        let password_hash = self.passwords.hash(&password).await.map_err(|_| Error::Busy)?;
        let new = NewPerson {
            customer: customer.id(),
            username,
            role,
            password_hash,
            source: person.source,
            download_errors: person.download_errors,
            empty_calls: person.empty_calls,
            created_at: self.clock.now(),
        };
        let id = self.catalog.add_person(new).await?;
        self.forget_cached();
        Ok(id)
    }

    /// Changes a person. A new password or `disabled` ends their sessions.
    ///
    /// # Errors
    /// As [`Accounts::add_person`].
    pub async fn change_person(
        &self,
        principal: &Principal,
        id: PersonId,
        change: PersonToChange,
    ) -> Result<()> {
        self.person_for(principal, id, Verb::Change).await?;
        let mut row = PersonChange {
            source: change.source,
            download_errors: change.download_errors,
            empty_calls: change.empty_calls,
            disabled: change.disabled,
            ..PersonChange::default()
        };
        if let Some(role) = &change.role {
            row.role = Some(self.assignable_role(principal, role).await?);
        }
        if let Some(password) = &change.password {
            let password = checked_password(password)?;
            row.password_hash = Some(self.passwords.hash(&password).await.map_err(|_| Error::Busy)?);
        }
        let ends_sessions = row.password_hash.is_some() || row.disabled == Some(true);
        self.catalog.change_person(id, row).await?;
        self.forget_cached();
        if ends_sessions && let Some(sessions) = self.sessions.get() {
            sessions.forget_person(id);
        }
        Ok(())
    }

    /// One person.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`].
    pub async fn person(&self, principal: &Principal, id: PersonId) -> Result<Person> {
        self.person_for(principal, id, Verb::See).await
    }

    /// The person of this name.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`].
    pub async fn person_named(&self, principal: &Principal, username: &str) -> Result<Person> {
        self.gate.privilege(principal, Kind::Person, Verb::See)?;
        match self.catalog.account_named(&username.to_lowercase()).await? {
            Some(account) => self.person_for(principal, account.person.id, Verb::See).await,
            None => Err(Error::NotFound { what: "person" }),
        }
    }

    /// The people of a customer, by number.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer).
    pub async fn people(
        &self,
        principal: &Principal,
        customer: Option<CustomerId>,
        page: PageRequest<PersonId>,
    ) -> Result<Vec<Person>> {
        let customer = self.gate.customer(principal, Kind::Person, Verb::See, customer).await?;
        Ok(self.catalog.people(&customer, page).await?)
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

    async fn person_for(&self, principal: &Principal, id: PersonId, verb: Verb) -> Result<Person> {
        self.gate.privilege(principal, Kind::Person, verb)?;
        let missing = || Error::NotFound { what: "person" };
        let account = self.catalog.account(id).await?.ok_or_else(missing)?;
        match self.gate.customer(principal, Kind::Person, verb, Some(account.person.customer)).await {
            Ok(_) => {}
            Err(Error::NotFound { .. }) => return Err(missing()),
            Err(other) => return Err(other),
        }
        if verb != Verb::See && !within_rights(principal, &account.role) {
            return Err(Error::RoleForbids);
        }
        Ok(account.person)
    }

    async fn assignable_role(&self, principal: &Principal, name: &str) -> Result<RoleId> {
        let roles = self.catalog.roles().await?;
        let Some(role) = roles.iter().find(|role| role.name.eq_ignore_ascii_case(name.trim())) else {
            let names: Vec<_> = roles.iter().map(|role| role.name.as_str()).collect();
            return Err(Error::invalid(
                "role",
                format!("there is no such role; there are: {}", names.join(", ")),
            ));
        };
        if within_rights(principal, role) { Ok(role.id) } else { Err(Error::RoleForbids) }
    }
}

/// Whether the role may and reaches no more than the principal. `yeastar_api` only opens a door to rights that are
/// counted anyway, so administrators can make connectors' accounts.
fn within_rights(principal: &Principal, role: &Role) -> bool {
    use crate::role::Privilege::YeastarApi;
    principal.privileges.covers(role.privileges.without(YeastarApi)) && role.reach <= principal.reach
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

fn checked_username(text: &str) -> Result<String> {
    let username = title("username", text)?;
    if username.contains(char::is_whitespace) {
        return Err(Error::invalid("username", "must not hold blanks"));
    }
    Ok(username)
}

fn checked_password(password: &Secret) -> Result<PasswordMd5> {
    let length = password.reveal().chars().count();
    if !(8..=256).contains(&length) {
        return Err(Error::invalid("password", "must have 8 to 256 characters"));
    }
    Ok(PasswordMd5::of_password(password))
}
