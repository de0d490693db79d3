//! The writer: takes units in the order in which they were sent, commits them in groups, then answers them.
//!
//! While one group is being flushed to the medium the next one gathers, so that many small writes share a flush and a
//! lonely one does not wait. Each unit has a savepoint of its own, or the whole transaction when it is alone: one that fails
//! takes nothing of its neighbours along.
//! When the transaction itself fails, nothing of the group counts; its units are run again, each alone, on a fresh
//! connection, and only those that fail once more are answered so.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_trait::async_trait;
use callvault_core::port::catalog::{CatalogError, CatalogResult};
use futures_util::FutureExt as _;
use sqlx::sqlite::SqlitePool;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::yield_now;

use super::connection::{Opening, Writable, Writing};
use super::recall::{Recall, Tables};
use crate::catalog::sql::{Sql, Unit};

/// The most units of one group: bounds how long the first of them waits.
const GROUP: usize = 256;

/// What the writer is sent.
pub(super) enum Order {
    Unit(Box<dyn Job>),
    /// Finish what is queued, then end.
    Close,
}

/// A unit of work with the one who waits for it.
#[async_trait]
pub(super) trait Job: Send {
    /// Runs the unit and keeps its result; false when the unit failed.
    async fn run(&mut self, sql: &mut dyn Sql) -> bool;
    /// Answers with the result of the last run.
    fn answer(self: Box<Self>);
    /// Answers that the transaction failed.
    fn fail(self: Box<Self>, error: CatalogError);
}

pub(super) struct Queued<U: Unit> {
    unit: U,
    result: Option<CatalogResult<U::Output>>,
    reply: oneshot::Sender<CatalogResult<U::Output>>,
}

impl<U: Unit> Queued<U> {
    pub(super) fn new(unit: U, reply: oneshot::Sender<CatalogResult<U::Output>>) -> Self {
        Self { unit, result: None, reply }
    }
}

#[async_trait]
impl<U: Unit> Job for Queued<U> {
    async fn run(&mut self, sql: &mut dyn Sql) -> bool {
        // A panic is the failure of this unit. It must not end the writer, without which nothing is written any more.
        let ran = AssertUnwindSafe(self.unit.run(sql)).catch_unwind().await;
        let result = ran.unwrap_or_else(|panic| Err(panicked(panic.as_ref())));
        let succeeded = result.is_ok();
        self.result = Some(result);
        succeeded
    }

    fn answer(self: Box<Self>) {
        if let Some(result) = self.result {
            // Whoever sent it may be gone; the write counts all the same.
            let _ = self.reply.send(result);
        }
    }

    fn fail(self: Box<Self>, error: CatalogError) {
        let _ = self.reply.send(Err(error));
    }
}

/// A unit of work that did not come to its end.
#[derive(Debug, thiserror::Error)]
#[error("it panicked: {0}")]
struct Panicked(String);

fn panicked(panic: &(dyn Any + Send)) -> CatalogError {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    CatalogError::Engine { operation: "a unit of work", source: Box::new(Panicked(said.to_owned())) }
}

/// A transaction that failed as a whole.
#[derive(Debug)]
struct Failed {
    operation: &'static str,
    /// Not one unit was run: there is no connection, or another process holds the lock.
    before_units: bool,
    source: Arc<rusqlite::Error>,
}

impl Failed {
    fn of(operation: &'static str) -> impl FnOnce(rusqlite::Error) -> Self {
        move |error| Self { operation, before_units: false, source: Arc::new(error) }
    }

    fn to_begin(operation: &'static str) -> impl FnOnce(rusqlite::Error) -> Self {
        move |error| Self { operation, before_units: true, source: Arc::new(error) }
    }

    fn error(&self) -> CatalogError {
        CatalogError::Engine { operation: self.operation, source: Box::new(Arc::clone(&self.source)) }
    }
}

pub(super) struct Writer {
    opening: Opening,
    /// Absent after a failure, until the next group needs it.
    connection: Option<Writable>,
    readers: SqlitePool,
    recall: Arc<Recall>,
    /// Dropped with the writer: tells that all is finished.
    _working: watch::Sender<()>,
}

impl Writer {
    /// A writer, and what changes or fails when it has ended.
    pub(super) fn new(
        opening: Opening,
        connection: Writable,
        readers: SqlitePool,
        recall: Arc<Recall>,
    ) -> (Self, watch::Receiver<()>) {
        let (working, finished) = watch::channel(());
        (Self { opening, connection: Some(connection), readers, recall, _working: working }, finished)
    }

    /// Works until told to close, or until nobody can send any more.
    pub(super) async fn serve(mut self, mut queue: mpsc::Receiver<Order>) {
        let mut orders = Vec::with_capacity(GROUP);
        while queue.recv_many(&mut orders, GROUP).await > 0 {
            let mut group = Vec::with_capacity(orders.len());
            for order in orders.drain(..) {
                match order {
                    Order::Unit(job) => group.push(job),
                    Order::Close => queue.close(),
                }
            }
            self.commit(group).await;
            // While there is always something to write, nothing else makes this wait, and what lives beside it stood still.
            if !queue.is_empty() {
                yield_now().await;
            }
        }
        self.finish().await;
    }

    async fn commit(&mut self, mut group: Vec<Box<dyn Job>>) {
        if group.is_empty() {
            return;
        }
        let mut failed = match self.attempt(&mut group).await {
            Ok(()) => return group.into_iter().for_each(Job::answer),
            Err(failed) => failed,
        };
        tracing::warn!(
            units = group.len(),
            operation = failed.operation,
            error = %failed.source,
            "a group of writes failed; what can be run again is"
        );
        for job in group {
            // Waiting for the same lock once more for each unit would hold up all others for minutes.
            if failed.before_units {
                job.fail(failed.error());
                continue;
            }
            let mut alone = [job];
            let outcome = self.attempt(&mut alone).await;
            let [job] = alone;
            match outcome {
                Ok(()) => job.answer(),
                Err(again) => {
                    job.fail(again.error());
                    failed = again;
                }
            }
        }
    }

    /// One transaction. After a failure the connection is dropped, and whatever it had open with it.
    async fn attempt(&mut self, group: &mut [Box<dyn Job>]) -> Result<(), Failed> {
        let mut changed = 0;
        let outcome = self.transaction(group, &mut changed).await;
        // Also after a failure: nobody can say of every one that nothing was committed.
        self.recall.changed(changed);
        outcome
    }

    async fn transaction(&mut self, group: &mut [Box<dyn Job>], changed: &mut Tables) -> Result<(), Failed> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.opening.open().map_err(Failed::to_begin("opening the catalog for writing"))?,
        };
        match group {
            [job] => self.alone(&mut connection, job, changed).await?,
            jobs => self.together(&mut connection, jobs, changed).await?,
        }
        self.connection = Some(connection);
        Ok(())
    }

    /// A transaction for one unit: the whole of it is the savepoint.
    async fn alone(
        &self,
        connection: &mut Writable,
        job: &mut Box<dyn Job>,
        changed: &mut Tables,
    ) -> Result<(), Failed> {
        connection.run("BEGIN IMMEDIATE").map_err(Failed::to_begin("beginning a transaction"))?;
        if self.unit(connection, job, changed).await {
            connection.run("COMMIT").map_err(Failed::of("committing"))
        } else {
            // Fails where SQLite has rolled back everything by itself, as it does on a full disk.
            connection.run("ROLLBACK").map_err(Failed::of("rolling back a unit"))
        }
    }

    /// A transaction for several units, each in a savepoint.
    async fn together(
        &self,
        connection: &mut Writable,
        jobs: &mut [Box<dyn Job>],
        changed: &mut Tables,
    ) -> Result<(), Failed> {
        connection.run("BEGIN IMMEDIATE").map_err(Failed::to_begin("beginning a transaction"))?;
        for job in jobs.iter_mut() {
            connection.run("SAVEPOINT unit").map_err(Failed::of("setting a savepoint"))?;
            if !self.unit(connection, job, changed).await {
                // Fails where SQLite has rolled back everything by itself, as it does on a full disk.
                connection.run("ROLLBACK TO unit").map_err(Failed::of("rolling back a unit"))?;
            }
            connection.run("RELEASE unit").map_err(Failed::of("setting a savepoint"))?;
        }
        connection.run("COMMIT").map_err(Failed::of("committing"))
    }

    /// Runs one unit; false when it failed.
    async fn unit(&self, connection: &mut Writable, job: &mut Box<dyn Job>, changed: &mut Tables) -> bool {
        let mut writing = Writing::new(connection, self.recall.schema());
        let succeeded = job.run(&mut writing).await;
        *changed |= writing.changed();
        succeeded
    }

    /// Folds the write-ahead log into the file. Readers go first: a checkpoint cannot pass them.
    async fn finish(&mut self) {
        self.readers.close().await;
        let Some(connection) = self.connection.take() else { return };
        if let Err(error) = connection.run("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::warn!(%error, "the write-ahead log stays beside the catalog; it is read at the next start");
        }
        if let Err(error) = connection.close() {
            tracing::warn!(%error, "the catalog was not closed cleanly");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use sqlx::sqlite::SqliteConnectOptions;

    use super::*;
    use crate::catalog::sql::{Query, Row};
    use crate::catalog::sqlite::recall::Schema;

    /// A script, run as a unit.
    struct Script(&'static str);

    #[async_trait]
    impl Unit for Script {
        type Output = ();

        async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
            Ok(sql.script("a script", self.0).await?)
        }
    }

    struct Bench {
        writer: Writer,
        _directory: tempfile::TempDir,
    }

    async fn bench() -> Bench {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("test.db");
        fs_err::write(&path, "").unwrap();
        let pragmas = vec![("foreign_keys", "ON"), ("max_page_count", "200")];
        let opening = Opening { path, patience: Duration::from_secs(5), statements: 10, pragmas };
        let mut connection = opening.open().unwrap();
        connection.use_write_ahead_log(Duration::from_secs(5)).await.unwrap();
        let tables = "CREATE TABLE one (id BIGINT PRIMARY KEY, bulk BYTEA);
                      CREATE TABLE other (one BIGINT REFERENCES one (id) DEFERRABLE INITIALLY DEFERRED);";
        connection.script(tables).unwrap();
        let readers = SqlitePool::connect_lazy_with(SqliteConnectOptions::new().filename(&opening.path));
        let recall = Arc::new(Recall::new(Schema::default()));
        Bench { writer: Writer::new(opening, connection, readers, recall).0, _directory: directory }
    }

    /// Commits the scripts as one group; answers which of them succeeded, and the rows there are then.
    async fn commit(bench: &mut Bench, scripts: &[&'static str]) -> (Vec<bool>, Vec<i64>) {
        let (mut group, mut answers) = (Vec::new(), Vec::new());
        for script in scripts {
            let (reply, answer) = oneshot::channel();
            group.push(Box::new(Queued::new(Script(script), reply)) as Box<dyn Job>);
            answers.push(answer);
        }
        bench.writer.commit(group).await;
        let mut succeeded = Vec::new();
        for answer in answers {
            succeeded.push(answer.await.unwrap().is_ok());
        }
        let connection = bench.writer.opening.open().unwrap();
        let query = Query::new("reading", "SELECT id FROM one ORDER BY id");
        let rows: Vec<Row> = connection.fetch(&query).unwrap();
        (succeeded, rows.into_iter().map(|mut row| row.int("id").unwrap()).collect())
    }

    const GOOD_1: &str = "INSERT INTO one (id) VALUES (1)";
    const GOOD_2: &str = "INSERT INTO one (id) VALUES (2)";
    const GOOD_3: &str = "INSERT INTO one (id) VALUES (3)";

    #[tokio::test]
    async fn a_failed_commit_is_run_again_one_by_one() {
        let mut bench = bench().await;
        // Passes as a statement and fails the COMMIT of whatever it is in.
        let dangling = "INSERT INTO one (id) VALUES (9); INSERT INTO other (one) VALUES (99)";
        let (succeeded, rows) = commit(&mut bench, &[GOOD_1, dangling, GOOD_2]).await;
        assert_eq!((succeeded, rows), (vec![true, false, true], vec![1, 2]));
        assert_eq!(commit(&mut bench, &[GOOD_3]).await, (vec![true], vec![1, 2, 3]), "the writer goes on");
    }

    #[tokio::test]
    async fn a_transaction_that_ends_by_itself_takes_nobody_along() {
        let mut bench = bench().await;
        // SQLite rolls all back on some failures of the medium; this is the same from outside.
        let ends = "INSERT INTO one (id) VALUES (9); ROLLBACK; SELECT no_such_function()";
        let (succeeded, rows) = commit(&mut bench, &[GOOD_1, ends, GOOD_2]).await;
        assert_eq!((succeeded, rows), (vec![true, false, true], vec![1, 2]));
        // One that commits by itself and then fails is as bad: the savepoint is gone.
        let commits = "COMMIT; SELECT no_such_function()";
        assert_eq!(commit(&mut bench, &[commits, GOOD_3]).await, (vec![false, true], vec![1, 2, 3]));
    }

    #[tokio::test]
    async fn a_full_medium_fails_what_does_not_fit_and_nothing_else() {
        let mut bench = bench().await;
        let large = "INSERT INTO one (id, bulk) VALUES (9, zeroblob(4000000))";
        let (succeeded, rows) = commit(&mut bench, &[GOOD_1, large, GOOD_2]).await;
        assert_eq!((succeeded, rows), (vec![true, false, true], vec![1, 2]));
    }

    #[tokio::test]
    async fn a_unit_that_fails_leaves_nothing_of_itself() {
        let mut bench = bench().await;
        let half = "INSERT INTO one (id) VALUES (9); INSERT INTO one (id) VALUES (1)";
        let (succeeded, rows) = commit(&mut bench, &[GOOD_1, half, GOOD_2]).await;
        assert_eq!((succeeded, rows), (vec![true, false, true], vec![1, 2]));
    }

    /// Deletes nothing, then adds two rows and a reference.
    #[derive(Clone, Copy)]
    struct Several {
        first: i64,
        second: i64,
        /// What `other` refers to; checked by COMMIT.
        refers: i64,
    }

    #[async_trait]
    impl Unit for Several {
        type Output = u64;

        async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<u64> {
            let add = |id: i64| Query::new("adding", "INSERT INTO one (id) VALUES ($1)").with(id);
            let refer = Query::new("referring", "INSERT INTO other (one) VALUES ($1)").with(self.refers);
            let nothing = Query::new("deleting nothing", "DELETE FROM one WHERE id = $1").with(-1i64);
            let deleted = sql.execute(nothing).await?;
            for query in [add(self.first), add(self.second), refer] {
                sql.execute(query).await?;
            }
            Ok(deleted)
        }
    }

    /// Commits units of several statements; answers whether each succeeded, and the rows.
    async fn commit_several(bench: &mut Bench, units: &[Several]) -> (Vec<bool>, Vec<i64>) {
        let (mut group, mut answers) = (Vec::new(), Vec::new());
        for unit in units {
            let (reply, answer) = oneshot::channel();
            group.push(Box::new(Queued::new(*unit, reply)) as Box<dyn Job>);
            answers.push(answer);
        }
        bench.writer.commit(group).await;
        let mut succeeded = Vec::new();
        for answer in answers {
            let deleted = answer.await.unwrap();
            assert_eq!(*deleted.as_ref().unwrap_or(&0), 0, "a deletion of nothing, whatever was before");
            succeeded.push(deleted.is_ok());
        }
        (succeeded, commit(bench, &[]).await.1)
    }

    #[tokio::test]
    async fn a_unit_alone_commits_all_its_statements_or_none() {
        let mut bench = bench().await;
        let unit = |first, second, refers| Several { first, second, refers };
        assert_eq!(commit_several(&mut bench, &[unit(1, 2, 2)]).await, (vec![true], vec![1, 2]));
        // The second of its statements fails, then COMMIT does.
        assert_eq!(commit_several(&mut bench, &[unit(3, 1, 1)]).await, (vec![false], vec![1, 2]));
        assert_eq!(commit_several(&mut bench, &[unit(3, 4, 99)]).await, (vec![false], vec![1, 2]));
        assert_eq!(commit_several(&mut bench, &[unit(3, 4, 3)]).await, (vec![true], vec![1, 2, 3, 4]));
        assert_eq!(commit(&mut bench, &["INSERT INTO one (id) VALUES (5)"]).await.1, [1, 2, 3, 4, 5]);
    }

    #[tokio::test]
    async fn statements_of_one_of_several_units_commit_nobody_else() {
        let mut bench = bench().await;
        let unit = |first, second, refers| Several { first, second, refers };
        let units = [unit(1, 2, 1), unit(3, 1, 1), unit(5, 6, 99), unit(7, 8, 7)];
        assert_eq!(
            commit_several(&mut bench, &units).await,
            (vec![true, false, false, true], vec![1, 2, 7, 8])
        );
    }

    /// Adds a row and then panics.
    struct Panics;

    #[async_trait]
    impl Unit for Panics {
        type Output = ();

        async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
            sql.script("a script", "INSERT INTO one (id) VALUES (9)").await?;
            if true {
                panic!("on purpose");
            }
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_unit_that_panics_is_one_that_failed() {
        let mut bench = bench().await;
        let (reply, mut good) = oneshot::channel();
        let first = Box::new(Queued::new(Script(GOOD_1), reply)) as Box<dyn Job>;
        let panicking = || {
            let (reply, answer) = oneshot::channel();
            (Box::new(Queued::new(Panics, reply)) as Box<dyn Job>, answer)
        };
        let (second, beside) = panicking();
        let (third, alone) = panicking();
        bench.writer.commit(vec![first, second]).await;
        bench.writer.commit(vec![third]).await;
        good.try_recv().unwrap().unwrap();
        for answer in [beside, alone] {
            let error = answer.await.unwrap().unwrap_err();
            let source = std::error::Error::source(&error).map(ToString::to_string);
            assert_eq!(source.as_deref(), Some("it panicked: on purpose"), "{error}");
        }
        assert_eq!(commit(&mut bench, &[GOOD_2]).await, (vec![true], vec![1, 2]), "the writer goes on");
    }

    /// Counts how often it was run.
    struct Counted(Arc<AtomicUsize>);

    #[async_trait]
    impl Unit for Counted {
        type Output = ();

        async fn run(&self, _: &mut dyn Sql) -> CatalogResult<()> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
    }

    #[tokio::test]
    async fn what_lives_beside_the_writer_has_its_turn_after_each_group() {
        const GROUPS: usize = 10;
        let (bench, run) = (bench().await, Arc::new(AtomicUsize::new(0)));
        let (orders, queue) = mpsc::channel(GROUPS * GROUP);
        for _ in 0..GROUPS * GROUP {
            let job = Queued::new(Counted(run.clone()), oneshot::channel().0);
            assert!(orders.try_send(Order::Unit(Box::new(job))).is_ok());
        }
        drop(orders);
        let turns = tokio::spawn(async move {
            let mut turns = Vec::new();
            while turns.last() != Some(&(GROUPS * GROUP)) {
                turns.push(run.load(Ordering::Relaxed));
                yield_now().await;
            }
            turns
        });
        bench.writer.serve(queue).await;
        let mut turns = turns.await.unwrap();
        turns.dedup();
        let longest = turns.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert_eq!(longest, Some(GROUP), "{turns:?}");
    }

    #[tokio::test]
    async fn a_unit_alone_that_cannot_begin_is_told_so_once() {
        let mut bench = bench().await;
        let other = bench.writer.opening.open().unwrap();
        bench.writer.connection.take().unwrap().close().unwrap();
        bench.writer.opening.patience = Duration::from_millis(1);
        other.run("BEGIN IMMEDIATE").unwrap();
        let (reply, _answer) = oneshot::channel();
        let mut group =
            [Box::new(Queued::new(Several { first: 1, second: 2, refers: 1 }, reply)) as Box<dyn Job>];
        let failed = bench.writer.attempt(&mut group).await.unwrap_err();
        assert_eq!((failed.operation, failed.before_units), ("beginning a transaction", true));
    }

    #[tokio::test]
    async fn a_catalog_that_cannot_be_locked_fails_all_at_once() {
        let mut bench = bench().await;
        bench.writer.connection.take().unwrap().close().unwrap();
        let other = bench.writer.opening.open().unwrap();
        bench.writer.opening.patience = Duration::from_millis(1);
        other.run("BEGIN IMMEDIATE").unwrap();
        assert_eq!(commit(&mut bench, &[GOOD_1, GOOD_2]).await, (vec![false, false], vec![]));
        other.run("ROLLBACK").unwrap();
        assert_eq!(commit(&mut bench, &[GOOD_1, GOOD_2]).await, (vec![true, true], vec![1, 2]));
    }
}
