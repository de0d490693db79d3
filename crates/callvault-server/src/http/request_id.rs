//! A name for each request, so that an answer, its log lines and a complaint can be matched.
//!
//! Ids are ours alone: what a client sends in `X-Request-Id` is neither read nor passed on. They are unique
//! in a process, do not count visibly, and mean nothing.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderValue;
use http::header::HeaderName;

/// The header that tells the client the id.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of one request; shown as 16 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId(u64);

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

impl RequestId {
    /// The id as [`X_REQUEST_ID`] tells it.
    pub fn header_value(self) -> HeaderValue {
        let mut digits = [0; 16];
        hex::encode_to_slice(self.0.to_be_bytes(), &mut digits).expect("two digits for each of eight bytes");
        HeaderValue::from_bytes(&digits).expect("hex digits are a header value")
    }
}

/// Hands out request ids.
#[derive(Debug)]
pub struct RequestIds {
    key: u64,
    next: AtomicU64,
}

impl RequestIds {
    /// A series that starts at a random place.
    ///
    /// # Errors
    /// When the operating system has no random bytes.
    pub fn new() -> Result<Self, getrandom::Error> {
        let key = getrandom::u64()?;
        Ok(Self { key, next: AtomicU64::new(getrandom::u64()?) })
    }

    /// The next id.
    pub fn next_id(&self) -> RequestId {
        RequestId(scramble(self.next.fetch_add(1, Ordering::Relaxed) ^ self.key))
    }
}

/// A one-to-one mixing of 64 bits (each step can be undone), so that different counts stay different.
fn scramble(count: u64) -> u64 {
    let mut mixed = count;
    for odd_factor in [0x9e37_79b9_7f4a_7c15_u64, 0xd1b5_4a32_d192_ed03] {
        mixed ^= mixed >> 32;
        mixed = mixed.wrapping_mul(odd_factor);
    }
    mixed ^ (mixed >> 32)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_16_hex_digits() {
        let ids = RequestIds::new().unwrap();
        let texts: HashSet<String> = (0..10_000).map(|_| ids.next_id().to_string()).collect();
        assert_eq!(texts.len(), 10_000);
        assert!(
            texts.iter().all(|text| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
        );
    }

    #[test]
    fn the_header_shows_the_id_as_logs_do() {
        let ids = RequestIds::new().unwrap();
        for id in [RequestId(0), RequestId(0xab), ids.next_id()] {
            assert_eq!(id.header_value(), id.to_string());
        }
    }
}
