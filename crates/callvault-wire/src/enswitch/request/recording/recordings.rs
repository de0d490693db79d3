//! `recording/recordings/*`.

use crate::enswitch::request::Arguments;
use crate::enswitch::request::files::{Encoding, Wrap};
use crate::enswitch::schema::members::Members;
use crate::enswitch::schema::values::{
    Filled, Limit, NonNegative, OnlyComplete, RecordingOrder, Reference, Timestamp,
};
use crate::enswitch::schema::{Input, Presence, Rows, Validation, field, input, row, wire_name};

/// Whose recordings a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Those of the caller's own customer: neither was given. Clients that forget both must not find nothing.
    OwnCustomer,
    /// Those of a customer.
    Customer(i64),
    /// Those of a record group.
    RecordGroup(i64),
}

impl Input for Of {
    const ROWS: &'static [Rows] = &[
        row::<Reference>("customer", Presence::Default("0")),
        row::<Reference>("recordgroup", Presence::Default("0")),
    ];

    /// At most one of the two; 0 is none.
    fn read(arguments: &mut Arguments<'_>) -> Option<Self> {
        let customer = arguments.or_default::<Reference>("customer", "0");
        let recordgroup = arguments.or_default::<Reference>("recordgroup", "0");
        match (customer?, recordgroup?) {
            (Reference(None), Reference(None)) => Some(Self::OwnCustomer),
            (Reference(Some(id)), Reference(None)) => Some(Self::Customer(id)),
            (Reference(None), Reference(Some(id))) => Some(Self::RecordGroup(id)),
            _ => {
                let message = "Give either customer or recordgroup, not both.";
                arguments.fault_of_all(["customer", "recordgroup"], message);
                None
            }
        }
    }

    fn write(&self, members: &mut Members) {
        match self {
            Self::OwnCustomer => members.number("customer", 0),
            Self::Customer(id) => members.number("customer", *id),
            Self::RecordGroup(id) => members.number("recordgroup", *id),
        }
    }
}

input! {
    /// A call of `recording/recordings/list`.
    set List {
        /// Whose.
        of: Of = group,
        /// Calls that began then or later.
        start: Timestamp = default("0"),
        /// Calls that began then or earlier.
        end: Timestamp = otherwise("now"),
        /// Part of the number called; empty for any.
        called: String = default(""),
        /// Part of the caller's number; empty for any.
        caller: String = default(""),
        /// Whether of finished or of running calls.
        complete: OnlyComplete = default("1"),
        /// The shortest call, in seconds.
        totaltime_minimum: NonNegative = default("0"),
        /// The longest call, in seconds.
        totaltime_maximum: Limit = default("-1"),
        /// By what to sort.
        sort: RecordingOrder = default("start"),
        /// Whether to sort downwards.
        descending: bool = default("0"),
    }
}

input! {
    /// A call of `recording/recordings/delete`, and which recording the others mean.
    set Which {
        /// The record group it lives in.
        recordgroup: i64 = required,
        /// The id of the call leg.
        uniqueid: Filled = required,
        /// The id among the recordings of the leg.
        recordid: Filled = required,
    }
}

input! {
    /// A call of `recording/recordings/get`.
    set Get {
        /// The recording.
        which: Which = group,
        /// How the bytes are written; `None` is what the customer is set to, `raw` as a rule
        /// (`docs/enswitch.md` 41).
        encoding: Encoding = otherwise("as the customer is set, raw as a rule"),
        /// Whether to add the SHA-1 of the audio.
        sha1: bool = default("0"),
        /// What is around the audio.
        wrap: Wrap = default("json"),
    }
}

input! {
    /// A call of `recording/recordings/copy`.
    set Copy {
        /// The recording.
        which: Which = group,
        /// The record group to copy it to.
        destination: i64 = required,
    }
}

input! {
    /// A call of `recording/recordings/update`.
    set Update {
        /// The recording.
        which: Which = group,
        /// When it expires.
        expires: Timestamp = kept,
        /// Whether to judge only.
        validation: Validation = group,
    }
}
