//! The Range engine against the examples of RFC 9110 and against a naive model made of byte sets.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// 1994-11-15 12:45:26 UTC, the date in the examples of RFC 9110.
const MODIFIED_SECONDS: u64 = 784_903_526;

fn representation(size_bytes: u64) -> Representation {
    Representation {
        size_bytes,
        etag: StrongEtag::from_text("xyzzy").unwrap(),
        last_modified: Some(SystemTime::UNIX_EPOCH + Duration::from_millis(MODIFIED_SECONDS * 1000 + 250)),
    }
}

fn check(size: u64, range: &str, expected: RangeVerdict) {
    let verdict = select(Some(range.as_bytes()), None, &representation(size));
    assert_eq!(verdict, expected, "{range} of {size}");
}

fn multi(ranges: &[Range<u64>]) -> RangeVerdict {
    RangeVerdict::Multi(ranges.to_vec())
}

#[test]
fn examples_of_rfc_9110_section_14() {
    use RangeVerdict::Single;
    // Section 14.1.2, a representation of 10000 bytes.
    check(10_000, "bytes=0-499", Single(0..500));
    check(10_000, "bytes=500-999", Single(500..1000));
    check(10_000, "bytes=-500", Single(9500..10_000));
    check(10_000, "bytes=9500-", Single(9500..10_000));
    check(10_000, "bytes=0-0,-1", multi(&[0..1, 9999..10_000]));
    check(10_000, "bytes= 0-999, 4500-5499, -1000", multi(&[0..1000, 4500..5500, 9000..10_000]));
    check(10_000, "bytes=500-600,601-999", Single(500..1000));
    check(10_000, "bytes=500-700,601-999", Single(500..1000));
}

#[test]
fn ranges_are_cut_at_the_end_and_refused_only_past_it() {
    use RangeVerdict::{Single, Unsatisfiable, Whole};
    check(100, "bytes=0-", Single(0..100));
    check(100, "bytes=99-", Single(99..100));
    check(100, "bytes=90-1000", Single(90..100));
    check(100, "bytes=-1000", Single(0..100));
    check(100, "bytes=100-", Unsatisfiable);
    check(100, "bytes=100-200,300-", Unsatisfiable);
    check(100, "bytes=100-,0-9", Single(0..10));
    check(100, "bytes=-0", Unsatisfiable);
    check(100, "bytes=-0,5-5", Single(5..6));
    check(0, "bytes=0-", Unsatisfiable);
    check(0, "bytes=0-0", Unsatisfiable);
    check(0, "bytes=-0", Unsatisfiable);
    check(0, "bytes=-5", Whole);
}

#[test]
fn numbers_beyond_64_bits_keep_their_meaning() {
    use RangeVerdict::{Single, Unsatisfiable, Whole};
    check(100, "bytes=5-18446744073709551615", Single(5..100));
    check(100, "bytes=5-99999999999999999999999999", Single(5..100));
    check(100, "bytes=-99999999999999999999999999", Single(0..100));
    check(100, "bytes=99999999999999999999999999-", Unsatisfiable);
    check(100, "bytes=99999999999999999999999998-99999999999999999999999999", Unsatisfiable);
    check(100, "bytes=99999999999999999999999999-99999999999999999999999998", Whole);
    check(100, "bytes=00000000000000000000000000007-8", Single(7..9));
    check(u64::MAX, "bytes=18446744073709551614-", Single(u64::MAX - 1..u64::MAX));
    check(u64::MAX, "bytes=0-18446744073709551615", Single(0..u64::MAX));
}

#[test]
fn what_is_not_understood_is_ignored() {
    for range in [
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes= ",
        "bytes=-",
        "bytes=--5",
        "bytes=5",
        "bytes=a-b",
        "bytes=1-2-3",
        "bytes=9-5",
        "bytes=0-9,9-5",
        "bytes=0-9;10-19",
        "bytes=+1-2",
        "bytes=1 - 2",
        "bytes =0-9",
        "items=0-9",
        "bytes=0x1-2",
        "bytes:0-9",
        "0-9",
    ] {
        check(100, range, RangeVerdict::Whole);
    }
    // Range units are case-insensitive (section 14.1), and empty list elements are skipped (5.6.1.2).
    check(100, "BYTES=0-9", RangeVerdict::Single(0..10));
    check(100, "bytes=,, 0-9 ,\t,", RangeVerdict::Single(0..10));
}

#[test]
fn a_joined_range_stands_where_its_first_member_stood() {
    check(100, "bytes=90-99,10-19,85-89", multi(&[85..100, 10..20]));
    check(100, "bytes=50-59,0-9,50-59", multi(&[50..60, 0..10]));
    check(100, "bytes=0-1,3-4,2-2", RangeVerdict::Single(0..5));
}

#[test]
fn a_million_pieces_are_answered_whole() {
    let pieces = |count: u64, step: u64| {
        let list: Vec<String> = (0..count).map(|piece| format!("{0}-{0}", piece * step)).collect();
        format!("bytes={}", list.join(","))
    };
    check(1 << 30, &pieces(16, 2), multi(&(0..16).map(|piece| piece * 2..piece * 2 + 1).collect::<Vec<_>>()));
    check(1 << 30, &pieces(17, 2), RangeVerdict::Whole);
    check(1 << 30, &pieces(64, 1), RangeVerdict::Single(0..64));
    check(1 << 30, &pieces(65, 1), RangeVerdict::Whole);
    check(1 << 30, &pieces(1_000_000, 2), RangeVerdict::Whole);
}

#[test]
fn if_range_admits_only_the_same_representation() {
    let check = |condition: &str, applies: bool| {
        let expected = if applies { RangeVerdict::Single(0..10) } else { RangeVerdict::Whole };
        let verdict = select(Some(b"bytes=0-9"), Some(condition.as_bytes()), &representation(100));
        assert_eq!(verdict, expected, "{condition}");
    };
    check(r#""xyzzy""#, true);
    check(r#"W/"xyzzy""#, false);
    check(r#""other""#, false);
    check(r#""xyzzy", "other""#, false);
    check("*", false);
    check("xyzzy", false);
    check("", false);
    check("Tue, 15 Nov 1994 12:45:26 GMT", true);
    // The two obsolete forms that section 5.6.7 makes recipients accept.
    check("Tuesday, 15-Nov-94 12:45:26 GMT", true);
    check("Tue Nov 15 12:45:26 1994", true);
    check("Tue, 15 Nov 1994 12:45:27 GMT", false);
    check("Tue, 15 Nov 1994 12:45:25 GMT", false);

    let undated = Representation { last_modified: None, ..representation(100) };
    let date: &[u8] = b"Tue, 15 Nov 1994 12:45:26 GMT";
    assert_eq!(select(Some(b"bytes=0-9"), Some(date), &undated), RangeVerdict::Whole);
    // A condition without a range asks for nothing, and cannot make a 416 of a stale one.
    assert_eq!(select(None, Some(br#""xyzzy""#), &undated), RangeVerdict::Whole);
    assert_eq!(select(Some(b"bytes=500-"), Some(br#""old""#), &undated), RangeVerdict::Whole);
}

#[derive(Debug, Clone)]
enum Asked {
    FromTo(u64, u64),
    From(u64),
    Suffix(u64),
}

impl Asked {
    fn text(&self) -> String {
        match self {
            Self::FromTo(first, last) => format!("{first}-{last}"),
            Self::From(first) => format!("{first}-"),
            Self::Suffix(length) => format!("-{length}"),
        }
    }

    /// The bytes of a representation of `size` that this asks for, one by one.
    fn bytes(&self, size: u64) -> BTreeSet<u64> {
        (0..size)
            .filter(|&byte| match *self {
                Self::FromTo(first, last) => first <= byte && byte <= last,
                Self::From(first) => first <= byte,
                Self::Suffix(length) => byte + length >= size,
            })
            .collect()
    }
}

fn asked() -> impl Strategy<Value = Asked> {
    prop_oneof![
        (0_u64..120, 0_u64..40).prop_map(|(first, more)| Asked::FromTo(first, first + more)),
        (0_u64..120).prop_map(Asked::From),
        (0_u64..120).prop_map(Asked::Suffix),
    ]
}

fn runs(bytes: &BTreeSet<u64>) -> usize {
    bytes.iter().filter(|&&byte| byte == 0 || !bytes.contains(&(byte - 1))).count()
}

proptest! {
    #[test]
    fn agrees_with_a_model_of_byte_sets(
        size in 0_u64..100,
        asked in proptest::collection::vec(asked(), 1..40),
        if_range in prop_oneof![
            Just(None), Just(Some(r#""xyzzy""#)), Just(Some(r#"W/"xyzzy""#)), Just(Some(r#""other""#)),
        ],
    ) {
        let list: Vec<String> = asked.iter().map(Asked::text).collect();
        let header = format!("bytes={}", list.join(", "));
        let verdict = select(Some(header.as_bytes()), if_range.map(str::as_bytes), &representation(size));

        let wanted: BTreeSet<u64> = asked.iter().flat_map(|one| one.bytes(size)).collect();
        let empty_suffix = size == 0 && asked.iter().any(|one| matches!(one, Asked::Suffix(1..)));
        let condition_holds = if_range.is_none_or(|condition| condition == r#""xyzzy""#);
        let parts = match verdict {
            RangeVerdict::Whole => {
                prop_assert!(!condition_holds || runs(&wanted) > MOST_PARTS || empty_suffix);
                return Ok(());
            }
            RangeVerdict::Unsatisfiable => {
                prop_assert!(condition_holds && wanted.is_empty() && !empty_suffix);
                return Ok(());
            }
            RangeVerdict::Single(part) => vec![part],
            RangeVerdict::Multi(parts) => parts,
        };
        prop_assert!(condition_holds);
        // As many parts as there are runs means that nothing overlaps or touches.
        prop_assert_eq!(parts.len(), runs(&wanted));
        let sent: BTreeSet<u64> = parts.iter().flat_map(Clone::clone).collect();
        prop_assert_eq!(&sent, &wanted);
        prop_assert_eq!(parts.iter().map(|part| part.end - part.start).sum::<u64>(), wanted.len() as u64);
        // The order is that of the request: each part by the first asked range that lies in it.
        let places: Vec<usize> = parts
            .iter()
            .map(|part| asked.iter().position(|one| one.bytes(size).iter().any(|byte| part.contains(byte))).unwrap())
            .collect();
        prop_assert!(places.is_sorted());
    }

    #[test]
    fn never_panics_and_never_leaves_the_representation(
        size in any::<u64>(), range in any::<Vec<u8>>(), digits in "bytes=[-0-9, ]{0,60}",
    ) {
        for header in [range.as_slice(), digits.as_bytes()] {
            let parts = match select(Some(header), Some(header), &representation(size)) {
                RangeVerdict::Single(part) => vec![part],
                RangeVerdict::Multi(parts) => parts,
                _ => Vec::new(),
            };
            prop_assert!(parts.iter().all(|part| part.start < part.end && part.end <= size));
            let parts = match select(Some(header), None, &representation(size)) {
                RangeVerdict::Single(part) => vec![part],
                RangeVerdict::Multi(parts) => parts,
                _ => Vec::new(),
            };
            prop_assert!(parts.iter().all(|part| part.start < part.end && part.end <= size));
        }
    }
}
