//! The least that a program does so that a file outlives a loss of power: temporary file, fsync, rename, fsync of the folder.
//!
//! Sixteen threads do nothing else, in 256 folders as our store has them. What ours does besides (checking the login and the file,
//! hashing, the catalog) is what the comparison shows.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::load::{Measured, Pace};
use crate::process;

/// As many as the hexadecimal numbers of two digits.
const FOLDERS: u64 = 256;

/// Where the files go, round after round as ours do.
///
/// Nothing is removed before all is over: ext4 without a journal passes by the numbers of files that were deleted in the last
/// minutes, and looks through all of them for each new file, ours too.
pub(crate) struct Shelf {
    root: PathBuf,
    number: AtomicU64,
}

impl Shelf {
    /// In a folder that is made in `place` and goes with it.
    ///
    /// # Errors
    /// When a folder cannot be made.
    pub(crate) fn create(place: &Path) -> anyhow::Result<Shelf> {
        let root = place.join("durable");
        fs_err::create_dir(&root)?;
        for shard in 0..FOLDERS {
            fs_err::create_dir(root.join(format!("{shard:02x}")))?;
        }
        Ok(Shelf { root, number: AtomicU64::new(0) })
    }
}

/// Writes files like `file` with `writers` threads for as long as the pace says.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn run(shelf: &Shelf, file: &[u8], writers: usize, pace: Pace) -> anyhow::Result<Measured> {
    let Shelf { root, number } = shelf;
    let (open, done) = (AtomicBool::new(false), AtomicBool::new(false));
    let latencies = Mutex::new(Vec::new());
    let (window, own, all) = thread::scope(|scope| {
        let mut threads = Vec::new();
        for _ in 0..writers {
            threads.push(scope.spawn(|| -> anyhow::Result<()> {
                let mut file = file.to_vec();
                while !done.load(Ordering::Acquire) {
                    let number = number.fetch_add(1, Ordering::Relaxed);
                    let started = Instant::now();
                    write_one(root, number, &mut file)?;
                    if open.load(Ordering::Acquire) {
                        latencies.lock().unwrap_or_else(PoisonError::into_inner).push(started.elapsed());
                    }
                }
                Ok(())
            }));
        }
        thread::sleep(pace.warm_up);
        let before = (process::processor_time(std::process::id())?, process::busy_time()?);
        let started = Instant::now();
        open.store(true, Ordering::Release);
        thread::sleep(pace.window);
        open.store(false, Ordering::Release);
        let window = started.elapsed();
        let after = (process::processor_time(std::process::id())?, process::busy_time()?);
        done.store(true, Ordering::Release);
        for thread in threads {
            thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a writer panicked")))?;
        }
        anyhow::Ok((window, after.0.saturating_sub(before.0), after.1.saturating_sub(before.1)))
    })?;
    let mut latencies = latencies.into_inner().unwrap_or_else(PoisonError::into_inner);
    latencies.sort_unstable();
    Ok(Measured {
        window,
        latencies,
        server_time: own,
        client_time: Duration::ZERO,
        other_time: all.saturating_sub(own),
        peak_bytes: process::peak_resident(std::process::id())?,
        failure: None,
    })
}

fn write_one(root: &Path, number: u64, file: &mut [u8]) -> anyhow::Result<()> {
    // Different files, as ours are.
    let start = file.len() - 8;
    file[start..].copy_from_slice(&number.to_le_bytes());
    let folder = root.join(format!("{:02x}", number % FOLDERS));
    let (part, whole) = (folder.join(format!(".{number}.part")), folder.join(number.to_string()));
    let mut output = fs_err::File::create_new(&part)?;
    output.write_all(file)?;
    output.sync_all()?;
    drop(output);
    fs_err::rename(&part, &whole)?;
    fs_err::File::open(&folder)?.sync_all().context("cannot sync a folder")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_written_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        fs_err::create_dir(folder.path().join("03")).expect("a folder");
        write_one(folder.path(), 259, &mut [7; 20]).expect("a file");
        let written = fs_err::read(folder.path().join("03").join("259")).expect("the file");
        assert_eq!(written, [[7; 12].as_slice(), &259_u64.to_le_bytes()].concat());
        assert_eq!(fs_err::read_dir(folder.path().join("03")).expect("a folder").count(), 1);
    }
}
