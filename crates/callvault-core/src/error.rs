//! What can go wrong in a use case, said once; each door maps it to its own codes.

use crate::plan::PlanLimit;
use crate::port::audio_store::AudioStoreError;
use crate::port::catalog::CatalogError;
use crate::port::probe::Unrecognised;

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failed use case.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not there, or this principal may not know of it: the two look the same. `what` is a word of
    /// the domain (`recording`, `hunt group`, `message`).
    #[error("there is no such {what}, or you may not see it")]
    NotFound {
        /// The kind of thing.
        what: &'static str,
    },
    /// The role lacks the privilege for this.
    #[error("your role does not allow this")]
    RoleForbids,
    /// The API key lacks the scope for this.
    #[error("the key lacks the scope `{scope}`")]
    ScopeForbids {
        /// The scope.
        scope: &'static str,
    },
    /// The plan of the customer does not allow this, whoever asks.
    #[error("{0}")]
    PlanForbids(#[from] PlanLimit),
    /// A value is not acceptable.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field, as our own API names it.
        field: &'static str,
        /// A sentence for the person who sent it.
        reason: String,
    },
    /// Values that may not be together: exits of a hunt group that end the call and have a number.
    #[error("{}: a call that ends goes to no number", .fields.join(", "))]
    Contradicts {
        /// The fields, as our own API names them, at least one.
        fields: Vec<&'static str>,
    },
    /// It would collide with something that exists.
    #[error("{field}: {reason}")]
    Conflict {
        /// The field that collides.
        field: &'static str,
        /// A sentence for the person who sent it.
        reason: String,
    },
    /// More bytes than allowed.
    #[error("the audio is over the limit of {limit_bytes} bytes")]
    TooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// The bytes are not audio that is kept.
    #[error("{0}")]
    NotAudio(#[from] Unrecognised),
    /// The catalog has it, the store cannot read it.
    #[error("the audio is recorded but cannot be read")]
    Unreadable(#[source] AudioStoreError),
    /// The store could not keep the bytes.
    #[error("the audio could not be stored")]
    NotStored(#[source] AudioStoreError),
    /// Too much is waiting already.
    #[error("the server is busy, try again")]
    Busy,
    /// The listen log takes no entries, and nothing is handed out unlogged.
    #[error("the listen log cannot be written")]
    Unlogged,
    /// The catalog failed.
    #[error("the catalog failed")]
    Catalog(#[source] CatalogError),
}

impl Error {
    /// A value that is not acceptable.
    pub fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid { field, reason: reason.into() }
    }
}

impl From<CatalogError> for Error {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Taken { field } => Self::Conflict { field, reason: "is in use already".to_owned() },
            CatalogError::Gone { what } => Self::NotFound { what },
            CatalogError::Contradicts { fields } => Self::Contradicts { fields },
            CatalogError::Kept { field, reason } => Self::Conflict { field, reason },
            CatalogError::KeepsNothing { record_group } => {
                let reason = format!(
                    "record group {record_group} keeps recordings for 0 days, so that it would be lost"
                );
                Self::Conflict { field: "record_group", reason }
            }
            CatalogError::PlanForbids(limit) => Self::PlanForbids(limit),
            // Whoever notes deletions tries again; this is what is left to say when others never stop.
            CatalogError::Changed { .. } => Self::Busy,
            CatalogError::Engine { .. } | CatalogError::Unreadable { .. } => Self::Catalog(error),
        }
    }
}
