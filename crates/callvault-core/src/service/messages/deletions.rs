//! Deletions of messages, noted before they come to be.
//!
//! Promise: what goes was noted. The catalog is told what was, and does nothing where others would go; then it is looked
//! again what is there. An entry may be of a version that others took away meanwhile, never the other way round.

use super::subject;
use crate::error::{Error, Result};
use crate::gate::Principal;
use crate::hunt_group::{HuntGroup, Message, MessageVersion};
use crate::listen::Action;
use crate::port::catalog::{CatalogError, CatalogResult};
use crate::service::playback::Playback;

/// How often others may come first until somebody is told to come back later.
const ROUNDS: u32 = 20;

/// What one use case deletes.
pub(in crate::service) struct Deletions<'a> {
    playback: &'a Playback,
    principal: &'a Principal,
    noted: Vec<MessageVersion>,
    rounds: u32,
}

impl<'a> Deletions<'a> {
    /// Nothing yet.
    pub(in crate::service) fn new(playback: &'a Playback, principal: &'a Principal) -> Self {
        Self { playback, principal, noted: Vec::new(), rounds: 0 }
    }

    /// Notes messages of a hunt group, each once.
    ///
    /// # Errors
    /// [`Error::Unlogged`].
    pub(in crate::service) async fn note(
        &mut self,
        hunt_group: &HuntGroup,
        messages: &[Message],
    ) -> Result<()> {
        for message in messages {
            let version = MessageVersion::from(message);
            if !self.noted.contains(&version) {
                let subject = subject(hunt_group, message);
                self.playback.note(self.principal, Action::Delete, &subject, &message.audio).await?;
                self.noted.push(version);
            }
        }
        Ok(())
    }

    /// What was noted.
    pub(in crate::service) fn noted(&self) -> Vec<MessageVersion> {
        self.noted.clone()
    }

    /// What a unit of work came to; `None` when it is to be tried again.
    ///
    /// # Errors
    /// Those of the unit, and of [`Deletions::again`].
    pub(in crate::service) fn or_again<T>(&mut self, done: CatalogResult<T>) -> Result<Option<T>> {
        match done {
            Ok(done) => Ok(Some(done)),
            Err(CatalogError::Changed { .. }) => self.again().map(|()| None),
            Err(error) => Err(error.into()),
        }
    }

    /// Counts another round.
    ///
    /// # Errors
    /// [`Error::Busy`] when there were too many.
    pub(in crate::service) fn again(&mut self) -> Result<()> {
        self.rounds += 1;
        if self.rounds < ROUNDS { Ok(()) } else { Err(Error::Busy) }
    }
}
