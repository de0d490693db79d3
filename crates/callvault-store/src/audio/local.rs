//! Audio in local files, one for each object, durable when it is said to be.
//!
//! The object `3f...` is `3f/3f...` below the store's directory; an upload is `3f/.3f....part` until it is finished. The
//! 256 shard directories are made and flushed once, by [`LocalAudio::init`], so that finishing an upload flushes the
//! file, renames it and flushes one directory. Nothing here looks names up for clients: keys come from the catalog.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use callvault_core::audio::AudioKey;
use callvault_core::port::audio_store::{AudioReader, AudioStore, AudioStoreError, ReadFrom, Upload};

use self::medium::{Disk, Medium};
use self::opened::Opened;
use self::reader::LocalReader;
use self::upload::LocalUpload;

mod blocking;
mod layout;
mod medium;
mod opened;
mod reader;
mod upload;

use self::blocking::{blocking, unusable};

/// A directory of audio.
#[derive(Debug, Clone)]
pub struct LocalAudio {
    directory: Arc<Path>,
    medium: Arc<dyn Medium>,
    opened: Arc<Opened>,
}

impl LocalAudio {
    /// Makes the directory with its 256 shards (mode 0700), all flushed to the medium; completes one that was begun.
    ///
    /// # Errors
    /// [`AudioStoreError::Unusable`].
    pub async fn init(directory: &Path) -> Result<Self, AudioStoreError> {
        let store = Self::over(directory, Arc::new(Disk));
        let (made, medium) = (Arc::clone(&store.directory), Arc::clone(&store.medium));
        unusable("making the shard directories", move || layout::make(&made, &*medium)).await?;
        Ok(store)
    }

    /// Opens a directory that [`LocalAudio::init`] made.
    ///
    /// # Errors
    /// [`AudioStoreError::Unusable`] when a shard directory is missing, as with a disk that is not mounted.
    pub async fn open(directory: &Path) -> Result<Self, AudioStoreError> {
        let store = Self::over(directory, Arc::new(Disk));
        let found = Arc::clone(&store.directory);
        unusable("finding the shard directories", move || layout::find(&found)).await?;
        Ok(store)
    }

    fn over(directory: &Path, medium: Arc<dyn Medium>) -> Self {
        Self { directory: directory.into(), medium, opened: Arc::default() }
    }

    fn object(&self, key: AudioKey) -> PathBuf {
        layout::shard(&self.directory, key.shard()).join(key.to_string())
    }

    fn part(&self, key: AudioKey) -> PathBuf {
        layout::shard(&self.directory, key.shard()).join(format!(".{key}.part"))
    }
}

#[async_trait]
impl AudioStore for LocalAudio {
    async fn create(&self, key: AudioKey) -> Result<Box<dyn Upload>, AudioStoreError> {
        let (part, object, medium) = (self.part(key), self.object(key), Arc::clone(&self.medium));
        let upload = blocking(key, "creating", move || LocalUpload::begin(key, part, object, medium)).await?;
        Ok(Box::new(upload))
    }

    async fn open(&self, key: AudioKey, from: ReadFrom) -> Result<Arc<dyn AudioReader>, AudioStoreError> {
        // Files are kept open for those who play what others play too, not for those who go through everything.
        let removals = match from {
            ReadFrom::Anywhere => match self.opened.reader(key) {
                Ok(reader) => return Ok(Arc::new(reader)),
                Err(removals) => Some(removals),
            },
            ReadFrom::Place | ReadFrom::Medium => None,
        };
        let path = self.object(key);
        let at_once = if from == ReadFrom::Medium { None } else { LocalReader::open_at_once(key, &path) };
        let reader = match at_once {
            Some(reader) => reader,
            None => by_name(key, path, from).await?,
        };
        if let Some(removals) = removals {
            self.opened.keep(&reader, removals);
        }
        Ok(Arc::new(reader))
    }

    async fn remove(&self, key: AudioKey) -> Result<(), AudioStoreError> {
        let (object, part, medium) = (self.object(key), self.part(key), Arc::clone(&self.medium));
        let (shard, opened) = (layout::shard(&self.directory, key.shard()), Arc::clone(&self.opened));
        blocking(key, "removing", move || {
            // In this order: an upload that ends just now either finds nothing to rename, or has renamed already.
            unlink(&part)?;
            unlink(&object)?;
            // What nobody can find any more must not take up room, durably gone or not.
            opened.removed(key);
            // Also when nothing was there: an earlier removal may have ended before this line.
            medium.flush_directory(&shard)
        })
        .await
    }

    async fn keys(&self, shard: u8) -> Result<Vec<AudioKey>, AudioStoreError> {
        let directory = layout::shard(&self.directory, shard);
        unusable("listing a shard", move || layout::keys(&directory, shard)).await
    }
}

/// Looks for a finished object on a thread that may wait.
async fn by_name(key: AudioKey, path: PathBuf, from: ReadFrom) -> Result<LocalReader, AudioStoreError> {
    match blocking(key, "opening", move || LocalReader::open(key, &path, from)).await {
        Err(AudioStoreError::Failed { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            Err(AudioStoreError::Missing { key })
        }
        opened => opened,
    }
}

fn unlink(path: &Path) -> io::Result<()> {
    match fs_err::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
