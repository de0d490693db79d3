//! What is written about each request: a metric and a log line, at the end of its answer. Never the query, never the
//! path as sent (a name or a ticket may stand in it): the pattern of the route.

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, HttpBody};
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http::{Method, StatusCode};
use http_body::{Frame, SizeHint};

use crate::caller::Caller;
use crate::http::request_id::RequestId;
use crate::telemetry::Metrics;

/// The pattern of the route that answered, put into the extensions of its answer.
#[derive(Debug, Clone)]
pub(crate) struct Route(pub(crate) Cow<'static, str>);

impl Route {
    /// That of a request whose route was looked up.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        let matched = request.extensions().get::<MatchedPath>();
        matched.map(|path| Self(Cow::Owned(path.as_str().to_owned())))
    }
}

/// The middleware that tells the route of what it answers.
pub(crate) async fn routed(request: Request, next: Next) -> Response {
    let route = Route::of(&request);
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

/// What is known of a request when it comes.
pub(crate) struct Asked {
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) method: Method,
    pub(crate) caller: Caller,
    pub(crate) id: RequestId,
    pub(crate) started: Instant,
}

impl Asked {
    /// The answer, which is noted at its end.
    pub(crate) fn observe(self, mut response: Response) -> http::Response<Observed> {
        let route = response.extensions_mut().remove::<Route>();
        let route = route.map_or(Cow::Borrowed("none"), |Route(route)| route);
        let entry = Entry { asked: self, route, status: response.status(), sent: 0 };
        response.map(|body| Observed { body, entry })
    }
}

struct Entry {
    asked: Asked,
    route: Cow<'static, str>,
    status: StatusCode,
    sent: u64,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let Asked { metrics, method, caller, id, started } = &self.asked;
        let took = started.elapsed();
        metrics.request(self.route.clone(), self.status, took);
        // What the line says costs more than the rest of this.
        if !tracing::enabled!(tracing::Level::INFO) {
            return;
        }
        let client = match caller {
            Caller::ControlSocket => "control socket".to_owned(),
            Caller::Network { address, .. } => address.to_string(),
        };
        tracing::info!(
            request.id = id.to_string(),
            client,
            method = method.as_str(),
            route = &*self.route,
            status = self.status.as_u16(),
            sent_bytes = self.sent,
            took_ms = took.as_secs_f64() * 1e3,
            "answered"
        );
    }
}

/// The body of an answer; what is known of the request is noted when it is dropped.
pub struct Observed {
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
