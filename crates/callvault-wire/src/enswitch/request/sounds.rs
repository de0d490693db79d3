//! `sounds/*`, the library of prompts. A sound is made first, its file is uploaded after.

use crate::enswitch::request::Arguments;
use crate::enswitch::schema::members::Members;
use crate::enswitch::schema::values::{Description, Title};
use crate::enswitch::schema::{
    InCustomer, Input, Presence, Rows, Validation, field, fields, input, row, wire_name,
};

input! {
    /// A call of `sounds/create`.
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

fields! {
    /// What a sound is, but for its name.
    Settings,
    /// What changes about a sound, but for its name.
    Changes {
        /// A description.
        description: Description = default(""),
        /// Whether all customers may use it; takes effect only for the system owner.
        shared: bool = default("0"),
    }
}

input! {
    /// A call of `sounds/update`.
    set Update {
        /// The sound.
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
    /// A call of `sounds/get` or `sounds/delete`.
    set ById {
        /// The sound.
        id: i64 = required,
    }
}
