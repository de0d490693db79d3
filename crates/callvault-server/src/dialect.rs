//! The vendor dialects as routes: read the request, let the dialect parse it, ask the services, let the dialect render.

mod enswitch;
mod pseries;
pub(crate) mod spool;
mod yeastar;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderName, HeaderValue, StatusCode};

use crate::api::problem::Problem;
use crate::app::App;
use crate::observe::Route;

/// Whatever is no route of our own: one of the dialects, or nothing.
pub(crate) async fn route(State(app): State<Arc<App>>, request: Request) -> Response {
    let path = request.uri().path();
    if let Some(target) = app.settings.enswitch_prefixes.target(path) {
        return enswitch::answer(&app, target, request).await;
    }
    if pseries::owns(path) {
        return pseries::answer(&app, request).await;
    }
    if path.starts_with("/api/v1/") || !path.trim_start_matches('/').starts_with("api") {
        return Problem::not_found("route").into_response();
    }
    yeastar::answer(&app, request).await
}

/// An answer from a dialect's status, headers and body.
fn respond(
    route: &'static str,
    status: u16,
    headers: impl IntoIterator<Item = (&'static str, String)>,
    body: Body,
) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        // The dialects promise values that are safe to send; one that is not is left out rather than sent.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response.extensions_mut().insert(Route(route));
    response
}
