//! A stream of HTTP/1 requests in which blanks inside a request line are written `%20`.
//!
//! Clients of the vendors write times into links as they are, `?starttime=2024-03-05 00:00:00&...`
//! (`docs/yeastar.md` G31), and HTTP has no such request line. What such a line means is certain: it ends in
//! ` HTTP/1.1`, and the method ends at the first blank. Nothing else is changed. Where requests begin is followed by
//! `Content-Length` alone; as soon as anything else says how long a message is, or a head is not plain, the rest of the
//! connection goes through as it is, and is the parser's to judge.

use std::io;
use std::mem::take;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use memchr::{memchr, memrchr};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The longest line that is looked at. The parser's own bound on a whole head is smaller by default.
const MOST_LINE_BYTES: usize = 64 * 1024;

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A request line.
    RequestLine,
    /// A line of a head that has told of a body of so many bytes, if it has.
    Header(Option<u64>),
    /// A body with so many bytes to come.
    Body(u64),
    /// What is not looked at any more.
    Rest,
}

/// The bytes of a connection on their way. What comes out does not depend on how the bytes are cut.
#[derive(Debug)]
pub struct Mender {
    place: Place,
    /// The line that has begun. Of a request line nothing was given out yet, of the others all was.
    line: Vec<u8>,
    ready: BytesMut,
}

impl Default for Mender {
    fn default() -> Self {
        Self { place: Place::RequestLine, line: Vec::new(), ready: BytesMut::new() }
    }
}

impl Mender {
    /// Takes the next bytes.
    pub fn push(&mut self, mut bytes: &[u8]) {
        loop {
            let (passed, rest) = bytes.split_at(self.pass(bytes));
            self.ready.extend_from_slice(passed);
            if rest.is_empty() {
                return;
            }
            let end = memchr(b'\n', rest).map(|at| at + 1);
            let (line, rest) = rest.split_at(end.unwrap_or(rest.len()));
            bytes = rest;
            self.line.extend_from_slice(line);
            if matches!(self.place, Place::Header(_)) {
                self.ready.extend_from_slice(line);
            }
            if self.line.len() > MOST_LINE_BYTES {
                self.give_up();
            } else if end.is_some() {
                self.end_line();
            }
        }
    }

    /// Goes past the bytes that come out as they are, nearly always all, and says how many they are. It ends before a line
    /// that is not whole, or is not to stay as it is.
    fn pass(&mut self, bytes: &[u8]) -> usize {
        let mut passed = 0;
        while self.line.is_empty() && passed < bytes.len() {
            let rest = &bytes[passed..];
            let (length, place) = match self.place {
                Place::Rest => (rest.len(), Place::Rest),
                Place::Body(length) => {
                    let here = usize::try_from(length).unwrap_or(usize::MAX).min(rest.len());
                    (here, after_body(length - here as u64))
                }
                Place::RequestLine | Place::Header(_) => {
                    let line = memchr(b'\n', rest).map(|at| &rest[..=at]);
                    let Some(line) = line.filter(|line| line.len() <= MOST_LINE_BYTES) else { break };
                    let place = match self.place {
                        Place::Header(length) => after_header(line, length),
                        _ if line.trim_ascii().is_empty() => Place::RequestLine,
                        _ if target(line).is_some_and(|target| memchr(b' ', target).is_none()) => {
                            Place::Header(None)
                        }
                        _ => break,
                    };
                    (line.len(), place)
                }
            };
            passed += length;
            self.place = place;
        }
        passed
    }

    /// Takes the end: a line that was not finished goes out as it is.
    pub fn end(&mut self) {
        self.give_up();
    }

    /// What may be read now.
    pub fn ready(&mut self) -> &mut BytesMut {
        &mut self.ready
    }

    fn end_line(&mut self) {
        let line = take(&mut self.line);
        match self.place {
            Place::RequestLine => match mended(&line) {
                // A blank line may stand before a request (RFC 9112 section 2.2).
                _ if line.trim_ascii().is_empty() => self.ready.extend_from_slice(&line),
                Some(mended) => {
                    self.ready.extend_from_slice(&mended);
                    self.place = Place::Header(None);
                }
                None => {
                    self.line = line;
                    self.give_up();
                }
            },
            Place::Header(length) => self.place = after_header(&line, length),
            Place::Body(_) | Place::Rest => {}
        }
    }

    /// Looks at nothing any more.
    fn give_up(&mut self) {
        let line = take(&mut self.line);
        if self.place == Place::RequestLine {
            self.ready.extend_from_slice(&line);
        }
        self.place = Place::Rest;
    }
}

/// What stands between the method and the version of a request line; `None` for what is none.
fn target(line: &[u8]) -> Option<&[u8]> {
    let end = line.len() - line.iter().rev().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let text = &line[..end];
    let target_at = memchr(b' ', text)? + 1;
    let version_at = memrchr(b' ', text)?;
    let is_version = matches!(&text[version_at..], b" HTTP/1.1" | b" HTTP/1.0");
    (is_version && version_at >= target_at).then(|| &text[target_at..version_at])
}

/// The request line with its inner blanks encoded; `None` for what is none.
fn mended(line: &[u8]) -> Option<Vec<u8>> {
    let target = target(line)?;
    // The method ends at the first blank, so what is before the target is as long as it was.
    let target_at = memchr(b' ', line)? + 1;
    let mut mended = Vec::with_capacity(line.len() + 16);
    mended.extend_from_slice(&line[..target_at]);
    for byte in target {
        match byte {
            b' ' => mended.extend_from_slice(b"%20"),
            other => mended.push(*other),
        }
    }
    mended.extend_from_slice(&line[target_at + target.len()..]);
    Some(mended)
}

/// Where a line of a head leads to.
fn after_header(line: &[u8], length: Option<u64>) -> Place {
    let text = line.trim_ascii_end();
    if text.is_empty() {
        return after_body(length.unwrap_or(0));
    }
    let Some(colon) = memchr(b':', text) else { return Place::Rest };
    let (name, value) = (&text[..colon], text[colon + 1..].trim_ascii());
    // A line that goes on with the one before it begins with a blank; a name has none.
    if name.is_empty() || name.iter().any(|byte| byte.is_ascii_whitespace()) {
        return Place::Rest;
    }
    let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    if is("content-length") {
        let digits = std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
        return match (length, digits.and_then(|text| text.parse().ok())) {
            (None, Some(length)) => Place::Header(Some(length)),
            _ => Place::Rest,
        };
    }
    if is("transfer-encoding") || is("upgrade") { Place::Rest } else { Place::Header(length) }
}

fn after_body(length: u64) -> Place {
    if length == 0 { Place::RequestLine } else { Place::Body(length) }
}

/// The stream.
#[derive(Debug)]
pub(super) struct Mended<S> {
    stream: S,
    mender: Mender,
}

impl<S> Mended<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, mender: Mender::default() }
    }

    /// What is under it.
    pub(super) fn get_ref(&self) -> &S {
        &self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Mended<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let Self { stream, mender } = &mut *self;
        while mender.ready.is_empty() {
            let before = buffer.filled().len();
            ready!(Pin::new(&mut *stream).poll_read(context, buffer))?;
            let read = &buffer.filled()[before..];
            if read.is_empty() {
                mender.end();
                if mender.ready.is_empty() {
                    return Poll::Ready(Ok(()));
                }
                break;
            }
            // What stays as it is has come to where it belongs.
            let passed = mender.pass(read);
            if passed < read.len() {
                mender.push(&read[passed..]);
                buffer.set_filled(before + passed);
            }
            if passed > 0 {
                return Poll::Ready(Ok(()));
            }
        }
        let length = mender.ready.len().min(buffer.remaining());
        buffer.put_slice(&mender.ready[..length]);
        mender.ready.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Mended<S> {
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
    use proptest::prelude::*;
    use tokio::io::AsyncReadExt as _;

    use super::*;

    /// Gives at most so many bytes at once.
    struct Pieces<'a>(&'a [u8], usize);

    impl AsyncRead for Pieces<'_> {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let length = self.1.min(self.0.len()).min(buffer.remaining());
            let (now, later) = self.0.split_at(length);
            buffer.put_slice(now);
            self.0 = later;
            Poll::Ready(Ok(()))
        }
    }

    /// What comes out when the bytes come in pieces of so many.
    async fn read(bytes: &[u8], piece: usize) -> Vec<u8> {
        let mut stream = Mended::new(Pieces(bytes, piece));
        let mut read = Vec::new();
        stream.read_to_end(&mut read).await.unwrap();
        read
    }

    #[track_caller]
    fn check(bytes: &str, expected: &str) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for piece in [1, 2, 7, 10_000] {
            let found = runtime.block_on(read(bytes.as_bytes(), piece));
            let found = String::from_utf8_lossy(&found);
            assert!(
                found == expected,
                "in pieces of {piece}: {:?}",
                found.chars().take(300).collect::<String>()
            );
        }
    }

    #[test]
    fn blanks_in_every_request_line_are_encoded() {
        check(
            "GET /a?t=2024-03-05 00:00:00&u=1 HTTP/1.1\r\nHost: a b\r\n\r\n",
            "GET /a?t=2024-03-05%2000:00:00&u=1 HTTP/1.1\r\nHost: a b\r\n\r\n",
        );
        check(
            "\r\nPOST /x HTTP/1.1\r\ncontent-LENGTH: 18 \r\nX: y\r\n\r\nGET /b c HTTP/1.1\nGET /b c HTTP/1.0\n\nHEAD /d  e HTTP/1.1\r\n\r\n",
            "\r\nPOST /x HTTP/1.1\r\ncontent-LENGTH: 18 \r\nX: y\r\n\r\nGET /b c HTTP/1.1\nGET /b%20c HTTP/1.0\n\nHEAD /d%20%20e HTTP/1.1\r\n\r\n",
        );
    }

    #[test]
    fn what_is_not_certain_stays_as_it_is() {
        let second = "GET /b c HTTP/1.1\r\n\r\n";
        for head in [
            "PUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "PUT /x HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
            "PUT /x HTTP/1.1\r\nContent-Length: +0\r\n\r\n",
            "PUT /x HTTP/1.1\r\nContent-Length: 0, 0\r\n\r\n",
            "PUT /x HTTP/1.1\r\nContent-Length : 0\r\n\r\n",
            "PUT /x HTTP/1.1\r\nA: b\r\n Content-Length: 0\r\n\r\n",
            "PUT /x HTTP/1.1\r\nno header\r\n\r\n",
            "GET /x HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
            "GET /x y HTTP/2.0\r\n\r\n",
            "GET HTTP/1.1\r\n\r\n",
            "nonsense\r\n\r\n",
        ] {
            let bytes = format!("{head}{second}");
            check(&bytes, &bytes);
        }
        check("GET /cut sho", "GET /cut sho");
        let long = format!("GET /{} x HTTP/1.1\r\n\r\n{second}", "x".repeat(MOST_LINE_BYTES));
        check(&long, &long);
    }

    proptest! {
        /// Whatever comes, only blanks between the first and the last of a line may change, and bytes are never lost.
        #[test]
        fn nothing_else_changes(bytes in "(GET /[a ]{0,5} HTTP/1.1\r\n(Content-Length: [0-9]{1,2}\r\n|A: b\r\n)?\r\n|[a :\r\n]{0,9}){0,9}", piece in 1_usize..30) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let found = String::from_utf8(runtime.block_on(read(bytes.as_bytes(), piece))).unwrap();
            let whole = String::from_utf8(runtime.block_on(read(bytes.as_bytes(), usize::MAX))).unwrap();
            prop_assert_eq!(&found, &whole, "it does not matter how the bytes are cut");
            prop_assert_eq!(found.replace("%20", " "), bytes);
        }
    }
}
