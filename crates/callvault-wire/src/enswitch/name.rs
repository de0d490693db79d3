//! The `name` of a message file (`docs/enswitch.md` 25).
//!
//! Promises: no control character, quote or slash in a name, never an empty name, and never one longer than
//! [`NAME_LIMIT_BYTES`].

/// The longest name, in bytes of UTF-8: what common file systems take.
pub const NAME_LIMIT_BYTES: usize = 255;

const SUFFIX: &str = ".wav";

/// The name of audio that was uploaded as data: the client's own, where it gave one that leaves something.
pub fn of_upload(client_name: Option<&str>, huntgroup: i64, level: u8) -> String {
    of_file(client_name, &format!("huntgroup-{huntgroup}-level-{level}"))
}

/// The name of a file of any family: the client's own, where it gave one that leaves something, or else
/// `stem`.
pub(in crate::enswitch) fn of_file(client_name: Option<&str>, stem: &str) -> String {
    client_name
        .map(|name| cleaned(name, NAME_LIMIT_BYTES))
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| cleaned(stem, NAME_LIMIT_BYTES - SUFFIX.len()) + SUFFIX)
}

/// The name of a copy of the library sound called `sound_name`.
pub fn of_sound(sound_name: &str, huntgroup: i64, level: u8) -> String {
    let name = cleaned(sound_name, NAME_LIMIT_BYTES - SUFFIX.len());
    if name.is_empty() { of_upload(None, huntgroup, level) } else { name + SUFFIX }
}

fn cleaned(name: &str, limit: usize) -> String {
    let mut clean: String = name
        .chars()
        .filter(|letter| !letter.is_control() && !matches!(letter, '"' | '\'' | '/' | '\\'))
        .collect();
    let mut end = clean.len().min(limit);
    while !clean.is_char_boundary(end) {
        end -= 1;
    }
    clean.truncate(end);
    clean.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let check = |client: Option<&str>, wanted: &str| assert_eq!(of_upload(client, 123, 1), wanted);
        check(None, "huntgroup-123-level-1.wav");
        check(Some(""), "huntgroup-123-level-1.wav");
        check(Some("\"/\u{7}"), "huntgroup-123-level-1.wav");
        check(Some("Begr\u{fc}\u{df}ung.wav"), "Begr\u{fc}\u{df}ung.wav");
        check(Some("../a\r\nb\"c'd\\e.wav"), "..abcde.wav");
        assert_eq!(of_upload(Some(&"\u{e9}".repeat(200)), 1, 1).len(), 254);
        assert_eq!(of_sound("Closed now", 123, 1), "Closed now.wav");
        assert_eq!(of_sound("/", 123, 1), "huntgroup-123-level-1.wav");
        assert_eq!(of_sound(&"x".repeat(300), 1, 1).len(), NAME_LIMIT_BYTES);
    }
}
