//! `ticket`, `session`, `lockout` and `target`: what lives in a running server.

use anyhow::Context as _;
use serde_json::json;

use super::{Outcome, of_customers, print_list, without_nulls};
use crate::arguments::{LockoutCommand, SessionCommand, TargetCommand, TicketCommand};
use crate::client::{ApiClient, Route};
use crate::printer::{Column, Printer, column};

const TICKETS: &[Column] = &[
    column("ID", "id"),
    column("CUSTOMER", "customer"),
    column("RECORDING", "recording"),
    column("CALLS", "calls"),
    column("ALLOWED", "allowed"),
    column("SESSION", "session"),
    column("EXPIRES", "expires_at"),
];

const SESSIONS: &[Column] = &[
    column("ID", "id"),
    column("DOOR", "door"),
    column("CUSTOMER", "customer"),
    column("PERSON", "person"),
    column("SWITCHED BY", "switched_by"),
    column("PEER", "peer"),
    column("APPLICATION SERVER", "application_server"),
    column("EXPIRES", "expires_at"),
];

const LOCKOUTS: &[Column] = &[
    column("DOOR", "door"),
    column("ADDRESS", "address"),
    column("USERNAME", "username"),
    column("SECONDS LEFT", "remaining_seconds"),
];

const TARGETS: &[Column] = &[
    column("ID", "id"),
    column("CUSTOMER", "customer"),
    column("PERSON", "person"),
    column("ADDRESS", "address"),
    column("FORMAT", "format"),
    column("WAITING", "waiting"),
    column("SET ASIDE", "parked"),
    column("DELIVERED", "delivered"),
    column("LAST", "delivered_at"),
    column("FAILURE", "failure"),
];

pub(super) async fn ticket(client: &ApiClient, command: TicketCommand) -> anyhow::Result<Outcome> {
    match command {
        TicketCommand::Create { customer, recording, allow, ttl, output } => {
            let ttl_seconds = match ttl.map(|span| span.0) {
                Some(ttl) if ttl.subsec_nanos() != 0 || ttl.is_zero() => {
                    anyhow::bail!("--ttl: tickets live for whole seconds, at least one");
                }
                ttl => ttl.map(|ttl| ttl.as_secs()),
            };
            let allow = (!allow.is_empty()).then_some(allow);
            let body = without_nulls(json!({
                "customer": customer, "recording": recording, "allow": allow, "ttl_seconds": ttl_seconds,
            }));
            let made = client.post(&Route::to([&"tickets"]), &body).await;
            let made = made.with_context(|| format!("cannot make a ticket for recording {recording:?}"))?;
            Printer::new(output.json).object(&made)?;
        }
        TicketCommand::List(output) => {
            return print_list(client, Printer::new(output.json), TICKETS, [Route::to([&"tickets"])]).await;
        }
        TicketCommand::Revoke { ids } => {
            for id in ids {
                let revoked = client.delete(&Route::to([&"tickets", &id])).await;
                revoked.with_context(|| format!("cannot revoke ticket {id}"))?;
            }
        }
    }
    Ok(Outcome::Done)
}

pub(super) async fn session(client: &ApiClient, command: SessionCommand) -> anyhow::Result<Outcome> {
    match command {
        SessionCommand::List { customer, output } => {
            let routes = of_customers(client, "sessions", customer).await?;
            print_list(client, Printer::new(output.json), SESSIONS, routes).await
        }
        SessionCommand::Revoke { ids } => {
            for id in ids {
                let revoked = client.delete(&Route::to([&"sessions", &id])).await;
                revoked.with_context(|| format!("cannot end session {id}"))?;
            }
            Ok(Outcome::Done)
        }
    }
}

pub(super) async fn lockout(client: &ApiClient, command: LockoutCommand) -> anyhow::Result<Outcome> {
    match command {
        LockoutCommand::List(output) => {
            print_list(client, Printer::new(output.json), LOCKOUTS, [Route::to([&"lockouts"])]).await
        }
        LockoutCommand::Clear { address, output } => {
            let cleared = client.delete(&Route::to([&"lockouts"]).maybe("address", address)).await;
            Printer::new(output.json).object(&cleared.context("cannot clear the lock-outs")?)?;
            Ok(Outcome::Done)
        }
    }
}

pub(super) async fn target(client: &ApiClient, command: TargetCommand) -> anyhow::Result<Outcome> {
    match command {
        TargetCommand::List(output) => {
            print_list(client, Printer::new(output.json), TARGETS, [Route::to([&"targets"])]).await
        }
        TargetCommand::Test { id, output } => {
            let tried = client.post(&Route::to([&"targets", &id, &"test"]), &json!({})).await;
            let tried = tried.with_context(|| format!("cannot try target {id} out"))?;
            Printer::new(output.json).object(&tried)?;
            Ok(Outcome::fine_if(tried["delivered"] == json!(true)))
        }
        TargetCommand::Resend { id, output } => {
            let resent = client.post(&Route::to([&"targets", &id, &"resend"]), &json!({})).await;
            let resent = resent.with_context(|| format!("cannot send the reports of target {id} again"))?;
            Printer::new(output.json).object(&resent)?;
            Ok(Outcome::Done)
        }
    }
}
