//! An object being written: hashed on the way, flushed and renamed at the end.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use callvault_core::audio::{AudioKey, Sha256};
use callvault_core::port::audio_store::{AudioStoreError, FinishError, Upload, Written};
use sha2::Digest as _;

use super::blocking::blocking;
use super::blocks::{Gathered, Growing};
use super::medium::Medium;
use super::reader::LocalReader;

pub(super) struct LocalUpload {
    key: AudioKey,
    /// Absent while a thread works on it, and for good once that failed or was not waited for: the file may then hold
    /// half of a piece, and must not become an object.
    staged: Option<Staged>,
}

/// The file behind an upload. It lives on one thread at a time.
struct Staged {
    file: Growing,
    part: PathBuf,
    object: PathBuf,
    medium: Arc<dyn Medium>,
    hasher: sha2::Sha256,
    size_bytes: u64,
    /// What a thread is asked to hash and write when it is full, or at the end.
    gathered: Gathered,
}

/// Why a complete file did not become an object.
enum Uncommitted {
    /// A flush failed.
    NotDurable { file: Growing, written: Written, operation: &'static str, source: io::Error },
    /// Something else did.
    Failed { operation: &'static str, source: io::Error },
}

impl LocalUpload {
    /// Creates the temporary file.
    pub(super) fn begin(
        key: AudioKey,
        part: PathBuf,
        object: PathBuf,
        medium: Arc<dyn Medium>,
    ) -> io::Result<Self> {
        let file = Growing::create(&part)?;
        let (hasher, gathered) = (sha2::Sha256::new(), Gathered::default());
        Ok(Self { key, staged: Some(Staged { file, part, object, medium, hasher, size_bytes: 0, gathered }) })
    }

    fn given_up(&self) -> AudioStoreError {
        AudioStoreError::Failed {
            key: self.key,
            operation: "going on with an upload",
            source: io::Error::other("an earlier write failed or was given up"),
        }
    }
}

impl Staged {
    fn append(&mut self, mut bytes: Bytes) -> io::Result<()> {
        loop {
            self.gathered.take(&mut bytes);
            if self.gathered.room() > 0 {
                return Ok(());
            }
            self.append_gathered()?;
        }
    }

    fn append_gathered(&mut self) -> io::Result<()> {
        let bytes = self.gathered.bytes();
        self.hasher.update(bytes);
        self.size_bytes += bytes.len() as u64;
        self.file.append(&self.gathered)?;
        self.gathered.clear();
        Ok(())
    }

    fn commit(self) -> Result<Written, Uncommitted> {
        let written = Written { size_bytes: self.size_bytes, sha256: Sha256(self.hasher.finalize().into()) };
        let (file, medium) = (self.file, self.medium);
        if let Err(source) = medium.flush_file(file.file()) {
            return Err(Uncommitted::NotDurable { file, written, operation: "flushing the file", source });
        }
        // Keys are random and made once; should one come again, the bytes that are there stay.
        if self.object.symlink_metadata().is_ok() {
            let source = io::Error::from(io::ErrorKind::AlreadyExists);
            return Err(Uncommitted::Failed { operation: "renaming the file", source });
        }
        if let Err(source) = fs_err::rename(&self.part, &self.object) {
            return Err(Uncommitted::Failed { operation: "renaming the file", source });
        }
        let directory = self.object.parent().unwrap_or(Path::new("."));
        if let Err(source) = medium.flush_directory(directory) {
            return Err(Uncommitted::NotDurable {
                file,
                written,
                operation: "flushing the directory",
                source,
            });
        }
        Ok(written)
    }
}

#[async_trait]
impl Upload for LocalUpload {
    async fn write(&mut self, mut bytes: Bytes) -> Result<(), AudioStoreError> {
        let Some(mut staged) = self.staged.take() else { return Err(self.given_up()) };
        if bytes.len() < staged.gathered.room() {
            staged.gathered.take(&mut bytes);
            self.staged = Some(staged);
            return Ok(());
        }
        let appended = blocking(self.key, "writing", move || {
            staged.append(bytes)?;
            Ok(staged)
        });
        self.staged = Some(appended.await?);
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<Written, FinishError> {
        let Some(mut staged) = self.staged.take() else { return Err(self.given_up().into()) };
        let key = self.key;
        let outcome = blocking(key, "writing", move || {
            staged.append_gathered()?;
            Ok(staged.commit())
        });
        match outcome.await? {
            Ok(written) => Ok(written),
            Err(Uncommitted::Failed { operation, source }) => {
                Err(AudioStoreError::Failed { key, operation, source }.into())
            }
            Err(Uncommitted::NotDurable { file, written, operation, source }) => {
                let failed = |operation, source| AudioStoreError::Failed { key, operation, source };
                let file = file.into_file().map_err(|source| failed("reading", source))?;
                Err(FinishError::NotDurable {
                    staged: Arc::new(LocalReader::over(key, Arc::new(file), written.size_bytes)),
                    written,
                    source: failed(operation, source),
                })
            }
        }
    }
}
