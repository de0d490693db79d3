//! The port to hunt groups and the messages of their levels.

use async_trait::async_trait;

use super::CatalogResult;
use crate::audio::AudioKey;
use crate::gate::{InCustomer, Within};
use crate::hunt_group::{
    HuntGroup, HuntGroupChange, Level, Message, MessageVersion, NewHuntGroup, NewMessage,
};
use crate::id::HuntGroupId;
use crate::page::PageRequest;
use crate::time::Timestamp;

/// Hunt groups and the messages of their levels.
#[async_trait]
pub trait HuntGroups: Send + Sync {
    /// Adds one, if the plan of its customer has hunt groups. Taken: `id`. Gone: customer, owner, record group (also those
    /// of another customer).
    async fn add_hunt_group(&self, new: NewHuntGroup) -> CatalogResult<HuntGroupId>;
    /// Changes one, if the plan of its customer has hunt groups. Gone: owner or record group is none of the same customer.
    /// Contradicts: the exits that would end the call and have a number.
    async fn change_hunt_group(&self, id: HuntGroupId, change: HuntGroupChange) -> CatalogResult<()>;
    /// Removes one with its levels, destinations and all messages, whose objects become discarded. Changed: it has a message
    /// that is none of the `noted`.
    async fn remove_hunt_group(
        &self,
        id: HuntGroupId,
        noted: Vec<MessageVersion>,
        at: Timestamp,
    ) -> CatalogResult<Vec<AudioKey>>;
    /// One.
    async fn hunt_group(&self, within: &Within, id: HuntGroupId) -> CatalogResult<Option<HuntGroup>>;
    /// Those of a customer, by number.
    async fn hunt_groups(
        &self,
        customer: &InCustomer,
        page: PageRequest<HuntGroupId>,
    ) -> CatalogResult<Vec<HuntGroup>>;
    /// Puts a message as the new current version and releases its object's `receiving` row; answers the version and the
    /// objects that no version kept needs any more (they become discarded). The plan of the hunt group's customer decides in the
    /// same step; when it forbids the message, nothing is done. Changed: a version would go that is not noted.
    async fn put_message(&self, new: NewMessage) -> CatalogResult<(i64, Vec<AudioKey>)>;
    /// The current message of a level.
    async fn message(&self, hunt_group: HuntGroupId, level: Level) -> CatalogResult<Option<Message>>;
    /// The versions of a level, newest first; of all levels without one.
    async fn message_versions(
        &self,
        hunt_group: HuntGroupId,
        level: Option<Level>,
    ) -> CatalogResult<Vec<Message>>;
    /// Makes an older version current again, if the plan of the customer has hunt groups and allows its size. Gone: the
    /// version.
    async fn restore_message(&self, hunt_group: HuntGroupId, level: Level, version: i64)
    -> CatalogResult<()>;
    /// Leaves a level without a current message, and has it play none; the versions stay. False, and nothing done, when the
    /// current one is not the one that was noted.
    async fn clear_message(&self, hunt_group: HuntGroupId, noted: MessageVersion) -> CatalogResult<bool>;
}
