//! The tickets of this process, whatever they are for: bound to a session, 30 seconds long, used at most once.
//!
//! They live in memory alone, so a restart forgets them and fails closed. Their end is measured on the clock that never
//! goes back. [`TicketBook::claim`] takes a ticket out under one lock: whoever gets it may send bytes, nobody else.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::address::canonical;
use crate::gate::Principal;
use crate::id::CustomerId;
use crate::port::clock::Clock;
use crate::port::random::Random;
use crate::secret::{Secret, SecretHash, fresh_token};
use crate::service::Ports;
use crate::service::tickets::TicketRefused;
use crate::session::Session;
use crate::ticket::{OPEN_TICKETS_PER_SESSION, TICKET_LIFE, Ticket, TicketSubject};

/// A ticket of this process.
pub(crate) type OpenTicket = Ticket<TicketSubject>;

/// A ticket with its end on the clock that never goes back and its place in the order of making.
struct Held {
    ticket: OpenTicket,
    session: SecretHash,
    ends: Duration,
    order: u64,
}

/// Each ticket is in all three maps or in none.
#[derive(Default)]
struct Pages {
    held: HashMap<SecretHash, Held>,
    by_end: BTreeSet<(Duration, SecretHash)>,
    of_session: HashMap<SecretHash, BTreeSet<(u64, SecretHash)>>,
    made: u64,
}

impl Pages {
    fn add(&mut self, session: SecretHash, ticket: OpenTicket, ends: Duration) {
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

    fn remove(&mut self, random: &SecretHash) -> Option<OpenTicket> {
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

/// The book.
pub(crate) struct TicketBook {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    pages: Mutex<Pages>,
}

impl TicketBook {
    pub(crate) fn new(ports: &Ports) -> Self {
        Self { clock: ports.clock.clone(), random: ports.random.clone(), pages: Mutex::default() }
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
        let uptime = self.clock.uptime();
        let ticket = Ticket { session: Some(session.token), ..ticket };
        let mut pages = self.locked();
        pages.forget_ended(uptime);
        pages.add(session.token, ticket, uptime + TICKET_LIFE);
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
        let ticket = self.find(random).ok_or(TicketRefused::Invalid)?;
        let same_session = ticket.session.is_some_and(|bound| bound.matches(&session.token));
        let meant = meant(&ticket.subject).filter(|_| same_session).ok_or(TicketRefused::Invalid)?;
        if ticket.allows(peer) { Ok((ticket, meant)) } else { Err(TicketRefused::Address) }
    }

    /// Uses a ticket up; true for exactly one caller.
    pub(crate) fn claim(&self, random: &SecretHash) -> bool {
        self.locked().remove(random).is_some()
    }

    /// All that are not over.
    pub(crate) fn live(&self) -> Vec<OpenTicket> {
        let now = self.clock.uptime();
        let pages = self.locked();
        pages.held.values().filter(|held| now < held.ends).map(|held| held.ticket.clone()).collect()
    }

    fn find(&self, random: &SecretHash) -> Option<OpenTicket> {
        let now = self.clock.uptime();
        let pages = self.locked();
        let held = pages.held.get(random);
        let held = held.filter(|held| held.ticket.random.matches(random) && now < held.ends)?;
        Some(held.ticket.clone())
    }

    fn locked(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::RecordingName;
    use crate::time::Timestamp;

    fn ticket(random: u32) -> OpenTicket {
        let now = Timestamp::from_unix_ms(0);
        Ticket {
            random: SecretHash::of(&random.to_string()),
            customer: CustomerId(1),
            subject: TicketSubject::Recording(RecordingName::new("a.wav").unwrap()),
            session: None,
            made_by: None,
            allowed: Vec::new(),
            created_at: now,
            expires_at: now,
        }
    }

    #[test]
    fn a_session_whose_tickets_are_used_or_over_leaves_nothing() {
        let mut pages = Pages::default();
        let (one, other) = (SecretHash::of("one"), SecretHash::of("other"));
        for random in 0..3 {
            pages.add(one, ticket(random), Duration::from_secs(30));
        }
        pages.add(other, ticket(3), Duration::from_secs(40));
        for random in 0..3 {
            assert!(pages.remove(&SecretHash::of(&random.to_string())).is_some());
        }
        assert_eq!(pages.of_session.len(), 1);
        pages.forget_ended(Duration::from_secs(39));
        assert_eq!(pages.held.len(), 1);
        pages.forget_ended(Duration::from_secs(40));
        assert!(pages.held.is_empty() && pages.by_end.is_empty() && pages.of_session.is_empty());
    }
}
