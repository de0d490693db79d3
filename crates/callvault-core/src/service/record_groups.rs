//! Record groups.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::gate::{Gate, InCustomer, Kind, Principal, Verb};
use crate::id::{CustomerId, PersonId, RecordGroupId};
use crate::page::PageRequest;
use crate::port::catalog::{Catalog, CatalogError, RecordGroupWork, Trial};
use crate::port::clock::Clock;
use crate::record_group::{
    MOST_BEEP_SECONDS, MOST_RETENTION_DAYS, NewRecordGroup, RecordGroup, RecordGroupChange,
    RecordGroupSettings, RecordGroupSettingsChange,
};
use crate::service::Ports;
use crate::service::field::{MOST_DESCRIPTION, own_number, text, title};
use crate::service::visible::visible_page;

/// The most characters of the e-mail addresses of a record group.
const MOST_EMAIL: usize = 1000;

const MISSING: Error = Error::NotFound { what: "record group" };

/// A record group to add, as typed.
#[derive(Debug, Clone, Default)]
pub struct RecordGroupToAdd {
    /// A number of one's own; the next free one otherwise.
    pub id: Option<RecordGroupId>,
    /// Its customer; the caller's own otherwise.
    pub customer: Option<CustomerId>,
    /// See [`RecordGroup::name`].
    pub name: String,
    /// See [`RecordGroup::owner`].
    pub owner: Option<PersonId>,
    /// What differs from [`RecordGroupSettings::default`].
    pub settings: RecordGroupSettingsChange,
}

/// The use cases of record groups.
pub struct RecordGroups {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    gate: Arc<Gate>,
}

impl RecordGroups {
    pub(crate) fn new(ports: &Ports, gate: Arc<Gate>) -> Self {
        Self { catalog: ports.catalog.clone(), clock: ports.clock.clone(), gate }
    }

    /// Adds one.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer, owner), [`Error::Invalid`] (`name`, `id`, a setting),
    /// [`Error::PlanForbids`], [`Error::Conflict`] (`id`).
    pub async fn add(&self, principal: &Principal, new: RecordGroupToAdd) -> Result<RecordGroupId> {
        let new = self.prepared(principal, new).await?;
        Ok(self.catalog.add_record_group(new).await?)
    }

    /// Fails as [`RecordGroups::add`] would, and adds nothing.
    ///
    /// # Errors
    /// Those of [`RecordGroups::add`].
    pub async fn try_add(&self, principal: &Principal, new: RecordGroupToAdd) -> Result<()> {
        let new = self.prepared(principal, new).await?;
        Ok(self.catalog.try_out(Trial::RecordGroup(RecordGroupWork::Add(new))).await?)
    }

    async fn prepared(&self, principal: &Principal, new: RecordGroupToAdd) -> Result<NewRecordGroup> {
        let RecordGroupToAdd { id, customer, name, owner, settings } = new;
        self.gate.privilege(principal, Kind::RecordGroup, Verb::Administer)?;
        own_number(principal, id.map(|id| id.0))?;
        let name = title("name", &name)?;
        let settings = RecordGroupSettings::default().changed(settings);
        check(&settings)?;
        let customer = self.gate.customer(principal, Kind::RecordGroup, Verb::Administer, customer).await?;
        if let Some(owner) = owner {
            self.gate.owner(principal, owner)?;
        }
        Ok(NewRecordGroup {
            id,
            customer: customer.id(),
            name,
            owner,
            settings,
            created_at: self.clock.now(),
        })
    }

    /// Changes one.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (record group, owner), [`Error::Invalid`] (`name`, a setting),
    /// [`Error::PlanForbids`].
    pub async fn change(
        &self,
        principal: &Principal,
        id: RecordGroupId,
        change: RecordGroupChange,
    ) -> Result<()> {
        let change = self.fitting(principal, id, change).await?;
        Ok(self.catalog.change_record_group(id, change).await?)
    }

    /// Fails as [`RecordGroups::change`] would, and changes nothing.
    ///
    /// # Errors
    /// Those of [`RecordGroups::change`].
    pub async fn try_change(
        &self,
        principal: &Principal,
        id: RecordGroupId,
        change: RecordGroupChange,
    ) -> Result<()> {
        let change = self.fitting(principal, id, change).await?;
        Ok(self.catalog.try_out(Trial::RecordGroup(RecordGroupWork::Change(id, change))).await?)
    }

    async fn fitting(
        &self,
        principal: &Principal,
        id: RecordGroupId,
        mut change: RecordGroupChange,
    ) -> Result<RecordGroupChange> {
        self.gate.privilege(principal, Kind::RecordGroup, Verb::Change)?;
        if let Some(name) = &change.name {
            change.name = Some(title("name", name)?);
        }
        check(&RecordGroupSettings::default().changed(change.settings.clone()))?;
        let group = self.find(principal, Verb::Change, id).await?;
        if change.owner == Some(group.owner) {
            change.owner = None;
        }
        if let Some(Some(owner)) = change.owner {
            self.gate.owner(principal, owner)?;
        }
        Ok(change)
    }

    /// One record group, for a verb.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`].
    pub async fn find(&self, principal: &Principal, verb: Verb, id: RecordGroupId) -> Result<RecordGroup> {
        self.find_for(principal, Kind::RecordGroup, verb, id).await
    }

    /// One, to do something to it or to what is in it.
    pub(crate) async fn find_for(
        &self,
        principal: &Principal,
        kind: Kind,
        verb: Verb,
        id: RecordGroupId,
    ) -> Result<RecordGroup> {
        let within = self.gate.within(principal, kind, verb)?;
        let group = self.catalog.record_group(&within, id).await?.ok_or(MISSING)?;
        match self.gate.owned(principal, kind, verb, group.owner) {
            Err(Error::NotFound { .. }) => Err(MISSING),
            other => other.map(|()| group),
        }
    }

    /// Whether the principal may have other things refer to a record group: whether they see it.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub(crate) async fn referable(&self, principal: &Principal, id: RecordGroupId) -> Result<()> {
        match self.find(principal, Verb::See, id).await {
            // Without the privilege nothing is visible, and the role allows what is done with the reference.
            Err(Error::RoleForbids) => Err(MISSING),
            other => other.map(drop),
        }
    }

    /// One that the principal sees, of this customer.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub(crate) async fn in_customer(
        &self,
        principal: &Principal,
        customer: InCustomer,
        id: RecordGroupId,
    ) -> Result<RecordGroup> {
        let group = self.find(principal, Verb::See, id).await?;
        if group.customer == customer.id() { Ok(group) } else { Err(MISSING) }
    }

    /// The same, if it keeps what is put into it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Conflict`] (`record_group`).
    pub(crate) async fn open_to(
        &self,
        principal: &Principal,
        customer: InCustomer,
        id: RecordGroupId,
    ) -> Result<()> {
        let group = self.in_customer(principal, customer, id).await?;
        match group.settings.retention_days {
            0 => Err(CatalogError::KeepsNothing { record_group: id }.into()),
            _ => Ok(()),
        }
    }

    /// The record groups of a customer that the principal may see, by number.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer).
    pub async fn list(
        &self,
        principal: &Principal,
        customer: Option<CustomerId>,
        page: PageRequest<RecordGroupId>,
    ) -> Result<Vec<RecordGroup>> {
        let customer = self.gate.customer(principal, Kind::RecordGroup, Verb::See, customer).await?;
        let read = |page| self.catalog.record_groups(&customer, page);
        let may_see =
            |row: &RecordGroup| self.gate.owned(principal, Kind::RecordGroup, Verb::See, row.owner).is_ok();
        visible_page(page, read, |row| row.id, may_see).await
    }

    /// Removes one that has no recordings.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`], [`Error::Conflict`] (`id`: it has recordings).
    pub async fn remove(&self, principal: &Principal, id: RecordGroupId) -> Result<()> {
        self.find(principal, Verb::Delete, id).await?;
        Ok(self.catalog.remove_record_group(id).await?)
    }
}

fn check(settings: &RecordGroupSettings) -> Result<()> {
    text("description", &settings.description, MOST_DESCRIPTION)?;
    text("email", &settings.email, MOST_EMAIL)?;
    if settings.retention_days > MOST_RETENTION_DAYS {
        return Err(Error::invalid("retention_days", "must be an integer from 0 to 36500"));
    }
    if settings.fraction_percent > 100 {
        return Err(Error::invalid("fraction_percent", "must be an integer from 0 to 100"));
    }
    if settings.beep_seconds > MOST_BEEP_SECONDS {
        return Err(Error::invalid("beep_seconds", "must be an integer from 0 to 3600"));
    }
    Ok(())
}
