//! The tickets of this process, whatever they are for: bound to a session, 30 seconds long, used at most once.
//!
//! They live in memory alone (`service/book.rs`). Whoever [`TicketBook::claim`]s a ticket may send bytes, nobody else.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::address::canonical;
use crate::gate::Principal;
use crate::id::CustomerId;
use crate::port::clock::Clock;
use crate::port::random::Random;
use crate::secret::{Secret, SecretHash, fresh_token};
use crate::service::Ports;
use crate::service::book::Book;
use crate::service::tickets::TicketRefused;
use crate::session::Session;
use crate::ticket::{OPEN_TICKETS_PER_SESSION, TICKET_LIFE, Ticket, TicketSubject};

/// A ticket of this process.
pub(crate) type OpenTicket = Ticket<TicketSubject>;

/// The book.
pub(crate) struct TicketBook {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    book: Book<SecretHash, OpenTicket>,
}

impl TicketBook {
    pub(crate) fn new(ports: &Ports) -> Self {
        let book = Book::new(OPEN_TICKETS_PER_SESSION);
        Self { clock: ports.clock.clone(), random: ports.random.clone(), book }
    }

    /// A fresh ticket, which is not in the book yet: its entry in the listen log comes first.
    pub(crate) fn draw<S>(
        &self,
        principal: &Principal,
        customer: CustomerId,
        subject: S,
        allowed: impl Iterator<Item = IpAddr>,
        life: Duration,
    ) -> (Secret, Ticket<S>) {
        let now = self.clock.now();
        let random = fresh_token(self.random.as_ref());
        let ticket = Ticket {
            random: SecretHash::of(random.reveal()),
            customer,
            subject,
            session: None,
            made_by: principal.person,
            allowed: allowed.map(canonical).collect(),
            created_at: now,
            expires_at: now.after(life),
        };
        (random, ticket)
    }

    /// Who may use a ticket of a session: the application server, the present peer and `extra` (`docs/yeastar.md` G11).
    pub(crate) fn allowed(
        principal: &Principal,
        session: &Session,
        extra: Option<IpAddr>,
    ) -> impl Iterator<Item = IpAddr> {
        session.addresses().chain(principal.peer).chain(extra)
    }

    /// Keeps a ticket for 30 seconds from now, bound to the session. The session's oldest goes when it has too many,
    /// whatever they are for (`docs/yeastar.md` G37).
    pub(crate) fn add(&self, session: &Session, ticket: OpenTicket) {
        let ticket = Ticket { session: Some(session.token), ..ticket };
        self.book.add(session.token, ticket.random, ticket, self.clock.uptime(), TICKET_LIFE);
    }

    /// The ticket that somebody shows, if it is good for them: there, of their session, for what they say (of which `meant`
    /// makes something), and for their address, in this order (`docs/yeastar.md`, "Order of checks"). It stays in the book.
    ///
    /// # Errors
    /// [`TicketRefused::Invalid`], [`TicketRefused::Address`].
    pub(crate) fn present<T>(
        &self,
        random: &SecretHash,
        session: &Session,
        peer: IpAddr,
        meant: impl FnOnce(&TicketSubject) -> Option<T>,
    ) -> Result<(OpenTicket, T), TicketRefused> {
        let ticket = self.book.find(random, self.clock.uptime()).ok_or(TicketRefused::Invalid)?;
        let same_session = ticket.session.is_some_and(|bound| bound.matches(&session.token));
        let meant = meant(&ticket.subject).filter(|_| same_session).ok_or(TicketRefused::Invalid)?;
        if ticket.allows(peer) { Ok((ticket, meant)) } else { Err(TicketRefused::Address) }
    }

    /// Uses a ticket up; true for exactly one caller.
    pub(crate) fn claim(&self, random: &SecretHash) -> bool {
        self.book.take(random).is_some()
    }

    /// All that are not over.
    pub(crate) fn live(&self) -> Vec<OpenTicket> {
        self.book.live(self.clock.uptime())
    }
}
