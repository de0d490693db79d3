//! Recordings found together with the calls they are of: what lists of recordings show, and how they are asked for.

use crate::call::CallRecord;
use crate::id::RecordingId;
use crate::recording::Recording;
use crate::time::Timestamp;

/// A recording and its call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRecording {
    /// The recording.
    pub recording: Recording,
    /// The first call record that names it, by beginning, then id; nothing as long as no phone system told of one.
    pub call: Option<CallRecord>,
}

impl FoundRecording {
    /// When its call began; without a call, when it was stored.
    pub fn began_at(&self) -> Timestamp {
        self.call.as_ref().map_or(self.recording.stored_at, |call| call.started_at)
    }
}

/// Which recordings are wanted. What is `None` does not filter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FoundFilter {
    /// Begun at this time or later, by [`FoundRecording::began_at`].
    pub since: Option<Timestamp>,
    /// Begun at this time or earlier.
    pub until: Option<Timestamp>,
    /// With this caller, the whole number; a recording without a call has none.
    pub caller: Option<String>,
    /// With this callee, in the same way.
    pub callee: Option<String>,
}

impl FoundFilter {
    /// Whether a recording is wanted.
    pub fn wants(&self, found: &FoundRecording) -> bool {
        let number = |wanted: &Option<String>, side: fn(&CallRecord) -> &str| {
            wanted.as_deref().is_none_or(|wanted| found.call.as_ref().map(side) == Some(wanted))
        };
        self.since.is_none_or(|since| since <= found.began_at())
            && self.until.is_none_or(|until| found.began_at() <= until)
            && number(&self.caller, |call| &call.from)
            && number(&self.callee, |call| &call.to)
    }
}

/// By what found recordings are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FoundKey {
    /// By id, which is in order of arrival.
    #[default]
    Arrival,
    /// By [`FoundRecording::began_at`], then id.
    Beginning,
}

/// How found recordings are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FoundOrder {
    /// By what.
    pub key: FoundKey,
    /// The last first.
    pub descending: bool,
}

impl FoundOrder {
    /// Sorts recordings in memory.
    pub fn sort(self, found: &mut [FoundRecording]) {
        found.sort_by_key(|one| match self.key {
            FoundKey::Arrival => (Timestamp::from_unix_ms(0), one.recording.id),
            FoundKey::Beginning => (one.began_at(), one.recording.id),
        });
        if self.descending {
            found.reverse();
        }
    }
}

/// Which rows of a sorted list: by place, as the dialect of the P-Series counts pages. The rows before cost a step of the
/// index each, so our own lists go by key instead ([`crate::page`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// How many rows come before it.
    pub skip: u64,
    /// How many rows it has at most.
    pub limit: u32,
}

/// A range of ids, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdSpan {
    /// The lowest.
    pub lowest: RecordingId,
    /// The highest.
    pub highest: RecordingId,
}
