//! Trying changes out, for calls that only want to know whether they would succeed.

use async_trait::async_trait;

use super::{CatalogResult, RecordGroupWork};
use crate::customer::{CustomerChange, NewCustomer};
use crate::destination::{DestinationChange, NewDestination};
use crate::hunt_group::settings::LevelChange;
use crate::hunt_group::{HuntGroupChange, Level, NewHuntGroup};
use crate::id::{CustomerId, DestinationId, HuntGroupId, PersonId, SoundId};
use crate::person::{NewPerson, PersonChange};
use crate::sound::{NewSound, SoundChange};

/// A change that can be tried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trial {
    /// [`super::HuntGroups::add_hunt_group`].
    AddHuntGroup(NewHuntGroup),
    /// [`super::HuntGroups::change_hunt_group`].
    ChangeHuntGroup(HuntGroupId, HuntGroupChange),
    /// [`super::Levels::change_level`].
    ChangeLevel(HuntGroupId, Level, LevelChange),
    /// [`super::Destinations::add_destination`].
    AddDestination(NewDestination),
    /// [`super::Destinations::change_destination`].
    ChangeDestination(DestinationId, DestinationChange),
    /// [`super::Sounds::add_sound`].
    AddSound(NewSound),
    /// [`super::Sounds::change_sound`].
    ChangeSound(SoundId, SoundChange),
    /// A change around a record group.
    RecordGroup(RecordGroupWork),
    /// [`super::People::add_person`].
    AddPerson(Box<NewPerson>),
    /// [`super::People::change_person`].
    ChangePerson(PersonId, Box<PersonChange>),
    /// [`super::Customers::add_customer`].
    AddCustomer(NewCustomer),
    /// [`super::Customers::change_customer`].
    ChangeCustomer(CustomerId, CustomerChange),
}

/// Trying changes out.
#[async_trait]
pub trait Trials: Send + Sync {
    /// Fails exactly as the change would, and changes nothing.
    async fn try_out(&self, change: Trial) -> CatalogResult<()>;
}
