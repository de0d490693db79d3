//! Failures of our own API as `application/problem+json` (RFC 9457). A client learns a reason and a request id; the cause
//! of what is our fault goes to the log alone.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use callvault_core::Error;
use callvault_core::service::tickets::TicketRefused;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;

use super::schema::{Word, Words};

/// Declares the codes of problems with their statuses, in the order of `docs/api.md`.
macro_rules! codes {
    ($($(#[$about:meta])* $name:ident = $word:literal, $status:ident;)*) => {
        /// Why a request failed, as clients may rely on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Code { $($(#[$about])* $name,)* }

        impl Code {
            /// Every one there is.
            pub(crate) const ALL: &[Self] = &[$(Self::$name),*];

            /// Its word.
            pub(crate) fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The status that it comes with.
            pub(crate) fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }
        }
    };
}

codes! {
    /// A value is missing or not acceptable.
    Invalid = "invalid", BAD_REQUEST;
    /// No key and no login, a wrong one, or a lock-out.
    Unauthenticated = "unauthenticated", UNAUTHORIZED;
    /// The role does not allow it.
    Forbidden = "forbidden", FORBIDDEN;
    /// The key does not have the scope.
    Scope = "scope", FORBIDDEN;
    /// The plan of the customer does not allow it.
    Plan = "plan", FORBIDDEN;
    /// A ticket may not be used from this address.
    Address = "address", FORBIDDEN;
    /// It is not there, or not for this principal.
    NotFound = "not_found", NOT_FOUND;
    /// The route has no such method.
    Method = "method", METHOD_NOT_ALLOWED;
    /// It collides with something that exists.
    Conflict = "conflict", CONFLICT;
    /// The ticket is unknown, used or over.
    Ticket = "ticket", GONE;
    /// Over a limit.
    TooLarge = "too_large", PAYLOAD_TOO_LARGE;
    /// The bytes are no audio that is kept.
    NotAudio = "not_audio", UNPROCESSABLE_ENTITY;
    /// The audio cannot be read.
    Unreadable = "unreadable", INTERNAL_SERVER_ERROR;
    /// Something failed here.
    Internal = "internal", INTERNAL_SERVER_ERROR;
    /// Too much is waiting.
    Busy = "busy", SERVICE_UNAVAILABLE;
}

impl Words for Code {
    fn words() -> Vec<&'static str> {
        Self::ALL.iter().map(|code| code.as_str()).collect()
    }
}

/// The failure of a request, without its id.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The words of the status.
    title: &'static str,
    status: u16,
    /// The reason; clients may rely on it.
    #[schemars(with = "Word<Code>")]
    code: &'static str,
    /// The parameter or member that is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    field: Option<String>,
    /// What failed, for people.
    detail: String,
    /// What is our fault, for the log alone.
    #[serde(skip)]
    cause: Option<Arc<Error>>,
}

/// The failure of a request as it is answered.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct ProblemObject<'a> {
    #[serde(flatten)]
    problem: &'a Problem,
    /// Under which the log of the server has the request.
    request_id: String,
}

impl Problem {
    fn new(code: Code, detail: impl Into<String>) -> Self {
        let status = code.status();
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Failed"),
            status: status.as_u16(),
            code: code.as_str(),
            field: None,
            detail: detail.into(),
            cause: None,
        }
    }

    fn caused_by(self, error: Error) -> Self {
        Self { cause: Some(Arc::new(error)), ..self }
    }

    /// A value that is missing or not acceptable.
    pub(crate) fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        let problem = Self::new(Code::Invalid, detail);
        Self { field: Some(field.into()).filter(|field| !field.is_empty()), ..problem }
    }

    /// It is not there, or not for this principal.
    pub(crate) fn not_found(what: &'static str) -> Self {
        Self::new(Code::NotFound, format!("there is no such {what}, or you may not see it"))
    }

    /// No key and no login, a wrong one, or a lock-out.
    pub(crate) fn unauthenticated() -> Self {
        Self::new(Code::Unauthenticated, "a key is needed, or a user name and a password")
    }

    /// The route has no such method.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(Code::Method, "this route has no such method")
    }

    /// A body that broke off or came too slowly.
    pub(crate) fn broken_body() -> Self {
        Self::new(Code::Invalid, "the body broke off or came too slowly")
    }

    /// A JSON body over the limit.
    pub(crate) fn too_large(limit_bytes: usize) -> Self {
        let detail = format!("the body is over the limit of {limit_bytes} bytes");
        Self::new(Code::TooLarge, detail)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match &error {
            Error::NotFound { .. } => Self::new(Code::NotFound, text),
            Error::RoleForbids => Self::new(Code::Forbidden, text),
            Error::ScopeForbids { .. } => Self::new(Code::Scope, text),
            Error::PlanForbids(_) => Self::new(Code::Plan, text),
            Error::Invalid { field, reason } => Self::invalid(*field, reason.clone()),
            // One field, as of all that is not acceptable; the words name the others.
            Error::Contradicts { fields } => Self::invalid(fields.first().copied().unwrap_or_default(), text),
            Error::Conflict { field, reason } => {
                Self { field: Some((*field).to_owned()), ..Self::new(Code::Conflict, reason.clone()) }
            }
            Error::TooLarge { .. } => Self::new(Code::TooLarge, text),
            Error::NotAudio(_) => Self::new(Code::NotAudio, text),
            Error::Busy => Self::new(Code::Busy, text),
            Error::Unreadable(_) => Self::new(Code::Unreadable, text).caused_by(error),
            Error::NotStored(_) | Error::Unlogged | Error::Catalog(_) => {
                let detail = "the server failed to do this; its log says why, under this request id";
                Self::new(Code::Internal, detail).caused_by(error)
            }
        }
    }
}

impl From<TicketRefused> for Problem {
    fn from(refused: TicketRefused) -> Self {
        let text = refused.to_string();
        match refused {
            TicketRefused::Invalid => Self::new(Code::Ticket, text),
            TicketRefused::Address => Self::new(Code::Address, text),
            TicketRefused::Missing => Self::not_found("recording"),
            TicketRefused::Failed(error) => error.into(),
        }
    }
}

impl IntoResponse for Problem {
    /// The request id is added, and the cause logged, where the id is known: by [`crate::observe`].
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(HeaderName::from_static("cache-control"), HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            for challenge in ["Bearer realm=\"Callvault\"", "Basic realm=\"Callvault\", charset=\"UTF-8\""] {
                headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
            }
        }
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, headers, Body::from(body)).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Puts the request id into the body of a problem, and its cause into the log under this id.
pub(crate) fn with_request_id(response: Response, id: impl std::fmt::Display) -> Response {
    let Some(problem) = response.extensions().get::<Problem>().cloned() else { return response };
    let request_id = id.to_string();
    if let Some(cause) = &problem.cause {
        let error: &(dyn std::error::Error + 'static) = cause.as_ref();
        tracing::error!(request.id = request_id, error, "a call of our own API failed");
    }
    let body = serde_json::to_vec(&ProblemObject { problem: &problem, request_id });
    let (mut parts, old) = response.into_parts();
    // Of what the body was without the id.
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, body.map_or(old, Body::from))
}

#[cfg(test)]
mod tests {
    use callvault_core::port::catalog::CatalogError;
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::telemetry::captured::captured;
    use crate::telemetry::{LogFormat, LogSettings};

    #[tokio::test]
    async fn the_cause_of_a_failure_is_in_the_log_alone_under_the_id_that_the_client_has() {
        let check = async |error: Error, logged: &str| {
            let settings = LogSettings { format: LogFormat::Text, filter: "info".to_owned() };
            let (response, log) =
                captured(&settings, || with_request_id(Problem::from(error).into_response(), "00ff"));
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let body = String::from_utf8(body.to_vec()).unwrap();
            assert!(body.contains(r#""request_id":"00ff""#), "{body}");
            assert!(!body.contains("the disk is on fire"), "{body}");
            assert_eq!(log.lines().count(), usize::from(!logged.is_empty()), "{log}");
            assert!(log.contains(logged), "{log}");
            assert_eq!(log.contains("00ff"), !logged.is_empty(), "{log}");
        };
        let source = "the disk is on fire".into();
        check(CatalogError::Engine { operation: "writing", source }.into(), "the disk is on fire").await;
        check(Error::Unlogged, "a call of our own API failed").await;
        check(Error::NotFound { what: "recording" }, "").await;
    }
}
