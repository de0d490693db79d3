//! A helper that gives a link to whoever called it, who opens it when it suits: from a ticket, an e-mail, a queue.

use std::io;
use std::time::Duration;

use super::account::{Account, refused};

/// What the reader of the link got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The audio.
    pub bytes: Vec<u8>,
    /// The `errno` of each link that was opened too late.
    pub late: Vec<String>,
}

/// Has a link built, waits, and opens it; asks for another one, and opens that at once, when it was too late.
///
/// # Errors
/// When the telephone system cannot be reached, or gives nothing for a fresh link either.
pub fn open_later(
    account: &Account,
    recording: &str,
    delay: Duration,
    wait: impl Fn(Duration),
) -> io::Result<Opened> {
    let token = account.log_in()?;
    let link = account.new_link(&token, recording)?;
    wait(delay);
    let answer = account.pbx.get(&link)?;
    let errno = answer.member("errno");
    if errno.is_empty() {
        return Ok(Opened { bytes: answer.body, late: Vec::new() });
    }
    let answer = account.pbx.get(&account.new_link(&token, recording)?)?;
    if answer.member("errno").is_empty() {
        Ok(Opened { bytes: answer.body, late: vec![errno] })
    } else {
        Err(refused(&answer))
    }
}
