//! `customers/*`. Nobody could read the vendor's pages of these for us (`docs/enswitch.md` 39 and 53).

use crate::enswitch::request::Arguments;
use crate::enswitch::schema::members::Members;
use crate::enswitch::schema::values::{Description, Title, ZoneName};
use crate::enswitch::schema::{
    InCustomer, Input, Presence, Rows, Validation, field, fields, input, row, wire_name,
};

fields! {
    /// What a customer is, but for its name.
    Settings,
    /// What changes about a customer, but for its name.
    Changes {
        /// A description.
        description: Description = default(""),
        /// The IANA name of its time zone; empty for that of the customer above it.
        timezone: ZoneName = default(""),
    }
}

input! {
    /// A call of `customers/create`.
    set Create {
        /// The name.
        name: Title = required,
        /// Under whom to create it.
        place: InCustomer = group,
        /// Everything else about it.
        settings: Settings = group,
        /// Whether to judge only.
        validation: Validation = group,
    }
}

input! {
    /// A call of `customers/update`.
    set Update {
        /// The customer.
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
    /// A call of `customers/get` or `customers/delete`.
    set ById {
        /// The customer.
        id: i64 = required,
    }
}
