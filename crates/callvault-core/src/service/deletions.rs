//! Deletions, noted before they come to be.
//!
//! Promise: what goes was noted. The catalog is told what was, and does nothing where others would go; then it is looked
//! again what is there. An entry may be of a version that others took away meanwhile, never the other way round.

use crate::audio::StoredAudio;
use crate::error::{Error, Result};
use crate::gate::Principal;
use crate::listen::Action;
use crate::port::catalog::{CatalogError, CatalogResult};
use crate::recording::Recording;
use crate::service::listening::Subject;
use crate::service::playback::Playback;
use crate::service::recordings::subject;

/// How often others may come first until somebody is told to come back later.
const ROUNDS: u32 = 20;

/// Does something by which a recording may go sooner. Whether it would is decided in the commit, which does nothing then until
/// it is told that it was noted: so nobody is noted who does no such thing, and whoever does is, whatever others do meanwhile.
///
/// # Errors
/// Those of the unit of work, [`Error::Unlogged`].
pub(in crate::service) async fn limiting<D, F>(
    playback: &Playback,
    principal: &Principal,
    recording: &Recording,
    work: impl Fn(bool) -> F,
) -> Result<D>
where
    F: Future<Output = CatalogResult<D>>,
{
    match work(false).await {
        Err(CatalogError::Changed { .. }) => {
            playback.note(principal, Action::Limit, &subject(recording), &recording.audio).await?;
            Ok(work(true).await?)
        }
        done => Ok(done?),
    }
}

/// What one use case deletes, each told from others that could be in its place by a `T`.
pub(in crate::service) struct Deletions<'a, T> {
    playback: &'a Playback,
    principal: &'a Principal,
    noted: Vec<T>,
    rounds: u32,
}

impl<'a, T: Clone + PartialEq> Deletions<'a, T> {
    /// Nothing yet.
    pub(in crate::service) fn new(playback: &'a Playback, principal: &'a Principal) -> Self {
        Self { playback, principal, noted: Vec::new(), rounds: 0 }
    }

    /// Notes one thing, once.
    ///
    /// # Errors
    /// [`Error::Unlogged`].
    pub(in crate::service) async fn note(
        &mut self,
        told_by: T,
        subject: &Subject,
        audio: &StoredAudio,
    ) -> Result<()> {
        if !self.noted.contains(&told_by) {
            self.playback.note(self.principal, Action::Delete, subject, audio).await?;
            self.noted.push(told_by);
        }
        Ok(())
    }

    /// What was noted.
    pub(in crate::service) fn noted(&self) -> Vec<T> {
        self.noted.clone()
    }

    /// What a unit of work came to; `None` when it is to be tried again.
    ///
    /// # Errors
    /// Those of the unit, and of [`Deletions::again`].
    pub(in crate::service) fn or_again<D>(&mut self, done: CatalogResult<D>) -> Result<Option<D>> {
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
