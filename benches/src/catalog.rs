//! Fills the catalog of a stopped installation with as many recordings as are asked for.
//!
//! They are copies of a recording that was imported: its row and its places, with another name, number and time, and the same
//! audio. Whatever columns these have, now or later, are copied, so that nothing here must follow the catalog's migrations.

use std::path::Path;

use anyhow::{Context, bail};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Row};

/// The name of the copy of this number, from 1: in the usual form, as long as any other.
pub(crate) fn copy_name(number: u64) -> String {
    format!("20250105090000-1736067600.{number:010}-4000-4001-Internal.wav")
}

/// Copies `template` until there are `count` copies.
///
/// # Errors
/// When the catalog is not as it is known here, or cannot be written.
pub(crate) fn fill(catalog: &Path, template: &str, count: u64) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // A loss of power may spoil it; then it is made again.
        let mut connection = SqliteConnectOptions::new()
            .filename(catalog)
            .journal_mode(SqliteJournalMode::Off)
            .synchronous(SqliteSynchronous::Off)
            .pragma("cache_size", "-500000")
            .foreign_keys(false)
            .connect()
            .await
            .context("cannot open the catalog")?;
        let result = copy(&mut connection, template, count).await;
        sqlx::Connection::close(connection).await.context("cannot close the catalog")?;
        result
    })
}

async fn copy(connection: &mut SqliteConnection, template: &str, count: u64) -> anyhow::Result<()> {
    let numbers = "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < $2)";
    let last: i64 = sqlx::query("SELECT MAX(id) FROM recording").fetch_one(&mut *connection).await?.get(0);
    let columns = columns(connection, "recording").await?;
    let values: Vec<String> = columns
        .iter()
        .map(|column| match column.as_str() {
            "id" => format!("{last} + n"),
            "name" => "printf('20250105090000-1736067600.%010d-4000-4001-Internal.wav', n)".to_owned(),
            "stored_at" | "began_at" => format!("r.{column} + n"),
            "call_id" => "printf('1736067600.%010d', n)".to_owned(),
            other => format!("r.{other}"),
        })
        .collect();
    let rows = run(
        connection,
        &format!(
            "{numbers} INSERT INTO recording ({}) SELECT {} FROM number, recording r WHERE r.name = $1",
            columns.join(", "),
            values.join(", ")
        ),
        template,
        count,
    )
    .await?;
    if rows != count {
        bail!("{rows} recordings were added instead of {count}");
    }
    let columns = self::columns(connection, "recording_place").await?;
    let values: Vec<String> = columns
        .iter()
        .map(|column| match column.as_str() {
            "recording" => format!("{last} + n"),
            other => format!("p.{other}"),
        })
        .collect();
    run(
        connection,
        &format!(
            "{numbers} INSERT INTO recording_place ({}) SELECT {} FROM number, recording_place p
             WHERE p.recording = (SELECT id FROM recording WHERE name = $1)",
            columns.join(", "),
            values.join(", ")
        ),
        template,
        count,
    )
    .await?;
    Ok(())
}

async fn run(
    connection: &mut SqliteConnection,
    text: &str,
    template: &str,
    count: u64,
) -> anyhow::Result<u64> {
    let done = sqlx::query(AssertSqlSafe(text.to_owned()))
        .bind(template)
        .bind(i64::try_from(count)?)
        .execute(connection)
        .await
        .with_context(|| text.to_owned())?;
    Ok(done.rows_affected())
}

async fn columns(connection: &mut SqliteConnection, table: &'static str) -> anyhow::Result<Vec<String>> {
    let rows =
        sqlx::query("SELECT name FROM pragma_table_info($1)").bind(table).fetch_all(connection).await?;
    if rows.is_empty() {
        bail!("the catalog has no {table}");
    }
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_have_names_and_places_of_their_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let catalog = folder.path().join("catalog.sqlite");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let open = || {
            let options = SqliteConnectOptions::new().filename(&catalog).create_if_missing(true);
            runtime.block_on(options.connect()).expect("a catalog")
        };
        let mut connection = open();
        let tables = "CREATE TABLE recording (customer BIGINT, name TEXT, id BIGINT UNIQUE, stored_at BIGINT,
                          audio TEXT, began_at BIGINT, call_id TEXT, added_later TEXT, PRIMARY KEY (customer, name));
                      CREATE TABLE recording_place (record_group BIGINT, recording BIGINT, expires_at BIGINT);
                      INSERT INTO recording VALUES (2, 'a.wav', 7, 1, 'key', 1, NULL, 'x');
                      INSERT INTO recording_place VALUES (NULL, 7, 99);";
        runtime.block_on(sqlx::raw_sql(tables).execute(&mut connection)).expect("tables");
        drop(connection);
        fill(&catalog, "a.wav", 1000).expect("copies");

        let mut connection = open();
        let mut count = |text: &'static str, name: &str| -> i64 {
            let query = sqlx::query(text).bind(name.to_owned());
            runtime.block_on(query.fetch_one(&mut connection)).expect("a count").get(0)
        };
        let whole = "SELECT COUNT(*) FROM recording r JOIN recording_place p ON p.recording = r.id
                     WHERE r.audio = 'key' AND r.added_later = 'x' AND p.expires_at = 99 AND ($1 = '' OR r.name = $1)";
        assert_eq!(count(whole, ""), 1001);
        for number in [1, 500, 1000] {
            assert_eq!(count(whole, &copy_name(number)), 1, "{number}");
        }
        assert_eq!(count(whole, &copy_name(1001)), 0);
    }
}
