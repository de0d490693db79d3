//! Statements on one connection to SQLite, with values and rows in the catalog's own types.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments as _, AssertSqlSafe, Decode, Row as _, SqliteConnection, TypeInfo as _, ValueRef as _};
use tokio::time::{Instant, sleep};

use super::recall::{EVERY, Schema, Tables};
use crate::catalog::sql::{Cause, Query, Row, Sql, SqlError, Value};

/// A connection inside a transaction.
pub(super) struct Writing<'a> {
    connection: &'a mut SqliteConnection,
    schema: &'a Schema,
    changed: Tables,
}

impl<'a> Writing<'a> {
    pub(super) fn new(connection: &'a mut SqliteConnection, schema: &'a Schema) -> Self {
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
        fetch(self.connection, query).await
    }

    async fn execute(&mut self, query: Query) -> Result<u64, SqlError> {
        self.changed |= self.schema.changed(&query.text);
        let operation = query.operation;
        let done = prepared(query)?.execute(&mut *self.connection).await;
        done.map(|done| done.rows_affected()).map_err(|error| failure(operation, error))
    }

    async fn script(&mut self, operation: &'static str, text: &'static str) -> Result<(), SqlError> {
        self.changed = EVERY;
        let done = sqlx::raw_sql(text).execute(&mut *self.connection).await;
        done.map(|_| ()).map_err(|error| failure(operation, error))
    }
}

/// Runs a query and reads all its rows.
pub(super) async fn fetch(connection: &mut SqliteConnection, query: Query) -> Result<Vec<Row>, SqlError> {
    let operation = query.operation;
    let rows = prepared(query)?.fetch_all(connection).await.map_err(|error| failure(operation, error))?;
    rows.iter().map(|row| own(row).map_err(|error| failure(operation, error))).collect()
}

/// Runs one of the fixed statements around units of work.
pub(super) async fn run(connection: &mut SqliteConnection, text: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(text).execute(connection).await.map(|_| ())
}

/// Switches the file to a write-ahead log. Once switched, a file stays so; the switch needs the file alone, and SQLite's
/// own busy handler does not wait for that.
pub(super) async fn use_write_ahead_log(
    connection: &mut SqliteConnection,
    patience: Duration,
) -> Result<(), sqlx::Error> {
    let deadline = Instant::now() + patience;
    loop {
        match run(connection, "PRAGMA journal_mode = WAL").await {
            Err(sqlx::Error::Database(error)) if is_busy(&*error) && Instant::now() < deadline => {
                sleep(Duration::from_millis(20)).await;
            }
            done => return done,
        }
    }
}

fn is_busy(error: &dyn sqlx::error::DatabaseError) -> bool {
    // SQLITE_BUSY (5) or SQLITE_LOCKED (6) in the low byte of the extended code; https://www.sqlite.org/rescode.html
    let code = error.code().and_then(|code| code.parse::<i32>().ok());
    code.is_some_and(|code| matches!(code & 0xFF, 5 | 6))
}

type Prepared = sqlx::query::Query<'static, sqlx::Sqlite, SqliteArguments>;

fn prepared(query: Query) -> Result<Prepared, SqlError> {
    let mut arguments = SqliteArguments::default();
    for value in query.values {
        let added = match value {
            Value::Int(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
            Value::Bool(value) => arguments.add(value),
        };
        added.map_err(|source| SqlError { operation: query.operation, cause: Cause::Engine, source })?;
    }
    let text = positional(&query.text).map_or(query.text, Into::into);
    // All texts come from this crate; values travel as arguments alone.
    Ok(sqlx::query_with(AssertSqlSafe(text), arguments))
}

/// The text with `?` for `$1`, `$2`, ... where these come in order and each once; `None` for others.
///
/// The driver asks for the name of each parameter, and SQLite looks through all names for it: with many rows in one
/// statement that took more time than writing them. A `?` has no name.
fn positional(text: &str) -> Option<String> {
    let mut positional = String::with_capacity(text.len());
    let mut parts = text.split('$');
    positional.push_str(parts.next()?);
    // A quoted text could hold a `$` of its own; such statements stay as they are.
    if text.contains('\'') {
        return None;
    }
    for (place, part) in parts.enumerate() {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        if part[..digits].parse() != Ok(place + 1) {
            return None;
        }
        positional.push('?');
        positional.push_str(&part[digits..]);
    }
    Some(positional)
}

fn own(row: &SqliteRow) -> Result<Row, sqlx::Error> {
    let mut columns = Vec::with_capacity(row.len());
    for place in 0..row.len() {
        let value = row.try_get_raw(place)?;
        let decoded =
            |source: sqlx::error::BoxDynError| sqlx::Error::ColumnDecode { index: place.to_string(), source };
        let kind = value.type_info().name().to_owned();
        columns.push(match kind.as_str() {
            _ if value.is_null() => Value::Int(None),
            "TEXT" => Value::Text(Some(Decode::<sqlx::Sqlite>::decode(value).map_err(decoded)?)),
            "BLOB" => Value::Bytes(Some(Decode::<sqlx::Sqlite>::decode(value).map_err(decoded)?)),
            "INTEGER" | "BOOLEAN" => {
                Value::Int(Some(Decode::<sqlx::Sqlite>::decode(value).map_err(decoded)?))
            }
            other => return Err(decoded(format!("no column holds {other}").into())),
        });
    }
    Ok(Row::new(columns))
}

pub(super) fn failure(operation: &'static str, error: sqlx::Error) -> SqlError {
    let cause = match &error {
        sqlx::Error::Database(error) if error.is_unique_violation() => Cause::Unique,
        sqlx::Error::Database(error) if error.is_foreign_key_violation() => Cause::Reference,
        _ => Cause::Engine,
    };
    SqlError { operation, cause, source: error.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_in_order_need_no_names() {
        let check =
            |text, expected: Option<&str>| assert_eq!(positional(text).as_deref(), expected, "{text}");
        check("SELECT a FROM b WHERE c = $1 AND d = $2", Some("SELECT a FROM b WHERE c = ? AND d = ?"));
        check("VALUES ($1, $2), ($3, $4)", Some("VALUES (?, ?), (?, ?)"));
        check("SELECT 1", Some("SELECT 1"));
        check("c = $1 OR d = $1", None);
        check("c = $2 OR d = $1", None);
        check("c = '$1' OR d = $1", None);
        check("c = $", None);
    }
}
