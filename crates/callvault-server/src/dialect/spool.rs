//! Where the audio of an upload waits until its sender is known: in memory while it is small, then in an unnamed file.
//! The number of spools and the size of each are capped, because anybody can send a body.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::sync::Arc;

use bytes::Bytes;
use callvault_core::service::intake::Incoming;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Up to here a spool needs no file.
const MEMORY_BYTES: usize = 64 * 1024;

/// How many uploads may wait for their sender to become known.
const AT_ONCE: usize = 32;

/// How much is handed on at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// The spools of a server.
pub(crate) struct Spools {
    places: Arc<Semaphore>,
    largest_bytes: u64,
}

/// Audio of somebody who is not known yet.
pub(crate) struct Spool {
    memory: Vec<u8>,
    file: Option<File>,
    size_bytes: u64,
    largest_bytes: u64,
    _place: OwnedSemaphorePermit,
}

impl Spools {
    pub(crate) fn new(largest_bytes: u64) -> Self {
        Self { places: Arc::new(Semaphore::new(AT_ONCE)), largest_bytes }
    }

    /// A place for one upload; `None` when all are taken.
    pub(crate) fn open(&self) -> Option<Spool> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        Some(Spool {
            memory: Vec::new(),
            file: None,
            size_bytes: 0,
            largest_bytes: self.largest_bytes,
            _place: place,
        })
    }

    /// The most bytes a body may have: percent-encoded base64 triples what base64 made four thirds of.
    pub(crate) fn most_body_bytes(&self) -> u64 {
        self.largest_bytes.saturating_mul(4).saturating_add(64 * 1024)
    }

    /// The most bytes of audio.
    pub(crate) fn largest_bytes(&self) -> u64 {
        self.largest_bytes
    }
}

impl Spool {
    /// Takes what the form reader decoded and empties `audio`. Past the cap the bytes are counted and dropped.
    pub(crate) async fn take(&mut self, audio: &mut Vec<u8>) -> std::io::Result<()> {
        self.size_bytes += audio.len() as u64;
        if self.over_the_cap() {
            self.memory = Vec::new();
            self.file = None;
            audio.clear();
            return Ok(());
        }
        self.memory.append(audio);
        if self.memory.len() > MEMORY_BYTES {
            let (bytes, file) = (std::mem::take(&mut self.memory), self.file.take());
            let written = tokio::task::spawn_blocking(move || {
                let mut file = match file {
                    Some(file) => file,
                    None => tempfile::tempfile()?,
                };
                file.write_all(&bytes)?;
                Ok::<_, std::io::Error>(file)
            });
            self.file = Some(written.await.map_err(std::io::Error::other)??);
        }
        Ok(())
    }

    /// Whether more came than a message may have.
    pub(crate) fn over_the_cap(&self) -> bool {
        self.size_bytes > self.largest_bytes
    }

    /// Hands everything on.
    pub(crate) async fn pour(mut self, incoming: &mut Incoming) -> Result<(), PourError> {
        if let Some(mut file) = self.file.take() {
            file.rewind()?;
            loop {
                let (bytes, back) = tokio::task::spawn_blocking(move || {
                    let mut bytes = Vec::with_capacity(CHUNK_BYTES);
                    (&mut file).take(CHUNK_BYTES as u64).read_to_end(&mut bytes).map(|_| (bytes, file))
                })
                .await
                .map_err(std::io::Error::other)??;
                if bytes.is_empty() {
                    break;
                }
                file = back;
                incoming.write(bytes.into()).await?;
            }
        }
        if !self.memory.is_empty() {
            incoming.write(Bytes::from(std::mem::take(&mut self.memory))).await?;
        }
        Ok(())
    }
}

/// Why a spool could not be handed on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PourError {
    /// The spool itself failed.
    #[error("the spool of an upload cannot be read")]
    Spool(#[from] std::io::Error),
    /// The intake refused.
    #[error(transparent)]
    Intake(#[from] callvault_core::Error),
}
