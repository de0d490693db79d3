//! The port to the probe: it sees every byte of an upload once, in order, and says what the file is.

use crate::audio::AudioFacts;

/// Starts a probe for each upload.
pub trait Prober: Send + Sync {
    /// A probe that has seen nothing yet.
    fn start(&self) -> Box<dyn Probe>;
}

/// One run over one file. Keeps a bounded amount of state however long the file is.
pub trait Probe: Send {
    /// Takes the next bytes of the file; pieces may be cut anywhere.
    fn push(&mut self, bytes: &[u8]);
    /// The verdict, after the last byte.
    fn finish(self: Box<Self>) -> Result<AudioFacts, Unrecognised>;
}

/// Why a file is not audio that Callvault keeps; the sentence is written for the person who sent the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unrecognised {
    /// One sentence without a full stop, for example `not a WAV, MP3, Ogg or FLAC file`.
    pub reason: String,
}

impl Unrecognised {
    /// An error with the given sentence.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}
