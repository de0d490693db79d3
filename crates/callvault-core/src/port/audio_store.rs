//! The port to the stores of audio. An object exists only through the catalog; a store knows keys and bytes.

use std::ops::Range;
use std::os::fd::AsFd;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::audio::{AudioKey, Sha256};

/// A store that failed, with the place and the cause for the log. The text never goes to a client.
#[derive(Debug, thiserror::Error)]
pub enum AudioStoreError {
    /// There is no object under the key.
    #[error("audio {key} is not in the store")]
    Missing {
        /// The key.
        key: AudioKey,
    },
    /// An operation failed.
    #[error("audio {key}: {operation} failed")]
    Failed {
        /// The key.
        key: AudioKey,
        /// What was tried, for example `fsync`.
        operation: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The store itself cannot be used.
    #[error("the audio store cannot be used: {operation} failed")]
    Unusable {
        /// What was tried.
        operation: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// What a finished upload holds, as seen by the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// How many bytes.
    pub size_bytes: u64,
    /// Their hash, computed on the way.
    pub sha256: Sha256,
}

/// Why an upload did not become an object.
#[derive(Debug, thiserror::Error)]
pub enum FinishError {
    /// The bytes may not be on the medium, whatever a later flush says: they must be written again under a new key.
    /// `staged` still reads them as far as the system remembers them; compare the hash.
    #[error("the audio could not be made durable")]
    NotDurable {
        /// The bytes as they were written.
        staged: Arc<dyn AudioReader>,
        /// What they should be.
        written: Written,
        /// The failure.
        #[source]
        source: AudioStoreError,
    },
    /// Something else failed.
    #[error(transparent)]
    Store(#[from] AudioStoreError),
}

/// Which copy of the bytes a reader sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadFrom {
    /// Whatever is nearest, as for playing; also what was found a moment ago and may have lost its place since.
    Anywhere,
    /// What is in its place now. For the check of an installation.
    Place,
    /// The medium: what the page cache holds is dropped first. For verifying.
    Medium,
}

/// A store of audio.
#[async_trait]
pub trait AudioStore: Send + Sync {
    /// Begins an object. Nothing is visible under the key before [`Upload::finish`].
    async fn create(&self, key: AudioKey) -> Result<Box<dyn Upload>, AudioStoreError>;
    /// Opens an object. An open reader goes on reading the same bytes when the object is removed.
    async fn open(&self, key: AudioKey, from: ReadFrom) -> Result<Arc<dyn AudioReader>, AudioStoreError>;
    /// Removes the object and whatever an upload under this key left, durably. Nothing there is success.
    async fn remove(&self, key: AudioKey) -> Result<(), AudioStoreError>;
    /// The keys of finished objects of one shard, 0 to 255, in no order; for the check of an installation.
    async fn keys(&self, shard: u8) -> Result<Vec<AudioKey>, AudioStoreError>;
}

/// An object being written. Dropping it leaves remains that [`AudioStore::remove`] takes away.
#[async_trait]
pub trait Upload: Send {
    /// Appends bytes.
    async fn write(&mut self, bytes: Bytes) -> Result<(), AudioStoreError>;
    /// Makes the object durable and visible: it survives a power cut from here on.
    async fn finish(self: Box<Self>) -> Result<Written, FinishError>;
}

/// An open file that the system can send by itself.
pub type SendableFile = Arc<dyn AsFd + Send + Sync>;

/// An object being read.
#[async_trait]
pub trait AudioReader: Send + Sync + std::fmt::Debug {
    /// How many bytes the object has.
    fn size_bytes(&self) -> u64;
    /// Up to `length` bytes from `offset`; fewer only at the end of the object.
    async fn read_at(&self, offset: u64, length: usize) -> Result<Bytes, AudioStoreError>;
    /// The same over what is in `buffer`, as many bytes as it has; gives it back with what was read. For who reads piece by
    /// piece: a fresh buffer would have to be cleared each time.
    async fn read_over(&self, offset: u64, buffer: Vec<u8>) -> Result<Vec<u8>, AudioStoreError>;
    /// The file that has the object's bytes at their places, where there is one, for sending `stretch` of it. What the medium
    /// alone has of the stretch was brought into memory before, as far as its ends tell, so that sending does not wait for it.
    async fn file(&self, stretch: Range<u64>) -> Result<Option<SendableFile>, AudioStoreError>;
}
