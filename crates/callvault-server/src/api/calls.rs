//! Call records.

use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use callvault_core::call::{CallFilter, CallKind, CallPlace, CallStatus, NewCall, PartyNames};
use callvault_core::gate::{Kind, Principal, Verb};
use callvault_core::id::{CallRecordId, CustomerId};
use callvault_core::recording::RecordingName;
use callvault_core::time::Timestamp;
use http::request::Parts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::extract::{Json, JsonBody, List, ListParams, Params};
use super::members::Members;
use super::object::CallObject;
use super::operation::{Input, Operation, Schemas};
use super::principal::Verified;
use super::problem::Problem;
use super::schema::{CallId, CallSeconds, CallText, CallTime, PairKey, RecordingNameText, Time, Word};
use crate::app::App;

/// The largest body with calls: the most calls at once, each with the longest texts.
const MOST_BODY_BYTES: usize = 4 << 20;

/// Calls to add, all or none.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CallsToAdd {
    customer: Option<i64>,
    #[schemars(length(max = 1000))]
    calls: Vec<Members<CallToAdd>>,
    /// Whether application servers are told; true when nothing is said.
    report: Option<bool>,
}

/// A call to add.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CallToAdd {
    #[schemars(with = "CallId")]
    call_id: String,
    #[schemars(with = "CallTime")]
    started_at: String,
    #[schemars(with = "CallText")]
    from: String,
    #[schemars(with = "CallText")]
    to: String,
    #[schemars(with = "CallSeconds")]
    call_seconds: u32,
    #[schemars(with = "CallSeconds")]
    talk_seconds: u32,
    #[schemars(with = "Word<CallStatus>")]
    status: String,
    #[schemars(with = "Word<CallKind>")]
    kind: String,
    #[schemars(with = "Option<RecordingNameText>")]
    recording: Option<String>,
    #[serde(default)]
    #[schemars(with = "CallText")]
    source_trunk: String,
    #[serde(default)]
    #[schemars(with = "CallText")]
    destination_trunk: String,
    #[serde(default)]
    #[schemars(with = "CallText")]
    pin_code: String,
    #[serde(default)]
    #[schemars(with = "CallText")]
    did_number: String,
    #[serde(default)]
    #[schemars(with = "CallSeconds")]
    agent_ring_seconds: u32,
    #[serde(default)]
    #[schemars(with = "CallText")]
    from_name: String,
    #[serde(default)]
    #[schemars(with = "CallText")]
    to_name: String,
}

/// The call with its words understood; `place` counts from 0.
fn understood(place: usize, call: CallToAdd) -> Result<NewCall, Problem> {
    let invalid =
        |field: &str, reason: &str| Problem::invalid(field, format!("call {}: {reason}", place + 1));
    let started_at = Timestamp::parse(&call.started_at)
        .ok_or_else(|| invalid("started_at", "must be a time of RFC 3339, such as 2026-11-22T03:51:55Z"))?;
    let status = CallStatus::parse(&call.status)
        .ok_or_else(|| invalid("status", "must be ANSWERED, NO ANSWER, BUSY, FAILED or VOICEMAIL"))?;
    let kind = CallKind::parse(&call.kind)
        .ok_or_else(|| invalid("kind", "must be Internal, Inbound, Outbound, Callback or Transfer"))?;
    let recording = call.recording.filter(|name| !name.is_empty()).map(RecordingName::new).transpose();
    let recording = recording.map_err(|error| invalid("recording", &error.to_string()))?;
    Ok(NewCall {
        call_id: call.call_id,
        started_at,
        from: call.from,
        to: call.to,
        call_seconds: call.call_seconds,
        talk_seconds: call.talk_seconds,
        source_trunk: call.source_trunk,
        destination_trunk: call.destination_trunk,
        pin_code: call.pin_code,
        status,
        kind,
        recording,
        did_number: call.did_number,
        agent_ring_seconds: call.agent_ring_seconds,
        names: PartyNames { from: call.from_name, to: call.to_name },
    })
}

/// How many calls are new, and how many were there.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CallsAdded")]
pub(super) struct CallsAddedObject {
    added: u64,
    already: u64,
}

/// A caller whose role may add calls: nobody else's body is read, because it is a large one.
pub(super) struct Adder(Principal);

impl FromRequestParts<Arc<App>> for Adder {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let Verified(principal) = Verified::from_request_parts(parts, app).await?;
        app.services.gate.in_some_customer(&principal, Kind::Call, Verb::Administer)?;
        Ok(Self(principal))
    }
}

impl Input for Adder {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        Verified::describe(operation, schemas);
    }
}

pub(super) async fn add(
    State(app): State<Arc<App>>,
    Adder(principal): Adder,
    JsonBody(new): JsonBody<CallsToAdd, MOST_BODY_BYTES>,
) -> Result<Json<CallsAddedObject>, Problem> {
    let calls = new.calls.into_iter().enumerate().map(|(place, Members(call))| understood(place, call));
    let calls = calls.collect::<Result<Vec<_>, _>>()?;
    let (customer, reported) = (new.customer.map(CustomerId), new.report.unwrap_or(true));
    let outcome = app.services.calls.add(&principal, customer, calls, reported).await?;
    Ok(Json::ok(CallsAddedObject { added: outcome.added, already: outcome.already }))
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct CallParams {
    /// The first time of beginning.
    #[schemars(with = "Option<Time>")]
    since: Option<String>,
    /// The last time of beginning.
    #[schemars(with = "Option<Time>")]
    until: Option<String>,
    /// Caller or callee; several with commas.
    number: Option<String>,
    /// The name of the recording of the call.
    #[schemars(with = "Option<RecordingNameText>")]
    recording: Option<String>,
}

impl CallParams {
    fn filter(self) -> Result<CallFilter, Problem> {
        let time = |field: &str, text: Option<String>| match text {
            None => Ok(None),
            Some(text) => Timestamp::parse(&text).map(Some).ok_or_else(|| {
                Problem::invalid(field, "must be a time of RFC 3339, such as 2026-11-22T03:51:55Z")
            }),
        };
        let recording = self.recording.map(RecordingName::new).transpose();
        let numbers = self.number.unwrap_or_default();
        let numbers = numbers.split(',').map(str::trim).filter(|number| !number.is_empty());
        Ok(CallFilter {
            since: time("since", self.since)?,
            until: time("until", self.until)?,
            numbers: numbers.map(str::to_owned).collect(),
            recording: recording.map_err(|error| Problem::invalid("recording", error.to_string()))?,
        })
    }
}

/// The key of a page of calls: `MILLISECONDS-ID`.
fn place(key: &str) -> Option<CallPlace> {
    let (started_at, id) = key.split_once('-')?;
    Some(CallPlace {
        started_at: Timestamp::from_unix_ms(started_at.parse().ok()?),
        id: CallRecordId(id.parse().ok()?),
    })
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Params(filter): Params<CallParams>,
    Params(params): Params<ListParams<PairKey>>,
) -> Result<Json<List<CallObject>>, Problem> {
    let filter = filter.filter()?;
    let page = params.page(place)?;
    let limit = page.limit;
    let rows = app.services.calls.list(&principal, params.customer(), &filter, page).await?;
    Ok(Json::ok(List::page(
        rows,
        limit,
        |row| format!("{}-{}", row.started_at.unix_ms(), row.id),
        Into::into,
    )))
}
