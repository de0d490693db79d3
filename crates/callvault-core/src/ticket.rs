//! Tickets: the right to fetch one recording once, soon, from few addresses.

use std::net::IpAddr;
use std::time::Duration;

use crate::address::same_client;
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

/// The right to fetch one recording once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The hash of its `random`.
    pub random: SecretHash,
    /// The recording's customer.
    pub customer: CustomerId,
    /// The recording.
    pub recording: RecordingName,
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

impl Ticket {
    /// Whether a client at this address may use it.
    pub fn allows(&self, peer: IpAddr) -> bool {
        self.allowed.is_empty() || self.allowed.iter().any(|one| same_client(*one, peer))
    }
}
