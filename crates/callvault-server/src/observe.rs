//! What is written about each request: a metric and a log line, at the end of its answer. Never the query, never the
//! path as sent (a name or a ticket may stand in it): the pattern of the route.

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::header::SERVER;
use http::{HeaderValue, Method, StatusCode};
use http_body::{Frame, SizeHint};

use crate::api::problem;
use crate::app::App;
use crate::caller::Caller;
use crate::carried_on::CarriedOn;
use crate::http::address::ClientAddress;
use crate::http::request_id::RequestId;
use crate::telemetry::Metrics;

/// The pattern of a route that a dialect answered, put into the extensions of its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Route(pub(crate) &'static str);

/// The middleware.
pub(crate) async fn request(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let caller = Caller::of(request.extensions());
    let id = request.extensions().get::<RequestId>().copied();
    let matched = request.extensions().get::<MatchedPath>().map(|path| Cow::Owned(path.as_str().to_owned()));
    if request.extensions().get::<ClientAddress>().is_some_and(|client| client.forwarding_ignored) {
        app.warnings.forwarding_ignored(caller.address());
    }
    // A client that leaves must not stop what it began half-way, such as the change of a cache after its commit, or the
    // count of a failed login. A panic ends this request alone.
    let mut response = match CarriedOn::new(next.run(request)).await {
        Ok(response) => response,
        Err(panic) => {
            let said = panic.downcast_ref::<String>().map(String::as_str);
            let error = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            tracing::error!(error, request.id = id.map(|id| id.to_string()), "a request ended in a panic");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    };
    response.headers_mut().insert(SERVER, HeaderValue::from_static("Callvault"));
    if let Some(id) = id {
        response = problem::with_request_id(response, id);
    }
    let dialect = response.extensions().get::<Route>().map(|route| Cow::Borrowed(route.0));
    let entry = Entry {
        metrics: app.metrics.clone(),
        route: dialect.or(matched).unwrap_or(Cow::Borrowed("none")),
        method,
        caller,
        id,
        status: response.status(),
        started,
        sent: 0,
    };
    response.map(|body| Body::new(Observed { body, entry }))
}

struct Entry {
    metrics: Arc<Metrics>,
    route: Cow<'static, str>,
    method: Method,
    caller: Caller,
    id: Option<RequestId>,
    status: StatusCode,
    started: Instant,
    sent: u64,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        self.metrics.request(self.route.clone(), self.status, took);
        // What the line says costs more than the rest of this.
        if !tracing::enabled!(tracing::Level::INFO) {
            return;
        }
        let id = self.id.map(|id| id.to_string()).unwrap_or_default();
        let client = match self.caller {
            Caller::ControlSocket => "control socket".to_owned(),
            Caller::Network { address, .. } => address.to_string(),
        };
        tracing::info!(
            request.id = id,
            client,
            method = self.method.as_str(),
            route = &*self.route,
            status = self.status.as_u16(),
            sent_bytes = self.sent,
            took_ms = took.as_secs_f64() * 1e3,
            "answered"
        );
    }
}

struct Observed {
    body: Body,
    entry: Entry,
}

impl HttpBody for Observed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            self.entry.sent += data.len() as u64;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
