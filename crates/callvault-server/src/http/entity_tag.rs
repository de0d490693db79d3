//! Entity tags (RFC 9110 section 8.8.3): ours are always strong, those of clients are read as they come.
//!
//! Promises: a [`StrongEtag`] can be written into a header as it is, and comparison follows the two
//! functions of section 8.8.3.2.

use std::fmt;

use http::HeaderValue;

/// The strong entity tag of one representation, in the form the header carries, quotes included.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StrongEtag(String);

impl StrongEtag {
    /// The tag of audio that is served byte for byte: its SHA-256 as lower-case hex.
    pub fn from_sha256(digest: &[u8; 32]) -> Self {
        let mut digits = [0; 64];
        hex::encode_to_slice(digest, &mut digits).expect("two digits for each of 32 bytes");
        Self(["\"", std::str::from_utf8(&digits).expect("hex digits are text"), "\""].concat())
    }

    /// A tag from opaque text, for representations that are not one stored object.
    ///
    /// `None` when the text has a character that RFC 9110 does not allow between the quotes; only the
    /// visible ASCII part of `etagc` is accepted, because the rest is mangled by some clients.
    pub fn from_text(opaque: &str) -> Option<Self> {
        opaque
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'"')
            .then(|| Self(format!("\"{opaque}\"")))
    }

    /// The tag with its quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag as the value of an `ETag` header.
    pub fn header_value(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).expect("both constructors admit visible ASCII only")
    }

    /// Strong comparison with a tag that a client sent.
    pub fn matches_strongly(&self, received: &ReceivedEtag<'_>) -> bool {
        !received.weak && self.matches_weakly(received)
    }

    /// Weak comparison with a tag that a client sent.
    pub fn matches_weakly(&self, received: &ReceivedEtag<'_>) -> bool {
        self.0.as_bytes() == received.quoted
    }
}

impl fmt::Display for StrongEtag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// One entity tag out of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceivedEtag<'a> {
    /// Whether it was marked `W/`.
    pub weak: bool,
    /// The opaque part with both quotes.
    pub quoted: &'a [u8],
}

impl<'a> ReceivedEtag<'a> {
    /// Takes one entity tag from the start of `text` and returns it with what follows.
    pub fn split_from(text: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (weak, rest) = match text.strip_prefix(b"W/") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let inner = rest.strip_prefix(b"\"")?;
        let length = inner.iter().position(|&byte| byte == b'"')?;
        let is_etagc = |&byte: &u8| byte == 0x21 || (0x23..=0x7e).contains(&byte) || byte >= 0x80;
        if !inner[..length].iter().all(is_etagc) {
            return None;
        }
        let (quoted, after) = rest.split_at(length + 2);
        Some((Self { weak, quoted }, after))
    }

    /// Reads a header value that holds exactly one entity tag.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        match Self::split_from(value.trim_ascii()) {
            Some((tag, [])) => Some(tag),
            _ => None,
        }
    }
}

/// Reads the list form of `If-Match` and `If-None-Match`; `None` when it is not a list of entity tags.
///
/// Tags may hold commas, so the text cannot be split at them first. Empty elements are skipped, as
/// RFC 9110 section 5.6.1.2 asks of recipients.
pub fn parse_list(value: &[u8]) -> Option<Vec<ReceivedEtag<'_>>> {
    let mut tags = Vec::new();
    let mut rest = value.trim_ascii_start();
    loop {
        while let Some(after) = rest.strip_prefix(b",") {
            rest = after.trim_ascii_start();
        }
        if rest.is_empty() {
            return Some(tags);
        }
        let (tag, after) = ReceivedEtag::split_from(rest)?;
        tags.push(tag);
        rest = after.trim_ascii_start();
        if !(rest.is_empty() || rest.starts_with(b",")) {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparison_is_that_of_rfc_9110_table_3() {
        // Section 8.8.3.2: pairs of tags with the outcome of strong and weak comparison. Our own tag is
        // never weak, so the first row of the table does not occur.
        for (ours, theirs, strong, weak) in [
            ("1", r#"W/"1""#, false, true),
            ("1", r#"W/"2""#, false, false),
            ("1", r#""1""#, true, true),
            ("1", r#""2""#, false, false),
        ] {
            let ours = StrongEtag::from_text(ours).unwrap();
            let theirs = ReceivedEtag::parse(theirs.as_bytes()).unwrap();
            assert_eq!((ours.matches_strongly(&theirs), ours.matches_weakly(&theirs)), (strong, weak));
        }
    }

    #[test]
    fn lists_are_read_as_rfc_9110_section_13_1_shows_them() {
        let check = |value: &str, expected: Option<&[(bool, &str)]>| {
            let tags = parse_list(value.as_bytes()).map(|tags| {
                tags.iter().map(|tag| (tag.weak, String::from_utf8(tag.quoted.to_vec()).unwrap())).collect()
            });
            let expected: Option<Vec<(bool, String)>> =
                expected.map(|tags| tags.iter().map(|&(weak, text)| (weak, text.to_owned())).collect());
            assert_eq!(tags, expected, "{value}");
        };
        check(
            r#""xyzzy", "r2d2xxxx", "c3piozzzz""#,
            Some(&[(false, r#""xyzzy""#), (false, r#""r2d2xxxx""#), (false, r#""c3piozzzz""#)]),
        );
        check(r#"W/"xyzzy", W/"r2d2xxxx""#, Some(&[(true, r#""xyzzy""#), (true, r#""r2d2xxxx""#)]));
        check(r#" , "a,b" ,, "" "#, Some(&[(false, r#""a,b""#), (false, r#""""#)]));
        check("", Some(&[]));
        check("xyzzy", None);
        check(r#""a" "b""#, None);
        check(r#"w/"a""#, None);
        check(r#""a"#, None);
        check("\"a\tb\"", None);
    }

    #[test]
    fn our_tags_are_valid_header_values() {
        let tag = StrongEtag::from_sha256(&[0xab; 32]);
        assert_eq!(tag.header_value().to_str().unwrap(), format!("\"{}\"", "ab".repeat(32)));
        assert_eq!(StrongEtag::from_text("a\"b"), None);
        assert_eq!(StrongEtag::from_text("a b"), None);
        assert_eq!(StrongEtag::from_text("a\r\n"), None);
    }
}
