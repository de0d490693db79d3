//! Tickets, sessions and lock-outs: who may come in for a while, and who may not.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use callvault_core::Error;
use callvault_core::id::CustomerId;
use callvault_core::listen::Door;
use callvault_core::recording::RecordingName;
use callvault_core::secret::SecretHash;
use callvault_core::service::lockouts::Lockout;
use callvault_core::service::playback::Released;
use callvault_core::ticket::{TICKET_LIFE, TicketSubject};
use callvault_core::time::Timestamp;
use callvault_wire::yeastar::response::{Cors, download_headers};
use http::Method;
use http::request::Parts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::audio::AudioOnce;
use super::extract::{Created, Done, Handle, Json, JsonBody, List, ListParams, PageParams, Params};
use super::object::{LockoutObject, NewTicketObject, SessionObject, TicketObject};
use super::principal::Verified;
use super::problem::Problem;
use super::schema::{Address, PlaceKey, RecordingNameText, SessionKey, TicketSeconds};
use crate::app::App;
use crate::caller::Caller;
use crate::dialect;
use crate::stream::{self, Form, Piece};
use crate::telemetry::TicketEvent;

/// A ticket to create for a recording.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TicketToCreate {
    customer: Option<i64>,
    #[schemars(with = "RecordingNameText")]
    recording: String,
    /// Addresses that may use it; empty is all.
    #[serde(default)]
    #[schemars(with = "Vec<Address>")]
    allow: Vec<String>,
    /// How long it lives; 30 s when nothing is said.
    #[schemars(with = "Option<TicketSeconds>")]
    ttl_seconds: Option<u64>,
}

pub(super) async fn list_tickets(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Params(params): Params<PageParams<PlaceKey>>,
) -> Result<Json<List<TicketObject>>, Problem> {
    let tickets = app.services.tickets.list(&principal).await?;
    Ok(Json::ok(params.cut(tickets, |ticket| (ticket.created_at.unix_ms(), ticket.random.handle()))?))
}

pub(super) async fn create_ticket(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    JsonBody(wanted): JsonBody<TicketToCreate>,
) -> Result<Created<NewTicketObject>, Problem> {
    let name = RecordingName::new(wanted.recording);
    let name = name.map_err(|error| Problem::invalid("recording", error.to_string()))?;
    let address = |text: &String| text.trim().parse::<IpAddr>();
    let allowed = wanted.allow.iter().map(address).collect::<Result<Vec<_>, _>>();
    let allowed = allowed.map_err(|_| Problem::invalid("allow", "must hold IP addresses"))?;
    let life = wanted.ttl_seconds.map_or(TICKET_LIFE, Duration::from_secs);
    let customer = wanted.customer.map(CustomerId);
    let (random, ticket) = app.services.tickets.create(&principal, customer, &name, allowed, life).await?;
    app.metrics.ticket(Door::Link.as_str(), TicketEvent::Issued);
    let path = format!("/api/v1/tickets/{}/audio", random.reveal());
    let ticket = ticket.map(TicketSubject::Recording).into();
    Ok(Created::created(NewTicketObject { ticket, random: random.reveal().to_owned(), path }))
}

pub(super) async fn revoke_ticket(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Handle(handle): Handle,
) -> Result<Done, Problem> {
    app.services.tickets.revoke(&principal, &handle).await?;
    Ok(Done)
}

/// One byte stream for whoever shows the random: the headers are those of a strict download.
pub(super) async fn redeem_ticket(
    State(app): State<Arc<App>>,
    Handle(random): Handle,
    parts: Parts,
) -> Result<AudioOnce, Problem> {
    let peer = Caller::of(&parts.extensions).address();
    let head_only = parts.method == Method::HEAD;
    let door = Door::Link.as_str();
    let redeemed = app.services.tickets.redeem_created(&random, peer, !head_only).await;
    let playable = redeemed.inspect_err(|_| app.metrics.ticket(door, TicketEvent::Refused))?;
    let audio = &playable.audio;
    let body = if head_only {
        Body::empty()
    } else {
        app.metrics.ticket(door, TicketEvent::Redeemed);
        let reader = playable.release(Released::Whole).await?;
        let pieces = vec![Piece::Audio(0..audio.size_bytes, Form::Exact)];
        stream::body(reader, pieces, &app.budget, &app.metrics, door)
    };
    let mut response = Response::new(body);
    let headers =
        download_headers(&playable.file_name, audio.facts.container, audio.size_bytes, &Cors::default());
    let headers = headers.into_iter().filter_map(dialect::header);
    for (name, value) in headers.filter(|(name, _)| !name.as_str().starts_with("access-")) {
        response.headers_mut().insert(name, value);
    }
    Ok(AudioOnce(response))
}

pub(super) async fn list_sessions(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Params(params): Params<ListParams<SessionKey>>,
) -> Result<Json<List<SessionObject>>, Problem> {
    let customer = params.customer();
    let sessions = app.services.sessions.list(&principal, customer).await?;
    // Newest first: the key of a page is a negative time and a handle, the first six bytes of a hash.
    let page = params.page(|key| {
        let (number, handle) = key.rsplit_once('_')?;
        let mut hash = [255; 32];
        hex::decode_to_slice(handle, &mut hash[..6]).ok()?;
        let at = number.parse::<i64>().ok()?.checked_neg()?;
        Some((Timestamp::from_unix_ms(at), SecretHash::from_bytes(hash)))
    })?;
    let tokens = app.services.login_tokens.list(&principal, customer, page.after, page.limit).await?;
    let mut rows: Vec<SessionObject> = sessions.into_iter().map(Into::into).collect();
    rows.extend(tokens.into_iter().map(SessionObject::from));
    rows.sort_by_cached_key(SessionObject::place);
    Ok(Json::ok(params.cut(rows, SessionObject::place)?))
}

pub(super) async fn revoke_session(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Handle(handle): Handle,
) -> Result<Done, Problem> {
    match app.services.sessions.revoke(&principal, &handle).await {
        Err(Error::NotFound { .. }) => app.services.login_tokens.revoke(&principal, &handle).await?,
        other => other?,
    }
    Ok(Done)
}

pub(super) async fn list_lockouts(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Params(params): Params<PageParams<PlaceKey>>,
) -> Result<Json<List<LockoutObject>>, Problem> {
    let lockouts = app.services.logins.lockouts(&principal)?;
    let whom = |lockout: &Lockout| {
        let username = lockout.username.as_deref().unwrap_or_default();
        (0, format!("{} {} {username}", lockout.door.as_str(), lockout.address))
    };
    Ok(Json::ok(params.cut(lockouts, whom)?))
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct ClearParams {
    /// The address to clear; without it, all of them.
    #[schemars(with = "Option<Address>")]
    address: Option<IpAddr>,
}

/// How many locks were cleared.
#[derive(Serialize, JsonSchema)]
pub(super) struct Cleared {
    cleared: usize,
}

pub(super) async fn clear_lockouts(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Params(params): Params<ClearParams>,
) -> Result<Json<Cleared>, Problem> {
    let cleared = app.services.logins.clear_lockouts(&principal, params.address)?;
    Ok(Json::ok(Cleared { cleared }))
}
