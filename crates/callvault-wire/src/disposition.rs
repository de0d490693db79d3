//! The `Content-Disposition` header of a download, for every door that serves audio.
//!
//! Promises a value that is safe as a header field whatever the name holds: printable ASCII only, one line,
//! nothing that ends the quoted string early. It does not promise the name as it was: what no file may be
//! called is taken out. Follows RFC 6266 (the header) and RFC 8187 (the extended parameter).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the `attr-char` of RFC 8187, section 3.2.1.
const NOT_ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The header value that makes a client save the body under `file_name`.
///
/// Control characters and the marks that turn the direction of writing are removed, a slash becomes `_`, and
/// quotes and backslashes are escaped. A name with characters outside ASCII is given twice: with `_` in
/// their place for old clients, and in full as `filename*`. With nothing left of the name, the value is a bare
/// `attachment` and the client names the file.
pub fn attachment(file_name: &str) -> String {
    if is_plain(file_name) { [BEFORE, file_name, "\""].concat() } else { written(file_name) }
}

/// What stands before the name.
const BEFORE: &str = "attachment; filename=\"";

/// Whether a name stands in the value as it is, as nearly every one does.
fn is_plain(file_name: &str) -> bool {
    let fits = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\' | b'/');
    !file_name.is_empty() && file_name.bytes().fold(true, |all, byte| all & fits(byte))
}

/// The value for any name.
fn written(file_name: &str) -> String {
    let clean: String =
        file_name.chars().filter(|c| !is_unfit(*c)).map(|c| if c == '/' { '_' } else { c }).collect();
    if clean.is_empty() {
        return "attachment".to_owned();
    }
    let mut value = BEFORE.to_owned();
    for c in clean.chars() {
        match c {
            '"' | '\\' => value.extend(['\\', c]),
            _ if c.is_ascii() => value.push(c),
            _ => value.push('_'),
        }
    }
    value.push('"');
    if !clean.is_ascii() {
        // The order matters to old clients, which take the first parameter they know (RFC 6266, appendix D).
        value.push_str("; filename*=UTF-8''");
        value.extend(utf8_percent_encode(&clean, NOT_ATTR_CHAR));
    }
    value
}

/// Whether a character has no place in a file name: it breaks the header line, or it makes `gpj.exe` read as
/// `exe.jpg` to the person who is about to open it.
fn is_unfit(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(file_name: &str, expected: &str) {
        assert_eq!(attachment(file_name), expected, "for {file_name:?}");
    }

    #[test]
    fn plain_names_stand_as_they_are() {
        check(
            "20191024012719-1571909237.191-4000-4001-Internal.wav",
            "attachment; filename=\"20191024012719-1571909237.191-4000-4001-Internal.wav\"",
        );
        check("a b;c=d,e.wav", "attachment; filename=\"a b;c=d,e.wav\"");
        check("100%.wav", "attachment; filename=\"100%.wav\"");
    }

    #[test]
    fn nothing_ends_the_quoted_string() {
        check("say \"hi\".wav", r#"attachment; filename="say \"hi\".wav""#);
        check(r"c:\x.wav", r#"attachment; filename="c:\\x.wav""#);
        check("x.wav\r\nSet-Cookie: a=b", "attachment; filename=\"x.wavSet-Cookie: a=b\"");
        check("a\0b\u{7f}\u{85}.wav", "attachment; filename=\"ab.wav\"");
        check("../etc/passwd", "attachment; filename=\".._etc_passwd\"");
        check("a\u{202e}vaw.exe", "attachment; filename=\"avaw.exe\"");
    }

    /// The names and their encoded forms are the examples of RFC 6266, section 5, and RFC 8187, section 3.2.2.
    #[test]
    fn names_outside_ascii_come_twice() {
        check("€ rates", "attachment; filename=\"_ rates\"; filename*=UTF-8''%E2%82%AC%20rates");
        check(
            "£ and € rates",
            "attachment; filename=\"_ and _ rates\"; filename*=UTF-8''%C2%A3%20and%20%E2%82%AC%20rates",
        );
        check(
            "é'(*)%.wav",
            "attachment; filename=\"_'(*)%.wav\"; filename*=UTF-8''%C3%A9%27%28%2A%29%25.wav",
        );
    }

    #[test]
    fn nothing_left_leaves_the_name_to_the_client() {
        check("", "attachment");
        check("\r\n\u{2066}", "attachment");
    }

    proptest! {
        #[test]
        fn any_name_gives_one_printable_line(name in any::<String>()) {
            let value = attachment(&name);
            prop_assert!(value.bytes().all(|b| (0x20..0x7f).contains(&b)), "{value:?}");
        }

        #[test]
        fn a_plain_name_is_written_like_any_other(name in "[ -~é/\"\\\\\x00-\x1f\x7f]{0,9}|[ -~]{0,40}") {
            prop_assert_eq!(attachment(&name), written(&name));
        }
    }
}
