//! Recordings with their calls.

use callvault_core::call::{CallFilter, CallRecord};
use callvault_core::found::{FoundFilter, FoundKey, FoundOrder, FoundRecording, IdSpan, Slice};
use callvault_core::id::{CustomerId, RecordingId};
use callvault_core::recording::Recording;

use super::calls::{PATIENCE_ENDS, call};
use crate::bench::{Bench, assert_taken, at, first, name};

/// A call with a recording.
fn of(recording: &str, call: CallRecord) -> CallRecord {
    CallRecord { recording: Some(name(recording)), ..call }
}

async fn add(bench: &Bench, calls: &[&CallRecord]) {
    bench.catalog.add_calls(calls.iter().map(|call| (*call).clone()).collect(), PATIENCE_ENDS).await.unwrap();
}

async fn list(
    bench: &Bench,
    customer: CustomerId,
    filter: &FoundFilter,
    order: FoundOrder,
    slice: Slice,
) -> Vec<FoundRecording> {
    let inside = bench.inside(customer).await;
    bench.catalog.find_recordings(&inside, filter, order, slice).await.unwrap()
}

/// All of a customer, by beginning.
async fn all(bench: &Bench, customer: CustomerId) -> Vec<FoundRecording> {
    let order = FoundOrder { key: FoundKey::Beginning, descending: false };
    let everything = Slice { skip: 0, limit: 10_000 };
    list(bench, customer, &FoundFilter::default(), order, everything).await
}

pub(crate) async fn a_recording_is_joined_with_its_first_call(bench: &Bench) {
    let customer = bench.customer(None).await;
    let check = async |expected: &[(&Recording, Option<&CallRecord>)]| {
        let expected: Vec<_> = expected
            .iter()
            .map(|(recording, call)| FoundRecording { recording: (*recording).clone(), call: call.cloned() })
            .collect();
        assert_eq!(all(bench, customer).await, expected);
    };
    // Stored at 5000, as all recordings of the bench.
    let early = bench.recording(customer, "early.wav", 1).await;
    check(&[(&early, None)]).await;
    let first = of("early.wav", call(customer, 10, 1_000, "2001", "2002"));
    let second = of("early.wav", call(customer, 9, 2_000, "2001", "2003"));
    // The later one is told first, then both orders within one commit.
    add(bench, &[&second]).await;
    check(&[(&early, Some(&second))]).await;
    add(bench, &[&second, &first]).await;
    check(&[(&early, Some(&first))]).await;
    let same_time = of("early.wav", call(customer, 5, 1_000, "2001", "2004"));
    let last = of("early.wav", call(customer, 4, 9_000, "2001", "2005"));
    add(bench, &[&last, &same_time]).await;
    check(&[(&early, Some(&same_time))]).await;
    // The calls are there before their recording.
    let ahead = of("late.wav", call(customer, 20, 500, "2001", "2002"));
    let behind = of("late.wav", call(customer, 19, 501, "2001", "2002"));
    let without = call(customer, 21, 400, "2001", "2002");
    add(bench, &[&behind, &ahead, &without]).await;
    let late = bench.recording(customer, "late.wav", 2).await;
    check(&[(&late, Some(&ahead)), (&early, Some(&same_time))]).await;
    // A recording that comes back finds its call again.
    let inside = bench.inside(customer).await;
    bench.remove_recording(&inside, &late.name, at(6_000)).await.unwrap();
    check(&[(&early, Some(&same_time))]).await;
    let late = bench.recording(customer, "late.wav", 3).await;
    check(&[(&late, Some(&ahead)), (&early, Some(&same_time))]).await;
}

pub(crate) async fn what_is_found_is_what_the_filter_wants(bench: &Bench) {
    let customer = bench.customer(None).await;
    let numbers = ["2001", "2002", "+4930"];
    for number in 0..60_i64 {
        let text = format!("r{number}.wav");
        // Some are told of before, some after, some never; times repeat and run against the ids.
        let began = 1_000 * (9 - number % 7);
        let sides = (number as usize, number as usize / 3);
        let (from, to) = (numbers[sides.0 % 3], numbers[sides.1 % 3]);
        let record = of(&text, call(customer, 100 + number, began, from, to));
        match number % 5 {
            0 => drop(bench.recording(customer, &text, 1).await),
            1 | 2 => {
                add(bench, &[&record]).await;
                bench.recording(customer, &text, 1).await;
            }
            _ => {
                bench.recording(customer, &text, 1).await;
                add(bench, &[&record]).await;
            }
        }
    }
    // Calls without a stored recording are never found.
    add(
        bench,
        &[&of("none.wav", call(customer, 1, 3_000, "2001", "2002")), &call(customer, 2, 3_000, "2001", "")],
    )
    .await;
    let whole = all(bench, customer).await;
    assert_eq!(whole.len(), 60);
    assert_eq!(whole.iter().filter(|found| found.call.is_none()).count(), 12);
    let inside = bench.inside(customer).await;
    let number = |text: &str| Some(text.to_owned());
    for (since, until) in [(None, None), (Some(3_000), None), (None, Some(5_000)), (Some(4_000), Some(5_999))]
    {
        for (caller, callee) in [
            (None, None),
            (number("2001"), None),
            (None, number("+4930")),
            (number("2002"), number("2001")),
            (number("200"), None),
        ] {
            let filter = FoundFilter { since: since.map(at), until: until.map(at), caller, callee };
            let mut expected: Vec<_> = whole.iter().filter(|one| filter.wants(one)).cloned().collect();
            let total = bench.catalog.count_found(&inside, &filter).await.unwrap();
            assert_eq!(total, expected.len() as u64, "{filter:?}");
            for key in [FoundKey::Arrival, FoundKey::Beginning] {
                for descending in [false, true] {
                    let order = FoundOrder { key, descending };
                    order.sort(&mut expected);
                    let mut found = Vec::new();
                    // Slices without gap or repeat, and one past the end.
                    for skip in (0..=expected.len() as u64 + 7).step_by(7) {
                        found.extend(list(bench, customer, &filter, order, Slice { skip, limit: 7 }).await);
                    }
                    assert_eq!(found, expected, "{filter:?}, {order:?}");
                }
            }
        }
    }
    // Written out: 6, 13, 20, ... began at 3000 ms; every third of all is from 2001; multiples of five have no call.
    let filter =
        FoundFilter { since: Some(at(3_000)), until: Some(at(3_000)), caller: number("2001"), callee: None };
    let order = FoundOrder { key: FoundKey::Arrival, descending: true };
    let found = list(bench, customer, &filter, order, Slice { skip: 0, limit: 10 }).await;
    let found: Vec<_> = found.iter().map(|one| one.recording.name.as_str()).collect();
    assert_eq!(found, ["r48.wav", "r27.wav", "r6.wav"]);
    let beyond = Slice { skip: u64::MAX, limit: 1 };
    assert_eq!(list(bench, customer, &filter, order, beyond).await, []);
}

pub(crate) async fn recordings_are_found_by_id(bench: &Bench) {
    let (customer, other) = (bench.customer(None).await, bench.customer(None).await);
    let mut ids = Vec::new();
    for number in 0..40 {
        ids.push(bench.recording(customer, &format!("r{number}.wav"), 1).await.id.0);
        bench.recording(other, &format!("r{number}.wav"), 1).await;
    }
    let inside = bench.inside(customer).await;
    let check = async |spans: &[(i64, i64)], expected: &[i64]| {
        let spans: Vec<_> = spans
            .iter()
            .map(|(lowest, highest)| IdSpan { lowest: RecordingId(*lowest), highest: RecordingId(*highest) })
            .collect();
        let found = bench.catalog.recordings_in_spans(&inside, spans).await.unwrap();
        let mut found: Vec<_> = found.iter().map(|one| one.recording.id.0).collect();
        found.sort_unstable();
        found.dedup();
        assert_eq!(found, expected);
    };
    check(&[], &[]).await;
    check(&[(ids[3], ids[3])], &[ids[3]]).await;
    check(&[(ids[3], ids[5])], &ids[3..=5]).await;
    check(&[(i64::MAX, i64::MAX), (ids[0] - 1, ids[0]), (ids[0], ids[1])], &ids[..2]).await;
    // More than one statement takes.
    let each: Vec<_> = ids.iter().map(|id| (*id, *id)).collect();
    check(&each, &ids).await;
}

pub(crate) async fn nothing_of_another_customer_is_joined(bench: &Bench) {
    let (own, other) = (bench.customer(None).await, bench.customer(None).await);
    let recording = bench.recording(own, "a.wav", 1).await;
    add(bench, &[&of("a.wav", call(other, 1, 1_000, "2001", "2002"))]).await;
    bench.recording(other, "b.wav", 2).await;
    add(bench, &[&of("b.wav", call(own, 2, 1_000, "2001", "2002"))]).await;
    assert_eq!(all(bench, own).await, [FoundRecording { recording, call: None }]);
    let by_number = FoundFilter { caller: Some("2001".to_owned()), ..FoundFilter::default() };
    for customer in [own, other] {
        let inside = bench.inside(customer).await;
        assert_eq!(bench.catalog.count_found(&inside, &FoundFilter::default()).await.unwrap(), 1);
        assert_eq!(bench.catalog.count_found(&inside, &by_number).await.unwrap(), 0);
        let slice = Slice { skip: 0, limit: 10 };
        assert_eq!(list(bench, customer, &by_number, FoundOrder::default(), slice).await, []);
    }
}

pub(crate) async fn an_id_of_another_call_never_passes_for_a_new_one(bench: &Bench) {
    let (own, other) = (bench.customer(None).await, bench.customer(None).await);
    let recording = bench.recording(own, "a.wav", 1).await;
    let told = of("a.wav", call(own, 10, 2_000, "2001", "2002"));
    let foreign = call(other, 9, 1_000, "2003", "2004");
    add(bench, &[&told]).await;
    add(bench, &[&foreign]).await;
    // Told again, with an id drawn that another's call has.
    let again = CallRecord { id: foreign.id, ..told.clone() };
    assert_taken(bench.catalog.add_calls(vec![again], PATIENCE_ENDS).await, "id");
    assert_eq!(all(bench, own).await, [FoundRecording { recording, call: Some(told) }]);
}

const LEG: &str = "20240305101530-1709633725.42-2001-2003-Internal.wav";
const OTHER_LEG: &str = "20240305101520-1709633725.42-2001-2004-Internal.wav";

/// A call with the call id that both names hold.
fn leg(customer: CustomerId, id: i64, started_at: i64, to: &str) -> CallRecord {
    CallRecord { call_id: "1709633725.42".to_owned(), ..call(customer, id, started_at, "2001", to) }
}

/// Which recording each call of a customer names; and that each of these recordings is of that call.
async fn assert_named(bench: &Bench, customer: CustomerId, expected: &[(i64, Option<&str>)], told: &str) {
    let inside = bench.inside(customer).await;
    let mut calls = bench.catalog.calls(&inside, &CallFilter::default(), first(100)).await.unwrap();
    calls.sort_by_key(|call| call.id);
    let named = |call: &CallRecord| (call.id.0, call.recording.as_ref().map(|name| name.as_str().to_owned()));
    let expected: Vec<_> = expected.iter().map(|(id, text)| (*id, text.map(ToOwned::to_owned))).collect();
    assert_eq!(calls.iter().map(named).collect::<Vec<_>>(), expected, "{told}");
    for found in all(bench, customer).await {
        let of = found.call.as_ref().map(|call| call.id);
        let names_it = calls.iter().find(|call| call.recording.as_ref() == Some(&found.recording.name));
        assert_eq!(of, names_it.map(|call| call.id), "{told}: {}", found.recording.name);
    }
}

/// Recordings, in the order in which they come, and calls of their call id are joined alike, whichever comes first and
/// however the calls are told: in one commit, in one the other way round, or where that is wanted `one_by_one`.
async fn assert_joined(
    bench: &Bench,
    recordings: &[&str],
    calls: &dyn Fn(CustomerId) -> Vec<CallRecord>,
    expected: &[(i64, Option<&str>)],
    one_by_one: bool,
) {
    let mut ways = vec!["calls first", "recordings first", "recordings first, calls turned"];
    ways.extend(one_by_one.then_some("recordings first, calls one by one"));
    for (way, told) in ways.into_iter().enumerate() {
        let customer = bench.customer(None).await;
        // Each customer's calls have ids of their own, in the order of the expected ones.
        let base = customer.0 * 1_000;
        let mut calls = calls(customer);
        calls.iter_mut().for_each(|call| call.id.0 += base);
        let expected: Vec<_> = expected.iter().map(|(id, text)| (id + base, *text)).collect();
        if way == 0 {
            add(bench, &calls.iter().collect::<Vec<_>>()).await;
        }
        for name in recordings {
            bench.recording(customer, name, 1).await;
        }
        match way {
            0 => {}
            1 => add(bench, &calls.iter().collect::<Vec<_>>()).await,
            2 => add(bench, &calls.iter().rev().collect::<Vec<_>>()).await,
            _ => {
                for call in &calls {
                    add(bench, &[call]).await;
                }
            }
        }
        assert_named(bench, customer, &expected, told).await;
    }
}

pub(crate) async fn a_recording_goes_to_the_call_that_names_it(bench: &Bench) {
    let calls = |customer| vec![leg(customer, 1, 1_000, "2002"), of(LEG, leg(customer, 2, 2_000, "2003"))];
    assert_joined(bench, &[LEG], &calls, &[(1, None), (2, Some(LEG))], false).await;
    // The call that names none has what is left.
    let expected = [(1, Some(OTHER_LEG)), (2, Some(LEG))];
    assert_joined(bench, &[LEG, OTHER_LEG], &calls, &expected, false).await;
}

pub(crate) async fn recordings_of_a_call_id_go_to_one_call_each(bench: &Bench) {
    let calls = |customer| vec![leg(customer, 1, 1_000, "2003"), leg(customer, 2, 2_000, "2004")];
    // In the order of their coming, whatever their names.
    let expected = [(1, Some(LEG)), (2, Some(OTHER_LEG))];
    assert_joined(bench, &[LEG, OTHER_LEG], &calls, &expected, true).await;
    let expected = [(1, Some(OTHER_LEG)), (2, Some(LEG))];
    assert_joined(bench, &[OTHER_LEG, LEG], &calls, &expected, true).await;
}

/// Asterisk writes calls down when they end.
pub(crate) async fn the_call_that_began_first_has_the_recording(bench: &Bench) {
    let calls = |customer| vec![leg(customer, 1, 2_000, "2003"), leg(customer, 2, 1_000, "2002")];
    assert_joined(bench, &[LEG], &calls, &[(1, None), (2, Some(LEG))], false).await;
    let calls = |customer| vec![leg(customer, 2, 1_000, "2003"), leg(customer, 1, 1_000, "2002")];
    assert_joined(bench, &[LEG], &calls, &[(1, Some(LEG)), (2, None)], false).await;
}

pub(crate) async fn a_call_that_is_there_already_takes_no_recording(bench: &Bench) {
    let customer = bench.customer(None).await;
    add(bench, &[&of("own.wav", leg(customer, 1, 1_000, "2002"))]).await;
    bench.recording(customer, LEG, 1).await;
    // Told again, this time without its recording, with a new one behind it.
    let later = leg(customer, 12, 2_000, "2003");
    add(bench, &[&leg(customer, 11, 1_000, "2002"), &later]).await;
    let expected = [(1, Some("own.wav")), (12, Some(LEG))];
    assert_named(bench, customer, &expected, "told again").await;
    // A recording that comes then is nobody's, and a second run of the unit takes it for nobody either.
    bench.recording(customer, OTHER_LEG, 2).await;
    add(bench, &[&later]).await;
    assert_named(bench, customer, &expected, "a second run").await;
}
