//! Taking bytes in, the same way at every door: a leased `receiving` row, a temporary object, hash and probe on the way,
//! then an object that is durable but that nothing shows yet. The commit of a recording, message, prompt or sound
//! makes it visible; what is never committed is swept away when its lease ends.

use std::sync::Arc;

use bytes::Bytes;

use crate::audio::{AudioKey, StoredAudio, escaped_len};
use crate::error::{Error, Result};
use crate::plan::Room;
use crate::port::audio_store::{AudioReader, AudioStore, AudioStoreError, FinishError, Upload, Written};
use crate::port::catalog::Catalog;
use crate::port::clock::Clock;
use crate::port::probe::{Probe, Prober};
use crate::service::Ports;
use crate::service::leases::{LEASE, Lease, Leases, is_short};

/// How much is read at once when bytes are copied inside the store.
const COPY_BYTES: usize = 1 << 20;

/// How large an upload may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound {
    /// The installation's cap.
    pub(crate) cap_bytes: u64,
    /// What the plan of the customer leaves.
    pub(crate) room: Room,
}

impl Bound {
    /// Whether so many bytes are within it; the cap goes first.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::PlanForbids`].
    pub(crate) fn check(&self, size_bytes: u64) -> Result<()> {
        if size_bytes > self.cap_bytes {
            return Err(Error::TooLarge { limit_bytes: self.cap_bytes });
        }
        Ok(self.room.check(size_bytes)?)
    }
}

impl From<u64> for Bound {
    fn from(cap_bytes: u64) -> Self {
        Self { cap_bytes, room: Room::default() }
    }
}

/// Begins uploads and takes away what they leave.
pub struct Intake {
    catalog: Arc<dyn Catalog>,
    audio: Arc<dyn AudioStore>,
    prober: Arc<dyn Prober>,
    clock: Arc<dyn Clock>,
    leases: Leases,
}

/// An upload in progress. Dropping it leaves remains that the sweep takes away.
pub struct Incoming {
    intake: Arc<Intake>,
    lease: Lease,
    upload: Box<dyn Upload>,
    probe: Box<dyn Probe>,
    bound: Bound,
    size_bytes: u64,
    escaped_len: u64,
}

impl Intake {
    pub(crate) fn new(ports: &Ports) -> Self {
        Self {
            catalog: ports.catalog.clone(),
            audio: ports.audio.clone(),
            prober: ports.prober.clone(),
            clock: ports.clock.clone(),
            leases: Leases::new(ports),
        }
    }

    /// Begins an upload within a bound; a number alone is a cap.
    ///
    /// # Errors
    /// When the catalog or the store fails.
    pub(crate) async fn begin(self: &Arc<Self>, bound: impl Into<Bound>) -> Result<Incoming> {
        let bound = bound.into();
        let (lease, upload) = self.begin_object().await?;
        let intake = self.clone();
        let probe = self.prober.start();
        Ok(Incoming { intake, lease, upload, probe, bound, size_bytes: 0, escaped_len: 0 })
    }

    /// Removes objects that the catalog has discarded. A failure is left to the sweep.
    pub(crate) async fn discard(&self, keys: Vec<AudioKey>) {
        let mut gone = Vec::with_capacity(keys.len());
        for key in keys {
            if self.audio.remove(key).await.is_ok() {
                gone.push(key);
            }
        }
        if !gone.is_empty() {
            let _ = self.catalog.forget(gone).await;
        }
    }

    /// A probe of bytes that are not taken in.
    pub(crate) fn probe(&self) -> Box<dyn Probe> {
        self.prober.start()
    }

    /// Takes back the keys that were leased ahead and not used, as a sweep does first: it may end their leases.
    ///
    /// # Errors
    /// When the catalog fails.
    pub(crate) async fn return_unused(&self) -> Result<()> {
        self.leases.return_unused().await
    }

    async fn begin_object(&self) -> Result<(Lease, Box<dyn Upload>)> {
        let lease = self.leases.take().await?;
        match self.audio.create(lease.key).await {
            Ok(upload) => Ok((lease, upload)),
            Err(error) => {
                self.discard(vec![lease.key]).await;
                Err(Error::NotStored(error))
            }
        }
    }

    /// Lengthens a lease that is short.
    async fn go_on(&self, lease: &mut Lease) -> Result<()> {
        let now = self.clock.now();
        if is_short(lease.ends, now) {
            lease.ends = now.after(LEASE);
            self.catalog.extend_leases(vec![lease.key], lease.ends).await?;
        }
        Ok(())
    }

    /// Writes staged bytes again as a new object, once, after a flush of the first one failed: a failed fsync may mark
    /// pages clean that never reached the medium, so flushing the same file again proves nothing.
    async fn write_again(&self, staged: &dyn AudioReader, expected: Written) -> Result<AudioKey> {
        let (mut lease, mut upload) = self.begin_object().await?;
        let key = lease.key;
        let copied = async {
            let mut offset = 0;
            while offset < expected.size_bytes {
                let piece = staged.read_at(offset, COPY_BYTES).await?;
                if piece.is_empty() {
                    break;
                }
                offset += piece.len() as u64;
                upload.write(piece).await?;
                // If this fails the object may be swept, and its commit refused: nothing is acknowledged then.
                let _ = self.go_on(&mut lease).await;
            }
            upload.finish().await
        };
        let failed = |source| AudioStoreError::Failed { key, operation: "writing again", source };
        let failure = match copied.await {
            Ok(written) if written == expected => return Ok(key),
            Ok(_) => failed(std::io::Error::other("the staged bytes read back differently")),
            Err(FinishError::NotDurable { source, .. } | FinishError::Store(source)) => source,
        };
        self.discard(vec![key]).await;
        Err(Error::NotStored(failure))
    }
}

impl Incoming {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::PlanForbids`], or when the store fails. The upload is of no use after an error; [`Incoming::abandon`] it.
    pub async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.size_bytes += bytes.len() as u64;
        self.bound.check(self.size_bytes)?;
        self.escaped_len += escaped_len(&bytes);
        self.probe.push(&bytes);
        self.intake.go_on(&mut self.lease).await?;
        self.upload.write(bytes).await.map_err(Error::NotStored)
    }

    /// The durable object, if the bytes are audio that is kept.
    ///
    /// # Errors
    /// [`Error::NotAudio`], or when the store fails; nothing is left then.
    pub(crate) async fn finish(self) -> Result<StoredAudio> {
        let Self { intake, lease: Lease { mut key, .. }, upload, probe, size_bytes, escaped_len, .. } = self;
        let facts = match probe.finish() {
            Ok(facts) => facts,
            Err(reason) => {
                drop(upload);
                intake.discard(vec![key]).await;
                return Err(reason.into());
            }
        };
        let written = match upload.finish().await {
            Ok(written) => written,
            Err(FinishError::NotDurable { staged, written, .. }) => {
                let again = intake.write_again(staged.as_ref(), written).await;
                intake.discard(vec![key]).await;
                key = again?;
                written
            }
            Err(FinishError::Store(error)) => {
                intake.discard(vec![key]).await;
                return Err(Error::NotStored(error));
            }
        };
        debug_assert_eq!(written.size_bytes, size_bytes);
        let Written { size_bytes, sha256 } = written;
        Ok(StoredAudio { key, sha256, size_bytes, escaped_len, facts })
    }

    /// Takes away what was written so far.
    pub async fn abandon(self) {
        let Self { intake, lease, upload, .. } = self;
        drop(upload);
        intake.discard(vec![lease.key]).await;
    }
}
