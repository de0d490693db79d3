//! Recordings with their calls. A recording's row names the call that it is of; whoever adds either of the two keeps that
//! so ([`prospect`], [`join_calls`]). Lists first find the ids of a slice in an index, then read the rest of its rows alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use async_trait::async_trait;
use callvault_core::call::CallRecord;
use callvault_core::found::{FoundFilter, FoundKey, FoundOrder, FoundRecording, IdSpan, Slice};
use callvault_core::gate::InCustomer;
use callvault_core::id::CustomerId;
use callvault_core::port::catalog::{CatalogError, CatalogResult, FoundRecordings};
use callvault_core::recording::RecordingName;
use callvault_core::time::Timestamp;

use super::sql::{Engine, Query, Row, Sql, Value, batches, read_all, read_first};
use super::stored_audio::audio_columns;
use super::{SqlCatalog, calls, recordings};

/// The columns of a recording `r` with its audio `a` and its call `c`, in the order in which [`read`] takes them.
macro_rules! found_list {
    () => {
        concat!(
            "r.id, r.customer, r.name, r.stored_at, ",
            audio_columns!(),
            ", c.id, c.customer, c.call_id, c.started_at, c.caller, c.callee, c.call_seconds, c.talk_seconds,
             c.source_trunk, c.destination_trunk, c.pin_code, c.status, c.kind, c.recording, c.did_number,
             c.agent_ring_seconds, c.received_at, c.caller_name, c.callee_name "
        )
    };
}

pub(super) use found_list;

macro_rules! found_columns {
    () => {
        concat!("SELECT ", found_list!())
    };
}

/// What belongs to a recording `r`. Its call is its customer's, and is asked to be.
macro_rules! with_the_rest {
    () => {
        " JOIN audio a ON a.key = r.audio LEFT JOIN call_record c ON c.id = r.call AND c.customer = r.customer "
    };
}

pub(super) use with_the_rest;

#[async_trait]
impl<E: Engine> FoundRecordings for SqlCatalog<E> {
    async fn find_recordings(
        &self,
        customer: &InCustomer,
        filter: &FoundFilter,
        order: FoundOrder,
        slice: Slice,
    ) -> CatalogResult<Vec<FoundRecording>> {
        read_all(&self.engine, listed(customer.id(), filter, order, slice), read).await
    }

    async fn count_found(&self, customer: &InCustomer, filter: &FoundFilter) -> CatalogResult<u64> {
        let query = counted(customer.id(), filter);
        let row = read_first(&self.engine, query).await?;
        row.ok_or(CatalogError::Unreadable { what: "count" })?.number("count")
    }

    async fn recordings_in_spans(
        &self,
        customer: &InCustomer,
        spans: Vec<IdSpan>,
    ) -> CatalogResult<Vec<FoundRecording>> {
        let mut found = Vec::new();
        for query in in_spans(customer.id(), &spans) {
            found.extend(read_all(&self.engine, query, read).await?);
        }
        Ok(found)
    }
}

/// The statement under way: its values number its parameters.
pub(super) struct Building {
    pub(super) text: String,
    pub(super) values: Vec<Value>,
}

impl Building {
    /// Appends a condition whose `$$` is the value.
    pub(super) fn and(&mut self, condition: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        self.text.push_str(" AND ");
        self.text.push_str(&condition.replace("$$", &format!("${}", self.values.len())));
    }
}

/// The recordings `x` that a filter wants, from an index: of a number's calls, of a range of time, or of the customer.
fn wanted(columns: &str, customer: CustomerId, filter: &FoundFilter) -> Building {
    let by_number = filter.caller.is_some() || filter.callee.is_some();
    // SQLite keeps the order of a CROSS JOIN, so that the few calls are read first.
    let (tables, began) = if by_number {
        let tables = "call_record k CROSS JOIN recording x
             WHERE x.customer = k.customer AND x.name = k.recording AND x.call = k.id AND k.customer = $1";
        (tables, "k.started_at")
    } else {
        ("recording x WHERE x.customer = $1", "x.began_at")
    };
    let mut query =
        Building { text: format!("SELECT {columns} FROM {tables}"), values: vec![customer.0.into()] };
    for (number, column) in [(&filter.caller, "k.caller = $$"), (&filter.callee, "k.callee = $$")] {
        if let Some(number) = number {
            query.and(column, number.as_str());
        }
    }
    if let Some(since) = filter.since {
        query.and(&format!("{began} >= $$"), since.unix_ms());
    }
    if let Some(until) = filter.until {
        query.and(&format!("{began} <= $$"), until.unix_ms());
    }
    query
}

fn counted(customer: CustomerId, filter: &FoundFilter) -> Query {
    let Building { text, values } = wanted("COUNT(*)", customer, filter);
    Query { operation: "counting recordings", text: text.into(), values }
}

fn listed(customer: CustomerId, filter: &FoundFilter, order: FoundOrder, slice: Slice) -> Query {
    let mut query = wanted("x.id", customer, filter);
    let direction = if order.descending { "DESC" } else { "ASC" };
    let in_time = filter.since.is_some() || filter.until.is_some();
    let sorted = |table: &str| match order.key {
        FoundKey::Beginning => format!("{table}.began_at {direction}, {table}.id {direction}"),
        // The plus keeps SQLite from walking all recordings in the order of ids to find those of a range of time.
        FoundKey::Arrival if in_time => format!("+{table}.id {direction}"),
        FoundKey::Arrival => format!("{table}.id {direction}"),
    };
    query.values.push(slice.limit.into());
    query.values.push(i64::try_from(slice.skip).unwrap_or(i64::MAX).into());
    let (limit, offset) = (query.values.len() - 1, query.values.len());
    let text = format!(
        "{}FROM ({} ORDER BY {} LIMIT ${limit} OFFSET ${offset}) AS slice
         CROSS JOIN recording r {} WHERE r.id = slice.id ORDER BY {}",
        found_columns!(),
        query.text,
        sorted("x"),
        with_the_rest!(),
        sorted("r"),
    );
    Query { operation: "finding recordings", text: text.into(), values: query.values }
}

fn in_spans(customer: CustomerId, spans: &[IdSpan]) -> Vec<Query> {
    let rows = spans.iter().map(|span| vec![customer.0.into(), span.lowest.0.into(), span.highest.0.into()]);
    let before = concat!(found_columns!(), "FROM (VALUES ");
    let after = concat!(
        ") AS span CROSS JOIN recording r",
        with_the_rest!(),
        "WHERE r.customer = span.column1 AND r.id >= span.column2 AND r.id <= span.column3"
    );
    batches("finding recordings by id", before, rows.collect(), after)
}

/// Reads the columns of `found_list!`.
pub(super) fn read(row: &mut Row) -> CatalogResult<FoundRecording> {
    let recording = recordings::read(row)?;
    let call = if row.next_is_absent() { None } else { Some(calls::read(row)?) };
    Ok(FoundRecording { recording, call })
}

/// What there is of the call of a recording that is about to be added.
#[derive(Default)]
pub(super) struct Prospect {
    /// The first call that names it: its id and beginning.
    pub(super) named: Option<(i64, Timestamp)>,
    /// The first call with the id in its name that names no recording.
    pub(super) unrecorded: Option<(i64, Timestamp)>,
    /// Whether a report waits for its name.
    pub(super) is_awaited: bool,
}

/// Looks for all of it in one statement: every recording that is added asks, and mostly for nothing.
pub(super) async fn prospect(
    sql: &mut dyn Sql,
    customer: CustomerId,
    name: &RecordingName,
) -> CatalogResult<Prospect> {
    let mut prospect = Prospect::default();
    for mut row in sql.fetch(prospects(customer, name)).await? {
        let part = row.int("part")?;
        let call = (row.int("call record id")?, Timestamp::from_unix_ms(row.int("call started_at")?));
        match part {
            1 => prospect.named = Some(call),
            2 => prospect.unrecorded = Some(call),
            _ => prospect.is_awaited = true,
        }
    }
    Ok(prospect)
}

fn prospects(customer: CustomerId, name: &RecordingName) -> Query {
    // The CASE and the pluses keep SQLite from walking, in order, all calls without a recording for those of one id.
    Query::new(
        "finding the call of a recording",
        "SELECT 1, n.id, n.started_at FROM
             (SELECT id, started_at FROM call_record WHERE customer = $1 AND recording = $2
              ORDER BY started_at, id LIMIT 1) AS n
         UNION ALL SELECT 2, u.id, u.started_at FROM
             (SELECT id, started_at FROM call_record
              WHERE customer = $1 AND call_id = $3 AND CASE WHEN recording IS NULL THEN 1 ELSE 0 END = 1
              ORDER BY +started_at, +id LIMIT 1) AS u
         UNION ALL SELECT 3, w.call_record, 0 FROM
             (SELECT call_record FROM awaited_recording WHERE customer = $1 AND recording = $2 LIMIT 1) AS w",
    )
    .with(customer.0)
    .with(name.as_str())
    .with(name.call_id())
}

/// Gives calls that name no recording those that hold their id.
pub(super) async fn name_calls<'a>(
    sql: &mut dyn Sql,
    calls: impl IntoIterator<Item = (i64, &'a RecordingName)>,
) -> CatalogResult<()> {
    for query in naming(calls) {
        sql.execute(query).await?;
    }
    Ok(())
}

fn naming<'a>(calls: impl IntoIterator<Item = (i64, &'a RecordingName)>) -> Vec<Query> {
    let rows = calls.into_iter().map(|(call, name)| vec![call.into(), name.as_str().into()]);
    let before = "UPDATE call_record SET recording = v.column2 FROM (VALUES ";
    let after = ") AS v WHERE call_record.id = v.column1 AND call_record.recording IS NULL";
    batches("giving calls their recordings", before, rows.collect(), after)
}

/// Joins calls that were added with the recordings that are there already: those that name one with that, then those
/// that name none with what is left of their id.
pub(super) async fn join_calls(sql: &mut dyn Sql, added: &mut [CallRecord]) -> CatalogResult<()> {
    attach(sql, added.iter()).await?;
    let mut unnamed: Vec<_> = added.iter_mut().filter(|call| call.recording.is_none()).collect();
    let mut left: BTreeMap<(CustomerId, String), VecDeque<RecordingName>> = BTreeMap::new();
    for query in unjoined(unnamed.iter().map(|call| (call.customer, call.call_id.as_str()))) {
        for mut row in sql.fetch(query).await? {
            let customer = CustomerId(row.int("recording customer")?);
            let call_id = row.text("recording call id")?;
            let name = row.parsed("recording name", |text| RecordingName::new(text).ok())?;
            left.entry((customer, call_id)).or_default().push_back(name);
        }
    }
    // As recordings that come later find them: each in its turn the first call that has none.
    unnamed.sort_by_key(|call| (call.started_at, call.id));
    for call in &mut unnamed {
        let names = left.get_mut(&(call.customer, call.call_id.clone()));
        call.recording = names.and_then(VecDeque::pop_front);
    }
    let named = unnamed.iter().filter_map(|call| Some((call.id.0, call.recording.as_ref()?)));
    name_calls(sql, named).await?;
    attach(sql, unnamed.iter().map(|call| &**call)).await
}

/// The recordings with these call ids that are of no call yet, in the order in which they came. A request may hold a
/// thousand calls of one id: each id is asked for once.
fn unjoined<'a>(call_ids: impl Iterator<Item = (CustomerId, &'a str)>) -> Vec<Query> {
    let call_ids: BTreeSet<_> = call_ids.collect();
    let rows = call_ids.into_iter().map(|(customer, call_id)| vec![customer.0.into(), call_id.into()]);
    let before = "SELECT r.customer, r.call_id, r.name FROM (VALUES ";
    let after = ") AS v CROSS JOIN recording r
         WHERE r.customer = v.column1 AND r.call_id = v.column2 AND r.call_id IS NOT NULL AND r.call IS NULL
         ORDER BY r.id";
    batches("finding recordings by call id", before, rows.collect(), after)
}

/// Tells the places of recordings, named by customer and name, when these began. As a list SQLite looks them up; joined, it walks
/// all places.
fn telling_places(recordings: Vec<Vec<Value>>) -> Vec<Query> {
    let before = "UPDATE recording_place SET began_at =
             (SELECT r.began_at FROM recording r WHERE r.id = recording_place.recording)
         WHERE recording IN (SELECT r.id FROM (VALUES ";
    let after = ") AS v CROSS JOIN recording r WHERE r.customer = v.column1 AND r.name = v.column2)";
    batches("telling places when they began", before, recordings, after)
}

/// Joins calls with the recordings that they name, if those are there.
async fn attach<'a>(sql: &mut dyn Sql, calls: impl Iterator<Item = &'a CallRecord>) -> CatalogResult<()> {
    // Of several calls with one recording the first counts, as in what is there.
    let mut first: BTreeMap<(CustomerId, &str), (Timestamp, i64)> = BTreeMap::new();
    for call in calls {
        if let Some(name) = &call.recording {
            let place = (call.started_at, call.id.0);
            let found = first.entry((call.customer, name.as_str())).or_insert(place);
            *found = place.min(*found);
        }
    }
    let rows = first.into_iter().map(|((customer, name), (started_at, id))| {
        vec![customer.0.into(), name.into(), id.into(), started_at.unix_ms().into()]
    });
    let before = "UPDATE recording SET call = v.column3, began_at = v.column4 FROM (VALUES ";
    let after = ") AS v WHERE recording.customer = v.column1 AND recording.name = v.column2
         AND (recording.call IS NULL OR (recording.began_at, recording.call) > (v.column4, v.column3))";
    let rows: Vec<Vec<Value>> = rows.collect();
    let joined = rows.iter().map(|row| row[..2].to_vec()).collect();
    for query in batches("joining calls and recordings", before, rows, after) {
        sql.execute(query).await?;
    }
    // Places in record groups have the beginning as well, for their lists.
    for query in telling_places(joined) {
        sql.execute(query).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use callvault_core::id::RecordingId;

    use super::*;
    use crate::catalog::query_plan;
    use crate::catalog::sqlite::Sqlite;

    fn assert_ranges(steps: &[String], first: &str, told: &str) {
        let tables: Vec<_> =
            steps.iter().filter(|step| step.starts_with("SEARCH") || step.starts_with("SCAN")).collect();
        assert!(tables[0].contains(first), "{told}: {steps:#?}");
        // Only the slice itself is walked.
        let walked = tables.iter().filter(|step| step.starts_with("SCAN") && !step.contains("slice"));
        assert_eq!(walked.count(), 0, "{told}: {steps:#?}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn every_search_is_a_range_of_an_index() {
        let directory = tempfile::tempdir().unwrap();
        let engine = Sqlite::open(&directory.path().join("catalog.sqlite")).await.unwrap();
        let number = || Some("2002".to_owned());
        let none = FoundFilter::default;
        let time = || FoundFilter {
            since: Some(Timestamp::from_unix_ms(1)),
            until: Some(Timestamp::from_unix_ms(2)),
            ..none()
        };
        let (arrival, began) = ("(customer=?", "recording_began (customer=? AND began_at>? AND began_at<?)");
        let caller = "call_record_caller (customer=? AND caller=? AND started_at>? AND started_at<?)";
        let callee = "call_record_callee (customer=? AND callee=?)";
        let cases = [
            (none(), FoundKey::Arrival, arrival, false),
            (none(), FoundKey::Beginning, "recording_began (customer=?)", false),
            (time(), FoundKey::Beginning, began, false),
            (time(), FoundKey::Arrival, began, true),
            (FoundFilter { caller: number(), ..time() }, FoundKey::Beginning, caller, true),
            (FoundFilter { callee: number(), ..none() }, FoundKey::Arrival, callee, true),
        ];
        for (filter, key, first, sorts) in cases {
            for descending in [false, true] {
                let told = format!("{filter:?} by {key:?}, {descending}");
                let order = FoundOrder { key, descending };
                let slice = Slice { skip: 10, limit: 10 };
                let steps = query_plan::steps(&engine, listed(CustomerId(1), &filter, order, slice)).await;
                assert_ranges(&steps, first, &told);
                // The slice is always sorted once more, after its rows were read.
                let sorted = steps.iter().filter(|step| step.contains("TEMP B-TREE")).count();
                assert_eq!(sorted, 1 + usize::from(sorts), "{told}: {steps:#?}");
            }
            let steps = query_plan::steps(&engine, counted(CustomerId(1), &filter)).await;
            // Without a filter any index of the customer's recordings will do.
            let first = if filter == none() { "COVERING INDEX" } else { first };
            assert_ranges(&steps, first, &format!("{filter:?}"));
        }
        let span = IdSpan { lowest: RecordingId(1), highest: RecordingId(2) };
        let steps = query_plan::steps(&engine, in_spans(CustomerId(1), &[span]).remove(0)).await;
        let found = steps.iter().any(|step| step.starts_with("SEARCH r ") && step.contains("id>? AND id<?"));
        assert!(found, "{steps:#?}");
        // Adding calls costs nothing of all the places that there are.
        let recordings = ["a.wav", "b.wav"].map(|name| vec![1_i64.into(), name.into()]);
        let steps = query_plan::steps(&engine, telling_places(recordings.into()).remove(0)).await;
        assert!(steps[0].starts_with("SEARCH recording_place "), "{steps:#?}");
        assert!(steps[0].contains("recording_place_recording (recording=?)"), "{steps:#?}");
        // What is walked is what was added.
        let mut walked = steps.iter().filter(|step| step.starts_with("SCAN"));
        assert!(walked.all(|step| step.contains("VALUES") || step.contains("CONSTANT")), "{steps:#?}");
        engine.close().await;
    }

    /// A customer may have millions of calls without a recording; of one call id there are a few.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_call_without_a_recording_is_found_by_its_id() {
        let directory = tempfile::tempdir().unwrap();
        let engine = Sqlite::open(&directory.path().join("catalog.sqlite")).await.unwrap();
        let name = RecordingName::new("20240305101525-1709633725.42-4000-4001-Internal.wav").unwrap();
        assert_eq!(name.call_id(), Some("1709633725.42"));
        let steps = query_plan::steps(&engine, prospects(CustomerId(1), &name)).await;
        let searches =
            ["(customer=? AND recording=?)", "(customer=? AND call_id=?)", "awaited_recording_name"];
        let searched: Vec<_> = steps.iter().filter(|step| step.starts_with("SEARCH")).collect();
        assert_eq!(searched.len(), searches.len(), "{steps:#?}");
        for (step, expected) in searched.into_iter().zip(searches) {
            assert!(step.contains(expected), "{steps:#?}");
        }
        // Nothing is walked but the one row of each part.
        let mut walked = steps.iter().filter(|step| step.starts_with("SCAN"));
        assert!(walked.all(|step| ["SCAN n", "SCAN u", "SCAN w"].contains(&step.as_str())), "{steps:#?}");
        engine.close().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn calls_are_joined_by_their_ids() {
        let directory = tempfile::tempdir().unwrap();
        let engine = Sqlite::open(&directory.path().join("catalog.sqlite")).await.unwrap();
        // A thousand calls with two ids: one statement that asks for two.
        let ids = ["1709633725.42", "1709633725.43"];
        let mut queries = unjoined(ids.into_iter().cycle().take(1000).map(|id| (CustomerId(1), id)));
        assert_eq!(queries.len(), 1);
        let expected = ids.into_iter().flat_map(|id| [Value::from(1_i64), Value::from(id)]);
        assert_eq!(queries[0].values, expected.collect::<Vec<_>>());
        let check = |steps: &[String], index: &str| {
            let searched: Vec<_> = steps.iter().filter(|step| step.starts_with("SEARCH")).collect();
            assert!(searched.len() == 1 && searched[0].contains(index), "{steps:#?}");
            // Nothing is walked but what is asked for, told as `v` or by its rows.
            let mut walked = steps.iter().filter(|step| step.starts_with("SCAN"));
            assert!(walked.all(|step| step == "SCAN v" || step.contains("ROW")), "{steps:#?}");
        };
        let steps = query_plan::steps(&engine, queries.remove(0)).await;
        check(&steps, "recording_call_id (customer=? AND call_id=?)");
        let name = RecordingName::new("a.wav").unwrap();
        for calls in [1, 16] {
            let steps =
                query_plan::steps(&engine, naming((0..calls).map(|call| (call, &name))).remove(0)).await;
            check(&steps, "(id=?)");
        }
        engine.close().await;
    }
}
