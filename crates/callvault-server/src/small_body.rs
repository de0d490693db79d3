//! Small bodies, read whole: each has a bound and a time, and those of all requests together have a budget, because
//! anybody can send one before it shows who they are. Strangers, people who are known, and the local system owner have a
//! budget each, and no address more than a part of one, so that nobody keeps out who is known, and no person the operator.
//! Readers of their own that keep values of a body take the same budgets through [`Room`].

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::caller::Caller;
use crate::listen::per_address::{PerAddress, Share};

/// How long a small body, or the next piece of a large one, may take.
pub(crate) const BODY_TIME: Duration = Duration::from_secs(30);

/// What a body has for nothing. An honest login has a few hundred bytes, and goes on when the budget is used up.
const FREE_BYTES: usize = 4 * 1024;

/// What all bodies of strangers that are longer may hold together; what those of known senders may; and what those of the
/// local system owner may.
const BUDGET_BYTES: usize = 32 << 20;

/// What those of strangers at one address may hold.
const BUDGET_OF_AN_ADDRESS_BYTES: usize = BUDGET_BYTES / 8;

/// What those of known senders at one address may hold: two of the largest.
const KNOWN_OF_AN_ADDRESS_BYTES: usize = BUDGET_BYTES / 4;

/// Who sends a body, as far as that can be told before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    /// Nobody knows yet; at this address.
    Stranger(IpAddr),
    /// Somebody who showed who they are before the body; at this address.
    Known(IpAddr),
    /// The local system owner, on the control socket.
    Operator,
}

impl Sender {
    /// The sender of a request that shows nothing before its body.
    pub(crate) fn unverified(caller: Caller) -> Self {
        match caller {
            Caller::ControlSocket => Self::Operator,
            Caller::Network { address, .. } => Self::Stranger(address),
        }
    }

    /// The sender of a request that showed who they are before its body.
    pub(crate) fn verified(caller: Caller) -> Self {
        match caller {
            Caller::ControlSocket => Self::Operator,
            Caller::Network { address, .. } => Self::Known(address),
        }
    }
}

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoBody {
    /// It has more bytes than the call takes.
    TooLong,
    /// It broke off, or came too slowly.
    Broken,
    /// Too many long bodies are being read already.
    Busy,
}

/// The budgets of a server.
#[derive(Debug)]
pub(crate) struct SmallBodies {
    strangers: Arc<Semaphore>,
    strangers_per_address: Arc<PerAddress>,
    known: Arc<Semaphore>,
    known_per_address: Arc<PerAddress>,
    operator: Arc<Semaphore>,
}

/// The part of a budget that what is kept of one body has, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Room {
    of: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
    /// What the address of the sender has of it.
    share: Option<Share>,
}

/// The budget is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoRoom;

/// A body with its part of a budget, which it gives back when it is dropped.
#[derive(Debug)]
pub(crate) struct SmallBody {
    bytes: Bytes,
    _room: Room,
}

impl Deref for SmallBody {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Default for SmallBodies {
    fn default() -> Self {
        Self {
            strangers: Arc::new(Semaphore::new(BUDGET_BYTES)),
            strangers_per_address: PerAddress::new(BUDGET_OF_AN_ADDRESS_BYTES),
            known: Arc::new(Semaphore::new(BUDGET_BYTES)),
            known_per_address: PerAddress::new(KNOWN_OF_AN_ADDRESS_BYTES),
            operator: Arc::new(Semaphore::new(BUDGET_BYTES)),
        }
    }
}

impl Room {
    /// Makes room for `length` bytes altogether; what a body has for nothing takes none. Nobody waits for room with half of a
    /// body in hand.
    ///
    /// # Errors
    /// When there is no more room. What was held before is held still.
    pub(crate) fn hold(&mut self, length: usize) -> Result<(), NoRoom> {
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        if length <= FREE_BYTES.max(held) {
            return Ok(());
        }
        let more = length - held;
        if let Some(share) = &mut self.share {
            share.grow(more).map_err(|_| NoRoom)?;
        }
        // Where this fails the share is larger than what is held, until the body goes, which is at once.
        let more = u32::try_from(more).map_err(|_| NoRoom)?;
        let more = self.of.clone().try_acquire_many_owned(more).map_err(|_| NoRoom)?;
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        Ok(())
    }
}

impl SmallBodies {
    /// Room for what is kept of a body, none of it held yet.
    pub(crate) fn room(&self, sender: Sender) -> Room {
        let (of, share) = match sender {
            Sender::Stranger(address) => {
                (&self.strangers, Some(self.strangers_per_address.nothing_for(address)))
            }
            Sender::Known(address) => (&self.known, Some(self.known_per_address.nothing_for(address))),
            Sender::Operator => (&self.operator, None),
        };
        Room { of: of.clone(), held: None, share }
    }

    /// Reads a body of at most `most` bytes.
    ///
    /// # Errors
    /// See [`NoBody`].
    pub(crate) async fn read(&self, sender: Sender, body: Body, most: usize) -> Result<SmallBody, NoBody> {
        // Links have none.
        if body.is_end_stream() {
            return Ok(SmallBody { bytes: Bytes::new(), _room: self.room(sender) });
        }
        timeout(BODY_TIME, self.collect(sender, body, most)).await.unwrap_or(Err(NoBody::Broken))
    }

    async fn collect(&self, sender: Sender, mut body: Body, most: usize) -> Result<SmallBody, NoBody> {
        let (mut bytes, mut room) = (BytesMut::new(), self.room(sender));
        while let Some(frame) = body.frame().await {
            let Ok(piece) = frame.map_err(|_| NoBody::Broken)?.into_data() else { continue };
            let length = bytes.len() + piece.len();
            if length > most {
                return Err(NoBody::TooLong);
            }
            room.hold(length).map_err(|NoRoom| NoBody::Busy)?;
            bytes.extend_from_slice(&piece);
        }
        Ok(SmallBody { bytes: bytes.freeze(), _room: room })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    const MOST: usize = 64 * 1024;

    fn stranger(number: u8) -> Sender {
        Sender::Stranger([192, 0, 2, number].into())
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_has_a_bound_an_end_and_a_time() {
        let bodies = SmallBodies::default();
        let check = async |body: Body, expected: Result<usize, NoBody>| {
            assert_eq!(bodies.read(stranger(1), body, MOST).await.map(|body| body.len()), expected);
        };
        check(Body::empty(), Ok(0)).await;
        check(Body::from(vec![0; MOST]), Ok(MOST)).await;
        check(Body::from(vec![0; MOST + 1]), Err(NoBody::TooLong)).await;
        let broken = stream::iter([Ok("abc"), Err(std::io::Error::other("reset"))]);
        check(Body::from_stream(broken), Err(NoBody::Broken)).await;
        let silent = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        check(silent, Err(NoBody::Broken)).await;
        assert_eq!(bodies.strangers.available_permits(), BUDGET_BYTES, "all of it was given back");
    }

    #[tokio::test]
    async fn long_bodies_leave_room_for_a_login_and_for_who_is_known_better() {
        let bodies = SmallBodies::default();
        let read = async |sender: Sender| {
            let pieces = [vec![0; 5000], vec![0; MOST - 5000]].map(Ok::<_, std::io::Error>);
            bodies.read(sender, Body::from_stream(stream::iter(pieces)), MOST).await
        };
        let mut held = Vec::new();
        for number in 0..8 {
            for _ in 0..BUDGET_OF_AN_ADDRESS_BYTES / MOST {
                held.push(read(stranger(number)).await);
            }
            assert_eq!(read(stranger(number)).await.map(drop), Err(NoBody::Busy), "address {number}");
        }
        assert!(held.iter().all(Result::is_ok), "there is room for so many");
        assert_eq!(read(stranger(8)).await.map(drop), Err(NoBody::Busy), "of all strangers");
        for sender in [stranger(0), stranger(8)] {
            let short = bodies.read(sender, Body::from(vec![0; FREE_BYTES]), MOST).await;
            assert_eq!(short.map(|body| body.len()), Ok(FREE_BYTES));
        }
        let known = |number: u8| Sender::Known([192, 0, 2, number].into());
        for number in 0..4 {
            for _ in 0..KNOWN_OF_AN_ADDRESS_BYTES / MOST {
                held.push(read(known(number)).await);
            }
            assert_eq!(read(known(number)).await.map(drop), Err(NoBody::Busy), "known at address {number}");
        }
        assert!(held.iter().all(Result::is_ok), "who is known has as much");
        assert_eq!(read(known(4)).await.map(drop), Err(NoBody::Busy), "of all who are known");
        for _ in 0..BUDGET_BYTES / MOST {
            held.push(read(Sender::Operator).await);
        }
        assert!(held.iter().all(Result::is_ok), "and so has the operator");
        assert_eq!(read(Sender::Operator).await.map(drop), Err(NoBody::Busy));
        held.clear();
        assert!(read(stranger(8)).await.is_ok());
    }
}
