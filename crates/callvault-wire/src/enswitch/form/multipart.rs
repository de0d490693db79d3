//! `multipart/form-data` (RFC 7578 on RFC 2046), piece by piece.
//!
//! Strict where it decides what a part is: CRLF line ends, a closing boundary, no line that merely starts like a
//! boundary. What is held back between pieces is no longer than a boundary or one part's headers.

use super::Malformed;
use super::collector::{Collector, Written};

/// The most that the headers of one part may take, in bytes.
const HEADERS_LIMIT_BYTES: usize = 8 * 1024;

/// What is behind the headers of a part; the first line end is that of the last header.
const HEADERS_END: &[u8] = b"\r\n\r\n";

/// The most blanks that may pad a boundary line, in bytes.
const PADDING_LIMIT_BYTES: usize = 256;

/// The room that stays allocated where less is held, in bytes.
const HELD_ROOM_BYTES: usize = 1024;

/// The longest boundary that RFC 2046 allows, in bytes.
const BOUNDARY_LIMIT_BYTES: usize = 70;

/// The state between two pieces.
pub(super) struct Multipart {
    /// CR LF, two hyphens, the boundary.
    delimiter: Vec<u8>,
    /// What could not be decided yet.
    held: Vec<u8>,
    /// How much of the headers under way was looked through for their end, in bytes.
    searched: usize,
    /// Whether the body has any byte at all.
    has_begun: bool,
    state: State,
    /// How many bytes were looked through for the end of headers, over and over.
    #[cfg(test)]
    searched_bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Preamble,
    Boundary,
    Headers,
    Body,
    Epilogue,
}

/// The boundary in a `Content-Type`, if there is a usable one.
pub(super) fn boundary(content_type: &str) -> Option<Vec<u8>> {
    let (_, boundary) =
        header_parameters(content_type.as_bytes()).into_iter().find(|(name, _)| name == "boundary")?;
    let usable = (1..=BOUNDARY_LIMIT_BYTES).contains(&boundary.len())
        && boundary.iter().all(|byte| (0x20..0x7F).contains(byte));
    usable.then_some(boundary)
}

impl Multipart {
    pub(super) fn new(boundary: &[u8]) -> Self {
        // The first boundary has no line end before it; holding one makes it look like the others.
        let (delimiter, held) = ([b"\r\n--", boundary].concat(), b"\r\n".to_vec());
        Self {
            delimiter,
            held,
            searched: 0,
            has_begun: false,
            state: State::Preamble,
            #[cfg(test)]
            searched_bytes: 0,
        }
    }

    pub(super) fn push(
        &mut self,
        piece: &[u8],
        collector: &mut Collector,
        audio: &mut Vec<u8>,
    ) -> Result<(), Malformed> {
        self.has_begun |= !piece.is_empty();
        if self.state == State::Epilogue {
            return Ok(());
        }
        let mut held = std::mem::take(&mut self.held);
        held.extend_from_slice(piece);
        let mut rest = held.as_slice();
        while let Some(taken) = self.step(rest, collector, audio)? {
            rest = &rest[taken..];
        }
        let done = held.len() - rest.len();
        if done > 0 {
            held.drain(..done);
            // A large piece must not leave its room behind.
            held.shrink_to(HELD_ROOM_BYTES);
        }
        self.held = held;
        Ok(())
    }

    pub(super) fn finish(&self) -> Result<(), Malformed> {
        match self.state {
            State::Epilogue => Ok(()),
            // A body of no bytes at all has no parameters and no fault.
            State::Preamble if !self.has_begun => Ok(()),
            _ => Err(Malformed("The body ends before its closing boundary.")),
        }
    }

    /// What could not be decided yet, in bytes of memory.
    pub(super) fn held_bytes(&self) -> usize {
        self.held.capacity()
    }

    #[cfg(test)]
    pub(super) fn searched_bytes(&self) -> usize {
        self.searched_bytes
    }

    /// Takes some bytes off the front of `rest`, or `None` when more must come first.
    fn step(
        &mut self,
        rest: &[u8],
        collector: &mut Collector,
        audio: &mut Vec<u8>,
    ) -> Result<Option<usize>, Malformed> {
        match self.state {
            State::Preamble | State::Body => {
                let in_body = self.state == State::Body;
                let found = find(rest, &self.delimiter, 0);
                let content = found.unwrap_or_else(|| undecided(rest, &self.delimiter));
                if in_body {
                    collector.bytes(&rest[..content], audio);
                }
                if found.is_none() {
                    return Ok((content > 0).then_some(content));
                }
                if in_body {
                    collector.end(audio);
                }
                self.state = State::Boundary;
                Ok(Some(content + self.delimiter.len()))
            }
            State::Boundary => {
                if rest.starts_with(b"--") {
                    self.state = State::Epilogue;
                    return Ok(None);
                }
                let padding = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
                let line_end = &rest[padding..];
                if padding > PADDING_LIMIT_BYTES {
                    return Err(Malformed("A boundary line has too many blanks."));
                }
                if line_end.starts_with(b"\r\n") {
                    // The line end stays, so that headers end with an empty line even if there are none.
                    self.state = State::Headers;
                    return Ok(Some(padding));
                }
                let undecided =
                    b"\r\n".starts_with(line_end) || (padding == 0 && b"--".starts_with(line_end));
                if undecided { Ok(None) } else { Err(Malformed("A boundary line has more on it.")) }
            }
            State::Headers => {
                // All but the last bytes of what was there before cannot be where the blank line begins.
                let from = self.searched.saturating_sub(HEADERS_END.len() - 1);
                let found = find(rest, HEADERS_END, from);
                #[cfg(test)]
                {
                    self.searched_bytes += found.unwrap_or(rest.len()) - from;
                }
                match found {
                    Some(end) if end <= HEADERS_LIMIT_BYTES => {
                        begin_part(&rest[..end], collector);
                        self.searched = 0;
                        self.state = State::Body;
                        // An empty part has its delimiter right here, and that begins with a line end of its own.
                        Ok(Some(end + HEADERS_END.len()))
                    }
                    None if rest.len() < HEADERS_LIMIT_BYTES + HEADERS_END.len() => {
                        self.searched = rest.len();
                        Ok(None)
                    }
                    _ => Err(Malformed("The headers of a part are too long.")),
                }
            }
            State::Epilogue => Ok(None),
        }
    }
}

fn begin_part(headers: &[u8], collector: &mut Collector) {
    let mut name = Vec::new();
    let mut file_name = None;
    let mut base64 = false;
    for line in headers.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
        let mut halves = line.splitn(2, |byte| *byte == b':');
        let header = halves.next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
        let value = halves.next().unwrap_or_default().trim_ascii();
        match header.as_slice() {
            b"content-disposition" => {
                for (parameter, value) in header_parameters(value) {
                    match parameter.as_str() {
                        "name" => name = value,
                        "filename" => file_name = file_name.or(Some(unquoted_name(&value))),
                        // Not of RFC 7578, but sent, and better than its plain sibling.
                        "filename*" => file_name = Some(extended_name(&value)),
                        _ => {}
                    }
                }
            }
            b"content-transfer-encoding" => base64 = value.eq_ignore_ascii_case(b"base64"),
            _ => {}
        }
    }
    let written = match file_name {
        None => Written::Text,
        Some(name) => {
            let name = (!name.is_empty()).then_some(name);
            if base64 { Written::Base64File { name } } else { Written::File { name } }
        }
    };
    collector.begin(&name, written);
}

/// The parameters behind the first `;` of a header, names in lower case.
fn header_parameters(header: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut parameters = Vec::new();
    let start = header.iter().position(|byte| *byte == b';').unwrap_or(header.len());
    let mut rest = &header[start..];
    loop {
        let skipped = rest.iter().take_while(|byte| matches!(byte, b';' | b' ' | b'\t')).count();
        rest = &rest[skipped..];
        if rest.is_empty() {
            return parameters;
        }
        let name_end = rest.iter().position(|byte| matches!(byte, b'=' | b';')).unwrap_or(rest.len());
        let name = String::from_utf8_lossy(rest[..name_end].trim_ascii()).to_ascii_lowercase();
        rest = &rest[name_end..];
        let Some((b'=', behind)) = rest.split_first() else { continue };
        rest = behind.trim_ascii_start();
        let value;
        (value, rest) = match rest.split_first() {
            Some((b'"', quoted)) => quoted_value(quoted),
            _ => {
                let end = rest.iter().position(|byte| *byte == b';').unwrap_or(rest.len());
                (rest[..end].trim_ascii_end().to_vec(), &rest[end..])
            }
        };
        parameters.push((name, value));
    }
}

/// The value up to the closing quote, and what stands behind it.
fn quoted_value(quoted: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut value = Vec::new();
    let mut at = 0;
    while let Some(&byte) = quoted.get(at) {
        match (byte, quoted.get(at + 1)) {
            (b'"', _) => return (value, &quoted[at + 1..]),
            // Other backslashes are path separators of clients that send a whole path.
            (b'\\', Some(&escaped @ (b'"' | b'\\'))) => {
                value.push(escaped);
                at += 2;
            }
            _ => {
                value.push(byte);
                at += 1;
            }
        }
    }
    (value, &[])
}

/// A `filename`, with the three escapes undone that browsers write in it.
fn unquoted_name(value: &[u8]) -> String {
    let name = String::from_utf8_lossy(value);
    name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n")
}

/// A `filename*` of RFC 8187: charset, language and percent-encoded text between apostrophes.
fn extended_name(value: &[u8]) -> String {
    let encoded = value.splitn(3, |byte| *byte == b'\'').nth(2).unwrap_or(value);
    percent_encoding::percent_decode(encoded).decode_utf8_lossy().into_owned()
}

/// Where `needle`, which begins with CR and has no other CR in it but for CR LF pairs, stands in `bytes` behind `from`.
fn find(bytes: &[u8], needle: &[u8], mut from: usize) -> Option<usize> {
    while let Some(offset) = bytes[from..].iter().position(|byte| *byte == b'\r') {
        from += offset;
        if bytes[from..].starts_with(needle) {
            return Some(from);
        }
        from += 1;
    }
    None
}

/// How much of `bytes` cannot be the start of `delimiter`.
fn undecided(bytes: &[u8], delimiter: &[u8]) -> usize {
    let window = bytes.len().saturating_sub(delimiter.len() - 1);
    (window..bytes.len()).find(|&at| delimiter.starts_with(&bytes[at..])).unwrap_or(bytes.len())
}
