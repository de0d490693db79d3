//! Recordings: the audio of call legs, under names that other systems gave them.

use std::fmt;

use crate::audio::StoredAudio;
use crate::id::{CustomerId, RecordingId};
use crate::time::Timestamp;

/// The name of a recording: an opaque key, unique in its customer. Never a path: `/`, `\`, NUL, `..`, control
/// characters and more than 255 bytes are refused (`docs/yeastar.md` G21).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordingName(String);

/// Why a text cannot name a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// There is nothing in it.
    #[error("a recording's name must not be empty")]
    Empty,
    /// Over 255 bytes.
    #[error("a recording's name has at most 255 bytes")]
    TooLong,
    /// A slash, a backslash, `..` or a control character.
    #[error("a recording's name must not hold a slash, a backslash, `..` or a control character")]
    Unsafe,
}

impl RecordingName {
    /// Checks the text.
    pub fn new(text: impl Into<String>) -> Result<Self, BadName> {
        let text = text.into();
        if text.is_empty() {
            return Err(BadName::Empty);
        }
        if text.len() > 255 {
            return Err(BadName::TooLong);
        }
        let bad = |character: char| matches!(character, '/' | '\\') || character.is_control();
        if text.contains(bad) || text.contains("..") {
            return Err(BadName::Unsafe);
        }
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RecordingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The audio of one call leg. Its bytes never change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// Its id, in order of arrival.
    pub id: RecordingId,
    /// Where it belongs.
    pub customer: CustomerId,
    /// Its name.
    pub name: RecordingName,
    /// When it was stored.
    pub stored_at: Timestamp,
    /// Its bytes.
    pub audio: StoredAudio,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_keys_and_never_paths() {
        let check = |text: &str, expected: Result<(), BadName>| {
            assert_eq!(RecordingName::new(text).map(|_| ()), expected, "{text:?}");
        };
        check("20191024012719-1571909237.191-4000-4001-Internal.wav", Ok(()));
        check("+493012345678 ü.wav", Ok(()));
        check("", Err(BadName::Empty));
        check(&"a".repeat(255), Ok(()));
        check(&"a".repeat(256), Err(BadName::TooLong));
        check("../etc/passwd", Err(BadName::Unsafe));
        check("a/b", Err(BadName::Unsafe));
        check("a\\b", Err(BadName::Unsafe));
        check("a..b", Err(BadName::Unsafe));
        check("a\0b", Err(BadName::Unsafe));
        check("a\u{85}b", Err(BadName::Unsafe));
    }
}
