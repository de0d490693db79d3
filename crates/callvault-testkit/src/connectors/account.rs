//! What a connector is configured with, and the plain way of each call, for those whose habits lie elsewhere.

use std::io;
use std::net::SocketAddr;

use serde_json::{Value, json};

use super::wire::{Answer, Pbx, encode, md5};

/// The type of body that the guides name.
const JSON: &str = "application/json; charset=utf-8";

/// The telephone system, and who one is there.
#[derive(Debug, Clone)]
pub struct Account {
    /// The telephone system.
    pub pbx: Pbx,
    /// The name.
    pub username: String,
    /// The password itself; only its MD5 is sent.
    pub password: String,
}

impl Account {
    /// With a name and a password.
    pub fn new(pbx: Pbx, username: &str, password: &str) -> Self {
        Self { pbx, username: username.to_owned(), password: password.to_owned() }
    }

    /// The same, reached otherwise.
    pub fn by(&self, pbx: Pbx) -> Self {
        Self { pbx, ..self.clone() }
    }

    /// Logs in; answers the token.
    ///
    /// # Errors
    /// When the telephone system cannot be reached, or refuses.
    pub fn log_in(&self) -> io::Result<String> {
        self.log_in_with("v2.0.0", &json!({ "port": "8260" }))
    }

    /// Logs in for reports at an address; answers the token.
    ///
    /// # Errors
    /// As with [`Account::log_in`].
    pub fn log_in_for_reports(&self, reports: SocketAddr) -> io::Result<String> {
        let url = format!("{reports}/report");
        let port = reports.port().to_string();
        self.log_in_with("v2.0.0", &json!({ "port": port, "url": url, "urltag": "1", "version": "2.0.0" }))
    }

    /// Logs in at a version of the path, with more than name and password; answers the token.
    ///
    /// # Errors
    /// As with [`Account::log_in`].
    pub fn log_in_with(&self, version: &str, more: &Value) -> io::Result<String> {
        let mut body = json!({ "username": self.username, "password": md5(&self.password) });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = self.pbx.post(&format!("/api/{version}/login"), JSON, &body.to_string())?;
        required(&answer, "token")
    }

    /// Asks for a ticket of a recording; answers whatever came.
    ///
    /// # Errors
    /// When the telephone system cannot be reached.
    pub fn ask_for_ticket(&self, token: &str, recording: &str, allowed: Option<&str>) -> io::Result<Answer> {
        let body = match allowed {
            Some(address) => json!({ "recording": recording, "allowedip": address }),
            None => json!({ "recording": recording }),
        };
        self.call("recording/get_random", token, &body)
    }

    /// A link to a recording.
    ///
    /// # Errors
    /// When the telephone system cannot be reached, or gives no ticket.
    pub fn new_link(&self, token: &str, recording: &str) -> io::Result<String> {
        let answer = self.ask_for_ticket(token, recording, None)?;
        Ok(link(recording, &required(&answer, "random")?, token))
    }

    /// Posts JSON to a call of v2.0.0.
    ///
    /// # Errors
    /// When the telephone system cannot be reached.
    pub fn call(&self, endpoint: &str, token: &str, body: &Value) -> io::Result<Answer> {
        self.pbx.post(&format!("/api/v2.0.0/{endpoint}?token={token}"), JSON, &body.to_string())
    }
}

/// The link to a recording.
pub fn link(recording: &str, random: &str, token: &str) -> String {
    let recording = encode(recording);
    format!("/api/v2.0.0/recording/download?recording={recording}&random={random}&token={token}")
}

/// A member that an answer must have.
///
/// # Errors
/// With the whole answer, when it is not there.
pub fn required(answer: &Answer, member: &str) -> io::Result<String> {
    match answer.member(member) {
        value if value.is_empty() => Err(refused(answer)),
        value => Ok(value),
    }
}

/// An answer that a connector cannot go on with.
pub fn refused(answer: &Answer) -> io::Error {
    io::Error::other(format!("{}: {}", answer.status, answer.text()))
}
