//! Bytes on their way to the medium in whole blocks, past the page cache (`O_DIRECT`).
//!
//! The copy into the page cache took a third of the processor time of an upload, and pushed out of memory what is being played, for
//! the sake of files of which most are not played soon, if ever. What cannot be written so goes through the page cache: what
//! ends within a block, and everything where the file system or the medium refuses.

use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use bytes::{Buf as _, Bytes};

/// What direct writes begin and end at, in memory and in the file. Media have blocks of this size, or of a part of it.
const BLOCK: usize = 4096;

/// How many bytes gather before they are written.
const ROOM: usize = 1024 * 1024;

/// A shorter file is copied for less than what it costs to ask the medium once more.
const LEAST_DIRECT: usize = 64 * 1024;

/// Bytes that gather in memory that begins at a block. They are copies, not the pieces themselves: a small piece can hold on to
/// a large network buffer, and lies anywhere.
#[derive(Default)]
pub(super) struct Gathered {
    /// Without any memory before the first byte; then never grown, as it would begin elsewhere.
    memory: Vec<u8>,
    start: usize,
}

impl Gathered {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.memory[self.start..]
    }

    /// How many bytes it takes before it is full.
    pub(super) fn room(&self) -> usize {
        ROOM - self.bytes().len()
    }

    /// Takes from the front of `bytes` what there is room for.
    pub(super) fn take(&mut self, bytes: &mut Bytes) {
        if self.memory.capacity() == 0 {
            self.memory.reserve_exact(ROOM + BLOCK);
            self.start = self.memory.as_ptr().align_offset(BLOCK).min(BLOCK);
            self.memory.resize(self.start, 0);
        }
        let count = bytes.len().min(self.room());
        self.memory.extend_from_slice(&bytes[..count]);
        bytes.advance(count);
    }

    pub(super) fn clear(&mut self) {
        self.memory.truncate(self.start);
    }
}

/// A new file that is written to its end.
pub(super) struct Growing {
    file: fs_err::File,
    is_direct: bool,
}

impl Growing {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let mut options = fs_err::OpenOptions::new();
        options.read(true).write(true).create_new(true).options_mut().mode(0o600);
        Ok(Self { file: options.open(path)?, is_direct: false })
    }

    /// Writes what has gathered. Only what comes last may end within a block.
    pub(super) fn append(&mut self, gathered: &Gathered) -> io::Result<()> {
        let bytes = gathered.bytes();
        let (blocks, rest) = bytes.split_at(bytes.len() - bytes.len() % BLOCK);
        if blocks.len() >= LEAST_DIRECT && !self.is_direct {
            // Not when it is opened: what refuses it then may have made the file already.
            self.is_direct = set_direct(&self.file, true).is_ok();
        }
        self.write(blocks)?;
        if !rest.is_empty() {
            self.go_through_the_cache()?;
            self.file.write_all(rest)?;
        }
        Ok(())
    }

    fn write(&mut self, mut blocks: &[u8]) -> io::Result<()> {
        while !blocks.is_empty() {
            match self.file.write(blocks) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => blocks = &blocks[count..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Other blocks than expected, or a part of one after a write that came to less than it should.
                Err(error) if self.is_direct && error.kind() == io::ErrorKind::InvalidInput => {
                    self.go_through_the_cache()?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn go_through_the_cache(&mut self) -> io::Result<()> {
        if self.is_direct {
            set_direct(&self.file, false)?;
            self.is_direct = false;
        }
        Ok(())
    }

    pub(super) fn file(&self) -> &fs_err::File {
        &self.file
    }

    /// The file, to be read at any place.
    pub(super) fn into_file(mut self) -> io::Result<fs_err::File> {
        self.go_through_the_cache()?;
        Ok(self.file)
    }
}

#[cfg(target_os = "linux")]
fn set_direct(file: &fs_err::File, is_direct: bool) -> io::Result<()> {
    use rustix::fs::{OFlags, fcntl_setfl};
    let flags = if is_direct { OFlags::DIRECT } else { OFlags::empty() };
    Ok(fcntl_setfl(file.file(), flags)?)
}

/// Other systems have other ways.
#[cfg(not(target_os = "linux"))]
fn set_direct(_: &fs_err::File, _: bool) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_gathered_begins_at_a_block_and_stays_there() {
        let mut gathered = Gathered::default();
        let all =
            Bytes::from((0..ROOM + 5000).map(|place| (place * 7 + place / 256) as u8).collect::<Vec<_>>());
        for size in [1, 4095, 5000, ROOM] {
            for piece in all.chunks(size) {
                gathered.take(&mut Bytes::copy_from_slice(piece));
            }
            assert_eq!(gathered.bytes(), &all[..ROOM], "in pieces of {size}");
            assert_eq!(gathered.bytes().as_ptr().align_offset(BLOCK), 0);
            gathered.clear();
            assert_eq!(gathered.room(), ROOM);
        }
    }

    #[test]
    fn what_cannot_be_written_past_the_page_cache_is_written_through_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let mut file = Growing::create(&path).unwrap();
        let content: Vec<u8> = (0..200_000u32).map(|place| (place * 7 + place / 256) as u8).collect();
        let mut gathered = Gathered::default();
        gathered.take(&mut Bytes::copy_from_slice(&content[..24 * BLOCK]));
        file.append(&gathered).unwrap();
        // No multiple of any medium's blocks, and somewhere in memory.
        file.write(&content[24 * BLOCK..100_001]).unwrap();
        gathered.clear();
        gathered.take(&mut Bytes::copy_from_slice(&content[100_001..]));
        file.append(&gathered).unwrap();
        assert!(fs_err::read(&path).unwrap() == content);
        assert!(Growing::create(&path).is_err(), "what is there stays");
    }
}
