//! From an outcome to the status, headers and body of an answer.
//!
//! Promises the members in the order of the vendor's guide and the headers of `docs/yeastar.md` G10, G18 and
//! G18a. `Server`, `Date`, `Connection` and the `Content-Length` of JSON answers are for the HTTP layer.

use callvault_core::audio::Container;
use callvault_core::secret::Secret;
use serde::Serialize;

use crate::disposition;
use crate::yeastar::error::Errno;
use crate::yeastar::path::Version;

/// A header as a name and a value that is safe to send.
pub type Header = (&'static str, String);

/// A whole answer whose body is in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers, without those of the HTTP layer.
    pub headers: Vec<Header>,
    /// The body; empty for a preflight.
    pub body: Body,
}

/// The bytes of a [`Reply`]. `Debug` shows their number alone, as they may hold a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Body(Vec<u8>);

impl Body {
    /// The bytes to send.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes to send, without a copy.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

/// What a call that went well answers with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Success {
    /// `login`
    Login {
        /// The version in the path, which decides about `transport`.
        version: Version,
        /// The new token.
        token: Secret,
    },
    /// `heartbeat`
    Heartbeat,
    /// `logout`
    Logout,
    /// `recording/get_random`
    RecordingGetRandom {
        /// The name as the client sent it.
        recording: String,
        /// The new ticket.
        random: Secret,
    },
}

/// Which origins browsers may call from (`docs/yeastar.md` G10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cors {
    allow_origin: String,
}

/// A value that cannot stand in `Access-control-allow-origin`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin:?} is not an origin: give `*`, `null` or one origin like https://crm.example.org")]
pub struct InvalidOrigin {
    /// The value as configured.
    pub origin: String,
}

impl Cors {
    /// Takes `*` or one origin. Fails for what is empty or has blanks, commas or other than printable ASCII.
    pub fn new(allow_origin: &str) -> Result<Self, InvalidOrigin> {
        let fits = |b: u8| b.is_ascii_graphic() && b != b',';
        if allow_origin.is_empty() || !allow_origin.bytes().all(fits) {
            return Err(InvalidOrigin { origin: allow_origin.to_owned() });
        }
        Ok(Self { allow_origin: allow_origin.to_owned() })
    }

    /// The two headers that every answer of the device carries; never `Allow-Credentials`.
    fn headers(&self) -> [Header; 2] {
        [
            ("Access-control-allow-origin", self.allow_origin.clone()),
            ("Access-control-allow-methods", "GET, POST, OPTIONS, PUT, DELETE".to_owned()),
        ]
    }
}

impl Default for Cors {
    /// Any origin, as on the device.
    fn default() -> Self {
        Self { allow_origin: "*".to_owned() }
    }
}

/// Which status a failure on a download link has (`docs/yeastar.md` G19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FailureStatus {
    /// 200, as the device answers.
    #[default]
    AlwaysOk,
    /// [`Errno::real_status`], for clients that keep whatever comes with 200 as audio.
    Real,
}

#[derive(Serialize)]
struct LoginBody<'a> {
    status: &'static str,
    token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    transport: Option<&'static str>,
}

#[derive(Serialize)]
struct PlainBody {
    status: &'static str,
}

#[derive(Serialize)]
struct RandomBody<'a> {
    status: &'static str,
    recording: &'a str,
    random: &'a str,
}

#[derive(Serialize)]
struct FailedBody {
    status: &'static str,
    errno: &'static str,
}

const SUCCESS: &str = "Success";

/// The answer to a call that went well.
pub fn success(outcome: &Success, cors: &Cors) -> Reply {
    match outcome {
        Success::Login { version, token } => {
            // Reports go out by HTTP only; the member came with v2.0.0.
            let transport = (*version == Version::V2_0_0).then_some("HTTP");
            json(200, &LoginBody { status: SUCCESS, token: token.reveal(), transport }, cors)
        }
        Success::Heartbeat | Success::Logout => json(200, &PlainBody { status: SUCCESS }, cors),
        Success::RecordingGetRandom { recording, random } => {
            json(200, &RandomBody { status: SUCCESS, recording, random: random.reveal() }, cors)
        }
    }
}

/// The answer to a call that failed. Only download links may pass [`FailureStatus::Real`].
pub fn failure(errno: Errno, status: FailureStatus, cors: &Cors) -> Reply {
    let status = match status {
        FailureStatus::AlwaysOk => 200,
        FailureStatus::Real => errno.real_status(),
    };
    json(status, &FailedBody { status: "Failed", errno: errno.code() }, cors)
}

/// The answer to a browser's preflight (`docs/yeastar.md` G10).
pub fn preflight(cors: &Cors) -> Reply {
    let mut headers = Vec::from(cors.headers());
    headers.push(("Access-Control-Allow-Headers", "Content-Type".to_owned()));
    Reply { status: 204, headers, body: Body(Vec::new()) }
}

/// The headers before the bytes of a recording, whose status is 200 (`docs/yeastar.md` G18).
pub fn download_headers(
    recording: &str,
    container: Container,
    length_bytes: u64,
    cors: &Cors,
) -> Vec<Header> {
    let content_type = match container {
        Container::Wave => "audio/wav",
        Container::Mp3 => "audio/mpeg",
        Container::Ogg => "audio/ogg",
        Container::Flac => "audio/flac",
    };
    let mut headers = vec![
        ("Content-Type", content_type.to_owned()),
        ("Content-Length", length_bytes.to_string()),
        ("Content-Disposition", disposition::attachment(recording)),
        // A ticket gives one byte stream, so there are no ranges to ask for (docs/yeastar.md G14).
        ("Accept-Ranges", "none".to_owned()),
        ("Cache-Control", "no-store".to_owned()),
        ("X-Content-Type-Options", "nosniff".to_owned()),
        // The address of the link holds the token.
        ("Referrer-Policy", "no-referrer".to_owned()),
    ];
    headers.extend(cors.headers());
    headers.push(("Access-Control-Expose-Headers", "Content-Disposition, Content-Length".to_owned()));
    headers
}

fn json(status: u16, body: &impl Serialize, cors: &Cors) -> Reply {
    let mut headers: Vec<Header> =
        vec![("Accept-Ranges", "bytes".to_owned()), ("Content-Type", "application/json".to_owned())];
    headers.extend(cors.headers());
    let body = serde_json::to_vec(body).expect("structs of strings always serialize");
    Reply { status, headers, body: Body(body) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_body(reply: &Reply, status: u16, body: &str) {
        assert_eq!(reply.status, status);
        assert_eq!(String::from_utf8_lossy(reply.body.as_bytes()), body);
        let headers = [
            ("Accept-Ranges", "bytes"),
            ("Content-Type", "application/json"),
            ("Access-control-allow-origin", "*"),
            ("Access-control-allow-methods", "GET, POST, OPTIONS, PUT, DELETE"),
        ];
        let found: Vec<_> = reply.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(found, headers);
    }

    #[test]
    fn answers_of_the_calls() {
        let cors = Cors::default();
        let token = Secret::new("1e3b3ebb6a974cb42ed31de5413df52d");
        check_body(
            &success(&Success::Login { version: Version::V2_0_0, token: token.clone() }, &cors),
            200,
            r#"{"status":"Success","token":"1e3b3ebb6a974cb42ed31de5413df52d","transport":"HTTP"}"#,
        );
        check_body(
            &success(&Success::Login { version: Version::V1_1_0, token }, &cors),
            200,
            r#"{"status":"Success","token":"1e3b3ebb6a974cb42ed31de5413df52d"}"#,
        );
        check_body(&success(&Success::Heartbeat, &cors), 200, r#"{"status":"Success"}"#);
        check_body(&success(&Success::Logout, &cors), 200, r#"{"status":"Success"}"#);
        let random = Success::RecordingGetRandom {
            recording: "a \"b\" é.wav".into(),
            random: Secret::new("2d2f919b742cc62f5e03c77351350f7c"),
        };
        check_body(
            &success(&random, &cors),
            200,
            r#"{"status":"Success","recording":"a \"b\" é.wav","random":"2d2f919b742cc62f5e03c77351350f7c"}"#,
        );
    }

    #[test]
    fn failures_have_a_string_code() {
        let cors = Cors::default();
        let body = r#"{"status":"Failed","errno":"20012"}"#;
        check_body(&failure(Errno::RandomInvalid, FailureStatus::AlwaysOk, &cors), 200, body);
        check_body(&failure(Errno::RandomInvalid, FailureStatus::Real, &cors), 410, body);
    }

    #[test]
    fn a_preflight_has_no_body_and_no_credentials() {
        let reply = preflight(&Cors::new("https://crm.example.org").expect("an origin"));
        assert_eq!(reply.status, 204);
        assert!(reply.body.as_bytes().is_empty());
        let expected = [
            ("Access-control-allow-origin", "https://crm.example.org"),
            ("Access-control-allow-methods", "GET, POST, OPTIONS, PUT, DELETE"),
            ("Access-Control-Allow-Headers", "Content-Type"),
        ];
        let found: Vec<_> = reply.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn origins_are_checked() {
        for origin in ["", "https://a.example https://b.example", "*\r\nX: y", "https://a, https://b", "é"] {
            assert_eq!(Cors::new(origin), Err(InvalidOrigin { origin: origin.into() }));
        }
    }

    #[test]
    fn download_headers_by_container() {
        for (container, content_type) in [
            (Container::Wave, "audio/wav"),
            (Container::Mp3, "audio/mpeg"),
            (Container::Ogg, "audio/ogg"),
            (Container::Flac, "audio/flac"),
        ] {
            let headers = download_headers("x.wav", container, 32_044, &Cors::default());
            let value =
                |name: &str| headers.iter().find(|(one, _)| *one == name).map(|(_, value)| value.as_str());
            for (name, expected) in [
                ("Content-Type", content_type),
                ("Content-Length", "32044"),
                ("Content-Disposition", "attachment; filename=\"x.wav\""),
                ("Accept-Ranges", "none"),
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
                ("Referrer-Policy", "no-referrer"),
                ("Access-control-allow-origin", "*"),
                ("Access-Control-Expose-Headers", "Content-Disposition, Content-Length"),
            ] {
                assert_eq!(value(name), Some(expected), "{name} of {container:?}");
            }
        }
    }

    #[test]
    fn bodies_do_not_print() {
        let token = Secret::new("1e3b3ebb6a974cb42ed31de5413df52d");
        let outcome = Success::Login { version: Version::V2_0_0, token };
        let printed = format!("{outcome:?} {:?}", success(&outcome, &Cors::default()));
        assert!(!printed.contains("1e3b"), "{printed}");
    }
}
