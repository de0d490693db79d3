//! A connector that compares the text `Success`, to the letter and as a string of JSON, in every answer.

use std::io;

use serde_json::{Value, json};

use super::account::{Account, link, refused, required};
use super::wire::{Answer, md5};

/// Goes through a session, every call of it; answers the audio.
///
/// # Errors
/// When the telephone system cannot be reached, or an answer is none that it takes for a success or a failure.
pub fn run(account: &Account, recording: &str) -> io::Result<Vec<u8>> {
    let body = json!({ "username": account.username, "password": md5(&account.password), "port": "8260" });
    let login = account.pbx.post("/api/v2.0.0/login", "application/json", &body.to_string())?;
    let token = required(&succeeded(login)?, "token")?;
    for endpoint in ["heartbeat", "deviceinfo/query", "extension/list", "trunk/list", "queue/query"] {
        succeeded(account.call(endpoint, &token, &json!({}))?)?;
    }
    failed(account.ask_for_ticket(&token, "of-nobody.wav", None)?, "20014")?;
    let answer = succeeded(account.ask_for_ticket(&token, recording, None)?)?;
    let link = link(recording, &required(&answer, "random")?, &token);
    let audio = account.pbx.get(&link)?;
    failed(account.pbx.get(&link)?, "20012")?;
    succeeded(account.call("logout", &token, &json!({}))?)?;
    failed(account.call("heartbeat", &token, &json!({}))?, "20004")?;
    Ok(audio.body)
}

/// What is no exact success is an error.
fn succeeded(answer: Answer) -> io::Result<Answer> {
    let body: Value = serde_json::from_slice(&answer.body).map_err(io::Error::other)?;
    let is_success = body["status"] == json!("Success") && body.get("errno").is_none();
    if is_success && answer.status == 200 { Ok(answer) } else { Err(refused(&answer)) }
}

/// A failure has nothing but these two members, both strings.
fn failed(answer: Answer, errno: &str) -> io::Result<()> {
    let body: Value = serde_json::from_slice(&answer.body).map_err(io::Error::other)?;
    let is_failure = body == json!({ "status": "Failed", "errno": errno });
    if is_failure && answer.status == 200 { Ok(()) } else { Err(refused(&answer)) }
}
