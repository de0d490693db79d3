//! The part of the port that is about where recordings are kept, and for how long.

use async_trait::async_trait;

use super::{Added, CatalogResult};
use crate::audio::AudioKey;
use crate::gate::{InCustomer, Within};
use crate::id::{RecordGroupId, RecordingId};
use crate::kept::{KeptCursor, KeptFilter, KeptOrder, KeptRecording, Place, PlaceChange};
use crate::page::PageRequest;
use crate::recording::Recording;
use crate::time::Timestamp;

/// What became of a place that was to be taken from a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It is gone; the recording is kept elsewhere.
    Place,
    /// The recording is gone with it; these objects became discarded.
    Recording(Vec<AudioKey>),
    /// Nothing was done: it is the last one.
    NotTheLast,
    /// Nothing was done: it is not there, or its end has not come.
    Nothing,
}

/// A place that is to be taken from a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceToTake {
    /// The recording.
    pub recording: RecordingId,
    /// The record group, or the place without one.
    pub record_group: Option<RecordGroupId>,
    /// Only if it has ended by then; whatever its end otherwise. Decided in the commit, so that an end that was put off at
    /// the last moment counts.
    pub ended_by: Option<Timestamp>,
    /// The recording too, if it is kept nowhere else.
    pub with_recording: bool,
    /// It is noted that the recording may go sooner by this. Whoever takes one of several places must have noted it, but for
    /// one that has ended.
    pub noted: bool,
}

/// Where recordings are kept. [`super::Recordings::remove_recording`] takes all places along.
#[async_trait]
pub trait Keeping: Send + Sync {
    /// As [`super::Recordings::add_recording`], into a record group: one of the same customer, with an end as the group
    /// gives it. Gone: also the record group. Keeps nothing: the record group.
    async fn add_recording_into(&self, new: Recording, group: RecordGroupId) -> CatalogResult<Added>;
    /// The places of these recordings, by recording, then group.
    async fn places(&self, recordings: Vec<RecordingId>) -> CatalogResult<Vec<(RecordingId, Place)>>;
    /// Puts a recording into a record group of its customer, besides the places that it has, of which none is lost or ends
    /// earlier. Where it is in it already nothing changes, unless that place has ended: then it begins anew.
    /// Gone: the recording, the record group. Keeps nothing: the record group.
    async fn put_into_group(
        &self,
        recording: RecordingId,
        group: RecordGroupId,
        at: Timestamp,
    ) -> CatalogResult<()>;
    /// Takes a recording out of a record group. From its last place it goes to the one without a group, without an end.
    /// False when it was not in it. Gone: the recording. Changed: it is kept elsewhere too, and nothing was `noted`.
    async fn take_from_group(
        &self,
        recording: RecordingId,
        group: RecordGroupId,
        noted: bool,
    ) -> CatalogResult<bool>;
    /// Changes the places of a recording. Gone: the recording, the record group. Keeps nothing: the record group. Changed: it
    /// shortens ([`PlaceChange::shortens`]), and nothing was `noted`.
    async fn change_places(
        &self,
        recording: RecordingId,
        change: PlaceChange,
        at: Timestamp,
        noted: bool,
    ) -> CatalogResult<()>;
    /// Sets the end of one place. Gone: the recording, also when it is not there. Changed: it would end earlier, and nothing was
    /// `noted`.
    async fn set_end(&self, recording: RecordingId, place: Place, noted: bool) -> CatalogResult<()>;
    /// Takes a place from a recording. Changed: see [`PlaceToTake::noted`].
    async fn take_place(&self, place: PlaceToTake, at: Timestamp) -> CatalogResult<Taken>;
    /// Recordings of which a place has ended, the first ended first.
    async fn ended(&self, by: Timestamp, limit: u32) -> CatalogResult<Vec<(Recording, Place)>>;
    /// A recording at one of its places.
    async fn kept_recording(
        &self,
        within: &Within,
        recording: RecordingId,
        record_group: Option<RecordGroupId>,
    ) -> CatalogResult<Option<KeptRecording>>;
    /// The recordings of a customer, or of one of its record groups, at each of their places. By beginning a page is a range
    /// of an index; any other order costs the reading of what the filter wants for each page, and room for a page.
    async fn kept_recordings(
        &self,
        customer: &InCustomer,
        record_group: Option<RecordGroupId>,
        filter: &KeptFilter,
        order: KeptOrder,
        page: PageRequest<KeptCursor>,
    ) -> CatalogResult<Vec<KeptRecording>>;
}
