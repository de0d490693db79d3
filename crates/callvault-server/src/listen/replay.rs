//! A stream whose first bytes were read ahead, to see what is spoken, and are given again to the reader.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// A stream with the bytes that were looked at.
#[derive(Debug)]
pub(super) struct Replay<S> {
    ahead: BytesMut,
    stream: S,
}

impl<S: AsyncRead + Unpin> Replay<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { ahead: BytesMut::new(), stream }
    }

    /// What was read ahead and not yet consumed.
    pub(super) fn ahead(&self) -> &[u8] {
        &self.ahead
    }

    /// Reads some more bytes ahead, at most until `most_bytes` are there; 0 means the end of the stream.
    pub(super) async fn look_further(&mut self, most_bytes: usize) -> io::Result<usize> {
        let room = most_bytes.saturating_sub(self.ahead.len());
        let mut limited = (&mut self.stream).take(room as u64);
        limited.read_buf(&mut self.ahead).await
    }

    /// What is under it.
    pub(super) fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Forgets bytes that were read ahead; the reader will not see them.
    pub(super) fn consume(&mut self, bytes: usize) {
        self.ahead.advance(bytes);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Replay<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() {
            return Pin::new(&mut self.stream).poll_read(context, buffer);
        }
        let length = self.ahead.len().min(buffer.remaining());
        buffer.put_slice(&self.ahead.split_to(length));
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Replay<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_looked_at_is_read_again_unless_consumed() {
        let source: &[u8] = b"PROXY UNKNOWN\r\nGET /";
        let mut stream = Replay::new(source);
        while stream.ahead().len() < 17 {
            assert_ne!(stream.look_further(17).await.unwrap(), 0);
        }
        assert_eq!(stream.ahead(), b"PROXY UNKNOWN\r\nGE");
        assert_eq!(stream.look_further(17).await.unwrap(), 0);
        stream.consume(15);
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "GET /");
    }
}
