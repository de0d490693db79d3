//! A connector that logs in once and keeps its token with a heartbeat every 25 minutes.

use std::io;
use std::time::Duration;

use super::account::{Account, refused};

/// The timer.
pub const ROUND: Duration = Duration::from_secs(25 * 60);

/// What it sends with a heartbeat: as real ones do, `{}`, nothing, or the port as in the vendor's own example.
const BEATS: [&str; 3] = ["{}", "", "{\"ipaddr\":\"127.0.0.1\",\"port\":8260}"];

/// Beats so often, then fetches a recording with the token of its only login.
///
/// # Errors
/// When the telephone system cannot be reached, or the token did not live.
pub fn fetch_after(
    account: &Account,
    recording: &str,
    beats: usize,
    wait: impl Fn(Duration),
) -> io::Result<Vec<u8>> {
    let token = account.log_in()?;
    for beat in BEATS.iter().cycle().take(beats) {
        wait(ROUND);
        let answer = account.pbx.post(&format!("/api/v1.1.0/heartbeat?token={token}"), "", beat)?;
        if answer.member("status") != "Success" {
            return Err(refused(&answer));
        }
    }
    wait(ROUND);
    let answer = account.pbx.get(&account.new_link(&token, recording)?)?;
    if answer.member("errno").is_empty() { Ok(answer.body) } else { Err(refused(&answer)) }
}
