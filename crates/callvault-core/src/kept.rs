//! Where recordings are kept, and for how long: each in record groups, in none, or in both ways, with an end of its own at each
//! place.
//!
//! The bytes are there once. A recording goes when it is taken from its last place, or when that place comes to its end;
//! from any other place it goes alone.

use crate::found::FoundRecording;
use crate::id::{RecordGroupId, RecordingId};
use crate::time::Timestamp;

/// A place where a recording is kept. Every recording has at least one, and at most one without a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The record group; `None` is the place outside all of them.
    pub record_group: Option<RecordGroupId>,
    /// When it ends; `None` is never.
    pub expires_at: Option<Timestamp>,
}

impl Place {
    /// Whether its time is over.
    pub fn has_ended(&self, by: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= by)
    }

    /// Whether it would end earlier with this end.
    pub fn is_shortened_by(&self, expires_at: Option<Timestamp>) -> bool {
        expires_at.is_some_and(|end| self.expires_at.is_none_or(|present| end < present))
    }
}

/// What may change about the places of a recording; `None` keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlaceChange {
    /// The one place where it is from now on: a group, or none. A place that is there already keeps its end, unless that
    /// has passed; another one gets that of its group, or none.
    pub record_group: Option<Option<RecordGroupId>>,
    /// The end of all its places, after the change above; `Some(None)` is never.
    pub expires_at: Option<Option<Timestamp>>,
}

impl PlaceChange {
    /// Whether a recording at these places is kept less long by it at one of them, or loses one.
    pub fn shortens(&self, places: &[Place]) -> bool {
        places.iter().any(|place| {
            let is_lost = self.record_group.is_some_and(|wanted| wanted != place.record_group);
            is_lost || self.expires_at.is_some_and(|end| place.is_shortened_by(end))
        })
    }
}

/// A recording at one of its places, with its call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRecording {
    /// The recording and its call.
    pub found: FoundRecording,
    /// The place.
    pub place: Place,
}

impl KeptRecording {
    /// How long its call took, in seconds; without a call, how long it plays.
    pub fn total_seconds(&self) -> u64 {
        let of_audio = self.found.recording.audio.facts.duration_ms / 1000;
        self.found.call.as_ref().map_or(of_audio, |call| u64::from(call.call_seconds))
    }

    /// The place in a list that is sorted so.
    pub fn cursor(&self, key: KeptKey) -> KeptCursor {
        let call = self.found.call.as_ref();
        let number = |number: u64| KeptValue::Number(i64::try_from(number).unwrap_or(i64::MAX));
        let value = match key {
            KeptKey::Beginning => KeptValue::Number(self.found.began_at().unix_ms()),
            KeptKey::Caller => KeptValue::Text(call.map(|call| call.from.clone()).unwrap_or_default()),
            KeptKey::Called => KeptValue::Text(call.map(|call| call.called().to_owned()).unwrap_or_default()),
            KeptKey::TotalTime => number(self.total_seconds()),
            KeptKey::Expiry => KeptValue::Number(self.place.expires_at.map_or(i64::MAX, Timestamp::unix_ms)),
        };
        KeptCursor { value, recording: self.found.recording.id, record_group: self.place.record_group }
    }
}

/// Which kept recordings are wanted. What is `None` does not filter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeptFilter {
    /// Begun at this time or later, by [`FoundRecording::began_at`].
    pub since: Option<Timestamp>,
    /// Begun at this time or earlier.
    pub until: Option<Timestamp>,
    /// A part of the number that called, without regard to the case of ASCII letters; a recording without a call has none.
    pub caller: Option<String>,
    /// A part of a number that was called ([`crate::call::CallRecord::called`]) or that answered, in the same way.
    pub called: Option<String>,
    /// At least so long, by [`KeptRecording::total_seconds`].
    pub least_seconds: Option<u32>,
    /// At most so long.
    pub most_seconds: Option<u32>,
    /// Those in record groups alone that have no owner, or this one.
    pub in_groups_of: Option<crate::id::PersonId>,
}

/// By what kept recordings are sorted; then by id, then by record group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum KeptKey {
    /// [`FoundRecording::began_at`].
    #[default]
    Beginning,
    /// The number that called; empty without a call.
    Caller,
    /// The number that was called; empty without a call.
    Called,
    /// [`KeptRecording::total_seconds`].
    TotalTime,
    /// The end of the place; what never ends comes behind everything else.
    Expiry,
}

impl KeptKey {
    /// Every one there is.
    pub const ALL: [Self; 5] = [Self::Beginning, Self::Caller, Self::Called, Self::TotalTime, Self::Expiry];
}

/// How kept recordings are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct KeptOrder {
    /// By what.
    pub key: KeptKey,
    /// The last first.
    pub descending: bool,
}

/// What a list is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeptValue {
    /// Milliseconds or seconds.
    Number(i64),
    /// A number of the telephone kind.
    Text(String),
}

/// A place in a list of kept recordings.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeptCursor {
    /// What the list is sorted by.
    pub value: KeptValue,
    /// The recording.
    pub recording: RecordingId,
    /// The record group of its place.
    pub record_group: Option<RecordGroupId>,
}
