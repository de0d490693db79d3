//! The threads on which connections are served: one for each core, and a connection stays where it began.
//!
//! A runtime whose threads share their work wakes a second thread whenever one finds something to do, lest it has to be
//! helped. For requests that take microseconds that costs more than the requests. So each lane has a runtime of
//! one thread, and a new connection goes to the lane that has fewest. Whatever takes long is done elsewhere: passwords and
//! files by threads for that, the catalog and the listen log by a thread of their own.

use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::runtime::{self, Handle};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// Threads of one lane for what waits for the medium; work beyond that waits its turn.
const BLOCKING_THREADS: usize = 32;

/// The lanes of a server. They end when this is dropped.
#[derive(Debug)]
pub(super) struct Lanes {
    lanes: Vec<Lane>,
    _end: DropGuard,
}

#[derive(Debug)]
struct Lane {
    runtime: Handle,
    busy: Arc<AtomicUsize>,
}

impl Lanes {
    /// Starts a lane for each core that this process may use.
    ///
    /// # Errors
    /// When the system has no room for another thread or no descriptor for it to wait with.
    pub(super) fn start() -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let end = CancellationToken::new();
        let lanes = (0..cores).map(|number| Lane::start(number, &end)).collect::<io::Result<_>>()?;
        Ok(Self { lanes, _end: end.drop_guard() })
    }

    /// Runs a connection on the lane that has fewest. It begins there, so that it is woken there.
    pub(super) fn spawn<W>(&self, connections: &TaskTracker, work: impl FnOnce() -> W + Send + 'static)
    where
        W: Future<Output = ()> + Send,
    {
        let lane = self.lanes.iter().min_by_key(|lane| lane.busy.load(Ordering::Relaxed));
        let lane = lane.expect("there is a lane for each core, and at least one");
        let here = Here::on(lane);
        let task = async move {
            work().await;
            drop(here);
        };
        connections.spawn_on(task, &lane.runtime);
    }
}

impl Lane {
    fn start(number: usize, end: &CancellationToken) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread()
            .max_blocking_threads(BLOCKING_THREADS)
            .enable_all()
            .build()?;
        let handle = runtime.handle().clone();
        let ended = end.clone().cancelled_owned();
        let run = move || {
            runtime.block_on(ended);
            // A slow disk must not keep the process.
            runtime.shutdown_background();
        };
        thread::Builder::new().name(format!("lane-{number}")).spawn(run)?;
        Ok(Self { runtime: handle, busy: Arc::default() })
    }
}

/// A connection that counts on its lane until it is dropped.
struct Here(Arc<AtomicUsize>);

impl Here {
    fn on(lane: &Lane) -> Self {
        lane.busy.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(&lane.busy))
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
