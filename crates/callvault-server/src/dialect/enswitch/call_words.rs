//! Calls in the words of the dialect, for the rows of recordings and of calls (`docs/enswitch.md` 56 and 84).

use callvault_core::call::{CallKind, CallRecord, CallStatus};

/// What the dialect says of the parties of a call. What is not known of a call back or a transfer is empty or 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Parties<'a> {
    /// `inbound`, `internal` or `outbound`.
    pub(super) direction: &'static str,
    /// What called: `phone` is a line of the customer's, `number` one outside.
    pub(super) source: &'static str,
    /// What was called.
    pub(super) called: &'static str,
    /// What answered.
    pub(super) destination: &'static str,
    /// The caller's customer.
    pub(super) source_customer: i64,
    /// The customer of who answered.
    pub(super) destination_customer: i64,
    /// The line of the customer's that took part.
    pub(super) own_line: &'a str,
}

impl<'a> Parties<'a> {
    pub(super) fn of(call: &'a CallRecord) -> Self {
        let own = call.customer.0;
        let (direction, source, destination) = match call.kind {
            CallKind::Inbound => ("inbound", "number", "phone"),
            CallKind::Internal => ("internal", "phone", "phone"),
            CallKind::Outbound => ("outbound", "phone", "number"),
            CallKind::Callback | CallKind::Transfer => return Self::default(),
        };
        let customer = |kind: &str| if kind == "phone" { own } else { 0 };
        Self {
            direction,
            source,
            called: if direction == "internal" && call.did_number.is_empty() { "phone" } else { "number" },
            destination,
            source_customer: customer(source),
            destination_customer: customer(destination),
            own_line: if source == "phone" { &call.from } else { &call.to },
        }
    }
}

/// How a call ended.
pub(super) fn status(status: CallStatus) -> &'static str {
    match status {
        CallStatus::Answered => "ANSWER",
        CallStatus::NoAnswer => "NOANSWER",
        CallStatus::Busy => "BUSY",
        CallStatus::Failed => "FAILED",
        CallStatus::Voicemail => "VOICEMAIL",
    }
}
