//! A connector that logs in before each call and never logs out.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};

use super::account::Account;
use super::account::{link, refused, required};
use super::wire::md5;

/// What such connectors send as `port`, `None` being nothing.
fn ports() -> [Option<Value>; 5] {
    [Some(json!("8260")), Some(json!(8001)), Some(json!(0)), Some(json!("")), None]
}

/// Fetches a recording so often, each time with two logins of its own and a second for each of them; answers the last audio
/// and all tokens in their order.
///
/// # Errors
/// When the telephone system cannot be reached, or refuses.
pub fn fetch_often(
    account: &Account,
    recording: &str,
    times: usize,
    wait: impl Fn(Duration),
) -> io::Result<(Vec<u8>, Vec<String>)> {
    let (mut audio, mut tokens) = (Vec::new(), Vec::new());
    for time in 0..times {
        let mut log_in = |port: Option<Value>| {
            wait(Duration::from_secs(1));
            // Some write the digits of an MD5 in upper case.
            let mut body =
                json!({ "username": account.username, "password": md5(&account.password).to_uppercase() });
            if let Some(port) = port {
                body["port"] = port;
            }
            let answer = account.pbx.post("/api/v2.0.0/login", "application/json", &body.to_string())?;
            let token = required(&answer, "token")?;
            tokens.push(token.clone());
            Ok::<_, io::Error>(token)
        };
        let ports = ports();
        let token = log_in(ports[time % ports.len()].clone())?;
        let answer = account.call("deviceinfo/query", &token, &json!({}))?;
        if answer.member("status") != "Success" {
            return Err(refused(&answer));
        }
        let token = log_in(ports[(time + 1) % ports.len()].clone())?;
        let random = required(&account.ask_for_ticket(&token, recording, None)?, "random")?;
        let answer = account.pbx.get(&link(recording, &random, &token))?;
        if !answer.member("errno").is_empty() {
            return Err(refused(&answer));
        }
        audio = answer.body;
    }
    Ok((audio, tokens))
}
