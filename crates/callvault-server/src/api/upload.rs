//! Request bodies that are audio: streamed into the intake, with a bound on how slowly they may come.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use callvault_core::service::intake::Incoming;
use http_body_util::BodyExt as _;

use super::problem::Problem;

/// How long the next piece of a body may take.
const PIECE_TIME: Duration = Duration::from_secs(60);

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
