//! Whole answers, as the dialects give them to the HTTP layer.

use std::borrow::Cow;
use std::fmt;

/// A header as a name and a value that is safe to send.
pub type Header = (&'static str, Cow<'static, str>);

/// A whole answer whose body is in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers, without those of the HTTP layer.
    pub headers: Vec<Header>,
    /// The body; empty for a preflight.
    pub body: Body,
}

/// The bytes of a [`Reply`]. `Debug` shows their number alone, as they may hold tokens and links.
#[derive(Clone, PartialEq, Eq)]
pub struct Body(Vec<u8>);

impl Body {
    /// The bytes to send.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes to send, without a copy.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}
