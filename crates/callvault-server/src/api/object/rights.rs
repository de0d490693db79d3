//! Tickets, sessions and lock-outs.

use std::net::IpAddr;

use callvault_core::listen::Door;
use callvault_core::login_token::LoginToken;
use callvault_core::service::lockouts::Lockout;
use callvault_core::session::Session;
use callvault_core::ticket::{Ticket, TicketSubject};
use callvault_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::schema::{Address, Time};

/// The right to fetch something once.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Ticket")]
pub(in crate::api) struct TicketObject {
    id: String,
    customer: i64,
    /// The name of the recording; null where it is for call records.
    recording: Option<String>,
    /// Times and numbers of the call records; null where it is for a recording.
    calls: Option<String>,
    /// The session that it goes with.
    session: Option<String>,
    /// The person who made it.
    made_by: Option<i64>,
    /// Addresses that may use it; empty is all.
    #[schemars(with = "Vec<Address>")]
    allowed: Vec<IpAddr>,
    #[schemars(with = "Time")]
    created_at: String,
    #[schemars(with = "Time")]
    expires_at: String,
}

impl From<Ticket<TicketSubject>> for TicketObject {
    fn from(ticket: Ticket<TicketSubject>) -> Self {
        let (recording, calls) = match ticket.subject {
            TicketSubject::Recording(name) => (Some(name.to_string()), None),
            TicketSubject::Calls(selection) => (None, Some(selection.to_string())),
        };
        Self {
            id: ticket.random.handle(),
            customer: ticket.customer.0,
            recording,
            calls,
            session: ticket.session.map(|session| session.handle()),
            made_by: ticket.made_by.map(|person| person.0),
            allowed: ticket.allowed,
            created_at: ticket.created_at.to_string(),
            expires_at: ticket.expires_at.to_string(),
        }
    }
}

/// A ticket at the one moment when its random is told.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NewTicket")]
pub(in crate::api) struct NewTicketObject {
    #[serde(flatten)]
    pub(in crate::api) ticket: TicketObject,
    /// The right itself; it is told here alone.
    pub(in crate::api) random: String,
    /// Where to fetch it.
    pub(in crate::api) path: String,
}

/// A login of a dialect that lives now.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Session")]
pub(in crate::api) struct SessionObject {
    id: String,
    /// `yeastar` or `enswitch`.
    door: &'static str,
    customer: i64,
    person: i64,
    /// Who switched to the person.
    switched_by: Option<i64>,
    #[schemars(with = "Address")]
    peer: IpAddr,
    #[schemars(with = "Option<Address>")]
    application_server: Option<IpAddr>,
    #[schemars(with = "Time")]
    created_at: String,
    /// Null never ends.
    #[schemars(with = "Option<Time>")]
    expires_at: Option<String>,
    #[serde(skip)]
    #[schemars(skip)]
    began: Timestamp,
}

impl SessionObject {
    /// Its place among all of them, newest first.
    pub(in crate::api) fn place(&self) -> (i64, String) {
        (-self.began.unix_ms(), self.id.clone())
    }
}

impl From<LoginToken> for SessionObject {
    fn from(token: LoginToken) -> Self {
        Self {
            id: token.token.handle(),
            door: Door::Enswitch.as_str(),
            customer: token.customer.0,
            person: token.person.0,
            switched_by: token.switched_by.map(|person| person.0),
            peer: token.peer,
            application_server: None,
            created_at: token.created_at.to_string(),
            expires_at: token.expires_at.map(|end| end.to_string()),
            began: token.created_at,
        }
    }
}

impl From<Session> for SessionObject {
    fn from(session: Session) -> Self {
        Self {
            id: session.token.handle(),
            door: Door::Yeastar.as_str(),
            customer: session.customer.0,
            person: session.person.0,
            switched_by: None,
            peer: session.peer,
            application_server: session.application_server,
            created_at: session.created_at.to_string(),
            expires_at: Some(session.expires_at.to_string()),
            began: session.created_at,
        }
    }
}

/// A lock after failed logins.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Lockout")]
pub(in crate::api) struct LockoutObject {
    door: &'static str,
    #[schemars(with = "Address")]
    address: IpAddr,
    username: Option<String>,
    remaining_seconds: u64,
}

impl From<Lockout> for LockoutObject {
    fn from(lockout: Lockout) -> Self {
        Self {
            door: lockout.door.as_str(),
            address: lockout.address,
            username: lockout.username,
            remaining_seconds: lockout.remaining.as_secs().max(1),
        }
    }
}
