//! Where the audio of an upload waits until its sender is known: in memory while it is small, then in an unnamed file in
//! the data folder, which is as private as the audio itself.
//!
//! The number of spools and the size of each are capped, because anybody can send a body. Senders who are known already
//! have places apart from those of strangers, and of these no address has more than a few.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use callvault_core::service::intake::Incoming;
use callvault_core::service::messages::MessageProbe;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::listen::per_address::{PerAddress, Share};

/// Up to here a spool needs no file.
const MEMORY_BYTES: usize = 64 * 1024;

/// How many uploads may wait for their sender to become known, and how many of known senders may be under way.
const AT_ONCE: usize = 32;

/// How many uploads of known senders one address may have: half of the places, so that nobody has all.
const KNOWN_PER_ADDRESS: usize = AT_ONCE / 2;

/// How many strangers' uploads one address may have.
const STRANGERS_PER_ADDRESS: usize = 8;

/// How much is handed on at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// The spools of a server.
pub(crate) struct Spools {
    strangers: Arc<Semaphore>,
    strangers_per_address: Arc<PerAddress>,
    known: Arc<Semaphore>,
    known_per_address: Arc<PerAddress>,
    largest_bytes: u64,
    folder: Arc<Path>,
}

/// Audio on its way in.
pub(crate) struct Spool {
    memory: Vec<u8>,
    file: Option<File>,
    size_bytes: u64,
    largest_bytes: u64,
    folder: Arc<Path>,
    /// What went wrong; nothing is kept from then on, and whoever pours is told.
    failure: Option<std::io::Error>,
    _place: OwnedSemaphorePermit,
    _share: Share,
}

impl Spools {
    /// Spools of up to `largest_bytes` each, their files in `folder`.
    pub(crate) fn new(largest_bytes: u64, folder: PathBuf) -> Self {
        Self {
            strangers: Arc::new(Semaphore::new(AT_ONCE)),
            strangers_per_address: PerAddress::new(STRANGERS_PER_ADDRESS),
            known: Arc::new(Semaphore::new(AT_ONCE)),
            known_per_address: PerAddress::new(KNOWN_PER_ADDRESS),
            largest_bytes,
            folder: folder.into(),
        }
    }

    /// A place for an upload of somebody unknown at this address; `None` when all are taken.
    pub(crate) fn open_for_stranger(&self, address: IpAddr) -> Option<Spool> {
        let share = self.strangers_per_address.take(address).ok()?;
        self.open(&self.strangers, share)
    }

    /// A place for an upload of somebody at this address who is known; `None` when all are taken.
    pub(crate) fn open_for_known(&self, address: IpAddr) -> Option<Spool> {
        let share = self.known_per_address.take(address).ok()?;
        self.open(&self.known, share)
    }

    fn open(&self, places: &Arc<Semaphore>, share: Share) -> Option<Spool> {
        let place = places.clone().try_acquire_owned().ok()?;
        Some(Spool {
            memory: Vec::new(),
            file: None,
            size_bytes: 0,
            largest_bytes: self.largest_bytes,
            folder: self.folder.clone(),
            failure: None,
            _place: place,
            _share: share,
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
    /// Takes what the form reader decoded and empties `audio`. Past the cap, and after a failure, the bytes are counted
    /// and dropped: what is wrong is told when the sender is known.
    pub(crate) async fn take(&mut self, audio: &mut Vec<u8>) {
        self.size_bytes += audio.len() as u64;
        if self.over_the_cap() || self.failure.is_some() {
            self.memory = Vec::new();
            self.file = None;
            audio.clear();
            return;
        }
        self.memory.append(audio);
        if self.memory.len() > MEMORY_BYTES {
            match self.write_memory().await {
                Ok(file) => self.file = Some(file),
                Err(error) => self.failure = Some(error),
            }
        }
    }

    async fn write_memory(&mut self) -> std::io::Result<File> {
        let (bytes, file) = (std::mem::take(&mut self.memory), self.file.take());
        let folder = self.folder.clone();
        let written = tokio::task::spawn_blocking(move || {
            let mut file = match file {
                Some(file) => file,
                None => tempfile::tempfile_in(folder)?,
            };
            file.write_all(&bytes)?;
            Ok(file)
        });
        written.await.map_err(std::io::Error::other)?
    }

    /// Whether more came than a message may have.
    pub(crate) fn over_the_cap(&self) -> bool {
        self.size_bytes > self.largest_bytes
    }

    /// Hands everything on.
    pub(crate) async fn pour(mut self, into: &mut impl Sink) -> Result<(), PourError> {
        if let Some(failure) = self.failure.take() {
            return Err(failure.into());
        }
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
                into.take(bytes.into()).await?;
            }
        }
        if !self.memory.is_empty() {
            into.take(Bytes::from(std::mem::take(&mut self.memory))).await?;
        }
        Ok(())
    }
}

/// What a spool is poured into.
pub(crate) trait Sink: Send {
    /// Takes the next bytes.
    fn take(&mut self, bytes: Bytes) -> impl Future<Output = callvault_core::Result<()>> + Send;
}

impl Sink for Incoming {
    async fn take(&mut self, bytes: Bytes) -> callvault_core::Result<()> {
        self.write(bytes).await
    }
}

impl Sink for MessageProbe {
    async fn take(&mut self, bytes: Bytes) -> callvault_core::Result<()> {
        self.push(&bytes);
        Ok(())
    }
}

/// Why a spool could not be handed on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PourError {
    /// The spool itself failed.
    #[error("the spool of an upload cannot be written or read")]
    Spool(#[from] std::io::Error),
    /// The intake refused.
    #[error(transparent)]
    Intake(#[from] callvault_core::Error),
}
