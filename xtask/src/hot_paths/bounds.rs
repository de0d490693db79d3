//! The stored bounds: a text file with one line for each path, its name, what was measured when it was stored, and the bound.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, bail};

/// What the file begins with.
const HEADING: &str = "\
# Instructions of each piece of work on the hot paths, as callgrind counts them; written by `cargo xtask hot-paths --renew`.
# path                      measured        bound
";

/// How far above the measured value a bound lies when it is stored.
const ROOM_PERCENT: u64 = 10;

/// How far below the stored value a measurement is worth a hint.
const HINT_PERCENT: u64 = 15;

/// The bounds by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bounds(BTreeMap<String, Bound>);

/// Instructions for each piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    measured: u64,
    bound: u64,
}

/// What a measurement means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// As stored, or nearly.
    Within(Bound),
    /// So much less than stored that the bound guards nothing any more.
    FarBelow(Bound),
    /// More than the bound.
    Beyond(Bound),
}

impl Bounds {
    /// Reads the file.
    ///
    /// # Errors
    /// When a line is not a name and two numbers, the second not below the first, or a name comes twice.
    pub(super) fn parse(text: &str) -> anyhow::Result<Bounds> {
        let mut bounds = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [name, measured, bound] = words[..] else { bail!("not a name and two numbers: {line}") };
            let number = |word: &str| word.parse().with_context(|| format!("no number: {word} in {line}"));
            let bound = Bound { measured: number(measured)?, bound: number(bound)? };
            if bound.bound < bound.measured {
                bail!("the bound is below what was measured: {line}");
            }
            if bounds.insert(name.to_owned(), bound).is_some() {
                bail!("{name} is there twice");
            }
        }
        Ok(Bounds(bounds))
    }

    /// That of a path.
    pub(super) fn of(&self, path: &str) -> Option<Bound> {
        self.0.get(path).copied()
    }

    /// Makes a bound of a measurement.
    pub(super) fn store(&mut self, path: &str, measured: u64) {
        let bound = measured + measured * ROOM_PERCENT / 100;
        self.0.insert(path.to_owned(), Bound { measured, bound });
    }
}

/// The file.
impl fmt::Display for Bounds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(HEADING)?;
        for (path, Bound { measured, bound }) in &self.0 {
            writeln!(formatter, "{path:<24} {measured:>12} {bound:>12}")?;
        }
        Ok(())
    }
}

impl Bound {
    /// Compares a measurement.
    pub(super) fn judge(self, measured: u64) -> Verdict {
        if measured > self.bound {
            Verdict::Beyond(self)
        } else if measured < self.measured - self.measured * HINT_PERCENT / 100 {
            Verdict::FarBelow(self)
        } else {
            Verdict::Within(self)
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Within(Bound { bound, .. }) => write!(formatter, "within {bound}"),
            Verdict::FarBelow(Bound { measured, bound }) => write!(
                formatter,
                "within {bound}, and more than {HINT_PERCENT} % below the {measured} of the bound: \
                 `cargo xtask hot-paths --renew` would hold that"
            ),
            Verdict::Beyond(Bound { measured, bound }) => {
                write!(formatter, "BEYOND {bound}, stored when it was {measured}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measurement_is_judged_by_the_bound_and_by_what_was_measured() {
        let bound = Bounds::parse("flow 200000 220000").expect("bounds").of("flow").expect("a bound");
        let check = |measured, expected: Verdict| assert_eq!(bound.judge(measured), expected, "{measured}");
        check(220_001, Verdict::Beyond(bound));
        check(220_000, Verdict::Within(bound));
        check(170_000, Verdict::Within(bound));
        check(169_999, Verdict::FarBelow(bound));
        check(0, Verdict::FarBelow(bound));
    }

    #[test]
    fn what_is_stored_is_read_again_and_has_a_tenth_of_room() {
        let mut bounds = Bounds::default();
        bounds.store("flow", 208_067);
        bounds.store("upload", 39_000_000);
        assert_eq!(bounds.of("flow"), Some(Bound { measured: 208_067, bound: 228_873 }));
        assert_eq!(Bounds::parse(&bounds.to_string()).expect("the same"), bounds);
    }

    #[test]
    fn a_file_that_could_hide_something_is_refused() {
        let check = |text: &str, expected: &str| {
            let error = format!("{:#}", Bounds::parse(text).expect_err(text));
            assert!(error.contains(expected), "{error}");
        };
        check("flow 200000", "not a name and two numbers");
        check("flow 200000 22o000", "no number: 22o000");
        check("flow 200000 199999", "below what was measured");
        check("flow 1 2\nflow 1 9", "twice");
    }
}
