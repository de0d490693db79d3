//! Audio as our own API serves it.

use std::sync::Arc;

use axum::response::Response;
use callvault_core::listen::Door;
use callvault_core::service::playback::Playable;
use callvault_wire::disposition;
use http::HeaderValue;
use http::request::Parts;

use super::problem::Problem;
use crate::app::App;
use crate::play;

/// Answers a GET or HEAD for audio.
pub(super) async fn serve(app: &Arc<App>, parts: &Parts, playable: Playable) -> Result<Response, Problem> {
    let door = Door::Api.as_str();
    let mut response = play::audio(app, &parts.method, &parts.headers, &playable, door).await?;
    let headers = response.headers_mut();
    headers.insert("cache-control", HeaderValue::from_static("private, no-cache"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    if let Ok(disposition) = HeaderValue::try_from(disposition::attachment(&playable.file_name)) {
        headers.insert("content-disposition", disposition);
    }
    Ok(response)
}
