//! Answers to GET and HEAD for stored audio: status, headers and a plan of what the body plays.
//!
//! Promises that `Content-Length` is exactly the sum of the segments (for HEAD, of those that GET would
//! have), and that a segment of audio never leaves the representation. Type, disposition, caching and
//! `nosniff` beyond the media type are the business of the route.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::ops::Range;

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName, IF_RANGE, LAST_MODIFIED,
    RANGE,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::conditional::{self, Precondition};
use super::range::{self, RangeVerdict, Representation};

/// A piece of a body, in the order of sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Text around the audio.
    Bytes(Bytes),
    /// These bytes of the stored audio.
    Audio(Range<u64>),
}

impl Segment {
    /// How many bytes it puts on the wire.
    pub fn length_bytes(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Audio(range) => range.end - range.start,
        }
    }
}

/// What to send.
#[derive(Debug, Clone)]
pub struct Answer {
    /// 200, 206, 304, 412 or 416.
    pub status: StatusCode,
    /// The headers that follow from the representation and the request.
    pub headers: HeaderMap,
    /// The body; empty for HEAD, 304, 412 and 416.
    pub segments: Vec<Segment>,
}

impl Answer {
    /// The length of the body that is sent.
    pub fn length_bytes(&self) -> u64 {
        self.segments.iter().map(Segment::length_bytes).sum()
    }

    /// The ranges of audio that are sent, for the listen log.
    pub fn audio(&self) -> impl Iterator<Item = Range<u64>> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Audio(range) => Some(range.clone()),
            Segment::Bytes(_) => None,
        })
    }
}

/// Answers a GET or HEAD request for a representation of type `media_type`, conditions and ranges included.
pub fn answer(
    method: &Method,
    request: &HeaderMap,
    representation: &Representation,
    media_type: &HeaderValue,
) -> Answer {
    answer_with(method, request, representation, media_type, boundary)
}

/// A text that separates parts, and that audio cannot contain other than by a chance of 2^-128: it is made
/// from the random keys of the process, so that nobody can upload audio that holds it.
fn boundary() -> String {
    let (high, low) = (RandomState::new(), RandomState::new());
    format!("{:016x}{:016x}", high.hash_one(0_u8), low.hash_one(1_u8))
}

fn answer_with(
    method: &Method,
    request: &HeaderMap,
    representation: &Representation,
    media_type: &HeaderValue,
    boundary: impl FnOnce() -> String,
) -> Answer {
    let size = representation.size_bytes;
    match conditional::evaluate(method, request, representation) {
        Precondition::Holds => {}
        // A 304 repeats the validators but describes no body (RFC 9110 section 15.4.5).
        Precondition::NotModified => {
            return Answer {
                status: StatusCode::NOT_MODIFIED,
                headers: validators(representation),
                segments: Vec::new(),
            };
        }
        Precondition::Failed => return empty(StatusCode::PRECONDITION_FAILED, HeaderMap::new()),
    }

    // Range is defined for GET alone (section 14.2), so HEAD describes the whole.
    let verdict = if method == Method::GET {
        range::select(only(request, RANGE), if_range(request), representation)
    } else {
        RangeVerdict::Whole
    };
    let mut headers = validators(representation);
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let (status, segments) = match verdict {
        RangeVerdict::Whole => {
            headers.insert(CONTENT_TYPE, media_type.clone());
            (StatusCode::OK, if size == 0 { Vec::new() } else { vec![Segment::Audio(0..size)] })
        }
        RangeVerdict::Single(range) => {
            headers.insert(CONTENT_TYPE, media_type.clone());
            headers.insert(CONTENT_RANGE, header(&content_range(&range, size)));
            (StatusCode::PARTIAL_CONTENT, vec![Segment::Audio(range)])
        }
        RangeVerdict::Multi(ranges) => {
            let boundary = boundary();
            headers.insert(CONTENT_TYPE, header(&format!("multipart/byteranges; boundary={boundary}")));
            (StatusCode::PARTIAL_CONTENT, parts(ranges, size, media_type, &boundary))
        }
        RangeVerdict::Unsatisfiable => {
            headers.insert(CONTENT_RANGE, header(&format!("bytes */{size}")));
            return empty(StatusCode::RANGE_NOT_SATISFIABLE, headers);
        }
    };
    let mut answer = Answer { status, headers, segments };
    answer.headers.insert(CONTENT_LENGTH, HeaderValue::from(answer.length_bytes()));
    if method == Method::HEAD {
        answer.segments.clear();
    }
    answer
}

/// The body of `multipart/byteranges` (RFC 9110 section 14.6). Its parts have the framing of RFC 2046, with
/// nothing before the first delimiter.
fn parts(ranges: Vec<Range<u64>>, size: u64, media_type: &HeaderValue, boundary: &str) -> Vec<Segment> {
    let mut segments = Vec::with_capacity(ranges.len() * 2 + 1);
    for (place, range) in ranges.into_iter().enumerate() {
        let mut head = Vec::new();
        if place > 0 {
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(format!("--{boundary}\r\nContent-Type: ").as_bytes());
        head.extend_from_slice(media_type.as_bytes());
        head.extend_from_slice(
            format!("\r\nContent-Range: {}\r\n\r\n", content_range(&range, size)).as_bytes(),
        );
        segments.push(Segment::Bytes(head.into()));
        segments.push(Segment::Audio(range));
    }
    segments.push(Segment::Bytes(format!("\r\n--{boundary}--\r\n").into()));
    segments
}

fn content_range(range: &Range<u64>, size: u64) -> String {
    format!("bytes {}-{}/{size}", range.start, range.end - 1)
}

fn validators(representation: &Representation) -> HeaderMap {
    // Room for all that an answer with audio has.
    let mut headers = HeaderMap::with_capacity(12);
    headers.insert(ETAG, representation.etag.header_value());
    if let Some(modified) = representation.last_modified {
        headers.insert(LAST_MODIFIED, header(&httpdate::fmt_http_date(modified)));
    }
    headers
}

fn empty(status: StatusCode, mut headers: HeaderMap) -> Answer {
    headers.insert(CONTENT_LENGTH, HeaderValue::from(0));
    Answer { status, headers, segments: Vec::new() }
}

fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("made of visible ASCII and single spaces")
}

/// The value of a header that may come once; several lines are as malformed as a broken one.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&[u8]> {
    let mut lines = headers.get_all(name).iter();
    match (lines.next(), lines.next()) {
        (Some(line), None) => Some(line.as_bytes()),
        _ => None,
    }
}

/// Unlike a repeated `Range`, a repeated `If-Range` must not be dropped: it would make the range
/// unconditional. The empty value names no representation.
fn if_range(headers: &HeaderMap) -> Option<&[u8]> {
    headers.contains_key(IF_RANGE).then(|| only(headers, IF_RANGE).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use http::header::{IF_MATCH, IF_NONE_MATCH};
    use proptest::prelude::*;

    use super::*;
    use crate::http::entity_tag::StrongEtag;

    fn representation(size_bytes: u64) -> Representation {
        Representation {
            size_bytes,
            etag: StrongEtag::from_text("xyzzy").unwrap(),
            last_modified: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(784_903_526)),
        }
    }

    fn ask(method: Method, size: u64, lines: &[(HeaderName, &str)]) -> Answer {
        let mut request = HeaderMap::new();
        for (name, value) in lines {
            request.append(name, HeaderValue::from_str(value).unwrap());
        }
        let media_type = HeaderValue::from_static("audio/wav");
        answer_with(&method, &request, &representation(size), &media_type, || {
            "THIS_STRING_SEPARATES".to_owned()
        })
    }

    /// What a client would receive if byte `n` of the audio were `n`.
    fn played(answer: &Answer) -> Vec<u8> {
        let mut body = Vec::new();
        for segment in &answer.segments {
            match segment {
                Segment::Bytes(bytes) => body.extend_from_slice(bytes),
                Segment::Audio(range) => body.extend(range.clone().map(|byte| byte as u8)),
            }
        }
        body
    }

    fn check(answer: &Answer, status: u16, headers: &[(&str, &str)], segments: &[Segment]) {
        assert_eq!(answer.status, status);
        let mut expected: Vec<(String, String)> =
            headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let mut found: Vec<(String, String)> = answer
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected);
        assert_eq!(answer.segments, segments);
    }

    const MODIFIED: (&str, &str) = ("last-modified", "Tue, 15 Nov 1994 12:45:26 GMT");
    const TAG: (&str, &str) = ("etag", "\"xyzzy\"");
    const ACCEPTS: (&str, &str) = ("accept-ranges", "bytes");
    const WAVE: (&str, &str) = ("content-type", "audio/wav");

    #[test]
    fn whole_and_head() {
        let whole = [WAVE, MODIFIED, TAG, ACCEPTS, ("content-length", "1000")];
        check(&ask(Method::GET, 1000, &[]), 200, &whole, &[Segment::Audio(0..1000)]);
        check(&ask(Method::HEAD, 1000, &[]), 200, &whole, &[]);
        check(&ask(Method::HEAD, 1000, &[(RANGE, "bytes=0-9")]), 200, &whole, &[]);
        let empty = [WAVE, MODIFIED, TAG, ACCEPTS, ("content-length", "0")];
        check(&ask(Method::GET, 0, &[]), 200, &empty, &[]);
    }

    #[test]
    fn one_range() {
        let expected = [
            WAVE,
            MODIFIED,
            TAG,
            ACCEPTS,
            ("content-length", "500"),
            ("content-range", "bytes 500-999/8000"),
        ];
        check(
            &ask(Method::GET, 8000, &[(RANGE, "bytes=500-999")]),
            206,
            &expected,
            &[Segment::Audio(500..1000)],
        );
        // Two ranges that join to one are no multipart (section 15.3.7.2).
        check(
            &ask(Method::GET, 8000, &[(RANGE, "bytes=500-600,601-999")]),
            206,
            &expected,
            &[Segment::Audio(500..1000)],
        );
    }

    #[test]
    fn several_ranges_are_framed_as_in_rfc_9110_section_15_3_7_2() {
        let answer = ask(Method::GET, 90, &[(RANGE, "bytes=50-52,70-71")]);
        let body =
            b"--THIS_STRING_SEPARATES\r\nContent-Type: audio/wav\r\nContent-Range: bytes 50-52/90\r\n\r\n\
                     234\r\n--THIS_STRING_SEPARATES\r\nContent-Type: audio/wav\r\n\
                     Content-Range: bytes 70-71/90\r\n\r\nFG\r\n--THIS_STRING_SEPARATES--\r\n";
        assert_eq!(String::from_utf8(played(&answer)).unwrap(), String::from_utf8(body.to_vec()).unwrap());
        assert_eq!(answer.headers[CONTENT_LENGTH], body.len().to_string());
        assert_eq!(answer.headers[CONTENT_TYPE], "multipart/byteranges; boundary=THIS_STRING_SEPARATES");
        assert!(!answer.headers.contains_key(CONTENT_RANGE));
        assert_eq!(answer.audio().collect::<Vec<_>>(), [50..53, 70..72]);
    }

    #[test]
    fn refusals_and_conditions() {
        let unsatisfiable =
            [MODIFIED, TAG, ACCEPTS, ("content-range", "bytes */47022"), ("content-length", "0")];
        check(&ask(Method::GET, 47022, &[(RANGE, "bytes=47022-")]), 416, &unsatisfiable, &[]);
        let same = [(IF_NONE_MATCH, "\"xyzzy\""), (RANGE, "bytes=0-9")];
        check(&ask(Method::GET, 100, &same), 304, &[MODIFIED, TAG], &[]);
        check(&ask(Method::GET, 100, &[(IF_MATCH, "\"a\"")]), 412, &[("content-length", "0")], &[]);
    }

    #[test]
    fn repeated_headers_never_widen_what_was_asked() {
        let twice = [(RANGE, "bytes=0-9"), (RANGE, "bytes=20-29")];
        assert_eq!(ask(Method::GET, 100, &twice).status, 200);
        let conditions = [(RANGE, "bytes=0-9"), (IF_RANGE, "\"xyzzy\""), (IF_RANGE, "\"xyzzy\"")];
        assert_eq!(ask(Method::GET, 100, &conditions).status, 200);
        assert_eq!(ask(Method::GET, 100, &conditions[..2]).status, 206);
    }

    #[test]
    fn boundaries_differ_and_need_no_quoting() {
        let (one, other) = (boundary(), boundary());
        assert_ne!(one, other);
        assert!(one.len() == 32 && one.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }

    proptest! {
        #[test]
        fn the_length_is_exact(size in 0_u64..300, header in "bytes=([0-9]{1,3}-[0-9]{0,3},|-[0-9]{1,3},){1,20}") {
            let answer = ask(Method::GET, size, &[(RANGE, &header)]);
            let promised: u64 = answer.headers[CONTENT_LENGTH].to_str().unwrap().parse().unwrap();
            prop_assert_eq!(promised, answer.length_bytes());
            prop_assert_eq!(promised, played(&answer).len() as u64);
        }
    }
}
