//! Rules for values that people type, the same wherever they come in.

use crate::error::{Error, Result};
use crate::gate::Principal;
use crate::role::Reach;

/// A name for a thing: trimmed, 1 to 100 characters, no control characters.
///
/// # Errors
/// [`Error::Invalid`] on `field`.
pub(crate) fn title(field: &'static str, text: &str) -> Result<String> {
    let text = text.trim();
    let length = text.chars().count();
    if !(1..=100).contains(&length) {
        return Err(Error::invalid(field, "must have 1 to 100 characters"));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::invalid(field, "must not hold control characters"));
    }
    Ok(text.to_owned())
}

/// The most characters of a description.
pub(crate) const MOST_DESCRIPTION: usize = 1000;

/// The most characters of the number, line or URI that a call goes to.
pub(crate) const MOST_NUMBER: usize = 255;

/// The most characters that are added to a caller id.
pub(crate) const MOST_CALLER_ID: usize = 100;

/// Free text: as it is, at most `most` characters, without NUL, which not every catalog can keep.
///
/// # Errors
/// [`Error::Invalid`] on `field`.
pub(crate) fn text(field: &'static str, text: &str, most: usize) -> Result<()> {
    if text.chars().count() > most {
        return Err(Error::invalid(field, format!("must have at most {most} characters")));
    }
    if text.contains('\0') {
        return Err(Error::invalid(field, "must not hold NUL characters"));
    }
    Ok(())
}

/// The largest number of one's own: numbering goes on after it, and every JSON reader holds it exactly.
const LARGEST_NUMBER: i64 = (1 << 53) - 1;

/// A number of one's own for a new object: 1 to 2^53 - 1, and for those alone who reach the whole installation: numbers
/// are shared by all customers, so others could probe for theirs and move the numbering on.
///
/// # Errors
/// [`Error::Invalid`] on `id`.
pub(crate) fn own_number(principal: &Principal, number: Option<i64>) -> Result<()> {
    match number {
        Some(_) if principal.reach != Reach::System => {
            Err(Error::invalid("id", "only a system owner chooses numbers; leave it out"))
        }
        None | Some(1..=LARGEST_NUMBER) => Ok(()),
        Some(_) => Err(Error::invalid("id", "must be an integer from 1 to 9007199254740991")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles() {
        assert_eq!(title("name", "  Sales ").unwrap(), "Sales");
        assert!(title("name", " ").is_err());
        assert!(title("name", &"x".repeat(101)).is_err());
        assert!(title("name", "a\u{7}b").is_err());
    }
}
