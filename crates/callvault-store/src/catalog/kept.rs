//! Lists of kept recordings: one row for each place. As in [`super::found`], the ids of a page are found first, and the rest of
//! its rows is read for those alone; by beginning the page is a range of an index.

use callvault_core::gate::Within;
use callvault_core::id::{CustomerId, RecordGroupId, RecordingId};
use callvault_core::kept::{KeptCursor, KeptFilter, KeptKey, KeptOrder, KeptRecording, KeptValue};
use callvault_core::page::PageRequest;
use callvault_core::port::catalog::CatalogResult;

use super::found::{self, Building, found_list, with_the_rest};
use super::keeping;
use super::sql::{Engine, Query, Row, Value, read_all, read_first};
use super::stored_audio::audio_columns;
use super::within::within;

/// Reads a place, then a recording with its call.
fn read(row: &mut Row) -> CatalogResult<KeptRecording> {
    let place = keeping::place(row)?;
    Ok(KeptRecording { place, found: found::read(row)? })
}

pub(super) async fn find<E: Engine>(
    engine: &E,
    within: &Within,
    recording: RecordingId,
    record_group: Option<RecordGroupId>,
) -> CatalogResult<Option<KeptRecording>> {
    let text = concat!(
        "SELECT p.record_group, p.expires_at, ",
        found_list!(),
        "FROM recording r",
        with_the_rest!(),
        "JOIN recording_place p ON p.recording = r.id WHERE r.id = $1
             AND COALESCE(p.record_group, 0) = COALESCE(CAST($2 AS BIGINT), 0) AND ",
        within!("r.customer", "$3", "$4")
    );
    let query = Query::new("reading a kept recording", text)
        .with(recording.0)
        .with(record_group.map(|group| group.0))
        .within(within);
    read_first(engine, query).await?.map(|mut row| read(&mut row)).transpose()
}

pub(super) async fn list<E: Engine>(
    engine: &E,
    customer: CustomerId,
    record_group: Option<RecordGroupId>,
    filter: &KeptFilter,
    order: KeptOrder,
    page: &PageRequest<KeptCursor>,
) -> CatalogResult<Vec<KeptRecording>> {
    read_all(engine, listed(customer, record_group, filter, order, page), read).await
}

/// How a list is sorted: the expression, of the tables of [`listed`].
fn key(key: KeptKey, grouped: bool) -> &'static str {
    match key {
        KeptKey::Beginning if grouped => "p.began_at",
        KeptKey::Beginning => "x.began_at",
        KeptKey::Caller => "COALESCE(k.caller, '')",
        KeptKey::Called => "COALESCE(CASE WHEN k.did_number <> '' THEN k.did_number ELSE k.callee END, '')",
        KeptKey::TotalTime => SECONDS,
        KeptKey::Expiry => "COALESCE(p.expires_at, 9223372036854775807)",
    }
}

/// How long a call took; without one how long its recording plays.
const SECONDS: &str =
    "COALESCE(k.call_seconds, (SELECT a.duration_ms / 1000 FROM audio a WHERE a.key = x.audio))";

/// A pattern for texts that hold one, in lower case.
fn pattern(part: &str) -> String {
    let mut pattern = String::from("%");
    for letter in part.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter.to_ascii_lowercase());
    }
    pattern.push('%');
    pattern
}

fn listed(
    customer: CustomerId,
    record_group: Option<RecordGroupId>,
    filter: &KeptFilter,
    order: KeptOrder,
    page: &PageRequest<KeptCursor>,
) -> Query {
    let grouped = record_group.is_some();
    let by_call = matches!(order.key, KeptKey::Caller | KeptKey::Called | KeptKey::TotalTime)
        || filter.caller.is_some()
        || filter.called.is_some()
        || filter.least_seconds.is_some()
        || filter.most_seconds.is_some();
    // SQLite keeps the order of a CROSS JOIN, so that the index of the list is walked and nothing else.
    let mut tables = match grouped {
        true => "recording_place p CROSS JOIN recording x".to_owned(),
        false => "recording x CROSS JOIN recording_place p".to_owned(),
    };
    if by_call {
        tables.push_str(" LEFT JOIN call_record k ON k.id = x.call");
    }
    if filter.in_groups_of.is_some() {
        tables.push_str(" LEFT JOIN record_group g ON g.id = p.record_group");
    }
    let sorted = key(order.key, grouped);
    let (id, group) = match grouped {
        true => ("p.recording", "p.record_group"),
        false => ("x.id", "COALESCE(p.record_group, 0)"),
    };
    let began = key(KeptKey::Beginning, grouped);
    let columns = format!(
        "SELECT {id} AS id, p.record_group AS record_group, p.expires_at AS expires_at,
             {sorted} AS sorted, {group} AS grouped"
    );
    let mut query = Building {
        text: format!("{columns} FROM {tables} WHERE x.customer = $1 AND x.id = p.recording"),
        values: vec![customer.0.into()],
    };
    if let Some(group) = record_group {
        query.and("p.record_group = $$", group.0);
    }
    let after = page.after.as_ref();
    // The place of the page narrows the range of time, where that is what the list is sorted by.
    let place = match after.map(|after| &after.value) {
        Some(KeptValue::Number(began)) if order.key == KeptKey::Beginning => Some(*began),
        _ => None,
    };
    let since = filter.since.map(|since| since.unix_ms()).max(place.filter(|_| !order.descending));
    let until = filter.until.map(|until| until.unix_ms()).into_iter();
    let until = until.chain(place.filter(|_| order.descending)).min();
    if let Some(since) = since {
        query.and(&format!("{began} >= $$"), since);
    }
    if let Some(until) = until {
        query.and(&format!("{began} <= $$"), until);
    }
    if let Some(part) = &filter.caller {
        query.and("LOWER(k.caller) LIKE $$ ESCAPE '\\'", pattern(part));
    }
    if let Some(part) = &filter.called {
        query.and(
            "(LOWER(k.callee) LIKE $$ ESCAPE '\\' OR LOWER(k.did_number) LIKE $$ ESCAPE '\\')",
            pattern(part),
        );
    }
    if let Some(least) = filter.least_seconds {
        query.and(&format!("{SECONDS} >= $$"), least);
    }
    if let Some(most) = filter.most_seconds {
        query.and(&format!("{SECONDS} <= $$"), most);
    }
    if let Some(owner) = filter.in_groups_of {
        query.and("g.id IS NOT NULL AND (g.owner IS NULL OR g.owner = $$)", owner.0);
    }
    let (direction, beyond) = if order.descending { ("DESC", "<") } else { ("ASC", ">") };
    if let Some(KeptCursor { value, recording, record_group }) = after {
        let value: Value = match value {
            KeptValue::Number(number) => (*number).into(),
            KeptValue::Text(text) => text.as_str().into(),
        };
        query.values.extend([value, recording.0.into(), record_group.map_or(0, |group| group.0).into()]);
        let last = query.values.len();
        query.text.push_str(&format!(
            " AND ({sorted}, {id}, {group}) {beyond} (${}, ${}, ${last})",
            last - 2,
            last - 1
        ));
    }
    query.values.push(page.limit.into());
    let text = format!(
        "SELECT slice.record_group, slice.expires_at, {}FROM ({} ORDER BY {sorted} {direction}, {id} {direction},
             {group} {direction} LIMIT ${}) AS slice CROSS JOIN recording r {} WHERE r.id = slice.id
         ORDER BY slice.sorted {direction}, slice.id {direction}, slice.grouped {direction}",
        found_list!(),
        query.text,
        query.values.len(),
        with_the_rest!(),
    );
    Query { operation: "listing kept recordings", text: text.into(), values: query.values }
}

#[cfg(test)]
mod tests {
    use callvault_core::time::Timestamp;

    use super::*;
    use crate::catalog::query_plan;
    use crate::catalog::sqlite::Sqlite;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn by_beginning_a_page_is_a_range_of_an_index() {
        let directory = tempfile::tempdir().unwrap();
        let engine = Sqlite::open(&directory.path().join("catalog.sqlite")).await.unwrap();
        let all = KeptFilter::default();
        let full = KeptFilter {
            since: Some(Timestamp::from_unix_ms(1)),
            until: Some(Timestamp::from_unix_ms(9)),
            caller: Some("1".to_owned()),
            called: Some("2".to_owned()),
            least_seconds: Some(1),
            most_seconds: Some(9),
            in_groups_of: Some(callvault_core::id::PersonId(1)),
        };
        let after = |value| KeptCursor { value, recording: RecordingId(7), record_group: None };
        for (group, table) in [(None, "SEARCH x USING"), (Some(RecordGroupId(1)), "SEARCH p USING")] {
            for key in KeptKey::ALL {
                let value = match key {
                    KeptKey::Caller | KeptKey::Called => KeptValue::Text("2".to_owned()),
                    _ => KeptValue::Number(5),
                };
                for (filter, descending, place) in [
                    (&all, false, None),
                    (&all, true, Some(after(value.clone()))),
                    (&full, false, Some(after(value.clone()))),
                ] {
                    let order = KeptOrder { key, descending };
                    let page = PageRequest::new(place, 200);
                    let steps =
                        query_plan::steps(&engine, listed(CustomerId(1), group, filter, order, &page)).await;
                    let told = format!("{group:?} {order:?} {filter:?} {:?}: {steps:#?}", page.after);
                    let reads: Vec<_> = steps
                        .iter()
                        .filter(|step| step.starts_with("SEARCH") || step.starts_with("SCAN"))
                        .collect();
                    // Only the page itself is walked.
                    assert!(
                        reads.iter().all(|step| step.starts_with("SEARCH") || *step == "SCAN slice"),
                        "{told}"
                    );
                    if key == KeptKey::Beginning {
                        assert!(reads[0].starts_with(table), "{told}");
                        assert!(reads[0].contains("_began ("), "{told}");
                        let is_range = page.after.is_some() || filter.since.is_some();
                        let range =
                            ["AND began_at", "AND (began_at,"].iter().any(|range| reads[0].contains(range));
                        assert!(range || !is_range, "{told}");
                        // At most what began in the same millisecond is sorted, and the page itself once more.
                        let sorts: Vec<_> =
                            steps.iter().filter(|step| step.contains("TEMP B-TREE")).collect();
                        let part = |step: &&&String| step.contains("LAST") || step.contains("RIGHT PART");
                        assert!(sorts.iter().filter(|step| !part(step)).count() <= 1, "{told}");
                    }
                }
            }
        }
        engine.close().await;
    }
}
