//! The vendor dialects as pure code, and what they share with our own API. No I/O.
//!
//! Bytes of a request in, a typed call out; a typed outcome in, status, headers and body out. The dialects
//! never import each other.

mod csv;
pub mod disposition;
pub mod enswitch;
pub mod pseries;
pub mod reply;
pub mod yeastar;
