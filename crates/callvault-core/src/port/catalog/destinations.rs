//! The part of the port that is about what hunt groups do with calls, besides their messages.

use async_trait::async_trait;

use super::{CatalogResult, RecordGroupWork};
use crate::destination::{Destination, DestinationChange, DestinationKind, NewDestination};
use crate::gate::Within;
use crate::hunt_group::settings::{LevelChange, LevelSettings};
use crate::hunt_group::{HuntGroupChange, Level, NewHuntGroup};
use crate::id::{DestinationId, HuntGroupId, PersonId, SoundId};
use crate::page::PageRequest;
use crate::sound::{NewSound, SoundChange};

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

/// A change that can be tried out: around a hunt group, or of a sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HuntGroupWork {
    /// [`super::HuntGroups::add_hunt_group`].
    Add(NewHuntGroup),
    /// [`super::HuntGroups::change_hunt_group`].
    Change(HuntGroupId, HuntGroupChange),
    /// [`Levels::change_level`].
    ChangeLevel(HuntGroupId, Level, LevelChange),
    /// [`Destinations::add_destination`].
    AddDestination(NewDestination),
    /// [`Destinations::change_destination`].
    ChangeDestination(DestinationId, DestinationChange),
    /// [`super::Sounds::add_sound`].
    AddSound(NewSound),
    /// [`super::Sounds::change_sound`].
    ChangeSound(SoundId, SoundChange),
    /// A change around a record group.
    RecordGroup(RecordGroupWork),
}

/// Trying changes out.
#[async_trait]
pub trait Trials: Send + Sync {
    /// Fails exactly as the change would, and changes nothing.
    async fn try_out(&self, work: HuntGroupWork) -> CatalogResult<()>;
}
