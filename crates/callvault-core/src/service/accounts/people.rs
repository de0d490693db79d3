//! People: adding, changing, finding and removing them.
//!
//! Promises: nobody gives a role that may or reaches more than their own, nor changes, copies the password of, or removes
//! somebody who has one; who is no administrator changes nothing but their own password and profile.

use super::{Accounts, within_rights};
use crate::address::SourceList;
use crate::error::{Error, Result};
use crate::gate::{Kind, Principal, Verb};
use crate::id::{CustomerId, PersonId, RoleId};
use crate::page::PageRequest;
use crate::person::profile::{PeopleSlice, Profile, ProfileChange, Profiled};
use crate::person::{Account, DownloadErrors, EmptyCalls, NewPerson, PasswordHash, Person, PersonChange};
use crate::port::catalog::Trial;
use crate::role::{Privilege, Reach};
use crate::secret::{PasswordMd5, Secret};
use crate::service::field::title;

/// A role as it is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleChoice {
    /// By its name, without regard to case.
    Name(String),
    /// By its number.
    Id(RoleId),
}

/// The password of a new person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewPassword {
    /// At least 8 characters.
    Given(Secret),
    /// That of another person of the same customer.
    CopiedFrom(PersonId),
}

/// A person to add, as typed.
#[derive(Debug, Clone)]
pub struct PersonToAdd {
    /// Their customer; the caller's own otherwise.
    pub customer: Option<CustomerId>,
    /// 1 to 100 characters without blanks, of which the first is no square bracket.
    pub username: String,
    /// Their role.
    pub role: RoleChoice,
    /// Their password.
    pub password: NewPassword,
    /// Where they may come from.
    pub source: SourceList,
    /// How failed downloads look to their client.
    pub download_errors: DownloadErrors,
    /// What their client gets for call records of which there are none.
    pub empty_calls: EmptyCalls,
    /// What differs from an empty profile.
    pub profile: ProfileChange,
}

/// What may change about a person, as typed; `None` keeps.
#[derive(Debug, Clone, Default)]
pub struct PersonToChange {
    /// Another name.
    pub username: Option<String>,
    /// Another role.
    pub role: Option<RoleChoice>,
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
    /// What changes of their profile.
    pub profile: ProfileChange,
}

impl Accounts {
    /// Adds a person.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer, role, or the person to copy the password from, `copied person`),
    /// [`Error::Invalid`] (`username`, `role`, `password`, a part of the profile), [`Error::PlanForbids`], [`Error::Conflict`]
    /// (`username`), [`Error::Busy`].
    pub async fn add_person(&self, principal: &Principal, person: PersonToAdd) -> Result<PersonId> {
        let (mut new, password) = self.prepared_person(principal, person).await?;
        if let Some(password) = password {
            new.password_hash = self.passwords.hash(&password).await.map_err(|_| Error::Busy)?;
        }
        let id = self.catalog.add_person(new).await?;
        self.forget_cached();
        Ok(id)
    }

    /// Fails as [`Accounts::add_person`] would, and adds nobody.
    ///
    /// # Errors
    /// Those of [`Accounts::add_person`].
    pub async fn try_add_person(&self, principal: &Principal, person: PersonToAdd) -> Result<()> {
        // What is taken back needs no hash, which is dear.
        let (new, _) = self.prepared_person(principal, person).await?;
        Ok(self.catalog.try_out(Trial::AddPerson(Box::new(new))).await?)
    }

    /// The person without their hash, and the password of which it is to be made, unless it is a copy.
    async fn prepared_person(
        &self,
        principal: &Principal,
        person: PersonToAdd,
    ) -> Result<(NewPerson, Option<PasswordMd5>)> {
        let customer = self.gate.customer(principal, Kind::Person, Verb::Administer, person.customer).await?;
        let username = checked_username(&person.username)?;
        let role = self.assignable_role(principal, &person.role).await?;
        let profile = Profile::default().changed(person.profile.checked()?);
        let (password_hash, password) = match &person.password {
            NewPassword::Given(password) => (PasswordHash::new(""), Some(checked_password(password)?)),
            NewPassword::CopiedFrom(id) => (self.copied_hash(principal, customer.id(), *id).await?, None),
        };
        if self.catalog.account_named(&username.to_lowercase()).await?.is_some() {
            // Said before the hash is made; the catalog's own check decides when two come at once.
            return Err(Error::Conflict { field: "username", reason: "is in use already".to_owned() });
        }
        let new = NewPerson {
            customer: customer.id(),
            username,
            role,
            password_hash,
            source: person.source,
            download_errors: person.download_errors,
            empty_calls: person.empty_calls,
            profile,
            created_at: self.clock.now(),
        };
        Ok((new, password))
    }

    /// Whoever knew the password of somebody with more rights would have them at the new account's door too, so a copy needs
    /// the same rights as a change.
    async fn copied_hash(
        &self,
        principal: &Principal,
        customer: CustomerId,
        id: PersonId,
    ) -> Result<PasswordHash> {
        let missing = || Error::NotFound { what: "copied person" };
        let account = match self.account_for(principal, id, Verb::Change).await {
            Ok(account) if account.person.customer == customer => account,
            Ok(_) | Err(Error::NotFound { .. }) => return Err(missing()),
            Err(other) => return Err(other),
        };
        Ok(account.person.password_hash)
    }

    /// Changes a person. A new password or `disabled` ends their sessions. Who is no administrator changes their own profile
    /// and password, and may say what else is so already.
    ///
    /// # Errors
    /// As [`Accounts::add_person`], and [`Error::Conflict`] (`disabled`, `role`: the last system owner).
    pub async fn change_person(
        &self,
        principal: &Principal,
        id: PersonId,
        change: PersonToChange,
    ) -> Result<()> {
        let (mut row, password) = self.fitting_person(principal, id, change).await?;
        if let Some(password) = password {
            row.password_hash = Some(self.passwords.hash(&password).await.map_err(|_| Error::Busy)?);
        }
        let ends_sessions = row.password_hash.is_some() || row.disabled == Some(true);
        self.catalog.change_person(id, row).await?;
        if ends_sessions {
            self.ended_sessions(id);
        } else {
            self.changed_person();
        }
        Ok(())
    }

    /// Fails as [`Accounts::change_person`] would, and changes nothing.
    ///
    /// # Errors
    /// Those of [`Accounts::change_person`].
    pub async fn try_change_person(
        &self,
        principal: &Principal,
        id: PersonId,
        change: PersonToChange,
    ) -> Result<()> {
        let (mut row, password) = self.fitting_person(principal, id, change).await?;
        // Any hash will do for what is taken back.
        row.password_hash = password.map(|_| PasswordHash::new(""));
        Ok(self.catalog.try_out(Trial::ChangePerson(id, Box::new(row))).await?)
    }

    /// The change without a new hash, and the password of which it is to be made.
    async fn fitting_person(
        &self,
        principal: &Principal,
        id: PersonId,
        change: PersonToChange,
    ) -> Result<(PersonChange, Option<PasswordMd5>)> {
        let account = self.account_for(principal, id, Verb::Change).await?;
        let mut row = PersonChange {
            source: change.source,
            download_errors: change.download_errors,
            empty_calls: change.empty_calls,
            disabled: change.disabled,
            profile: change.profile.checked()?,
            ..PersonChange::default()
        };
        // The name that they have stays, also where nobody could choose it.
        let other_name = change.username.as_deref().filter(|name| *name != account.person.username);
        row.username = other_name.map(checked_username).transpose()?;
        let password = change.password.as_ref().map(checked_password).transpose()?;
        if password.is_some() && row.username.is_none() && is_of_customer(&account.person.username) {
            // Whoever had it could be them without a switch on record.
            return Err(Error::invalid(
                "password",
                "nobody has that of a customer's own person; switch to them",
            ));
        }
        if principal.privileges.has(Privilege::Administrator) {
            if let Some(role) = &change.role {
                row.role = Some(self.assignable_role(principal, role).await?);
            }
        } else {
            keep_to_own(&account, &mut row, change.role.as_ref())?;
        }
        Ok((row, password))
    }

    /// One person with their profile.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`].
    pub async fn person(&self, principal: &Principal, id: PersonId) -> Result<Profiled> {
        self.account_for(principal, id, Verb::See).await?;
        self.catalog.profile(id).await?.ok_or_else(missing)
    }

    /// The person of this name.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`].
    pub async fn person_named(&self, principal: &Principal, username: &str) -> Result<Profiled> {
        self.gate.privilege(principal, Kind::Person, Verb::See)?;
        match self.catalog.account_named(&username.to_lowercase()).await? {
            Some(account) => self.person(principal, account.person.id).await,
            None => Err(missing()),
        }
    }

    /// The person with this e-mail address among those whom the caller may see.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`], [`Error::Conflict`] (`email`: several have it).
    pub async fn person_with_email(&self, principal: &Principal, email: &str) -> Result<Profiled> {
        let within = self.gate.within(principal, Kind::Person, Verb::See)?;
        if sees_self_alone(principal) {
            let own = self.own_profile(principal).await?;
            let is_theirs = !email.is_empty() && same_name(email, &own.profile.email);
            return if is_theirs { Ok(own) } else { Err(missing()) };
        }
        match *self.catalog.people_with_email(&within, email).await? {
            [] => Err(missing()),
            [id] => self.person(principal, id).await,
            _ => {
                let reason = "several people have this e-mail address".to_owned();
                Err(Error::Conflict { field: "email", reason })
            }
        }
    }

    /// The people of a customer, by number. Who sees nobody else finds themself.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer).
    pub async fn people(
        &self,
        principal: &Principal,
        customer: Option<CustomerId>,
        page: PageRequest<PersonId>,
    ) -> Result<Vec<Profiled>> {
        if let Some(own) = self.alone(principal, customer).await? {
            let is_behind = page.after.is_none_or(|after| own.person.id > after);
            return Ok(if is_behind { vec![own] } else { Vec::new() });
        }
        let customer = self.gate.customer(principal, Kind::Person, Verb::See, customer).await?;
        Ok(self.catalog.profiles(&customer, page).await?)
    }

    /// A slice of the people of a customer. Who sees nobody else finds themself.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer).
    pub async fn sorted_people(
        &self,
        principal: &Principal,
        customer: Option<CustomerId>,
        slice: PeopleSlice,
    ) -> Result<Vec<Profiled>> {
        if let Some(own) = self.alone(principal, customer).await? {
            let is_first = slice.after.is_none() && slice.skip == 0;
            return Ok(if is_first { vec![own] } else { Vec::new() });
        }
        let customer = self.gate.customer(principal, Kind::Person, Verb::See, customer).await?;
        Ok(self.catalog.sorted_people(&customer, slice).await?)
    }

    /// How many people of a customer the caller may see.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer).
    pub async fn count_people(&self, principal: &Principal, customer: Option<CustomerId>) -> Result<u64> {
        if self.alone(principal, customer).await?.is_some() {
            return Ok(1);
        }
        let customer = self.gate.customer(principal, Kind::Person, Verb::See, customer).await?;
        Ok(self.catalog.count_people(&customer).await?)
    }

    /// Removes a person who owns nothing, and ends their sessions. Their number is never given again: the listen log goes on
    /// telling of them.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`], [`Error::Invalid`] (`id`: oneself), [`Error::Conflict`] (`id`: they own
    /// something, or are the last system owner who can log in).
    pub async fn remove_person(&self, principal: &Principal, id: PersonId) -> Result<()> {
        self.account_for(principal, id, Verb::Delete).await?;
        if principal.person == Some(id) {
            return Err(Error::invalid("id", "one cannot remove oneself"));
        }
        self.catalog.remove_person(id).await?;
        self.ended_sessions(id);
        Ok(())
    }

    /// The account, if the principal may do this to it: everybody owns themself, and what is owned is decided by
    /// [`crate::gate::Gate::owned`].
    async fn account_for(&self, principal: &Principal, id: PersonId, verb: Verb) -> Result<Account> {
        self.gate.privilege(principal, Kind::Person, verb)?;
        let account = self.catalog.account(id).await?.ok_or_else(missing)?;
        let unseen = |error| match error {
            Error::NotFound { .. } => missing(),
            other => other,
        };
        if principal.person != Some(id) {
            if principal.reach == Reach::Own {
                return Err(missing());
            }
            let customer = Some(account.person.customer);
            self.gate.customer(principal, Kind::Person, verb, customer).await.map_err(unseen)?;
        }
        self.gate.owned(principal, Kind::Person, verb, Some(id)).map_err(unseen)?;
        if verb != Verb::See && !within_rights(principal, &account.role) {
            return Err(Error::RoleForbids);
        }
        Ok(account)
    }

    /// The person, for an administrator who may do this to them.
    pub(crate) async fn person_for(&self, principal: &Principal, id: PersonId, verb: Verb) -> Result<Person> {
        let account = self.account_for(principal, id, verb).await?;
        if principal.privileges.has(Privilege::Administrator) {
            Ok(account.person)
        } else {
            Err(Error::RoleForbids)
        }
    }

    /// The caller, if they see nobody else.
    async fn alone(&self, principal: &Principal, customer: Option<CustomerId>) -> Result<Option<Profiled>> {
        self.gate.privilege(principal, Kind::Person, Verb::See)?;
        if !sees_self_alone(principal) {
            return Ok(None);
        }
        if customer.is_some() && customer != principal.customer {
            return Err(Error::NotFound { what: "customer" });
        }
        self.own_profile(principal).await.map(Some)
    }

    async fn own_profile(&self, principal: &Principal) -> Result<Profiled> {
        let id = principal.person.ok_or_else(missing)?;
        self.catalog.profile(id).await?.ok_or_else(missing)
    }

    async fn assignable_role(&self, principal: &Principal, choice: &RoleChoice) -> Result<RoleId> {
        let roles = self.catalog.roles().await?;
        let found = roles.iter().find(|role| match choice {
            RoleChoice::Name(name) => same_name(name, &role.name),
            RoleChoice::Id(id) => role.id == *id,
        });
        let Some(role) = found else {
            if matches!(choice, RoleChoice::Id(_)) {
                return Err(Error::NotFound { what: "role" });
            }
            let names: Vec<_> = roles.iter().map(|role| role.name.as_str()).collect();
            let reason = format!("there is no such role; there are: {}", names.join(", "));
            return Err(Error::invalid("role", reason));
        };
        if within_rights(principal, role) { Ok(role.id) } else { Err(Error::RoleForbids) }
    }
}

/// What a person may say of themself who is no administrator: of all but profile and password what is so already.
fn keep_to_own(account: &Account, row: &mut PersonChange, role: Option<&RoleChoice>) -> Result<()> {
    let Account { person, role: current, .. } = account;
    let same_role = match role {
        None => true,
        Some(RoleChoice::Id(id)) => *id == current.id,
        Some(RoleChoice::Name(name)) => same_name(name, &current.name),
    };
    let same = same_role
        && row.username.as_ref().is_none_or(|name| *name == person.username)
        && row.source.as_ref().is_none_or(|source| *source == person.source)
        && row.download_errors.is_none_or(|errors| errors == person.download_errors)
        && row.empty_calls.is_none_or(|calls| calls == person.empty_calls)
        && row.disabled.is_none_or(|disabled| disabled == person.disabled);
    if !same {
        return Err(Error::RoleForbids);
    }
    *row = PersonChange { profile: std::mem::take(&mut row.profile), ..PersonChange::default() };
    Ok(())
}

fn missing() -> Error {
    Error::NotFound { what: "person" }
}

fn sees_self_alone(principal: &Principal) -> bool {
    principal.reach == Reach::Own
}

fn same_name(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.to_lowercase()
}

fn checked_username(text: &str) -> Result<String> {
    let username = title("username", text)?;
    if username.contains(char::is_whitespace) {
        return Err(Error::invalid("username", "must not hold blanks"));
    }
    if is_of_customer(&username) {
        return Err(Error::invalid(
            "username",
            "must not begin with a square bracket, as those of customers do",
        ));
    }
    Ok(username)
}

/// Whether it is the name of a customer's pseudo-person, to whom others switch (`docs/enswitch.md` 79).
fn is_of_customer(username: &str) -> bool {
    username.starts_with('[')
}

fn checked_password(password: &Secret) -> Result<PasswordMd5> {
    let length = password.reveal().chars().count();
    if !(8..=256).contains(&length) {
        return Err(Error::invalid("password", "must have 8 to 256 characters"));
    }
    Ok(PasswordMd5::of_password(password))
}
