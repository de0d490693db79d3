//! What a connection has for as long as it is there, and longer where a request of it is carried on when its client has left.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::Admission;

/// The share that a connection has of what the server admits, and the server's patience at its end. In the extensions of each
/// request.
///
/// Work that outlives its connection holds it: otherwise a client that begins something slow, leaves and comes again would have
/// more under way than it may have connections, and a server that stops would not wait for it.
#[derive(Debug, Clone)]
pub(crate) struct Stay {
    held: Arc<Held>,
}

#[derive(Debug)]
struct Held {
    _permit: OwnedSemaphorePermit,
    _admission: Option<Admission>,
    _awaited: TaskTrackerToken,
    cut: CancellationToken,
}

impl Stay {
    pub(super) fn new(
        permit: OwnedSemaphorePermit,
        admission: Option<Admission>,
        awaited: TaskTrackerToken,
        cut: CancellationToken,
    ) -> Self {
        Self { held: Arc::new(Held { _permit: permit, _admission: admission, _awaited: awaited, cut }) }
    }

    /// Does the work, unless the server has waited for it long enough.
    pub(crate) async fn carry_on(self, work: impl Future) {
        if self.held.cut.run_until_cancelled(work).await.is_none() {
            tracing::warn!("what a client had begun was cut off by the end of the server");
        }
    }
}
