//! Record groups: named groups of a customer's recordings, and for how long they keep them.
//!
//! Which calls are recorded, and what callers hear of it, is kept and handed out: Callvault records nothing by itself. The
//! meanings and bounds are those of the Enswitch functions (`docs/enswitch.md`, decisions 55, 58 and 80 to 82).

use std::time::Duration;

use crate::id::{CustomerId, PersonId, RecordGroupId};
use crate::time::Timestamp;
use crate::words::words;

/// The most days that a record group keeps recordings: a hundred years.
pub const MOST_RETENTION_DAYS: u32 = 36_500;

/// The longest time between two beeps, in seconds.
pub const MOST_BEEP_SECONDS: u16 = 3600;

words! {
    /// To which calls it is said that they are recorded.
    Announcement {
        /// To none.
        None = "none",
        /// To all.
        All = "all",
        /// To those that come in.
        Inbound = "inbound",
        /// To those that come in or go out.
        InboundOutbound = "inbound_outbound",
        /// To those between own lines.
        Internal = "internal",
        /// To those that go out.
        Outbound = "outbound",
    }
}

/// A record group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordGroup {
    /// Its number.
    pub id: RecordGroupId,
    /// Where it belongs.
    pub customer: CustomerId,
    /// Its name, 1 to 100 characters.
    pub name: String,
    /// The person whose it is, with its recordings.
    pub owner: Option<PersonId>,
    /// Everything else.
    pub settings: RecordGroupSettings,
    /// When it was added.
    pub created_at: Timestamp,
}

/// The settings of a record group. The default ones are those of a new one of which nothing is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordGroupSettings {
    /// At most 1000 characters.
    pub description: String,
    /// E-mail addresses that recordings are sent to, at most 1000 characters. Callvault sends none.
    pub email: String,
    /// How long it keeps a recording that comes into it, in days, at most [`MOST_RETENTION_DAYS`]; with 0 it keeps none, and
    /// refuses what is put into it.
    pub retention_days: u32,
    /// How many of a hundred calls are recorded; with 0 those alone of which that is asked.
    pub fraction_percent: u8,
    /// Seconds between the beeps that tell of the recording, at most [`MOST_BEEP_SECONDS`]; 0 for none.
    pub beep_seconds: u16,
    /// Calls that come in are recorded.
    pub record_inbound: bool,
    /// Calls that go out are recorded.
    pub record_outbound: bool,
    /// Recordings are transcribed. Callvault transcribes none.
    pub transcribe: bool,
    /// To which calls it is said that they are recorded.
    pub announcement: Announcement,
}

impl Default for RecordGroupSettings {
    fn default() -> Self {
        Self {
            description: String::new(),
            email: String::new(),
            retention_days: 365,
            fraction_percent: 100,
            beep_seconds: 0,
            record_inbound: true,
            record_outbound: true,
            transcribe: false,
            announcement: Announcement::None,
        }
    }
}

impl RecordGroupSettings {
    /// When a recording expires that comes into the group at this moment; nothing where the group keeps none.
    pub fn end_of(&self, from: Timestamp) -> Option<Timestamp> {
        let days = u64::from(self.retention_days);
        (days > 0).then(|| from.after(Duration::from_secs(days * 24 * 60 * 60)))
    }

    /// With a change.
    pub fn changed(self, change: RecordGroupSettingsChange) -> Self {
        Self {
            description: change.description.unwrap_or(self.description),
            email: change.email.unwrap_or(self.email),
            retention_days: change.retention_days.unwrap_or(self.retention_days),
            fraction_percent: change.fraction_percent.unwrap_or(self.fraction_percent),
            beep_seconds: change.beep_seconds.unwrap_or(self.beep_seconds),
            record_inbound: change.record_inbound.unwrap_or(self.record_inbound),
            record_outbound: change.record_outbound.unwrap_or(self.record_outbound),
            transcribe: change.transcribe.unwrap_or(self.transcribe),
            announcement: change.announcement.unwrap_or(self.announcement),
        }
    }
}

/// A record group to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRecordGroup {
    /// A number of one's own; the next free one otherwise.
    pub id: Option<RecordGroupId>,
    /// See [`RecordGroup::customer`].
    pub customer: CustomerId,
    /// See [`RecordGroup::name`].
    pub name: String,
    /// See [`RecordGroup::owner`].
    pub owner: Option<PersonId>,
    /// See [`RecordGroup::settings`].
    pub settings: RecordGroupSettings,
    /// See [`RecordGroup::created_at`].
    pub created_at: Timestamp,
}

/// What may change about a record group; `None` keeps. Other days hold for what comes into the group from then on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordGroupChange {
    /// See [`RecordGroup::name`].
    pub name: Option<String>,
    /// `Some(None)` takes the owner away.
    pub owner: Option<Option<PersonId>>,
    /// See [`RecordGroup::settings`].
    pub settings: RecordGroupSettingsChange,
}

/// What may change about the settings; `None` keeps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordGroupSettingsChange {
    /// See [`RecordGroupSettings::description`].
    pub description: Option<String>,
    /// See [`RecordGroupSettings::email`].
    pub email: Option<String>,
    /// See [`RecordGroupSettings::retention_days`].
    pub retention_days: Option<u32>,
    /// See [`RecordGroupSettings::fraction_percent`].
    pub fraction_percent: Option<u8>,
    /// See [`RecordGroupSettings::beep_seconds`].
    pub beep_seconds: Option<u16>,
    /// See [`RecordGroupSettings::record_inbound`].
    pub record_inbound: Option<bool>,
    /// See [`RecordGroupSettings::record_outbound`].
    pub record_outbound: Option<bool>,
    /// See [`RecordGroupSettings::transcribe`].
    pub transcribe: Option<bool>,
    /// See [`RecordGroupSettings::announcement`].
    pub announcement: Option<Announcement>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_keeps_for_whole_days_or_not_at_all() {
        let check = |retention_days: u32, expected: Option<i64>| {
            let settings = RecordGroupSettings { retention_days, ..RecordGroupSettings::default() };
            let end = settings.end_of(Timestamp::from_unix_ms(1_700_000_000_123));
            assert_eq!(end.map(Timestamp::unix_ms), expected, "{retention_days}");
        };
        check(0, None);
        // `date -u -d '@1700000000 + 1 day' +%s` and so on.
        check(1, Some(1_700_086_400_123));
        check(365, Some(1_731_536_000_123));
        check(36_500, Some(4_853_600_000_123));
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let settings = RecordGroupSettings { beep_seconds: 7, ..RecordGroupSettings::default() };
        assert_eq!(settings.clone().changed(RecordGroupSettingsChange::default()), settings);
        let change = RecordGroupSettingsChange {
            retention_days: Some(0),
            announcement: Some(Announcement::All),
            ..RecordGroupSettingsChange::default()
        };
        let changed = settings.changed(change);
        assert_eq!((changed.retention_days, changed.beep_seconds), (0, 7));
        assert_eq!(changed.announcement, Announcement::All);
    }

    #[test]
    fn words_round_trip() {
        for word in Announcement::ALL {
            assert_eq!(Announcement::parse(word.as_str()), Some(*word));
        }
        assert_eq!(Announcement::parse(""), None);
    }
}
