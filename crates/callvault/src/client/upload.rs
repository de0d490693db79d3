//! Files on their way to the API, hashed while they are sent.

use std::io;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode};
use http_body_util::channel::{Channel, Sender};
use http_body_util::{BodyExt as _, Full};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncReadExt as _;

use super::{ApiClient, Body, Route, refusal, request, value};

/// How much is read from a file at once.
const PIECE_BYTES: usize = 256 * 1024;
/// How many pieces wait for the transport.
const PIECES_AHEAD: usize = 2;
/// How long the cause of a broken request is waited for.
const READ_FAILURE_TIME: Duration = Duration::from_secs(1);

/// A file that arrived.
#[derive(Debug)]
pub(crate) struct Sent {
    /// Whether it is new (201), or was there already (200).
    pub(crate) is_new: bool,
    /// What the API answered.
    pub(crate) answer: Value,
    /// SHA-256 of what was sent, in lower-case hex.
    pub(crate) sha256: String,
    /// How many bytes were sent.
    pub(crate) size_bytes: u64,
}

impl ApiClient {
    /// Puts the bytes of a file.
    ///
    /// # Errors
    /// When the file cannot be read or shrinks meanwhile, or the API refuses it.
    pub(crate) async fn put_file(&self, route: &Route, path: &Path) -> anyhow::Result<Sent> {
        let reading = || format!("cannot read {}", path.display());
        let file = tokio::fs::File::open(path).await.with_context(reading)?;
        let metadata = file.metadata().await.with_context(reading)?;
        anyhow::ensure!(metadata.is_file(), "{} is no file", path.display());
        let size_bytes = metadata.len();
        let (sender, body) = Channel::<Bytes, io::Error>::new(PIECES_AHEAD);
        let pump = tokio::spawn(pump(file, size_bytes, sender));
        let sending = self.put(route, body.map_err(Into::into).boxed_unsync(), size_bytes).await;
        let (is_new, answer) = match sending {
            Ok(done) => done,
            Err(error) if refusal(&error).is_some() => {
                pump.abort();
                return Err(error);
            }
            Err(error) => {
                // A file that cannot be read breaks the request; then that is the cause, not the broken request.
                return match tokio::time::timeout(READ_FAILURE_TIME, pump).await {
                    Ok(Ok(Err(failure))) => Err(failure).with_context(reading),
                    _ => Err(error),
                };
            }
        };
        let sha256 = pump.await.context("reading was broken off")?.with_context(reading)?;
        let Some(sha256) = sha256 else {
            anyhow::bail!("{} was answered before it was sent whole", path.display());
        };
        check_hash(&answer, &sha256)?;
        Ok(Sent { is_new, answer, sha256, size_bytes })
    }

    /// Puts bytes that are in memory.
    ///
    /// # Errors
    /// When the API refuses them.
    pub(crate) async fn put_bytes(&self, route: &Route, bytes: &'static [u8]) -> anyhow::Result<Value> {
        let body = Full::new(Bytes::from_static(bytes)).map_err(|never| match never {}).boxed_unsync();
        let (_, answer) = self.put(route, body, bytes.len() as u64).await?;
        check_hash(&answer, &hex::encode(Sha256::digest(bytes)))?;
        Ok(answer)
    }

    async fn put(&self, route: &Route, body: Body, size_bytes: u64) -> anyhow::Result<(bool, Value)> {
        let mut request = request(Method::PUT, route, body)?;
        request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(size_bytes));
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        let answer = self.send_well(request).await?;
        let is_new = answer.status() != StatusCode::OK;
        Ok((is_new, value(answer).await?))
    }
}

/// What the API stored must be what was read; otherwise something between the two is broken.
fn check_hash(answer: &Value, sha256: &str) -> anyhow::Result<()> {
    match answer["audio"]["sha256"].as_str() {
        Some(stored) if stored != sha256 => anyhow::bail!("what was stored is not what was sent"),
        _ => Ok(()),
    }
}

/// Sends exactly `size_bytes` of the file; answers their hash, or `None` when the other side stopped listening.
async fn pump(
    mut file: tokio::fs::File,
    size_bytes: u64,
    mut sender: Sender<Bytes, io::Error>,
) -> io::Result<Option<String>> {
    let mut hash = Sha256::new();
    let mut left = size_bytes;
    while left > 0 {
        let mut piece =
            BytesMut::with_capacity(PIECE_BYTES.min(usize::try_from(left).unwrap_or(PIECE_BYTES)));
        let read = match (&mut file).take(left).read_buf(&mut piece).await {
            Ok(0) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file shrank while it was read")),
            other => other,
        };
        match read {
            Ok(bytes) => left -= bytes as u64,
            Err(failure) => {
                let told = io::Error::new(failure.kind(), failure.to_string());
                sender.abort(told);
                return Err(failure);
            }
        }
        hash.update(&piece);
        if sender.send_data(piece.freeze()).await.is_err() {
            return Ok(None);
        }
    }
    Ok(Some(hex::encode(hash.finalize())))
}
