//! Rules for values that people type, the same wherever they come in.

use crate::error::{Error, Result};

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

/// A file name to hand audio out under: control characters, quotes and slashes removed (`docs/enswitch.md` 25),
/// cut to 255 bytes; `fallback` when nothing is left.
pub(crate) fn file_name(text: &str, fallback: &str) -> String {
    let kept = |character: &char| !character.is_control() && !matches!(character, '"' | '\'' | '/' | '\\');
    let mut name = String::new();
    for character in text.trim().chars().filter(kept) {
        if name.len() + character.len_utf8() > 255 {
            break;
        }
        name.push(character);
    }
    if name.is_empty() || name.chars().all(|character| character == '.') { fallback.to_owned() } else { name }
}

/// A number of one's own for a new object: positive.
///
/// # Errors
/// [`Error::Invalid`] on `id`.
pub(crate) fn own_number(number: Option<i64>) -> Result<()> {
    match number {
        Some(..=0) => Err(Error::invalid("id", "must be a positive integer")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_lose_what_would_break_a_header_or_a_path() {
        assert_eq!(file_name("a\"b/c\\d\r\ne'.wav", "x.wav"), "abcde.wav");
        assert_eq!(file_name(" \n ", "x.wav"), "x.wav");
        assert_eq!(file_name("..", "x.wav"), "x.wav");
        assert_eq!(file_name(&"ü".repeat(200), "x.wav").len(), 254);
    }

    #[test]
    fn titles() {
        assert_eq!(title("name", "  Sales ").unwrap(), "Sales");
        assert!(title("name", " ").is_err());
        assert!(title("name", &"x".repeat(101)).is_err());
        assert!(title("name", "a\u{7}b").is_err());
    }
}
