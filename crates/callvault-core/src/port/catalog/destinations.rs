//! The part of the port that is about what hunt groups do with calls, besides their messages.

use async_trait::async_trait;

use super::CatalogResult;
use crate::destination::{Destination, DestinationChange, DestinationKind, NewDestination};
use crate::gate::Within;
use crate::hunt_group::Level;
use crate::hunt_group::settings::{LevelChange, LevelSettings};
use crate::id::{DestinationId, HuntGroupId, PersonId};
use crate::page::PageRequest;

/// Levels of hunt groups, which always exist.
#[async_trait]
pub trait Levels: Send + Sync {
    /// The settings of a level; the default ones where nobody set any.
    async fn level_settings(&self, hunt_group: HuntGroupId, level: Level) -> CatalogResult<LevelSettings>;
    /// Changes them, if the plan of the customer has hunt groups. Gone: the hunt group.
    async fn change_level(
        &self,
        hunt_group: HuntGroupId,
        level: Level,
        change: LevelChange,
    ) -> CatalogResult<()>;
}

/// A destination, and whose its hunt group is.
pub type OwnedDestination = (Destination, Option<PersonId>);

/// Destinations of hunt groups.
#[async_trait]
pub trait Destinations: Send + Sync {
    /// Adds one, if the plan of the customer allows one more. Taken: `id`. Gone: the hunt group.
    async fn add_destination(&self, new: NewDestination) -> CatalogResult<DestinationId>;
    /// Changes one, if the plan of the customer has hunt groups. Gone: the destination.
    async fn change_destination(&self, id: DestinationId, change: DestinationChange) -> CatalogResult<()>;
    /// Removes one. Gone: the destination.
    async fn remove_destination(&self, id: DestinationId) -> CatalogResult<()>;
    /// One.
    async fn destination(
        &self,
        within: &Within,
        id: DestinationId,
    ) -> CatalogResult<Option<OwnedDestination>>;
    /// Those of a hunt group, by number.
    async fn destinations(
        &self,
        hunt_group: HuntGroupId,
        page: PageRequest<DestinationId>,
    ) -> CatalogResult<Vec<Destination>>;
    /// The first one with this number on a level.
    async fn destination_on_level(
        &self,
        hunt_group: HuntGroupId,
        level: Level,
        kind: DestinationKind,
        number: &str,
    ) -> CatalogResult<Option<Destination>>;
    /// Those with this number in whatever hunt group within reach, by their own number.
    async fn destinations_with_number(
        &self,
        within: &Within,
        kind: DestinationKind,
        number: &str,
        page: PageRequest<DestinationId>,
    ) -> CatalogResult<Vec<OwnedDestination>>;
}
