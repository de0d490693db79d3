//! The writer of the listen log: one task that chains entries and commits them in groups.
//!
//! By default an entry is committed at most [`GROUP_TIME`] after it was recorded, so a kill can lose that much; in strict
//! mode `record` returns after the commit. When the catalog takes no entries, `record` fails, and so nothing is handed
//! out unlogged; the group in hand is tried again until it is in.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use callvault_core::id::CustomerId;
use callvault_core::listen::{Head, ListenEntry, LogRow};
use callvault_core::port::catalog::{Catalog, CatalogError};
use callvault_core::port::clock::Clock;
use callvault_core::port::listen_writer::{ListenWriter, Unlogged};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};

/// How long a group collects entries.
pub const GROUP_TIME: Duration = Duration::from_millis(50);

/// How many entries a group holds at most, and how many may wait.
const GROUP_ENTRIES: usize = 1000;

/// How long the writer waits before it tries a failed group again.
const RETRY_TIME: Duration = Duration::from_millis(500);

enum Order {
    Record(Box<ListenEntry>, Option<oneshot::Sender<()>>),
    Flush(oneshot::Sender<()>),
}

/// The handle of the writer.
pub struct ListenLog {
    orders: mpsc::Sender<Order>,
    failing: Arc<AtomicBool>,
    strict: bool,
    task: std::sync::Mutex<Option<JoinHandle<()>>>,
}

impl ListenLog {
    /// Starts the writer. Its epoch is opened with the first entry, so that a run that logs nothing leaves nothing.
    pub fn start(catalog: Arc<dyn Catalog>, clock: Arc<dyn Clock>, strict: bool) -> Arc<Self> {
        let (orders, queue) = mpsc::channel(GROUP_ENTRIES);
        let failing = Arc::new(AtomicBool::new(false));
        let writer =
            Writer { catalog, clock, failing: failing.clone(), strict, epoch: None, heads: HashMap::new() };
        let task = tokio::spawn(writer.run(queue));
        Arc::new(Self { orders, failing, strict, task: std::sync::Mutex::new(Some(task)) })
    }

    /// Commits what is queued and ends the writer; later entries are refused. Waits for at most `grace`.
    pub async fn shutdown(&self, grace: Duration) -> Result<(), Unlogged> {
        let flushed = tokio::time::timeout(grace, self.flush()).await;
        let task = self.task.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(task) = task {
            task.abort();
        }
        flushed.unwrap_or(Err(Unlogged))
    }
}

#[async_trait]
impl ListenWriter for ListenLog {
    async fn record(&self, entry: ListenEntry) -> Result<(), Unlogged> {
        if self.failing.load(Ordering::Relaxed) {
            return Err(Unlogged);
        }
        let entry = Box::new(entry);
        if !self.strict {
            return self.orders.send(Order::Record(entry, None)).await.map_err(|_| Unlogged);
        }
        let (committed, wait) = oneshot::channel();
        self.orders.send(Order::Record(entry, Some(committed))).await.map_err(|_| Unlogged)?;
        wait.await.map_err(|_| Unlogged)
    }

    async fn flush(&self) -> Result<(), Unlogged> {
        let (committed, wait) = oneshot::channel();
        self.orders.send(Order::Flush(committed)).await.map_err(|_| Unlogged)?;
        wait.await.map_err(|_| Unlogged)
    }
}

struct Writer {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    failing: Arc<AtomicBool>,
    strict: bool,
    epoch: Option<i64>,
    heads: HashMap<CustomerId, Head>,
}

#[derive(Default)]
struct Group {
    entries: Vec<ListenEntry>,
    waiting: Vec<oneshot::Sender<()>>,
}

impl Writer {
    async fn run(mut self, mut queue: mpsc::Receiver<Order>) {
        while let Some(first) = queue.recv().await {
            let mut group = Group::default();
            let mut flush_now = group.take(first) || self.strict;
            let end = Instant::now() + GROUP_TIME;
            while group.entries.len() < GROUP_ENTRIES {
                let next = if flush_now {
                    queue.try_recv().ok()
                } else {
                    timeout_at(end, queue.recv()).await.ok().flatten()
                };
                let Some(order) = next else { break };
                flush_now |= group.take(order);
            }
            self.commit(group).await;
        }
    }

    /// Commits one group, however often it takes: its rows are the same each time, and rows that are in already are
    /// passed over.
    async fn commit(&mut self, group: Group) {
        let Group { entries, waiting } = group;
        if !entries.is_empty() {
            let epoch = self.opened_epoch().await;
            let mut touched = Vec::new();
            let rows: Vec<LogRow> = entries
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
                self.failed("the listen log cannot be written, nothing is handed out until it can", &error)
                    .await;
            }
            self.recovered();
        }
        for waiting in waiting {
            // Whoever waited may have gone away.
            let _ = waiting.send(());
        }
    }

    async fn opened_epoch(&mut self) -> i64 {
        loop {
            if let Some(epoch) = self.epoch {
                return epoch;
            }
            match self.catalog.open_epoch(self.clock.now()).await {
                Ok(epoch) => self.epoch = Some(epoch),
                Err(error) => {
                    self.failed("the listen log cannot be opened, nothing is handed out until it can", &error)
                        .await
                }
            }
        }
    }

    async fn failed(&self, message: &str, error: &CatalogError) {
        if !self.failing.swap(true, Ordering::Relaxed) {
            tracing::error!(error = error as &dyn std::error::Error, "{message}");
        }
        sleep(RETRY_TIME).await;
    }

    fn recovered(&self) {
        if self.failing.swap(false, Ordering::Relaxed) {
            tracing::info!("the listen log is written again");
        }
    }
}

impl Group {
    /// Takes an order; true when it wants the group committed at once.
    fn take(&mut self, order: Order) -> bool {
        match order {
            Order::Record(entry, waiting) => {
                self.entries.push(*entry);
                self.waiting.extend(waiting);
                false
            }
            Order::Flush(waiting) => {
                self.waiting.push(waiting);
                true
            }
        }
    }
}
