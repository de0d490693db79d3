//! The names under which files are handed out (`docs/enswitch.md` 25).
//!
//! Promises: no control character, quote or slash in a name, none at its ends that is blank, never a name of dots alone,
//! and never one longer than [`LONGEST_BYTES`].

/// The longest name, in bytes of UTF-8: what common file systems take.
pub const LONGEST_BYTES: usize = 255;

const SUFFIX: &str = ".wav";

/// The name in a text that somebody sent; `fallback` when nothing is left of it.
pub fn file_name(text: &str, fallback: &str) -> String {
    cleaned(text, LONGEST_BYTES).unwrap_or_else(|| fallback.to_owned())
}

/// The name of a WAV file that is called after something; `fallback` when nothing is left of that.
pub fn wave_name(stem: &str, fallback: &str) -> String {
    let stem = cleaned(stem, LONGEST_BYTES - SUFFIX.len());
    stem.map_or_else(|| fallback.to_owned(), |stem| stem + SUFFIX)
}

fn cleaned(text: &str, most_bytes: usize) -> Option<String> {
    let kept = |character: &char| !character.is_control() && !matches!(character, '"' | '\'' | '/' | '\\');
    let mut name = String::new();
    for character in text.trim().chars().filter(kept) {
        if name.len() + character.len_utf8() > most_bytes {
            break;
        }
        name.push(character);
    }
    let name = name.trim();
    (!name.chars().all(|character| character == '.')).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_would_break_a_header_or_a_path() {
        let check = |text: &str, wanted: &str| assert_eq!(file_name(text, "x.wav"), wanted, "{text:?}");
        check("a\"b/c\\d\r\ne'.wav", "abcde.wav");
        check("../a\r\nb\"c'd\\e.wav", "..abcde.wav");
        check("Begr\u{fc}\u{df}ung.wav", "Begr\u{fc}\u{df}ung.wav");
        check("\" a b.wav '", "a b.wav");
        for nothing in ["", " \n ", "\"/\u{7}", ".."] {
            check(nothing, "x.wav");
        }
        assert_eq!(file_name(&"\u{fc}".repeat(200), "x.wav").len(), 254);
    }

    #[test]
    fn what_is_called_after_something_keeps_its_suffix() {
        assert_eq!(wave_name("Closed now", "x.wav"), "Closed now.wav");
        assert_eq!(wave_name("/", "x.wav"), "x.wav");
        let long = wave_name(&"x".repeat(300), "x.wav");
        assert_eq!((long.len(), long.ends_with("x.wav")), (LONGEST_BYTES, true));
    }
}
