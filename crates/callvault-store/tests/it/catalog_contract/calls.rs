//! Call records.

use std::collections::BTreeSet;

use callvault_core::call::{CallFilter, CallKind, CallPlace, CallRecord, CallStatus, PartyNames};
use callvault_core::id::{CallRecordId, CustomerId};
use callvault_core::page::PageRequest;
use callvault_core::port::catalog::CallAdded;
use callvault_core::time::Timestamp;

use crate::bench::{Bench, assert_gone, assert_taken, at, first, name};

/// No test of this file has a target, so nothing waits for anything.
pub(crate) const PATIENCE_ENDS: Option<Timestamp> = Some(Timestamp::from_unix_ms(69_000));

/// A call that began at `started_at` milliseconds.
pub(crate) fn call(customer: CustomerId, id: i64, started_at: i64, from: &str, to: &str) -> CallRecord {
    CallRecord {
        id: CallRecordId(id),
        customer,
        call_id: format!("1589299528.{id}"),
        started_at: at(started_at),
        from: from.to_owned(),
        to: to.to_owned(),
        call_seconds: 42,
        talk_seconds: 34,
        source_trunk: String::new(),
        destination_trunk: String::new(),
        pin_code: String::new(),
        status: CallStatus::Answered,
        kind: CallKind::Internal,
        recording: None,
        did_number: String::new(),
        agent_ring_seconds: 0,
        names: PartyNames::default(),
        received_at: at(9_000),
    }
}

async fn ids(bench: &Bench, customer: CustomerId, filter: &CallFilter) -> Vec<i64> {
    let inside = bench.inside(customer).await;
    let found = bench.catalog.calls(&inside, filter, first(1000)).await.unwrap();
    found.iter().map(|record| record.id.0).collect()
}

fn numbers(numbers: &[&str]) -> CallFilter {
    CallFilter {
        numbers: numbers.iter().map(|number| (*number).to_owned()).collect(),
        ..CallFilter::default()
    }
}

pub(crate) async fn a_call_comes_back_as_written(bench: &Bench) {
    let customer = bench.customer(None).await;
    let inside = bench.inside(customer).await;
    let whole = CallRecord {
        source_trunk: "TRUNK, 1".to_owned(),
        destination_trunk: "Trünk 2".to_owned(),
        pin_code: "0077".to_owned(),
        status: CallStatus::NoAnswer,
        kind: CallKind::Callback,
        recording: Some(name("20240305101530-1709633725.42-2001-2002-Internal.wav")),
        did_number: "5503301".to_owned(),
        agent_ring_seconds: u32::MAX,
        names: PartyNames { from: "Ann, \"the\" <1>".to_owned(), to: "Löwe".to_owned() },
        call_seconds: u32::MAX,
        ..call(customer, i64::MAX, 1_709_633_725_001, "\"Ann\" <+49 30>", "2002")
    };
    let added = bench.catalog.add_calls(vec![whole.clone()], PATIENCE_ENDS).await.unwrap();
    assert_eq!(added, [CallAdded::New]);
    let found = bench.catalog.calls(&inside, &CallFilter::default(), first(10)).await.unwrap();
    assert_eq!(found, [whole]);
    assert_eq!(bench.catalog.add_calls(Vec::new(), PATIENCE_ENDS).await.unwrap(), []);
}

pub(crate) async fn a_call_is_kept_once_as_first_told(bench: &Bench) {
    let (customer, other) = (bench.customer(None).await, bench.customer(None).await);
    let kept = call(customer, 1, 1_000, "2001", "2002");
    let again = CallRecord { id: CallRecordId(2), talk_seconds: 1, ..kept.clone() };
    let fresh = CallRecord { id: CallRecordId(3), call_id: "1.3".to_owned(), ..kept.clone() };
    let to_another = CallRecord { id: CallRecordId(4), to: "2003".to_owned(), ..kept.clone() };
    let later = CallRecord { id: CallRecordId(5), started_at: at(1_001), ..kept.clone() };
    let elsewhere = CallRecord { id: CallRecordId(6), customer: other, ..kept.clone() };
    use CallAdded::{Already, New};
    let check = async |new: &[&CallRecord], expected: &[CallAdded]| {
        let new = new.iter().map(|record| (*record).clone()).collect();
        assert_eq!(bench.catalog.add_calls(new, PATIENCE_ENDS).await.unwrap(), expected);
    };
    // Within one commit as well as after it.
    check(&[&kept, &again, &fresh], &[New, Already, New]).await;
    check(&[&again, &to_another, &again, &later], &[Already, New, Already, New]).await;
    check(&[&elsewhere], &[New]).await;
    // The very same record is an earlier run of the same unit.
    check(&[&kept], &[New]).await;
    let inside = bench.inside(customer).await;
    let found = bench.catalog.calls(&inside, &CallFilter::default(), first(10)).await.unwrap();
    assert_eq!(found, [kept, fresh, to_another, later]);
}

pub(crate) async fn a_batch_is_added_whole_or_not_at_all(bench: &Bench) {
    let customer = bench.customer(None).await;
    let good = call(customer, 1, 1_000, "a", "b");
    let nowhere = call(CustomerId(99), 2, 1_000, "a", "b");
    assert_gone(bench.catalog.add_calls(vec![good.clone(), nowhere], PATIENCE_ENDS).await, "customer");
    assert_eq!(ids(bench, customer, &CallFilter::default()).await, [0; 0]);
    bench.catalog.add_calls(vec![good], PATIENCE_ENDS).await.unwrap();
    // An id that another call has must not pass for a call that is there already.
    let same_id = CallRecord { call_id: "9.9".to_owned(), ..call(customer, 1, 2_000, "c", "d") };
    assert_taken(bench.catalog.add_calls(vec![same_id], PATIENCE_ENDS).await, "id");
}

pub(crate) async fn calls_are_filtered(bench: &Bench) {
    let customer = bench.customer(None).await;
    let recorded = |id, started_at, from, to| CallRecord {
        recording: Some(name("a.wav")),
        ..call(customer, id, started_at, from, to)
    };
    let new = vec![
        call(customer, 6, 1_000, "100", "200"),
        call(customer, 5, 2_000, "200", "300"),
        recorded(4, 2_000, "300", "300"),
        call(customer, 3, 3_000, "400", "100"),
        recorded(2, 4_000, "+49 30", "100"),
    ];
    bench.catalog.add_calls(new, PATIENCE_ENDS).await.unwrap();
    let check = async |filter: CallFilter, expected: &[i64]| {
        assert_eq!(ids(bench, customer, &filter).await, expected, "{filter:?}");
    };
    check(CallFilter::default(), &[6, 4, 5, 3, 2]).await;
    // Both times belong to the range.
    let between =
        |since, until| CallFilter { since: Some(at(since)), until: Some(at(until)), ..CallFilter::default() };
    check(between(1_000, 3_000), &[6, 4, 5, 3]).await;
    check(between(1_001, 2_999), &[4, 5]).await;
    check(between(2_000, 2_000), &[4, 5]).await;
    check(between(2_001, 2_000), &[]).await;
    check(between(4_001, i64::MAX), &[]).await;
    // A number is caller or callee, compared whole; a call is there once.
    check(numbers(&["100"]), &[6, 3, 2]).await;
    check(numbers(&["10"]), &[]).await;
    check(numbers(&["300"]), &[4, 5]).await;
    check(numbers(&["300", "200", "300", "nobody"]), &[6, 4, 5]).await;
    check(numbers(&["' OR '1'='1", "+49 30", "%"]), &[2]).await;
    let many: Vec<String> = (0..400).map(|number| number.to_string()).collect();
    check(CallFilter { numbers: many, ..CallFilter::default() }, &[6, 4, 5, 3, 2]).await;
    let of =
        |recording: &str, numbers: CallFilter| CallFilter { recording: Some(name(recording)), ..numbers };
    check(of("a.wav", CallFilter::default()), &[4, 2]).await;
    check(of("A.wav", CallFilter::default()), &[]).await;
    check(of("a.wav", numbers(&["100", "200"])), &[2]).await;
    check(CallFilter { until: Some(at(2_000)), ..of("a.wav", CallFilter::default()) }, &[4]).await;
    check(CallFilter { since: Some(at(2_001)), ..numbers(&["100"]) }, &[3, 2]).await;
}

pub(crate) async fn pages_have_no_gap_and_no_repeat(bench: &Bench) {
    const ROWS: i64 = 2_500;
    let (customer, other) = (bench.customer(None).await, bench.customer(None).await);
    let mut new = Vec::new();
    for number in 0..ROWS {
        // Several begin at once, the order of arrival is not that of the list, and another customer's lie between.
        let started_at = 1_000 + (number * 7_919 % ROWS) / 4;
        let from = format!("{}", 100 + number % 20);
        new.push(call(customer, number + 1, started_at, &from, "200"));
        new.push(call(other, ROWS + number + 1, started_at, &from, "200"));
    }
    for batch in new.chunks(1_000) {
        let own =
            |customer| batch.iter().filter(move |record| record.customer == customer).cloned().collect();
        bench.catalog.add_calls(own(customer), PATIENCE_ENDS).await.unwrap();
        bench.catalog.add_calls(own(other), PATIENCE_ENDS).await.unwrap();
    }
    let inside = bench.inside(customer).await;
    let all = CallFilter::default;
    let everybody: Vec<String> = (100..120).map(|number| number.to_string()).collect();
    for (filter, expected) in [
        (CallFilter::default(), 2_500),
        (numbers(&["200"]), 2_500),
        (CallFilter { numbers: everybody, ..CallFilter::default() }, 2_500),
        (numbers(&["100", "107"]), 250),
        // One busy number among many that hardly anybody calls, or nobody.
        (CallFilter { numbers: (100..700).map(|number| number.to_string()).collect(), ..all() }, 2_500),
        (CallFilter { numbers: (101..700).map(|number| number.to_string()).collect(), ..all() }, 2_500),
        (CallFilter { numbers: (118..200).map(|number| number.to_string()).collect(), ..all() }, 250),
        // 4 calls begin in each millisecond.
        (CallFilter { since: Some(at(1_010)), until: Some(at(1_109)), ..CallFilter::default() }, 400),
    ] {
        let mut places: Vec<CallPlace> = Vec::new();
        loop {
            let page = PageRequest::new(places.last().copied(), 313);
            let found = bench.catalog.calls(&inside, &filter, page).await.unwrap();
            assert!(found.len() <= 313 && found.iter().all(|record| record.customer == customer));
            if found.is_empty() {
                break;
            }
            places.extend(
                found.iter().map(|record| CallPlace { started_at: record.started_at, id: record.id }),
            );
        }
        assert!(places.is_sorted(), "out of order: {filter:?}");
        assert_eq!(places.len(), expected, "{filter:?}");
        assert_eq!(places.iter().collect::<BTreeSet<_>>().len(), expected, "repeated: {filter:?}");
    }
}

pub(crate) async fn nothing_of_another_customer_is_listed(bench: &Bench) {
    let own = bench.customer(None).await;
    let below = bench.customer(Some(own)).await;
    let recorded = CallRecord { recording: Some(name("a.wav")), ..call(below, 1, 1_000, "100", "200") };
    bench.catalog.add_calls(vec![recorded], PATIENCE_ENDS).await.unwrap();
    let of_recording = CallFilter { recording: Some(name("a.wav")), ..CallFilter::default() };
    let both = CallFilter { recording: Some(name("a.wav")), ..numbers(&["100"]) };
    for filter in [CallFilter::default(), numbers(&["100"]), of_recording, both] {
        assert_eq!(ids(bench, own, &filter).await, [0; 0], "{filter:?}");
        assert_eq!(ids(bench, below, &filter).await, [1], "{filter:?}");
    }
    let parties = bench.catalog.call_parties(&bench.inside(own).await, 10).await.unwrap();
    assert_eq!((parties.extensions.len(), parties.trunks.len()), (0, 0));
}

pub(crate) async fn calls_name_extensions_and_trunks(bench: &Bench) {
    let customer = bench.customer(None).await;
    let of = |id, kind, from, to, source: &str, destination: &str| CallRecord {
        kind,
        source_trunk: source.to_owned(),
        destination_trunk: destination.to_owned(),
        ..call(customer, id, id * 1_000, from, to)
    };
    let new = vec![
        of(1, CallKind::Internal, "101", "102", "", ""),
        of(2, CallKind::Inbound, "0301", "103", "T1", ""),
        of(3, CallKind::Outbound, "102", "0302", "", "T2"),
        of(4, CallKind::Transfer, "0303", "0304", "T1", "T3"),
    ];
    bench.catalog.add_calls(new, PATIENCE_ENDS).await.unwrap();
    let inside = bench.inside(customer).await;
    let all = bench.catalog.call_parties(&inside, 10).await.unwrap();
    assert_eq!(all.extensions, ["102", "103", "101"]);
    assert_eq!(all.trunks, ["T1", "T3", "T2"]);
    let two = bench.catalog.call_parties(&inside, 2).await.unwrap();
    assert_eq!(
        (two.extensions, two.trunks),
        (vec!["102".into(), "103".into()], vec!["T1".into(), "T3".into()])
    );
}

pub(crate) async fn calls_with_one_id_have_a_first_leg(bench: &Bench) {
    let customer = bench.customer(None).await;
    let other = bench.customer(None).await;
    let leg = |customer, call_id: &str, id, started_at, to| CallRecord {
        call_id: call_id.to_owned(),
        ..call(customer, id, started_at, "100", to)
    };
    let legs = [
        leg(customer, "1.1", 9, 1_000, "200"),
        leg(customer, "1.1", 7, 2_000, "201"),
        leg(customer, "1.1", 8, 2_000, "202"),
        leg(customer, "1.2", 6, 500, "200"),
    ];
    bench.catalog.add_calls(legs.to_vec(), PATIENCE_ENDS).await.unwrap();
    bench.catalog.add_calls(vec![leg(other, "1.1", 5, 1, "200")], PATIENCE_ENDS).await.unwrap();
    let inside = bench.inside(customer).await;
    let mut seen = Vec::new();
    loop {
        let after = seen.last().map(|(started_at, id)| CallPlace { started_at: *started_at, id: *id });
        let page = callvault_core::page::PageRequest::new(after, 2);
        let rows = bench.catalog.calls_with_id(&inside, "1.1", page).await.unwrap();
        if rows.is_empty() {
            break;
        }
        seen.extend(rows.iter().map(|row| (row.started_at, row.id)));
    }
    assert_eq!(seen.iter().map(|(_, id)| id.0).collect::<Vec<_>>(), [9, 7, 8]);
    let first = bench.catalog.first_legs(&inside, &legs).await.unwrap();
    assert_eq!(first.iter().map(|id| id.0).collect::<Vec<_>>(), [6, 9]);
    assert!(bench.catalog.first_legs(&inside, &[]).await.unwrap().is_empty());
}
