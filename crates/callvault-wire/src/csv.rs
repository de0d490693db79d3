//! Lines of the files of call records, which the dialects write alike (RFC 4180, with LF).

/// Adds a line, with its LF. A text is quoted only where it must be, because many clients split at every comma.
pub(crate) fn push_line(out: &mut Vec<u8>, texts: &[&str]) {
    for (place, text) in texts.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        if text.contains(['"', ',', '\r', '\n']) {
            out.push(b'"');
            out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
            out.push(b'"');
        } else {
            out.extend_from_slice(text.as_bytes());
        }
    }
    out.push(b'\n');
}
