//! The calls of the Yeastar dialect as clients make them.

use std::net::SocketAddr;

use serde_json::json;

use super::http::{Answer, encode, get, post};
use super::md5;

/// A session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// The server.
    pub(crate) server: SocketAddr,
    /// The token.
    pub(crate) token: String,
    /// The address that the client sends from.
    pub(crate) source: &'static str,
}

/// Tries to log in.
pub(crate) fn try_login(server: SocketAddr, source: &str, username: &str, password: &str) -> Answer {
    let body = json!({"username": username, "password": md5(password), "port": "8260"});
    post("/api/v2.0.0/login", body.to_string()).from(source).send(server)
}

/// Logs in from 127.0.0.1.
pub(crate) fn login(server: SocketAddr, username: &str, password: &str) -> Session {
    login_from("127.0.0.1", server, username, password)
}

/// Logs in from an address.
pub(crate) fn login_from(
    source: &'static str,
    server: SocketAddr,
    username: &str,
    password: &str,
) -> Session {
    let answer = try_login(server, source, username, password);
    let token = answer.json()["token"].as_str().unwrap_or_else(|| panic!("{}", answer.text())).to_owned();
    Session { server, token, source }
}

impl Session {
    /// Asks for a ticket with further members in the body.
    pub(crate) fn get_random_with(&self, recording: &str, more: serde_json::Value) -> Answer {
        let mut body = json!({"recording": recording});
        if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
            body.extend(more.clone());
        }
        post(format!("/api/v2.0.0/recording/get_random?token={}", self.token), body.to_string())
            .from(self.source)
            .send(self.server)
    }

    /// Asks for a ticket and gets it.
    pub(crate) fn get_random(&self, recording: &str) -> String {
        let answer = self.get_random_with(recording, json!({}));
        answer.json()["random"].as_str().unwrap_or_else(|| panic!("{}", answer.text())).to_owned()
    }

    /// The download link without the server.
    pub(crate) fn link(&self, recording: &str, random: &str) -> String {
        format!(
            "/api/v2.0.0/recording/download?recording={}&random={random}&token={}",
            encode(recording),
            self.token
        )
    }

    /// Redeems a ticket from the address of the session.
    pub(crate) fn download(&self, recording: &str, random: &str) -> Answer {
        get(self.link(recording, random)).from(self.source).send(self.server)
    }

    /// Whether the session is still good.
    pub(crate) fn heartbeat(&self) -> Answer {
        post(format!("/api/v2.0.0/heartbeat?token={}", self.token), "{}").from(self.source).send(self.server)
    }
}
