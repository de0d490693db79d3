//! The port to recordings, by themselves and with their calls.

use async_trait::async_trait;

use super::CatalogResult;
use crate::audio::AudioKey;
use crate::found::{FoundFilter, FoundOrder, FoundRecording, IdSpan, Slice};
use crate::gate::{InCustomer, Within};
use crate::id::RecordingId;
use crate::page::PageRequest;
use crate::recording::{Recording, RecordingName};
use crate::time::Timestamp;

/// What became of a recording that was to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// It is there now.
    New,
    /// The same bytes are there under this name already, and kept from here on where and as long as the new ones would have
    /// been; the new object became discarded.
    Already(Box<Recording>),
    /// Other bytes are there under this name; the new object became discarded.
    Differs(Box<Recording>),
}

/// Recordings.
#[async_trait]
pub trait Recordings: Send + Sync {
    /// Adds one and releases its object's `receiving` row; calls that waited for it become reports in the same commit. Gone:
    /// the customer, the receiving row. What is there already gets the wanted place besides those that it has: a group that it
    /// is in already only anew, if that place has ended; without a group one without an end.
    async fn add_recording(&self, new: Recording) -> CatalogResult<Added>;
    /// One.
    async fn recording(
        &self,
        customer: &InCustomer,
        name: &RecordingName,
    ) -> CatalogResult<Option<Recording>>;
    /// All of this name that a principal reaches; at most one per customer.
    async fn recordings_named(&self, within: &Within, name: &RecordingName) -> CatalogResult<Vec<Recording>>;
    /// Those of a customer, by name.
    async fn recordings(
        &self,
        customer: &InCustomer,
        page: PageRequest<RecordingName>,
    ) -> CatalogResult<Vec<Recording>>;
    /// Removes one with all its places; answers the objects that became discarded. Gone: the recording. Changed: it is none
    /// of the `noted`.
    async fn remove_recording(
        &self,
        customer: &InCustomer,
        name: &RecordingName,
        noted: Vec<RecordingId>,
        at: Timestamp,
    ) -> CatalogResult<Vec<AudioKey>>;
}

/// Recordings with their calls. [`Recordings::add_recording`] and [`super::Calls::add_calls`] join the two, whichever comes
/// first, in their own commit: a call that names a recording with that one; then, where a recording's name holds a call
/// id, those that no call names with the calls of the id that name none, one each, the first that came with the first
/// that began.
#[async_trait]
pub trait FoundRecordings: Send + Sync {
    /// A slice of a customer's recordings. Costs a step of an index for each row before the slice, and where the order is
    /// not that of the filter's index, the sorting of what the filter wants; never a walk of other rows.
    async fn find_recordings(
        &self,
        customer: &InCustomer,
        filter: &FoundFilter,
        order: FoundOrder,
        slice: Slice,
    ) -> CatalogResult<Vec<FoundRecording>>;
    /// How many a filter wants. Costs a step of an index for each of them: of the customer's recordings without a filter,
    /// else of the range of time, or of a number's calls in it.
    async fn count_found(&self, customer: &InCustomer, filter: &FoundFilter) -> CatalogResult<u64>;
    /// Those of a customer whose ids are in one of the spans, in no order; one in two spans may come twice.
    async fn recordings_in_spans(
        &self,
        customer: &InCustomer,
        spans: Vec<IdSpan>,
    ) -> CatalogResult<Vec<FoundRecording>>;
}
