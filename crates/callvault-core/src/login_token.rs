//! Login tokens: the sessions of the Enswitch dialect. A random token stands in for name and password until its end, if it has
//! one; of the token only the hash is kept.

use std::net::IpAddr;
use std::time::Duration;

use crate::id::{CustomerId, PersonId};
use crate::person::PasswordHash;
use crate::secret::SecretHash;
use crate::time::Timestamp;

/// How long a login token lives unless configured (`docs/enswitch.md` 36).
pub const LOGIN_TOKEN_LIFE: Duration = Duration::from_secs(3600);

/// A login of the Enswitch dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginToken {
    /// The hash of its token.
    pub token: SecretHash,
    /// Whose it is.
    pub person: PersonId,
    /// Their customer.
    pub customer: CustomerId,
    /// Where it was asked for.
    pub peer: IpAddr,
    /// Who switched to the person, if nobody logged in as them; of a row of switches the first.
    pub switched_by: Option<PersonId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends; `None` is never.
    pub expires_at: Option<Timestamp>,
}

/// By what somebody was let in who is given a token: it must be good still when the token comes to be, or what ends it would
/// miss the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LetInBy {
    /// A token.
    Token(SecretHash),
    /// Name and password, of who logs in or of who switches.
    Password {
        /// Whose they are.
        person: PersonId,
        /// The stored hash of the password.
        verified: PasswordHash,
        /// Whether they showed a one-time code as well.
        with_code: bool,
    },
}

impl LoginToken {
    /// Whether it is over.
    pub fn expired_at(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}
