//! Requests over the control socket, a connection for each.

use std::path::Path;

use anyhow::Context as _;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

use super::Body;

pub(super) async fn send(path: &Path, request: Request<Body>) -> anyhow::Result<Response<Body>> {
    let stream = UnixStream::connect(path)
        .await
        .with_context(|| format!("cannot reach the server at {}", path.display()))?;
    let lost = || format!("the server at {} broke off", path.display());
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.with_context(lost)?;
    // The connection lives as long as the body of the answer; its failure shows in there.
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to the control socket failed");
        }
    });
    let answer = sender.send_request(request).await.with_context(lost)?;
    Ok(answer.map(|body| body.map_err(Into::into).boxed_unsync()))
}
