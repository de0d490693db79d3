//! The connection that writes: its statements run on the thread that asks for them.
//!
//! A driver with a thread for each connection needs two changes of thread for each message, which cost more than most
//! statements do. The writer has a thread to itself anyway, so nothing else waits while SQLite works or the medium does.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, Statement, ToSql, ffi};
use tokio::time::{Instant, sleep};

use super::recall::{EVERY, Schema, Tables};
use crate::catalog::sql::{Borrowed, Cause, Insertion, Query, Row, Sql, SqlError, Value};

/// The most rows of one statement. Values of more rows than these do not fit into the memory that SQLite keeps ready for small
/// things, and asking the system for each costs more than a statement less saves.
const BATCH_ROWS: usize = 8;

/// How the file is opened.
#[derive(Debug, Clone)]
pub(super) struct Opening {
    pub(super) path: PathBuf,
    /// How long a statement waits for a lock that another process holds.
    pub(super) patience: Duration,
    /// How many statements stay prepared.
    pub(super) statements: usize,
    pub(super) pragmas: Vec<(&'static str, &'static str)>,
}

/// An open file, and what is kept for it.
#[derive(Debug)]
pub(super) struct Writable {
    connection: Connection,
    /// The texts of insertions, by what stands before the rows and how many these are.
    insertions: HashMap<(&'static str, usize), String>,
}

impl Opening {
    pub(super) fn open(&self) -> rusqlite::Result<Writable> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(self.patience)?;
        connection.set_prepared_statement_cache_capacity(self.statements);
        for (name, value) in &self.pragmas {
            connection.pragma_update(None, name, value)?;
        }
        Ok(Writable { connection, insertions: HashMap::new() })
    }
}

impl Writable {
    /// Runs one of the fixed statements around units of work.
    pub(super) fn run(&self, text: &'static str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(text)?.raw_query().next().map(|_| ())
    }

    /// Statements without values, separated by semicolons.
    pub(super) fn script(&self, text: &str) -> rusqlite::Result<()> {
        self.connection.execute_batch(text)
    }

    /// Switches the file to a write-ahead log. Once switched, a file stays so; the switch needs the file alone, and SQLite's
    /// own busy handler does not wait for that.
    pub(super) async fn use_write_ahead_log(&mut self, patience: Duration) -> rusqlite::Result<()> {
        let deadline = Instant::now() + patience;
        loop {
            match self.run("PRAGMA journal_mode = WAL") {
                Err(error) if is_busy(&error) && Instant::now() < deadline => {
                    sleep(Duration::from_millis(20)).await;
                }
                done => return done,
            }
        }
    }

    pub(super) fn close(self) -> rusqlite::Result<()> {
        self.connection.close().map_err(|(_, error)| error)
    }

    /// The tables there are, and which of them a deletion in another one reaches.
    pub(super) fn schema(&self) -> rusqlite::Result<Schema> {
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
        let mut tables = self.connection.prepare(tables)?;
        let tables = tables.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let reached = "SELECT fk.\"table\", t.name FROM sqlite_schema t, pragma_foreign_key_list(t.name) fk
                       WHERE t.type = 'table' AND fk.on_delete NOT IN ('NO ACTION', 'RESTRICT')";
        let mut reached = self.connection.prepare(reached)?;
        let reached = reached.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Schema::new(tables, &reached.collect::<rusqlite::Result<Vec<_>>>()?))
    }

    /// Runs a query and reads all its rows.
    pub(super) fn fetch(&self, query: &Query) -> rusqlite::Result<Vec<Row>> {
        let mut statement = self.connection.prepare_cached(&numbered(&query.text))?;
        bind(&mut statement, &query.values)?;
        let columns = statement.column_count();
        let (mut rows, mut owned) = (statement.raw_query(), Vec::new());
        while let Some(row) = rows.next()? {
            let values = (0..columns).map(|place| own(row.get_ref(place)?)).collect::<rusqlite::Result<_>>();
            owned.push(Row::new(values?));
        }
        Ok(owned)
    }

    fn insert(&mut self, into: &Insertion, values: &[Borrowed<'_>]) -> rusqlite::Result<()> {
        let mut left = values;
        while !left.is_empty() {
            // Few sizes, so that few statements are kept.
            let rows = 1 << (left.len() / into.columns).clamp(1, BATCH_ROWS).ilog2();
            let (batch, rest) = left.split_at(rows * into.columns);
            let text = self.insertions.entry((into.before, rows)).or_insert_with(|| of_rows(into, rows));
            let mut statement = self.connection.prepare_cached(text)?;
            bind(&mut statement, batch)?;
            statement.raw_execute()?;
            left = rest;
        }
        Ok(())
    }
}

/// The text of an insertion of so many rows.
fn of_rows(into: &Insertion, rows: usize) -> String {
    let row = format!("({})", vec!["?"; into.columns].join(", "));
    [into.before, &vec![row.as_str(); rows].join(", "), into.after].concat()
}

fn bind(statement: &mut Statement<'_>, values: &[impl ToSql]) -> rusqlite::Result<()> {
    for (place, value) in values.iter().enumerate() {
        statement.raw_bind_parameter(place + 1, value)?;
    }
    Ok(())
}

/// What a unit of work runs on, inside a transaction.
pub(super) struct Writing<'a> {
    connection: &'a mut Writable,
    schema: &'a Schema,
    changed: Tables,
}

impl<'a> Writing<'a> {
    pub(super) fn new(connection: &'a mut Writable, schema: &'a Schema) -> Self {
        Self { connection, schema, changed: 0 }
    }

    /// The tables that the statements so far may have changed.
    pub(super) fn changed(&self) -> Tables {
        self.changed
    }
}

#[async_trait]
impl Sql for Writing<'_> {
    async fn fetch(&mut self, query: Query) -> Result<Vec<Row>, SqlError> {
        self.changed |= self.schema.changed(&query.text);
        self.connection.fetch(&query).map_err(|error| failure(query.operation, error))
    }

    async fn execute(&mut self, query: Query) -> Result<u64, SqlError> {
        self.fetch(query).await?;
        Ok(self.connection.connection.changes())
    }

    async fn insert(&mut self, into: &'static Insertion, values: &[Borrowed<'_>]) -> Result<(), SqlError> {
        self.changed |= self.schema.changed(&into.before.into());
        self.connection.insert(into, values).map_err(|error| failure(into.operation, error))
    }

    async fn script(&mut self, operation: &'static str, text: &'static str) -> Result<(), SqlError> {
        self.changed = EVERY;
        self.connection.script(text).map_err(|error| failure(operation, error))
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    // https://www.sqlite.org/rescode.html
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
    )
}

/// The text with `?1`, `?2`, ... for `$1`, `$2`, ...: to SQLite, `$1` is a name, which it numbers as it meets it.
fn numbered(text: &str) -> String {
    let mut numbered = String::with_capacity(text.len());
    let mut parts = text.split('$');
    numbered.extend(parts.next());
    for part in parts {
        // A quoted text could hold a `$` of its own.
        numbered.push(if part.starts_with(|letter: char| letter.is_ascii_digit()) { '?' } else { '$' });
        numbered.push_str(part);
    }
    numbered
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Int(Some(value)) => ValueRef::Integer(*value),
            Self::Text(Some(value)) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(Some(value)) => ValueRef::Blob(value),
            Self::Bool(Some(value)) => ValueRef::Integer(i64::from(*value)),
            Self::Int(None) | Self::Text(None) | Self::Bytes(None) | Self::Bool(None) => ValueRef::Null,
        }))
    }
}

impl ToSql for Borrowed<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Int(Some(value)) => ValueRef::Integer(value),
            Self::Int(None) => ValueRef::Null,
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

fn own(value: ValueRef<'_>) -> rusqlite::Result<Value> {
    Ok(match value {
        ValueRef::Null => Value::Int(None),
        ValueRef::Integer(value) => Value::Int(Some(value)),
        ValueRef::Text(_) => Value::Text(Some(value.as_str()?.to_owned())),
        ValueRef::Blob(value) => Value::Bytes(Some(value.to_owned())),
        ValueRef::Real(_) => return Err(rusqlite::types::FromSqlError::InvalidType.into()),
    })
}

pub(super) fn failure(operation: &'static str, error: rusqlite::Error) -> SqlError {
    let cause = match error.sqlite_error().map(|error| error.extended_code) {
        Some(ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => Cause::Unique,
        Some(ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => Cause::Reference,
        _ => Cause::Engine,
    };
    SqlError { operation, cause, source: error.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_have_numbers() {
        let check = |text, expected| assert_eq!(numbered(text), expected, "{text}");
        check(
            "SELECT a FROM b WHERE c = $2 AND d = $1 OR $12",
            "SELECT a FROM b WHERE c = ?2 AND d = ?1 OR ?12",
        );
        check("SELECT 1", "SELECT 1");
        check("$1", "?1");
        check("a = '$' AND b = '$.c'", "a = '$' AND b = '$.c'");
    }
}
