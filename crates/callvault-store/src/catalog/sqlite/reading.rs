//! Queries on the connections that only read, with values and rows in the catalog's own types.

use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments as _, AssertSqlSafe, Decode, Row as _, SqliteConnection, TypeInfo as _, ValueRef as _};

use crate::catalog::sql::{Cause, Query, Row, SqlError, Value};

/// Runs a query and reads all its rows.
pub(super) async fn fetch(connection: &mut SqliteConnection, query: Query) -> Result<Vec<Row>, SqlError> {
    let operation = query.operation;
    let failed = |error| failure(operation, error);
    let mut arguments = SqliteArguments::default();
    arguments.reserve(query.values.len(), 0);
    for value in query.values {
        let added = match value {
            Value::Int(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
            Value::Bool(value) => arguments.add(value),
        };
        added.map_err(|source| SqlError { operation, cause: Cause::Engine, source })?;
    }
    let text = positional(&query.text).unwrap_or_else(|| query.text.into_owned());
    // All texts come from this crate; values travel as arguments alone.
    let rows =
        sqlx::query_with(AssertSqlSafe(text), arguments).fetch_all(connection).await.map_err(failed)?;
    rows.iter().map(|row| own(row).map_err(failed)).collect()
}

/// The text with `?` for `$1`, `$2`, ... where these come in order and each once; `None` for others.
///
/// The driver asks for the name of each parameter, and SQLite looks through all names for it: with many rows of values in one
/// statement that takes as long as the rest of it. A `?` has no name.
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
    SqlError { operation, cause: Cause::Engine, source: error.into() }
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
