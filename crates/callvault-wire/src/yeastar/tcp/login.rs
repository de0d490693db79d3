//! The login of a TCP client, in the two forms that are seen: lines in the manner of the Asterisk manager, and
//! one JSON object.
//!
//! ```text
//! Action: login                       {"action":"login","username":"api",
//! Username: api                        "secret":"...","version":"2.0.0"}
//! Secret: ...
//! Version: 2.0.0
//! (a blank line)
//! ```
//!
//! In both, names are read without regard to case; `Action` and `Version` may be missing; `password` and `secret`
//! are the same; unknown names mean nothing; of a name that stands there twice the last counts.

use std::collections::BTreeMap;
use std::fmt;

use callvault_core::secret::PasswordMd5;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::yeastar::auth;
use crate::yeastar::fields::{Field, Fields};
use crate::yeastar::request::ReportFormat;

/// The longest login that is read. The longest honest one has a few hundred bytes.
pub const MOST_LOGIN_BYTES: usize = 4096;

/// Who wants reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpLogin {
    /// The user name, not blank.
    pub username: String,
    /// The password; sent plainly or as its MD5.
    pub password: PasswordMd5,
    /// The format of reports. An unknown one is taken for the default, as in the `login` of HTTP.
    pub report_format: ReportFormat,
}

/// Why what was sent is no login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLogin {
    /// More than [`MOST_LOGIN_BYTES`].
    #[error("a login has at most {MOST_LOGIN_BYTES} bytes")]
    TooLong,
    /// Neither `name: value` lines nor a JSON object, or not UTF-8.
    #[error("a login is lines like `Username: api` before a blank line, or one JSON object")]
    Malformed,
    /// Another action.
    #[error("the first action must be a login")]
    OtherAction,
    /// No user name or no secret.
    #[error("a login needs a user name and a secret")]
    Incomplete,
}

/// What is known of a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It goes on.
    Pending,
    /// It is complete; whether name and password are right is for the caller to find out.
    Login(TcpLogin),
    /// It is none.
    Invalid(InvalidLogin),
}

/// Reads a login as it comes, and the next one after that, should the client try again. Holds at most
/// [`MOST_LOGIN_BYTES`] and what one call of [`LoginReader::push`] brings.
#[derive(Default)]
pub struct LoginReader {
    buffer: Vec<u8>,
}

impl LoginReader {
    /// A reader at the beginning of a login.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes. Bytes after the end of a login are kept for the next one. How the bytes are cut does not
    /// matter, but after [`InvalidLogin::TooLong`] and [`InvalidLogin::Malformed`]: where the next login begins cannot be
    /// told then, and what came is dropped.
    pub fn push(&mut self, bytes: &[u8]) -> Progress {
        self.buffer.extend_from_slice(bytes);
        let start = self.buffer.iter().position(|byte| !is_before(*byte)).unwrap_or(self.buffer.len());
        self.buffer.drain(..start);
        // What lies beyond was not there yet if the bytes had come one by one.
        let judged = &self.buffer[..self.buffer.len().min(MOST_LOGIN_BYTES)];
        let end = match judged.first() {
            None => return Progress::Pending,
            Some(b'{') => end_of_json(judged),
            Some(_) => end_of_lines(judged),
        };
        match end {
            Ok(Some(end)) => {
                let rest = self.buffer.split_off(end);
                let block = std::mem::replace(&mut self.buffer, rest);
                parse(&block).map_or_else(Progress::Invalid, Progress::Login)
            }
            Ok(None) if self.buffer.len() <= MOST_LOGIN_BYTES => Progress::Pending,
            Ok(None) => self.give_up(InvalidLogin::TooLong),
            Err(invalid) => self.give_up(invalid),
        }
    }

    /// Takes what came as the whole login: for clients that forget the blank line, once they are quiet.
    pub fn finish(&mut self) -> Progress {
        let block = std::mem::take(&mut self.buffer);
        parse(&block).map_or_else(Progress::Invalid, Progress::Login)
    }

    fn give_up(&mut self, invalid: InvalidLogin) -> Progress {
        self.buffer.clear();
        Progress::Invalid(invalid)
    }
}

impl fmt::Debug for LoginReader {
    /// The number of bytes alone, as they may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of a login", self.buffer.len())
    }
}

/// What may stand before a login: blanks, line ends, a byte order mark.
fn is_before(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, 0xef | 0xbb | 0xbf)
}

/// The place after the blank line. Fails as soon as a line is none of `name: value`.
fn end_of_lines(buffer: &[u8]) -> Result<Option<usize>, InvalidLogin> {
    let mut start = 0;
    while let Some(length) = buffer[start..].iter().position(|byte| *byte == b'\n') {
        let line = buffer[start..start + length].trim_ascii();
        start += length + 1;
        if line.is_empty() {
            return Ok(Some(start));
        }
        if !line.contains(&b':') {
            return Err(InvalidLogin::Malformed);
        }
    }
    Ok(None)
}

/// The place after the brace that closes the first one.
fn end_of_json(buffer: &[u8]) -> Result<Option<usize>, InvalidLogin> {
    let (mut depth, mut in_text, mut is_escaped) = (0_usize, false, false);
    for (at, byte) in buffer.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            b'{' if !in_text => depth += 1,
            b'}' if !in_text => {
                depth -= 1;
                if depth == 0 {
                    return Ok(Some(at + 1));
                }
            }
            _ => {}
        }
    }
    Ok(None)
}

fn parse(block: &[u8]) -> Result<TcpLogin, InvalidLogin> {
    let values = if block.first() == Some(&b'{') { json(block) } else { lines(block) }?;
    let value = |names: &[&str]| {
        names
            .iter()
            .filter_map(|name| values.get(*name))
            .map(|value| value.trim())
            .find(|text| !text.is_empty())
    };
    if value(&["action"]).is_some_and(|action| !action.eq_ignore_ascii_case("login")) {
        return Err(InvalidLogin::OtherAction);
    }
    let username = value(&["username"]).ok_or(InvalidLogin::Incomplete)?.to_owned();
    let secret = value(&["secret", "password"]).ok_or(InvalidLogin::Incomplete)?;
    let report_format = value(&["version"]).and_then(ReportFormat::parse_sent).unwrap_or_default();
    Ok(TcpLogin { username, password: auth::tcp_secret(secret), report_format })
}

fn lines(block: &[u8]) -> Result<BTreeMap<String, String>, InvalidLogin> {
    let text = std::str::from_utf8(block).map_err(|_| InvalidLogin::Malformed)?;
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let (name, value) = line.split_once(':').ok_or(InvalidLogin::Malformed)?;
            Ok((name.trim().to_ascii_lowercase(), value.to_owned()))
        })
        .collect()
}

fn json(block: &[u8]) -> Result<BTreeMap<String, String>, InvalidLogin> {
    let Members(object) = serde_json::from_slice(block).map_err(|_| InvalidLogin::Malformed)?;
    let names: Vec<String> = object.keys().cloned().collect();
    let fields = Fields::Json(object);
    let text = |name: String| match fields.field(&name) {
        Field::Text(text) => Some((name, text.into_owned())),
        Field::Blank | Field::Composite => None,
    };
    Ok(names.into_iter().filter_map(text).collect())
}

/// An object with its names in lower case; of two that are then the same, the last in the text.
struct Members(Map<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Map<String, Value>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
                let mut object = Map::new();
                while let Some((name, value)) = members.next_entry::<String, Value>()? {
                    object.insert(name.to_ascii_lowercase(), value);
                }
                Ok(object)
            }
        }

        deserializer.deserialize_map(InOrder).map(Self)
    }
}

#[cfg(test)]
mod tests;
