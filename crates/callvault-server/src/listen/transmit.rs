//! Stored audio that goes from its file to the socket without passing through this process.
//!
//! The system can send a file by itself (sendfile(2)): nothing is copied into our memory, and a client that stalls holds
//! none of it. hyper knows bytes and no files. So a body has a stand-in where a stretch of a file belongs: a slice as long as
//! the stretch, of a static that nobody reads. The stream under hyper tells it by where it lies, and sends the file.
//!
//! A stand-in is only made for a connection whose stream is a [`Transmitting`], by whoever asks [`Transmitter::current`] while a
//! request of that connection is answered. The stretches of a connection go in the order in which they were made; each
//! stand-in lies at another place than the one before, so that one that does not belong to the next stretch breaks the
//! connection rather than sending what it does not stand for.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use callvault_core::port::audio_store::SendableFile;
use rustix::net::{SendAncillaryBuffer, SendFlags, sendmsg};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

use super::mended::Mended;
use super::replay::Replay;

/// The longest stretch: half of what Linux keeps at most for a socket that is being written to (`tcp_wmem`).
pub(crate) const MOST_BYTES: usize = 2 * 1024 * 1024;

/// The longest stretch that goes in one packet, or nearly so, and needs none held back for it: what IP can say of its length.
const PACKET_BYTES: usize = 64 * 1024;

/// How much is read at once of what the system does not send by itself.
const COPIED_BYTES: usize = 64 * 1024;

/// At how many places a stand-in may begin.
const PLACES: usize = 64;

static STAND_IN: [u8; MOST_BYTES + PLACES] = [0; MOST_BYTES + PLACES];

tokio::task_local! {
    static CURRENT: Transmitter;
}

/// What is to be sent on one connection.
#[derive(Clone, Default)]
pub(crate) struct Transmitter {
    queue: Arc<Mutex<Queue>>,
}

#[derive(Default)]
struct Queue {
    stretches: VecDeque<Stretch>,
    made: usize,
}

/// A stretch of a file, or what is left of it.
struct Stretch {
    file: SendableFile,
    offset: u64,
    /// Where the stand-in of what is left begins in [`STAND_IN`].
    place: usize,
    left: usize,
    /// Whether the next stretch goes right behind it.
    more: bool,
}

impl Transmitter {
    /// That of the connection whose request is being answered, if its stream can send files.
    pub(crate) fn current() -> Option<Self> {
        if cfg!(target_os = "linux") { CURRENT.try_with(Self::clone).ok() } else { None }
    }

    /// Answers a request of the connection.
    pub(super) async fn scope<W: Future>(self, work: W) -> W::Output {
        CURRENT.scope(self, work).await
    }

    /// Puts a stretch of a file into the queue and gives the stand-in for it, to go into the body at once. `length` is at
    /// most [`MOST_BYTES`]. `more` says that the next thing in the body is meant to be another stand-in.
    pub(crate) fn stand_in(&self, file: SendableFile, offset: u64, length: usize, more: bool) -> Bytes {
        let mut queue = self.locked();
        let place = queue.made % PLACES;
        queue.made += 1;
        queue.stretches.push_back(Stretch { file, offset, place, left: length, more });
        Bytes::from_static(&STAND_IN[place..place + length])
    }

    fn locked(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a slice is, or begins with, a stand-in.
fn is_stand_in(slice: &[u8]) -> bool {
    !slice.is_empty() && STAND_IN.as_ptr_range().contains(&slice.as_ptr())
}

/// A plain connection that sends files.
pub(super) struct Transmitting {
    stream: Mended<Replay<TcpStream>>,
    transmitter: Transmitter,
    /// Whether packets wait until they are full.
    held_back: bool,
}

impl Transmitting {
    pub(super) fn new(stream: Mended<Replay<TcpStream>>, transmitter: Transmitter) -> Self {
        Self { stream, transmitter, held_back: false }
    }

    fn socket(&self) -> &TcpStream {
        self.stream.get_ref().get_ref()
    }

    /// Whether packets wait until they are full, from now on. While a file is being sent, each acknowledgement would otherwise
    /// make a packet of what is there by then, however little. Where the system refuses, there are more packets.
    fn hold_back(&mut self, hold: bool) {
        if self.held_back != hold {
            self.held_back = hold;
            #[cfg(target_os = "linux")]
            let _ = rustix::net::sockopt::set_tcp_cork(self.socket(), hold);
        }
    }

    /// Sends the file that a stand-in stands for.
    fn poll_file(&mut self, context: &mut Context<'_>, stand_in: &[u8]) -> Poll<io::Result<usize>> {
        if stand_in.len() > PACKET_BYTES {
            self.hold_back(true);
        }
        let mut queue = self.transmitter.locked();
        let stretch = queue.stretches.front_mut().filter(|stretch| {
            let expected = &STAND_IN[stretch.place..stretch.place + stretch.left];
            stand_in.as_ptr() == expected.as_ptr() && stand_in.len() <= expected.len()
        });
        let Some(stretch) = stretch else {
            tracing::error!("a stretch of a file was to be sent that is not the next one");
            return Poll::Ready(Err(io::Error::other("not the next stretch")));
        };
        let (file, offset) = (&stretch.file, stretch.offset);
        let sent = ready!(poll_write(self.socket(), context, |socket| send_file(
            socket,
            file,
            offset,
            stand_in.len()
        )))?;
        if sent == 0 {
            // The object became shorter than it was; the missing bytes must not look like the end.
            tracing::error!("a download broke off, its file is shorter than it was");
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        stretch.offset += sent as u64;
        stretch.place += sent;
        stretch.left -= sent;
        let finished = stretch.left == 0 && !stretch.more;
        if stretch.left == 0 {
            queue.stretches.pop_front();
        }
        drop(queue);
        if finished {
            self.hold_back(false);
        }
        Poll::Ready(Ok(sent))
    }
}

#[cfg(target_os = "linux")]
fn send_file(socket: &TcpStream, file: &SendableFile, offset: u64, length: usize) -> io::Result<usize> {
    match rustix::fs::sendfile(socket.as_fd(), file.as_fd(), Some(&mut offset.clone()), length) {
        // Not every file system can, and a sandbox may forbid it.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => {
            copy_file(socket, file, offset, length)
        }
        sent => Ok(sent?),
    }
}

#[cfg(not(target_os = "linux"))]
fn send_file(socket: &TcpStream, file: &SendableFile, offset: u64, length: usize) -> io::Result<usize> {
    copy_file(socket, file, offset, length)
}

/// Sends the beginning of a stretch through this process.
fn copy_file(socket: &TcpStream, file: &SendableFile, offset: u64, length: usize) -> io::Result<usize> {
    let mut bytes = vec![0; length.min(COPIED_BYTES)];
    let read = rustix::io::pread(file.as_fd(), &mut *bytes, offset)?;
    // Nothing is the end of the file, and is told as sendfile would.
    Ok(if read == 0 { 0 } else { rustix::net::send(socket, &bytes[..read], SendFlags::NOSIGNAL)? })
}

/// Bytes of which more follow at once: they wait for what comes next, to go into one packet with it.
fn send_more(socket: &TcpStream, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    let flags = SendFlags::MORE | SendFlags::NOSIGNAL;
    Ok(sendmsg(socket, slices, &mut SendAncillaryBuffer::default(), flags)?)
}

/// Tries until the socket takes something.
fn poll_write(
    socket: &TcpStream,
    context: &mut Context<'_>,
    mut write: impl FnMut(&TcpStream) -> io::Result<usize>,
) -> Poll<io::Result<usize>> {
    loop {
        ready!(socket.poll_write_ready(context))?;
        match socket.try_io(Interest::WRITABLE, || write(socket)) {
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            done => return Poll::Ready(done),
        }
    }
}

impl AsyncWrite for Transmitting {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if is_stand_in(bytes) {
            return self.poll_file(context, bytes);
        }
        self.hold_back(false);
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Some(at) = slices.iter().position(|slice| is_stand_in(slice)) else {
            self.hold_back(false);
            return Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        };
        let before: usize = slices[..at].iter().map(|slice| slice.len()).sum();
        if before == 0 {
            return self.poll_file(context, &slices[at]);
        }
        let sent = ready!(poll_write(self.socket(), context, |socket| send_more(socket, &slices[..at])))?;
        if sent < before {
            return Poll::Ready(Ok(sent));
        }
        match self.poll_file(context, &slices[at]) {
            Poll::Ready(Ok(more)) => Poll::Ready(Ok(sent + more)),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Ready(Ok(sent)),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl AsyncRead for Transmitting {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    async fn pair() -> (Transmitting, Transmitter, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let transmitter = Transmitter::default();
        let stream = Transmitting::new(Mended::new(Replay::new(server)), transmitter.clone());
        (stream, transmitter, client)
    }

    fn file(content: &[u8]) -> SendableFile {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        Arc::new(file)
    }

    /// Writes all of the slices as hyper does: what was not taken comes again.
    async fn write_all(stream: &mut Transmitting, slices: &[&[u8]]) -> io::Result<()> {
        let mut left: VecDeque<&[u8]> = slices.iter().copied().collect();
        while !left.is_empty() {
            let slices: Vec<_> = left.iter().map(|slice| IoSlice::new(slice)).collect();
            let mut written = stream.write_vectored(&slices).await?;
            while let Some(first) = left.pop_front() {
                if written < first.len() {
                    left.push_front(&first[written..]);
                    break;
                }
                written -= first.len();
            }
        }
        Ok(())
    }

    #[tokio::test]
    async fn a_file_goes_where_its_stand_in_is() {
        let (mut stream, transmitter, mut client) = pair().await;
        // More than the socket takes at once, and no two places alike.
        let content: Vec<u8> = (0..3 * MOST_BYTES).map(|at| (at / 251 + at % 251) as u8).collect();
        let (whole, small) = (file(&content), file(b"0123456789"));
        let sending = async move {
            let one = transmitter.stand_in(whole.clone(), 5, MOST_BYTES, true);
            let two = transmitter.stand_in(whole, 5 + MOST_BYTES as u64, MOST_BYTES, false);
            write_all(&mut stream, &[b"head", &one, &two, b"between"]).await.unwrap();
            let three = transmitter.stand_in(small, 2, 3, false);
            write_all(&mut stream, &[&three, b"end"]).await.unwrap();
        };
        let receiving = async move {
            let mut all = Vec::new();
            client.read_to_end(&mut all).await.unwrap();
            all
        };
        let ((), received) = tokio::join!(sending, receiving);
        let sent = [b"head", &content[5..5 + 2 * MOST_BYTES], b"between", b"234end"].concat();
        assert!(received == sent, "{} bytes came of {}", received.len(), sent.len());
    }

    #[tokio::test]
    async fn a_stand_in_of_another_stretch_breaks_the_connection() {
        let (mut stream, transmitter, _client) = pair().await;
        let skipped = transmitter.stand_in(file(b"somebody's"), 0, 10, false);
        let next = transmitter.stand_in(file(b"other's"), 0, 7, false);
        write_all(&mut stream, &[&next]).await.expect_err("the first one was to come first");
        write_all(&mut stream, &[&skipped]).await.expect("it does not stand for anything else");
        write_all(&mut stream, &[&skipped]).await.expect_err("it was sent");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn packets_are_held_back_no_longer_than_files_go() {
        let (mut stream, transmitter, mut client) = pair().await;
        let held_back = |stream: &Transmitting| rustix::net::sockopt::tcp_cork(stream.socket()).unwrap();
        let content = file(&[7; 3 * PACKET_BYTES]);
        let receiving = tokio::spawn(async move {
            let mut all = Vec::new();
            client.read_to_end(&mut all).await.unwrap();
            all.len()
        });
        let stand_in = |length, more| transmitter.stand_in(content.clone(), 0, length, more);

        let short = stand_in(PACKET_BYTES, true);
        write_all(&mut stream, &[&short]).await.unwrap();
        assert!(!held_back(&stream), "it goes in one packet");
        let (long, rest) = (stand_in(2 * PACKET_BYTES, true), stand_in(3, false));
        write_all(&mut stream, &[b"head", &long]).await.unwrap();
        assert!(held_back(&stream), "more comes");
        write_all(&mut stream, &[&rest]).await.unwrap();
        assert!(!held_back(&stream), "nothing comes");
        let long = stand_in(2 * PACKET_BYTES, true);
        write_all(&mut stream, &[&long]).await.unwrap();
        write_all(&mut stream, &[b"something else"]).await.unwrap();
        assert!(!held_back(&stream), "no file comes");

        drop(stream);
        assert_eq!(receiving.await.unwrap(), 5 * PACKET_BYTES + 4 + 3 + 14);
    }

    #[tokio::test]
    async fn a_file_that_became_shorter_breaks_the_connection() {
        let (mut stream, transmitter, _client) = pair().await;
        let stand_in = transmitter.stand_in(file(b"12345"), 3, 4, false);
        let error = write_all(&mut stream, &[&stand_in]).await.expect_err("two bytes are missing");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn what_the_system_does_not_send_by_itself_is_copied() {
        let (stream, _, mut client) = pair().await;
        let content: Vec<u8> = (0..2 * COPIED_BYTES).map(|at| (at / 251 + at % 251) as u8).collect();
        let sent = copy_file(stream.socket(), &file(&content), 5, content.len()).unwrap();
        assert_eq!(copy_file(stream.socket(), &file(&content), content.len() as u64, 1).unwrap(), 0);
        drop(stream);
        let mut received = Vec::new();
        client.read_to_end(&mut received).await.unwrap();
        assert!((1..=COPIED_BYTES).contains(&sent));
        assert!(received == content[5..5 + sent]);
    }

    #[tokio::test]
    async fn stand_ins_are_made_for_connections_that_send_files_alone() {
        assert!(Transmitter::current().is_none());
        assert!(Transmitter::default().scope(async { Transmitter::current().is_some() }).await);
    }
}
