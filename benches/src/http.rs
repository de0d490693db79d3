//! A connection that is kept, for one request at a time, with as little between it and the socket as can be.
//!
//! All connections of a thread read into one buffer, which therefore stays in the cache; nothing is held in it across
//! an await. Bodies are not kept: they go to a [`Sink`] as they come.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::ready;

use anyhow::{Context, bail};
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};

use crate::checksum::Checksum;
use crate::endpoint::{Endpoint, Stream};
use crate::head::{self, Head};

/// Large enough to empty a socket's receive buffer in a few calls, small enough for the second-level cache.
const BUFFER_BYTES: usize = 256 * 1024;

/// The longest head that is waited for.
const HEAD_LIMIT_BYTES: usize = 16 * 1024;

/// The read buffer that the connections of one thread share.
pub(crate) type SharedBuffer = Rc<RefCell<Box<[u8]>>>;

/// A new buffer for a thread.
pub(crate) fn shared_buffer() -> SharedBuffer {
    Rc::new(RefCell::new(vec![0; BUFFER_BYTES].into_boxed_slice()))
}

/// Takes a body in pieces.
pub(crate) trait Sink {
    /// The next bytes of the body.
    fn take(&mut self, bytes: &[u8]);
}

impl Sink for Vec<u8> {
    fn take(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

impl Sink for Checksum {
    fn take(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }
}

/// An open connection.
pub(crate) struct Connection {
    stream: Stream,
    buffer: SharedBuffer,
    /// A head of which only the beginning has come; empty otherwise.
    partial: Vec<u8>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub(crate) async fn open(endpoint: &Endpoint, buffer: SharedBuffer) -> anyhow::Result<Connection> {
        Ok(Connection { stream: endpoint.connect().await?, buffer, partial: Vec::new() })
    }

    /// The cipher suite in use; none without TLS.
    pub(crate) fn suite(&self) -> Option<rustls::CipherSuite> {
        self.stream.suite()
    }

    /// Sends a request and takes the whole answer; gives its head.
    ///
    /// # Errors
    /// When the connection breaks or ends early, or the answer is not what [`head::parse`] takes.
    pub(crate) async fn exchange(&mut self, request: &[u8], sink: &mut impl Sink) -> anyhow::Result<Head> {
        self.stream.write_all(request).await.context("cannot send a request")?;
        if self.stream.suite().is_some() {
            self.stream.flush().await.context("cannot send a request")?;
        }
        let mut head: Option<Head> = None;
        let mut missing = 0_u64;
        let Connection { stream, buffer, partial } = self;
        loop {
            let received = poll_fn(|context| {
                let mut buffer = buffer.borrow_mut();
                let mut target = ReadBuf::new(&mut buffer);
                ready!(Pin::new(&mut *stream).poll_read(context, &mut target))?;
                std::task::Poll::Ready(Ok::<usize, std::io::Error>(target.filled().len()))
            })
            .await
            .context("cannot receive an answer")?;
            if received == 0 {
                match head {
                    Some(_) => {
                        bail!("the server closed the connection {missing} bytes before the end of a body")
                    }
                    None => bail!("the server closed the connection without an answer"),
                }
            }
            // No await from here to the end of the turn: the buffer still holds what was just received.
            let buffer = buffer.borrow();
            let mut bytes = &buffer[..received];
            if head.is_none() {
                // Nearly always the head comes in one piece and is parsed where it lies.
                let known = partial.len();
                let parsed = if known == 0 {
                    head::parse(bytes)?
                } else {
                    partial.extend_from_slice(bytes);
                    head::parse(partial)?
                };
                match parsed {
                    Some(whole) => {
                        bytes = &bytes[whole.head_bytes - known..];
                        missing = whole.body_bytes;
                        head = Some(whole);
                        partial.clear();
                    }
                    None => {
                        if known == 0 {
                            partial.extend_from_slice(bytes);
                        }
                        if partial.len() > HEAD_LIMIT_BYTES {
                            bail!("an answer has a head of more than {HEAD_LIMIT_BYTES} bytes");
                        }
                        continue;
                    }
                }
            }
            if bytes.len() as u64 > missing {
                bail!("{} bytes after the end of a body", bytes.len() as u64 - missing);
            }
            sink.take(bytes);
            missing -= bytes.len() as u64;
            if missing == 0
                && let Some(head) = head.take()
            {
                return Ok(head);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use super::*;

    /// One client against a server that answers each request with the next script. The pieces of a script are sent one by
    /// one with the client polled in between; some may arrive together nevertheless, and must do no harm then either.
    async fn check(scripts: &'static [&'static [&'static str]], expected: &[Result<(u16, &str), &str>]) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let server = async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            stream.set_nodelay(true).expect("no delay");
            let mut request = [0; 3];
            for pieces in scripts {
                stream.read_exact(&mut request).await.expect("a request");
                for piece in *pieces {
                    stream.write_all(piece.as_bytes()).await.expect("a client that listens");
                    for _ in 0..20 {
                        tokio::task::yield_now().await;
                    }
                }
            }
        };
        let client = async {
            let mut connection =
                Connection::open(&Endpoint::plain(address), shared_buffer()).await.expect("a server");
            for expected in expected {
                let mut body = Vec::new();
                let result = connection.exchange(b"ask", &mut body).await.map(|head| head.status);
                let body = String::from_utf8(body).expect("text");
                match (result, expected) {
                    (Ok(status), Ok(expected)) => assert_eq!((status, body.as_str()), *expected),
                    (Err(error), Err(expected)) => {
                        assert!(format!("{error:#}").contains(expected), "{error:#}")
                    }
                    (result, expected) => panic!("{result:?} with `{body}`, but {expected:?}"),
                }
            }
        };
        tokio::join!(server, client);
    }

    #[tokio::test]
    async fn answers_one_after_the_other_on_one_connection() {
        check(
            &[
                &["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst"],
                &["HTTP/1.1 20", "0 OK\r\nContent-Le", "ngth: 6\r\n\r", "\nse", "cond"],
                &["HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"],
                &["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "third"],
            ],
            &[Ok((200, "first")), Ok((200, "second")), Ok((404, "")), Ok((200, "third"))],
        )
        .await;
    }

    #[tokio::test]
    async fn broken_answers_are_errors() {
        check(&[&["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfirst"]], &[Err("4 bytes before the end")])
            .await;
        check(&[&["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nfirst"]], &[Err("3 bytes after the end")])
            .await;
        check(&[&["HTTP/1.1 200 OK\r\nContent-"]], &[Err("without an answer")]).await;
        check(&[&["SSH-2.0-x\r\n\r\n"]], &[Err("starts with `SSH-2.0-x`")]).await;
    }
}
