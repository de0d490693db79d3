//! The Yeastar S-Series API as pure code: the bytes of a request in, a typed call out; a typed outcome in,
//! status, headers and body out.
//!
//! It knows nothing of sockets, sessions, tickets or the catalog. Whether a token is known, a password right
//! or a ticket fresh is for the caller to find out, between the two stages of [`request`].
//!
//! Known quirks, reproduced on purpose because connectors rely on them. They are not to be copied to our own
//! API. The numbers refer to `docs/yeastar.md`:
//!
//! - Every failure is HTTP 200 with a string `errno` and no text (G4, G19).
//! - The body is JSON whatever the `Content-Type` says, and the methods POST and GET say the same (G43).
//! - The password in `login` is the MD5 of the password; the MD5 is the real secret (G39, G42).
//! - The version in the path scopes neither tokens nor tickets. It decides about the code of an expired token (G7),
//!   `token/refresh` (G8), and the members of a few answers. Reports follow the `version` in the body of `login`.
//! - `v1.10` means `v1.1.0` (G1).
//! - `heartbeat` was documented with `urlflag` where `login` has `urltag`; both are taken in both.
//! - `port` may be a string, a number, empty or 0 (G42).
//! - A `+` in a download link may be a plus or a blank (G21).
//! - v2 says `number` where v1 has four names; requests may use any, answers follow the path (G1).
//! - The trunk of the called has three spellings: `dsttrunkname` in files, `desttrunkname` and `dsttrcunkname` in
//!   reports (G27). `callduraction` and `talkduraction` are spelt so everywhere.
//! - Numbers in reports are strings (G29).
//! - JSON answers announce `Accept-Ranges: bytes`, downloads `Accept-Ranges: none` (G14, G18a).

pub mod auth;
pub mod call;
pub mod cdr;
pub mod error;
pub mod event;
mod fields;
pub mod name;
mod object;
pub mod path;
pub mod request;
pub mod response;
pub mod tcp;
pub mod time;
