//! How clients name recordings: by a number that their language may have rounded, or by a file name that their
//! library may have encoded.

use callvault_core::id::RecordingId;
use callvault_core::recording::RecordingName;

use crate::pseries::error::Errcode;
use crate::pseries::fields::{form_decoded, percent_decoded};

/// The id of a recording as a client sent it.
///
/// Our ids need more than the 53 bits that JavaScript and its like keep of a number, so such a client sends back
/// the nearest number that it can hold. All ids that round to that number are meant, the exact one first
/// (`docs/pseries.md` P17).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentId {
    /// The id as it stood there.
    pub exact: RecordingId,
    /// The lowest id that it may be.
    pub lowest: RecordingId,
    /// The highest id that it may be.
    pub highest: RecordingId,
}

impl SentId {
    /// Reads a positive whole number. Fails with [`Errcode::Parameter`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Errcode> {
        let exact: i64 = text.trim().parse().map_err(|_| Errcode::Parameter)?;
        if exact < 1 {
            return Err(Errcode::Parameter);
        }
        let rounded = exact as f64;
        let edge = |neighbour: f64| {
            // Half way lies the last number that may round here; on the tie itself the even mantissa wins.
            let middle = (rounded as i128 + neighbour as i128) / 2;
            let inwards = if neighbour < rounded { 1 } else { -1 };
            let middle = if middle as f64 == rounded { middle } else { middle + inwards };
            RecordingId(i64::try_from(middle).unwrap_or(i64::MAX))
        };
        if exact < 1 << 53 {
            let exact = RecordingId(exact);
            return Ok(Self { exact, lowest: exact, highest: exact });
        }
        Ok(Self {
            exact: RecordingId(exact),
            lowest: edge(rounded.next_down()),
            highest: edge(rounded.next_up()),
        })
    }

    /// Whether the id may be meant.
    pub fn may_be(&self, id: RecordingId) -> bool {
        (self.lowest..=self.highest).contains(&id)
    }
}

/// The names that a `file` in a query may mean: decoded with `+` as a plus, and as a blank.
///
/// Names are opaque keys, looked up and never joined to a path. Fails with [`Errcode::NotFound`] if neither is safe.
pub(super) fn names(raw: &str) -> Result<Vec<RecordingName>, Errcode> {
    let mut names: Vec<RecordingName> = Vec::new();
    for name in [percent_decoded(raw), form_decoded(raw)].into_iter().flat_map(RecordingName::new) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() { Err(Errcode::NotFound) } else { Ok(names) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<(i64, i64), Errcode>) {
        let found = SentId::parse(text).map(|id| (id.lowest.0, id.highest.0));
        assert_eq!(found, expected, "for {text}");
    }

    #[test]
    fn small_ids_are_exact() {
        check("1", Ok((1, 1)));
        check(" 614 ", Ok((614, 614)));
        check("9007199254740991", Ok((9_007_199_254_740_991, 9_007_199_254_740_991)));
        for text in ["", "0", "-1", "x", "1.0", "1e3", "9223372036854775808"] {
            check(text, Err(Errcode::Parameter));
        }
    }

    /// 2^53 + 1 lies half way between 2^53 and 2^53 + 2, and goes to the even mantissa (IEEE 754 binary64).
    #[test]
    fn the_first_rounded_id_stands_for_its_neighbour() {
        check("9007199254740992", Ok((9_007_199_254_740_992, 9_007_199_254_740_993)));
        check("9007199254740994", Ok((9_007_199_254_740_994, 9_007_199_254_740_994)));
    }

    /// Numbers between 2^60 and 2^61 are 256 apart as floating point (IEEE 754 binary64).
    #[test]
    fn large_ids_stand_for_their_neighbours() {
        let id = 1_729_934_533_013_504_256; // a multiple of 256: 1649756009000 << 20, and 256 more
        assert_eq!(id % 256, 0);
        let sent = SentId::parse(&id.to_string()).expect("an id");
        assert!(sent.lowest.0 >= id - 128 && sent.highest.0 <= id + 128);
        assert!(sent.may_be(RecordingId(id + 127)) && sent.may_be(RecordingId(id - 127)));
        assert!(!sent.may_be(RecordingId(id + 129)) && !sent.may_be(RecordingId(id - 129)));
    }

    proptest! {
        #[test]
        fn a_rounded_id_comes_home(id in 1i64.., other in 1i64..) {
            let as_javascript_has_it = (id as f64) as i64;
            let sent = SentId::parse(&as_javascript_has_it.to_string()).expect("positive");
            prop_assert!(sent.may_be(RecordingId(id)), "{sent:?}");
            prop_assert_eq!(sent.may_be(RecordingId(other)), other as f64 == id as f64);
            // The edges are tight.
            prop_assert_eq!(sent.lowest.0 as f64, id as f64);
            prop_assert_eq!(sent.highest.0 as f64, id as f64);
        }
    }

    #[test]
    fn names_of_files() {
        let texts = |raw: &str| {
            names(raw).map(|names| names.iter().map(|name| name.as_str().to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(texts("a-1.2.wav"), Ok(vec!["a-1.2.wav".into()]));
        assert_eq!(texts("a-+49.wav"), Ok(vec!["a-+49.wav".into(), "a- 49.wav".into()]));
        assert_eq!(texts("a-%2B49.wav"), Ok(vec!["a-+49.wav".into()]));
        for raw in ["..%2Fx", "a/b", "a%00", "%5C"] {
            assert_eq!(texts(raw), Err(Errcode::NotFound), "{raw}");
        }
    }
}
