//! The lock on a data folder: whoever has it is the only writer.

use std::fs::TryLockError;
use std::io::{Seek as _, Write as _};
use std::path::Path;

use anyhow::Context as _;

/// A lock that is held as long as this lives; the system lets go of it when the process dies.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: std::fs::File,
}

impl Lock {
    /// Takes the lock; `None` when someone else has it.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub(crate) fn take(path: &Path) -> anyhow::Result<Option<Self>> {
        let mut options = fs_err::OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        fs_err::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let (mut file, _) = options.open(path).context("cannot lock the data folder")?.into_parts();
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
        // Only for the message of whoever comes second; a full disk must not stop a server from starting.
        let _ = file.set_len(0);
        let _ = file.rewind().and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Some(Self { _file: file }))
    }

    /// Who has the lock, as a part of a sentence; empty where that is not known.
    pub(crate) fn holder(path: &Path) -> String {
        let id = fs_err::read_to_string(path).ok().and_then(|text| text.trim().parse::<u32>().ok());
        id.map(|id| format!(" (process {id})")).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let lock = Lock::take(&path).unwrap().unwrap();
        assert!(Lock::take(&path).unwrap().is_none());
        assert_eq!(Lock::holder(&path), format!(" (process {})", std::process::id()));
        drop(lock);
        assert!(Lock::take(&path).unwrap().is_some());
    }
}
