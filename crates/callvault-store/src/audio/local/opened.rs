//! Files of objects that were opened a moment ago, so that the next one who asks for the same object need not look
//! for its file. Objects never change. Of what this process removes no file is kept; that somebody else took one away is
//! seen when its last name is gone, and not while it has another one elsewhere.

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
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    removals: u64,
    files: HashMap<AudioKey, Arc<fs_err::File>>,
}

/// How many objects had been removed when a file was not found open. One that is looked for by its name only then was
/// not removed before, so it was not removed at all if the count is the same when it is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Removals(u64);

impl Opened {
    /// A reader of an object whose file is open and was not removed since, or else what [`Opened::keep`] wants to be told.
    /// Asking for that does not wait for the medium: what is known of an open file is in memory.
    pub(super) fn reader(&self, key: AudioKey) -> Result<LocalReader, Removals> {
        let (file, removals) = {
            let book = self.locked();
            (book.files.get(&key).cloned(), Removals(book.removals))
        };
        let file = file.ok_or(removals)?;
        match size_unless_removed(&file) {
            Ok(Some(size_bytes)) => Ok(LocalReader::over(key, file, size_bytes)),
            Ok(None) | Err(_) => {
                self.close(key);
                Err(removals)
            }
        }
    }

    /// Keeps the file of a reader open, unless something was removed since it was looked for, which may be its object.
    pub(super) fn keep(&self, reader: &LocalReader, before: Removals) {
        let mut book = self.locked();
        if book.removals != before.0 {
            return;
        }
        let many =
            if book.files.len() >= MOST_FILES { std::mem::take(&mut book.files) } else { HashMap::new() };
        let replaced = book.files.insert(reader.key(), reader.file());
        // Closing the last descriptor of what was removed frees its room, which is no work to do under the lock.
        drop(book);
        drop((many, replaced));
    }

    /// The object was removed: nobody finds it by its name any more. Its file is closed, here unless somebody still reads it,
    /// which may take as long as freeing its room does.
    pub(super) fn removed(&self, key: AudioKey) {
        self.locked().removals += 1;
        self.close(key);
    }

    fn close(&self, key: AudioKey) {
        let file = self.locked().files.remove(&key);
        // Not under the lock, as above.
        drop(file);
    }

    fn locked(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn size_unless_removed(file: &fs_err::File) -> io::Result<Option<u64>> {
    let metadata = file.metadata()?;
    // Without a name left, it is only there for those who have it open.
    Ok((metadata.nlink() > 0).then_some(metadata.len()))
}
