//! Call records. Every list comes from an index, page by page: with several numbers, one range of the index for each
//! number and side, merged in the order of the list.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use callvault_core::call::{
    CallFilter, CallKind, CallParties, CallPlace, CallRecord, CallStatus, PartyNames,
};
use callvault_core::gate::InCustomer;
use callvault_core::id::{CallRecordId, CustomerId};
use callvault_core::page::PageRequest;
use callvault_core::port::catalog::{CallAdded, Calls, CatalogError, CatalogResult};
use callvault_core::recording::RecordingName;
use callvault_core::time::Timestamp;

use super::outbox;
use super::sql::{Cause, Engine, Query, Row, Sql, Unit, Value, batches, read_all};
use super::{SqlCatalog, found};

/// The columns in the order in which [`read`] takes them and [`values`] gives them.
macro_rules! columns {
    () => {
        "id, customer, call_id, started_at, caller, callee, call_seconds, talk_seconds, source_trunk,
         destination_trunk, pin_code, status, kind, recording, did_number, agent_ring_seconds, received_at,
         caller_name, callee_name"
    };
}

pub(super) use columns;

/// Records of customer `$1` for a condition, in order, at most `$5`.
macro_rules! records {
    ($($condition:expr),*) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM call_record WHERE customer = $1 AND ",
            $($condition,)*
            " ORDER BY started_at, id LIMIT $5"
        )
    };
}

/// Between the place (`$2`, `$3`), without it, and the time `$4`, with it.
macro_rules! in_range {
    () => {
        "(started_at, id) > ($2, $3) AND started_at <= $4"
    };
}

/// The same for the few calls of one recording. The CASE keeps SQLite from taking the index of all calls for it, which
/// it finds as good as that of recordings.
macro_rules! of_recording {
    ($($condition:expr),*) => {
        records!("recording = $6 AND CASE WHEN (started_at, id) > ($2, $3) AND started_at <= $4", $($condition,)* " THEN 1 ELSE 0 END = 1")
    };
}

/// How many numbers one statement asks for. Each is two parts of a compound, of which SQLite takes 500.
const NUMBERS_AT_ONCE: usize = 16;

/// How many of the latest calls are looked at for what they name.
const PARTIES_FROM: u32 = 10_000;

#[async_trait]
impl<E: Engine> Calls for SqlCatalog<E> {
    async fn add_calls(
        &self,
        new: Vec<CallRecord>,
        patience_ends: Timestamp,
    ) -> CatalogResult<Vec<CallAdded>> {
        if new.is_empty() {
            return Ok(Vec::new());
        }
        self.engine.write(Add { new, patience_ends }).await
    }

    async fn calls(
        &self,
        customer: &InCustomer,
        filter: &CallFilter,
        page: PageRequest<CallPlace>,
    ) -> CatalogResult<Vec<CallRecord>> {
        let mut found: BTreeMap<CallPlace, CallRecord> = BTreeMap::new();
        for query in queries(customer.id(), filter, &page) {
            let records = read_all(&self.engine, query, read).await?;
            found.extend(
                records
                    .into_iter()
                    .map(|record| (CallPlace { started_at: record.started_at, id: record.id }, record)),
            );
            while found.len() > page.limit as usize {
                found.pop_last();
            }
        }
        Ok(found.into_values().collect())
    }

    async fn call_parties(&self, customer: &InCustomer, limit: u32) -> CatalogResult<CallParties> {
        let query = Query::new(
            "reading what calls name",
            "SELECT kind, caller, callee, source_trunk, destination_trunk FROM call_record
             WHERE customer = $1 ORDER BY started_at DESC, id DESC LIMIT $2",
        )
        .with(customer.id().0)
        .with(PARTIES_FROM);
        let (mut extensions, mut trunks) = (Distinct::new(limit), Distinct::new(limit));
        for mut row in self.engine.read(query).await? {
            let kind = row.parsed("call kind", CallKind::parse)?;
            let (caller, callee) = (row.text("caller")?, row.text("callee")?);
            if matches!(kind, CallKind::Internal | CallKind::Outbound) {
                extensions.add(caller);
            }
            if matches!(kind, CallKind::Internal | CallKind::Inbound) {
                extensions.add(callee);
            }
            trunks.add(row.text("source trunk")?);
            trunks.add(row.text("destination trunk")?);
        }
        Ok(CallParties { extensions: extensions.list, trunks: trunks.list })
    }
}

/// Texts that are something, each once, in the order of their first coming.
struct Distinct {
    most: usize,
    seen: BTreeSet<String>,
    list: Vec<String>,
}

impl Distinct {
    fn new(most: u32) -> Self {
        Self { most: most as usize, seen: BTreeSet::new(), list: Vec::new() }
    }

    fn add(&mut self, text: String) {
        if self.list.len() < self.most && !text.is_empty() && self.seen.insert(text.clone()) {
            self.list.push(text);
        }
    }
}

/// The queries whose rows, merged, are the page.
fn queries(customer: CustomerId, filter: &CallFilter, page: &PageRequest<CallPlace>) -> Vec<Query> {
    let least = CallRecordId(i64::MIN);
    let since = filter.since.unwrap_or(Timestamp::from_unix_ms(i64::MIN));
    let from = CallPlace { started_at: since, id: least };
    let from = page.after.map_or(from, |after| after.max(from));
    let until = filter.until.map_or(i64::MAX, Timestamp::unix_ms);
    let bounded = |text: String| {
        Query::new("listing call records", text)
            .with(customer.0)
            .with(from.started_at.unix_ms())
            .with(from.id.0)
            .with(until)
            .with(page.limit)
    };
    let mut numbers: Vec<&str> = filter.numbers.iter().map(String::as_str).collect();
    numbers.sort_unstable();
    numbers.dedup();
    match &filter.recording {
        None if numbers.is_empty() => vec![bounded(records!(in_range!()).to_owned())],
        None => numbers.chunks(NUMBERS_AT_ONCE).map(|some| by_numbers(some, bounded)).collect(),
        Some(name) if numbers.is_empty() => {
            vec![bounded(of_recording!().to_owned()).with(name.as_str())]
        }
        Some(name) => numbers.chunks(NUMBERS_AT_ONCE).map(|some| by_recording(name, some, bounded)).collect(),
    }
}

/// Numbers filled up to a power of two, so that there are few different statements to keep prepared.
fn filled_up<'a>(numbers: &[&'a str]) -> Vec<&'a str> {
    let mut filled = numbers.to_vec();
    if let Some(last) = numbers.last() {
        filled.resize(numbers.len().next_power_of_two(), last);
    }
    filled
}

/// One indexed range for each number and side. UNION, not UNION ALL: a call from a number to itself is one call.
fn by_numbers(numbers: &[&str], bounded: impl Fn(String) -> Query) -> Query {
    let numbers = filled_up(numbers);
    let mut parts = Vec::new();
    for place in 6..numbers.len() + 6 {
        for side in ["caller", "callee"] {
            let part = records!("$SIDE = $NUMBER AND ", in_range!()).replace("$SIDE", side);
            let part = part.replace("$NUMBER", &format!("${place}"));
            // A part with an order of its own must be a subquery, and PostgreSQL wants a name for it.
            parts.push(format!("SELECT * FROM ({part}) AS {side}_{place}"));
        }
    }
    let merged = parts.join(" UNION ");
    let text = format!("SELECT * FROM ({merged}) AS merged ORDER BY started_at, id LIMIT $5");
    numbers.into_iter().fold(bounded(text), Query::with)
}

/// A recording has few calls; the numbers are held against those.
fn by_recording(name: &RecordingName, numbers: &[&str], bounded: impl Fn(String) -> Query) -> Query {
    let numbers = filled_up(numbers);
    let places: Vec<String> = (0..numbers.len()).map(|place| format!("${}", place + 7)).collect();
    let places = places.join(", ");
    let text = of_recording!(" AND (caller IN ($NUMBERS) OR callee IN ($NUMBERS))");
    let query = bounded(text.replace("$NUMBERS", &places)).with(name.as_str());
    numbers.into_iter().fold(query, Query::with)
}

/// Reads a call record.
pub(super) fn read(row: &mut Row) -> CatalogResult<CallRecord> {
    Ok(CallRecord {
        id: CallRecordId(row.int("call record id")?),
        customer: CustomerId(row.int("call customer")?),
        call_id: row.text("call id")?,
        started_at: Timestamp::from_unix_ms(row.int("call started_at")?),
        from: row.text("caller")?,
        to: row.text("callee")?,
        call_seconds: row.number("call seconds")?,
        talk_seconds: row.number("talk seconds")?,
        source_trunk: row.text("source trunk")?,
        destination_trunk: row.text("destination trunk")?,
        pin_code: row.text("call PIN")?,
        status: row.parsed("call status", CallStatus::parse)?,
        kind: row.parsed("call kind", CallKind::parse)?,
        recording: match row.optional_text("call recording")? {
            None => None,
            Some(text) => Some(
                RecordingName::new(text).map_err(|_| CatalogError::Unreadable { what: "call recording" })?,
            ),
        },
        did_number: row.text("call DID")?,
        agent_ring_seconds: row.number("agent ring seconds")?,
        received_at: Timestamp::from_unix_ms(row.int("call received_at")?),
        names: PartyNames { from: row.text("caller name")?, to: row.text("callee name")? },
    })
}

fn values(record: &CallRecord) -> Vec<Value> {
    vec![
        record.id.0.into(),
        record.customer.0.into(),
        record.call_id.as_str().into(),
        record.started_at.unix_ms().into(),
        record.from.as_str().into(),
        record.to.as_str().into(),
        record.call_seconds.into(),
        record.talk_seconds.into(),
        record.source_trunk.as_str().into(),
        record.destination_trunk.as_str().into(),
        record.pin_code.as_str().into(),
        record.status.as_str().into(),
        record.kind.as_str().into(),
        record.recording.as_ref().map(RecordingName::as_str).into(),
        record.did_number.as_str().into(),
        record.agent_ring_seconds.into(),
        record.received_at.unix_ms().into(),
        record.names.from.as_str().into(),
        record.names.to.as_str().into(),
    ]
}

struct Add {
    new: Vec<CallRecord>,
    patience_ends: Timestamp,
}

#[async_trait]
impl Unit for Add {
    type Output = Vec<CallAdded>;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<Vec<CallAdded>> {
        let before = concat!("INSERT INTO call_record (", columns!(), ") VALUES ");
        let after = " ON CONFLICT (customer, call_id, started_at, callee) DO NOTHING";
        for query in batches("adding call records", before, self.new.iter().map(values).collect(), after) {
            sql.execute(query).await.map_err(|error| match error.cause {
                Cause::Unique => error.taken("id"),
                _ => error.gone("customer"),
            })?;
        }
        // Those whose own id is there are new, also when an earlier run of this unit put them there.
        let ids = self.new.iter().map(|record| vec![record.id.0.into()]).collect();
        let mut there = BTreeSet::new();
        let before = "SELECT id FROM call_record WHERE id IN (VALUES ";
        for query in batches("looking for added call records", before, ids, ")") {
            for mut row in sql.fetch(query).await? {
                there.insert(row.int("call record id")?);
            }
        }
        let added = |record: &CallRecord| {
            if there.contains(&record.id.0) { CallAdded::New } else { CallAdded::Already }
        };
        let outcomes: Vec<CallAdded> = self.new.iter().map(added).collect();
        let new: Vec<_> = self.new.iter().filter(|record| there.contains(&record.id.0)).collect();
        found::attach(sql, new.iter().copied()).await?;
        outbox::calls_added(sql, &new, self.patience_ends).await?;
        Ok(outcomes)
    }
}

#[cfg(test)]
mod tests {
    use callvault_core::page::PageRequest;

    use super::*;
    use crate::catalog::sqlite::Sqlite;

    /// What SQLite says it does for each query that a filter becomes.
    async fn plan(engine: &Sqlite, filter: &CallFilter) -> Vec<String> {
        let after = CallPlace { started_at: Timestamp::from_unix_ms(5), id: CallRecordId(7) };
        let mut steps = Vec::new();
        for mut query in queries(CustomerId(1), filter, &PageRequest::new(Some(after), 100)) {
            query.text = format!("EXPLAIN QUERY PLAN {}", query.text).into();
            for mut row in engine.read(query).await.unwrap() {
                for column in ["id", "parent", "unused"] {
                    row.int(column).unwrap();
                }
                steps.push(row.text("detail").unwrap());
            }
        }
        steps
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn every_filter_is_a_range_of_its_own_index() {
        let directory = tempfile::tempdir().unwrap();
        let engine = Sqlite::open(&directory.path().join("catalog.sqlite")).await.unwrap();
        let numbers = |count: usize| (0..count).map(|number| format!("{number}")).collect::<Vec<_>>();
        let name = RecordingName::new("a.wav").unwrap();
        for (numbers, recording, looks, searches) in [
            (numbers(0), None, "(customer=? AND (started_at,id)>(?,?) AND started_at<?)", 1),
            (numbers(1), None, "=? AND (started_at,id)>(?,?) AND started_at<?)", 2),
            (numbers(17), None, "=? AND (started_at,id)>(?,?) AND started_at<?)", 34),
            (numbers(0), Some(&name), "(customer=? AND recording=?)", 1),
            (numbers(3), Some(&name), "(customer=? AND recording=?)", 1),
        ] {
            let filter = CallFilter { numbers, recording: recording.cloned(), ..CallFilter::default() };
            let steps = plan(&engine, &filter).await;
            let told = format!("{filter:?}: {steps:#?}");
            let reads: Vec<_> = steps.iter().filter(|step| step.contains("call_record")).collect();
            assert_eq!(reads.len(), searches, "{told}");
            assert!(reads.iter().all(|step| step.starts_with("SEARCH") && step.contains(looks)), "{told}");
        }
        engine.close().await;
    }
}
