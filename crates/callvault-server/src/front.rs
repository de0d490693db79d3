//! The front of all doors: the one service that requests go through. It gives each an id, takes it to our own routes or to
//! a dialect, has it carried on to its end, and notes how it ended.
//!
//! It is one service, and not a layer of the router for each of these: a layer costs a request a box or two.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::header::{CONTENT_LENGTH, SERVER};
use http::{HeaderValue, Method, Request, StatusCode};
use tower::Service;

use crate::api::problem;
use crate::app::App;
use crate::caller::Caller;
use crate::carried_on::CarriedOn;
use crate::dialect;
use crate::http::address::ClientAddress;
use crate::http::request_id::{RequestIds, X_REQUEST_ID};
use crate::listen::stay::Stay;
use crate::observe::{Asked, Observed};

/// All doors of a server as a service. Its clones are the same service.
#[derive(Clone)]
pub struct Front {
    inside: Arc<Inside>,
}

struct Inside {
    app: Arc<App>,
    ids: RequestIds,
    /// Our own routes, with the dialects behind them.
    routes: Router,
}

impl Front {
    pub(crate) fn new(app: Arc<App>, ids: RequestIds, routes: Router) -> Self {
        Self { inside: Arc::new(Inside { app, ids, routes }) }
    }
}

/// Whether a path may be one of our own routes. Most requests are for a dialect, and need not be looked up.
fn may_be_own(path: &str) -> bool {
    path.starts_with("/api/v1/") || path.starts_with("/health/") || path == "/metrics"
}

impl<B> Service<Request<B>> for Front
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = http::Response<Observed>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Answering {
        let started = Instant::now();
        let Inside { app, ids, routes } = &*self.inside;
        let caller = Caller::of(request.extensions());
        if request.extensions().get::<ClientAddress>().is_some_and(|client| client.forwarding_ignored) {
            app.warnings.forwarding_ignored(caller.address());
        }
        let metrics = app.metrics.clone();
        let asked = Asked { metrics, method: request.method().clone(), caller, id: ids.next_id(), started };
        let stay = request.extensions().get::<Stay>().cloned();
        let request = request.map(Body::new);
        // A client that leaves must not stop what it began half-way, such as the change of a cache after its commit, or
        // the count of a failed login.
        let work = if may_be_own(request.uri().path()) {
            let mut routes = routes.clone();
            async move { routes.call(request).await.unwrap_or_else(|never| match never {}) }.boxed()
        } else {
            dialect::route(app.clone(), request)
        };
        Answering { work: CarriedOn::new(stay, work), asked: Some(asked) }
    }
}

/// The answer to a request, on its way.
pub struct Answering {
    work: CarriedOn<Response>,
    /// Until there is an answer.
    asked: Option<Asked>,
}

impl Future for Answering {
    type Output = Result<http::Response<Observed>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(Pin::new(&mut self.work).poll(context));
        // Polled again after its end, which nobody does, it would wait for ever.
        let Some(asked) = self.asked.take() else { return Poll::Pending };
        let mut response = answer.unwrap_or_else(|panic| {
            // A panic ends this request alone.
            let said = panic.downcast_ref::<String>().map(String::as_str);
            let error = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            tracing::error!(error, request.id = %asked.id, "a request ended in a panic");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        });
        response.headers_mut().insert(SERVER, HeaderValue::from_static("Callvault"));
        response = problem::with_request_id(response, asked.id);
        response.headers_mut().insert(X_REQUEST_ID, asked.id.header_value());
        complete(&asked.method, &mut response);
        Poll::Ready(Ok(asked.observe(response)))
    }
}

/// States the length of a body that is known, and takes the body away where the method has none (RFC 9110 section 9.3).
fn complete(method: &Method, response: &mut Response) {
    let is_tunnel = *method == Method::CONNECT && response.status().is_success();
    if !is_tunnel && !response.headers().contains_key(CONTENT_LENGTH) {
        let length = response.body().size_hint().exact().map(HeaderValue::from);
        response.headers_mut().extend(length.map(|length| (CONTENT_LENGTH, length)));
    }
    if is_tunnel || *method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialects_are_not_looked_up() {
        for own in ["/api/v1/recordings", "/api/v1/", "/health/live", "/metrics"] {
            assert!(may_be_own(own), "{own}");
        }
        for other in
            ["/api/v1.1.0/login", "/api/v2.0.0/login", "/api/json/x", "/openapi/v1.0/get_token", "/", ""]
        {
            assert!(!may_be_own(other), "{other}");
        }
    }

    #[test]
    fn an_answer_says_how_long_it_is_and_goes_without_a_body_where_there_is_none() {
        let check = |method: Method, body: &'static str, length: Option<&str>, sent: u64| {
            let mut response = Response::new(Body::from(body));
            complete(&method, &mut response);
            let said = response.headers().get(CONTENT_LENGTH).map(|length| length.to_str().unwrap());
            assert_eq!((said, response.body().size_hint().exact()), (length, Some(sent)), "{method}");
        };
        check(Method::GET, "four", Some("4"), 4);
        check(Method::POST, "", Some("0"), 0);
        check(Method::HEAD, "four", Some("4"), 0);
        check(Method::CONNECT, "four", None, 0);
        let mut response = Response::new(Body::empty());
        response.headers_mut().insert(CONTENT_LENGTH, 4.into());
        complete(&Method::HEAD, &mut response);
        assert_eq!(response.headers()[CONTENT_LENGTH], "4", "what is said already stays");
    }
}
