//! `huntgroups/create`, `get`, `update`, `list` and `delete`.

pub mod destinations;
pub mod levels;

use crate::enswitch::request::Arguments;
use crate::enswitch::schema::exit::Exit;
use crate::enswitch::schema::members::Members;
use crate::enswitch::schema::values::{Description, Reference, RingOrder, Screen, Seconds, Title};
use crate::enswitch::schema::{
    InCustomer, Input, Presence, Rows, Validation, field, fields, input, row, wire_name,
};

fields! {
    /// What a hunt group is, but for its name; answers show it in the same words.
    Settings,
    /// What changes about a hunt group, but for its name.
    Changes {
        /// A description.
        description: Description = default(""),
        /// The person it belongs to.
        owner: Reference = default("0"),
        /// In which order the levels are tried.
        order "type": RingOrder = default("linear"),
        /// How long each level rings, unless it says otherwise.
        ringtime: Seconds = default("10"),
        /// The music class.
        music: Reference = default("0"),
        /// Whether the caller hears music while it rings, rather than ringing.
        music_ringing: bool = default("0"),
        /// Whether destinations may forward the call onwards.
        allow_forwards: bool = default("0"),
        /// How who answers is told of the call.
        screen: Screen = default("0"),
        /// The record group.
        recordgroup: Reference = default("0"),
        /// Whether the control panel shows it.
        panel: bool = default("0"),
        /// Where to go when no level answers.
        default_exit: Exit = exit("dtype", "dnumber"),
        /// Where to go when no destination can be called.
        unavailable_exit: Exit = exit("atype", "anumber"),
        /// Where to go when a destination was busy and none gave "no answer".
        busy_exit: Exit = exit("btype", "bnumber"),
    }
}

input! {
    /// A call of `huntgroups/create`.
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
    /// A call of `huntgroups/update`.
    set Update {
        /// The hunt group.
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
    /// A call of `huntgroups/get` or `huntgroups/delete`.
    set ById {
        /// The hunt group.
        id: i64 = required,
    }
}
