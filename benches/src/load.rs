//! Runs the clients of a run: each does its work again as soon as it is done, and what is done in the window counts.
//!
//! After the warm-up the window lasts as long as asked, and longer where few answers fit into it: until the clients have
//! together finished a number for each connection. Work begun before the window and finished in it counts, work not
//! finished at its end does not; so the rate is that of a load that goes on for ever.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::sync::oneshot;
use tokio::task::LocalSet;

use crate::http::{SharedBuffer, shared_buffer};
use crate::process;
use crate::work::{Client, Target};

/// How far apart the clients begin in a list of requests, so that no two ask for the same at the same time.
const SPACING: usize = 61;

/// How long to measure.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    /// Before the window; longer until every connection has, on average, finished once.
    pub(crate) warm_up: Duration,
    /// The shortest window.
    pub(crate) window: Duration,
    /// Finished work per connection, on average, before the window may end.
    per_connection: u64,
    /// The longest window and the longest warm-up, whatever was finished.
    limit: Duration,
}

impl Pace {
    /// To see that everything works.
    pub(crate) const QUICK: Pace = Pace {
        warm_up: Duration::from_millis(100),
        window: Duration::from_millis(300),
        per_connection: 1,
        limit: Duration::from_secs(60),
    };

    /// To measure, with the window given in seconds or 1.5 s.
    pub(crate) fn full(seconds: Option<f64>) -> Pace {
        let window = Duration::from_secs_f64(seconds.unwrap_or(1.5).clamp(0.1, 3600.0));
        let limit = window.max(Duration::from_secs(60));
        Pace { warm_up: Duration::from_millis(400), window, per_connection: 2, limit }
    }
}

/// What was measured in the window.
pub(crate) struct Measured {
    /// Its length.
    pub(crate) window: Duration,
    /// How long each piece of work took that was finished in it, shortest first.
    pub(crate) latencies: Vec<Duration>,
    /// The server's processor time.
    pub(crate) server_time: Duration,
    /// The load generator's processor time.
    pub(crate) client_time: Duration,
    /// Processor time that went to anything else on the machine.
    pub(crate) other_time: Duration,
    /// The most bytes of the server's processes resident during warm-up and window, what they share counted for each.
    pub(crate) peak_bytes: u64,
    /// What the first client that failed met. The run ended there.
    pub(crate) failure: Option<String>,
}

/// What the threads and the one that directs them share.
#[derive(Default)]
struct Control {
    /// Whether the window is open.
    open: AtomicBool,
    /// Finished since the start.
    finished: AtomicU64,
    failed: AtomicBool,
    failure: Mutex<Option<String>>,
}

impl Control {
    fn fail(&self, error: &anyhow::Error) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert_with(|| format!("{error:#}"));
        self.failed.store(true, Ordering::Release);
    }

    fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }
}

/// Processor time at one moment.
struct Times {
    server: Duration,
    client: Duration,
    all: Duration,
}

impl Times {
    fn read(server: &[u32]) -> anyhow::Result<Times> {
        Ok(Times {
            server: process::processor_time_of(server)?,
            client: process::processor_time(std::process::id())?,
            all: process::busy_time()?,
        })
    }
}

/// Runs the clients once; `server` are the processes of the one who answers.
///
/// # Errors
/// When nothing was finished in the time allowed, or the server is gone. Wrong answers are no error here but
/// [`Measured::failure`].
pub(crate) fn run(
    server: &[u32],
    target: &Arc<Target>,
    connections: usize,
    pace: Pace,
    threads: usize,
) -> anyhow::Result<Measured> {
    let control = Arc::new(Control::default());
    for id in server {
        process::reset_peak(*id)?;
    }
    let threads = threads.clamp(1, connections);
    let mut stops = Vec::new();
    let mut workers = Vec::new();
    let mut first = 0;
    for index in 0..threads {
        let share = connections / threads + usize::from(index < connections % threads);
        let numbers = first..first + share;
        first += share;
        let (stop, stopped) = oneshot::channel();
        let (target, control) = (Arc::clone(target), Arc::clone(&control));
        stops.push(stop);
        workers.push(thread::spawn(move || work(&target, numbers, &control, stopped)));
    }

    let connections = connections as u64;
    wait(&control, pace.warm_up, 0, connections, pace.limit);
    let before = Times::read(server)?;
    let started = Instant::now();
    let already = control.finished.load(Ordering::Relaxed);
    control.open.store(true, Ordering::Release);
    wait(&control, pace.window, already, pace.per_connection * connections, pace.limit);
    control.open.store(false, Ordering::Release);
    let window = started.elapsed();
    let after = Times::read(server)?;
    let peak_bytes = server.iter().map(|id| process::peak_resident(*id)).sum::<anyhow::Result<u64>>()?;

    drop(stops);
    let mut latencies = Vec::new();
    for worker in workers {
        let Ok(result) = worker.join() else { bail!("a thread of the load generator panicked") };
        latencies.extend(result?);
    }
    latencies.sort_unstable();
    let failure = control.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
    if latencies.is_empty() && failure.is_none() {
        bail!("nothing was finished in {window:?}");
    }
    let server_time = after.server.saturating_sub(before.server);
    let client_time = after.client.saturating_sub(before.client);
    Ok(Measured {
        window,
        latencies,
        server_time,
        client_time,
        other_time: after.all.saturating_sub(before.all).saturating_sub(server_time + client_time),
        peak_bytes,
        failure,
    })
}

/// Waits for `time` and until `count` more than `already` are finished, but not beyond `limit` or a failure.
fn wait(control: &Control, time: Duration, already: u64, count: u64, limit: Duration) {
    let started = Instant::now();
    while !control.has_failed() {
        let waited = started.elapsed();
        let is_enough = control.finished.load(Ordering::Relaxed) >= already + count;
        if waited >= limit || waited >= time && is_enough {
            break;
        }
        // Not longer than what is left, lest the window be longer than asked for.
        let left = time.saturating_sub(waited);
        thread::sleep(if left.is_zero() {
            Duration::from_millis(2)
        } else {
            left.min(Duration::from_millis(20))
        });
    }
}

/// One thread: the clients of these numbers until the word to stop; gives the latencies of the window.
fn work(
    target: &Arc<Target>,
    numbers: Range<usize>,
    control: &Arc<Control>,
    stopped: oneshot::Receiver<()>,
) -> anyhow::Result<Vec<Duration>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start a thread of the load generator")?;
    let buffer = shared_buffer();
    let latencies = Rc::new(RefCell::new(Vec::new()));
    let clients = LocalSet::new();
    for number in numbers {
        let (target, control) = (Arc::clone(target), Arc::clone(control));
        let (buffer, latencies) = (Rc::clone(&buffer), Rc::clone(&latencies));
        clients.spawn_local(async move {
            if let Err(error) = client(&target, number, &control, buffer, &latencies).await {
                control.fail(&error);
            }
        });
    }
    // The sender is dropped to say stop; clients in the middle of something are dropped with the set.
    clients.block_on(&runtime, async { drop(stopped.await) });
    drop(clients);
    Ok(latencies.take())
}

/// One client, for ever.
async fn client(
    target: &Target,
    number: usize,
    control: &Control,
    buffer: SharedBuffer,
    latencies: &RefCell<Vec<Duration>>,
) -> anyhow::Result<()> {
    let mut client = Client::open(target, buffer).await?.starting_at(number * SPACING);
    loop {
        let started = Instant::now();
        client.once(target).await?;
        let took = started.elapsed();
        control.finished.fetch_add(1, Ordering::Relaxed);
        if control.open.load(Ordering::Acquire) {
            latencies.borrow_mut().push(took);
        }
    }
}
