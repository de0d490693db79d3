//! The destinations of hunt groups.

use std::sync::Arc;

use crate::destination::{Destination, DestinationChange, DestinationKind, NewDestination};
use crate::error::{Error, Result};
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::hunt_group::Level;
use crate::id::{DestinationId, HuntGroupId};
use crate::page::PageRequest;
use crate::port::catalog::{Catalog, OwnedDestination, Trial};
use crate::service::field::{MOST_CALLER_ID, MOST_DESCRIPTION, MOST_NUMBER, own_number, text};
use crate::service::visible::visible_page;
use crate::service::{Ports, hunt_groups};

/// The use cases of destinations.
pub struct Destinations {
    catalog: Arc<dyn Catalog>,
    gate: Arc<Gate>,
}

impl Destinations {
    pub(crate) fn new(ports: &Ports, gate: Arc<Gate>) -> Self {
        Self { catalog: ports.catalog.clone(), gate }
    }

    /// Adds one.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (hunt group), [`Error::Invalid`], [`Error::PlanForbids`],
    /// [`Error::Conflict`] (`id`).
    pub async fn add(&self, principal: &Principal, new: NewDestination) -> Result<DestinationId> {
        self.check_new(principal, &new).await?;
        Ok(self.catalog.add_destination(new).await?)
    }

    /// Fails as [`Destinations::add`] would, and adds nothing.
    ///
    /// # Errors
    /// Those of [`Destinations::add`].
    pub async fn try_add(&self, principal: &Principal, new: NewDestination) -> Result<()> {
        self.check_new(principal, &new).await?;
        Ok(self.catalog.try_out(Trial::AddDestination(new)).await?)
    }

    async fn check_new(&self, principal: &Principal, new: &NewDestination) -> Result<()> {
        own_number(principal, new.id.map(|id| id.0))?;
        let details = &new.details;
        check(&DestinationChange {
            number: Some(details.number.clone()),
            append_caller_id: Some(details.append_caller_id.clone()),
            description: Some(details.description.clone()),
            ..DestinationChange::default()
        })?;
        self.hunt_group(principal, Verb::Change, new.hunt_group).await?;
        Ok(())
    }

    /// Changes one.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (destination), [`Error::Invalid`], [`Error::PlanForbids`].
    pub async fn change(
        &self,
        principal: &Principal,
        id: DestinationId,
        change: DestinationChange,
    ) -> Result<()> {
        check(&change)?;
        self.find(principal, Verb::Change, id).await?;
        Ok(self.catalog.change_destination(id, change).await?)
    }

    /// Fails as [`Destinations::change`] would, and changes nothing.
    ///
    /// # Errors
    /// Those of [`Destinations::change`].
    pub async fn try_change(
        &self,
        principal: &Principal,
        id: DestinationId,
        change: DestinationChange,
    ) -> Result<()> {
        check(&change)?;
        self.find(principal, Verb::Change, id).await?;
        Ok(self.catalog.try_out(Trial::ChangeDestination(id, change)).await?)
    }

    /// One destination, for a verb: whoever may do it to its hunt group.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (destination).
    pub async fn find(&self, principal: &Principal, verb: Verb, id: DestinationId) -> Result<Destination> {
        let within = self.gate.within(principal, Kind::Destination, verb)?;
        let missing = || Error::NotFound { what: "destination" };
        let (destination, owner) = self.catalog.destination(&within, id).await?.ok_or_else(missing)?;
        match self.gate.owned(principal, Kind::Destination, verb, owner) {
            Err(Error::NotFound { .. }) => Err(missing()),
            other => other.map(|()| destination),
        }
    }

    /// The first destination with a number on a level.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (destination; also where the hunt group is not visible).
    pub async fn find_on_level(
        &self,
        principal: &Principal,
        (hunt_group, level): (HuntGroupId, Level),
        kind: DestinationKind,
        number: &str,
    ) -> Result<Destination> {
        let missing = || Error::NotFound { what: "destination" };
        match self.hunt_group(principal, Verb::See, hunt_group).await {
            Err(Error::NotFound { .. }) => return Err(missing()),
            other => other?,
        };
        let found = self.catalog.destination_on_level(hunt_group, level, kind, number).await?;
        found.ok_or_else(missing)
    }

    /// The destinations of a hunt group, by number.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (hunt group).
    pub async fn list(
        &self,
        principal: &Principal,
        hunt_group: HuntGroupId,
        page: PageRequest<DestinationId>,
    ) -> Result<Vec<Destination>> {
        self.hunt_group(principal, Verb::See, hunt_group).await?;
        Ok(self.catalog.destinations(hunt_group, page).await?)
    }

    /// The destinations with a number, in whatever hunt group the principal may see, by their own number.
    ///
    /// # Errors
    /// [`Error::RoleForbids`].
    pub async fn with_number(
        &self,
        principal: &Principal,
        kind: DestinationKind,
        number: &str,
        page: PageRequest<DestinationId>,
    ) -> Result<Vec<Destination>> {
        let within = self.gate.within(principal, Kind::Destination, Verb::See)?;
        let read = |page| self.catalog.destinations_with_number(&within, kind, number, page);
        let may_see = |(_, owner): &OwnedDestination| {
            self.gate.owned(principal, Kind::Destination, Verb::See, *owner).is_ok()
        };
        let visible = visible_page(page, read, |(row, _)| row.id, may_see).await?;
        Ok(visible.into_iter().map(|(row, _)| row).collect())
    }

    /// Removes one.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (destination).
    pub async fn remove(&self, principal: &Principal, id: DestinationId) -> Result<()> {
        self.find(principal, Verb::Delete, id).await?;
        Ok(self.catalog.remove_destination(id).await?)
    }

    async fn hunt_group(&self, principal: &Principal, verb: Verb, id: HuntGroupId) -> Result<()> {
        let catalog = self.catalog.as_ref();
        hunt_groups::find_for(catalog, &self.gate, principal, Kind::Destination, verb, id).await.map(drop)
    }
}

fn check(change: &DestinationChange) -> Result<()> {
    if let Some(number) = &change.number {
        text("number", number, MOST_NUMBER)?;
        if number.is_empty() {
            return Err(Error::invalid("number", "must not be empty"));
        }
    }
    text("append_callerid", change.append_caller_id.as_deref().unwrap_or_default(), MOST_CALLER_ID)?;
    text("description", change.description.as_deref().unwrap_or_default(), MOST_DESCRIPTION)
}
