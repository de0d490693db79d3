//! The writer of the listen log: one task that chains entries and commits them in groups. It lives on the thread on which the
//! catalog writes, so that in strict mode a commit is one change of thread away from who waits for it.
//!
//! By default entries are committed in groups, normally within [`GROUP_TIME`] of being recorded. A commit that takes longer,
//! as on a stalled disk, lets `record` refuse from the moment on at which the oldest entry that is not committed is
//! [`LONGEST_UNCOMMITTED`] old. So a kill can lose the entries of the last 50 ms, and never those of more than 2 s. In
//! strict mode `record` returns after the commit. A group is then committed as soon as a thread of those who wait for it has
//! nothing else to do, and takes along all that came while the one before it was committed. So the work that a thread has in
//! hand shares a commit, and who is alone waits for nobody; and each thread is woken once for a commit, not once for each
//! of those who wait on it.
//!
//! When the catalog refuses entries, `record` fails, for those who wait for their entry's commit as well, and so nothing
//! is handed out unlogged. The entries in hand are tried again until they are in: an entry may tell of audio that was
//! then not handed out, never the other way round.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use callvault_core::id::CustomerId;
use callvault_core::listen::{Head, ListenEntry, LogRow};
use callvault_core::port::catalog::{self, Catalog, CatalogError};
use callvault_core::port::clock::Clock;
use callvault_core::port::listen_writer::{ListenWriter, Unlogged};
use futures_util::FutureExt as _;
use futures_util::future::{AbortHandle, abortable};
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// How long a group collects entries.
pub const GROUP_TIME: Duration = Duration::from_millis(50);

/// How old the oldest entry that is not committed may be for another one to be taken.
pub const LONGEST_UNCOMMITTED: Duration = Duration::from_secs(2);

/// How many entries a group holds at most, and how many may wait; half as many end its time.
const GROUP_ENTRIES: usize = 4000;

/// How long the writer waits before it tries a failed group again.
const RETRY_TIME: Duration = Duration::from_millis(500);

enum Order {
    Record(Box<ListenEntry>, Option<Waiting>),
    Flush(oneshot::Sender<()>),
}

/// Who waits for the commit of an entry, and where.
struct Waiting {
    runtime: Handle,
    committed: oneshot::Sender<()>,
}

/// Ends the time of a group when it is dropped, so also by a runtime that ends.
struct Call(Arc<Notify>);

impl Drop for Call {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// The handle of the writer.
pub struct ListenLog {
    orders: mpsc::Sender<Order>,
    /// Ends the time of a group that is being collected. Nothing else wakes the writer then: it would be the most that an
    /// entry costs.
    urgent: Arc<Notify>,
    /// Whether a [`Call`] is on its way to the writer.
    called: Arc<AtomicBool>,
    failing: Arc<AtomicBool>,
    uncommitted: Arc<Uncommitted>,
    strict: bool,
    ending: AbortHandle,
}

/// When each entry that is not committed was taken, in the order of the queue.
type Uncommitted = Mutex<VecDeque<Instant>>;

impl ListenLog {
    /// Starts the writer. Its epoch is opened with the first entry, so that a run that logs nothing leaves nothing.
    pub fn start(catalog: Arc<dyn Catalog>, clock: Arc<dyn Clock>, strict: bool) -> Arc<Self> {
        Self::over(catalog, clock, strict)
    }

    fn over(catalog: Arc<dyn catalog::ListenLog>, clock: Arc<dyn Clock>, strict: bool) -> Arc<Self> {
        let (orders, queue) = mpsc::channel(GROUP_ENTRIES);
        let failing = Arc::new(AtomicBool::new(false));
        let uncommitted = Arc::new(Uncommitted::default());
        let urgent = Arc::new(Notify::new());
        let called = Arc::new(AtomicBool::new(false));
        let writer = Writer {
            catalog,
            clock,
            queue,
            urgent: urgent.clone(),
            called: called.clone(),
            failing: failing.clone(),
            uncommitted: uncommitted.clone(),
            epoch: None,
            heads: HashMap::new(),
            next: Group::default(),
        };
        let beside = writer.catalog.clone();
        let (task, ending) = abortable(writer.run());
        beside.beside_writer(Box::pin(task.map(|_| ())));
        Arc::new(Self { orders, urgent, called, failing, uncommitted, strict, ending })
    }

    /// Commits what is queued and ends the writer; later entries are refused. Waits for at most `grace`.
    pub async fn shutdown(&self, grace: Duration) -> Result<(), Unlogged> {
        // A catalog that fails now may be back within the grace.
        let flushed = timeout(grace, self.flushed()).await;
        self.ending.abort();
        flushed.unwrap_or(Err(Unlogged))
    }

    async fn flushed(&self) -> Result<(), Unlogged> {
        let (committed, wait) = oneshot::channel();
        self.orders.send(Order::Flush(committed)).await.map_err(|_| Unlogged)?;
        self.urgent.notify_one();
        wait.await.map_err(|_| Unlogged)
    }

    /// Puts an entry into the queue, with the one who waits for its commit.
    async fn queue(&self, entry: ListenEntry, waiting: Option<Waiting>) -> Result<(), Unlogged> {
        self.check_failing()?;
        let room = match self.orders.try_reserve() {
            Ok(room) => room,
            Err(_) => {
                let room = timeout(LONGEST_UNCOMMITTED, self.orders.reserve()).await;
                let room = room.map_err(|_| Unlogged)?.map_err(|_| Unlogged)?;
                // The wait may have been long.
                self.check_failing()?;
                room
            }
        };
        let now = Instant::now();
        // Held until the order is in the queue, so that both have the same order.
        let mut uncommitted = self.uncommitted.lock().unwrap_or_else(PoisonError::into_inner);
        let is_old = |oldest: &Instant| now.duration_since(*oldest) >= LONGEST_UNCOMMITTED;
        // Whoever waits for the commit is told by that.
        if waiting.is_none() && uncommitted.front().is_some_and(is_old) {
            return Err(Unlogged);
        }
        uncommitted.push_back(now);
        room.send(Order::Record(Box::new(entry), waiting));
        Ok(())
    }

    /// Ends the time of the group once this thread has come through all that it can do now.
    fn call(&self) {
        if !self.called.swap(true, Ordering::AcqRel) {
            let call = Call(self.urgent.clone());
            // Tasks take turns: this one's comes after those of all that are awake.
            tokio::spawn(async move { drop(call) });
        }
    }

    fn check_failing(&self) -> Result<(), Unlogged> {
        if self.failing.load(Ordering::Relaxed) { Err(Unlogged) } else { Ok(()) }
    }
}

#[async_trait]
impl ListenWriter for ListenLog {
    async fn record(&self, entry: ListenEntry) -> Result<(), Unlogged> {
        if !self.strict {
            return self.note(entry).await;
        }
        let (committed, wait) = oneshot::channel();
        self.queue(entry, Some(Waiting { runtime: Handle::current(), committed })).await?;
        self.call();
        // A catalog that stalls must not keep the request; an entry that gets in later tells of a refused one.
        timeout(LONGEST_UNCOMMITTED, wait).await.map_err(|_| Unlogged)?.map_err(|_| Unlogged)
    }

    async fn note(&self, entry: ListenEntry) -> Result<(), Unlogged> {
        self.queue(entry, None).await?;
        if self.orders.capacity() <= GROUP_ENTRIES / 2 {
            self.urgent.notify_one();
        }
        Ok(())
    }

    async fn flush(&self) -> Result<(), Unlogged> {
        self.check_failing()?;
        self.flushed().await
    }
}

struct Writer {
    catalog: Arc<dyn catalog::ListenLog>,
    clock: Arc<dyn Clock>,
    queue: mpsc::Receiver<Order>,
    urgent: Arc<Notify>,
    called: Arc<AtomicBool>,
    failing: Arc<AtomicBool>,
    uncommitted: Arc<Uncommitted>,
    epoch: Option<i64>,
    heads: HashMap<CustomerId, Head>,
    /// What was taken from the queue while an earlier group failed.
    next: Group,
}

#[derive(Default)]
struct Group {
    entries: Vec<ListenEntry>,
    /// Those who hand audio out when their entry is committed, by where they wait.
    recording: Vec<(Handle, Vec<oneshot::Sender<()>>)>,
    flushing: Vec<oneshot::Sender<()>>,
}

impl Writer {
    async fn run(mut self) {
        loop {
            let mut group = std::mem::take(&mut self.next);
            if group.is_empty() {
                let Some(first) = self.queue.recv().await else { return };
                group.take(first);
                self.gather(&mut group).await;
            }
            self.take_waiting(&mut group);
            self.commit(group).await;
        }
    }

    /// Waits until a group's time is over, or somebody is in a hurry.
    async fn gather(&mut self, group: &mut Group) {
        let end = Instant::now() + GROUP_TIME;
        while group.entries.len() < GROUP_ENTRIES / 2 && timeout_at(end, self.urgent.notified()).await.is_ok()
        {
            self.take_waiting(group);
            // What called may have been for a group that is committed.
            if group.is_awaited() {
                break;
            }
        }
    }

    fn take_waiting(&mut self, group: &mut Group) {
        // Before anything is taken: whoever comes later calls anew.
        self.called.swap(false, Ordering::AcqRel);
        while group.entries.len() < GROUP_ENTRIES
            && let Ok(order) = self.queue.try_recv()
        {
            group.take(order);
        }
    }

    /// Commits one group, however often it takes: its rows are the same each time, and rows that are in already are
    /// passed over.
    async fn commit(&mut self, mut group: Group) {
        if !group.entries.is_empty() {
            let epoch = self.opened_epoch(&mut group).await;
            let entries = &group.entries;
            let mut touched = Vec::new();
            let rows: Arc<[LogRow]> = entries
                .iter()
                .map(|entry| {
                    let head = self
                        .heads
                        .entry(entry.customer)
                        .or_insert_with(|| Head::start(entry.customer, epoch));
                    let row = LogRow::chained(entry, epoch, head);
                    *head = Head::at(&row);
                    if !touched.contains(&entry.customer) {
                        touched.push(entry.customer);
                    }
                    row
                })
                .collect();
            let heads: Vec<Head> = touched.iter().map(|customer| self.heads[customer].clone()).collect();
            while let Err(error) = self.catalog.append_log(rows.clone(), heads.clone()).await {
                let message = "the listen log cannot be written, nothing is handed out until it can";
                self.failed(&mut group, message, &error).await;
            }
            let mut uncommitted = self.uncommitted.lock().unwrap_or_else(PoisonError::into_inner);
            uncommitted.drain(..group.entries.len());
            drop(uncommitted);
            self.recovered();
        }
        for (runtime, waiting) in group.recording {
            // Waking a thread is what costs; on its own thread each is woken by a place in a list.
            runtime.spawn(async move { answer(waiting) });
        }
        answer(group.flushing);
    }

    async fn opened_epoch(&mut self, group: &mut Group) -> i64 {
        loop {
            if let Some(epoch) = self.epoch {
                return epoch;
            }
            match self.catalog.open_epoch(self.clock.now()).await {
                Ok(epoch) => self.epoch = Some(epoch),
                Err(error) => {
                    let message = "the listen log cannot be opened, nothing is handed out until it can";
                    self.failed(group, message, &error).await;
                }
            }
        }
    }

    /// After a failed attempt: whoever waits for an entry is refused, those in the queue behind `group` too.
    async fn failed(&mut self, group: &mut Group, message: &str, error: &CatalogError) {
        if !self.failing.swap(true, Ordering::Relaxed) {
            tracing::error!(error = error as &dyn std::error::Error, "{message}");
        }
        group.recording.clear();
        // Few come any more, as `record` refuses before the queue.
        while let Ok(order) = self.queue.try_recv() {
            self.next.take(order);
        }
        self.next.recording.clear();
        sleep(RETRY_TIME).await;
    }

    fn recovered(&self) {
        if self.failing.swap(false, Ordering::Relaxed) {
            tracing::info!("the listen log is written again");
        }
    }
}

impl Group {
    fn take(&mut self, order: Order) {
        match order {
            Order::Record(entry, waiting) => {
                self.entries.push(*entry);
                if let Some(Waiting { runtime, committed }) = waiting {
                    match self.recording.iter_mut().find(|(known, _)| known.id() == runtime.id()) {
                        Some((_, waiting)) => waiting.push(committed),
                        None => self.recording.push((runtime, vec![committed])),
                    }
                }
            }
            Order::Flush(waiting) => self.flushing.push(waiting),
        }
    }

    /// Whether somebody waits for its commit.
    fn is_awaited(&self) -> bool {
        !(self.recording.is_empty() && self.flushing.is_empty())
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.flushing.is_empty()
    }
}

fn answer(all: Vec<oneshot::Sender<()>>) {
    for waiting in all {
        // Whoever waited may have gone away.
        let _ = waiting.send(());
    }
}

#[cfg(test)]
mod tests;
