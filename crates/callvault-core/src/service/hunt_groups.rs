//! Hunt groups.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::hunt_group::settings::{Exit, HuntGroupSettings, HuntGroupSettingsChange, MOST_RING_SECONDS};
use crate::hunt_group::{HuntGroup, HuntGroupChange, NewHuntGroup};
use crate::id::{CustomerId, HuntGroupId, PersonId};
use crate::page::PageRequest;
use crate::port::catalog::{Catalog, Trial};
use crate::port::clock::Clock;
use crate::service::Ports;
use crate::service::deletions::Deletions;
use crate::service::field::{MOST_DESCRIPTION, MOST_NUMBER, own_number, text, title};
use crate::service::intake::Intake;
use crate::service::messages;
use crate::service::playback::Playback;
use crate::service::record_groups::RecordGroups;
use crate::service::visible::visible_page;

/// A hunt group to add, as typed.
#[derive(Debug, Clone, Default)]
pub struct HuntGroupToAdd {
    /// A number of one's own; the next free one otherwise.
    pub id: Option<HuntGroupId>,
    /// Its customer; the caller's own otherwise.
    pub customer: Option<CustomerId>,
    /// See [`HuntGroup::name`].
    pub name: String,
    /// See [`HuntGroup::owner`].
    pub owner: Option<PersonId>,
    /// What differs from [`HuntGroupSettings::default`].
    pub settings: HuntGroupSettingsChange,
}

/// The use cases of hunt groups.
pub struct HuntGroups {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    gate: Arc<Gate>,
    intake: Arc<Intake>,
    playback: Arc<Playback>,
    record_groups: Arc<RecordGroups>,
}

impl HuntGroups {
    pub(crate) fn new(
        ports: &Ports,
        gate: Arc<Gate>,
        intake: Arc<Intake>,
        playback: Arc<Playback>,
        record_groups: Arc<RecordGroups>,
    ) -> Self {
        let (catalog, clock) = (ports.catalog.clone(), ports.clock.clone());
        Self { catalog, clock, gate, intake, playback, record_groups }
    }

    /// Adds one.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer, owner, record group), [`Error::Invalid`] (`name`, `id`, a
    /// setting), [`Error::Contradicts`], [`Error::PlanForbids`], [`Error::Conflict`] (`id`).
    pub async fn add(&self, principal: &Principal, new: HuntGroupToAdd) -> Result<HuntGroupId> {
        let new = self.prepared(principal, new).await?;
        Ok(self.catalog.add_hunt_group(new).await?)
    }

    /// Fails as [`HuntGroups::add`] would, and adds nothing.
    ///
    /// # Errors
    /// Those of [`HuntGroups::add`].
    pub async fn try_add(&self, principal: &Principal, new: HuntGroupToAdd) -> Result<()> {
        let new = self.prepared(principal, new).await?;
        Ok(self.catalog.try_out(Trial::AddHuntGroup(new)).await?)
    }

    async fn prepared(&self, principal: &Principal, new: HuntGroupToAdd) -> Result<NewHuntGroup> {
        let HuntGroupToAdd { id, customer, name, owner, settings } = new;
        self.gate.privilege(principal, Kind::HuntGroup, Verb::Administer)?;
        own_number(principal, id.map(|id| id.0))?;
        let name = title("name", &name)?;
        let settings = HuntGroupSettings::default().changed(settings);
        check(&settings)?;
        let fields = settings.contradictory_exits();
        if !fields.is_empty() {
            return Err(Error::Contradicts { fields });
        }
        let customer = self.gate.customer(principal, Kind::HuntGroup, Verb::Administer, customer).await?;
        if let Some(owner) = owner {
            self.gate.owner(principal, owner)?;
        }
        if let Some(id) = settings.record_group {
            self.record_groups.referable(principal, id).await?;
        }
        let created_at = self.clock.now();
        Ok(NewHuntGroup { id, customer: customer.id(), name, owner, settings, created_at })
    }

    /// Changes one.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (hunt group, owner, record group), [`Error::Invalid`] (`name`, a
    /// setting), [`Error::Contradicts`], [`Error::PlanForbids`].
    pub async fn change(
        &self,
        principal: &Principal,
        id: HuntGroupId,
        change: HuntGroupChange,
    ) -> Result<()> {
        let change = self.fitting(principal, id, change).await?;
        Ok(self.catalog.change_hunt_group(id, change).await?)
    }

    /// Fails as [`HuntGroups::change`] would, and changes nothing.
    ///
    /// # Errors
    /// Those of [`HuntGroups::change`].
    pub async fn try_change(
        &self,
        principal: &Principal,
        id: HuntGroupId,
        change: HuntGroupChange,
    ) -> Result<()> {
        let change = self.fitting(principal, id, change).await?;
        Ok(self.catalog.try_out(Trial::ChangeHuntGroup(id, change)).await?)
    }

    /// The change, if it can be made of this hunt group.
    async fn fitting(
        &self,
        principal: &Principal,
        id: HuntGroupId,
        mut change: HuntGroupChange,
    ) -> Result<HuntGroupChange> {
        self.gate.privilege(principal, Kind::HuntGroup, Verb::Change)?;
        if let Some(name) = &change.name {
            change.name = Some(title("name", name)?);
        }
        check(&HuntGroupSettings::default().changed(change.settings.clone()))?;
        let hunt_group = self.find(principal, Verb::Change, id).await?;
        if change.owner == Some(hunt_group.owner) {
            change.owner = None;
        }
        if let Some(Some(owner)) = change.owner {
            self.gate.owner(principal, owner)?;
        }
        if change.settings.record_group == Some(hunt_group.settings.record_group) {
            // What is shown can be sent back, also by those who may not see the record group.
            change.settings.record_group = None;
        }
        if let Some(Some(id)) = change.settings.record_group {
            self.record_groups.referable(principal, id).await?;
        }
        Ok(change)
    }

    /// One hunt group, for a verb.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`].
    pub async fn find(&self, principal: &Principal, verb: Verb, id: HuntGroupId) -> Result<HuntGroup> {
        find_for(self.catalog.as_ref(), &self.gate, principal, Kind::HuntGroup, verb, id).await
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
        let read = |page| self.catalog.hunt_groups(&customer, page);
        let may_see =
            |row: &HuntGroup| self.gate.hunt_group(principal, Kind::HuntGroup, Verb::See, row).is_ok();
        visible_page(page, read, |row| row.id, may_see).await
    }

    /// Removes one with its levels, their messages and destinations. A message that is put meanwhile is noted as well, or
    /// refused.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`], [`Error::Unlogged`], [`Error::Busy`] when others put messages all the time.
    pub async fn remove(&self, principal: &Principal, id: HuntGroupId) -> Result<()> {
        let mut deletions = Deletions::new(&self.playback, principal);
        let discarded = loop {
            let hunt_group = self.find(principal, Verb::Delete, id).await?;
            let versions = self.catalog.message_versions(id, None).await?;
            messages::note(&mut deletions, &hunt_group, &versions).await?;
            let removed = self.catalog.remove_hunt_group(id, deletions.noted(), self.clock.now()).await;
            if let Some(removed) = deletions.or_again(removed)? {
                break removed;
            }
        };
        self.intake.discard(discarded).await;
        Ok(())
    }
}

/// One hunt group, to do something to it or to what it has.
///
/// # Errors
/// [`Error::RoleForbids`], [`Error::NotFound`].
pub(super) async fn find_for(
    catalog: &dyn Catalog,
    gate: &Gate,
    principal: &Principal,
    kind: Kind,
    verb: Verb,
    id: HuntGroupId,
) -> Result<HuntGroup> {
    let within = gate.within(principal, kind, verb)?;
    let found = catalog.hunt_group(&within, id).await?;
    let hunt_group = found.ok_or(Error::NotFound { what: "hunt group" })?;
    gate.hunt_group(principal, kind, verb, &hunt_group)?;
    Ok(hunt_group)
}

/// The longest word for the kind of an exit.
const MOST_EXIT_KIND: usize = 32;

/// Settings by themselves; what exits are together with others is [`HuntGroupSettings::contradictory_exits`].
fn check(settings: &HuntGroupSettings) -> Result<()> {
    text("description", &settings.description, MOST_DESCRIPTION)?;
    if settings.ring_seconds > MOST_RING_SECONDS {
        return Err(Error::invalid("ring_seconds", "must be an integer from 0 to 3600"));
    }
    exit("default_exit", &settings.default_exit)?;
    exit("unavailable_exit", &settings.unavailable_exit)?;
    exit("busy_exit", &settings.busy_exit)
}

fn exit(field: &'static str, exit: &Exit) -> Result<()> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !(1..=MOST_EXIT_KIND).contains(&exit.kind.len()) || !exit.kind.bytes().all(fits) {
        return Err(Error::invalid(
            field,
            "the type must be 1 to 32 lower-case letters, digits or underscores",
        ));
    }
    text(field, &exit.number, MOST_NUMBER)
}
