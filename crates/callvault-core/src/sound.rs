//! Sounds: library prompts that a level's message can be taken from.

use crate::audio::StoredAudio;
use crate::id::{CustomerId, SoundId};
use crate::time::Timestamp;

/// A library prompt. It may be without a file: it is made first and filled after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// Its number.
    pub id: SoundId,
    /// Where it belongs.
    pub customer: CustomerId,
    /// Its name, 1 to 100 characters.
    pub name: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// Its bytes, if there are any.
    pub audio: Option<StoredAudio>,
}

/// A sound to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSound {
    /// A number of one's own; the next free one otherwise.
    pub id: Option<SoundId>,
    /// See [`Sound::customer`].
    pub customer: CustomerId,
    /// See [`Sound::name`].
    pub name: String,
    /// See [`Sound::created_at`].
    pub created_at: Timestamp,
}
