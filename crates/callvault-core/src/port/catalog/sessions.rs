//! The port to sessions of the Yeastar dialect.

use async_trait::async_trait;

use super::CatalogResult;
use crate::id::PersonId;
use crate::person::PasswordHash;
use crate::report::{TargetFailure, WantedTarget};
use crate::secret::SecretHash;
use crate::session::Session;

/// Sessions.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Adds a session with its target, deletes those it pushes out, and leaves the oldest places of its person that no live
    /// session asks for, beyond [`crate::report::PLACES_FOR_NOBODY`], in one commit; false, and nothing done, when its
    /// person is gone or disabled, or their password is not the one that was verified any more.
    async fn begin_session(
        &self,
        session: Session,
        verified: PasswordHash,
        pushed_out: Vec<SecretHash>,
        target: Option<WantedTarget>,
    ) -> CatalogResult<bool>;
    /// Writes the ends of sessions that are still there, and nothing else of them, keeps the targets of their rows for as
    /// long, and deletes others, in one commit. A session that was deleted meanwhile stays deleted.
    async fn slide_sessions(&self, slid: Vec<Session>, deleted: Vec<SecretHash>) -> CatalogResult<()>;
    /// Writes a session whose target changed. What waited at a place that is left goes to the new target; without one it is
    /// set aside.
    async fn retarget_session(
        &self,
        session: Session,
        target: Option<WantedTarget>,
        left: Option<LeftPlace>,
    ) -> CatalogResult<()>;
    /// Deletes a session; false when there is none under this token (any more). What waits at a place that is left is set aside.
    async fn end_session(&self, token: SecretHash, left: Option<LeftPlace>) -> CatalogResult<bool>;
    /// Gives a session a new token, end and refresh token, in one commit with the deletion of those it pushes out; false,
    /// and nothing done, when there is no session any more that `old` and `refresh` belong to. True for exactly one caller.
    async fn renew_session(
        &self,
        old: SecretHash,
        refresh: SecretHash,
        renewed: Session,
        pushed_out: Vec<SecretHash>,
    ) -> CatalogResult<bool>;
    /// All sessions, live and remembered.
    async fn sessions(&self) -> CatalogResult<Vec<Session>>;
}

/// A place for reports that a session does not ask for any more. It is left when no other live session of the person does
/// so either, as the catalog finds in the same commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftPlace {
    /// The person.
    pub person: PersonId,
    /// The [`WantedTarget::place`].
    pub place: String,
    /// Since when, and why, as an operator is told.
    pub left: TargetFailure,
}
