//! A connector whose parts have different addresses outside: what asks for the ticket is not what fetches the file. The
//! address of the latter is a configuration value, `allowedip`.

use std::io;

use super::account::{Account, link, refused, required};
use super::wire::Pbx;

/// What was fetched, and what it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The audio, by way of the other address.
    pub bytes: Vec<u8>,
    /// The `errno` before `allowedip` was configured.
    pub without: String,
    /// The audio by the first link, from the address that asked for it.
    pub by_first_link: Vec<u8>,
}

/// Fetches by way of `outside`: first as it was installed, then with `allowedip` set to `configured`.
///
/// # Errors
/// When the telephone system cannot be reached, or refuses the configured address.
pub fn fetch(account: &Account, recording: &str, outside: &Pbx, configured: &str) -> io::Result<Fetched> {
    let token = account.log_in()?;
    // As the guide prints it: a blank is nobody.
    let answer = account.ask_for_ticket(&token, recording, Some(" "))?;
    let first = link(recording, &required(&answer, "random")?, &token);
    let without = outside.get(&first)?.member("errno");
    let answer = account.ask_for_ticket(&token, recording, Some(configured))?;
    let second = link(recording, &required(&answer, "random")?, &token);
    let answer = outside.get(&second)?;
    if !answer.member("errno").is_empty() {
        return Err(refused(&answer));
    }
    let by_first_link = account.pbx.get(&first)?.body;
    Ok(Fetched { bytes: answer.body, without, by_first_link })
}
