//! Tickets: the right to fetch one thing once, soon, from few addresses.

use std::net::IpAddr;
use std::time::Duration;

use crate::address::same_client;
use crate::call_selection::SelectionMark;
use crate::id::{CustomerId, PersonId};
use crate::recording::RecordingName;
use crate::secret::SecretHash;
use crate::time::Timestamp;

/// How long a dialect's ticket lives, to the start of the transfer (`docs/yeastar.md` G15).
pub const TICKET_LIFE: Duration = Duration::from_secs(30);

/// The longest life of a ticket made by the command line.
pub const LONGEST_TICKET_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How many unused tickets one session may hold; more push out the oldest (`docs/yeastar.md` G37).
pub const OPEN_TICKETS_PER_SESSION: usize = 1000;

/// The right to fetch one thing once. `S` says what it may be for: a recording where it lives in the catalog, any
/// [`TicketSubject`] where it lives in the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket<S = RecordingName> {
    /// The hash of its `random`.
    pub random: SecretHash,
    /// Whose the thing is.
    pub customer: CustomerId,
    /// What it is for.
    pub subject: S,
    /// The session it is bound to; a ticket made by the command line has none.
    pub session: Option<SecretHash>,
    /// Who made it; `None` is the local system owner.
    pub made_by: Option<PersonId>,
    /// From where it may be used. Empty is anywhere, which only a ticket without a session may be.
    pub allowed: Vec<IpAddr>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What a ticket of this process is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TicketSubject {
    /// The audio of a recording.
    Recording(RecordingName),
    /// A file of call records. A session may hold a thousand tickets with a thousand numbers each, so they are not kept.
    Calls(SelectionMark),
}

impl<S> Ticket<S> {
    /// Whether a client at this address may use it.
    pub fn allows(&self, peer: IpAddr) -> bool {
        self.allowed.is_empty() || self.allowed.iter().any(|one| same_client(*one, peer))
    }

    /// The same ticket, its subject told in another way.
    pub fn map<T>(self, subject: impl FnOnce(S) -> T) -> Ticket<T> {
        Ticket {
            random: self.random,
            customer: self.customer,
            subject: subject(self.subject),
            session: self.session,
            made_by: self.made_by,
            allowed: self.allowed,
            created_at: self.created_at,
            expires_at: self.expires_at,
        }
    }
}
