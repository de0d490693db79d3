//! The port to the writer of the listen log.

use async_trait::async_trait;

use crate::listen::ListenEntry;

/// The log takes no entries now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the listen log cannot be written")]
pub struct Unlogged;

/// Takes entries, and commits them in the order in which it took them: none is committed later than one that came after it.
#[async_trait]
pub trait ListenWriter: Send + Sync {
    /// Takes the entry of what hands bytes out, or leaves something behind. Returns when it is queued for the next group,
    /// normally at most 50 ms away and never more than 2 s; in strict mode when it is committed.
    async fn record(&self, entry: ListenEntry) -> Result<(), Unlogged>;
    /// Takes the entry of a ticket or link that only this process knows, so that nothing is left of either when it is
    /// killed. Returns when it is queued, in strict mode too: what the ticket opens is recorded later, and so the entry is
    /// there whenever that of a byte is.
    async fn note(&self, entry: ListenEntry) -> Result<(), Unlogged>;
    /// Returns when everything queued before is committed.
    async fn flush(&self) -> Result<(), Unlogged>;
}
