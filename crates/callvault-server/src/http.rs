//! The parts of HTTP that every door shares, as pure code: byte ranges, conditional requests, partial
//! answers, the address of the client and request ids. Nothing here knows a route or a dialect.

pub mod address;
pub mod conditional;
pub mod entity_tag;
pub mod partial;
pub mod range;
pub mod request_id;
