//! The Enswitch JSON API as pure code: bytes of an HTTP request in, a typed call out; a typed outcome in,
//! status, headers and body bytes out.
//!
//! A request passes through in this order, and the order is a promise (`docs/enswitch.md` 13):
//! [`path`] names the function, [`parameters`] and [`form`] collect what the client sent without judging it,
//! [`auth`] takes the credentials out, and only then [`request`] judges the parameters. So somebody who is not
//! logged in never learns whether their parameters were right. [`response`] and [`error`] say the outcome,
//! [`raw`] and [`base64`] stream audio into JSON.
//!
//! Every function is a row of the table in [`function`]; its parameters are declared once, in the manner of
//! [`schema`].
//!
//! What to know about the dialect:
//! - Pairs are separated by `;` in the vendor's examples and by `&` in every client; both count, before
//!   percent-decoding.
//! - The outcome is a *string* in `responses[0].code`; HTTP says 200 nearly always.
//! - `wrap=none` turns that round: bare bytes on success and a real HTTP status on failure.
//! - `encoding=raw`, the default, puts binary into a JSON string, one code point per byte.
//! - Absent and not visible are the same answer.
//!
//! Nothing here does I/O, keeps state between requests, or panics on any input.

pub mod auth;
pub mod base64;
pub mod error;
pub mod form;
pub mod function;
pub mod parameters;
pub mod path;
pub mod raw;
pub mod request;
pub mod response;
pub mod schema;
