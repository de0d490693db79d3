//! Tickets: made, redeemed at most once, listed, revoked; here those for recordings.
//!
//! A dialect's tickets live in this process, for 30 seconds (`service/ticket_book.rs`). Tickets made through our own API
//! live in the catalog. Either kind is claimed in one atomic step, after every check and before
//! the first byte; a HEAD, a wrong name, another session's token or a refused address never spends one.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::gate::{Bound, Gate, Kind, Principal, Verb, Within};
use crate::id::CustomerId;
use crate::listen::{Action, Door};
use crate::port::catalog::Catalog;
use crate::port::clock::Clock;
use crate::recording::{Recording, RecordingName};
use crate::role::{Privileges, Reach};
use crate::secret::{Secret, SecretHash};
use crate::service::Ports;
use crate::service::listening::Listening;
use crate::service::playback::{Playable, Playback};
use crate::service::recordings::subject;
use crate::service::ticket_book::TicketBook;
use crate::session::Session;
use crate::ticket::{LONGEST_TICKET_LIFE, TICKET_LIFE, Ticket, TicketSubject};

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
    #[error("what the ticket is for does not exist")]
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

/// The use cases of tickets.
pub struct Tickets {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    gate: Arc<Gate>,
    playback: Arc<Playback>,
    listening: Arc<Listening>,
    book: Arc<TicketBook>,
}

impl Tickets {
    pub(crate) fn new(
        ports: &Ports,
        gate: Arc<Gate>,
        playback: Arc<Playback>,
        listening: Arc<Listening>,
        book: Arc<TicketBook>,
    ) -> Self {
        Self { catalog: ports.catalog.clone(), clock: ports.clock.clone(), gate, playback, listening, book }
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
        let find = || async {
            for name in names {
                if let Some(found) = self.catalog.recording(&customer, name).await? {
                    return Ok(found);
                }
            }
            Err(Error::NotFound { what: "recording" })
        };
        let (recording, _) = self.playback.open_current(find, |recording| &recording.audio).await?;
        let allowed = TicketBook::allowed(principal, session, extra);
        let (random, ticket) = self.draw(principal, &recording, allowed, TICKET_LIFE);
        let (subject, audio) = (subject(&recording), &recording.audio);
        self.listening.note_link(principal, &subject, Some(audio), ticket.random.handle()).await?;
        self.book.add(session, ticket.map(TicketSubject::Recording));
        Ok(random)
    }

    /// Redeems a session's ticket. The order of checks is that of `docs/yeastar.md`: ticket, address, file, claim. Whoever
    /// may not hear recordings any more does not find the file.
    ///
    /// # Errors
    /// See [`TicketRefused`].
    pub async fn redeem(&self, principal: &Principal, bearer: Bearer<'_>) -> Result<Playable, TicketRefused> {
        let random = SecretHash::of(bearer.random);
        let named = |subject: &TicketSubject| match subject {
            TicketSubject::Recording(name) => bearer.names.contains(name).then(|| name.clone()),
            TicketSubject::Calls(_) => None,
        };
        let (ticket, recording) = self.book.present(&random, bearer.session, bearer.peer, named)?;
        self.gate.customer(principal, Kind::Recording, Verb::Download, Some(ticket.customer)).await?;
        let playable = self.open(principal, &ticket.map(|_| recording)).await?;
        if bearer.spend && !self.book.claim(&random) {
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
        let (random, ticket) = self.draw(principal, &recording, allowed.into_iter(), life);
        let (subject, audio, handle) = (subject(&recording), &recording.audio, ticket.random.handle());
        self.listening.record(principal, Action::Link, &subject, Some(audio), None, Some(handle)).await?;
        self.catalog.add_ticket(ticket.clone()).await?;
        Ok((random, ticket))
    }

    /// A fresh ticket for a recording; whoever called this logs and keeps it.
    fn draw(
        &self,
        principal: &Principal,
        recording: &Recording,
        allowed: impl Iterator<Item = IpAddr>,
        life: Duration,
    ) -> (Secret, Ticket) {
        self.book.draw(principal, recording.customer, recording.name.clone(), allowed, life)
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
            switched_by: None,
            key: None,
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
    pub async fn list(&self, principal: &Principal) -> Result<Vec<Ticket<TicketSubject>>> {
        let within = self.gate.within(principal, Kind::Ticket, Verb::See)?;
        let created = self.catalog.tickets(&within, self.clock.now()).await?;
        let mut tickets: Vec<_> =
            created.into_iter().map(|ticket| ticket.map(TicketSubject::Recording)).collect();
        for ticket in self.book.live() {
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
        for ticket in self.book.live().into_iter().filter(|ticket| ticket.random.handle() == handle) {
            if self.bound_holds(&within, ticket.customer).await? && self.book.claim(&ticket.random) {
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
        let find = || async {
            let found = self.catalog.recording(&customer, &ticket.subject).await?;
            found.ok_or(Error::NotFound { what: "recording" })
        };
        let opened = self.playback.open_current(find, |recording| &recording.audio).await;
        let (recording, reader) = opened.map_err(|error| match error {
            Error::NotFound { .. }
            | Error::Unreadable(crate::port::audio_store::AudioStoreError::Missing { .. }) => {
                TicketRefused::Missing
            }
            other => TicketRefused::Failed(other),
        })?;
        let handle = Some(ticket.random.handle());
        let (subject, file_name) = (subject(&recording), recording.name.as_str().to_owned());
        Ok(self.playback.playable(principal, subject, recording.audio, file_name, handle, reader))
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

    async fn bound_holds(&self, within: &Within, customer: CustomerId) -> Result<bool> {
        match within.bound() {
            Bound::Everything => Ok(true),
            Bound::Only(only) => Ok(only == customer),
            Bound::Below(root) => Ok(self.catalog.customer_line(customer).await?.contains(&root)),
        }
    }
}
