//! The catalog on SQLite: one writer connection that commits in groups, and a few read-only connections.
//!
//! Write-ahead log with `synchronous=FULL`: an answered write has been flushed to the medium. Readers see every answered
//! write, and never wait for the writer; what was looked up a moment ago is known (`recall.rs`).

use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use callvault_core::port::catalog::{CatalogError, CatalogResult};
use sqlx::ConnectOptions as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::{mpsc, oneshot, watch};

use self::connection::{Writing, failure, fetch};
use self::group::{Order, Queued, Writer};
use self::recall::{Question, Recall, Schema};
use super::OpenError;
use super::migrate::migrate;
use super::sql::{Engine, Query, Row, Unit};

mod connection;
mod group;
mod recall;

/// How long a statement waits for a lock that another process holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Read-only connections; each has a thread. Reads of a catalog are short, so that few keep a machine busy.
const READERS: u32 = 6;

/// How many units may wait before senders do.
const QUEUE: usize = 1024;

/// More than the statements there are, with the sizes of `batches`, and with what joins them in `connection.rs`.
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
        let engine_error =
            |error: sqlx::Error| OpenError::Engine { path: path.to_owned(), source: error.into() };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .statement_cache_capacity(STATEMENT_CACHE)
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
            .disable_statement_logging();
        let mut connection = options.connect().await.map_err(engine_error)?;
        connection::use_write_ahead_log(&mut connection, BUSY_TIMEOUT).await.map_err(engine_error)?;
        connection::run(&mut connection, "BEGIN IMMEDIATE").await.map_err(engine_error)?;
        // On failure the connection is dropped, and with it the transaction.
        migrate(&mut Writing::new(&mut connection, &Schema::default()))
            .await
            .map_err(|source| OpenError::Migrate { path: path.to_owned(), source })?;
        connection::run(&mut connection, "COMMIT").await.map_err(engine_error)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.clone().read_only(true))
            .await
            .map_err(engine_error)?;
        let (orders, queue) = mpsc::channel(QUEUE);
        let schema = schema(&mut connection).await.map_err(engine_error)?;
        let recall = Arc::new(Recall::new(schema));
        let (writer, finished) = Writer::new(options, connection, readers.clone(), recall.clone());
        serve(writer, queue)
            .map_err(|error| OpenError::Engine { path: path.to_owned(), source: error.into() })?;
        Ok(Self { readers, orders, finished, recall })
    }
}

/// Runs the writer on a thread of its own until it ends.
///
/// It waits for the driver's thread after each statement. On a runtime whose threads share their work every such wait wakes a
/// second thread that finds nothing to do, and without connections to look after a wait costs no system call but that of sleeping.
fn serve(writer: Writer, queue: mpsc::Receiver<Order>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let work = move || runtime.block_on(writer.serve(queue));
    std::thread::Builder::new().name("catalog-writer".to_owned()).spawn(work)?;
    Ok(())
}

/// The tables there are, and which of them a deletion in another one reaches.
async fn schema(connection: &mut SqliteConnection) -> Result<Schema, sqlx::Error> {
    let tables = sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    let tables: Vec<String> = tables.fetch_all(&mut *connection).await?;
    let reached = sqlx::query_as(
        "SELECT fk.\"table\", t.name FROM sqlite_schema t, pragma_foreign_key_list(t.name) fk
         WHERE t.type = 'table' AND fk.on_delete NOT IN ('NO ACTION', 'RESTRICT')",
    );
    let reached: Vec<(String, String)> = reached.fetch_all(connection).await?;
    Ok(Schema::new(tables, &reached))
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

    async fn close(&self) {
        // Both fail only when the writer has ended, which is what is wanted.
        let _ = self.orders.send(Order::Close).await;
        let _ = self.finished.clone().changed().await;
    }
}
