//! What is promised of a figure, and whether what was measured keeps it.

use std::fmt;

use crate::statistics::Estimate;

/// A limit on one side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Bound {
    /// Not less.
    AtLeast(f64),
    /// Not more.
    AtMost(f64),
}

/// What the figures say about a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The median and the whole interval keep it.
    Met,
    /// The median keeps it, the interval reaches beyond: more rounds may tell.
    Open,
    /// The median does not keep it.
    Missed,
}

impl Bound {
    /// What an estimate says about it.
    pub(crate) fn judge(self, estimate: &Estimate) -> Verdict {
        let keeps = |value: f64| match self {
            Bound::AtLeast(least) => value >= least,
            Bound::AtMost(most) => value <= most,
        };
        if !keeps(estimate.median) {
            Verdict::Missed
        } else if estimate.interval.is_some_and(|(low, high)| keeps(low) && keeps(high)) {
            Verdict::Met
        } else {
            Verdict::Open
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::AtLeast(least) => write!(formatter, ">= {least}"),
            Bound::AtMost(most) => write!(formatter, "<= {most}"),
        }
    }
}

impl Verdict {
    /// As it stands in the table and in the JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Verdict::Met => "yes",
            Verdict::Open => "open",
            Verdict::Missed => "NO",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_and_interval_must_both_keep_a_bound() {
        let check = |bound: Bound, median, interval, expected| {
            let estimate = Estimate { median, min: 0.0, max: 9.0, interval };
            assert_eq!(bound.judge(&estimate), expected, "{bound} with {median} in {interval:?}");
        };
        check(Bound::AtLeast(1.0), 1.1, Some((1.0, 1.2)), Verdict::Met);
        check(Bound::AtLeast(1.0), 1.1, Some((0.99, 1.2)), Verdict::Open);
        check(Bound::AtLeast(1.0), 0.99, Some((0.9, 1.2)), Verdict::Missed);
        check(Bound::AtLeast(1.0), 1.1, None, Verdict::Open);
        check(Bound::AtMost(1.25), 1.2, Some((1.1, 1.25)), Verdict::Met);
        check(Bound::AtMost(1.25), 1.2, Some((1.1, 1.3)), Verdict::Open);
        check(Bound::AtMost(1.25), 1.3, Some((1.1, 1.4)), Verdict::Missed);
    }
}
