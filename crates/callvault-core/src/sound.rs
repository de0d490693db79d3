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
    /// A description, at most 1000 characters.
    pub description: String,
    /// Whether all customers may see, fetch and use it (`docs/enswitch.md` 64). Only system owners share sounds, and change
    /// shared ones.
    pub shared: bool,
    /// When it was added.
    pub created_at: Timestamp,
    /// What its file was called when it came in, if anything.
    pub file_name: Option<String>,
    /// Its bytes, if there are any.
    pub audio: Option<StoredAudio>,
}

impl Sound {
    /// The name to hand its file out under, before it is cleaned.
    pub fn served_name(&self) -> String {
        self.file_name.clone().unwrap_or_else(|| format!("{}.wav", self.name))
    }
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
    /// See [`Sound::description`].
    pub description: String,
    /// See [`Sound::shared`].
    pub shared: bool,
    /// See [`Sound::created_at`].
    pub created_at: Timestamp,
}

/// What may change about a sound besides its file; `None` keeps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SoundChange {
    /// See [`Sound::name`].
    pub name: Option<String>,
    /// See [`Sound::description`].
    pub description: Option<String>,
    /// See [`Sound::shared`].
    pub shared: Option<bool>,
}
