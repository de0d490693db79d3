//! The name of a recording as a client sent it, and the spellings under which it may be meant.
//!
//! Clients put names into links raw, percent-encoded, or encoded twice, and a `+` may be a plus of a phone
//! number or a blank. A name is an opaque key: it is compared and looked up, never joined to a path
//! (`docs/yeastar.md` G20, G21).

use callvault_core::recording::RecordingName;
use percent_encoding::percent_decode_str;

use crate::yeastar::error::Errno;

/// A name from a client. Holds at least one safe spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentName {
    echo: String,
    spellings: Vec<RecordingName>,
}

impl SentName {
    /// A name from a JSON body. Fails with [`Errno::RecordingMissing`] if it is not safe as it stands.
    pub fn from_json(text: &str) -> Result<Self, Errno> {
        if is_plain(text) {
            return Self::plain(text);
        }
        safe(text)?;
        Ok(Self { echo: text.to_owned(), spellings: spellings(text) })
    }

    /// A name from a query, given without any decoding. Fails with [`Errno::RecordingMissing`] if its
    /// percent-decoded form, which is what a query means, is not UTF-8 or not safe.
    pub fn from_query(raw: &str) -> Result<Self, Errno> {
        if is_plain(raw) {
            return Self::plain(raw);
        }
        let decoded = decode(raw).ok_or(Errno::RecordingMissing)?;
        safe(&decoded)?;
        Ok(Self { echo: decoded, spellings: spellings(raw) })
    }

    /// A name that can be read in one way.
    fn plain(text: &str) -> Result<Self, Errno> {
        Ok(Self { echo: text.to_owned(), spellings: vec![safe(text)?] })
    }

    /// The name to repeat in the answer: the JSON string as it was sent, or the decoded value of a query.
    pub fn echo(&self) -> &str {
        &self.echo
    }

    /// The safe spellings to look up, the likeliest first, each once.
    pub fn spellings(&self) -> &[RecordingName] {
        &self.spellings
    }

    /// Whether this names the recording with the given stored name.
    pub fn matches(&self, stored: &RecordingName) -> bool {
        self.spellings.contains(stored)
    }
}

/// As sent, decoded, and decoded once more, each with `+` as a plus and as a blank; the likeliest first. The `+` is
/// turned before decoding, so that `%2B` stays a plus. A reading may stand there twice.
pub(super) fn readings(sent: &str) -> impl Iterator<Item = String> {
    let blank = sent.replace('+', " ");
    let once = [decode(sent), decode(&blank)];
    let twice = once.each_ref().map(|name| name.as_deref().and_then(decode));
    [Some(sent.to_owned())].into_iter().chain(once).chain([Some(blank)]).chain(twice).flatten()
}

/// Whether nothing of it is encoded, and nothing stands for something else, as is so of nearly every name.
fn is_plain(sent: &str) -> bool {
    !sent.bytes().any(|byte| matches!(byte, b'%' | b'+'))
}

/// The readings that are safe names, each once.
fn spellings(sent: &str) -> Vec<RecordingName> {
    let mut found: Vec<RecordingName> = Vec::new();
    for spelling in readings(sent).flat_map(RecordingName::new) {
        if !found.contains(&spelling) {
            found.push(spelling);
        }
    }
    found
}

/// What is not safe can be no recording's name, and the client learns no more than that.
fn safe(name: &str) -> Result<RecordingName, Errno> {
    RecordingName::new(name).map_err(|_| Errno::RecordingMissing)
}

/// Percent-decoding; a `%` without two digits stands for itself. `None` if the result is not UTF-8.
fn decode(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(|name| name.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(name: &SentName) -> Vec<&str> {
        name.spellings().iter().map(RecordingName::as_str).collect()
    }

    #[track_caller]
    fn check_query(raw: &str, expected: &[&str]) {
        let name = SentName::from_query(raw).unwrap_or_else(|errno| panic!("{raw:?}: {errno:?}"));
        assert_eq!(texts(&name), expected, "for {raw:?}");
    }

    #[test]
    fn spellings_of_a_link() {
        check_query("a-1.2-b.wav", &["a-1.2-b.wav"]);
        check_query("a%20b.wav", &["a%20b.wav", "a b.wav"]);
        check_query("a-+49-b.wav", &["a-+49-b.wav", "a- 49-b.wav"]);
        check_query("a-%2B49-b.wav", &["a-%2B49-b.wav", "a-+49-b.wav"]);
        check_query("a-%252B49.wav", &["a-%252B49.wav", "a-%2B49.wav", "a-+49.wav"]);
        check_query("a+%2B.wav", &["a+%2B.wav", "a++.wav", "a +.wav", "a %2B.wav"]);
        check_query("50%.wav", &["50%.wav"]);
        check_query("%C3%A9.wav", &["%C3%A9.wav", "é.wav"]);
    }

    #[test]
    fn unsafe_names_are_refused() {
        for raw in ["..%2Fetc%2Fpasswd", "%2e%2e", "a%5Cb.wav", "a%00.wav", "a/b.wav", "%FF.wav", ""] {
            assert_eq!(SentName::from_query(raw), Err(Errno::RecordingMissing), "query {raw:?}");
        }
        for text in ["../etc/passwd", "a\\b.wav", "a\u{0}.wav", "", &"a".repeat(256)] {
            assert_eq!(SentName::from_json(text), Err(Errno::RecordingMissing), "JSON {text:?}");
        }
    }

    #[test]
    fn an_unsafe_spelling_is_left_out() {
        // Decoded once more, this would be a path.
        check_query("a%252Fb.wav", &["a%252Fb.wav", "a%2Fb.wav"]);
        let name = SentName::from_json("a%2Fb.wav").expect("safe as it stands");
        assert_eq!(texts(&name), ["a%2Fb.wav"]);
    }

    #[test]
    fn a_long_name_may_be_encoded() {
        let encoded = "%41".repeat(255);
        check_query(&encoded, &[&"A".repeat(255)]);
    }

    #[test]
    fn the_echo_is_what_was_sent() {
        let from_json = SentName::from_json("a%20b+c.wav").expect("safe");
        assert_eq!(from_json.echo(), "a%20b+c.wav");
        for (stored, expected) in [("a b+c.wav", true), ("a b c.wav", true), ("a b-c.wav", false)] {
            let name = RecordingName::new(stored).expect("safe");
            assert_eq!(from_json.matches(&name), expected, "{stored}");
        }
        let from_query = SentName::from_query("a%20b+c.wav").expect("safe");
        assert_eq!(from_query.echo(), "a b+c.wav");
    }
}
