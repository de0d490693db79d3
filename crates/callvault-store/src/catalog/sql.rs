//! What the subjects of the catalog say to an engine: queries with typed values in, owned rows out, and units of work.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::future::Future;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use async_trait::async_trait;
use callvault_core::port::catalog::{CatalogError, CatalogResult};
use futures_util::future::BoxFuture;

/// A value of one of the four kinds of column. Absence keeps its kind, because PostgreSQL types its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Int(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Bool(Option<bool>),
}

impl Hash for Value {
    /// The value alone: of which kind one is, its place in the statement says.
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Int(Some(value)) => value.hash(state),
            Self::Text(Some(value)) => value.hash(state),
            Self::Bytes(Some(value)) => value.hash(state),
            Self::Bool(Some(value)) => value.hash(state),
            Self::Int(None) | Self::Text(None) | Self::Bytes(None) | Self::Bool(None) => {}
        }
    }
}

macro_rules! into_value {
    ($($from:ty => $variant:ident),* $(,)?) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(Some(value.into()))
            }
        }
        impl From<Option<$from>> for Value {
            fn from(value: Option<$from>) -> Self {
                Self::$variant(value.map(Into::into))
            }
        }
    )*};
}

into_value! {
    i64 => Int,
    u32 => Int,
    String => Text,
    &str => Text,
    &[u8] => Bytes,
    bool => Bool,
}

/// One statement with its values.
#[derive(Debug, Clone)]
pub(super) struct Query {
    /// What it is for, as errors tell it: "adding a customer".
    pub(super) operation: &'static str,
    pub(super) text: Cow<'static, str>,
    pub(super) values: Vec<Value>,
}

impl Query {
    pub(super) fn new(operation: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self { operation, text: text.into(), values: Vec::new() }
    }

    /// The next parameter, from `$1` on.
    pub(super) fn with(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }
}

/// A value of an [`Insertion`], which is there for as long as that runs.
#[derive(Debug, Clone, Copy)]
pub(super) enum Borrowed<'a> {
    Int(Option<i64>),
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// A statement that adds any number of rows. Its text is the engine's matter, so that it is not made anew for each batch.
#[derive(Debug)]
pub(super) struct Insertion {
    /// What it is for, as errors tell it.
    pub(super) operation: &'static str,
    /// The text up to the rows: `INSERT INTO ... VALUES `.
    pub(super) before: &'static str,
    /// How many values a row has.
    pub(super) columns: usize,
    /// The text behind the rows.
    pub(super) after: &'static str,
}

/// A statement that failed.
#[derive(Debug)]
pub(super) struct SqlError {
    pub(super) operation: &'static str,
    pub(super) cause: Cause,
    pub(super) source: Box<dyn StdError + Send + Sync>,
}

/// Which failures the subjects tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// Something unique is there already.
    Unique,
    /// A row that is referred to is not there.
    Reference,
    /// Anything else.
    Engine,
}

impl SqlError {
    /// For a statement that can only collide in `field`.
    pub(super) fn taken(self, field: &'static str) -> CatalogError {
        if self.cause == Cause::Unique { CatalogError::Taken { field } } else { self.into() }
    }

    /// For a statement that can only miss its `what`.
    pub(super) fn gone(self, what: &'static str) -> CatalogError {
        if self.cause == Cause::Reference { CatalogError::Gone { what } } else { self.into() }
    }
}

impl From<SqlError> for CatalogError {
    fn from(error: SqlError) -> Self {
        Self::Engine { operation: error.operation, source: error.source }
    }
}

/// One row, read from its first column to its last.
#[derive(Debug)]
pub(super) struct Row {
    columns: std::vec::IntoIter<Value>,
}

impl Row {
    pub(super) fn new(columns: Vec<Value>) -> Self {
        Self { columns: columns.into_iter() }
    }

    /// Whether the next column has no value; it stays the next one.
    pub(super) fn next_is_absent(&self) -> bool {
        self.columns.as_slice().first().is_none_or(Value::is_absent)
    }

    pub(super) fn int(&mut self, what: &'static str) -> CatalogResult<i64> {
        self.optional_int(what)?.ok_or(CatalogError::Unreadable { what })
    }

    /// An integer of a narrower type.
    pub(super) fn number<T: TryFrom<i64>>(&mut self, what: &'static str) -> CatalogResult<T> {
        T::try_from(self.int(what)?).map_err(|_| CatalogError::Unreadable { what })
    }

    pub(super) fn optional_int(&mut self, what: &'static str) -> CatalogResult<Option<i64>> {
        match self.columns.next() {
            Some(Value::Int(value)) => Ok(value),
            Some(other) if other.is_absent() => Ok(None),
            _ => Err(CatalogError::Unreadable { what }),
        }
    }

    pub(super) fn text(&mut self, what: &'static str) -> CatalogResult<String> {
        self.optional_text(what)?.ok_or(CatalogError::Unreadable { what })
    }

    pub(super) fn optional_text(&mut self, what: &'static str) -> CatalogResult<Option<String>> {
        match self.columns.next() {
            Some(Value::Text(value)) => Ok(value),
            Some(other) if other.is_absent() => Ok(None),
            _ => Err(CatalogError::Unreadable { what }),
        }
    }

    pub(super) fn bytes(&mut self, what: &'static str) -> CatalogResult<Vec<u8>> {
        self.optional_bytes(what)?.ok_or(CatalogError::Unreadable { what })
    }

    pub(super) fn optional_bytes(&mut self, what: &'static str) -> CatalogResult<Option<Vec<u8>>> {
        match self.columns.next() {
            Some(Value::Bytes(value)) => Ok(value),
            Some(other) if other.is_absent() => Ok(None),
            _ => Err(CatalogError::Unreadable { what }),
        }
    }

    /// 32 bytes: every hash has as many.
    pub(super) fn hash(&mut self, what: &'static str) -> CatalogResult<[u8; 32]> {
        self.bytes(what)?.try_into().map_err(|_| CatalogError::Unreadable { what })
    }

    /// A truth value; SQLite hands out 0 and 1.
    pub(super) fn bool(&mut self, what: &'static str) -> CatalogResult<bool> {
        match self.columns.next() {
            Some(Value::Bool(Some(value))) => Ok(value),
            Some(Value::Int(Some(value @ (0 | 1)))) => Ok(value == 1),
            _ => Err(CatalogError::Unreadable { what }),
        }
    }

    /// A text that `parse` understands.
    pub(super) fn parsed<T>(
        &mut self,
        what: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> CatalogResult<T> {
        parse(&self.text(what)?).ok_or(CatalogError::Unreadable { what })
    }
}

impl Value {
    fn is_absent(&self) -> bool {
        matches!(self, Self::Int(None) | Self::Text(None) | Self::Bytes(None) | Self::Bool(None))
    }
}

/// What a unit of work runs its statements on: one savepoint of a transaction, or one of its own.
#[async_trait]
pub(super) trait Sql: Send {
    async fn fetch(&mut self, query: Query) -> Result<Vec<Row>, SqlError>;

    /// Answers the number of rows changed.
    async fn execute(&mut self, query: Query) -> Result<u64, SqlError>;

    /// Adds rows, whose values follow one another.
    async fn insert(&mut self, into: &'static Insertion, values: &[Borrowed<'_>]) -> Result<(), SqlError>;

    /// Statements without values, separated by semicolons.
    async fn script(&mut self, operation: &'static str, text: &'static str) -> Result<(), SqlError>;

    async fn fetch_first(&mut self, query: Query) -> Result<Option<Row>, SqlError> {
        Ok(self.fetch(query).await?.into_iter().next())
    }
}

/// A unit of work: data, and what to do with it. An engine may run it several times; the last run counts.
#[async_trait]
pub(super) trait Unit: Send + Sync + 'static {
    type Output: Send + 'static;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<Self::Output>;
}

/// What runs the SQL.
pub(super) trait Engine: Send + Sync + 'static {
    /// Runs a unit so that it can fail by itself, and answers after COMMIT.
    fn write<U: Unit>(&self, unit: U) -> impl Future<Output = CatalogResult<U::Output>> + Send;

    /// One query on what was committed, answered writes included.
    fn read(&self, query: Query) -> impl Future<Output = CatalogResult<Vec<Row>>> + Send;

    /// A query that finds little and is asked again and again, each row of it read with one reader function. As good as
    /// [`Engine::read`], of which it may know the answer; so a text goes with one function, always the same.
    fn look_up<T: Send + Sync + 'static>(
        &self,
        query: Query,
        read: fn(&mut Row) -> CatalogResult<T>,
    ) -> impl Future<Output = CatalogResult<Arc<Vec<T>>>> + Send;

    /// What the engine finds wrong with its own storage.
    fn self_check(&self) -> impl Future<Output = CatalogResult<Vec<String>>> + Send;

    /// Runs a task on the thread that writes, so that its writes change no thread; until the engine is closed.
    fn beside_writer(&self, task: BoxFuture<'static, ()>);

    /// Finishes what is queued; later reads and writes fail.
    fn close(&self) -> impl Future<Output = ()> + Send;
}

/// The first row of a read, for look-ups that have at most one.
pub(super) async fn read_first<E: Engine>(engine: &E, query: Query) -> CatalogResult<Option<Row>> {
    Ok(engine.read(query).await?.into_iter().next())
}

/// What the first row of a look-up says.
pub(super) async fn look_up_first<E: Engine, T: Clone + Send + Sync + 'static>(
    engine: &E,
    query: Query,
    read: fn(&mut Row) -> CatalogResult<T>,
) -> CatalogResult<Option<T>> {
    Ok(engine.look_up(query, read).await?.first().cloned())
}

/// Reads all rows with one reader function.
pub(super) async fn read_all<E: Engine, T>(
    engine: &E,
    query: Query,
    read: impl Fn(&mut Row) -> CatalogResult<T> + Send,
) -> CatalogResult<Vec<T>> {
    engine.read(query).await?.iter_mut().map(read).collect()
}

/// Fails with [`CatalogError::Gone`] unless the query finds a row.
pub(super) async fn require(sql: &mut dyn Sql, what: &'static str, query: Query) -> CatalogResult<()> {
    match sql.fetch_first(query).await? {
        Some(_) => Ok(()),
        None => Err(CatalogError::Gone { what }),
    }
}

/// The rows of one statement at most. More would save little.
const BATCH_ROWS: usize = 64;

/// Statements over several rows of values, in batches of powers of two up to [`BATCH_ROWS`]: so that the number of
/// different statements, each of which an engine keeps prepared, stays small, and the number of parameters below any limit.
pub(super) fn batches(
    operation: &'static str,
    before: &str,
    rows: Vec<Vec<Value>>,
    after: &str,
) -> Vec<Query> {
    let mut queries = Vec::new();
    let mut left = rows.len();
    let mut rows = rows.into_iter();
    while left > 0 {
        let size = (1 << left.ilog2()).min(BATCH_ROWS);
        left -= size;
        let mut text = before.to_owned();
        let mut values = Vec::new();
        for (place, row) in rows.by_ref().take(size).enumerate() {
            text.push_str(if place == 0 { "(" } else { ", (" });
            for (column, value) in row.into_iter().enumerate() {
                values.push(value);
                let separator = if column == 0 { "$" } else { ", $" };
                text.push_str(separator);
                text.push_str(&values.len().to_string());
            }
            text.push(')');
        }
        text.push_str(after);
        queries.push(Query { operation, text: text.into(), values });
    }
    queries
}

/// The next number of a kind, or the wanted one; either way the counter stays ahead of all numbers given.
pub(super) async fn number(sql: &mut dyn Sql, kind: &'static str, wanted: Option<i64>) -> CatalogResult<i64> {
    let query = match wanted {
        None => Query::new(
            "numbering",
            "INSERT INTO counter (kind, last) VALUES ($1, 1)
             ON CONFLICT (kind) DO UPDATE SET last = counter.last + 1 RETURNING last",
        )
        .with(kind),
        Some(wanted) => Query::new(
            "numbering",
            "INSERT INTO counter (kind, last) VALUES ($1, $2)
             ON CONFLICT (kind) DO UPDATE SET last = CASE
                 WHEN counter.last < excluded.last THEN excluded.last ELSE counter.last END
             RETURNING last",
        )
        .with(kind)
        .with(wanted),
    };
    let mut row = sql.fetch_first(query).await?.ok_or(CatalogError::Unreadable { what: "counter" })?;
    let last = row.int("counter")?;
    Ok(wanted.unwrap_or(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_hold_every_row_once_in_few_shapes() {
        let check = |rows: usize, sizes: &[usize]| {
            let all = (0..rows).map(|place| vec![Value::from(place as u32), Value::from("x")]).collect();
            let queries = batches("testing", "INSERT INTO t (a, b) VALUES ", all, "");
            let found: Vec<_> = queries.iter().map(|query| query.values.len() / 2).collect();
            assert_eq!(found, sizes, "{rows} rows");
            let numbers = queries.iter().flat_map(|query| query.values.iter().step_by(2).cloned());
            let expected = (0..rows).map(|place| Value::from(place as u32));
            assert_eq!(numbers.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        };
        check(0, &[]);
        check(1, &[1]);
        check(3, &[2, 1]);
        check(64, &[64]);
        check(167, &[64, 64, 32, 4, 2, 1]);
    }

    #[test]
    fn the_text_numbers_its_parameters_across_rows() {
        let rows =
            vec![vec![Value::from(1i64), Value::from(2i64)], vec![Value::from(3i64), Value::from(4i64)]];
        let queries = batches("testing", "INSERT INTO t (a, b) VALUES ", rows, " ON CONFLICT DO NOTHING");
        assert_eq!(queries[0].text, "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) ON CONFLICT DO NOTHING");
    }

    #[test]
    fn a_row_tells_what_it_cannot_read() {
        let check = |value: Value, readable: bool| {
            let mut row = Row::new(vec![value.clone()]);
            assert_eq!(row.int("recording size").is_ok(), readable, "{value:?}");
        };
        check(Value::from(7i64), true);
        check(Value::from("7"), false);
        check(Value::Int(None), false);
        let mut row = Row::new(vec![]);
        let error = row.text("recording name").unwrap_err();
        assert_eq!(error.to_string(), "the catalog holds an unreadable recording name");
    }
}
