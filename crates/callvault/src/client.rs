//! The client of our own API that every command goes through: over the control socket when a server runs, else on the
//! same routes inside this process.
//!
//! Promises: bodies stream in bounded memory, either way; a file that is downloaded appears under its name whole and
//! durable, or not at all; what the API refuses becomes an error that says which field is meant.

mod download;
mod lists;
mod route;
mod socket;
mod upload;

use std::fmt;
use std::path::PathBuf;

use anyhow::Context as _;
use bytes::Bytes;
use callvault_server::listen::Peer;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited};
use serde_json::Value;
use tower::ServiceExt as _;

pub(crate) use self::download::Target;
pub(crate) use self::route::Route;
pub(crate) use self::upload::Sent;
use crate::config::Settings;
use crate::installation::{Access, Engine};

/// A body on its way, in either direction.
pub(crate) type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// The most bytes that an answer in JSON may have: a full page of the widest rows is far below.
const MOST_JSON_BYTES: usize = 64 << 20;

/// What the API refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    /// The HTTP status.
    pub(crate) status: StatusCode,
    /// The reason, as in `docs/api.md`.
    pub(crate) code: String,
    /// The parameter that is meant.
    pub(crate) field: Option<String>,
    detail: String,
    request_id: Option<String>,
}

impl ApiError {
    fn of_answer(status: StatusCode, body: &[u8]) -> Self {
        let problem: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let text = |name: &str| problem[name].as_str().map(str::to_owned);
        Self {
            status,
            code: text("code").unwrap_or_default(),
            field: text("field"),
            detail: text("detail")
                .or_else(|| text("title"))
                .unwrap_or_else(|| format!("the answer was {status}")),
            request_id: text("request_id"),
        }
    }

    /// What to do about it, where that is known.
    pub(crate) fn hint(&self) -> Option<String> {
        match (self.code.as_str(), self.field.as_deref()) {
            ("busy", _) => Some("wait a moment and try again".to_owned()),
            ("internal", _) => {
                let id = self.request_id.as_deref().unwrap_or("this request");
                Some(format!(
                    "the log says why, under {id} (without a server: above); `callvault check` looks for damage"
                ))
            }
            ("unreadable", _) => Some("`callvault check` tells what is damaged or missing".to_owned()),
            ("invalid" | "conflict", Some("customer")) => {
                Some("name the customer with --customer ID".to_owned())
            }
            ("invalid", Some("role")) => Some("`callvault role list` shows the roles".to_owned()),
            ("plan", _) => Some(
                "`callvault customer show ID` shows the plan of a customer, `callvault customer set ID` changes it"
                    .to_owned(),
            ),
            ("too_large", _) => Some("the limits can be set: `callvault config show` prints them".to_owned()),
            _ => None,
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) if !self.detail.contains(field.as_str()) => {
                write!(formatter, "{field}: {}", self.detail)
            }
            _ => formatter.write_str(&self.detail),
        }
    }
}

impl std::error::Error for ApiError {}

/// The refusal inside an error, if it is one.
pub(crate) fn refusal(error: &anyhow::Error) -> Option<&ApiError> {
    error.chain().find_map(|cause| cause.downcast_ref::<ApiError>())
}

/// A client of one installation.
pub(crate) struct ApiClient {
    transport: Transport,
}

enum Transport {
    Socket(PathBuf),
    InProcess(Box<Engine>),
}

impl ApiClient {
    /// Reaches the installation: through its server if one runs, else by itself.
    ///
    /// # Errors
    /// When there is no installation, or another command keeps it to itself for longer than a few seconds.
    pub(crate) async fn connect(settings: &Settings) -> anyhow::Result<Self> {
        let transport = match crate::installation::reach(&settings.server.data).await? {
            Access::Server(socket) => Transport::Socket(socket),
            Access::Lock(lock) => Transport::InProcess(Box::new(Engine::open(settings, lock).await?)),
        };
        Ok(Self { transport })
    }

    /// A client of an engine of this process; the engine comes back from [`ApiClient::into_engine`].
    pub(crate) fn in_process(engine: Box<Engine>) -> Self {
        Self { transport: Transport::InProcess(engine) }
    }

    /// The engine of [`ApiClient::in_process`].
    pub(crate) fn into_engine(self) -> Option<Box<Engine>> {
        match self.transport {
            Transport::InProcess(engine) => Some(engine),
            Transport::Socket(_) => None,
        }
    }

    /// Ends the work: what is still queued is committed.
    pub(crate) async fn close(self) {
        if let Transport::InProcess(engine) = self.transport {
            engine.close().await;
        }
    }

    /// Sends a request and gives the answer, whatever its status.
    async fn send(&self, mut request: Request<Body>) -> anyhow::Result<Response<Body>> {
        match &self.transport {
            Transport::Socket(path) => socket::send(path, request).await,
            Transport::InProcess(engine) => {
                request.extensions_mut().insert(Peer::ControlSocket);
                let answer = engine.front().oneshot(request).await;
                let answer = answer.unwrap_or_else(|never| match never {});
                Ok(answer.map(|body| body.map_err(Into::into).boxed_unsync()))
            }
        }
    }

    /// Sends a request and insists on success.
    async fn send_well(&self, request: Request<Body>) -> anyhow::Result<Response<Body>> {
        let answer = self.send(request).await?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let body = json_bytes(answer).await.unwrap_or_default();
        Err(ApiError::of_answer(status, &body).into())
    }

    async fn exchange(&self, method: Method, route: &Route, body: Option<&Value>) -> anyhow::Result<Value> {
        let mut request =
            request(method, route, full(body.map(Value::to_string).unwrap_or_default().into()))?;
        if body.is_some() {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        value(self.send_well(request).await?).await
    }

    /// What stands at a route.
    pub(crate) async fn get(&self, route: &Route) -> anyhow::Result<Value> {
        self.exchange(Method::GET, route, None).await
    }

    /// Posts JSON.
    pub(crate) async fn post(&self, route: &Route, body: &Value) -> anyhow::Result<Value> {
        self.exchange(Method::POST, route, Some(body)).await
    }

    /// Asks for something to be done that needs no body.
    pub(crate) async fn ask(&self, route: &Route) -> anyhow::Result<Value> {
        self.exchange(Method::POST, route, None).await
    }

    /// Puts without a body.
    pub(crate) async fn put_empty(&self, route: &Route) -> anyhow::Result<Value> {
        self.exchange(Method::PUT, route, None).await
    }

    /// Changes something.
    pub(crate) async fn patch(&self, route: &Route, body: &Value) -> anyhow::Result<Value> {
        self.exchange(Method::PATCH, route, Some(body)).await
    }

    /// Deletes something.
    pub(crate) async fn delete(&self, route: &Route) -> anyhow::Result<Value> {
        self.exchange(Method::DELETE, route, None).await
    }
}

fn request(method: Method, route: &Route, body: Body) -> anyhow::Result<Request<Body>> {
    Request::builder()
        .method(method)
        .uri(route.as_str())
        // Both transports are this machine; the name is there because HTTP/1.1 demands one.
        .header(http::header::HOST, "localhost")
        .body(body)
        .context("cannot put the request together")
}

fn full(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

async fn json_bytes(answer: Response<Body>) -> anyhow::Result<Bytes> {
    let collected = Limited::new(answer.into_body(), MOST_JSON_BYTES).collect().await;
    Ok(collected.map_err(|error| anyhow::anyhow!(error).context("cannot read the answer"))?.to_bytes())
}

async fn value(answer: Response<Body>) -> anyhow::Result<Value> {
    let bytes = json_bytes(answer).await?;
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&bytes).context("cannot read the answer")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, body: &str, message: &str, hint: Option<&str>) {
        let error = ApiError::of_answer(StatusCode::from_u16(status).unwrap(), body.as_bytes());
        assert_eq!((error.to_string().as_str(), error.hint().as_deref()), (message, hint));
    }

    #[test]
    fn a_problem_becomes_a_sentence_with_its_field_and_a_hint() {
        check(
            409,
            r#"{"status":409,"code":"conflict","field":"username","detail":"is in use already"}"#,
            "username: is in use already",
            None,
        );
        check(
            409,
            r#"{"code":"conflict","field":"customer","detail":"several have it"}"#,
            "customer: several have it",
            Some("name the customer with --customer ID"),
        );
        check(
            404,
            r#"{"code":"not_found","detail":"there is no such person"}"#,
            "there is no such person",
            None,
        );
        check(503, r#"{"code":"busy","title":"Busy"}"#, "Busy", Some("wait a moment and try again"));
        check(502, "<html>", "the answer was 502 Bad Gateway", None);
    }
}
