//! From the parts of an HTTP request to a typed call, in two stages.
//!
//! [`parse_head`] checks method, path and that a token is there. The server then looks the token up, and asks
//! [`Head::call`] for the rest: JSON, required fields, rules of single fields. So a client with a stale token
//! learns of the token before it learns of anything else, which is the order of `docs/yeastar.md` ("Order of
//! checks"). Neither stage panics on any input; the size of the body is for the server to bound.

mod cdr;
mod numbers;
mod recording;
mod session;
mod values;
mod voicemail;

use callvault_core::secret::Secret;

pub use self::cdr::{CdrDownload, CdrGetRandom, CdrSelection};
pub use self::numbers::NumberList;
pub use self::recording::{RecordingDownload, RecordingGetRandom};
pub use self::session::{DEFAULT_REPORT_PORT, Heartbeat, Login, ReportFormat, TokenRefresh, UrlKind};
pub use self::voicemail::{VoicemailDownload, VoicemailGetRandom, VoicemailStatus};
use crate::yeastar::error::Errno;
use crate::yeastar::fields::{self, Fields, Query};
use crate::yeastar::path::{self, Endpoint, Method, Version};

/// What a request turned out to be at first sight.
#[derive(Debug)]
pub enum Opening<'r> {
    /// A browser's preflight, to be answered with [`response::preflight`] whatever its path.
    ///
    /// [`response::preflight`]: crate::yeastar::response::preflight
    Preflight,
    /// A call; its token is to be looked up next.
    Call(Head<'r>),
}

/// A call whose method, path and presence of a token are right, and whose parameters are not yet looked at: they stand in
/// the request as they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head<'r> {
    /// The version in the path.
    pub version: Version,
    /// The call.
    pub endpoint: Endpoint,
    /// The token, from the query or else from the body (`docs/yeastar.md` G43); `None` for
    /// login and `token/refresh` alone.
    pub token: Option<Secret>,
    method: Method,
    fields: Result<Fields<'r>, Errno>,
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
    /// `token/refresh`
    TokenRefresh(TokenRefresh),
    /// `recording/get_random`
    RecordingGetRandom(RecordingGetRandom),
    /// `recording/download`
    RecordingDownload(RecordingDownload),
    /// `cdr/get_random`
    CdrGetRandom(CdrGetRandom),
    /// `cdr/download`
    CdrDownload(CdrDownload),
    /// `voicemail/query` of these extensions
    VoicemailQuery(NumberList),
    /// `voicemail/get_random`
    VoicemailGetRandom(VoicemailGetRandom),
    /// `voicemail/download`
    VoicemailDownload(VoicemailDownload),
    /// `deviceinfo/query`
    DeviceInfoQuery,
    /// `extensionlist/query` or `extension/list`
    ExtensionList,
    /// `extension/query` of these extensions
    ExtensionQuery(NumberList),
    /// `queue/query` of these queues
    QueueQuery(NumberList),
    /// `trunklist/query` or `trunk/list`
    TrunkList,
}

/// The first stage: method, path and version, presence of a token.
///
/// `path` and `query` are taken as they stood in the request line, without decoding, `query` without its `?`.
/// Fails with [`Errno::MethodRefused`], [`Errno::RequestUnknown`], [`Errno::RequestBlank`] or
/// [`Errno::TokenBlank`], in this order. Whether a method is right for a call can only be told of a call that
/// exists, so `GET` on an unknown path is [`Errno::RequestUnknown`].
pub fn parse_head<'r>(method: Method, path: &str, query: &'r str, body: &[u8]) -> Result<Opening<'r>, Errno> {
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
    let fields = if method == Method::Post && !endpoint.is_download() {
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

impl<'r> Head<'r> {
    /// The second stage, for after the token was found good: JSON, required fields, rules of single fields.
    ///
    /// Fails with [`Errno::XmlBody`], [`Errno::NotJson`] or [`Errno::DataBlank`]; then
    /// [`Errno::ParameterBlank`]; then with what the rules of single fields have, in the order of
    /// `docs/yeastar.md` ("Order of checks").
    pub fn call(&self) -> Result<Call, Errno> {
        let headers_only = self.method == Method::Head;
        match self.endpoint {
            Endpoint::Login => session::login(self.required_fields()?).map(Call::Login),
            Endpoint::Heartbeat => session::heartbeat(&self.optional_fields()?).map(Call::Heartbeat),
            Endpoint::Logout => self.optional_fields().map(|_| Call::Logout),
            Endpoint::TokenRefresh => session::token_refresh(self.required_fields()?).map(Call::TokenRefresh),
            Endpoint::RecordingGetRandom => {
                recording::get_random(self.required_fields()?).map(Call::RecordingGetRandom)
            }
            Endpoint::RecordingDownload => {
                recording::download(self.required_fields()?, headers_only).map(Call::RecordingDownload)
            }
            Endpoint::CdrGetRandom => cdr::get_random(self.required_fields()?).map(Call::CdrGetRandom),
            Endpoint::CdrDownload => {
                cdr::download(self.required_fields()?, headers_only).map(Call::CdrDownload)
            }
            Endpoint::VoicemailQuery => self.numbers(numbers::EXTENSION).map(Call::VoicemailQuery),
            Endpoint::VoicemailGetRandom => {
                voicemail::get_random(self.required_fields()?).map(Call::VoicemailGetRandom)
            }
            Endpoint::VoicemailDownload => {
                voicemail::download(self.required_fields()?, headers_only).map(Call::VoicemailDownload)
            }
            Endpoint::DeviceInfoQuery => self.optional_fields().map(|_| Call::DeviceInfoQuery),
            Endpoint::ExtensionList => self.optional_fields().map(|_| Call::ExtensionList),
            Endpoint::ExtensionQuery => self.numbers(numbers::EXTENSION).map(Call::ExtensionQuery),
            Endpoint::QueueQuery => self.numbers(numbers::QUEUE).map(Call::QueueQuery),
            Endpoint::TrunkList => self.optional_fields().map(|_| Call::TrunkList),
        }
    }

    /// The only parameter of most queries.
    fn numbers(&self, names: &[&str]) -> Result<NumberList, Errno> {
        NumberList::of_field(self.optional_fields()?.any(names))
    }

    /// The fields of a call that requires some, so that an empty body is a failure.
    fn required_fields(&self) -> Result<&Fields<'r>, Errno> {
        self.fields.as_ref().map_err(|errno| *errno)
    }

    /// The fields of a call that requires none, so that an empty body is as good as `{}`.
    fn optional_fields(&self) -> Result<Fields<'r>, Errno> {
        match &self.fields {
            Err(Errno::DataBlank) => Ok(Fields::Json(serde_json::Map::new())),
            Err(errno) => Err(*errno),
            Ok(fields) => Ok(fields.clone()),
        }
    }
}

#[cfg(test)]
mod tests;
