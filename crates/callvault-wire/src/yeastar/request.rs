//! From the parts of an HTTP request to a typed call, in two stages.
//!
//! [`parse_head`] checks method, path and that a token is there. The server then looks the token up, and asks
//! [`Head::call`] for the rest: JSON, required fields, rules of single fields. So a client with a stale token
//! learns of the token before it learns of anything else, which is the order of `docs/yeastar.md` ("Order of
//! checks"). Neither stage panics on any input; the size of the body is for the server to bound.

use std::net::IpAddr;

use callvault_core::address::canonical;
use callvault_core::secret::{PasswordMd5, Secret};

use crate::yeastar::auth;
use crate::yeastar::error::Errno;
use crate::yeastar::fields::{self, Field, Fields, Query};
use crate::yeastar::name::SentName;
use crate::yeastar::path::{self, Endpoint, Method, Version};

/// The port that reports go to when login names none (`docs/yeastar.md` G42).
pub const DEFAULT_REPORT_PORT: u16 = 8260;

/// What a request turned out to be at first sight.
#[derive(Debug)]
pub enum Opening {
    /// A browser's preflight, to be answered with [`response::preflight`] whatever its path.
    ///
    /// [`response::preflight`]: crate::yeastar::response::preflight
    Preflight,
    /// A call; its token is to be looked up next.
    Call(Head),
}

/// A call whose method, path and presence of a token are right, and whose parameters are not yet looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The version in the path.
    pub version: Version,
    /// The call.
    pub endpoint: Endpoint,
    /// The token, from the query or else from the body (`docs/yeastar.md` G43); `None` for login alone.
    pub token: Option<Secret>,
    method: Method,
    fields: Result<Fields, Errno>,
}

/// A call with its parameters, ready to be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// `login`
    Login(Login),
    /// `heartbeat`
    Heartbeat(Heartbeat),
    /// `logout`
    Logout,
    /// `recording/get_random`
    RecordingGetRandom(RecordingGetRandom),
    /// `recording/download`
    RecordingDownload(RecordingDownload),
}

/// The parameters of `login`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user name as sent, not blank.
    pub username: String,
    /// The MD5 of the password. `None` when what was sent cannot be one: to be answered, and counted towards
    /// the lock-out, as a wrong password.
    pub password: Option<PasswordMd5>,
    /// The port that reports go to, 1 to 65535.
    pub report_port: u16,
    /// Where reports go, when the client said so. Secret, as it may carry a key.
    pub report_url: Option<Secret>,
    /// How `report_url` is meant.
    pub url_kind: UrlKind,
    /// The format of reports.
    pub report_format: ReportFormat,
}

/// The parameters of `heartbeat`; what is `None` stays as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// The new address of the application server.
    pub address: Option<IpAddr>,
    /// The new port for reports, 1 to 65535.
    pub report_port: Option<u16>,
    /// The new place for reports. Secret, as it may carry a key.
    pub report_url: Option<Secret>,
    /// How `report_url` is meant.
    pub url_kind: Option<UrlKind>,
    /// The new format of reports.
    pub report_format: Option<ReportFormat>,
}

/// What `urltag` (or `urlflag`) says about `url`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UrlKind {
    /// `0`: a path on the application server's address and port.
    #[default]
    Path,
    /// `1`: complete, with host and port, and with or without a scheme.
    Complete,
}

/// The format of reports, which `version` in login chooses whatever the version in the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReportFormat {
    /// `1.0.0`, when nothing is said.
    #[default]
    V1_0_0,
    /// `1.0.2`
    V1_0_2,
    /// `2.0.0`
    V2_0_0,
}

impl ReportFormat {
    /// The word of the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1_0_0 => "1.0.0",
            Self::V1_0_2 => "1.0.2",
            Self::V2_0_0 => "2.0.0",
        }
    }

    /// The inverse of [`ReportFormat::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        [Self::V1_0_0, Self::V1_0_2, Self::V2_0_0].into_iter().find(|one| one.as_str() == word)
    }
}

/// The parameters of `recording/get_random`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingGetRandom {
    /// The recording that a ticket is wanted for.
    pub recording: SentName,
    /// One more address that may fetch it, IPv4 where it is IPv4 in IPv6's clothes (`docs/yeastar.md` G12).
    pub allowed_address: Option<IpAddr>,
}

/// The parameters of `recording/download`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingDownload {
    /// The recording, which must be the ticket's.
    pub recording: SentName,
    /// The ticket.
    pub random: Secret,
    /// A HEAD request: headers only, and the ticket is not spent (`docs/yeastar.md` G14).
    pub headers_only: bool,
}

/// The first stage: method, path and version, presence of a token.
///
/// `path` and `query` are taken as they stood in the request line, without decoding, `query` without its `?`.
/// Fails with [`Errno::MethodRefused`], [`Errno::RequestUnknown`], [`Errno::RequestBlank`] or
/// [`Errno::TokenBlank`], in this order. Whether a method is right for a call can only be told of a call that
/// exists, so `GET` on an unknown path is [`Errno::RequestUnknown`].
pub fn parse_head(method: Method, path: &str, query: &str, body: &[u8]) -> Result<Opening, Errno> {
    match method {
        Method::Options => return Ok(Opening::Preflight),
        Method::Other => return Err(Errno::MethodRefused),
        Method::Post | Method::Get | Method::Head => {}
    }
    let (version, endpoint) = path::parse(path)?;
    if !endpoint.accepts(method) {
        return Err(Errno::MethodRefused);
    }
    let query = Query::parse(query);
    let mut token = query.text("token").filter(|token| !token.trim().is_empty());
    // A download by POST has its parameters in the link all the same (docs/yeastar.md G22).
    let fields = if method == Method::Post && endpoint != Endpoint::RecordingDownload {
        fields::parse_body(body).map(Fields::Json)
    } else {
        Ok(Fields::Query(query))
    };
    if token.is_none() {
        token = fields.as_ref().ok().and_then(|fields| fields.field("token").text());
    }
    let token =
        if endpoint.needs_token() { Some(Secret::new(token.ok_or(Errno::TokenBlank)?.trim())) } else { None };
    Ok(Opening::Call(Head { version, endpoint, token, method, fields }))
}

impl Head {
    /// The second stage, for after the token was found good: JSON, required fields, rules of single fields.
    ///
    /// Fails with [`Errno::XmlBody`], [`Errno::NotJson`] or [`Errno::DataBlank`]; then
    /// [`Errno::ParameterBlank`]; then [`Errno::BadPort`], [`Errno::HeartbeatRejected`],
    /// [`Errno::AddressRefused`], [`Errno::RandomInvalid`] or [`Errno::RecordingMissing`].
    pub fn call(&self) -> Result<Call, Errno> {
        match self.endpoint {
            Endpoint::Login => login(self.required_fields()?).map(Call::Login),
            Endpoint::Heartbeat => heartbeat(&self.optional_fields()?).map(Call::Heartbeat),
            Endpoint::Logout => self.optional_fields().map(|_| Call::Logout),
            Endpoint::RecordingGetRandom => {
                recording_get_random(self.required_fields()?).map(Call::RecordingGetRandom)
            }
            Endpoint::RecordingDownload => {
                recording_download(self.required_fields()?, self.method == Method::Head)
                    .map(Call::RecordingDownload)
            }
        }
    }

    /// The fields of a call that requires some, so that an empty body is a failure.
    fn required_fields(&self) -> Result<&Fields, Errno> {
        self.fields.as_ref().map_err(|errno| *errno)
    }

    /// The fields of a call that requires none, so that an empty body is as good as `{}`.
    fn optional_fields(&self) -> Result<Fields, Errno> {
        match &self.fields {
            Err(Errno::DataBlank) => Ok(Fields::Json(serde_json::Map::new())),
            Err(errno) => Err(*errno),
            Ok(fields) => Ok(fields.clone()),
        }
    }
}

fn login(fields: &Fields) -> Result<Login, Errno> {
    let username = fields.field("username").text().ok_or(Errno::ParameterBlank)?;
    let password = fields.field("password").text().map(Secret::new).ok_or(Errno::ParameterBlank)?;
    let report_port = port(fields)?.unwrap_or(DEFAULT_REPORT_PORT);
    Ok(Login {
        username,
        password: auth::password(password.reveal()),
        report_port,
        report_url: report_url(fields),
        // No errno of login fits a wrong `urltag` or `version`, and a login refused over its reports would
        // take the downloads away too.
        url_kind: url_kind(fields).ok().flatten().unwrap_or_default(),
        report_format: report_format(fields).ok().flatten().unwrap_or_default(),
    })
}

fn heartbeat(fields: &Fields) -> Result<Heartbeat, Errno> {
    let report_port = port(fields)?;
    let rejected = |_: Unreadable| Errno::HeartbeatRejected;
    if fields.field("url") == Field::Composite {
        return Err(Errno::HeartbeatRejected);
    }
    Ok(Heartbeat {
        address: single_address(fields.field("ipaddr")).map_err(rejected)?,
        report_port,
        report_url: report_url(fields),
        url_kind: url_kind(fields).map_err(rejected)?,
        report_format: report_format(fields).map_err(rejected)?,
    })
}

fn recording_get_random(fields: &Fields) -> Result<RecordingGetRandom, Errno> {
    let name = fields.field("recording").text().ok_or(Errno::ParameterBlank)?;
    let allowed_address = single_address(fields.field("allowedip")).map_err(|_| Errno::AddressRefused)?;
    let recording = match fields {
        Fields::Query(query) => SentName::from_query(query.raw("recording").unwrap_or_default()),
        Fields::Json(_) => SentName::from_json(&name),
    }?;
    Ok(RecordingGetRandom { recording, allowed_address })
}

/// A link without `random` or `recording` has no valid ticket, and 20012 is the code that its clients know.
fn recording_download(fields: &Fields, headers_only: bool) -> Result<RecordingDownload, Errno> {
    let random = fields.field("random").text().ok_or(Errno::RandomInvalid)?;
    let raw = match fields {
        Fields::Query(query) => query.raw("recording").filter(|raw| !raw.is_empty()),
        Fields::Json(_) => None,
    };
    let recording = SentName::from_query(raw.ok_or(Errno::RandomInvalid)?)?;
    Ok(RecordingDownload { recording, random: Secret::new(random.trim()), headers_only })
}

/// A field that says something which its rule does not allow. Each call has its own errno for it.
#[derive(Debug, PartialEq, Eq)]
struct Unreadable;

/// The report port; `None` when blank or 0 (`docs/yeastar.md` G42).
fn port(fields: &Fields) -> Result<Option<u16>, Errno> {
    let text = match fields.field("port") {
        Field::Blank => return Ok(None),
        Field::Composite => return Err(Errno::BadPort),
        Field::Text(text) => text,
    };
    // As a float, because JSON writes one whole number in several ways: 8260, 8260.0, 8.26e3.
    let number: f64 = text.trim().parse().map_err(|_| Errno::BadPort)?;
    if number.fract() != 0.0 || !(0.0..=f64::from(u16::MAX)).contains(&number) {
        return Err(Errno::BadPort);
    }
    Ok(Some(number as u16).filter(|port| *port != 0))
}

fn report_url(fields: &Fields) -> Option<Secret> {
    fields.field("url").text().map(|url| Secret::new(url.trim()))
}

fn url_kind(fields: &Fields) -> Result<Option<UrlKind>, Unreadable> {
    let field = match fields.field("urltag") {
        Field::Blank => fields.field("urlflag"),
        field => field,
    };
    match field {
        Field::Blank => Ok(None),
        Field::Composite => Err(Unreadable),
        Field::Text(text) => match text.trim() {
            "0" | "false" => Ok(Some(UrlKind::Path)),
            "1" | "true" => Ok(Some(UrlKind::Complete)),
            _ => Err(Unreadable),
        },
    }
}

fn report_format(fields: &Fields) -> Result<Option<ReportFormat>, Unreadable> {
    match fields.field("version") {
        Field::Blank => Ok(None),
        Field::Composite => Err(Unreadable),
        // With the `v` of the path versions too, which a client takes from the same setting.
        Field::Text(text) => {
            ReportFormat::parse(text.trim().trim_start_matches('v')).map(Some).ok_or(Unreadable)
        }
    }
}

/// Exactly one IPv4 or IPv6 literal, or nothing (`docs/yeastar.md` G12).
fn single_address(field: Field) -> Result<Option<IpAddr>, Unreadable> {
    match field {
        Field::Blank => Ok(None),
        Field::Composite => Err(Unreadable),
        Field::Text(text) => {
            let address: IpAddr = text.trim().parse().map_err(|_| Unreadable)?;
            Ok(Some(canonical(address)))
        }
    }
}

#[cfg(test)]
mod tests;
