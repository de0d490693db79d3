//! Files of objects that were opened a moment ago, so that the next one who asks for the same object need not look
//! for its file. Objects never change; whether one was removed, by whomever, is asked of the file itself.

use std::collections::HashMap;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use callvault_core::audio::AudioKey;

use super::reader::LocalReader;

/// Over this many open files they are all closed. Each is a descriptor, of the few hundred that the server leaves to all that
/// is no connection.
const MOST_FILES: usize = 32;

/// The files.
#[derive(Debug, Default)]
pub(super) struct Opened {
    files: Mutex<HashMap<AudioKey, Arc<fs_err::File>>>,
}

impl Opened {
    /// A reader of an object whose file is open and was not removed since. Asking for that does not wait for the medium: what
    /// is known of an open file is in memory.
    pub(super) fn reader(&self, key: AudioKey) -> Option<LocalReader> {
        let file = self.locked().get(&key).cloned()?;
        match size_unless_removed(&file) {
            Ok(Some(size_bytes)) => Some(LocalReader::over(key, file, size_bytes)),
            Ok(None) | Err(_) => {
                self.forget(key);
                None
            }
        }
    }

    /// Keeps the file of a reader open.
    pub(super) fn keep(&self, reader: &LocalReader) {
        let mut files = self.locked();
        if files.len() >= MOST_FILES {
            files.clear();
        }
        files.insert(reader.key(), reader.file());
    }

    /// Closes the file of an object, once nobody reads it any more.
    pub(super) fn forget(&self, key: AudioKey) {
        self.locked().remove(&key);
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<AudioKey, Arc<fs_err::File>>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn size_unless_removed(file: &fs_err::File) -> io::Result<Option<u64>> {
    let metadata = file.metadata()?;
    // Without a name left, it is only there for those who have it open.
    Ok((metadata.nlink() > 0).then_some(metadata.len()))
}
