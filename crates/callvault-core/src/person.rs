//! People: the accounts, with the role that says what they may.

pub mod profile;

use crate::address::SourceList;
use crate::id::{CustomerId, PersonId, RoleId};
use crate::role::Role;
use crate::time::Timestamp;
use crate::words::words;

use self::profile::{Profile, ProfileChange};

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their number.
    pub id: PersonId,
    /// Where they belong.
    pub customer: CustomerId,
    /// Their name at every door, unique in the installation without regard to case.
    pub username: String,
    /// What they may.
    pub role: RoleId,
    /// The Argon2id hash of the MD5 hex of the password, as a PHC string.
    pub password_hash: PasswordHash,
    /// Where they may come from.
    pub source: SourceList,
    /// How failed downloads look to their client.
    pub download_errors: DownloadErrors,
    /// What their client gets for call records of which there are none.
    pub empty_calls: EmptyCalls,
    /// Cannot log in.
    pub disabled: bool,
    /// When they were added.
    pub created_at: Timestamp,
}

words! {
    /// What a Yeastar download link answers a person's client with when it fails (`docs/yeastar.md` G19).
    #[derive(Default)]
    DownloadErrors {
        /// HTTP 200 and the errno, as the device does.
        #[default]
        Envelope = "envelope",
        /// The same body under an HTTP status that says the same, for clients that keep whatever comes with 200 as audio.
        Status = "status",
    }

    /// What a person's client gets for call records of which there are none (`docs/yeastar.md` G32).
    #[derive(Default)]
    EmptyCalls {
        /// The header line alone.
        #[default]
        Header = "header",
        /// A failure, which leaves the ticket good.
        Missing = "missing",
    }
}

/// A stored password hash; masked in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// From the PHC string.
    pub fn new(phc: impl Into<String>) -> Self {
        Self(phc.into())
    }

    /// The PHC string, for the hasher and the catalog.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(***)")
    }
}

/// A person with what decides about their rights: everything a login needs, read in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The person.
    pub person: Person,
    /// Their role.
    pub role: Role,
    /// Their customer or one above it is disabled.
    pub customer_disabled: bool,
    /// They use one-time codes, so that a password alone opens no door.
    pub one_time_codes: bool,
}

/// A person to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPerson {
    /// See [`Person::customer`].
    pub customer: CustomerId,
    /// See [`Person::username`].
    pub username: String,
    /// See [`Person::role`].
    pub role: RoleId,
    /// See [`Person::password_hash`].
    pub password_hash: PasswordHash,
    /// See [`Person::source`].
    pub source: SourceList,
    /// See [`Person::download_errors`].
    pub download_errors: DownloadErrors,
    /// See [`Person::empty_calls`].
    pub empty_calls: EmptyCalls,
    /// What is known of them.
    pub profile: Profile,
    /// See [`Person::created_at`].
    pub created_at: Timestamp,
}

/// What may change about a person; `None` keeps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonChange {
    /// See [`Person::username`].
    pub username: Option<String>,
    /// See [`Person::role`].
    pub role: Option<RoleId>,
    /// See [`Person::password_hash`].
    pub password_hash: Option<PasswordHash>,
    /// See [`Person::source`].
    pub source: Option<SourceList>,
    /// See [`Person::download_errors`].
    pub download_errors: Option<DownloadErrors>,
    /// See [`Person::empty_calls`].
    pub empty_calls: Option<EmptyCalls>,
    /// See [`Person::disabled`].
    pub disabled: Option<bool>,
    /// What changes of their profile.
    pub profile: ProfileChange,
}

impl PersonChange {
    /// Whether it changes a lock alone, that is the password or whether they can log in: no plan stands in the way of that.
    pub fn is_of_locks(&self) -> bool {
        let locks =
            Self { password_hash: self.password_hash.clone(), disabled: self.disabled, ..Self::default() };
        *self == locks && locks != Self::default()
    }
}
