//! Call records. Every list comes from an index, page by page: with several numbers, one range of the index for each
//! number and side, merged in the order of the list before a row is read.

use std::borrow::Cow;
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

/// How much of each part is read at least, if there are many.
const LEAST_OF_A_PART: u32 = 4;

/// How many of the latest calls are looked at for what they name.
const PARTIES_FROM: u32 = 10_000;

#[async_trait]
impl<E: Engine> Calls for SqlCatalog<E> {
    async fn add_calls(
        &self,
        new: Vec<CallRecord>,
        patience_ends: Option<Timestamp>,
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
        let wanted = Wanted::new(customer.id(), filter, &page);
        let queries = match &filter.recording {
            None if !wanted.numbers.is_empty() => at(wanted.places(&self.engine).await?),
            recording => wanted.queries(recording.as_ref()),
        };
        for query in queries {
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

    async fn calls_with_id(
        &self,
        customer: &InCustomer,
        call_id: &str,
        page: PageRequest<CallPlace>,
    ) -> CatalogResult<Vec<CallRecord>> {
        let filter = CallFilter::default();
        read_all(&self.engine, Wanted::new(customer.id(), &filter, &page).by_call_id(call_id), read).await
    }

    async fn first_legs(
        &self,
        customer: &InCustomer,
        records: &[CallRecord],
    ) -> CatalogResult<BTreeSet<CallRecordId>> {
        let mut first = BTreeSet::new();
        for query in first_legs(customer.id(), records) {
            first.extend(
                read_all(&self.engine, query, |row| Ok(CallRecordId(row.int("call record id")?))).await?,
            );
        }
        Ok(first)
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

/// A page of calls that is asked for.
struct Wanted<'a> {
    customer: CustomerId,
    /// Begun after this place.
    from: CallPlace,
    /// Begun at this time or earlier, in Unix milliseconds.
    until: i64,
    limit: u32,
    /// Each once; with none, any number will do.
    numbers: Vec<&'a str>,
}

impl<'a> Wanted<'a> {
    fn new(customer: CustomerId, filter: &'a CallFilter, page: &PageRequest<CallPlace>) -> Self {
        let least = CallRecordId(i64::MIN);
        let since = filter.since.unwrap_or(Timestamp::from_unix_ms(i64::MIN));
        let from = CallPlace { started_at: since, id: least };
        let mut numbers: Vec<&str> = filter.numbers.iter().map(String::as_str).collect();
        numbers.sort_unstable();
        numbers.dedup();
        Self {
            customer,
            from: page.after.map_or(from, |after| after.max(from)),
            until: filter.until.map_or(i64::MAX, Timestamp::unix_ms),
            limit: page.limit,
            numbers,
        }
    }

    /// A query with the parameters that all have in common.
    fn bounded(&self, text: impl Into<Cow<'static, str>>, from: CallPlace, limit: u32) -> Query {
        Query::new("listing call records", text)
            .with(self.customer.0)
            .with(from.started_at.unix_ms())
            .with(from.id.0)
            .with(self.until)
            .with(limit)
    }

    /// The queries whose rows, merged, are the page: of all calls, or of those of one recording.
    fn queries(&self, recording: Option<&RecordingName>) -> Vec<Query> {
        let Some(name) = recording else {
            return vec![self.bounded(records!(in_range!()), self.from, self.limit)];
        };
        if self.numbers.is_empty() {
            return vec![self.bounded(of_recording!(), self.from, self.limit).with(name.as_str())];
        }
        self.numbers.chunks(NUMBERS_AT_ONCE).map(|some| self.by_recording(name, some)).collect()
    }

    /// A call id has few records. The pluses keep SQLite from taking the index of all calls, which has the order of the list.
    fn by_call_id(&self, call_id: &str) -> Query {
        let text = concat!(
            "SELECT ",
            columns!(),
            " FROM call_record WHERE customer = $1 AND call_id = $6 AND (+started_at, +id) > ($2, $3)
                 AND +started_at <= $4 ORDER BY +started_at, +id LIMIT $5"
        );
        self.bounded(text, self.from, self.limit).with(call_id)
    }

    /// Where the calls of the page are whose caller or callee is one of the numbers. A part of the index is read for each
    /// number and side, first only a little of each: where there are a thousand numbers, a page has few calls of most. Up
    /// to the least place at which a part was cut short, all is known; it goes on from there with longer parts.
    async fn places<E: Engine>(&self, engine: &E) -> CatalogResult<BTreeSet<CallPlace>> {
        let limit = self.limit as usize;
        let mut each = u32::try_from(2 * limit / self.numbers.len()).unwrap_or(u32::MAX);
        each = each.clamp(LEAST_OF_A_PART.min(self.limit), self.limit);
        let mut from = self.from;
        let mut found = BTreeSet::new();
        loop {
            let mut known_to: Option<CallPlace> = None;
            for numbers in self.numbers.chunks(NUMBERS_AT_ONCE) {
                let mut parts: BTreeMap<i64, (u32, CallPlace)> = BTreeMap::new();
                for mut row in engine.read(self.by_numbers(numbers, from, each)).await? {
                    let part = row.int("part")?;
                    let started_at = Timestamp::from_unix_ms(row.int("call started_at")?);
                    let place = CallPlace { started_at, id: CallRecordId(row.int("call record id")?) };
                    let (rows, last) = parts.entry(part).or_insert((0, place));
                    *rows += 1;
                    *last = place.max(*last);
                    found.insert(place);
                }
                let cut = parts.into_values().filter(|(rows, _)| *rows == each).map(|(_, last)| last);
                known_to = cut.chain(known_to).min();
                while found.len() > limit {
                    found.pop_last();
                }
            }
            let Some(known_to) = known_to else { return Ok(found) };
            found.retain(|place| *place <= known_to);
            if found.len() >= limit {
                return Ok(found);
            }
            from = known_to;
            each = each.saturating_mul(4).min(self.limit);
        }
    }

    /// One indexed range for each number and side, of which an index alone tells the places.
    fn by_numbers(&self, numbers: &[&str], from: CallPlace, each: u32) -> Query {
        let numbers = filled_up(numbers);
        let mut parts = Vec::new();
        for place in 6..numbers.len() + 6 {
            for side in ["caller", "callee"] {
                let number = parts.len();
                let part = format!(
                    "SELECT {number} AS part, started_at, id FROM call_record
                     WHERE customer = $1 AND {side} = ${place} AND {} ORDER BY started_at, id LIMIT $5",
                    in_range!()
                );
                // A part with an order of its own must be a subquery, and PostgreSQL wants a name for it.
                parts.push(format!("SELECT * FROM ({part}) AS part_{number}"));
            }
        }
        numbers.into_iter().fold(self.bounded(parts.join(" UNION ALL "), from, each), Query::with)
    }

    /// A recording has few calls; the numbers are held against those.
    fn by_recording(&self, name: &RecordingName, numbers: &[&str]) -> Query {
        let numbers = filled_up(numbers);
        let places: Vec<String> = (0..numbers.len()).map(|place| format!("${}", place + 7)).collect();
        let text = of_recording!(" AND (caller IN ($NUMBERS) OR callee IN ($NUMBERS))");
        let text = text.replace("$NUMBERS", &places.join(", "));
        let query = self.bounded(text, self.from, self.limit).with(name.as_str());
        numbers.into_iter().fold(query, Query::with)
    }
}

/// The queries for which of these records no other one of their call id comes before.
fn first_legs(customer: CustomerId, records: &[CallRecord]) -> Vec<Query> {
    let row = |record: &CallRecord| {
        vec![
            customer.0.into(),
            record.call_id.as_str().into(),
            record.started_at.unix_ms().into(),
            record.id.0.into(),
        ]
    };
    let after = ") AS v WHERE NOT EXISTS (SELECT 1 FROM call_record o WHERE o.customer = v.column1
         AND o.call_id = v.column2 AND (o.started_at, o.id) < (v.column3, v.column4))";
    let rows = records.iter().map(row).collect();
    batches("looking for first legs", "SELECT v.column4 FROM (VALUES ", rows, after)
}

/// The queries for the calls at these places.
fn at(places: BTreeSet<CallPlace>) -> Vec<Query> {
    let ids = places.into_iter().map(|place| vec![place.id.0.into()]).collect();
    let before = concat!("SELECT ", columns!(), " FROM call_record WHERE id IN (VALUES ");
    batches("listing call records", before, ids, ")")
}

/// Numbers filled up to a power of two, so that there are few different statements to keep prepared.
fn filled_up<'a>(numbers: &[&'a str]) -> Vec<&'a str> {
    let mut filled = numbers.to_vec();
    if let Some(last) = numbers.last() {
        filled.resize(numbers.len().next_power_of_two(), last);
    }
    filled
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
        recording: read_recording(row)?,
        did_number: row.text("call DID")?,
        agent_ring_seconds: row.number("agent ring seconds")?,
        received_at: Timestamp::from_unix_ms(row.int("call received_at")?),
        names: PartyNames { from: row.text("caller name")?, to: row.text("callee name")? },
    })
}

fn read_recording(row: &mut Row) -> CatalogResult<Option<RecordingName>> {
    let name = row.optional_text("call recording")?.map(RecordingName::new).transpose();
    name.map_err(|_| CatalogError::Unreadable { what: "call recording" })
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

/// What makes a call the same: customer, call id, beginning and callee.
type Identity = (CustomerId, String, Timestamp, String);

fn identity(record: &CallRecord) -> Identity {
    (record.customer, record.call_id.clone(), record.started_at, record.to.clone())
}

struct Add {
    new: Vec<CallRecord>,
    patience_ends: Option<Timestamp>,
}

impl Add {
    /// Which calls are there under the ids of this unit, with their recordings. Those that are its own are new, also when
    /// an earlier run put them there. Others may be there as well: a call that is told again is left out by the insert
    /// before its id collides.
    async fn there(
        &self,
        sql: &mut dyn Sql,
    ) -> CatalogResult<BTreeMap<i64, (Identity, Option<RecordingName>)>> {
        let ids = self.new.iter().map(|record| vec![record.id.0.into()]).collect();
        let before = "SELECT id, customer, call_id, started_at, callee, recording FROM call_record WHERE id IN (VALUES ";
        let mut there = BTreeMap::new();
        for query in batches("looking for added call records", before, ids, ")") {
            for mut row in sql.fetch(query).await? {
                let id = row.int("call record id")?;
                let customer = CustomerId(row.int("call customer")?);
                let call_id = row.text("call id")?;
                let started_at = Timestamp::from_unix_ms(row.int("call started_at")?);
                let identity = (customer, call_id, started_at, row.text("callee")?);
                there.insert(id, (identity, read_recording(&mut row)?));
            }
        }
        Ok(there)
    }
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
        let mut there = self.there(sql).await?;
        let (mut outcomes, mut new) = (Vec::with_capacity(self.new.len()), Vec::new());
        for record in &self.new {
            outcomes.push(match there.remove(&record.id.0) {
                None => CallAdded::Already,
                Some((call, recording)) if call == identity(record) => {
                    new.push(CallRecord { recording, ..record.clone() });
                    CallAdded::New
                }
                Some(_) => return Err(CatalogError::Taken { field: "id" }),
            });
        }
        found::join_calls(sql, &mut new).await?;
        if let Some(patience_ends) = self.patience_ends {
            outbox::calls_added(sql, &new, patience_ends).await?;
        }
        Ok(outcomes)
    }
}

#[cfg(test)]
mod tests {
    use callvault_core::page::PageRequest;

    use super::*;
    use crate::catalog::query_plan;
    use crate::catalog::sqlite::Sqlite;

    /// What SQLite says it does for each query that a filter becomes.
    async fn plan(engine: &Sqlite, filter: &CallFilter) -> Vec<String> {
        let after = CallPlace { started_at: Timestamp::from_unix_ms(5), id: CallRecordId(7) };
        let page = PageRequest::new(Some(after), 100);
        let wanted = Wanted::new(CustomerId(1), filter, &page);
        let queries = match &filter.recording {
            None if !wanted.numbers.is_empty() => {
                let chunks = wanted.numbers.chunks(NUMBERS_AT_ONCE);
                chunks.map(|some| wanted.by_numbers(some, wanted.from, 4)).chain(at([after].into())).collect()
            }
            recording => wanted.queries(recording.as_ref()),
        };
        let mut steps = Vec::new();
        for query in queries {
            steps.extend(query_plan::steps(engine, query).await);
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
            let (whole, reads): (Vec<_>, Vec<_>) = steps
                .iter()
                .filter(|step| step.contains("call_record"))
                .partition(|step| step.contains("(id=?)"));
            // With numbers alone, places come from an index and rows are read for those of the page.
            let by_number = !filter.numbers.is_empty() && filter.recording.is_none();
            assert_eq!(whole.len(), usize::from(by_number), "{told}");
            assert!(!by_number || reads.iter().all(|step| step.contains("COVERING INDEX")), "{told}");
            assert_eq!(reads.len(), searches, "{told}");
            assert!(reads.iter().all(|step| step.starts_with("SEARCH") && step.contains(looks)), "{told}");
        }
        let place = CallPlace { started_at: Timestamp::from_unix_ms(5), id: CallRecordId(7) };
        let (filter, page) = (CallFilter::default(), PageRequest::new(Some(place), 100));
        let by_call_id = Wanted::new(CustomerId(1), &filter, &page).by_call_id("1.1");
        let record = CallRecord {
            id: CallRecordId(7),
            customer: CustomerId(1),
            call_id: "1.1".to_owned(),
            started_at: Timestamp::from_unix_ms(5),
            from: String::new(),
            to: String::new(),
            call_seconds: 0,
            talk_seconds: 0,
            source_trunk: String::new(),
            destination_trunk: String::new(),
            pin_code: String::new(),
            status: CallStatus::Busy,
            kind: CallKind::Internal,
            recording: None,
            did_number: String::new(),
            agent_ring_seconds: 0,
            names: PartyNames::default(),
            received_at: Timestamp::from_unix_ms(5),
        };
        for query in first_legs(CustomerId(1), &[record]).into_iter().chain([by_call_id]) {
            let steps = query_plan::steps(&engine, query).await;
            let is_range =
                |step: &String| step.starts_with("SEARCH") && step.contains("(customer=? AND call_id=?");
            assert!(steps.iter().any(is_range), "{steps:#?}");
        }
        engine.close().await;
    }
}
