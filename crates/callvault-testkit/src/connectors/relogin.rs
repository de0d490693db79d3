//! A connector that uses its token until it is told that it is no good, and then logs in again. Which answers tell it that
//! is its author's guess.

use std::io;
use std::time::Duration;

use serde_json::json;

use super::account::{Account, link, refused, required};

/// What an author knows of tokens.
#[derive(Debug, Clone, Copy)]
pub struct Knowledge {
    /// The version in its paths.
    pub version: &'static str,
    /// The codes that it logs in again at.
    pub codes: &'static [&'static str],
}

/// Written by the guide of v1: a token that timed out is erased, so it is unknown.
pub const BY_V1: Knowledge = Knowledge { version: "v1.1.0", codes: &["20004"] };

/// Written by the guide of v2.
pub const BY_V2: Knowledge = Knowledge { version: "v2.0.0", codes: &["20004", "20005", "20006"] };

/// Written by guess: two codes that have nothing to do with tokens, and one that has.
pub const BY_GUESS: Knowledge = Knowledge { version: "v1.10", codes: &["10001", "10002", "20004"] };

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The audio.
    pub bytes: Vec<u8>,
    /// How often it logged in.
    pub logins: u32,
}

/// Fetches a recording, is idle, and fetches it again.
///
/// # Errors
/// When the telephone system cannot be reached, or answers something that its author did not know of.
pub fn fetch_twice(
    account: &Account,
    knowledge: Knowledge,
    recording: &str,
    idle: Duration,
    wait: impl Fn(Duration),
) -> io::Result<Fetched> {
    let Knowledge { version, codes } = knowledge;
    let mut token = account.log_in_with(version, &json!({ "port": "8260" }))?;
    let mut fetched = Fetched { bytes: Vec::new(), logins: 1 };
    for round in 0..2 {
        if round == 1 {
            wait(idle);
        }
        let body = json!({ "recording": recording }).to_string();
        let ask = |token: &str| {
            let target = format!("/api/{version}/recording/get_random?token={token}");
            account.pbx.post(&target, "application/json", &body)
        };
        let mut answer = ask(&token)?;
        if codes.contains(&answer.member("errno").as_str()) {
            token = account.log_in_with(version, &json!({ "port": "8260" }))?;
            fetched.logins += 1;
            answer = ask(&token)?;
        }
        let audio = account.pbx.get(&link(recording, &required(&answer, "random")?, &token))?;
        if !audio.member("errno").is_empty() {
            return Err(refused(&audio));
        }
        fetched.bytes = audio.body;
    }
    Ok(fetched)
}
