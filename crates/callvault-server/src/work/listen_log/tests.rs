//! The writer over a catalog that fails or stands still when the test says so.

use std::pin::Pin;

use callvault_core::audio::Sha256;
use callvault_core::gate::{InCustomer, Within};
use callvault_core::listen::{Action, Door, Listened};
use callvault_core::page::PageRequest;
use callvault_core::port::catalog::{CatalogResult, LogFilter, LogPlace};
use callvault_core::time::Timestamp;
use tokio::sync::watch;
use tokio::task::yield_now;

use super::*;
use crate::system::SystemClock;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Well,
    Failing,
    Stalled,
}

/// Keeps rows in memory.
struct Moody {
    mood: watch::Sender<Mood>,
    attempts: watch::Sender<usize>,
    rows: Mutex<Vec<LogRow>>,
}

impl Moody {
    fn new(mood: Mood) -> Arc<Self> {
        let (mood, attempts) = (watch::Sender::new(mood), watch::Sender::new(0));
        Arc::new(Self { mood, attempts, rows: Mutex::default() })
    }

    async fn answer(&self) -> CatalogResult<()> {
        self.attempts.send_modify(|attempts| *attempts += 1);
        let mut mood = self.mood.subscribe();
        match *mood.wait_for(|mood| *mood != Mood::Stalled).await.unwrap() {
            Mood::Failing => Err(CatalogError::Unreadable { what: "test" }),
            _ => Ok(()),
        }
    }

    fn names(&self) -> Vec<String> {
        self.rows.lock().unwrap().iter().map(|row| row.name.clone()).collect()
    }
}

#[async_trait]
impl catalog::ListenLog for Moody {
    fn beside_writer(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        tokio::spawn(task);
    }

    async fn open_epoch(&self, _at: Timestamp) -> CatalogResult<i64> {
        self.answer().await.map(|()| 1)
    }

    async fn append_log(&self, rows: Arc<[LogRow]>, _heads: Vec<Head>) -> CatalogResult<()> {
        self.answer().await?;
        self.rows.lock().unwrap().extend_from_slice(&rows);
        Ok(())
    }

    async fn log_rows(
        &self,
        _customer: &InCustomer,
        _filter: &LogFilter,
        _page: PageRequest<LogPlace>,
    ) -> CatalogResult<Vec<LogRow>> {
        Ok(Vec::new())
    }

    async fn log_heads(&self, _within: &Within) -> CatalogResult<Vec<Head>> {
        Ok(Vec::new())
    }

    async fn log_chain(&self, _head: &Head, _after: i64, _limit: u32) -> CatalogResult<Vec<LogRow>> {
        Ok(Vec::new())
    }
}

fn entry(name: &str) -> ListenEntry {
    ListenEntry {
        customer: CustomerId(1),
        at: Timestamp::from_unix_ms(0),
        person: None,
        door: Door::Api,
        peer: None,
        action: Action::Play,
        subject: Listened {
            kind: "recording",
            name: name.to_owned(),
            sha256: Some(Sha256([0; 32])),
            bytes: None,
        },
        ticket: None,
    }
}

fn start(mood: Mood, strict: bool) -> (Arc<Moody>, Arc<ListenLog>) {
    let catalog = Moody::new(mood);
    (catalog.clone(), ListenLog::over(catalog, Arc::new(SystemClock::new()), strict))
}

#[tokio::test(start_paused = true)]
async fn a_stalled_catalog_never_leaves_more_than_two_seconds_uncommitted() {
    let (catalog, log) = start(Mood::Stalled, false);
    let began = Instant::now();
    let mut taken = Vec::new();
    loop {
        let name = format!("{}", began.elapsed().as_millis());
        if log.record(entry(&name)).await.is_err() {
            break;
        }
        taken.push(name);
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(began.elapsed(), Duration::from_secs(2));
    sleep(Duration::from_secs(60)).await;
    assert_eq!(log.record(entry("late")).await, Err(Unlogged), "it stays so");
    catalog.mood.send_replace(Mood::Well);
    log.flush().await.unwrap();
    assert_eq!(catalog.names(), taken, "all that was taken, in order, and nothing that was refused");
    log.record(entry("again")).await.unwrap();
    log.flush().await.unwrap();
    assert_eq!(catalog.names().last().unwrap(), "again");
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_rather_than_holds_callers_for_ever() {
    let (catalog, log) = start(Mood::Stalled, false);
    // The writer holds a group, and as many fit into the queue.
    let sent = 3 * GROUP_ENTRIES;
    let many = futures_util::future::join_all((0..sent).map(|_| log.record(entry("many"))));
    let taken = timeout(Duration::from_secs(5), many).await.expect("nobody waits for ever");
    let taken = taken.iter().filter(|taken| taken.is_ok()).count();
    assert!((1..sent).contains(&taken), "{taken}");
    catalog.mood.send_replace(Mood::Well);
    log.flush().await.unwrap();
    assert_eq!(catalog.names().len(), taken);
    assert!(log.uncommitted.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn strict_waiters_are_refused_at_the_first_failure() {
    for opened in [false, true] {
        let (catalog, log) = start(if opened { Mood::Well } else { Mood::Stalled }, true);
        if opened {
            log.record(entry("first")).await.unwrap();
            catalog.mood.send_replace(Mood::Stalled);
        }
        let began = Instant::now();
        let recorded = |name: &'static str| {
            let log = log.clone();
            tokio::spawn(async move { log.record(entry(name)).await })
        };
        let mut attempts = catalog.attempts.subscribe();
        attempts.mark_unchanged();
        let in_hand = recorded("in hand");
        attempts.changed().await.unwrap();
        let behind = recorded("behind");
        tokio::task::yield_now().await;
        catalog.mood.send_replace(Mood::Failing);
        for waiting in [in_hand, behind] {
            let answer = timeout(Duration::from_secs(60), waiting).await.expect("it hangs");
            assert_eq!(answer.unwrap(), Err(Unlogged));
        }
        assert!(began.elapsed() < RETRY_TIME, "no further attempt was waited for");
        assert_eq!(log.record(entry("refused")).await, Err(Unlogged));
        // What was in hand is written as soon as it can be.
        catalog.mood.send_replace(Mood::Well);
        log.flushed().await.unwrap();
        let first = opened.then_some("first");
        let wanted: Vec<_> = first.into_iter().chain(["in hand", "behind"]).collect();
        assert_eq!(catalog.names(), wanted);
        log.record(entry("again")).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_strict_link_waits_for_nothing_and_goes_before_what_it_opens() {
    let (catalog, log) = start(Mood::Stalled, true);
    log.note(entry("link")).await.unwrap();
    let download = tokio::spawn({
        let log = log.clone();
        async move { log.record(entry("download")).await }
    });
    let began = Instant::now();
    let mut attempts = catalog.attempts.subscribe();
    attempts.wait_for(|attempts| *attempts == 1).await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO, "the download is in a hurry");
    log.note(entry("next link")).await.unwrap();
    assert!(!download.is_finished(), "nothing is committed yet");
    catalog.mood.send_replace(Mood::Well);
    assert_eq!(download.await.unwrap(), Ok(()));
    assert_eq!(catalog.names(), ["link", "download"], "the link came first, the next one has time");
    assert_eq!(*attempts.borrow(), 2, "one opened the epoch, one took both entries");
    // It is committed within its time though nobody waits for it, and not before.
    attempts.wait_for(|attempts| *attempts == 3).await.unwrap();
    assert_eq!(catalog.names(), ["link", "download", "next link"]);
    assert!(began.elapsed() >= GROUP_TIME && began.elapsed() < 2 * GROUP_TIME);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_in_strict_mode_while_one_group_is_committed_is_in_the_next() {
    let (catalog, log) = start(Mood::Well, true);
    log.record(entry("first")).await.unwrap();
    catalog.mood.send_replace(Mood::Stalled);
    let mut attempts = catalog.attempts.subscribe();
    attempts.mark_unchanged();
    let recorded = || {
        let log = log.clone();
        tokio::spawn(async move { log.record(entry("waiting")).await })
    };
    let mut waiting = vec![recorded()];
    attempts.changed().await.unwrap();
    waiting.extend((0..100).map(|_| recorded()));
    tokio::task::yield_now().await;
    let before = *attempts.borrow();
    catalog.mood.send_replace(Mood::Well);
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap(), Ok(()));
    }
    assert_eq!((catalog.names().len(), *attempts.borrow()), (102, before + 1));
}

#[test]
fn threads_are_answered_each_on_its_own_and_one_that_ends_holds_nobody_up() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let (writing, lane, ended) = (runtime(), runtime(), runtime());
    let (catalog, log) = writing.block_on(async {
        tokio::time::pause();
        start(Mood::Well, true)
    });
    let recorded = |name: &'static str| {
        let log = log.clone();
        async move { log.record(entry(name)).await }
    };
    // It has queued its entry, and ends before it can call the writer.
    ended.block_on(async {
        let mut waiting = Box::pin(recorded("gone"));
        assert!(futures_util::poll!(&mut waiting).is_pending());
    });
    drop(ended);
    let waiting = lane.spawn(recorded("waiting"));
    lane.block_on(yield_now());
    // Not one of the calls is lost: nobody waits for the time of a group.
    for name in ["beside", "again"] {
        writing.block_on(async {
            let began = Instant::now();
            assert_eq!(recorded(name).await, Ok(()));
            assert_eq!(began.elapsed(), Duration::ZERO, "{name}");
        });
    }
    assert_eq!(lane.block_on(waiting).unwrap(), Ok(()));
    assert_eq!(catalog.names(), ["gone", "waiting", "beside", "again"]);
}

#[tokio::test(start_paused = true)]
async fn links_are_refused_in_strict_mode_too_when_older_ones_do_not_get_in() {
    let (catalog, log) = start(Mood::Stalled, true);
    log.note(entry("one")).await.unwrap();
    sleep(LONGEST_UNCOMMITTED).await;
    assert_eq!(log.note(entry("refused")).await, Err(Unlogged));
    catalog.mood.send_replace(Mood::Well);
    log.flush().await.unwrap();
    assert_eq!(catalog.names(), ["one"]);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_a_catalog_that_comes_back() {
    let (catalog, log) = start(Mood::Failing, false);
    log.record(entry("one")).await.unwrap();
    let mut attempts = catalog.attempts.subscribe();
    attempts.wait_for(|attempts| *attempts >= 2).await.unwrap();
    assert_eq!(log.flush().await, Err(Unlogged));
    let ending = tokio::spawn(async move { log.shutdown(Duration::from_secs(10)).await });
    attempts.wait_for(|attempts| *attempts >= 5).await.unwrap();
    catalog.mood.send_replace(Mood::Well);
    assert_eq!(ending.await.unwrap(), Ok(()));
    assert_eq!(catalog.names(), ["one"]);
}
