//! The two calls that make bytes survive a power cut, apart from the rest so that tests can make them fail.

use std::fmt::Debug;
use std::io;
use std::path::Path;

/// What flushes.
pub(super) trait Medium: Debug + Send + Sync {
    /// Flushes a file's bytes and size.
    fn flush_file(&self, file: &fs_err::File) -> io::Result<()>;
    /// Flushes a directory's entries.
    fn flush_directory(&self, directory: &Path) -> io::Result<()>;
}

/// The real one.
#[derive(Debug)]
pub(super) struct Disk;

impl Medium for Disk {
    fn flush_file(&self, file: &fs_err::File) -> io::Result<()> {
        file.sync_all()
    }

    fn flush_directory(&self, directory: &Path) -> io::Result<()> {
        fs_err::File::open(directory)?.sync_all()
    }
}
