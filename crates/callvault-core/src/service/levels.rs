//! The settings of the levels of hunt groups.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::hunt_group::Level;
use crate::hunt_group::settings::{LevelChange, LevelSettings, MOST_RING_SECONDS};
use crate::id::HuntGroupId;
use crate::port::catalog::{Catalog, Trial};
use crate::service::{Ports, hunt_groups};

/// The use cases of levels.
pub struct Levels {
    catalog: Arc<dyn Catalog>,
    gate: Arc<Gate>,
}

impl Levels {
    pub(crate) fn new(ports: &Ports, gate: Arc<Gate>) -> Self {
        Self { catalog: ports.catalog.clone(), gate }
    }

    /// The settings of a level.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (hunt group).
    pub async fn find(
        &self,
        principal: &Principal,
        hunt_group: HuntGroupId,
        level: Level,
    ) -> Result<LevelSettings> {
        let hunt_group = self.hunt_group(principal, Verb::See, hunt_group).await?;
        Ok(self.catalog.level_settings(hunt_group, level).await?)
    }

    /// Changes a level.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (hunt group), [`Error::Invalid`] (`ring_seconds`),
    /// [`Error::PlanForbids`].
    pub async fn change(
        &self,
        principal: &Principal,
        hunt_group: HuntGroupId,
        level: Level,
        change: LevelChange,
    ) -> Result<()> {
        let hunt_group = self.changeable(principal, hunt_group, &change).await?;
        Ok(self.catalog.change_level(hunt_group, level, change).await?)
    }

    /// Fails as [`Levels::change`] would, and changes nothing.
    ///
    /// # Errors
    /// Those of [`Levels::change`].
    pub async fn try_change(
        &self,
        principal: &Principal,
        hunt_group: HuntGroupId,
        level: Level,
        change: LevelChange,
    ) -> Result<()> {
        let hunt_group = self.changeable(principal, hunt_group, &change).await?;
        Ok(self.catalog.try_out(Trial::ChangeLevel(hunt_group, level, change)).await?)
    }

    async fn changeable(
        &self,
        principal: &Principal,
        hunt_group: HuntGroupId,
        change: &LevelChange,
    ) -> Result<HuntGroupId> {
        if change.ring_seconds.flatten().is_some_and(|seconds| seconds > MOST_RING_SECONDS) {
            return Err(Error::invalid("ring_seconds", "must be an integer from 0 to 3600, or null"));
        }
        self.hunt_group(principal, Verb::Change, hunt_group).await
    }

    async fn hunt_group(&self, principal: &Principal, verb: Verb, id: HuntGroupId) -> Result<HuntGroupId> {
        let catalog = self.catalog.as_ref();
        let found = hunt_groups::find_for(catalog, &self.gate, principal, Kind::Level, verb, id).await?;
        Ok(found.id)
    }
}
