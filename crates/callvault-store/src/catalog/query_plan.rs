//! What SQLite does for a query, for the tests that hold queries to their indexes.

use super::sql::{Engine, Query};
use super::sqlite::Sqlite;

/// The steps of the plan, one sentence each.
pub(super) async fn steps(engine: &Sqlite, mut query: Query) -> Vec<String> {
    query.text = format!("EXPLAIN QUERY PLAN {}", query.text).into();
    let mut steps = Vec::new();
    for mut row in engine.read(query).await.unwrap() {
        for column in ["id", "parent", "unused"] {
            row.int(column).unwrap();
        }
        steps.push(row.text("detail").unwrap());
    }
    steps
}
