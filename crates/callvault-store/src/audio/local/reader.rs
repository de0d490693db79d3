//! An object being read, at any place, while it may be removed.
//!
//! Most objects are played soon after they were stored or again and again, so that the kernel still has them in memory.
//! Then opening and reading take microseconds, less than handing them to another thread and waiting for it. So both
//! are tried where they stand, in a way that never waits for the medium; what would wait goes to a thread that may.

use std::io::{self, IoSliceMut};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use callvault_core::audio::AudioKey;
use callvault_core::port::audio_store::{AudioReader, AudioStoreError, ReadFrom, SendableFile};
use rustix::buffer::spare_capacity;
use rustix::fs::{Advice, fadvise};
#[cfg(target_os = "linux")]
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
#[cfg(target_os = "linux")]
use rustix::io::{ReadWriteFlags, preadv2};
use tokio::task::consume_budget;

use super::blocking::blocking;

/// For how many bytes, and at least once for each piece, a reader spends of what its task may do before others go on.
/// Tokio gives 128 such units, so that 2 MiB are read, and hashed or whatever, in one go: some milliseconds.
const UNIT_BYTES: usize = 16 * 1024;

/// How much is read at once of what is only to be in memory.
const PIECE_BYTES: usize = 128 * 1024;

/// How far apart the places lie at which a stretch is asked for that is only to be in memory. The kernel reads and forgets much
/// at a time, so few places tell of all.
const LOOK_BYTES: usize = 512 * 1024;

#[derive(Debug)]
pub(super) struct LocalReader {
    key: AudioKey,
    file: Arc<fs_err::File>,
    size_bytes: u64,
}

impl LocalReader {
    /// Opens a finished object.
    pub(super) fn open(key: AudioKey, path: &Path, from: ReadFrom) -> io::Result<Self> {
        let file = fs_err::File::open(path)?;
        if from == ReadFrom::Medium {
            // The kernel drops only clean pages; on Linux a flush works on a file opened for reading too.
            file.sync_data()?;
            fadvise(file.file(), 0, None, Advice::DontNeed)?;
        }
        let size_bytes = file.metadata()?.len();
        Ok(Self::over(key, Arc::new(file), size_bytes))
    }

    /// Opens a finished object if that needs nothing from the medium; `None` says nothing about why not.
    #[cfg(target_os = "linux")]
    pub(super) fn open_at_once(key: AudioKey, path: &Path) -> Option<Self> {
        // RESOLVE_CACHED: Linux 5.12. Where it is unknown or forbidden, the slow way says what is wrong.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let opened = openat2(CWD, path, flags, Mode::empty(), ResolveFlags::CACHED).ok()?;
        let file = fs_err::File::from_parts(opened.into(), path);
        let size_bytes = file.metadata().ok()?.len();
        Some(Self::over(key, Arc::new(file), size_bytes))
    }

    /// Other systems cannot promise not to wait.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn open_at_once(_: AudioKey, _: &Path) -> Option<Self> {
        None
    }

    /// Over an open file.
    pub(super) fn over(key: AudioKey, file: Arc<fs_err::File>, size_bytes: u64) -> Self {
        Self { key, file, size_bytes }
    }

    /// What it reads.
    pub(super) fn key(&self) -> AudioKey {
        self.key
    }

    /// How many bytes there are from a place on.
    fn left(&self, offset: u64) -> usize {
        usize::try_from(self.size_bytes.saturating_sub(offset)).unwrap_or(usize::MAX)
    }

    /// Reads over all of `bytes`, which are no more than there are.
    async fn fill(&self, offset: u64, mut bytes: Vec<u8>) -> Result<Vec<u8>, AudioStoreError> {
        let wanted = bytes.len();
        if wanted == 0 {
            return Ok(bytes);
        }
        // What is in memory is there at once, however much is read: nothing else would make its reader stop.
        for _ in 0..wanted.div_ceil(UNIT_BYTES) {
            consume_budget().await;
        }
        let known = read_at_once(&self.file, offset, &mut bytes);
        if known == wanted {
            return Ok(bytes);
        }
        bytes.truncate(known);
        let file = Arc::clone(&self.file);
        blocking(self.key, "reading", move || read_exactly(&file, offset, bytes, wanted)).await
    }

    /// Its file.
    pub(super) fn file(&self) -> Arc<fs_err::File> {
        Arc::clone(&self.file)
    }
}

#[async_trait]
impl AudioReader for LocalReader {
    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    async fn read_at(&self, offset: u64, length: usize) -> Result<Bytes, AudioStoreError> {
        self.fill(offset, vec![0; length.min(self.left(offset))]).await.map(Bytes::from)
    }

    async fn read_over(&self, offset: u64, mut buffer: Vec<u8>) -> Result<Vec<u8>, AudioStoreError> {
        buffer.truncate(self.left(offset));
        self.fill(offset, buffer).await
    }

    async fn file(&self, stretch: Range<u64>) -> Result<Option<SendableFile>, AudioStoreError> {
        let last = stretch.end.saturating_sub(1);
        let mut looked_at = stretch.clone().step_by(LOOK_BYTES).chain([last]);
        if !looked_at.all(|place| is_in_memory(&self.file, place)) {
            let file = Arc::clone(&self.file);
            blocking(self.key, "reading", move || bring_into_memory(&file, stretch)).await?;
        }
        Ok(Some(Arc::clone(&self.file) as SendableFile))
    }
}

/// Whether the kernel has the byte at a place in memory.
fn is_in_memory(file: &fs_err::File, offset: u64) -> bool {
    read_at_once(file, offset, &mut [0]) == 1
}

/// Reads a stretch for nothing but that the kernel has it in memory then.
fn bring_into_memory(file: &fs_err::File, stretch: Range<u64>) -> io::Result<()> {
    let mut piece = vec![0; PIECE_BYTES];
    let mut offset = stretch.start;
    while offset < stretch.end {
        match rustix::io::pread(file.file(), &mut *piece, offset) {
            // Whoever sends it finds that it is shorter than it was.
            Ok(0) => break,
            Ok(read) => offset += read as u64,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Reads what the kernel has in memory, from the start of the stretch on; says how many bytes that is.
#[cfg(target_os = "linux")]
fn read_at_once(file: &fs_err::File, offset: u64, bytes: &mut [u8]) -> usize {
    // RWF_NOWAIT: Linux 4.14, and not every file system has it. Errors are for the slow way to tell.
    preadv2(file.file(), &mut [IoSliceMut::new(bytes)], offset, ReadWriteFlags::NOWAIT).unwrap_or(0)
}

#[cfg(not(target_os = "linux"))]
fn read_at_once(_: &fs_err::File, _: u64, _: &mut [u8]) -> usize {
    0
}

/// Reads the rest of a stretch that the object has. A file that turns out shorter was damaged after it was opened.
fn read_exactly(file: &fs_err::File, offset: u64, mut bytes: Vec<u8>, wanted: usize) -> io::Result<Vec<u8>> {
    let named = |error: io::Error| {
        io::Error::new(error.kind(), format!("reading `{}` at {offset}: {error}", file.path().display()))
    };
    while bytes.len() < wanted {
        let place = offset + bytes.len() as u64;
        match rustix::io::pread(file.file(), spare_capacity(&mut bytes), place) {
            Ok(0) => return Err(named(io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(named(error.into())),
        }
    }
    // A vector may have more room than was asked for, and the read then brought more.
    bytes.truncate(wanted);
    Ok(bytes)
}
