//! Stored audio as every door but strict tickets serves it: the one Range engine, a strong ETag, and an entry in the listen
//! log for what leaves.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use callvault_core::audio::Container;
use callvault_core::service::playback::{Playable, Released};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::app::App;
use crate::http::entity_tag::StrongEtag;
use crate::http::partial::{self, Segment};
use crate::http::range::Representation;
use crate::stream::{self, Form, Piece};

/// Answers a GET or HEAD for audio. Disposition, caching and `nosniff` are for the door, whose word in metrics is `door`.
///
/// # Errors
/// When the listen log takes no entry.
pub(crate) async fn audio(
    app: &Arc<App>,
    method: &Method,
    request: &HeaderMap,
    playable: &Playable,
    door: &'static str,
) -> callvault_core::Result<Response> {
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
    let answer = partial::answer(method, request, &representation, &media_type);
    let body = if *method == Method::HEAD || answer.segments.is_empty() {
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
        stream::body(reader, pieces.collect(), &app.budget, &app.metrics, door)
    };
    let mut response = Response::new(body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    Ok(response)
}
