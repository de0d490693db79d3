//! The catalog on SQLite: one writer connection that commits in groups, on a thread of its own, and a few read-only
//! connections, each with a thread of the driver.
//!
//! Write-ahead log with `synchronous=FULL`: an answered write has been flushed to the medium. Readers see every answered
//! write, and never wait for the writer; what was looked up a moment ago is known (`recall.rs`).

use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use callvault_core::port::catalog::{CatalogError, CatalogResult};
use futures_util::future::BoxFuture;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};

use self::connection::{Opening, Writable, Writing};
use self::group::{Order, Queued, Writer};
use self::reading::{failure, fetch};
use self::recall::{Question, Recall, Schema};
use super::OpenError;
use super::migrate::migrate;
use super::sql::{Engine, Query, Row, Unit};

mod connection;
mod group;
mod reading;
mod recall;

/// How long a statement waits for a lock that another process holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Read-only connections; each has a thread. Reads of a catalog are short, so that few keep a machine busy.
const READERS: u32 = 6;

/// How many units may wait before senders do.
const QUEUE: usize = 1024;

/// More than the statements there are, with the sizes of `batches`.
const STATEMENT_CACHE: usize = 512;

/// After how many pages the write-ahead log is folded into the file, which flushes twice while everybody who writes waits.
/// Readers look through all of the log's pages in tables of some 4,000 each (<https://www.sqlite.org/walformat.html>, "WAL
/// index"): one is left to be enough. 4,000 pages are 16 MB.
const CHECKPOINT_PAGES: &str = "4000";

/// The engine.
pub(super) struct Sqlite {
    readers: SqlitePool,
    orders: mpsc::Sender<Order>,
    finished: watch::Receiver<()>,
    recall: Arc<Recall>,
    /// That of the writer's thread.
    runtime: Handle,
}

/// The engine was closed.
#[derive(Debug, thiserror::Error)]
#[error("the catalog is closed")]
struct Closed;

fn closed(operation: &'static str) -> CatalogError {
    CatalogError::Engine { operation, source: Box::new(Closed) }
}

impl Sqlite {
    pub(super) async fn open(path: &Path) -> Result<Self, OpenError> {
        create_private(path).await?;
        let opening = Opening {
            path: path.to_owned(),
            patience: BUSY_TIMEOUT,
            statements: STATEMENT_CACHE,
            pragmas: vec![
                ("synchronous", "FULL"),
                ("foreign_keys", "ON"),
                ("wal_autocheckpoint", CHECKPOINT_PAGES),
            ],
        };
        let (connection, schema) = opened(&opening).await?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(BUSY_TIMEOUT)
            .statement_cache_capacity(STATEMENT_CACHE)
            .disable_statement_logging();
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.read_only(true))
            .await
            .map_err(|error| OpenError::Engine { path: path.to_owned(), source: error.into() })?;
        let (orders, queue) = mpsc::channel(QUEUE);
        let recall = Arc::new(Recall::new(schema));
        let (writer, finished) = Writer::new(opening, connection, readers.clone(), recall.clone());
        let runtime = serve(writer, queue)
            .map_err(|error| OpenError::Engine { path: path.to_owned(), source: error.into() })?;
        Ok(Self { readers, orders, finished, recall, runtime })
    }
}

/// Runs the writer on a thread of its own until it ends.
///
/// Its statements run there and take as long as the medium does, so that nothing else may but what waits for them.
fn serve(writer: Writer, queue: mpsc::Receiver<Order>) -> io::Result<Handle> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let handle = runtime.handle().clone();
    let work = move || runtime.block_on(writer.serve(queue));
    std::thread::Builder::new().name("catalog-writer".to_owned()).spawn(work)?;
    Ok(handle)
}

/// Opens the file for writing, in its present shape.
async fn opened(opening: &Opening) -> Result<(Writable, Schema), OpenError> {
    let path = &opening.path;
    let engine_error =
        |error: rusqlite::Error| OpenError::Engine { path: path.clone(), source: error.into() };
    let mut connection = opening.open().map_err(engine_error)?;
    connection.use_write_ahead_log(BUSY_TIMEOUT).await.map_err(engine_error)?;
    connection.run("BEGIN IMMEDIATE").map_err(engine_error)?;
    // On failure the connection is dropped, and with it the transaction.
    migrate(&mut Writing::new(&mut connection, &Schema::default()))
        .await
        .map_err(|source| OpenError::Migrate { path: path.clone(), source })?;
    connection.run("COMMIT").map_err(engine_error)?;
    let schema = connection.schema().map_err(engine_error)?;
    Ok((connection, schema))
}

/// Makes an empty file that only its owner can read. SQLite gives its side files the same mode.
async fn create_private(path: &Path) -> Result<(), OpenError> {
    let owned = path.to_owned();
    let created = tokio::task::spawn_blocking(move || -> io::Result<()> {
        let mut options = fs_err::OpenOptions::new();
        options.write(true).create_new(true).options_mut().mode(0o600);
        match options.open(&owned) {
            Ok(file) => {
                file.sync_all()?;
                let parent = owned.parent().filter(|parent| !parent.as_os_str().is_empty());
                fs_err::File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    });
    let created = created.await.unwrap_or_else(|error| Err(io::Error::other(error)));
    created.map_err(|source| OpenError::File { path: path.to_owned(), source })
}

impl Engine for Sqlite {
    async fn write<U: Unit>(&self, unit: U) -> CatalogResult<U::Output> {
        let (reply, answer) = oneshot::channel();
        let order = Order::Unit(Box::new(Queued::new(unit, reply)));
        if self.orders.send(order).await.is_err() {
            return Err(closed("a write"));
        }
        answer.await.unwrap_or_else(|_| Err(closed("a write")))
    }

    async fn read(&self, query: Query) -> CatalogResult<Vec<Row>> {
        let operation = query.operation;
        let mut connection = match self.readers.acquire().await {
            Ok(connection) => connection,
            Err(sqlx::Error::PoolClosed) => return Err(closed(operation)),
            Err(error) => return Err(failure(operation, error).into()),
        };
        Ok(fetch(&mut connection, query).await?)
    }

    async fn look_up<T: Send + Sync + 'static>(
        &self,
        query: Query,
        read: fn(&mut Row) -> CatalogResult<T>,
    ) -> CatalogResult<Arc<Vec<T>>> {
        let question = Question(query);
        let read_at = match self.recall.find(&question) {
            Ok(known) => return Ok(known),
            Err(read_at) => read_at,
        };
        // In a box of its own: the future of a look-up is moved about, and mostly has no use for the room that this takes.
        let rows = Box::pin(self.read(question.0.clone())).await?;
        let found = rows.into_iter().map(|mut row| read(&mut row)).collect::<CatalogResult<Vec<T>>>()?;
        let found = Arc::new(found);
        self.recall.keep(question, read_at, &found);
        Ok(found)
    }

    async fn self_check(&self) -> CatalogResult<Vec<String>> {
        // The named exception to portable SQL: only SQLite has pages of its own to look at.
        let rows = self.read(Query::new("checking the pages of the catalog", "PRAGMA quick_check")).await?;
        let mut faults = Vec::new();
        for mut row in rows {
            let line = row.text("check")?;
            if line != "ok" {
                faults.push(format!("damaged catalog: {line}"));
            }
        }
        Ok(faults)
    }

    fn beside_writer(&self, task: BoxFuture<'static, ()>) {
        self.runtime.spawn(task);
    }

    async fn close(&self) {
        // Both fail only when the writer has ended, which is what is wanted.
        let _ = self.orders.send(Order::Close).await;
        let _ = self.finished.clone().changed().await;
        self.recall.close();
    }
}
