//! The types of parameters: numbers with bounds and sentinels, words, text.
//!
//! Promises: parsing is total, and what a value shows as parses back to itself.

mod bounded;
mod numbers;
mod text;
mod words;

pub use bounded::{
    CallerIdSuffix, Description, Dialled, Emails, ExitNumber, ProfileText, PublicKey, Title, Username,
};
pub use numbers::{
    Days, Inherited, Level, Limit, NonNegative, OnlyComplete, Percent, Reference, Screen, Seconds, Timestamp,
};
pub use text::{Country, Filled, NewSecret, ZoneName};
pub(in crate::enswitch) use words::words;
pub use words::{
    DateFormat, DestinationKind, Detail, Direction, Match, MessagePlayed, PeopleOrder, RecordingOrder,
    RingOrder, TimeFormat,
};

#[cfg(test)]
mod tests;
