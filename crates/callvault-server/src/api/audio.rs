//! Audio as our own API serves it: the one Range engine, a strong ETag, and an entry in the listen log for what leaves.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use callvault_core::audio::Container;
use callvault_core::service::playback::{Playable, Released};
use callvault_wire::disposition;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};

use super::problem::Problem;
use crate::app::App;
use crate::http::entity_tag::StrongEtag;
use crate::http::partial::{self, Segment};
use crate::http::range::Representation;
use crate::stream::{self, Form, Piece};

/// Answers a GET or HEAD for audio.
pub(super) async fn serve(app: &Arc<App>, parts: &Parts, playable: Playable) -> Result<Response, Problem> {
    let audio = &playable.audio;
    // The audio never changes, so a date would say nothing that the ETag does not say better.
    let representation = Representation {
        size_bytes: audio.size_bytes,
        etag: StrongEtag::from_sha256(&audio.sha256.0),
        last_modified: None,
    };
    let media_type = HeaderValue::from_static(match audio.facts.container {
        Container::Wave => "audio/wav",
        Container::Mp3 => "audio/mpeg",
        Container::Ogg => "audio/ogg",
        Container::Flac => "audio/flac",
    });
    let answer = partial::answer(&parts.method, &parts.headers, &representation, &media_type);
    let body = if parts.method == Method::HEAD || answer.segments.is_empty() {
        Body::empty()
    } else {
        let released = match (answer.status, answer.audio().map(|range| range.start).min()) {
            (StatusCode::PARTIAL_CONTENT, Some(first)) => {
                let end = answer.audio().map(|range| range.end).max().unwrap_or(first + 1);
                Released::Part { first, last: end - 1 }
            }
            _ => Released::Whole,
        };
        let reader = playable.release(released).await?;
        let pieces = answer.segments.iter().map(|segment| match segment {
            Segment::Bytes(bytes) => Piece::Bytes(bytes.clone()),
            Segment::Audio(range) => Piece::Audio(range.clone(), Form::Exact),
        });
        stream::body(reader, pieces.collect(), &app.budget, &app.metrics, "api")
    };
    let mut response = (answer.status, answer.headers, body).into_response();
    let headers = response.headers_mut();
    headers.insert("cache-control", HeaderValue::from_static("private, no-cache"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    if let Ok(disposition) = HeaderValue::try_from(disposition::attachment(&playable.file_name)) {
        headers.insert("content-disposition", disposition);
    }
    Ok(response)
}
