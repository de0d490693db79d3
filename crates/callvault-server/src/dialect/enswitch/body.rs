//! The body of a call, piece by piece, with bounds on its size and on the patience that its sender gets.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use callvault_wire::enswitch::error::Fault;
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout_at};

use crate::small_body::{BODY_TIME, Sender};

/// How fast a body of an unknown sender must come on the whole, after [`BODY_TIME`] for its start: 64 KiB/s. Otherwise a
/// byte now and then would hold a place for ever.
const SLOWEST_BYTES_PER_SECOND: u64 = 64 * 1024;

/// How fast that of a known sender must come: 4 KiB/s, the slowest of mobile links.
const SLOWEST_KNOWN_BYTES_PER_SECOND: u64 = 4 * 1024;

/// A body being read.
pub(super) struct Pieces {
    body: Body,
    sender: Sender,
    began: Instant,
    received_bytes: u64,
    most_bytes: u64,
    too_long: Fault,
    is_too_long: bool,
}

impl Pieces {
    /// Reads at most `most_bytes`; what goes beyond is the fault `too_long`.
    pub(super) fn new(body: Body, sender: Sender, most_bytes: u64, too_long: Fault) -> Self {
        Self {
            body,
            sender,
            began: Instant::now(),
            received_bytes: 0,
            most_bytes,
            too_long,
            is_too_long: false,
        }
    }

    /// The next piece, cut at the bound; `None` at the end.
    ///
    /// # Errors
    /// The fault of a body that is too long, comes too slowly or breaks off. It is to be told after authentication
    /// (`docs/enswitch.md` 13).
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        loop {
            if self.is_too_long {
                return Err(self.too_long.clone());
            }
            let frame = timeout_at(self.deadline(), self.body.frame()).await;
            let frame = frame.map_err(|_| Fault::new("", "The body came too slowly."))?;
            let Some(frame) = frame else { return Ok(None) };
            let frame = frame.map_err(|_| Fault::new("", "The body broke off."))?;
            let Ok(mut piece) = frame.into_data() else { continue };
            let room = self.most_bytes - self.received_bytes;
            if piece.len() as u64 > room {
                self.is_too_long = true;
                // It fits, being less than the length of the piece.
                piece.truncate(usize::try_from(room).unwrap_or(usize::MAX));
            }
            self.received_bytes += piece.len() as u64;
            return Ok(Some(piece));
        }
    }

    /// Reads the rest and keeps nothing of it: most clients look for an answer only when they have sent all.
    pub(super) async fn discard(mut self) {
        while let Ok(Some(_)) = self.next().await {}
    }

    fn deadline(&self) -> Instant {
        let next_piece = Instant::now() + BODY_TIME;
        let slowest = match self.sender {
            Sender::Known(_) | Sender::Operator => SLOWEST_KNOWN_BYTES_PER_SECOND,
            Sender::Stranger(_) => SLOWEST_BYTES_PER_SECOND,
        };
        let for_size = Duration::from_secs(self.received_bytes / slowest);
        next_piece.min(self.began + BODY_TIME + for_size)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use futures_util::stream;

    use super::*;

    const STRANGER: Sender = Sender::Stranger(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 66)));
    const KNOWN: Sender = Sender::Known(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 66)));

    /// A body of `count` pieces of `bytes` each, one every 10 seconds.
    fn slow(count: usize, bytes: usize) -> Body {
        Body::from_stream(stream::unfold(0, move |sent| async move {
            if sent == count {
                return None;
            }
            tokio::time::sleep(Duration::from_secs(10)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from(vec![0; bytes])), sent + 1))
        }))
    }

    async fn read(body: Body, sender: Sender, most_bytes: u64) -> (u64, Duration, Option<String>) {
        let began = Instant::now();
        let mut pieces = Pieces::new(body, sender, most_bytes, Fault::new("data", "long"));
        loop {
            match pieces.next().await {
                Ok(Some(_)) => {}
                Ok(None) => return (pieces.received_bytes, began.elapsed(), None),
                Err(fault) => {
                    return (pieces.received_bytes, began.elapsed(), Some(fault.message.into_owned()));
                }
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_may_trickle() {
        let slowly = Some("The body came too slowly.".to_owned());
        // A byte every 10 s: over after 30 s, whatever comes.
        let (received, took, fault) = read(slow(1000, 1), STRANGER, 1 << 20).await;
        assert_eq!((took.as_secs(), fault), (30, slowly.clone()));
        assert!(received <= 3, "{received}");
        // 640 KiB every 10 s is the rate that is asked for.
        let (received, took, fault) = read(slow(100, 640 << 10), STRANGER, 1 << 30).await;
        assert_eq!((received, took.as_secs(), fault), (100 * (640 << 10), 1000, None));
        // Half of it is not: behind by 5 s more with each piece.
        let (_, took, fault) = read(slow(100, 320 << 10), STRANGER, 1 << 30).await;
        assert_eq!(fault, slowly);
        assert!((30..=60).contains(&took.as_secs()), "{took:?}");
        // Who is known may be slower, but may hold a place no more than a stranger may.
        let (_, took, fault) = read(slow(100, 40 << 10), KNOWN, 1 << 30).await;
        assert_eq!((took.as_secs(), fault), (1000, None));
        let (_, took, fault) = read(slow(100, 1), KNOWN, 1 << 20).await;
        assert_eq!((took.as_secs(), fault), (30, slowly.clone()));
        let silent = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        let (_, took, fault) = read(silent, KNOWN, 1 << 20).await;
        assert_eq!((took.as_secs(), fault), (30, slowly));
    }

    #[tokio::test]
    async fn a_body_has_a_bound_and_an_end() {
        let check = async |body: Body, wanted: Option<&str>| {
            let (received, _, fault) = read(body, STRANGER, 4).await;
            assert_eq!(fault.as_deref(), wanted);
            assert!((3..=4).contains(&received), "what is within the bound is given");
        };
        check(Body::from("four"), None).await;
        check(Body::from("fives"), Some("long")).await;
        let broken = stream::iter([Ok("abc"), Err(std::io::Error::other("reset"))]);
        check(Body::from_stream(broken), Some("The body broke off.")).await;
    }
}
