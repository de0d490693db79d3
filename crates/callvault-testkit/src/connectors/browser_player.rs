//! An audio element in a browser: HEAD, a GET that it breaks off, and Range requests when somebody seeks. It never asks for
//! a ticket itself; the page that it stands in gives it a link.

use std::io::{self, Read as _, Write as _};

use super::wire::{Answer, Pbx, get};

/// How many links it asks for before it shows an error.
const MOST_LINKS: usize = 4;

/// What somebody heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// The bytes before and after the seek, put together.
    pub bytes: Vec<u8>,
    /// How many links that took.
    pub links: usize,
    /// The `errno` of each link that was no good any more.
    pub spent: Vec<String>,
}

/// Plays up to a place, seeks there, and plays to the end. `new_link` is the page's.
///
/// # Errors
/// When the telephone system cannot be reached, or link after link is no good.
pub fn play(
    pbx: &Pbx,
    seek_to: usize,
    mut new_link: impl FnMut() -> io::Result<String>,
) -> io::Result<Played> {
    let mut played = Played { bytes: Vec::new(), links: 1, spent: Vec::new() };
    let mut link = new_link()?;
    let head = pbx.exchange(get(&link, "Accept: */*\r\n").replacen("GET", "HEAD", 1).as_bytes())?;
    let length = head.length().ok_or_else(|| io::Error::other("an audio element wants a length"))?;

    played.bytes = begin(pbx, &link, seek_to)?;
    loop {
        let range = format!("Range: bytes={seek_to}-\r\n");
        let answer = pbx.exchange(get(&link, &range).as_bytes())?;
        if is_audio(&answer) {
            let whole_or_part = match answer.status {
                206 => answer.body,
                // Whoever does not know of ranges sends everything; a browser skips what it has.
                _ => answer.body[seek_to..].to_vec(),
            };
            played.bytes.extend_from_slice(&whole_or_part);
            break;
        }
        played.spent.push(answer.member("errno"));
        if played.links == MOST_LINKS {
            return Err(io::Error::other(format!("no link works: {:?}", played.spent)));
        }
        link = new_link()?;
        played.links += 1;
    }
    if played.bytes.len() == length { Ok(played) } else { Err(io::Error::other("a length that is wrong")) }
}

/// The first GET: a browser asks for all as a range, and leaves when it has buffered enough.
fn begin(pbx: &Pbx, link: &str, enough: usize) -> io::Result<Vec<u8>> {
    let mut stream = pbx.connect()?;
    stream.write_all(get(link, "Range: bytes=0-\r\n").as_bytes())?;
    let mut bytes = Vec::new();
    let body = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        let mut some = [0; 256];
        match stream.read(&mut some)? {
            0 => return Err(io::Error::other("no head")),
            length => bytes.extend_from_slice(&some[..length]),
        }
    };
    bytes.drain(..body);
    let missing = enough.saturating_sub(bytes.len());
    let mut rest = vec![0; missing];
    stream.read_exact(&mut rest)?;
    bytes.extend_from_slice(&rest);
    bytes.truncate(enough);
    Ok(bytes)
}

fn is_audio(answer: &Answer) -> bool {
    matches!(answer.status, 200 | 206) && answer.header("content-type").starts_with("audio/")
}
