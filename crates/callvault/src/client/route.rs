//! Paths of our own API, with every part encoded.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but the unreserved characters of RFC 3986 section 2.3.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A path below `/api/v1` with its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    text: String,
    has_query: bool,
}

impl Route {
    /// The path of these segments.
    pub(crate) fn to<const N: usize>(segments: [&dyn fmt::Display; N]) -> Self {
        let mut text = "/api/v1".to_owned();
        for segment in segments {
            text.push('/');
            text.extend(utf8_percent_encode(&segment.to_string(), ENCODED));
        }
        Self { text, has_query: false }
    }

    /// The same with one more parameter.
    pub(crate) fn query(mut self, name: &str, value: &dyn fmt::Display) -> Self {
        self.text.push(if self.has_query { '&' } else { '?' });
        self.has_query = true;
        self.text.push_str(name);
        self.text.push('=');
        self.text.extend(utf8_percent_encode(&value.to_string(), ENCODED));
        self
    }

    /// The same with one more parameter, if it has a value.
    pub(crate) fn maybe<T: fmt::Display>(self, name: &str, value: Option<T>) -> Self {
        match value {
            Some(value) => self.query(name, &value),
            None => self,
        }
    }

    /// Path and query.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_encoded() {
        let route = Route::to([&"recordings", &"a+b/../c ?&ü.wav", &"audio"])
            .query("customer", &7)
            .maybe("name", None::<&str>)
            .maybe("x", Some("a&b"));
        assert_eq!(
            route.as_str(),
            "/api/v1/recordings/a%2Bb%2F..%2Fc%20%3F%26%C3%BC.wav/audio?customer=7&x=a%26b"
        );
    }
}
