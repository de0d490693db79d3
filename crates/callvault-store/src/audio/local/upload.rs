//! An object being written: hashed on the way, flushed and renamed at the end.

use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use callvault_core::audio::{AudioKey, Sha256};
use callvault_core::port::audio_store::{AudioStoreError, FinishError, Upload, Written};
use sha2::Digest as _;

use super::blocking::blocking;
use super::medium::Medium;
use super::reader::LocalReader;

/// How many bytes gather before a thread is asked to hash and write them.
const GATHER: usize = 1024 * 1024;

pub(super) struct LocalUpload {
    key: AudioKey,
    /// Absent while a thread works on it, and for good once that failed or was not waited for: the file may then hold
    /// half of a piece, and must not become an object.
    staged: Option<Staged>,
}

/// The file behind an upload. It lives on one thread at a time.
struct Staged {
    file: fs_err::File,
    part: PathBuf,
    object: PathBuf,
    medium: Arc<dyn Medium>,
    hasher: sha2::Sha256,
    size_bytes: u64,
    /// Copies, not the pieces themselves: a small piece can hold on to a large network buffer.
    gathered: Vec<u8>,
}

/// Why a complete file did not become an object.
enum Uncommitted {
    /// A flush failed.
    NotDurable { file: fs_err::File, written: Written, operation: &'static str, source: io::Error },
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
        let mut options = fs_err::OpenOptions::new();
        options.read(true).write(true).create_new(true).options_mut().mode(0o600);
        let file = options.open(&part)?;
        let (hasher, gathered) = (sha2::Sha256::new(), Vec::new());
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
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.size_bytes += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    fn append_gathered(&mut self) -> io::Result<()> {
        let mut gathered = std::mem::take(&mut self.gathered);
        self.append(&gathered)?;
        gathered.clear();
        self.gathered = gathered;
        Ok(())
    }

    fn commit(self) -> Result<Written, Uncommitted> {
        let written = Written { size_bytes: self.size_bytes, sha256: Sha256(self.hasher.finalize().into()) };
        let (file, medium) = (self.file, self.medium);
        if let Err(source) = medium.flush_file(&file) {
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
    async fn write(&mut self, bytes: Bytes) -> Result<(), AudioStoreError> {
        let Some(mut staged) = self.staged.take() else { return Err(self.given_up()) };
        if staged.gathered.len() + bytes.len() < GATHER {
            staged.gathered.extend_from_slice(&bytes);
            self.staged = Some(staged);
            return Ok(());
        }
        let appended = blocking(self.key, "writing", move || {
            staged.append_gathered()?;
            staged.append(&bytes)?;
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
                Err(FinishError::NotDurable {
                    staged: Arc::new(LocalReader::over(key, Arc::new(file), written.size_bytes)),
                    written,
                    source: AudioStoreError::Failed { key, operation, source },
                })
            }
        }
    }
}
