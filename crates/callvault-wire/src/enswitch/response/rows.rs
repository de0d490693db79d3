//! The rows that answers show: members by name, in a fixed order.
//!
//! The vendor publishes no list of columns. The names are those of the parameters, and for recordings those
//! that clients were seen to read (`docs/enswitch.md` 44 and 46). Promises: ids, flags, times and counts are
//! numbers, everything else is a string (`docs/enswitch.md` 9); nothing is null, what is not known is 0 or
//! empty.

use super::{CLOSE, Code, Header, JSON, common_headers, envelope};
use crate::enswitch::request::hunt_groups::{self, levels};
use crate::enswitch::request::people::Details;
use crate::enswitch::request::recording::groups;
use crate::enswitch::request::{customers, sounds};
use crate::enswitch::schema::members::Members;
use crate::enswitch::schema::values::DestinationKind;
use crate::enswitch::schema::{Input, wire_name};
use hunt_groups::destinations;

/// The headers of a list's answer, without `Content-Length`. The HTTP status is 200.
pub fn list_headers() -> Vec<Header> {
    common_headers(JSON)
}

/// What answers show of one object.
pub trait Row {
    /// Appends its members.
    fn write(&self, members: &mut Members);
}

/// A row as JSON.
pub(super) fn object(row: &impl Row) -> String {
    let mut members = Members::default();
    row.write(&mut members);
    members.object()
}

/// The pieces of a list's body, so that a long list need not be held in memory: head, each row, tail.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListPieces {
    has_rows: bool,
}

const ARRAY_CLOSE: &str = " ] }";

impl ListPieces {
    /// What comes before the rows.
    pub fn head(&self) -> Vec<u8> {
        let mut head = envelope(Code::Ok, &[("", "OK")], Some("[ ]")).into_bytes();
        head.truncate(head.len() - "]".len() - CLOSE.len());
        // The space that is left goes before the first row, or before the tail.
        head.truncate(head.len() - " ".len());
        head
    }

    /// The next row.
    pub fn row(&mut self, row: &impl Row) -> Vec<u8> {
        let before = if self.has_rows { ", " } else { " " };
        self.has_rows = true;
        format!("{before}{}", object(row)).into_bytes()
    }

    /// What comes behind the rows.
    pub fn tail(&self) -> &'static [u8] {
        ARRAY_CLOSE.as_bytes()
    }
}

/// Declares a row. A field is `name: Type = how`, with the member's own name as a literal where the two
/// differ; `how` is `number`, `flag`, `text`, `value`, of a parameter's type, or `group`, of a function's
/// input.
macro_rules! rows {
    ($($(#[$about:meta])* $name:ident<'a> {
        $($(#[$doc:meta])* $field:ident $($wire:literal)? : $type:ty = $how:ident,)*
    })*) => {$(
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name<'a> {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl Row for $name<'_> {
            fn write(&self, members: &mut Members) {
                $(rows!($how members, wire_name!($field $($wire)?), self.$field);)*
            }
        }
    )*};
    (number $members:ident, $name:expr, $value:expr) => { $members.number($name, $value) };
    (flag $members:ident, $name:expr, $value:expr) => { $members.number($name, i64::from($value)) };
    (text $members:ident, $name:expr, $value:expr) => { $members.text($name, $value) };
    (value $members:ident, $name:expr, $value:expr) => { $members.put($name, &$value) };
    (group $members:ident, $name:expr, $value:expr) => { Input::write($value, $members) };
}

rows! {
    /// A hunt group.
    HuntGroup<'a> {
        /// Its id.
        id: i64 = number,
        /// Its customer.
        customer: i64 = number,
        /// Its name.
        name: &'a str = text,
        /// Everything else.
        settings: &'a hunt_groups::Settings = group,
    }

    /// A level of a hunt group.
    Level<'a> {
        /// The hunt group.
        huntgroup: i64 = number,
        /// The level, 1 to 10.
        level: u8 = flag,
        /// Everything else.
        settings: &'a levels::Settings = group,
    }

    /// A destination of a hunt group.
    Destination<'a> {
        /// Its id.
        id: i64 = number,
        /// The hunt group.
        huntgroup: i64 = number,
        /// The level, 1 to 10.
        level: u8 = flag,
        /// What it is.
        kind "dtype": DestinationKind = value,
        /// Its number, line or URI.
        number "dnumber": &'a str = text,
        /// Everything else.
        settings: &'a destinations::Settings = group,
    }

    /// A sound of the library.
    Sound<'a> {
        /// Its id.
        id: i64 = number,
        /// Its customer.
        customer: i64 = number,
        /// Its name.
        name: &'a str = text,
        /// Everything else.
        settings: &'a sounds::Settings = group,
    }

    /// A record group.
    RecordGroup<'a> {
        /// Its id.
        id: i64 = number,
        /// Its customer.
        customer: i64 = number,
        /// Its name.
        name: &'a str = text,
        /// Everything else.
        settings: &'a groups::Settings = group,
    }

    /// A recording, without its audio.
    Recording<'a> {
        /// The id of the call leg.
        uniqueid: &'a str = text,
        /// The id among the recordings of the leg.
        recordid: &'a str = text,
        /// The record group.
        recordgroup: i64 = number,
        /// The id of the call.
        callid: &'a str = text,
        /// When the call began, Unix time in seconds.
        start: i64 = number,
        /// When it ended; 0 while it runs.
        end: i64 = number,
        /// How long it took, in seconds.
        totaltime: i64 = number,
        /// How long it was talked, in seconds.
        talktime: i64 = number,
        /// What called.
        stype: &'a str = text,
        /// The number that called.
        snumber: &'a str = text,
        /// The same, as it is shown.
        snumber_display: &'a str = text,
        /// What was called.
        ctype: &'a str = text,
        /// The number called.
        cnumber: &'a str = text,
        /// What answered.
        dtype: &'a str = text,
        /// The number that answered.
        dnumber: &'a str = text,
        /// The same, as it is shown.
        dnumber_display: &'a str = text,
        /// The caller id inside the customer.
        callerid_internal: &'a str = text,
        /// The caller's customer; 0 for none.
        scustomer: i64 = number,
        /// The customer of who answered; 0 for none.
        dcustomer: i64 = number,
        /// How the call ended.
        status: &'a str = text,
        /// Whether the call is over and the recording whole.
        complete: bool = flag,
        /// Whether the caller's number may be shown.
        number_shown "spresent": bool = flag,
        /// The name of the file.
        name: &'a str = text,
        /// The type of the file.
        mimetype: &'a str = text,
        /// The size of the file in bytes.
        size: i64 = number,
        /// When the recording expires, Unix time in seconds; 0 for never.
        expires: i64 = number,
    }

    /// A completed call, or a leg of one.
    CallRecord<'a> {
        /// The id of the leg; recordings are joined on it.
        uniqueid: &'a str = text,
        /// The id of the call.
        callid: &'a str = text,
        /// When it began, Unix time in seconds.
        start: i64 = number,
        /// When it ended.
        end: i64 = number,
        /// How long it took, in seconds.
        totaltime: i64 = number,
        /// How long it was talked, in seconds.
        talktime: i64 = number,
        /// Which way it went: `inbound`, `internal` or `outbound`.
        direction: &'a str = text,
        /// How it ended.
        status: &'a str = text,
        /// What called.
        stype: &'a str = text,
        /// The number that called.
        snumber: &'a str = text,
        /// What was called.
        ctype: &'a str = text,
        /// The number called.
        cnumber: &'a str = text,
        /// What answered.
        dtype: &'a str = text,
        /// The number that answered.
        dnumber: &'a str = text,
        /// The caller's customer; 0 for none.
        scustomer: i64 = number,
        /// The customer of who answered; 0 for none.
        dcustomer: i64 = number,
    }

    /// A person. Passwords are never shown.
    Person<'a> {
        /// Its id.
        id: i64 = number,
        /// Its customer.
        customer: i64 = number,
        /// The user name.
        username: &'a str = text,
        /// E-mail addresses.
        email: &'a str = text,
        /// The role's id.
        role: i64 = number,
        /// Everything else.
        details: &'a Details = group,
    }

    /// A person in the reduced list of `pages=1`.
    PersonOnPage<'a> {
        /// Its id.
        id: i64 = number,
        /// The user name.
        username: &'a str = text,
    }

    /// A role.
    Role<'a> {
        /// Its id.
        id: i64 = number,
        /// Its name.
        name: &'a str = text,
        /// A description.
        description: &'a str = text,
        /// The privileges, separated by commas.
        privileges: &'a str = text,
    }

    /// A customer.
    Customer<'a> {
        /// Its id.
        id: i64 = number,
        /// The customer above it; 0 for none.
        parent "customer": i64 = number,
        /// Its name.
        name: &'a str = text,
        /// Everything else.
        settings: &'a customers::Settings = group,
    }
}

#[cfg(test)]
mod tests;
