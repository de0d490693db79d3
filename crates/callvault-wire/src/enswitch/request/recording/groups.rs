//! `recording/groups/*`: which calls are recorded, and for how long that is kept.

use crate::enswitch::request::Arguments;
use crate::enswitch::schema::members::Members;
use crate::enswitch::schema::values::{
    Days, Description, Emails, MessagePlayed, Percent, Reference, Seconds, Title,
};
use crate::enswitch::schema::{
    InCustomer, Input, Presence, Rows, Validation, field, fields, input, row, wire_name,
};

fields! {
    /// What a record group is, but for its name.
    Settings,
    /// What changes about a record group, but for its name.
    Changes {
        /// A description.
        description: Description = default(""),
        /// E-mail addresses that recordings are sent to.
        email: Emails = default(""),
        /// After how many days recordings expire; 0 keeps none.
        expires: Days = default("365"),
        /// How many of a hundred calls are recorded; 0 for those alone that are asked for.
        fraction: Percent = default("100"),
        /// Seconds between the beeps that tell of the recording; 0 for none.
        beep: Seconds = default("0"),
        /// The person it belongs to.
        owner: Reference = default("0"),
        /// Whether inbound calls are recorded.
        record_in: bool = default("1"),
        /// Whether outbound calls are recorded.
        record_out: bool = default("1"),
        /// Whether recordings are transcribed.
        transcribe: bool = default("0"),
        /// To which calls it is said that they are recorded.
        message: MessagePlayed = default(""),
    }
}

input! {
    /// A call of `recording/groups/create`.
    set Create {
        /// The name.
        name: Title = required,
        /// Where to create it.
        place: InCustomer = group,
        /// Everything else about it.
        settings: Settings = group,
        /// Whether to judge only.
        validation: Validation = group,
    }
}

input! {
    /// A call of `recording/groups/update`.
    set Update {
        /// The record group.
        id: i64 = required,
        /// The new name.
        name: Title = kept,
        /// What else changes.
        changes: Changes = group,
        /// Whether to judge only.
        validation: Validation = group,
    }
}

input! {
    /// A call of `recording/groups/get` or `recording/groups/delete`.
    set ById {
        /// The record group.
        id: i64 = required,
    }
}
