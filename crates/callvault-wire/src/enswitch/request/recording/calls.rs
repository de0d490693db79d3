//! `cdrs/list`: the completed calls.

use crate::enswitch::request::Arguments;
use crate::enswitch::schema::members::Members;
use crate::enswitch::schema::values::{Detail, Direction, Limit, Match, NonNegative, Timestamp};
use crate::enswitch::schema::{InCustomer, Input, Presence, Rows, field, input, row, wire_name};

input! {
    /// A call of `cdrs/list`. What is empty selects any.
    set List {
        /// Calls that began then or later.
        start: Timestamp = default("0"),
        /// Calls that began then or earlier.
        end: Timestamp = otherwise("now"),
        /// Whether archived calls count.
        archive: bool = default("0"),
        /// The id of the call.
        callid: String = default(""),
        /// Whose calls.
        place: InCustomer = group,
        /// Which way they went.
        direction: Direction = default(""),
        /// The most rows to answer with; 0 for all.
        limit: NonNegative = default("0"),
        /// The number of the first row, from 0.
        offset: NonNegative = default("0"),
        /// Whether the customers below count.
        recurse: bool = default("0"),
        /// How the calls ended.
        status: String = default(""),
        /// The longest talk, in seconds.
        talktime_maximum: Limit = default("-1"),
        /// The shortest talk, in seconds.
        talktime_minimum: NonNegative = default("0"),
        /// What called.
        stype: String = default(""),
        /// How the caller's number is compared.
        smatch: Match = default("contains"),
        /// The caller's number.
        snumber: String = default(""),
        /// What was called.
        ctype: String = default(""),
        /// How the number called is compared.
        cmatch: Match = default("contains"),
        /// The number called.
        cnumber: String = default(""),
        /// What answered.
        dtype: String = default(""),
        /// How the number that answered is compared.
        dmatch: Match = default("contains"),
        /// The number that answered.
        dnumber: String = default(""),
        /// What a row is.
        detail: Detail = default("leg"),
    }
}
