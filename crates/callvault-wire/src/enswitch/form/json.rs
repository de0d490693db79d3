//! One flat JSON object of scalars (RFC 8259), piece by piece.
//!
//! Strings may be of any length and stream through; numbers, `true` and `false` (as 1 and 0) become text; `null`
//! is an absent parameter; a nested object or array is a fault of the body.

use super::Malformed;
use super::collector::{Collector, Written};

/// Longer member names belong to no function; only so much of one is kept.
const NAME_LIMIT_BYTES: usize = 128;

/// The longest number, in bytes.
const LITERAL_LIMIT_BYTES: usize = 64;

/// Stands for half a surrogate pair: never valid in UTF-8, so the value turns out as not UTF-8.
const NOT_UTF8: u8 = 0xFF;

/// The state between two pieces.
#[derive(Default)]
pub(super) struct Json {
    state: State,
    name: Vec<u8>,
    literal: Vec<u8>,
    string: Text,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Start,
    FirstName,
    Name,
    InName,
    Colon,
    Value,
    InString,
    InLiteral,
    Next,
    End,
}

impl Json {
    pub(super) fn push(
        &mut self,
        piece: &[u8],
        collector: &mut Collector,
        audio: &mut Vec<u8>,
    ) -> Result<(), Malformed> {
        let mut rest = piece;
        while let Some((&byte, behind)) = rest.split_first() {
            match self.state {
                State::InName => {
                    let name = &mut self.name;
                    let ended = self.string.read(&mut rest, &mut |bytes| {
                        let room = NAME_LIMIT_BYTES.saturating_sub(name.len());
                        name.extend_from_slice(&bytes[..bytes.len().min(room)]);
                    })?;
                    if ended {
                        self.state = State::Colon;
                    }
                    continue;
                }
                State::InString => {
                    if self.string.read(&mut rest, &mut |bytes| collector.bytes(bytes, audio))? {
                        collector.end(audio);
                        self.state = State::Next;
                    }
                    continue;
                }
                State::InLiteral => {
                    if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b'}') {
                        self.literal.push(byte);
                        if self.literal.len() > LITERAL_LIMIT_BYTES {
                            return Err(Malformed("A number in the JSON body is too long."));
                        }
                        rest = behind;
                        continue;
                    }
                    self.end_literal(collector, audio)?;
                    self.state = State::Next;
                }
                _ => {}
            }
            rest = behind;
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                self.state = self.punctuation(byte, collector)?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(&self) -> Result<(), Malformed> {
        match self.state {
            // Some clients name JSON as the type of a body that they do not send.
            State::Start | State::End => Ok(()),
            _ => Err(Malformed("The JSON body ends too early.")),
        }
    }

    fn punctuation(&mut self, byte: u8, collector: &mut Collector) -> Result<State, Malformed> {
        Ok(match (self.state, byte) {
            (State::Start, b'{') => State::FirstName,
            (State::FirstName, b'}') | (State::Next, b'}') => State::End,
            (State::FirstName | State::Name, b'"') => {
                self.name.clear();
                State::InName
            }
            (State::Colon, b':') => State::Value,
            (State::Value, b'"') => {
                collector.begin(&self.name, Written::Text);
                State::InString
            }
            (State::Value, b'{' | b'[') => {
                // Begun so that the fault names the member, if the function knows it.
                collector.begin(&self.name, Written::Text);
                return Err(Malformed("The value must be a string, a number, true, false or null."));
            }
            (State::Value, b'-' | b'0'..=b'9' | b'a'..=b'z') => {
                self.literal.clear();
                self.literal.push(byte);
                State::InLiteral
            }
            (State::Next, b',') => State::Name,
            _ => return Err(Malformed("The body must be one JSON object.")),
        })
    }

    fn end_literal(&mut self, collector: &mut Collector, audio: &mut Vec<u8>) -> Result<(), Malformed> {
        let text: &[u8] = match self.literal.as_slice() {
            b"null" => return Ok(()),
            b"true" => b"1",
            b"false" => b"0",
            number if serde_json::from_slice::<serde_json::Number>(number).is_ok() => number,
            _ => return Err(Malformed("The JSON body has a value that is none.")),
        };
        collector.begin(&self.name, Written::Text);
        collector.bytes(text, audio);
        collector.end(audio);
        Ok(())
    }
}

/// A string whose opening quote has been read.
#[derive(Default)]
struct Text {
    escape: Escape,
    /// The first half of a surrogate pair, waiting for the second.
    high: Option<u16>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Escape {
    #[default]
    None,
    Backslash,
    Unicode {
        digits: u8,
        unit: u16,
    },
}

impl Text {
    /// Hands decoded bytes to `take` and says whether the closing quote was read.
    fn read(&mut self, rest: &mut &[u8], take: &mut dyn FnMut(&[u8])) -> Result<bool, Malformed> {
        while let Some((&byte, behind)) = rest.split_first() {
            match self.escape {
                Escape::None => {
                    let run = rest.iter().position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\');
                    let run = run.unwrap_or(rest.len());
                    if run > 0 {
                        self.flush(take);
                        take(&rest[..run]);
                        *rest = &rest[run..];
                        continue;
                    }
                    match byte {
                        b'"' => {
                            self.flush(take);
                            *rest = behind;
                            return Ok(true);
                        }
                        b'\\' => self.escape = Escape::Backslash,
                        _ => {
                            return Err(Malformed("A string in the JSON body has a bare control character."));
                        }
                    }
                }
                Escape::Backslash => {
                    self.escape = Escape::None;
                    let plain = match byte {
                        b'"' | b'\\' | b'/' => byte,
                        b'b' => 0x08,
                        b'f' => 0x0C,
                        b'n' => b'\n',
                        b'r' => b'\r',
                        b't' => b'\t',
                        b'u' => {
                            self.escape = Escape::Unicode { digits: 0, unit: 0 };
                            *rest = behind;
                            continue;
                        }
                        _ => return Err(Malformed("A string in the JSON body has an unknown escape.")),
                    };
                    self.flush(take);
                    take(&[plain]);
                }
                Escape::Unicode { digits, unit } => {
                    let Some(digit) =
                        char::from(byte).to_digit(16).and_then(|digit| u16::try_from(digit).ok())
                    else {
                        return Err(Malformed("A string in the JSON body has an unknown escape."));
                    };
                    let unit = unit << 4 | digit;
                    if digits == 3 {
                        self.escape = Escape::None;
                        self.unit(unit, take);
                    } else {
                        self.escape = Escape::Unicode { digits: digits + 1, unit };
                    }
                }
            }
            *rest = behind;
        }
        Ok(false)
    }

    fn unit(&mut self, unit: u16, take: &mut dyn FnMut(&[u8])) {
        if (0xD800..0xDC00).contains(&unit) {
            self.flush(take);
            self.high = Some(unit);
            return;
        }
        // Pairs a low half with the waiting high half; a low half alone comes out as an error.
        let units = self.high.into_iter().chain([unit]);
        for letter in char::decode_utf16(units) {
            match letter {
                Ok(letter) => take(letter.encode_utf8(&mut [0; 4]).as_bytes()),
                Err(_) => take(&[NOT_UTF8]),
            }
        }
        self.high = None;
    }

    fn flush(&mut self, take: &mut dyn FnMut(&[u8])) {
        if self.high.take().is_some() {
            take(&[NOT_UTF8]);
        }
    }
}
