//! A call record as the dialect shows it, in reports and in files: on the customer's wall clock and with the
//! device's serial number.

use callvault_core::call::{CallKind, CallRecord, CallStatus};
use callvault_core::recording::RecordingName;

use crate::yeastar::time::CivilTime;

/// One leg of a call. Texts that are not known are empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallRow<'a> {
    /// The leg's own id.
    pub call_id: &'a str,
    /// When it began, on the customer's wall clock (`docs/yeastar.md` G34).
    pub started_at: CivilTime,
    /// Who called.
    pub from: &'a str,
    /// Who was called.
    pub to: &'a str,
    /// Seconds from beginning to end.
    pub call_seconds: u32,
    /// Seconds after the answer.
    pub talk_seconds: u32,
    /// The trunk it came in on.
    pub source_trunk: &'a str,
    /// The trunk it went out on.
    pub destination_trunk: &'a str,
    /// The PIN that was dialled.
    pub pin_code: &'a str,
    /// How it ended.
    pub status: CallStatus,
    /// Which way it went.
    pub kind: CallKind,
    /// The name of its recording.
    pub recording: &'a str,
    /// The number that was dialled from outside.
    pub did_number: &'a str,
    /// Seconds in a queue before an agent answered; 0 without a queue.
    pub agent_ring_seconds: u32,
    /// The serial number of the customer's device.
    pub serial: &'a str,
}

impl<'a> CallRow<'a> {
    /// Shows a record, which began at `started_at` by the customer's clock.
    pub fn new(record: &'a CallRecord, started_at: CivilTime, serial: &'a str) -> Self {
        Self {
            call_id: &record.call_id,
            started_at,
            from: &record.from,
            to: &record.to,
            call_seconds: record.call_seconds,
            talk_seconds: record.talk_seconds,
            source_trunk: &record.source_trunk,
            destination_trunk: &record.destination_trunk,
            pin_code: &record.pin_code,
            status: record.status,
            kind: record.kind,
            recording: record.recording.as_ref().map_or("", RecordingName::as_str),
            did_number: &record.did_number,
            agent_ring_seconds: record.agent_ring_seconds,
            serial,
        }
    }
}

/// The call of the row in `docs/yeastar.md`, "Fetching call records", for tests.
#[cfg(test)]
pub(super) fn inbound_example() -> CallRow<'static> {
    CallRow {
        call_id: "1589299528.4",
        started_at: CivilTime::parse("2020-05-12 17:05:28").expect("a time"),
        from: "900000001",
        to: "110",
        call_seconds: 42,
        talk_seconds: 34,
        source_trunk: "TRUNK1",
        destination_trunk: "",
        pin_code: "",
        status: CallStatus::Answered,
        kind: CallKind::Inbound,
        recording: "",
        did_number: "",
        agent_ring_seconds: 0,
        serial: "360000000000",
    }
}
