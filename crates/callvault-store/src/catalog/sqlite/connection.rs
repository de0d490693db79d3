//! Statements on one connection to SQLite, with values and rows in the catalog's own types.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{
    Arguments as _, AssertSqlSafe, Decode, Either, Executor as _, Row as _, SqliteConnection, TypeInfo as _,
    ValueRef as _,
};
use tokio::time::{Instant, sleep};

use super::recall::{EVERY, Schema, Tables};
use crate::catalog::sql::{Cause, Query, Row, Sql, SqlError, Value};

/// A connection on which one unit of work runs.
///
/// Each message to the driver is a change of thread and back, which costs more than a small statement. So a unit that is
/// alone begins its transaction in the message of its first statement, and commits in that of its last ones if it names
/// them; it needs no savepoint then.
pub(super) struct Writing<'a> {
    connection: &'a mut SqliteConnection,
    schema: &'a Schema,
    changed: Tables,
    transaction: Transaction,
    refused: Option<(Refused, sqlx::Error)>,
}

/// What there is of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transaction {
    /// Whoever made the [`Writing`] has begun it and will end it.
    Surrounding,
    /// Begun with the first statement.
    Awaited,
    /// Begun here.
    Begun,
}

/// What failed of a transaction that was begun and committed with the statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    Begin,
    Commit,
}

impl<'a> Writing<'a> {
    /// Inside a transaction that was begun.
    pub(super) fn new(connection: &'a mut SqliteConnection, schema: &'a Schema) -> Self {
        Self { connection, schema, changed: 0, transaction: Transaction::Surrounding, refused: None }
    }

    /// For a unit that has a transaction to itself, begun with its first statement.
    pub(super) fn alone(connection: &'a mut SqliteConnection, schema: &'a Schema) -> Self {
        Self { transaction: Transaction::Awaited, ..Self::new(connection, schema) }
    }

    /// The tables that the statements so far may have changed.
    pub(super) fn changed(&self) -> Tables {
        self.changed
    }

    /// Whether a transaction was begun here and is neither committed nor refused.
    pub(super) fn is_open(&self) -> bool {
        self.transaction == Transaction::Begun
    }

    /// What failed that is not the unit's own fault.
    pub(super) fn refused(&mut self) -> Option<(Refused, sqlx::Error)> {
        self.refused.take()
    }

    /// Runs the queries one after another in one message; with `last`, COMMIT too where the transaction is the unit's own.
    /// Answers the rows, and how many the last query changed.
    async fn send(&mut self, queries: Vec<Query>, last: bool) -> Result<(Vec<SqliteRow>, u64), SqlError> {
        for query in &queries {
            self.changed |= self.schema.changed(&query.text);
        }
        let begins = self.transaction == Transaction::Awaited;
        let commits = last && self.transaction != Transaction::Surrounding;
        let operations: Vec<&'static str> = queries.iter().map(|query| query.operation).collect();
        let query = joined(queries, begins, commits)?;
        let (mut rows, mut done) = (Vec::new(), 0);
        // BEGIN leaves the driver's count of changes as it was, so each statement's own is looked at.
        let mut affected = 0;
        let mut outcome = Ok(());
        {
            let mut answers = (&mut *self.connection).fetch_many(query);
            while let Some(answer) = answers.next().await {
                match answer {
                    Ok(Either::Left(result)) => {
                        done += 1;
                        if done <= operations.len() + usize::from(begins) {
                            affected = result.rows_affected();
                        }
                    }
                    Ok(Either::Right(row)) => rows.push(row),
                    Err(error) => {
                        outcome = Err(error);
                        break;
                    }
                }
            }
        }
        // The driver ends its answers early, and says nothing, when its thread has ended.
        if outcome.is_ok() && done < usize::from(begins) + operations.len() + usize::from(commits) {
            outcome = Err(sqlx::Error::WorkerCrashed);
        }
        if begins && done > 0 {
            self.transaction = Transaction::Begun;
        }
        let Err(error) = outcome else {
            if commits {
                self.transaction = Transaction::Awaited;
            }
            return Ok((rows, affected));
        };
        let (refused, operation) = match done.checked_sub(usize::from(begins)) {
            None => (Refused::Begin, "beginning a transaction"),
            Some(place) => match operations.get(place) {
                Some(operation) => return Err(failure(operation, error)),
                None => (Refused::Commit, "committing"),
            },
        };
        // The unit fails, and the writer takes the failure itself from here.
        self.refused = Some((refused, error));
        let source = Box::new(Unfinished);
        Err(SqlError { operation, cause: Cause::Engine, source })
    }
}

/// The transaction around a unit failed.
#[derive(Debug, thiserror::Error)]
#[error("the transaction failed")]
struct Unfinished;

#[async_trait]
impl Sql for Writing<'_> {
    async fn fetch(&mut self, query: Query) -> Result<Vec<Row>, SqlError> {
        let operation = query.operation;
        let (rows, _) = self.send(vec![query], false).await?;
        rows.iter().map(|row| own(row).map_err(|error| failure(operation, error))).collect()
    }

    async fn execute(&mut self, query: Query) -> Result<u64, SqlError> {
        Ok(self.send(vec![query], false).await?.1)
    }

    async fn execute_last(&mut self, queries: Vec<Query>) -> Result<(), SqlError> {
        self.send(queries, true).await.map(|_| ())
    }

    async fn script(&mut self, operation: &'static str, text: &'static str) -> Result<(), SqlError> {
        // Scripts are no queries, as those of migrations are not worth keeping prepared.
        if self.transaction == Transaction::Awaited {
            self.send(Vec::new(), false).await?;
        }
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
    joined(vec![query], false, false)
}

/// One query of several, with the statements of a transaction around them. The driver keeps the whole prepared.
fn joined(queries: Vec<Query>, begins: bool, commits: bool) -> Result<Prepared, SqlError> {
    let count = queries.len();
    let mut arguments = SqliteArguments::default();
    arguments.reserve(queries.iter().map(|query| query.values.len()).sum(), 0);
    let mut whole = String::new();
    if begins {
        whole.push_str("BEGIN IMMEDIATE;");
    }
    for query in queries {
        for value in query.values {
            let added = match value {
                Value::Int(value) => arguments.add(value),
                Value::Text(value) => arguments.add(value),
                Value::Bytes(value) => arguments.add(value),
                Value::Bool(value) => arguments.add(value),
            };
            added.map_err(|source| SqlError { operation: query.operation, cause: Cause::Engine, source })?;
        }
        let text = match positional(&query.text) {
            Some(text) => text.into(),
            // Names would count from the first query.
            None if count > 1 => {
                let source = Box::new(Unjoinable);
                return Err(SqlError { operation: query.operation, cause: Cause::Engine, source });
            }
            None => query.text,
        };
        whole.push_str(&text);
        whole.push(';');
    }
    if commits {
        whole.push_str("COMMIT");
    }
    // All texts come from this crate; values travel as arguments alone.
    Ok(sqlx::query_with(AssertSqlSafe(whole), arguments))
}

/// A query that is to be joined with others names parameters twice or in another order.
#[derive(Debug, thiserror::Error)]
#[error("the parameters are not in order")]
struct Unjoinable;

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
