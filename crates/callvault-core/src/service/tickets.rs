//! Tickets: made, redeemed at most once, listed, revoked.
//!
//! A dialect's tickets live in this process, for 30 seconds; a restart forgets them and so fails closed. Tickets made
//! through our own API live in the catalog. Either kind is claimed in one atomic step, after every check and before
//! the first byte; a HEAD, a wrong name, another session's token or a refused address never spends one.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::address::canonical;
use crate::error::{Error, Result};
use crate::gate::{Bound, Gate, Kind, Principal, Verb, Within};
use crate::id::CustomerId;
use crate::listen::{Action, Door};
use crate::port::catalog::Catalog;
use crate::port::clock::Clock;
use crate::port::random::Random;
use crate::recording::{Recording, RecordingName};
use crate::role::{Privileges, Reach};
use crate::secret::{Secret, SecretHash, fresh_token};
use crate::service::Ports;
use crate::service::listening::Listening;
use crate::service::playback::{Playable, Playback};
use crate::service::recordings::subject;
use crate::session::Session;
use crate::ticket::{LONGEST_TICKET_LIFE, OPEN_TICKETS_PER_SESSION, TICKET_LIFE, Ticket};

/// Why a ticket opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum TicketRefused {
    /// Unknown, used, over, another session's, or for something else.
    #[error("the ticket is not valid")]
    Invalid,
    /// It may not be used from this address. It stays good.
    #[error("the ticket may not be used from this address")]
    Address,
    /// What it was for is gone.
    #[error("the recording does not exist")]
    Missing,
    /// Something failed. The ticket stays good unless the listen log failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// Someone with a ticket of a session.
#[derive(Clone, Copy)]
pub struct Bearer<'a> {
    /// The `random`.
    pub random: &'a str,
    /// What they say it is for, in every spelling that may be meant.
    pub names: &'a [RecordingName],
    /// The session whose token they show.
    pub session: &'a Session,
    /// From where they come.
    pub peer: IpAddr,
    /// False for a HEAD: check all, spend nothing.
    pub spend: bool,
}

/// A ticket of this process, with its end on the clock that never goes back and its place in the order of making.
struct Held {
    ticket: Ticket,
    session: SecretHash,
    ends: Duration,
    order: u64,
}

/// The tickets of this process. Each is in all three maps or in none.
#[derive(Default)]
struct Book {
    held: HashMap<SecretHash, Held>,
    by_end: BTreeSet<(Duration, SecretHash)>,
    of_session: HashMap<SecretHash, BTreeSet<(u64, SecretHash)>>,
    made: u64,
}

impl Book {
    fn add(&mut self, session: SecretHash, ticket: Ticket, ends: Duration) {
        self.made += 1;
        let random = ticket.random;
        let open = self.of_session.entry(session).or_default();
        open.insert((self.made, random));
        let oldest = if open.len() > OPEN_TICKETS_PER_SESSION {
            open.first().map(|(_, oldest)| *oldest)
        } else {
            None
        };
        self.by_end.insert((ends, random));
        self.held.insert(random, Held { ticket, session, ends, order: self.made });
        if let Some(oldest) = oldest {
            self.remove(&oldest);
        }
    }

    fn remove(&mut self, random: &SecretHash) -> Option<Ticket> {
        let held = self.held.remove(random)?;
        self.by_end.remove(&(held.ends, *random));
        if let Some(open) = self.of_session.get_mut(&held.session) {
            open.remove(&(held.order, *random));
            if open.is_empty() {
                self.of_session.remove(&held.session);
            }
        }
        Some(held.ticket)
    }

    fn forget_ended(&mut self, now: Duration) {
        while let Some((_, random)) = self.by_end.first().copied().filter(|(ends, _)| *ends <= now) {
            self.remove(&random);
        }
    }
}

/// The use cases of tickets.
pub struct Tickets {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    gate: Arc<Gate>,
    playback: Arc<Playback>,
    listening: Arc<Listening>,
    book: Mutex<Book>,
}

impl Tickets {
    pub(crate) fn new(
        ports: &Ports,
        gate: Arc<Gate>,
        playback: Arc<Playback>,
        listening: Arc<Listening>,
    ) -> Self {
        Self {
            catalog: ports.catalog.clone(),
            clock: ports.clock.clone(),
            random: ports.random.clone(),
            gate,
            playback,
            listening,
            book: Mutex::default(),
        }
    }

    /// Makes a 30-second ticket of a session for the first of `names` that exists in the session's customer. It may be
    /// used from the session's addresses, the present peer and `extra` (`docs/yeastar.md` G11).
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`], [`Error::Unreadable`] (G17), [`Error::Unlogged`], or when the catalog
    /// fails.
    pub async fn issue(
        &self,
        principal: &Principal,
        session: &Session,
        names: &[RecordingName],
        extra: Option<IpAddr>,
    ) -> Result<Secret> {
        let customer =
            self.gate.customer(principal, Kind::Recording, Verb::Share, Some(session.customer)).await?;
        let mut found = None;
        for name in names {
            found = self.catalog.recording(&customer, name).await?;
            if found.is_some() {
                break;
            }
        }
        let recording = found.ok_or(Error::NotFound { what: "recording" })?;
        self.playback.probe(&recording.audio).await?;
        let allowed = session.addresses().chain(principal.peer).chain(extra);
        let (random, ticket) =
            self.make(principal, &recording, Some(session.token), allowed, TICKET_LIFE).await?;
        let uptime = self.clock.uptime();
        let mut book = self.locked();
        book.forget_ended(uptime);
        book.add(session.token, ticket, uptime + TICKET_LIFE);
        Ok(random)
    }

    /// Redeems a session's ticket. The order of checks is that of `docs/yeastar.md`: ticket, address, file, claim.
    ///
    /// # Errors
    /// See [`TicketRefused`].
    pub async fn redeem(&self, principal: &Principal, bearer: Bearer<'_>) -> Result<Playable, TicketRefused> {
        let random = SecretHash::of(bearer.random);
        let ticket = self.held(&random).ok_or(TicketRefused::Invalid)?;
        let same_session = ticket.session.is_some_and(|session| session.matches(&bearer.session.token));
        if !same_session || !bearer.names.contains(&ticket.recording) {
            return Err(TicketRefused::Invalid);
        }
        if !ticket.allows(bearer.peer) {
            return Err(TicketRefused::Address);
        }
        let playable = self.open(principal, &ticket).await?;
        if bearer.spend && self.locked().remove(&random).is_none() {
            return Err(TicketRefused::Invalid);
        }
        Ok(playable)
    }

    /// Makes a ticket that needs no session and outlives a restart. Without `allowed` it may be used from anywhere.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`], [`Error::Invalid`] (`ttl`), [`Error::Unlogged`].
    pub async fn create(
        &self,
        principal: &Principal,
        customer: Option<CustomerId>,
        name: &RecordingName,
        allowed: Vec<IpAddr>,
        life: Duration,
    ) -> Result<(Secret, Ticket)> {
        if life.is_zero() || life > LONGEST_TICKET_LIFE {
            return Err(Error::invalid("ttl", "must be between 1 second and 30 days"));
        }
        let customer = self.gate.customer(principal, Kind::Recording, Verb::Share, customer).await?;
        let found = self.catalog.recording(&customer, name).await?;
        let recording = found.ok_or(Error::NotFound { what: "recording" })?;
        let (random, ticket) = self.make(principal, &recording, None, allowed.into_iter(), life).await?;
        self.catalog.add_ticket(ticket.clone()).await?;
        Ok((random, ticket))
    }

    /// A fresh ticket for a recording, with its entry in the listen log; whoever called this keeps it.
    async fn make(
        &self,
        principal: &Principal,
        recording: &Recording,
        session: Option<SecretHash>,
        allowed: impl Iterator<Item = IpAddr>,
        life: Duration,
    ) -> Result<(Secret, Ticket)> {
        let now = self.clock.now();
        let random = fresh_token(self.random.as_ref());
        let ticket = Ticket {
            random: SecretHash::of(random.reveal()),
            customer: recording.customer,
            recording: recording.name.clone(),
            session,
            made_by: principal.person,
            allowed: allowed.map(canonical).collect(),
            created_at: now,
            expires_at: now.after(life),
        };
        let handle = Some(ticket.random.handle());
        let (subject, audio) = (subject(recording), &recording.audio);
        self.listening.record(principal, Action::Link, &subject, audio, None, handle).await?;
        Ok((random, ticket))
    }

    /// Redeems a ticket that [`Tickets::create`] made; its `random` is all that is asked for.
    ///
    /// # Errors
    /// See [`TicketRefused`].
    pub async fn redeem_created(
        &self,
        random: &str,
        peer: IpAddr,
        spend: bool,
    ) -> Result<Playable, TicketRefused> {
        let random = SecretHash::of(random);
        let now = self.clock.now();
        let found = self.catalog.ticket(random, now).await.map_err(Error::from)?;
        let ticket = found.filter(|ticket| ticket.random.matches(&random)).ok_or(TicketRefused::Invalid)?;
        if self.closed(ticket.customer).await? {
            return Err(TicketRefused::Invalid);
        }
        if !ticket.allows(peer) {
            return Err(TicketRefused::Address);
        }
        let bearer = Principal {
            person: None,
            customer: Some(ticket.customer),
            reach: Reach::Own,
            privileges: Privileges::default(),
            door: Door::Link,
            peer: Some(peer),
        };
        let playable = self.open(&bearer, &ticket).await?;
        if spend && !self.catalog.claim_ticket(random, now).await.map_err(Error::from)? {
            return Err(TicketRefused::Invalid);
        }
        Ok(playable)
    }

    /// Unused tickets within reach, oldest first.
    ///
    /// # Errors
    /// [`Error::RoleForbids`].
    pub async fn list(&self, principal: &Principal) -> Result<Vec<Ticket>> {
        let within = self.gate.within(principal, Kind::Ticket, Verb::See)?;
        let mut tickets = self.catalog.tickets(&within, self.clock.now()).await?;
        for ticket in self.live() {
            if self.bound_holds(&within, ticket.customer).await? {
                tickets.push(ticket);
            }
        }
        tickets.sort_by_key(|ticket| (ticket.created_at, ticket.random));
        Ok(tickets)
    }

    /// Takes back the ticket with this handle.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`].
    pub async fn revoke(&self, principal: &Principal, handle: &str) -> Result<()> {
        let within = self.gate.within(principal, Kind::Ticket, Verb::Delete)?;
        for ticket in self.live().into_iter().filter(|ticket| ticket.random.handle() == handle) {
            if self.bound_holds(&within, ticket.customer).await?
                && self.locked().remove(&ticket.random).is_some()
            {
                return Ok(());
            }
        }
        if self.catalog.revoke_ticket(&within, handle).await? {
            Ok(())
        } else {
            Err(Error::NotFound { what: "ticket" })
        }
    }

    async fn open(&self, principal: &Principal, ticket: &Ticket) -> Result<Playable, TicketRefused> {
        let customer = self.gate.vouched(ticket.customer);
        let found = self.catalog.recording(&customer, &ticket.recording).await.map_err(Error::from)?;
        let recording = found.ok_or(TicketRefused::Missing)?;
        let handle = Some(ticket.random.handle());
        let file_name = recording.name.to_string();
        let opened =
            self.playback.open(principal, subject(&recording), recording.audio, file_name, handle).await;
        opened.map_err(|error| match error {
            Error::Unreadable(crate::port::audio_store::AudioStoreError::Missing { .. }) => {
                TicketRefused::Missing
            }
            other => TicketRefused::Failed(other),
        })
    }

    /// Whether the customer or one above it is disabled, which closes every door to its audio.
    async fn closed(&self, customer: CustomerId) -> Result<bool> {
        for id in self.catalog.customer_line(customer).await? {
            if self.catalog.customer(id).await?.is_none_or(|customer| customer.disabled) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn held(&self, random: &SecretHash) -> Option<Ticket> {
        let now = self.clock.uptime();
        let book = self.locked();
        let held =
            book.held.get(random).filter(|held| held.ticket.random.matches(random) && now < held.ends)?;
        Some(held.ticket.clone())
    }

    fn live(&self) -> Vec<Ticket> {
        let now = self.clock.uptime();
        let book = self.locked();
        book.held.values().filter(|held| now < held.ends).map(|held| held.ticket.clone()).collect()
    }

    async fn bound_holds(&self, within: &Within, customer: CustomerId) -> Result<bool> {
        match within.bound() {
            Bound::Everything => Ok(true),
            Bound::Only(only) => Ok(only == customer),
            Bound::Below(root) => Ok(self.catalog.customer_line(customer).await?.contains(&root)),
        }
    }

    fn locked(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn ticket(random: u32) -> Ticket {
        let now = Timestamp::from_unix_ms(0);
        Ticket {
            random: SecretHash::of(&random.to_string()),
            customer: CustomerId(1),
            recording: RecordingName::new("a.wav").unwrap(),
            session: None,
            made_by: None,
            allowed: Vec::new(),
            created_at: now,
            expires_at: now,
        }
    }

    #[test]
    fn a_session_whose_tickets_are_used_or_over_leaves_nothing() {
        let mut book = Book::default();
        let (one, other) = (SecretHash::of("one"), SecretHash::of("other"));
        for random in 0..3 {
            book.add(one, ticket(random), Duration::from_secs(30));
        }
        book.add(other, ticket(3), Duration::from_secs(40));
        for random in 0..3 {
            assert!(book.remove(&SecretHash::of(&random.to_string())).is_some());
        }
        assert_eq!(book.of_session.len(), 1);
        book.forget_ended(Duration::from_secs(39));
        assert_eq!(book.held.len(), 1);
        book.forget_ended(Duration::from_secs(40));
        assert!(book.held.is_empty() && book.by_end.is_empty() && book.of_session.is_empty());
    }
}
