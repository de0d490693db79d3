//! Audio on its way from the API to a file or to standard output.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use http::Method;
use http::header::ETAG;
use http_body_util::BodyExt as _;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::{ApiClient, Body, Route, full, request};

/// Where a download goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// To standard output.
    Output,
    /// To a file, which is replaced.
    File(PathBuf),
}

impl ApiClient {
    /// Fetches audio; answers how many bytes it has.
    ///
    /// # Errors
    /// When the API refuses, the bytes are not those that were announced, or they cannot be written. Then no file appears.
    pub(crate) async fn download(&self, route: &Route, target: &Target) -> anyhow::Result<u64> {
        let answer = self.send_well(request(Method::GET, route, full(Default::default()))?).await?;
        let etag = answer.headers().get(ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        let body = answer.into_body();
        let (size_bytes, sha256) = match target {
            Target::Output => {
                let mut out = tokio::io::stdout();
                copy(body, &mut out).await.context("cannot write to standard output")?
            }
            Target::File(path) => {
                return write_file(path, body, etag.as_deref())
                    .await
                    .with_context(|| format!("cannot write {}", path.display()));
            }
        };
        check_tag(etag.as_deref(), &sha256)?;
        Ok(size_bytes)
    }
}

async fn copy(mut body: Body, out: &mut (impl AsyncWrite + Unpin)) -> anyhow::Result<(u64, String)> {
    let mut hash = Sha256::new();
    let mut size_bytes = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| anyhow::anyhow!(error).context("the download broke off"))?;
        if let Ok(piece) = frame.into_data() {
            hash.update(&piece);
            size_bytes += piece.len() as u64;
            out.write_all(&piece).await?;
        }
    }
    out.flush().await?;
    Ok((size_bytes, hex::encode(hash.finalize())))
}

/// The entity tag of audio is its SHA-256, so a damaged copy shows here.
fn check_tag(etag: Option<&str>, sha256: &str) -> anyhow::Result<()> {
    let announced = etag.map(|tag| tag.trim_matches('"'));
    let is_hash = |tag: &&str| tag.len() == 64 && tag.bytes().all(|byte| byte.is_ascii_hexdigit());
    match announced.filter(is_hash) {
        Some(announced) if announced != sha256 => anyhow::bail!("what came is not what is stored"),
        _ => Ok(()),
    }
}

/// Temporary file, fsync, rename, fsync of the directory.
async fn write_file(path: &Path, body: Body, etag: Option<&str>) -> anyhow::Result<u64> {
    let name = path.file_name().context("a file name is missing")?;
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut temporary_name = std::ffi::OsString::from(".");
    temporary_name.push(name);
    temporary_name.push(format!(".{}.part", std::process::id()));
    let temporary = directory.join(temporary_name);
    let result = fill(&temporary, path, &directory, body, etag).await;
    if result.is_err() {
        // It may not have been made at all; what failed first is what matters.
        let _ = tokio::fs::remove_file(&temporary).await;
    }
    result
}

async fn fill(
    temporary: &Path,
    path: &Path,
    directory: &Path,
    body: Body,
    etag: Option<&str>,
) -> anyhow::Result<u64> {
    let mut file = tokio::fs::File::create(temporary).await?;
    let (size_bytes, sha256) = copy(body, &mut file).await?;
    check_tag(etag, &sha256)?;
    file.sync_all().await?;
    tokio::fs::rename(temporary, path).await?;
    tokio::fs::File::open(directory).await?.sync_all().await?;
    Ok(size_bytes)
}
