//! From an outcome to the status, headers and body of an answer.
//!
//! Promises the members in the order of the vendor's guide. `Server`, `Date`, `Connection` and the `Content-Length`
//! of JSON answers are for the HTTP layer.

use callvault_core::audio::Container;
use callvault_core::call::CallKind;
use callvault_core::id::RecordingId;
use callvault_core::secret::Secret;
use serde::Serialize;

use crate::disposition;
use crate::pseries::auth::{ACCESS_TOKEN_LIFE, REFRESH_TOKEN_LIFE};
use crate::pseries::error::{Errcode, Surface};
pub use crate::reply::{Body, Header, Reply};

/// What a call that went well answers with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Success {
    /// `get_token` and `refresh_token`
    Tokens {
        /// The new access token.
        access_token: Secret,
        /// The new refresh token.
        refresh_token: Secret,
    },
    /// `del_token`
    Revoked,
    /// `recording/list` and `recording/search`
    Recordings {
        /// How many match, on all pages.
        total: u64,
        /// The rows of the page.
        rows: Vec<Recording>,
    },
    /// `recording/download` and `cdr/download`
    Download {
        /// The name of the recording or of the file.
        file: String,
        /// The link, by [`path::link`].
        ///
        /// [`path::link`]: crate::pseries::path::link
        link: Secret,
    },
}

/// One recording in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// Its id.
    pub id: RecordingId,
    /// When the call began, by [`time::Display::show`].
    ///
    /// [`time::Display::show`]: crate::pseries::time::Display::show
    pub time: String,
    /// The id of the call record; empty if there is none.
    pub uid: String,
    /// The caller.
    pub call_from: Party,
    /// The callee.
    pub call_to: Party,
    /// The length of the call in seconds.
    pub duration_seconds: u64,
    /// The length of the file in bytes.
    pub size_bytes: u64,
    /// Which way the call went; sent empty if that is not known.
    pub call_type: Option<CallKind>,
    /// Its name.
    pub file: String,
}

/// One side of a call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Party {
    /// The name shown for it; empty if there is none.
    pub name: String,
    /// Its number; empty if it is not known.
    pub number: String,
}

impl Party {
    /// `Name<number>`. Without a name the number stands for it, and without either the text is empty. Angle
    /// brackets within are left out, so that what clients cut out is what was put in (`docs/pseries.md` P18).
    pub fn shown(&self) -> String {
        let plain = |text: &str| text.replace(['<', '>'], "");
        let number = plain(&self.number);
        let name = if self.name.trim().is_empty() { number.clone() } else { plain(&self.name) };
        if name.is_empty() && number.is_empty() { String::new() } else { format!("{name}<{number}>") }
    }
}

/// What a link gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// The audio of a recording.
    Audio(Container),
    /// A file of call records.
    Cdr,
}

/// The envelope, and the members of a success behind it.
#[derive(Serialize)]
struct Envelope<T: Serialize> {
    errcode: i32,
    errmsg: &'static str,
    #[serde(flatten)]
    rest: T,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct TokensBody<'a> {
    access_token_expire_time: u64,
    access_token: &'a str,
    refresh_token_expire_time: u64,
    refresh_token: &'a str,
}

#[derive(Serialize)]
struct RecordingsBody<'a> {
    total_number: u64,
    data: Vec<RecordingBody<'a>>,
}

#[derive(Serialize)]
struct RecordingBody<'a> {
    id: i64,
    time: &'a str,
    uid: &'a str,
    call_from: String,
    call_to: String,
    duration: u64,
    size: u64,
    call_type: &'static str,
    file: &'a str,
    call_from_number: &'a str,
    call_from_name: &'a str,
    call_to_number: &'a str,
    call_to_name: &'a str,
}

impl<'a> From<&'a Recording> for RecordingBody<'a> {
    fn from(row: &'a Recording) -> Self {
        Self {
            id: row.id.0,
            time: &row.time,
            uid: &row.uid,
            call_from: row.call_from.shown(),
            call_to: row.call_to.shown(),
            duration: row.duration_seconds,
            size: row.size_bytes,
            call_type: row.call_type.map_or("", CallKind::as_str),
            file: &row.file,
            call_from_number: &row.call_from.number,
            call_from_name: &row.call_from.name,
            call_to_number: &row.call_to.number,
            call_to_name: &row.call_to.name,
        }
    }
}

#[derive(Serialize)]
struct DownloadBody<'a> {
    file: &'a str,
    download_resource_url: &'a str,
}

/// The answer to a call that went well.
pub fn success(outcome: &Success) -> Reply {
    match outcome {
        Success::Tokens { access_token, refresh_token } => good(TokensBody {
            access_token_expire_time: ACCESS_TOKEN_LIFE.as_secs(),
            access_token: access_token.reveal(),
            refresh_token_expire_time: REFRESH_TOKEN_LIFE.as_secs(),
            refresh_token: refresh_token.reveal(),
        }),
        Success::Revoked => good(Nothing {}),
        Success::Recordings { total, rows } => good(RecordingsBody {
            total_number: *total,
            data: rows.iter().map(RecordingBody::from).collect(),
        }),
        Success::Download { file, link } => good(DownloadBody { file, download_resource_url: link.reveal() }),
    }
}

/// The answer to a request that failed.
pub fn failure(errcode: Errcode, surface: Surface) -> Reply {
    let body = Envelope { errcode: errcode.code(), errmsg: errcode.message(), rest: Nothing {} };
    json(errcode.status(surface), &body)
}

/// The headers before what a link gives. `Content-Length`, `Accept-Ranges`, `ETag` and the status are those of the
/// range engine, as a link serves any part any number of times (`docs/pseries.md` P20).
pub fn download_headers(file: &str, content: Content) -> Vec<Header> {
    let content_type = match content {
        Content::Audio(Container::Wave) => "audio/wav",
        Content::Audio(Container::Mp3) => "audio/mpeg",
        Content::Audio(Container::Ogg) => "audio/ogg",
        Content::Audio(Container::Flac) => "audio/flac",
        Content::Cdr => "text/csv; charset=utf-8",
    };
    let mut headers = vec![
        ("Content-Type", content_type.into()),
        ("Content-Disposition", disposition::attachment(file).into()),
    ];
    headers.extend(guards());
    // The address of the link holds the token.
    headers.push(("Referrer-Policy", "no-referrer".into()));
    headers
}

fn good(rest: impl Serialize) -> Reply {
    json(200, &Envelope { errcode: 0, errmsg: "SUCCESS", rest })
}

fn json(status: u16, body: &impl Serialize) -> Reply {
    let mut headers = vec![("Content-Type", "application/json".into())];
    headers.extend(guards());
    let body = serde_json::to_vec(body).expect("structs of strings and numbers always serialize");
    Reply { status, headers, body: body.into() }
}

/// Answers hold tokens, links and names of callers: none is for a cache.
fn guards() -> [Header; 2] {
    [("Cache-Control", "no-store".into()), ("X-Content-Type-Options", "nosniff".into())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_body(reply: &Reply, status: u16, body: &str) {
        assert_eq!(reply.status, status);
        assert_eq!(String::from_utf8_lossy(reply.body.as_bytes()), body);
        let headers = [
            ("Content-Type", "application/json"),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ];
        let found: Vec<_> = reply.headers.iter().map(|(name, value)| (*name, value.as_ref())).collect();
        assert_eq!(found, headers);
    }

    /// The members and their order are those of the vendor's samples.
    #[test]
    fn answers_of_the_calls() {
        let tokens =
            Success::Tokens { access_token: Secret::new("EXZMpZAO"), refresh_token: Secret::new("SCduGecw") };
        check_body(
            &success(&tokens),
            200,
            r#"{"errcode":0,"errmsg":"SUCCESS","access_token_expire_time":1800,"access_token":"EXZMpZAO","refresh_token_expire_time":86400,"refresh_token":"SCduGecw"}"#,
        );
        check_body(&success(&Success::Revoked), 200, r#"{"errcode":0,"errmsg":"SUCCESS"}"#);
        let link = Secret::new("/api/download/Recording-a.wav");
        check_body(
            &success(&Success::Download { file: "a \"b\" é.wav".into(), link }),
            200,
            r#"{"errcode":0,"errmsg":"SUCCESS","file":"a \"b\" é.wav","download_resource_url":"/api/download/Recording-a.wav"}"#,
        );
        check_body(
            &success(&Success::Recordings { total: 0, rows: vec![] }),
            200,
            r#"{"errcode":0,"errmsg":"SUCCESS","total_number":0,"data":[]}"#,
        );
    }

    #[test]
    fn rows() {
        let party = |name: &str, number: &str| Party { name: name.into(), number: number.into() };
        let row = Recording {
            id: RecordingId(614),
            time: "01/12/2022 17:36:24".into(),
            uid: "2022011217362446627".into(),
            call_from: party("Evelyn", "5566"),
            call_to: party("Dave Harris", "5556"),
            duration_seconds: 250,
            size_bytes: 825_588,
            call_type: Some(CallKind::Internal),
            file: "20220112173629-1641980184.14-5566-5556-Internal.wav".into(),
        };
        check_body(
            &success(&Success::Recordings { total: 184, rows: vec![row] }),
            200,
            concat!(
                r#"{"errcode":0,"errmsg":"SUCCESS","total_number":184,"data":[{"id":614,"#,
                r#""time":"01/12/2022 17:36:24","uid":"2022011217362446627","call_from":"Evelyn<5566>","#,
                r#""call_to":"Dave Harris<5556>","duration":250,"size":825588,"call_type":"Internal","#,
                r#""file":"20220112173629-1641980184.14-5566-5556-Internal.wav","call_from_number":"5566","#,
                r#""call_from_name":"Evelyn","call_to_number":"5556","call_to_name":"Dave Harris"}]}"#,
            ),
        );
    }

    #[test]
    fn parties() {
        for (name, number, shown) in [
            ("Evelyn", "5566", "Evelyn<5566>"),
            ("", "5566", "5566<5566>"),
            (" ", "+4930", "+4930<+4930>"),
            ("Anonymous", "", "Anonymous<>"),
            ("", "", ""),
            ("a<b>c", "1>2", "abc<12>"),
        ] {
            let party = Party { name: name.into(), number: number.into() };
            assert_eq!(party.shown(), shown, "{name:?} {number:?}");
        }
    }

    #[test]
    fn failures() {
        let body = r#"{"errcode":60001,"errmsg":"DATA NOT FOUND"}"#;
        check_body(&failure(Errcode::NotFound, Surface::Call), 200, body);
        check_body(&failure(Errcode::NotFound, Surface::Link), 404, body);
        let body = r#"{"errcode":-2,"errmsg":"INTERNAL SERVER ERROR"}"#;
        check_body(&failure(Errcode::Internal, Surface::Call), 200, body);
    }

    #[test]
    fn headers_of_downloads() {
        for (content, content_type) in [
            (Content::Audio(Container::Wave), "audio/wav"),
            (Content::Audio(Container::Mp3), "audio/mpeg"),
            (Content::Audio(Container::Ogg), "audio/ogg"),
            (Content::Audio(Container::Flac), "audio/flac"),
            (Content::Cdr, "text/csv; charset=utf-8"),
        ] {
            let headers = download_headers("a.wav", content);
            let found: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_ref())).collect();
            let expected = [
                ("Content-Type", content_type),
                ("Content-Disposition", "attachment; filename=\"a.wav\""),
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
                ("Referrer-Policy", "no-referrer"),
            ];
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn secrets_do_not_print() {
        let outcome = Success::Download { file: "a.wav".into(), link: Secret::new("/api/download/hush") };
        let printed = format!("{outcome:?} {:?}", success(&outcome));
        assert!(!printed.contains("hush"), "{printed}");
    }
}
