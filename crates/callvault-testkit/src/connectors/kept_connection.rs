//! A connector whose library keeps its connection and sends every request over it.

use std::io::{self, Write as _};

use serde_json::json;

use super::account::{Account, link, refused, required};
use super::wire::{Answer, get, md5, post};

/// Fetches recordings one after another over one connection, which the last request ends.
///
/// # Errors
/// When the telephone system refuses, or ends the connection before.
pub fn fetch_all(account: &Account, recordings: &[&str]) -> io::Result<Vec<Vec<u8>>> {
    let mut connection = account.pbx.connect()?;
    let mut ask = |request: String| {
        // What a library of HTTP/1.1 leaves out: to stay is the rule.
        connection.write_all(request.replacen("Connection: close\r\n", "", 1).as_bytes())?;
        Answer::read(&connection, false)
    };
    let body = json!({ "username": account.username, "password": md5(&account.password) }).to_string();
    let token = required(&ask(post("/api/v2.0.0/login", "application/json", &body))?, "token")?;
    let mut fetched = Vec::new();
    for recording in recordings {
        let body = json!({ "recording": recording }).to_string();
        let target = format!("/api/v2.0.0/recording/get_random?token={token}");
        let random = required(&ask(post(&target, "application/json", &body))?, "random")?;
        let answer = ask(get(&link(recording, &random, &token), ""))?;
        if !answer.member("errno").is_empty() {
            return Err(refused(&answer));
        }
        fetched.push(answer.body);
    }
    let answer = ask(post(&format!("/api/v2.0.0/logout?token={token}"), "", ""))?;
    if answer.member("status") == "Success" { Ok(fetched) } else { Err(refused(&answer)) }
}
