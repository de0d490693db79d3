//! Call records, the listen log and targets of reports.

use callvault_core::call::{CallKind, CallRecord, CallStatus};
use callvault_core::listen::{Head, LogRow};
use callvault_core::report::{Channel, TargetState};
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::schema::{Sha256, Time, Word};
use crate::work::reports::shown;

/// An entry of the listen log: who played, fetched, shared or deleted what.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Log")]
pub(in crate::api) struct LogObject {
    customer: i64,
    epoch: i64,
    sequence: i64,
    #[schemars(with = "Time")]
    at: String,
    person: Option<i64>,
    door: String,
    peer: String,
    action: String,
    kind: String,
    name: String,
    #[schemars(with = "Option<Sha256>")]
    sha256: Option<String>,
    first_byte: Option<i64>,
    last_byte: Option<i64>,
    ticket: Option<String>,
    #[schemars(with = "Sha256")]
    hash: String,
}

impl From<LogRow> for LogObject {
    fn from(row: LogRow) -> Self {
        let byte = |place: i64| (place >= 0).then_some(place);
        Self {
            customer: row.customer.0,
            epoch: row.epoch,
            sequence: row.sequence,
            at: row.at.to_string(),
            person: row.person.map(|person| person.0),
            door: row.door,
            peer: row.peer,
            action: row.action,
            kind: row.kind,
            name: row.name,
            sha256: Some(hex::encode(row.sha256)).filter(|hash| !hash.is_empty()),
            first_byte: byte(row.first_byte),
            last_byte: byte(row.last_byte),
            ticket: Some(row.ticket).filter(|ticket| !ticket.is_empty()),
            hash: hex::encode(row.hash),
        }
    }
}

/// A leg of a call as the phone system accounted for it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Call")]
pub(in crate::api) struct CallObject {
    /// As text: it has 63 bits.
    id: String,
    customer: i64,
    call_id: String,
    #[schemars(with = "Time")]
    started_at: String,
    from: String,
    to: String,
    call_seconds: u32,
    talk_seconds: u32,
    #[schemars(with = "Word<CallStatus>")]
    status: &'static str,
    #[schemars(with = "Word<CallKind>")]
    kind: &'static str,
    recording: Option<String>,
    source_trunk: String,
    destination_trunk: String,
    pin_code: String,
    did_number: String,
    agent_ring_seconds: u32,
    from_name: String,
    to_name: String,
    #[schemars(with = "Time")]
    received_at: String,
}

impl From<CallRecord> for CallObject {
    fn from(record: CallRecord) -> Self {
        Self {
            id: record.id.to_string(),
            customer: record.customer.0,
            call_id: record.call_id,
            started_at: record.started_at.to_string(),
            from: record.from,
            to: record.to,
            call_seconds: record.call_seconds,
            talk_seconds: record.talk_seconds,
            status: record.status.as_str(),
            kind: record.kind.as_str(),
            recording: record.recording.map(|name| name.to_string()),
            source_trunk: record.source_trunk,
            destination_trunk: record.destination_trunk,
            pin_code: record.pin_code,
            did_number: record.did_number,
            agent_ring_seconds: record.agent_ring_seconds,
            from_name: record.names.from,
            to_name: record.names.to,
            received_at: record.received_at.to_string(),
        }
    }
}

/// The last entry of the listen log of a customer.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Head")]
pub(in crate::api) struct HeadObject {
    customer: i64,
    epoch: i64,
    entries: i64,
    hash: String,
}

impl From<Head> for HeadObject {
    fn from(head: Head) -> Self {
        Self {
            customer: head.customer.0,
            epoch: head.epoch,
            entries: head.sequence,
            hash: hex::encode(head.hash),
        }
    }
}

/// Where an application server wants to be told of calls.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Target")]
pub(in crate::api) struct TargetObject {
    id: i64,
    customer: i64,
    person: i64,
    #[schemars(with = "Word<Channel>")]
    channel: &'static str,
    /// Without path and query, which may carry a key.
    address: String,
    format: String,
    waiting: u64,
    #[schemars(with = "Option<Time>")]
    waiting_since: Option<String>,
    parked: u64,
    delivered: u64,
    #[schemars(with = "Option<Time>")]
    delivered_at: Option<String>,
    #[schemars(with = "Option<Time>")]
    failed_at: Option<String>,
    failure: Option<String>,
    #[schemars(with = "Time")]
    kept_until: String,
}

impl From<TargetState> for TargetObject {
    fn from(state: TargetState) -> Self {
        let TargetState { target, waiting, waiting_since, parked } = state;
        let (failed_at, failure) =
            target.failure.as_ref().map(|failure| (failure.at.to_string(), failure.reason.clone())).unzip();
        Self {
            id: target.id.0,
            customer: target.customer.0,
            person: target.person.0,
            channel: target.wanted.channel.as_str(),
            address: shown(&target),
            format: target.wanted.format.clone(),
            waiting,
            waiting_since: waiting_since.map(|at| at.to_string()),
            parked,
            delivered: target.delivered,
            delivered_at: target.delivered_at.map(|at| at.to_string()),
            failed_at,
            failure,
            kept_until: target.kept_until.to_string(),
        }
    }
}
