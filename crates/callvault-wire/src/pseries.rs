//! The read calls of the P-Series OpenAPI v1.0, the successor of the S-Series API, as pure code: the parts of a
//! request in, a typed call out; a typed outcome in, status, headers and body out.
//!
//! It knows nothing of sockets, sessions, tickets or the catalog. Whether a token is known, a secret right or a
//! link still good is for the caller to find out, between the two stages of [`request`].
//!
//! Known quirks, reproduced on purpose because clients rely on them. They are not to be copied to our own API.
//! The numbers refer to `docs/pseries.md`:
//!
//! - Every answer to a call is HTTP 200, failures too, with a number `errcode` and a text `errmsg` (P3).
//! - A call without a `User-Agent` is refused (P2).
//! - `get_token` sends the secret as it is, not hashed (P6); the access token of every other call is in the
//!   query (P7).
//! - Times go out in the customer's display format, and a filter in another format finds nothing (P14, P15).
//! - Parties are written `Name<number>` (P18).
//! - A recording is fetched over a second path, `/api/download/...`, for 30 minutes (P20).

pub mod auth;
pub mod cdr;
pub mod error;
mod fields;
pub mod path;
pub mod request;
pub mod response;
pub mod sent;
pub mod time;
