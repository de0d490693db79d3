//! The part of the port that is about record groups.

use async_trait::async_trait;

use super::CatalogResult;
use crate::gate::{InCustomer, Within};
use crate::id::{RecordGroupId, RecordingId};
use crate::kept::Place;
use crate::page::PageRequest;
use crate::record_group::{NewRecordGroup, RecordGroup, RecordGroupChange};

/// Record groups.
#[async_trait]
pub trait RecordGroups: Send + Sync {
    /// Adds one, if the plan of its customer has record groups. Taken: `id`. Gone: customer, owner (also one of another
    /// customer).
    async fn add_record_group(&self, new: NewRecordGroup) -> CatalogResult<RecordGroupId>;
    /// Changes one, if the plan of its customer has record groups. Gone: the record group; the owner is nobody of the same
    /// customer.
    async fn change_record_group(&self, id: RecordGroupId, change: RecordGroupChange) -> CatalogResult<()>;
    /// Removes one, and has the hunt groups that refer to it refer to none. Gone: the record group. Kept: it has
    /// recordings.
    async fn remove_record_group(&self, id: RecordGroupId) -> CatalogResult<()>;
    /// One.
    async fn record_group(&self, within: &Within, id: RecordGroupId) -> CatalogResult<Option<RecordGroup>>;
    /// Those of a customer, by number.
    async fn record_groups(
        &self,
        customer: &InCustomer,
        page: PageRequest<RecordGroupId>,
    ) -> CatalogResult<Vec<RecordGroup>>;
}

/// A change around a record group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordGroupWork {
    /// [`RecordGroups::add_record_group`].
    Add(NewRecordGroup),
    /// [`RecordGroups::change_record_group`].
    Change(RecordGroupId, RecordGroupChange),
    /// [`super::Keeping::set_end`].
    SetEnd(RecordingId, Place),
}
