//! Token pairs: logins of the P-Series dialect. An access token for the calls of half an hour, and a refresh token that is
//! good once, for the next pair. Of both only the hash is kept.

use std::time::Duration;

use crate::id::PersonId;
use crate::secret::SecretHash;
use crate::time::Timestamp;

/// How long an access token lives; calls do not slide it (`docs/pseries.md` P8).
pub const ACCESS_TOKEN_LIFE: Duration = Duration::from_secs(1800);

/// How long a refresh token lives.
pub const REFRESH_TOKEN_LIFE: Duration = Duration::from_secs(86_400);

/// How many access tokens of one person may be alive at once (`docs/pseries.md` P10).
pub const MOST_LIVE_TOKENS: u32 = 8;

/// A login of the P-Series dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenPair {
    /// The hash of its access token.
    pub access: SecretHash,
    /// The hash of its refresh token.
    pub refresh: SecretHash,
    /// Whose it is.
    pub person: PersonId,
    /// When the access token ends.
    pub access_ends: Timestamp,
    /// When the refresh token ends, and the pair with it.
    pub refresh_ends: Timestamp,
}
