//! An object being read, at any place, while it may be removed.

use std::io;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use callvault_core::audio::AudioKey;
use callvault_core::port::audio_store::{AudioReader, AudioStoreError, ReadFrom};
use rustix::buffer::spare_capacity;
use rustix::fs::{Advice, fadvise};

use super::blocking::blocking;

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
        Ok(Self::over(key, file, size_bytes))
    }

    /// Over an open file.
    pub(super) fn over(key: AudioKey, file: fs_err::File, size_bytes: u64) -> Self {
        Self { key, file: Arc::new(file), size_bytes }
    }
}

#[async_trait]
impl AudioReader for LocalReader {
    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    async fn read_at(&self, offset: u64, length: usize) -> Result<Bytes, AudioStoreError> {
        let left = usize::try_from(self.size_bytes.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = length.min(left);
        if wanted == 0 {
            return Ok(Bytes::new());
        }
        let file = Arc::clone(&self.file);
        blocking(self.key, "reading", move || read_exactly(&file, offset, wanted)).await
    }
}

/// Reads all of a stretch that the object has. A file that turns out shorter was damaged after it was opened.
fn read_exactly(file: &fs_err::File, offset: u64, wanted: usize) -> io::Result<Bytes> {
    let named = |error: io::Error| {
        io::Error::new(error.kind(), format!("reading `{}` at {offset}: {error}", file.path().display()))
    };
    let mut bytes: Vec<u8> = Vec::with_capacity(wanted);
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
    Ok(Bytes::from(bytes))
}
