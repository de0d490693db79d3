//! From an outcome to the status, headers and body of an answer.
//!
//! Promises the members in the order of the vendor's guide and the headers of `docs/yeastar.md` G10, G18 and
//! G18a. `Server`, `Date`, `Connection` and the `Content-Length` of JSON answers are for the HTTP layer.

mod download;
mod phone;
mod voicemail;

use std::borrow::Cow;

use callvault_core::secret::Secret;

pub use self::download::{cdr_headers, download_headers};
pub use self::phone::{DeviceInfo, Extension, ExtensionInfo, ExtensionStatus, Queue, Trunk};
pub use self::voicemail::{Voicemail, VoicemailBox};
pub use crate::reply::{Body, Header, Reply};
use crate::yeastar::error::Errno;
use crate::yeastar::object::Object;
use crate::yeastar::path::Version;
use crate::yeastar::request::{CdrSelection, VoicemailStatus};

/// What a call that went well answers with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Success {
    /// `login`
    Login {
        /// The version in the path, which decides about `transport` and `refreshtoken`.
        version: Version,
        /// The new token.
        token: Secret,
        /// The new refresh token; not shown by versions that cannot use it (`docs/yeastar.md` G8).
        refresh_token: Option<Secret>,
        /// How reports go out.
        transport: Transport,
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
    /// `token/refresh`
    TokenRefresh {
        /// The new token; the old one is gone.
        token: Secret,
        /// The new refresh token.
        refresh_token: Secret,
    },
    /// `cdr/get_random`
    CdrGetRandom {
        /// The version in the path, which names the member for `numbers`.
        version: Version,
        /// The list as the client sent it.
        numbers: String,
        /// What the ticket is for; its times are repeated.
        selection: CdrSelection,
        /// The new ticket.
        random: Secret,
    },
    /// `voicemail/query`
    VoicemailQuery {
        /// The version in the path, which names the member for the extension.
        version: Version,
        /// The extensions and their messages. Extensions without messages are not shown.
        boxes: Vec<VoicemailBox>,
    },
    /// `voicemail/get_random`
    VoicemailGetRandom {
        /// The version in the path, which names the member for `number`.
        version: Version,
        /// The extension.
        number: String,
        /// The name as the client sent it.
        file: String,
        /// Among which messages it is.
        status: VoicemailStatus,
        /// The new ticket.
        random: Secret,
    },
    /// `deviceinfo/query`
    DeviceInfo(DeviceInfo),
    /// `extensionlist/query` or `extension/list`
    ExtensionList {
        /// The version in the path, which names the member for the number.
        version: Version,
        /// The extensions; may be empty.
        extensions: Vec<Extension>,
    },
    /// `extension/query`
    ExtensionQuery {
        /// The version in the path, which names the member for the number.
        version: Version,
        /// The extensions; may be empty.
        extensions: Vec<ExtensionInfo>,
    },
    /// `queue/query`
    QueueQuery {
        /// The version in the path, which names the member for the number.
        version: Version,
        /// The queues; may be empty.
        queues: Vec<Queue>,
    },
    /// `trunklist/query` or `trunk/list`; may be empty.
    TrunkList(Vec<Trunk>),
}

/// How reports go out, as login tells since v2.0.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transport {
    /// POST requests to the application server.
    #[default]
    Http,
    /// Lines to whoever connects and logs in there.
    Tcp,
}

impl Transport {
    /// The word of the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::Tcp => "TCP",
        }
    }
}

/// Which origins browsers may call from (`docs/yeastar.md` G10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cors {
    allow_origin: Cow<'static, str>,
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
        Ok(Self { allow_origin: Cow::Owned(allow_origin.to_owned()) })
    }

    /// The two headers that every answer of the device carries; never `Allow-Credentials`.
    fn headers(&self) -> [Header; 2] {
        [
            ("Access-control-allow-origin", self.allow_origin.clone()),
            ("Access-control-allow-methods", "GET, POST, OPTIONS, PUT, DELETE".into()),
        ]
    }
}

impl Default for Cors {
    /// Any origin, as on the device.
    fn default() -> Self {
        Self { allow_origin: "*".into() }
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

/// The answer to a call that went well.
pub fn success(outcome: &Success, cors: &Cors) -> Reply {
    json(200, &body(outcome), cors)
}

fn body(outcome: &Success) -> Object<'_> {
    let success = Object::default().text("status", "Success");
    match outcome {
        Success::Login { version, token, refresh_token, transport } => {
            let refresh_token = refresh_token.as_ref().filter(|_| version.refreshes());
            success
                .text("token", token.reveal())
                // The member came with v2.0.0.
                .optional("transport", version.says_number().then_some(transport.as_str()))
                .optional("refreshtoken", refresh_token.map(Secret::reveal))
        }
        Success::Heartbeat | Success::Logout => success,
        Success::TokenRefresh { token, refresh_token } => {
            success.text("token", token.reveal()).text("refreshtoken", refresh_token.reveal())
        }
        Success::RecordingGetRandom { recording, random } => {
            success.text("recording", recording).text("random", random.reveal())
        }
        Success::CdrGetRandom { version, numbers, selection, random } => success
            .text(extension_asked(*version), numbers)
            .text("starttime", selection.start.to_string())
            .text("endtime", selection.end.to_string())
            .text("random", random.reveal()),
        Success::VoicemailQuery { version, boxes } => voicemail::query(success, *version, boxes),
        Success::VoicemailGetRandom { version, number, file, status, random } => success
            .text(extension_asked(*version), number)
            .text("voicemailstatus", status.as_str())
            .text("voicemailfile", file)
            .text("random", random.reveal()),
        Success::DeviceInfo(device) => success.one("deviceinfo", device.object()),
        Success::ExtensionList { version, extensions } => {
            success.many("extlist", extensions.iter().map(|extension| extension.object(*version)))
        }
        Success::ExtensionQuery { version, extensions } => {
            success.many("extinfos", extensions.iter().map(|extension| extension.object(*version)))
        }
        Success::QueueQuery { version, queues } => {
            success.many("queues", queues.iter().map(|queue| queue.object(*version)))
        }
        Success::TrunkList(trunks) => success.many("trunklist", trunks.iter().map(Trunk::object)),
    }
}

/// What the version calls an extension where it repeats a request; where it lists extensions, v1 has `extnumber`.
fn extension_asked(version: Version) -> &'static str {
    if version.says_number() { "number" } else { "extid" }
}

/// The answer to a call that failed. Only download links may pass [`FailureStatus::Real`].
pub fn failure(errno: Errno, status: FailureStatus, cors: &Cors) -> Reply {
    let status = match status {
        FailureStatus::AlwaysOk => 200,
        FailureStatus::Real => errno.real_status(),
    };
    json(status, &Object::default().text("status", "Failed").text("errno", errno.code()), cors)
}

/// The answer to a browser's preflight (`docs/yeastar.md` G10).
pub fn preflight(cors: &Cors) -> Reply {
    let mut headers = Vec::from(cors.headers());
    headers.push(("Access-Control-Allow-Headers", "Content-Type".into()));
    Reply { status: 204, headers, body: Vec::new().into() }
}

fn json(status: u16, body: &Object<'_>, cors: &Cors) -> Reply {
    let [allow_origin, allow_methods] = cors.headers();
    let headers = vec![
        ("Accept-Ranges", "bytes".into()),
        ("Content-Type", "application/json".into()),
        allow_origin,
        allow_methods,
    ];
    Reply { status, headers, body: body.to_bytes().into() }
}

#[cfg(test)]
mod tests;
