//! Audio as our own API serves it.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use callvault_core::listen::Door;
use callvault_core::service::playback::Playable;
use callvault_wire::disposition;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, X_CONTENT_TYPE_OPTIONS};
use http::request::Parts;
use serde_json::{Value, json};

use super::operation::{Answers, Operation, Schemas};
use super::problem::{Code, Problem};
use crate::app::App;
use crate::play;

/// The media types of audio that is kept.
pub(super) const MEDIA_TYPES: [&str; 4] = ["audio/wav", "audio/mpeg", "audio/ogg", "audio/flac"];

/// Audio, or a part of it, or why none is sent.
pub(super) struct Audio(Response);

/// Audio that is sent once and whole.
pub(super) struct AudioOnce(pub(super) Response);

impl IntoResponse for Audio {
    fn into_response(self) -> Response {
        self.0
    }
}

impl IntoResponse for AudioOnce {
    fn into_response(self) -> Response {
        self.0
    }
}

/// Bytes have no schema.
fn content(media_types: &[&str]) -> Value {
    media_types.iter().map(|media_type| ((*media_type).to_owned(), json!({}))).collect()
}

/// Text headers that an answer always has.
fn headers(names: &[&str]) -> Value {
    let header = json!({ "required": true, "schema": { "type": "string" } });
    names.iter().map(|name| ((*name).to_owned(), header.clone())).collect()
}

impl Answers for Audio {
    fn describe(operation: &mut Operation, _: &mut Schemas) {
        operation.head = true;
        let conditions = [
            ("Range", "The bytes to send, as RFC 9110 section 14.2 has it. HEAD does not look at it."),
            ("If-Range", "The entity tag without which `Range` is not looked at."),
            ("If-None-Match", "Entity tags with which nothing is sent."),
            ("If-Match", "Entity tags without which nothing is sent."),
        ];
        for (name, about) in conditions {
            let schema = json!({ "type": "string" });
            operation
                .parameters
                .push(json!({ "name": name, "in": "header", "description": about, "schema": schema }));
        }
        let always = ["ETag", "Cache-Control", "X-Content-Type-Options", "Content-Disposition"];
        let whole = [&always[..], &["Accept-Ranges"]].concat();
        let parts = [&MEDIA_TYPES[..], &["multipart/byteranges"]].concat();
        operation.answers.extend([
            (200, json!({ "description": "The audio", "headers": headers(&whole), "content": content(&MEDIA_TYPES) })),
            (206, json!({ "description": "Parts of the audio", "headers": headers(&whole), "content": content(&parts) })),
            (304, json!({ "description": "The client has it", "headers": headers(&always) })),
            (412, json!({ "description": "It is not what `If-Match` names" })),
            (416, json!({ "description": "No range is within the audio", "headers": headers(&["Content-Range"]) })),
        ]);
        operation.fails(&[Code::NotFound, Code::Unreadable, Code::Internal]);
    }
}

impl Answers for AudioOnce {
    fn describe(operation: &mut Operation, _: &mut Schemas) {
        operation.head = true;
        let headers = headers(&["Content-Disposition"]);
        operation.answers.push((
            200,
            json!({ "description": "The audio, whole", "headers": headers, "content": content(&MEDIA_TYPES) }),
        ));
        operation.fails(&[Code::Unreadable, Code::Internal]);
    }
}

/// Answers a GET or HEAD for audio.
pub(super) async fn serve(app: &Arc<App>, parts: &Parts, playable: Playable) -> Result<Audio, Problem> {
    let door = Door::Api.as_str();
    let mut response = play::audio(app, &parts.method, &parts.headers, &playable, door).await?;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(disposition) = HeaderValue::try_from(disposition::attachment(&playable.file_name)) {
        headers.insert(CONTENT_DISPOSITION, disposition);
    }
    Ok(Audio(response))
}
