//! Sessions: logins that carry on over several requests, known by a token of which only the hash is kept.

use std::net::IpAddr;
use std::time::Duration;

use crate::id::{CustomerId, PersonId};
use crate::secret::{Secret, SecretHash};
use crate::time::Timestamp;

/// How long an idle session lives; each authenticated call slides it (`docs/yeastar.md` G5).
pub const SESSION_LIFE: Duration = Duration::from_secs(30 * 60);

/// How long an expired session is remembered, so that its token can be told from one never issued (G7).
pub const TOMBSTONE_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a refresh token lives, also beyond the end of its session (`docs/yeastar.md` G8).
pub const REFRESH_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// A login of the Yeastar dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The hash of its token.
    pub token: SecretHash,
    /// Whose it is.
    pub person: PersonId,
    /// Their customer.
    pub customer: CustomerId,
    /// From where the login came.
    pub peer: IpAddr,
    /// The application server's address, when a heartbeat named one.
    pub application_server: Option<IpAddr>,
    /// Where the client wants reports.
    pub report: ReportWish,
    /// When the login was.
    pub created_at: Timestamp,
    /// When it ends unless something slides it.
    pub expires_at: Timestamp,
    /// What renews it, where the client was given that.
    pub refresh: Option<RefreshToken>,
}

/// What renews a session, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshToken {
    /// The hash of the token.
    pub token: SecretHash,
    /// When it ends; a session is remembered for longer.
    pub expires_at: Timestamp,
}

/// What login and heartbeat said about reports, as sent, and the place that it comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReportWish {
    /// TCP port on the application server.
    pub port: u16,
    /// Path or complete address, by `url_is_complete`. Secret, as it may carry a key.
    pub url: Secret,
    /// `urltag` 1: `url` is host, port and path.
    pub url_is_complete: bool,
    /// The report format, `1.0.0`, `1.0.2` or `2.0.0`.
    pub version: String,
    /// The [`crate::report::WantedTarget::place`] that these come to; empty when reports can go nowhere.
    pub place: String,
}

impl Session {
    /// Whether it has ended at this time.
    pub fn expired_at(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }

    /// The addresses that count as the application server (`docs/yeastar.md` G11), but for the peer of the present
    /// request.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        std::iter::once(self.peer).chain(self.application_server)
    }
}
