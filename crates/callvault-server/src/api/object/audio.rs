//! What has audio: hunt groups with their messages, sounds and recordings.

use callvault_core::audio::{Codec, Container, StoredAudio};
use callvault_core::hunt_group::{HuntGroup, Message};
use callvault_core::kept::Place;
use callvault_core::recording::Recording;
use callvault_core::sound::Sound;
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::destinations::SettingsObject;
use crate::api::schema::{LevelNumber, Sha256, Time, Word};

/// A hunt group with its settings.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HuntGroup")]
pub(in crate::api) struct HuntGroupObject {
    id: i64,
    customer: i64,
    name: String,
    owner: Option<i64>,
    #[serde(flatten)]
    settings: SettingsObject,
    #[schemars(with = "Time")]
    created_at: String,
    /// The messages that the levels play now, where one hunt group is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<MessageObject>")]
    messages: Option<Vec<MessageObject>>,
}

impl From<HuntGroup> for HuntGroupObject {
    fn from(hunt_group: HuntGroup) -> Self {
        Self {
            id: hunt_group.id.0,
            customer: hunt_group.customer.0,
            name: hunt_group.name,
            owner: hunt_group.owner.map(|owner| owner.0),
            settings: hunt_group.settings.into(),
            created_at: hunt_group.created_at.to_string(),
            messages: None,
        }
    }
}

impl HuntGroupObject {
    /// With the messages that its levels play now.
    pub(in crate::api) fn with_messages(self, messages: Vec<Message>) -> Self {
        let current = messages.into_iter().filter(|message| message.current).map(Into::into);
        Self { messages: Some(current.collect()), ..self }
    }
}

/// A version of the message that a level of a hunt group plays.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Message")]
pub(in crate::api) struct MessageObject {
    huntgroup: i64,
    #[schemars(with = "LevelNumber")]
    level: u8,
    version: i64,
    name: String,
    current: bool,
    put_by: Option<i64>,
    #[schemars(with = "Time")]
    created_at: String,
    audio: AudioObject,
}

impl From<Message> for MessageObject {
    fn from(message: Message) -> Self {
        Self {
            huntgroup: message.hunt_group.0,
            level: message.level.number(),
            version: message.version,
            name: message.name,
            current: message.current,
            put_by: message.put_by.map(|person| person.0),
            created_at: message.created_at.to_string(),
            audio: (&message.audio).into(),
        }
    }
}

/// A sound of the library, which messages can be taken from.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Sound")]
pub(in crate::api) struct SoundObject {
    id: i64,
    customer: i64,
    name: String,
    description: String,
    shared: bool,
    #[schemars(with = "Time")]
    created_at: String,
    file_name: Option<String>,
    audio: Option<AudioObject>,
}

impl From<Sound> for SoundObject {
    fn from(sound: Sound) -> Self {
        Self {
            file_name: sound.audio.as_ref().map(|_| sound.served_name()),
            id: sound.id.0,
            customer: sound.customer.0,
            name: sound.name,
            description: sound.description,
            shared: sound.shared,
            created_at: sound.created_at.to_string(),
            audio: sound.audio.as_ref().map(Into::into),
        }
    }
}

/// The audio of one leg of a call.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Recording")]
pub(in crate::api) struct RecordingObject {
    /// As text: it has 63 bits.
    id: String,
    customer: i64,
    name: String,
    #[schemars(with = "Time")]
    stored_at: String,
    places: Vec<PlaceObject>,
    audio: AudioObject,
}

/// Where a recording is kept.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Place")]
struct PlaceObject {
    /// Null is none.
    record_group: Option<i64>,
    /// When it goes from here; null is never.
    #[schemars(with = "Option<Time>")]
    expires_at: Option<String>,
}

impl RecordingObject {
    /// A recording with the places where it is kept.
    pub(in crate::api) fn new(recording: Recording, places: Vec<Place>) -> Self {
        let places = places.into_iter().map(|place| PlaceObject {
            record_group: place.record_group.map(|group| group.0),
            expires_at: place.expires_at.map(|end| end.to_string()),
        });
        Self {
            places: places.collect(),
            id: recording.id.to_string(),
            customer: recording.customer.0,
            name: recording.name.to_string(),
            stored_at: recording.stored_at.to_string(),
            audio: (&recording.audio).into(),
        }
    }
}

/// What is known of stored audio.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Audio")]
pub(in crate::api) struct AudioObject {
    size_bytes: u64,
    #[schemars(with = "Sha256")]
    sha256: String,
    #[schemars(with = "Word<Container>")]
    container: &'static str,
    #[schemars(with = "Word<Codec>")]
    codec: &'static str,
    rate_hz: u32,
    channels: u16,
    duration_ms: u64,
    marks: Vec<&'static str>,
}

impl From<&StoredAudio> for AudioObject {
    fn from(audio: &StoredAudio) -> Self {
        Self {
            size_bytes: audio.size_bytes,
            sha256: audio.sha256.to_string(),
            container: audio.facts.container.as_str(),
            codec: audio.facts.codec.as_str(),
            rate_hz: audio.facts.rate_hz,
            channels: audio.facts.channels,
            duration_ms: audio.facts.duration_ms,
            marks: audio.facts.marks.words(),
        }
    }
}
