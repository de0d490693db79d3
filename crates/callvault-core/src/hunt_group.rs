//! Hunt groups, their levels, and the messages that the levels play.

pub mod settings;

use std::fmt;

use crate::audio::{AudioKey, StoredAudio};
use crate::id::{CustomerId, HuntGroupId, PersonId};
use crate::time::Timestamp;
use settings::{HuntGroupSettings, HuntGroupSettingsChange};

/// A hunt group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HuntGroup {
    /// Its number.
    pub id: HuntGroupId,
    /// Where it belongs.
    pub customer: CustomerId,
    /// Its name, 1 to 100 characters.
    pub name: String,
    /// The person whose it is; viewing is open to the customer's users when there is none.
    pub owner: Option<PersonId>,
    /// What it does with a call.
    pub settings: HuntGroupSettings,
    /// When it was added.
    pub created_at: Timestamp,
}

/// A hunt group to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHuntGroup {
    /// A number of one's own; the next free one otherwise.
    pub id: Option<HuntGroupId>,
    /// See [`HuntGroup::customer`].
    pub customer: CustomerId,
    /// See [`HuntGroup::name`].
    pub name: String,
    /// See [`HuntGroup::owner`].
    pub owner: Option<PersonId>,
    /// See [`HuntGroup::settings`].
    pub settings: HuntGroupSettings,
    /// See [`HuntGroup::created_at`].
    pub created_at: Timestamp,
}

/// What may change about a hunt group; `None` keeps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HuntGroupChange {
    /// See [`HuntGroup::name`].
    pub name: Option<String>,
    /// `Some(None)` takes the owner away.
    pub owner: Option<Option<PersonId>>,
    /// See [`HuntGroup::settings`].
    pub settings: HuntGroupSettingsChange,
}

/// A level of a hunt group, 1 to 10. Levels always exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Level(u8);

impl Level {
    /// A level, if the number is one.
    pub fn new(number: i64) -> Option<Self> {
        (1..=10).contains(&number).then(|| Self(u8::try_from(number).expect("1 to 10 fit a byte")))
    }

    /// The number, 1 to 10.
    pub fn number(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One version of the message of one level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The hunt group.
    pub hunt_group: HuntGroupId,
    /// The level.
    pub level: Level,
    /// Counts up from 1 for each level.
    pub version: i64,
    /// The file name under which it is handed out.
    pub name: String,
    /// The version that the level plays; at most one is.
    pub current: bool,
    /// Who put it there; `None` is the local system owner.
    pub put_by: Option<PersonId>,
    /// When it was put there.
    pub created_at: Timestamp,
    /// Its bytes.
    pub audio: StoredAudio,
}

/// Which version of a message of a hunt group is meant. Its place alone may come again, where a hunt group is removed and
/// another added under its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessageVersion {
    /// See [`Message::level`].
    pub level: Level,
    /// See [`Message::version`].
    pub version: i64,
    /// The object with its bytes.
    pub audio: AudioKey,
}

impl From<&Message> for MessageVersion {
    fn from(message: &Message) -> Self {
        Self { level: message.level, version: message.version, audio: message.audio.key }
    }
}

/// A message to put on a level, as its new current version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// See [`Message::hunt_group`].
    pub hunt_group: HuntGroupId,
    /// See [`Message::level`].
    pub level: Level,
    /// See [`Message::name`].
    pub name: String,
    /// See [`Message::put_by`].
    pub put_by: Option<PersonId>,
    /// See [`Message::created_at`].
    pub created_at: Timestamp,
    /// See [`Message::audio`]; an object of its own, or one that a sound has too.
    pub audio: StoredAudio,
    /// How many versions of a level are kept, the new one counted; the oldest go.
    pub keep_versions: u32,
    /// Those that may go for it, because the listen log has their deletion already.
    pub noted: Vec<MessageVersion>,
}
