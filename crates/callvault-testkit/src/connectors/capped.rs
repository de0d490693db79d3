//! A connector that holds recordings in memory and takes none above a bound: it reads `Content-Length` first, and leaves if
//! there is none or it is too much.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};

use super::account::Account;
use super::wire::get;

/// The bound that one has: 25 MB.
pub const CAP_BYTES: u64 = 25_000_000;

/// What became of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It was fetched.
    Audio(Vec<u8>),
    /// It is this long, and nothing of it was read.
    TooLong(u64),
    /// Nothing told how long it is.
    NoLength,
}

/// Fetches a recording if it is not too long.
///
/// # Errors
/// When the telephone system cannot be reached, or refuses.
pub fn fetch(account: &Account, token: &str, recording: &str) -> io::Result<Taken> {
    let link = account.new_link(token, recording)?;
    let mut stream = account.pbx.connect()?;
    stream.write_all(get(&link, "Accept: application/octet-stream\r\n").as_bytes())?;
    let mut reader = BufReader::with_capacity(1024, stream);
    let mut length = None;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(text) = line.strip_prefix("content-length:") {
            length = text.trim().parse().ok();
        }
        if line.is_empty() {
            break;
        }
    }
    match length {
        None => Ok(Taken::NoLength),
        Some(length) if length > CAP_BYTES => Ok(Taken::TooLong(length)),
        Some(length) => {
            let mut audio = Vec::new();
            reader.take(length).read_to_end(&mut audio)?;
            Ok(Taken::Audio(audio))
        }
    }
}
