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
        // Nearly every name is ASCII and good, and is looked at in every request for it: going through all of it without an end
        // in between, the compiler takes many bytes at once.
        let bytes = text.as_bytes();
        let bad_byte = |byte: u8| byte == b'/' || byte == b'\\' || byte < b' ' || byte == 0x7F;
        let is_bad = match text.is_ascii() {
            true => bytes.iter().fold(false, |bad, byte| bad | bad_byte(*byte)),
            false => text.contains(bad),
        };
        let pairs = bytes.iter().zip(&bytes[1..]);
        let has_dots = pairs.fold(false, |dots, (one, next)| dots | (*one == b'.' && *next == b'.'));
        if is_bad || has_dots {
            return Err(BadName::Unsafe);
        }
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The call id in the name, if it holds one: Unix seconds, a dot and a number, between hyphens or underscores. Vendors
    /// put it into the middle or at the end (`docs/yeastar.md` G20). Nothing is concluded from a name without.
    pub fn call_id(&self) -> Option<&str> {
        let stem = match self.0.rsplit_once('.') {
            Some((stem, extension)) if extension.bytes().all(|byte| byte.is_ascii_alphanumeric()) => stem,
            _ => &self.0,
        };
        let digits = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
            lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        stem.split(['-', '_']).find(|part| {
            part.split_once('.')
                .is_some_and(|(seconds, count)| digits(seconds, 9..=11) && digits(count, 1..=10))
        })
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

    /// The names are those of the reference: S-Series, OpenVox UC, and one that says nothing.
    #[test]
    fn a_name_may_hold_a_call_id() {
        let check = |name: &str, expected: Option<&str>| {
            assert_eq!(RecordingName::new(name).unwrap().call_id(), expected, "{name}");
        };
        check("20240305101530-1709633725.42-2001-2002-Internal.wav", Some("1709633725.42"));
        check("exten-101-106-20200505-042135-1588641695.1772.wav", Some("1588641695.1772"));
        check("q_1588641695.1772_a.mp3", Some("1588641695.1772"));
        check("20200505-042135.wav", None);
        check("1588641695.wav", None);
        check("x-12345678.1.wav", None);
        check("x-1588641695.+1.wav", None);
        check("greeting.wav", None);
    }

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
        check("..", Err(BadName::Unsafe));
        check("a.b.", Ok(()));
        check("a\u{7f}b", Err(BadName::Unsafe));
        check("ü..", Err(BadName::Unsafe));
        // A bad one at every place of what is looked at at once.
        for place in 0..100 {
            for bad in ["/", "\\", "..", "\n", "\0", "\u{1f}"] {
                check(&format!("{}{bad}{}", "a".repeat(place), "b".repeat(99 - place)), Err(BadName::Unsafe));
            }
        }
        check("a\0b", Err(BadName::Unsafe));
        check("a\u{85}b", Err(BadName::Unsafe));
    }
}
