//! Features: what has prompts.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::feature::{Feature, FeatureChange, FeatureKey, FeatureKind, NewFeature};
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::id::{CustomerId, FeatureId, PersonId};
use crate::page::PageRequest;
use crate::port::catalog::Catalog;
use crate::port::clock::Clock;
use crate::service::Ports;
use crate::service::deletions::Deletions;
use crate::service::field::{own_number, title};
use crate::service::intake::Intake;
use crate::service::playback::Playback;
use crate::service::prompts;
use crate::service::visible::visible_page;

/// A feature to add, as typed.
#[derive(Debug, Clone)]
pub struct FeatureToAdd {
    /// See [`FeatureKey::kind`].
    pub kind: FeatureKind,
    /// A number of one's own; the next free one of the kind otherwise.
    pub id: Option<FeatureId>,
    /// Its customer; the caller's own otherwise.
    pub customer: Option<CustomerId>,
    /// See [`Feature::number`].
    pub number: Option<String>,
    /// See [`Feature::name`].
    pub name: String,
    /// See [`Feature::owner`].
    pub owner: Option<PersonId>,
    /// See [`Feature::is_system`].
    pub is_system: bool,
}

/// The use cases of features.
pub struct Features {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    gate: Arc<Gate>,
    intake: Arc<Intake>,
    playback: Arc<Playback>,
}

impl Features {
    pub(crate) fn new(ports: &Ports, gate: Arc<Gate>, intake: Arc<Intake>, playback: Arc<Playback>) -> Self {
        Self { catalog: ports.catalog.clone(), clock: ports.clock.clone(), gate, intake, playback }
    }

    /// Adds one.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer, owner), [`Error::Invalid`] (`name`, `number`, `id`, `system`),
    /// [`Error::Conflict`] (`id`, `number`).
    pub async fn add(&self, principal: &Principal, new: FeatureToAdd) -> Result<FeatureKey> {
        let FeatureToAdd { kind, id, customer, number, name, owner, is_system } = new;
        self.gate.privilege(principal, Kind::Feature(kind), Verb::Administer)?;
        own_number(principal, id.map(|id| id.0))?;
        let name = title("name", &name)?;
        let number = match number {
            None if kind.is_numbered() => {
                return Err(Error::invalid("number", "is needed: features of this kind are selected by it"));
            }
            number => fitting_number(kind, number)?,
        };
        if is_system && kind != FeatureKind::Music {
            return Err(Error::invalid("system", "only a music class may be one of the phone system"));
        }
        let customer = self.gate.customer(principal, Kind::Feature(kind), Verb::Administer, customer).await?;
        if let Some(owner) = owner {
            self.gate.owner(principal, owner)?;
        }
        let created_at = self.clock.now();
        let new =
            NewFeature { kind, id, customer: customer.id(), number, name, owner, is_system, created_at };
        Ok(FeatureKey { kind, id: self.catalog.add_feature(new).await? })
    }

    /// Changes one.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (feature, owner), [`Error::Invalid`] (`name`, `number`),
    /// [`Error::Conflict`] (`number`).
    pub async fn change(&self, principal: &Principal, key: FeatureKey, change: FeatureChange) -> Result<()> {
        self.gate.privilege(principal, Kind::Feature(key.kind), Verb::Change)?;
        let name = change.name.map(|name| title("name", &name)).transpose()?;
        let number = fitting_number(key.kind, change.number)?;
        let feature = self.find(principal, Verb::Change, key).await?;
        let owner = change.owner.filter(|owner| *owner != feature.owner);
        if let Some(Some(owner)) = owner {
            self.gate.owner(principal, owner)?;
        }
        let change = FeatureChange { name, number, owner };
        Ok(self.catalog.change_feature(key, change).await?)
    }

    /// One feature, for a verb.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`].
    pub async fn find(&self, principal: &Principal, verb: Verb, key: FeatureKey) -> Result<Feature> {
        let kind = Kind::Feature(key.kind);
        let within = self.gate.within(principal, kind, verb)?;
        let found = self.catalog.feature(&within, key).await?;
        let feature = found.ok_or(Error::NotFound { what: "feature" })?;
        self.gate.owned(principal, kind, verb, feature.owner)?;
        Ok(feature)
    }

    /// The features of a customer that the principal may see, by kind and number; of one kind only with `kind`.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], when the role may see none of any kind too; [`Error::NotFound`] (customer).
    pub async fn list(
        &self,
        principal: &Principal,
        customer: Option<CustomerId>,
        kind: Option<FeatureKind>,
        page: PageRequest<FeatureKey>,
    ) -> Result<Vec<Feature>> {
        let may_see_any =
            |kind: &FeatureKind| self.gate.privilege(principal, Kind::Feature(*kind), Verb::See).is_ok();
        let asked = kind.or_else(|| FeatureKind::ALL.into_iter().find(may_see_any));
        // Who may see none is refused as for the first one.
        let asked = asked.unwrap_or(FeatureKind::ALL[0]);
        let customer = self.gate.customer(principal, Kind::Feature(asked), Verb::See, customer).await?;
        let read = |page| self.catalog.features(&customer, kind, page);
        // Neither rows of other owners nor kinds that the role has nothing to do with.
        let may_see = |row: &Feature| {
            self.gate.owned(principal, Kind::Feature(row.key.kind), Verb::See, row.owner).is_ok()
        };
        visible_page(page, read, |row| row.key, may_see).await
    }

    /// Removes one with its prompts.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`], [`Error::Unlogged`], [`Error::Busy`] when others put prompts all the time.
    pub async fn remove(&self, principal: &Principal, key: FeatureKey) -> Result<()> {
        let mut deletions = Deletions::new(&self.playback, principal);
        let discarded = loop {
            let feature = self.find(principal, Verb::Delete, key).await?;
            for prompt in self.catalog.prompts(key).await? {
                let subject = prompts::subject(&feature, prompt.file);
                deletions.note((prompt.file, prompt.audio.key), &subject, &prompt.audio).await?;
            }
            let removed = self.catalog.remove_feature(key, deletions.noted(), self.clock.now()).await;
            if let Some(removed) = deletions.or_again(removed)? {
                break removed;
            }
        };
        self.intake.discard(discarded).await;
        Ok(())
    }
}

/// A number for a feature of this kind, if it is given.
fn fitting_number(kind: FeatureKind, number: Option<String>) -> Result<Option<String>> {
    match number {
        Some(_) if !kind.is_numbered() => {
            Err(Error::invalid("number", "features of this kind are selected by their id, and have none"))
        }
        number => number.map(|number| title("number", &number)).transpose(),
    }
}
