//! The one Range engine (RFC 9110 sections 13.1.5 and 14): which bytes a request asks for.
//!
//! A pure function over the two headers and the representation. It promises that
//! - what cannot be understood is ignored, so that the client gets the whole representation;
//! - a range is cut at the end of the representation, and 416 is due only when no range touches it;
//! - the ranges it returns are not empty, lie inside the representation and neither overlap nor touch, and
//!   there are at most [`MOST_PARTS`] of them, however many were asked for.

use std::cmp::Ordering;
use std::ops::Range;
use std::time::SystemTime;

use super::entity_tag::{ReceivedEtag, StrongEtag};

/// More ranges than this in one header are answered with the whole representation (RFC 9110 section 14.2
/// tells servers to ignore or reject "egregious" requests).
pub const MOST_SENT: usize = 64;

/// More parts than this after joining neighbours are answered with the whole representation.
pub const MOST_PARTS: usize = 16;

/// What a range or a condition is judged against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Representation {
    /// Its length in bytes.
    pub size_bytes: u64,
    /// Its strong validator.
    pub etag: StrongEtag,
    /// When it was last changed, for `Last-Modified`. Fractions of a second are dropped. Give it only where
    /// the representation did not change twice within that second: it is taken as a strong validator.
    pub last_modified: Option<SystemTime>,
}

/// What a request for a representation is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RangeVerdict {
    /// The whole representation, status 200.
    Whole,
    /// One range, status 206 with `Content-Range`.
    Single(Range<u64>),
    /// Two or more ranges in the order asked for, status 206 with `multipart/byteranges`.
    Multi(Vec<Range<u64>>),
    /// None of the ranges touches the representation, status 416.
    Unsatisfiable,
}

/// Judges the `Range` and `If-Range` headers of a GET request.
///
/// Never fails: a header that is malformed or of another unit than `bytes`, and a condition that does not
/// hold, give [`RangeVerdict::Whole`].
pub fn select(
    range: Option<&[u8]>,
    if_range: Option<&[u8]>,
    representation: &Representation,
) -> RangeVerdict {
    let Some(specs) = range.and_then(parse) else {
        return RangeVerdict::Whole;
    };
    if if_range.is_some_and(|condition| !same_representation(condition, representation)) {
        return RangeVerdict::Whole;
    }
    resolve(&specs, representation.size_bytes)
}

/// Whether an `If-Range` value names the representation we have.
fn same_representation(condition: &[u8], representation: &Representation) -> bool {
    if let Some(tag) = ReceivedEtag::parse(condition) {
        return representation.etag.matches_strongly(&tag);
    }
    // A date must match exactly; "not changed since" would be unsafe with clocks that were set back.
    let date =
        std::str::from_utf8(condition).ok().and_then(|text| httpdate::parse_http_date(text.trim()).ok());
    match (date, representation.last_modified) {
        (Some(date), Some(modified)) => httpdate::HttpDate::from(date) == httpdate::HttpDate::from(modified),
        _ => false,
    }
}

/// One range as it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spec {
    /// First and last position, both included; without a last one, to the end.
    From(u64, Option<u64>),
    /// The last so many bytes.
    Suffix(u64),
}

fn parse(value: &[u8]) -> Option<Vec<Spec>> {
    let value = value.trim_ascii();
    let equals = value.iter().position(|&byte| byte == b'=')?;
    let (unit, set) = (&value[..equals], &value[equals + 1..]);
    if !unit.eq_ignore_ascii_case(b"bytes") {
        return None;
    }
    let mut specs = Vec::new();
    for element in set.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
        if element.is_empty() {
            continue;
        }
        if specs.len() == MOST_SENT {
            return None;
        }
        specs.push(parse_spec(element)?);
    }
    (!specs.is_empty()).then_some(specs)
}

fn parse_spec(element: &[u8]) -> Option<Spec> {
    let hyphen = element.iter().position(|&byte| byte == b'-')?;
    let (first, last) = (&element[..hyphen], &element[hyphen + 1..]);
    match (first, last) {
        ([], last) => Some(Spec::Suffix(position(last)?)),
        (first, []) => Some(Spec::From(position(first)?, None)),
        (first, last) => {
            let spec = Spec::From(position(first)?, Some(position(last)?));
            // A last position before the first makes the whole header invalid. The digits are compared, not
            // the numbers, because positions beyond 64 bits saturate.
            (compare_digits(first, last) != Ordering::Greater).then_some(spec)
        }
    }
}

/// A position or length; one beyond 64 bits becomes the greatest, which is past every file just as well.
fn position(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(
        digits
            .iter()
            .fold(0_u64, |number, digit| number.saturating_mul(10).saturating_add(u64::from(digit - b'0'))),
    )
}

fn compare_digits(left: &[u8], right: &[u8]) -> Ordering {
    let significant = |digits: &[u8]| digits.iter().skip_while(|&&digit| digit == b'0').count();
    let (left_length, right_length) = (significant(left), significant(right));
    left_length
        .cmp(&right_length)
        .then_with(|| left[left.len() - left_length..].cmp(&right[right.len() - right_length..]))
}

fn resolve(specs: &[Spec], size: u64) -> RangeVerdict {
    // RFC 9110 section 14.1.2 calls any suffix but `-0` satisfiable, even on an empty representation, which
    // no Content-Range can describe: the empty whole is the only answer left.
    if size == 0 && specs.iter().any(|spec| matches!(spec, Spec::Suffix(1..))) {
        return RangeVerdict::Whole;
    }
    let satisfiable = specs.iter().filter_map(|spec| match *spec {
        Spec::From(first, last) if first < size => {
            Some(first..last.map_or(size, |last| size.min(last.saturating_add(1))))
        }
        Spec::Suffix(length @ 1..) => Some(size.saturating_sub(length)..size),
        _ => None,
    });
    let mut parts = join_neighbours(satisfiable.collect());
    match parts.len() {
        0 => RangeVerdict::Unsatisfiable,
        1 => RangeVerdict::Single(parts.remove(0)),
        2..=MOST_PARTS => RangeVerdict::Multi(parts),
        _ => RangeVerdict::Whole,
    }
}

/// Joins ranges that overlap or touch; a joined range stands where the first of its members stood.
fn join_neighbours(ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    let mut ordered: Vec<(usize, Range<u64>)> = ranges.into_iter().enumerate().collect();
    ordered.sort_by_key(|(_, range)| range.start);
    let mut joined: Vec<(usize, Range<u64>)> = Vec::new();
    for (place, range) in ordered {
        match joined.last_mut() {
            Some((first_place, open)) if range.start <= open.end => {
                open.end = open.end.max(range.end);
                *first_place = place.min(*first_place);
            }
            _ => joined.push((place, range)),
        }
    }
    joined.sort_by_key(|&(place, _)| place);
    joined.into_iter().map(|(_, range)| range).collect()
}

#[cfg(test)]
mod tests;
