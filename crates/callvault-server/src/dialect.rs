//! The vendor dialects as routes: read the request, let the dialect parse it, ask the services, let the dialect render.

mod enswitch;
mod pseries;
pub(crate) mod spool;
mod yeastar;

use std::borrow::Cow;
use std::future::ready;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use callvault_wire::reply::Header;
use futures_util::future::BoxFuture;
use http::header::{
    ACCEPT_RANGES, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::api::problem::Problem;
use crate::app::App;
use crate::observe::Route;

/// Whatever is no route of our own: one of the dialects, or nothing.
///
/// Each dialect's future has a box of its own. One for all would be as large as the largest, and a future is copied more than
/// once on its way to where it stays.
pub(crate) fn route(app: Arc<App>, request: Request) -> BoxFuture<'static, Response> {
    let path = request.uri().path();
    if let Some(target) = app.settings.enswitch_prefixes.target(path) {
        return Box::pin(enswitch::answer(app, target, request));
    }
    if pseries::owns(path) {
        return Box::pin(pseries::answer(app, request));
    }
    if path.starts_with("/api/v1/") || !path.trim_start_matches('/').starts_with("api") {
        return Box::pin(ready(Problem::not_found("route").into_response()));
    }
    Box::pin(yeastar::answer(app, request))
}

/// An answer from a dialect's status, headers and body.
fn respond(route: &'static str, status: u16, headers: Vec<Header>, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    // Room for what every answer is given besides.
    *response.headers_mut() = HeaderMap::with_capacity(headers.len() + 2);
    for (name, value) in headers.into_iter().filter_map(header) {
        response.headers_mut().append(name, value);
    }
    response.extensions_mut().insert(Route(Cow::Borrowed(route)));
    response
}

/// A header of a dialect. The dialects promise values that are safe to send; one that is not is left out rather than sent.
pub(crate) fn header((name, value): Header) -> Option<(HeaderName, HeaderValue)> {
    header_name(name).zip(header_value(value))
}

/// A header's name in whatever case; those of downloads without a look at each letter.
fn header_name(name: &'static str) -> Option<HeaderName> {
    Some(match name {
        "Accept-Ranges" => ACCEPT_RANGES,
        "Access-control-allow-methods" => ACCESS_CONTROL_ALLOW_METHODS,
        "Access-control-allow-origin" => ACCESS_CONTROL_ALLOW_ORIGIN,
        "Access-Control-Expose-Headers" => ACCESS_CONTROL_EXPOSE_HEADERS,
        "Cache-Control" | "cache-control" => CACHE_CONTROL,
        "Content-Disposition" | "content-disposition" => CONTENT_DISPOSITION,
        "Content-Length" | "content-length" => CONTENT_LENGTH,
        "Content-Type" | "content-type" => CONTENT_TYPE,
        "Referrer-Policy" => REFERRER_POLICY,
        "X-Content-Type-Options" | "x-content-type-options" => X_CONTENT_TYPE_OPTIONS,
        other => return HeaderName::try_from(other).ok(),
    })
}

/// The value of a header; what the dialect has as a constant is not copied.
fn header_value(value: Cow<'static, str>) -> Option<HeaderValue> {
    match value {
        Cow::Borrowed(text) => HeaderValue::from_maybe_shared(Bytes::from_static(text.as_bytes())),
        Cow::Owned(text) => HeaderValue::try_from(text),
    }
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_told_by_its_name_in_any_case() {
        for name in [
            "Accept-Ranges",
            "Access-control-allow-methods",
            "Access-control-allow-origin",
            "Access-Control-Expose-Headers",
            "Cache-Control",
            "cache-control",
            "Content-Disposition",
            "content-disposition",
            "Content-Length",
            "content-length",
            "Content-Type",
            "content-type",
            "Referrer-Policy",
            "X-Content-Type-Options",
            "x-content-type-options",
            "Retry-After",
        ] {
            assert_eq!(header_name(name).unwrap().as_str(), name.to_ascii_lowercase());
        }
        assert_eq!(header_name("no name"), None);
    }

    #[test]
    fn a_value_that_is_not_safe_is_left_out() {
        let headers =
            vec![("Content-Type", "a\r\nb".into()), ("Allow", "a\0".to_owned().into()), ("x", "y".into())];
        let response = respond("/", 200, headers, Body::empty());
        let names: Vec<_> = response.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["x"]);
    }
}
