//! Hunt groups.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::hunt_group::{HuntGroup, HuntGroupChange, NewHuntGroup};
use crate::id::{CustomerId, HuntGroupId, PersonId};
use crate::listen::Action;
use crate::page::PageRequest;
use crate::port::catalog::Catalog;
use crate::port::clock::Clock;
use crate::service::Ports;
use crate::service::field::{own_number, title};
use crate::service::intake::Intake;
use crate::service::messages;
use crate::service::playback::Playback;

/// The use cases of hunt groups.
pub struct HuntGroups {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    gate: Arc<Gate>,
    intake: Arc<Intake>,
    playback: Arc<Playback>,
}

impl HuntGroups {
    pub(crate) fn new(ports: &Ports, gate: Arc<Gate>, intake: Arc<Intake>, playback: Arc<Playback>) -> Self {
        Self { catalog: ports.catalog.clone(), clock: ports.clock.clone(), gate, intake, playback }
    }

    /// Adds one.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer, owner), [`Error::Invalid`] (`name`, `id`),
    /// [`Error::PlanForbids`], [`Error::Conflict`] (`id`).
    pub async fn add(
        &self,
        principal: &Principal,
        id: Option<HuntGroupId>,
        customer: Option<CustomerId>,
        name: &str,
        owner: Option<PersonId>,
    ) -> Result<HuntGroupId> {
        let customer = self.gate.customer(principal, Kind::HuntGroup, Verb::Administer, customer).await?;
        own_number(principal, id.map(|id| id.0))?;
        let name = title("name", name)?;
        let created_at = self.clock.now();
        let new = NewHuntGroup { id, customer: customer.id(), name, owner, created_at };
        Ok(self.catalog.add_hunt_group(new).await?)
    }

    /// Changes one.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (hunt group, owner), [`Error::Invalid`] (`name`).
    pub async fn change(
        &self,
        principal: &Principal,
        id: HuntGroupId,
        mut change: HuntGroupChange,
    ) -> Result<()> {
        let hunt_group = self.find(principal, Verb::Change, id).await?;
        if let Some(name) = &change.name {
            change.name = Some(title("name", name)?);
        }
        Ok(self.catalog.change_hunt_group(hunt_group.id, change).await?)
    }

    /// One hunt group, for a verb.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`].
    pub async fn find(&self, principal: &Principal, verb: Verb, id: HuntGroupId) -> Result<HuntGroup> {
        let within = self.gate.within(principal, Kind::HuntGroup, verb)?;
        let found = self.catalog.hunt_group(&within, id).await?;
        let hunt_group = found.ok_or(Error::NotFound { what: "hunt group" })?;
        self.gate.hunt_group(principal, Kind::HuntGroup, verb, &hunt_group)?;
        Ok(hunt_group)
    }

    /// The hunt groups of a customer that the principal may see, by number.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer).
    pub async fn list(
        &self,
        principal: &Principal,
        customer: Option<CustomerId>,
        page: PageRequest<HuntGroupId>,
    ) -> Result<Vec<HuntGroup>> {
        let customer = self.gate.customer(principal, Kind::HuntGroup, Verb::See, customer).await?;
        let mut page = page;
        let limit = page.limit as usize;
        let mut visible = Vec::new();
        // Rows of other owners are passed over, so that a page is full unless the list ends.
        loop {
            let rows = self.catalog.hunt_groups(&customer, page.clone()).await?;
            let end = rows.len() < limit;
            page.after = rows.last().map(|row| row.id);
            let may_see =
                |row: &HuntGroup| self.gate.hunt_group(principal, Kind::HuntGroup, Verb::See, row).is_ok();
            visible.extend(rows.into_iter().filter(may_see));
            if end || visible.len() >= limit {
                visible.truncate(limit);
                return Ok(visible);
            }
        }
    }

    /// Removes one with the messages of all its levels.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`], [`Error::Unlogged`].
    pub async fn remove(&self, principal: &Principal, id: HuntGroupId) -> Result<()> {
        let hunt_group = self.find(principal, Verb::Delete, id).await?;
        for message in self.catalog.message_versions(id, None).await? {
            let subject = messages::subject(&hunt_group, &message);
            self.playback.note(principal, Action::Delete, &subject, &message.audio).await?;
        }
        let discarded = self.catalog.remove_hunt_group(hunt_group.id, self.clock.now()).await?;
        self.intake.discard(discarded).await;
        Ok(())
    }
}
