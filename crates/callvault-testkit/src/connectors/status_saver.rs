//! A connector that looks at the status alone: what comes with 200 is saved under the name of the recording.

use std::io;
use std::time::Duration;

use super::account::{Account, refused};

/// What is on its disk afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The file.
    pub bytes: Vec<u8>,
    /// The statuses that it met, to the last one.
    pub statuses: Vec<u16>,
}

/// Saves a recording, too slowly for its first link.
///
/// # Errors
/// When the telephone system cannot be reached, or the second link is no good either.
pub fn save(
    account: &Account,
    recording: &str,
    delay: Duration,
    wait: impl Fn(Duration),
) -> io::Result<Saved> {
    let token = account.log_in()?;
    let link = account.new_link(&token, recording)?;
    wait(delay);
    let first = account.pbx.get(&link)?;
    if first.status == 200 {
        return Ok(Saved { bytes: first.body, statuses: vec![200] });
    }
    let second = account.pbx.get(&account.new_link(&token, recording)?)?;
    if second.status == 200 {
        Ok(Saved { bytes: second.body, statuses: vec![first.status, 200] })
    } else {
        Err(refused(&second))
    }
}
