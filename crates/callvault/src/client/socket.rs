//! Requests over the control socket, a connection for each.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use anyhow::Context as _;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::UnixStream;

use super::Body;

pub(super) async fn send(path: &Path, request: Request<Body>) -> anyhow::Result<Response<Body>> {
    let stream = UnixStream::connect(path)
        .await
        .with_context(|| format!("cannot reach the server at {}", path.display()))?;
    let lost = || format!("the server at {} broke off", path.display());
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(Listening(stream))).await.with_context(lost)?;
    // The connection lives as long as the body of the answer; its failure shows in there.
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to the control socket failed");
        }
    });
    let answer = sender.send_request(request).await.with_context(lost)?;
    Ok(answer.map(|body| body.map_err(Into::into).boxed_unsync()))
}

/// A connection that goes on reading when the other side takes nothing more. A server that refuses an upload answers and
/// closes while pieces are still on their way; what it said is there to be read, and says more than a broken pipe.
struct Listening(UnixStream);

impl AsyncWrite for Listening {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.0).poll_write(context, bytes) {
            Poll::Ready(Err(error)) if is_closed(&error) => Poll::Ready(Ok(bytes.len())),
            other => other,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

impl AsyncRead for Listening {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

fn is_closed(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixListener;

    use bytes::Bytes;
    use http::StatusCode;
    use http_body_util::Full;

    use super::*;

    /// Sends more than a socket holds to a server that reads the beginning, says `answer` and closes.
    async fn check(answer: &'static str, expected: Result<StatusCode, &str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_exact(&mut [0; 100]).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let body = Full::new(Bytes::from(vec![7; 8 << 20])).map_err(|never| match never {}).boxed_unsync();
        let request = Request::put("/").header("host", "here").body(body).unwrap();
        let found = send(&path, request).await;
        server.join().unwrap();
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found.status(), expected),
            (Err(found), Err(expected)) => assert!(format!("{found:#}").contains(expected), "{found:#}"),
            (found, expected) => panic!("{:?}, not {expected:?}", found.map(|found| found.status())),
        }
    }

    #[tokio::test]
    async fn a_refusal_is_heard_though_the_upload_was_cut_off() {
        let refusal = "HTTP/1.1 413 Content Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        for _ in 0..20 {
            check(refusal, Ok(StatusCode::PAYLOAD_TOO_LARGE)).await;
        }
    }

    #[tokio::test]
    async fn a_server_that_says_nothing_broke_off() {
        check("", Err("broke off")).await;
    }
}
