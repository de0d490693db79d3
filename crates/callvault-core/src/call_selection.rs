//! Which call records a file is to hold, as clients say it: numbers, and times on the customer's wall clock.

use std::collections::BTreeSet;
use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::call::CallFilter;
use crate::time::{WallTime, Zone};

/// The longest list of numbers that is shown in full, in bytes.
const LONGEST_SHOWN: usize = 200;

/// A selection of call records. Two are equal if they select the same whatever there is (`docs/yeastar.md` G31).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSelection {
    /// With one of these as caller or callee; all when it is empty.
    pub numbers: BTreeSet<String>,
    /// Begun when the clock showed this or later.
    pub first: WallTime,
    /// Begun when the clock showed this or earlier.
    pub last: WallTime,
}

impl CallSelection {
    /// What holds all calls of the selection, and in the hours around a change of the clock a few more: those that
    /// [`CallSelection::takes`] does not take.
    pub fn filter(&self, zone: &Zone) -> CallFilter {
        let (since, until) = zone.span(self.first, self.last);
        let numbers = self.numbers.iter().cloned().collect();
        CallFilter { since: Some(since), until: Some(until), numbers, recording: None }
    }

    /// Whether a call that began when the clock showed this lies within.
    pub fn takes(&self, began: WallTime) -> bool {
        (self.first..=self.last).contains(&began)
    }
}

/// What a ticket keeps of a selection: enough to know it again, and as little for a thousand numbers as for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectionMark {
    sha256: [u8; 32],
    shown: String,
}

impl CallSelection {
    /// Its mark. Two selections have the same one if they are equal.
    pub fn mark(&self) -> SelectionMark {
        let mut hash = Sha256::new();
        hash.update(format!("{}/{}", self.first, self.last));
        for number in &self.numbers {
            // With its length, as a number may hold anything.
            hash.update((number.len() as u64).to_be_bytes());
            hash.update(number);
        }
        SelectionMark { sha256: hash.finalize().into(), shown: self.to_string() }
    }
}

impl fmt::Display for SelectionMark {
    /// As its selection is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Display for CallSelection {
    /// As the listen log names it: `2024-03-05 00:00:00 to 2024-03-05 23:59:59, 4000,4001`. A long list is cut, and told
    /// how long it is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}, ", self.first, self.last)?;
        if self.numbers.is_empty() {
            return f.write_str("all");
        }
        let mut shown = 0;
        for (place, number) in self.numbers.iter().enumerate() {
            if shown + number.len() > LONGEST_SHOWN {
                return write!(f, " and {} more", self.numbers.len() - place);
            }
            if place > 0 {
                f.write_str(",")?;
            }
            f.write_str(number)?;
            shown += number.len() + 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(numbers: impl IntoIterator<Item = String>, first: &str, last: &str) -> CallSelection {
        let time = |text| WallTime::parse(text).unwrap();
        CallSelection { numbers: numbers.into_iter().collect(), first: time(first), last: time(last) }
    }

    #[test]
    fn both_ends_are_included() {
        let day = selection([], "2024-03-05 00:00:00", "2024-03-05 23:59:59");
        for (text, expected) in [
            ("2024-03-04 23:59:59", false),
            ("2024-03-05 00:00:00", true),
            ("2024-03-05 23:59:59", true),
            ("2024-03-06 00:00:00", false),
        ] {
            assert_eq!(day.takes(WallTime::parse(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn the_log_shows_few_numbers_in_full() {
        let check = |numbers: Vec<String>, expected: &str| {
            let shown = selection(numbers, "2024-03-05 00:00:00", "2024-03-05 00:00:01").to_string();
            assert_eq!(shown, format!("2024-03-05 00:00:00 to 2024-03-05 00:00:01, {expected}"));
        };
        check(vec![], "all");
        check(vec!["4001".to_owned(), "4000".to_owned()], "4000,4001");
        let many = (1000..2000).map(|number| number.to_string()).collect();
        let first: Vec<_> = (1000..1040).map(|number| number.to_string()).collect();
        check(many, &format!("{} and 960 more", first.join(",")));
    }

    #[test]
    fn a_mark_is_small_and_tells_selections_apart() {
        let text = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let (first, last) = ("2024-03-05 00:00:00", "2024-03-05 23:59:59");
        let mark = |numbers: &[&str]| selection(text(numbers), first, last).mark();
        assert_eq!(mark(&["4001", "4000"]), mark(&["4000", "4001", "4000"]));
        for other in [&["4000"][..], &["40004001"], &["4000", "4001", "4002"], &["4000,4001"], &[]] {
            assert_ne!(mark(&["4000", "4001"]), mark(other), "{other:?}");
        }
        assert_ne!(mark(&["4000"]), selection(text(&["4000"]), first, first).mark());
        assert_ne!(mark(&["4000"]), selection(text(&["4000"]), last, last).mark());
        // Alike in all that is shown.
        let long = |last: &str| {
            let numbers = (0..999).map(|number| format!("{number:064}")).chain([last.to_owned()]);
            selection(numbers, first, first).mark()
        };
        let (one, other) = (long("x"), long("y"));
        assert_eq!(one.to_string(), other.to_string());
        assert_ne!(one, other);
        assert!(one.to_string().len() < 300, "{one}");
    }
}
