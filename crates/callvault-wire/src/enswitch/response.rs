//! From a typed outcome to status, headers and body bytes.
//!
//! Promises: every answer but a bare file is the JSON envelope, as `application/json; charset=utf-8` without BOM
//! (`docs/enswitch.md` 37); audio is never put together in memory, only the bytes around it are; lengths are exact.

pub mod login;
pub mod rows;

use std::borrow::Cow;

use crate::disposition;
use crate::enswitch::base64::encoded_len;
use crate::enswitch::error::{Code, Failure};
use crate::enswitch::parameters::Parameters;
use crate::enswitch::request::files::Encoding;
use crate::enswitch::schema::members::{Members, quoted};
use rows::Row;

/// A header: its name in lower case and its value.
pub type Header = (&'static str, Cow<'static, str>);

/// When the HTTP status says what the code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusRule {
    /// HTTP 200 for every envelope (`docs/enswitch.md` 1).
    AlwaysOk,
    /// The code as the HTTP status, but 200 for every success.
    Mirror,
}

impl StatusRule {
    /// The rule for one call: `mirror` is the server's option, and a caller who asked for a bare file gets a
    /// real status in any case, having nothing else to look at (`docs/enswitch.md` 3).
    pub fn of(mirror: bool, parameters: Option<&Parameters>) -> Self {
        let bare = parameters
            .is_some_and(|parameters| parameters.function().knows("wrap") && parameters.wants_bare_file());
        if mirror || bare { Self::Mirror } else { Self::AlwaysOk }
    }

    fn status(self, code: Code) -> u16 {
        match self {
            Self::AlwaysOk => 200,
            Self::Mirror => code.http_status(),
        }
    }
}

/// An answer that fits in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Headers, without `Content-Length`.
    pub headers: Vec<Header>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The answer to a call that failed.
    pub fn failure(failure: &Failure, rule: StatusRule) -> Self {
        let code = failure.code();
        Self::json(rule.status(code), envelope(code, &failure.entries(), None))
    }

    /// The answer to a call that is done and returns nothing: code 204, but never HTTP 204.
    pub fn done() -> Self {
        Self::json(200, envelope(Code::Done, &[("", "OK")], None))
    }

    /// The answer to `validation=1` where the input is valid.
    pub fn valid() -> Self {
        Self::json(200, envelope(Code::Valid, &[("", "OK")], None))
    }

    /// The answer to a call that created something.
    pub fn created(id: i64) -> Self {
        Self::data(&format!(r#"{{ "id":{id} }}"#))
    }

    /// The answer to a call that asked for one object.
    pub fn row(row: &impl Row) -> Self {
        Self::data(&rows::object(row))
    }

    /// The answer to a list that fits in memory; for others there is [`rows::ListPieces`].
    pub fn rows<'a, R: Row + 'a>(rows: impl IntoIterator<Item = &'a R>) -> Self {
        let mut pieces = rows::ListPieces::default();
        let mut body = pieces.head();
        body.extend(rows.into_iter().flat_map(|row| pieces.row(row)));
        body.extend_from_slice(pieces.tail());
        Self { status: 200, headers: common_headers(JSON), body }
    }

    /// The answer to a list that was only to be counted.
    pub fn count(count: u64) -> Self {
        Self::data(&format!(r#"{{ "count":{count} }}"#))
    }

    fn data(data: &str) -> Self {
        Self::json(200, envelope(Code::Ok, &[("", "OK")], Some(data)))
    }

    /// The answer to `check=1`, file or no file.
    pub fn found(found: bool) -> Self {
        let data = format!(r#"{{ "found":{} }}"#, u8::from(found));
        Self::json(200, envelope(Code::Ok, &[("", "OK")], Some(&data)))
    }

    /// HTTP 405, with the `Allow` value of [`crate::enswitch::request::check_method`]; no code says this, so
    /// there is no envelope.
    pub fn method_not_allowed(allow: &str) -> Self {
        let mut headers = common_headers("text/plain; charset=us-ascii");
        headers.push(("allow", allow.to_owned().into()));
        Self { status: 405, headers, body: b"Method not allowed.\n".to_vec() }
    }

    fn json(status: u16, body: String) -> Self {
        Self { status, headers: common_headers(JSON), body: body.into_bytes() }
    }
}

/// How the bytes of a file go between [`AudioReply::prefix`] and [`AudioReply::suffix`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As they are.
    Exact,
    /// Through [`crate::enswitch::raw::escape`].
    Escaped,
    /// Through [`crate::enswitch::base64::Encoder`].
    Base64,
}

/// What a download says of the file that it serves.
#[derive(Clone, Copy, Debug)]
pub struct AudioFile<'a> {
    /// The id of the object the file belongs to, here the hunt group (`docs/enswitch.md` 27).
    pub id: i64,
    /// The file name, cleaned by [`callvault_core::file_name`].
    pub name: &'a str,
    /// The stored type, such as `audio/x-wav`.
    pub mimetype: &'static str,
    /// The size of the file in bytes.
    pub size_bytes: u64,
    /// The sum of [`crate::enswitch::raw::escaped_len`] over the file, in bytes; known since intake.
    pub escaped_bytes: u64,
}

/// An answer with a file in it, all but the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioReply {
    /// Headers, without `Content-Length`. The HTTP status is 200.
    pub headers: Vec<Header>,
    /// Bytes before the file.
    pub prefix: Vec<u8>,
    /// How the file's bytes are written.
    pub form: Form,
    /// Bytes behind the file.
    pub suffix: &'static [u8],
    /// The exact length of the body in bytes.
    pub content_length: u64,
}

impl AudioReply {
    /// The file inside the envelope.
    pub fn wrapped(file: AudioFile<'_>, encoding: Encoding) -> Self {
        let (form, inner_bytes) = match encoding {
            Encoding::Raw => (Form::Escaped, file.escaped_bytes),
            Encoding::Base64 => (Form::Base64, encoded_len(file.size_bytes)),
        };
        let prefix = json_prefix(file.id, file.name, file.mimetype);
        let suffix = json_suffix();
        let content_length = prefix.len() as u64 + inner_bytes + suffix.len() as u64;
        Self { headers: common_headers(JSON), prefix, form, suffix, content_length }
    }

    /// A recording inside the envelope: the members of its row, the SHA-1 of the file as 40 hex digits where
    /// that was asked for, then the file.
    pub fn recording(
        row: &rows::Recording<'_>,
        sha1: Option<&str>,
        file: AudioFile<'_>,
        encoding: Encoding,
    ) -> Self {
        let mut members = Members::default();
        row.write(&mut members);
        if let Some(sha1) = sha1 {
            members.text("sha1", sha1);
        }
        let (prefix, whole) = (prefix_with(&members), Self::wrapped(file, encoding));
        let inner = whole.content_length - whole.prefix.len() as u64;
        let content_length = prefix.len() as u64 + inner;
        Self { prefix, content_length, ..whole }
    }

    /// The file and nothing else (`docs/enswitch.md` 2 and 4).
    pub fn bare(file: AudioFile<'_>, encoding: Encoding) -> Self {
        let (form, content_type, content_length) = match encoding {
            Encoding::Raw => (Form::Exact, file.mimetype, file.size_bytes),
            Encoding::Base64 => (Form::Base64, "text/plain; charset=us-ascii", encoded_len(file.size_bytes)),
        };
        let mut headers = common_headers(content_type);
        headers.push(("content-disposition", disposition::attachment(file.name).into()));
        Self { headers, prefix: Vec::new(), form, suffix: b"", content_length }
    }
}

/// The envelope up to and with the quote that opens the file's string.
pub fn json_prefix(id: i64, name: &str, mimetype: &str) -> Vec<u8> {
    let mut members = Members::default();
    members.number("id", id);
    members.text("name", name);
    members.text("mimetype", mimetype);
    prefix_with(&members)
}

/// The envelope with these members in its data, up to and with the quote that opens the file's string.
fn prefix_with(members: &Members) -> Vec<u8> {
    let mut members = members.clone();
    members.text("data", "");
    let mut prefix = envelope(Code::Ok, &[("", "OK")], Some(&members.object())).into_bytes();
    // What was closed is closed by the suffix, behind the file.
    prefix.truncate(prefix.len() - json_suffix().len());
    prefix
}

/// The quote that closes the file's string, and the rest of the envelope.
pub fn json_suffix() -> &'static [u8] {
    b"\" } }"
}

const JSON: &str = "application/json; charset=utf-8";
const CLOSE: &str = " }";

fn common_headers(content_type: &'static str) -> Vec<Header> {
    vec![
        ("content-type", content_type.into()),
        ("x-content-type-options", "nosniff".into()),
        ("cache-control", "private, no-store".into()),
    ]
}

fn envelope(code: Code, entries: &[(&str, &str)], data: Option<&str>) -> String {
    let entries: Vec<String> = entries
        .iter()
        .map(|(key, message)| {
            let [code, key, message] = [code.as_str(), key, message].map(quoted);
            format!(r#"{{ "code":{code}, "key":{key}, "message":{message} }}"#)
        })
        .collect();
    let responses = entries.join(", ");
    let data = data.map(|data| format!(r#", "data":{data}"#)).unwrap_or_default();
    format!(r#"{{ "responses":[ {responses} ]{data}{CLOSE}"#)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enswitch::error::Fault;
    use crate::enswitch::path::Function;
    use crate::enswitch::{base64, raw};

    #[test]
    fn envelopes_as_printed_on_the_pages() {
        let check = |reply: Reply, status: u16, body: &str| {
            assert_eq!((reply.status, String::from_utf8(reply.body).unwrap().as_str()), (status, body));
        };
        check(
            Reply::found(true),
            200,
            r#"{ "responses":[ { "code":"200", "key":"", "message":"OK" } ], "data":{ "found":1 } }"#,
        );
        check(
            Reply::found(false),
            200,
            r#"{ "responses":[ { "code":"200", "key":"", "message":"OK" } ], "data":{ "found":0 } }"#,
        );
        check(Reply::done(), 200, r#"{ "responses":[ { "code":"204", "key":"", "message":"OK" } ] }"#);
        let faults = Failure::Input(vec![Fault::new("level", "No."), Fault::new("check", "\"1\"?")]);
        check(
            Reply::failure(&faults, StatusRule::Mirror),
            400,
            concat!(
                r#"{ "responses":[ { "code":"400", "key":"level", "message":"No." }, "#,
                r#"{ "code":"400", "key":"check", "message":"\"1\"?" } ] }"#
            ),
        );
        let prefix = json_prefix(123, "example.wav", "audio/x-wav");
        let whole = [prefix.as_slice(), b"RIFF", json_suffix()].concat();
        let page = concat!(
            r#"{ "responses":[ { "code":"200", "key":"", "message":"OK" } ], "data":{ "id":123, "#,
            r#""name":"example.wav", "mimetype":"audio/x-wav", "data":"RIFF" } }"#
        );
        assert_eq!(String::from_utf8(whole).unwrap(), page);
    }

    #[test]
    fn the_status_follows_the_rule() {
        let check = |mirror: bool, query: Option<&[u8]>, status: u16| {
            let parameters =
                query.map(|query| Parameters::from_query(Function::HuntgroupsFilesDownload, query));
            let rule = StatusRule::of(mirror, parameters.as_ref());
            assert_eq!(Reply::failure(&Failure::Unauthenticated, rule).status, status);
        };
        check(false, None, 200);
        check(true, None, 401);
        check(false, Some(b"wrap=json"), 200);
        check(false, Some(b"wrap=none"), 401);
        check(false, Some(b"wrap=none&wrap=json"), 200);
        assert_eq!(Reply::failure(&Failure::NoSuchFunction, StatusRule::Mirror).status, 404);
    }

    #[test]
    fn all_byte_values_survive_the_envelope_and_lengths_are_exact() {
        let audio: Vec<u8> = (0..=255).collect();
        let file = AudioFile {
            id: i64::MAX,
            name: "Begr\u{fc}\u{df}ung \"1\".wav",
            mimetype: "audio/x-wav",
            size_bytes: audio.len() as u64,
            escaped_bytes: raw::escaped_len(&audio),
        };
        for encoding in [Encoding::Raw, Encoding::Base64] {
            let reply = AudioReply::wrapped(file, encoding);
            let mut body = reply.prefix.clone();
            match reply.form {
                Form::Escaped => raw::escape(&audio, &mut body),
                Form::Base64 => {
                    let mut encoder = base64::Encoder::default();
                    encoder.push(&audio, &mut body);
                    encoder.finish(&mut body);
                }
                Form::Exact => panic!("a wrapped file is never exact bytes"),
            }
            body.extend_from_slice(reply.suffix);
            assert_eq!(body.len() as u64, reply.content_length);
            let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(json["data"]["id"], i64::MAX);
            assert_eq!(json["data"]["name"], file.name);
            let text = json["data"]["data"].as_str().unwrap();
            let back: Vec<u8> = match encoding {
                Encoding::Raw => {
                    text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect()
                }
                Encoding::Base64 => base64_simd::STANDARD.decode_to_vec(text).unwrap(),
            };
            assert_eq!(back, audio);
        }
        assert_eq!(AudioReply::bare(file, Encoding::Raw).content_length, 256);
        assert_eq!(AudioReply::bare(file, Encoding::Base64).content_length, 344);
    }
}
