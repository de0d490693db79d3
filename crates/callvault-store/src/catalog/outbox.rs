//! What makes a report due: parts of the units that add calls and recordings, so that no commit can be without them.

use callvault_core::call::CallRecord;
use callvault_core::id::CustomerId;
use callvault_core::recording::{Recording, RecordingName};
use callvault_core::time::Timestamp;

use super::sql::{Query, Sql, Value, batches};
use callvault_core::port::catalog::CatalogResult;

/// Makes calls reports for every target that is kept for their customer, in the order given.
pub(super) async fn add(
    sql: &mut dyn Sql,
    customer: CustomerId,
    calls: &[i64],
    is_whole: bool,
    at: Timestamp,
) -> CatalogResult<()> {
    let targets = targets(sql, customer, at).await?;
    add_for(sql, &targets, calls, is_whole, at).await
}

/// The targets that are kept for a customer.
async fn targets(sql: &mut dyn Sql, customer: CustomerId, at: Timestamp) -> CatalogResult<Vec<i64>> {
    let query = Query::new(
        "looking for targets",
        "SELECT id FROM report_target WHERE customer = $1 AND kept_until > $2 ORDER BY id",
    )
    .with(customer.0)
    .with(at.unix_ms());
    sql.fetch(query).await?.iter_mut().map(|row| row.int("target id")).collect()
}

async fn add_for(
    sql: &mut dyn Sql,
    targets: &[i64],
    calls: &[i64],
    is_whole: bool,
    at: Timestamp,
) -> CatalogResult<()> {
    let mut numbers = numbers(sql, targets.len() * calls.len()).await?;
    let mut rows: Vec<Vec<Value>> = Vec::new();
    for call in calls {
        for target in targets {
            let Some(number) = numbers.next() else { break };
            rows.push(vec![
                number.into(),
                (*target).into(),
                (*call).into(),
                is_whole.into(),
                at.unix_ms().into(),
            ]);
        }
    }
    let before = "INSERT INTO report (id, target, call_record, is_whole, due_at) VALUES ";
    let after = " ON CONFLICT (target, call_record, is_whole) DO NOTHING";
    for query in batches("adding reports", before, rows, after) {
        sql.execute(query).await?;
    }
    Ok(())
}

/// So many numbers of reports, in rising order.
pub(super) async fn numbers(sql: &mut dyn Sql, count: usize) -> CatalogResult<std::ops::Range<i64>> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    if count == 0 {
        return Ok(0..0);
    }
    let query = Query::new(
        "numbering reports",
        "INSERT INTO counter (kind, last) VALUES ('report', $1)
         ON CONFLICT (kind) DO UPDATE SET last = counter.last + excluded.last RETURNING last",
    )
    .with(count);
    let row = sql.fetch_first(query).await?;
    let last = row.map(|mut row| row.int("counter")).transpose()?.unwrap_or(count);
    Ok(last - count + 1..last + 1)
}

/// Makes new calls of one customer reports: at once, or when their recording is stored, at the latest at `patience_ends`.
pub(super) async fn calls_added(
    sql: &mut dyn Sql,
    added: &[CallRecord],
    patience_ends: Timestamp,
) -> CatalogResult<()> {
    let Some(first) = added.first() else { return Ok(()) };
    let (customer, at) = (first.customer, first.received_at);
    let targets = targets(sql, customer, at).await?;
    if targets.is_empty() {
        return Ok(());
    }
    let (mut due, mut awaited) = (Vec::new(), Vec::new());
    for call in added {
        match &call.recording {
            Some(name) if !is_stored(sql, customer, name).await? => {
                awaited.push(awaited_row(call, name.as_str(), Some(patience_ends)));
            }
            Some(_) => due.push(call.id.0),
            None => {
                due.push(call.id.0);
                // A recording whose name holds its call id may still come.
                awaited.push(awaited_row(call, "", None));
            }
        }
    }
    add_for(sql, &targets, &due, true, at).await?;
    let before =
        "INSERT INTO awaited_recording (call_record, customer, recording, awaited_since, due_at) VALUES ";
    for query in batches("awaiting recordings", before, awaited, " ON CONFLICT (call_record) DO NOTHING") {
        sql.execute(query).await?;
    }
    Ok(())
}

fn awaited_row(call: &CallRecord, recording: &str, due_at: Option<Timestamp>) -> Vec<Value> {
    vec![
        call.id.0.into(),
        call.customer.0.into(),
        recording.into(),
        call.received_at.unix_ms().into(),
        due_at.map(Timestamp::unix_ms).into(),
    ]
}

async fn is_stored(sql: &mut dyn Sql, customer: CustomerId, name: &RecordingName) -> CatalogResult<bool> {
    let query =
        Query::new("looking for a recording", "SELECT id FROM recording WHERE customer = $1 AND name = $2")
            .with(customer.0)
            .with(name.as_str());
    Ok(sql.fetch_first(query).await?.is_some())
}

/// Makes the calls that awaited a recording reports, by its name or, for `joined`, by the call id in that.
pub(super) async fn recording_added(
    sql: &mut dyn Sql,
    added: &Recording,
    joined: Option<i64>,
) -> CatalogResult<()> {
    let query = Query::new(
        "looking for awaiting calls",
        "DELETE FROM awaited_recording WHERE (customer = $1 AND recording = $2) OR call_record = $3
         RETURNING call_record",
    )
    .with(added.customer.0)
    .with(added.name.as_str())
    .with(joined);
    let mut calls: Vec<i64> = Vec::new();
    for mut row in sql.fetch(query).await? {
        calls.push(row.int("awaited call record")?);
    }
    if calls.is_empty() {
        return Ok(());
    }
    calls.sort_unstable();
    add(sql, added.customer, &calls, true, added.stored_at).await
}
