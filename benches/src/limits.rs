//! What the machine gives at most: bytes copied in memory and bytes through a loopback connection, by as little a program as
//! there can be.

use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// Far more than the caches of a core hold.
const MEMORY_BYTES: usize = 256 * 1024 * 1024;

/// As the load generator reads at a time.
const CHUNK_BYTES: usize = 256 * 1024;

/// 10^9 bytes copied per second by one thread, from memory to memory, for at least `time`.
pub(crate) fn memory_copy(time: Duration) -> f64 {
    let source = vec![1_u8; MEMORY_BYTES];
    let mut copy = vec![0_u8; MEMORY_BYTES];
    let started = Instant::now();
    let mut copied = 0_usize;
    while started.elapsed() < time {
        copy.copy_from_slice(black_box(&source));
        black_box(&mut copy);
        copied += MEMORY_BYTES;
    }
    copied as f64 / started.elapsed().as_secs_f64() / 1e9
}

/// 10^9 bytes per second from one thread to another through one connection, for `time`.
///
/// # Errors
/// When the connection fails.
pub(crate) fn loopback(time: Duration) -> anyhow::Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut receiver = TcpStream::connect(listener.local_addr()?)?;
    let (mut sender, _) = listener.accept()?;
    let sending = thread::spawn(move || -> std::io::Result<()> {
        let chunk = vec![1_u8; CHUNK_BYTES];
        let started = Instant::now();
        while started.elapsed() < time {
            sender.write_all(&chunk)?;
        }
        Ok(())
    });
    let mut chunk = vec![0_u8; CHUNK_BYTES];
    let started = Instant::now();
    let mut received = 0_usize;
    loop {
        match receiver.read(&mut chunk).context("the loopback connection broke")? {
            0 => break,
            count => received += count,
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    match sending.join() {
        Ok(result) => result.context("the loopback connection broke")?,
        Err(_) => bail!("the sender panicked"),
    }
    Ok(received as f64 / seconds / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_give_a_rate() {
        let time = Duration::from_millis(20);
        assert!(memory_copy(time) > 0.01);
        assert!(loopback(time).expect("loopback") > 0.01);
    }
}
