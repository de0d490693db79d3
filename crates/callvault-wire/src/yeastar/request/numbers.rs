//! Lists of extensions or queues: one number, several joined by commas, or all.

use std::collections::BTreeSet;
use std::fmt;

use crate::yeastar::error::Errno;
use crate::yeastar::fields::Field;

/// What v2 and v1 call an extension in a request (`docs/yeastar.md` G1).
pub(super) const EXTENSION: &[&str] = &["number", "extid"];

/// What v2 and v1 call a queue in a request.
pub(super) const QUEUE: &[&str] = &["number", "queueid"];

/// The numbers that a call asks for. Order and repetition count for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NumberList {
    /// All: `all` was sent, as v2 has it, or nothing, as v1 has it (`docs/yeastar.md` G45).
    All,
    /// These; at least one, none of them blank.
    These(BTreeSet<String>),
}

impl NumberList {
    /// Reads a list; blanks around numbers and empty places count for nothing. `None` if nothing is left.
    pub fn parse(text: &str) -> Option<Self> {
        let numbers: BTreeSet<String> =
            text.split(',').map(str::trim).filter(|number| !number.is_empty()).map(str::to_owned).collect();
        if numbers.iter().any(|number| number.eq_ignore_ascii_case("all")) {
            return Some(Self::All);
        }
        (!numbers.is_empty()).then_some(Self::These(numbers))
    }

    /// Of a parameter. Fails with [`Errno::ParameterBlank`] for commas alone and for what is no text: only who
    /// says nothing means all.
    pub(super) fn of_field(field: Field<'_>) -> Result<Self, Errno> {
        match field {
            Field::Blank => Ok(Self::All),
            Field::Composite => Err(Errno::ParameterBlank),
            Field::Text(text) => Self::parse(&text).ok_or(Errno::ParameterBlank),
        }
    }

    /// Whether the number is asked for.
    pub fn contains(&self, number: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(numbers) => numbers.contains(number),
        }
    }
}

impl fmt::Display for NumberList {
    /// As on the wire, sorted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::These(numbers) => {
                let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
                f.write_str(&numbers.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(NumberList::parse(text).map(|list| list.to_string()).as_deref(), expected, "for {text:?}");
    }

    #[test]
    fn lists() {
        check("4000", Some("4000"));
        check("4001, 4000 ,,4001", Some("4000,4001"));
        check("all", Some("all"));
        check(" ALL ", Some("all"));
        check("4000,all", Some("all"));
        check(" , ", None);
        check("", None);
    }

    #[test]
    fn membership() {
        let some = NumberList::parse("4000,+4930123456").expect("a list");
        assert!(some.contains("4000") && some.contains("+4930123456"));
        assert!(!some.contains("400") && !some.contains("4930123456"));
        assert!(NumberList::All.contains("anything"));
    }
}
