//! Request bodies that are audio: streamed into the intake, with a bound on how slowly they may come.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::{FromRequest, Request};
use callvault_core::service::intake::Incoming;
use http_body_util::BodyExt as _;
use serde_json::{Map, json};

use super::audio::MEDIA_TYPES;
use super::operation::{Input, Operation, Schemas};
use super::problem::{Code, Problem};
use crate::app::App;

/// How long the next piece of a body may take.
const PIECE_TIME: Duration = Duration::from_secs(60);

/// A body that is audio. What it is, its bytes say; the media type that it is sent with is not looked at.
pub(super) struct AudioBody(pub(super) Body);

impl FromRequest<Arc<App>> for AudioBody {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self(request.into_body()))
    }
}

impl Input for AudioBody {
    fn describe(operation: &mut Operation, _: &mut Schemas) {
        let media_types = MEDIA_TYPES.iter().chain(&["application/octet-stream"]);
        let content: Map<_, _> =
            media_types.map(|media_type| ((*media_type).to_owned(), json!({}))).collect();
        let about = "Audio. Its bytes say what it is; the media type is not looked at.";
        operation.body = Some(json!({ "description": about, "content": content }));
        operation.fails(&[Code::Invalid, Code::TooLarge, Code::NotAudio, Code::Busy]);
    }
}

/// The size of a body, where its sender has told it.
pub(super) fn size_of(body: &Body) -> Option<u64> {
    body.size_hint().exact()
}

/// Streams the body into the upload. After an error the upload is to be abandoned.
pub(super) async fn receive(mut body: Body, incoming: &mut Incoming) -> Result<(), Problem> {
    loop {
        let piece =
            tokio::time::timeout(PIECE_TIME, body.frame()).await.map_err(|_| Problem::broken_body())?;
        let Some(frame) = piece else { return Ok(()) };
        if let Ok(bytes) = frame.map_err(|_| Problem::broken_body())?.into_data() {
            incoming.write(bytes).await?;
        }
    }
}
