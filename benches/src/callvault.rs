//! What one asks Callvault for, as its clients do.

use std::net::SocketAddr;

use anyhow::Context;
use callvault_trial::installation::{CALLER, CONNECTOR, PASSWORD, PASSWORD_MD5};
use serde_json::Value;

use crate::endpoint::Endpoint;
use crate::http::{Connection, shared_buffer};
use crate::installation::Installation;
use crate::plan::Work;
use crate::ranges;
use crate::work::{Fetch, Form, Steps, beginning};
use callvault_trial::installation::Size;

/// A running Callvault and what the requests need to know of it.
pub(crate) struct Callvault {
    pub(crate) address: SocketAddr,
    huntgroup: u64,
    token: String,
    key: String,
}

impl Callvault {
    /// Logs in.
    ///
    /// # Errors
    /// When that is refused.
    pub(crate) async fn login(address: SocketAddr, installation: &Installation) -> anyhow::Result<Callvault> {
        let token = login(address).await.context("login")?;
        let (huntgroup, key) = (installation.huntgroup(), installation.key().to_owned());
        Ok(Callvault { address, huntgroup, token, key })
    }

    /// The requests of a kind of work, and the form of their answers.
    pub(crate) fn steps(&self, work: Work, size: Size) -> (Steps, Form) {
        match work {
            Work::Flow => (self.ticket(&Installation::recording(size)), Form::Bare),
            Work::File => (self.message(size, "&wrap=none"), Form::Bare),
            Work::Base64 => (self.message(size, "&encoding=base64"), Form::Base64),
            Work::Range => (self.ranges(size), Form::Bare),
            Work::Raw => (self.message(size, "&encoding=raw"), Form::Raw),
        }
    }

    /// Asks for a random of one recording after the other.
    pub(crate) fn asking(&self, recordings: impl Iterator<Item = String>) -> Steps {
        Steps::Ask(recordings.map(|recording| self.ask(&recording)).collect())
    }

    fn ask(&self, recording: &str) -> Vec<u8> {
        let path = format!("/api/v2.0.0/recording/get_random?token={}", self.token);
        post(self.address, &path, "application/json", &format!(r#"{{"recording":"{recording}"}}"#))
    }

    fn ticket(&self, recording: &str) -> Steps {
        let Callvault { address, token, .. } = self;
        Steps::Ticket {
            ask: self.ask(recording),
            before: format!("GET /api/v2.0.0/recording/download?recording={recording}&random=").into_bytes(),
            after: format!("&token={token} HTTP/1.1\r\nHost: {address}\r\n\r\n").into_bytes(),
        }
    }

    /// With an API key, as a program that reads recordings in pieces has it.
    fn ranges(&self, size: Size) -> Steps {
        let Callvault { address, key, .. } = self;
        let name = Installation::recording(size);
        let head = format!(
            "GET /api/v1/recordings/{name}/audio HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n"
        );
        Steps::Fixed(ranges::requests(&head, size.bytes))
    }

    /// User name and password go with every call, as this API's clients send them.
    fn message(&self, size: Size, form: &str) -> Steps {
        let (huntgroup, level) = (self.huntgroup, size.level);
        let body = format!(
            "auth_username={CALLER}&auth_password={PASSWORD}&huntgroup={huntgroup}&level={level}{form}"
        );
        let path = "/api/json/huntgroups/files/download/";
        let request = post(self.address, path, "application/x-www-form-urlencoded", &body);
        Steps::Fixed(vec![Fetch { request, status: 200, part: 0..size.bytes }])
    }
}

/// A token for the person of the flow (`docs/yeastar.md G39`: the password goes as its MD5).
async fn login(address: SocketAddr) -> anyhow::Result<String> {
    let body = format!(r#"{{"username":"{CONNECTOR}","password":"{PASSWORD_MD5}","port":"8260"}}"#);
    let request = post(address, "/api/v2.0.0/login", "application/json", &body);
    let mut answer = Vec::new();
    Connection::open(&Endpoint::plain(address), shared_buffer())
        .await?
        .exchange(&request, &mut answer)
        .await?;
    let json: Value = serde_json::from_slice(&answer).context("the answer is not JSON")?;
    Ok(json["token"].as_str().with_context(|| format!("no token: {}", beginning(&answer)))?.to_owned())
}

/// A whole POST, to be sent in one write.
fn post(address: SocketAddr, path: &str, content_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
