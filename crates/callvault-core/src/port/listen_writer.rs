//! The port to the writer of the listen log.

use async_trait::async_trait;

use crate::listen::ListenEntry;

/// The log takes no entries now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the listen log cannot be written")]
pub struct Unlogged;

/// Takes entries in order.
#[async_trait]
pub trait ListenWriter: Send + Sync {
    /// Returns when the entry is queued for the next group, normally at most 50 ms away and never more than 2 s; in strict
    /// mode when it is committed.
    async fn record(&self, entry: ListenEntry) -> Result<(), Unlogged>;
    /// Returns when everything queued before is committed.
    async fn flush(&self) -> Result<(), Unlogged>;
}
