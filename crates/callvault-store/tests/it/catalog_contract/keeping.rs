//! Where recordings are kept, and for how long.

use callvault_core::call::CallRecord;
use callvault_core::id::{CustomerId, PersonId, RecordGroupId, RecordingId};
use callvault_core::kept::{KeptCursor, KeptFilter, KeptKey, KeptOrder, KeptRecording, Place, PlaceChange};
use callvault_core::page::PageRequest;
use callvault_core::port::catalog::{
    Added, CatalogError, CatalogResult, PlaceToTake, RecordGroupWork, Taken, Trial,
};
use callvault_core::record_group::{NewRecordGroup, RecordGroupChange, RecordGroupSettings};
use callvault_core::recording::Recording;
use callvault_core::role::Reach;

use super::calls::{PATIENCE_ENDS, call};
use super::record_groups::new_group;
use crate::bench::{Bench, assert_gone, at, first, name};

/// A day in milliseconds.
const DAY: i64 = 86_400_000;

async fn group(bench: &Bench, customer: CustomerId, retention_days: u32) -> RecordGroupId {
    let settings = RecordGroupSettings { retention_days, ..RecordGroupSettings::default() };
    bench.catalog.add_record_group(NewRecordGroup { settings, ..new_group(customer) }).await.unwrap()
}

/// The places of a recording: groups and ends in milliseconds.
async fn places(bench: &Bench, recording: RecordingId) -> Vec<(Option<i64>, Option<i64>)> {
    let found = bench.catalog.places(vec![recording]).await.unwrap();
    assert!(found.iter().all(|(id, _)| *id == recording));
    let shown =
        |place: Place| (place.record_group.map(|group| group.0), place.expires_at.map(|end| end.unix_ms()));
    found.into_iter().map(|(_, place)| shown(place)).collect()
}

fn assert_keeps_nothing<T: std::fmt::Debug>(result: CatalogResult<T>, expected: RecordGroupId) {
    match result {
        Err(CatalogError::KeepsNothing { record_group }) => assert_eq!(record_group, expected),
        other => panic!("expected {expected} to keep nothing: {other:?}"),
    }
}

/// To be taken whatever its end.
fn taking(recording: RecordingId, record_group: Option<RecordGroupId>) -> PlaceToTake {
    PlaceToTake { recording, record_group, ended_by: None, with_recording: false, noted: true }
}

pub(crate) async fn a_recording_is_kept_as_its_group_says(bench: &Bench) {
    let customer = bench.customer(None).await;
    let other = bench.customer(None).await;
    let catalog = &bench.catalog;
    let (year, none) = (group(bench, customer, 365).await, group(bench, customer, 0).await);
    let strange = group(bench, other, 1).await;
    let plain = bench.recording(customer, "plain.wav", 1).await;
    assert_eq!(places(bench, plain.id).await, [(None, None)]);
    let new = bench.new_recording(customer, "grouped.wav", 2).await;
    // What is refused leaves the upload as it was.
    assert_keeps_nothing(catalog.add_recording_into(new.clone(), none).await, none);
    for absent in [strange, RecordGroupId(99)] {
        assert_gone(catalog.add_recording_into(new.clone(), absent).await, "record group");
    }
    let inside = bench.inside(customer).await;
    assert_eq!(catalog.recording(&inside, &new.name).await.unwrap(), None);
    assert_eq!(catalog.add_recording_into(new.clone(), year).await.unwrap(), Added::New);
    // Stored at 5000.
    let end = Some(5_000 + 365 * DAY);
    assert_eq!(places(bench, new.id).await, [(Some(year.0), end)]);
    // Again is the same, and what is there already is kept there besides.
    assert_eq!(catalog.add_recording_into(new.clone(), year).await.unwrap(), Added::New);
    let again = bench.new_recording(customer, "plain.wav", 1).await;
    let already = catalog.add_recording_into(again, year).await.unwrap();
    assert_eq!(already, Added::Already(Box::new(plain.clone())));
    assert_eq!(places(bench, plain.id).await, [(None, None), (Some(year.0), end)]);
    // Other days hold for what comes from then on.
    let change = RecordGroupChange {
        settings: callvault_core::record_group::RecordGroupSettingsChange {
            retention_days: Some(1),
            ..Default::default()
        },
        ..RecordGroupChange::default()
    };
    catalog.change_record_group(year, change).await.unwrap();
    assert_eq!(places(bench, new.id).await, [(Some(year.0), end)]);
    catalog.take_from_group(plain.id, year, true).await.unwrap();
    catalog.put_into_group(plain.id, year, at(7)).await.unwrap();
    assert_eq!(places(bench, plain.id).await, [(None, None), (Some(year.0), Some(7 + DAY))]);
    let all = catalog.places(vec![new.id, plain.id, RecordingId(i64::MAX)]).await.unwrap();
    assert_eq!(all.len(), 3);
    // A name that is free again brings no place back.
    bench.remove_recording(&inside, &new.name, at(1)).await.unwrap();
    let back = bench.recording(customer, "grouped.wav", 2).await;
    assert_eq!(places(bench, back.id).await, [(None, None)]);
}

pub(crate) async fn what_is_added_again_is_kept_as_long_as_if_it_were_new(bench: &Bench) {
    let customer = bench.customer(None).await;
    let catalog = &bench.catalog;
    let (short, long) = (group(bench, customer, 1).await, group(bench, customer, 1000).await);
    let none = group(bench, customer, 0).await;
    let first = bench.new_recording(customer, "a.wav", 1).await;
    catalog.add_recording_into(first.clone(), short).await.unwrap();
    let id = first.id;
    let again = async |into: Option<RecordGroupId>, now: i64| {
        let new = Recording { stored_at: at(now), ..bench.new_recording(customer, "a.wav", 1).await };
        match into {
            None => catalog.add_recording(new).await,
            Some(group) => catalog.add_recording_into(new, group).await,
        }
    };
    let in_short = |end| (Some(short.0), Some(end));
    let over = 5_000 + DAY;
    // Not over: it stays as it is.
    again(Some(short), over - 1).await.unwrap();
    assert_eq!(places(bench, id).await, [in_short(over)]);
    // Over, and nobody has looked yet: it begins anew.
    again(Some(short), over).await.unwrap();
    assert_eq!(places(bench, id).await, [in_short(over + DAY)]);
    again(Some(long), over + DAY).await.unwrap();
    let in_long = (Some(long.0), Some(over + 1_001 * DAY));
    assert_eq!(places(bench, id).await, [in_short(over + DAY), in_long]);
    assert_keeps_nothing(again(Some(none), 0).await, none);
    assert_gone(again(Some(RecordGroupId(99)), 0).await, "record group");
    // Without a group it is kept without an end, also where it had one.
    for end in [None, Some(at(7)), Some(at(900 * DAY))] {
        again(None, over).await.unwrap();
        assert_eq!(places(bench, id).await, [(None, None), in_short(over + DAY), in_long]);
        catalog.set_end(id, Place { record_group: None, expires_at: end }, true).await.unwrap();
    }
    // Other bytes change nothing.
    let before = places(bench, id).await;
    let other = bench.new_recording(customer, "a.wav", 2).await;
    assert!(matches!(catalog.add_recording(other).await.unwrap(), Added::Differs(_)));
    assert_eq!(places(bench, id).await, before);
    // A copy keeps it from an end that has passed as well, and so does being moved.
    catalog.put_into_group(id, short, at(over + DAY)).await.unwrap();
    assert_eq!(places(bench, id).await[1], in_short(over + 2 * DAY));
    let change = PlaceChange { record_group: Some(Some(short)), expires_at: None };
    catalog.change_places(id, change, at(over + 2 * DAY), true).await.unwrap();
    assert_eq!(places(bench, id).await, [in_short(over + 3 * DAY)]);
}

pub(crate) async fn a_recording_is_in_several_groups(bench: &Bench) {
    let customer = bench.customer(None).await;
    let other = bench.customer(None).await;
    let catalog = &bench.catalog;
    let (one, two) = (group(bench, customer, 1).await, group(bench, customer, 2).await);
    let none = group(bench, customer, 0).await;
    let strange = group(bench, other, 1).await;
    let recording = bench.recording(customer, "a.wav", 1).await;
    let id = recording.id;
    catalog.put_into_group(id, one, at(0)).await.unwrap();
    catalog.put_into_group(id, two, at(0)).await.unwrap();
    // What was kept without an end still is.
    let all = [(None, None), (Some(one.0), Some(DAY)), (Some(two.0), Some(2 * DAY))];
    assert_eq!(places(bench, id).await, all);
    let taken = catalog.take_place(taking(id, None), at(0)).await.unwrap();
    assert_eq!(taken, Taken::Place);
    let both = [all[1], all[2]];
    assert_eq!(places(bench, id).await, both);
    // Where it is already, it stays as it is.
    catalog.put_into_group(id, one, at(9_999)).await.unwrap();
    assert_keeps_nothing(catalog.put_into_group(id, none, at(0)).await, none);
    assert_gone(catalog.put_into_group(id, strange, at(0)).await, "record group");
    assert_gone(catalog.put_into_group(RecordingId(1 << 60), one, at(0)).await, "recording");
    assert_eq!(places(bench, id).await, both);
    assert!(!catalog.take_from_group(id, none, true).await.unwrap());
    assert!(catalog.take_from_group(id, one, true).await.unwrap());
    assert_eq!(places(bench, id).await, [both[1]]);
    // From its last place it goes to none, without an end.
    assert!(catalog.take_from_group(id, two, true).await.unwrap());
    assert_eq!(places(bench, id).await, [(None, None)]);
    assert_gone(catalog.take_from_group(RecordingId(1 << 60), two, true).await, "recording");
    // What has recordings is not removed.
    catalog.put_into_group(id, two, at(0)).await.unwrap();
    let refused = catalog.remove_record_group(two).await;
    assert!(matches!(refused, Err(CatalogError::Kept { field: "id", .. })), "{refused:?}");
    catalog.remove_record_group(one).await.unwrap();
    catalog.take_from_group(id, two, true).await.unwrap();
    catalog.remove_record_group(two).await.unwrap();
}

pub(crate) async fn places_are_changed(bench: &Bench) {
    let customer = bench.customer(None).await;
    let catalog = &bench.catalog;
    let (one, two) = (group(bench, customer, 1).await, group(bench, customer, 2).await);
    let none = group(bench, customer, 0).await;
    let id = bench.recording(customer, "a.wav", 1).await.id;
    let check = async |change: PlaceChange, expected: &[(Option<RecordGroupId>, Option<i64>)]| {
        catalog.change_places(id, change, at(100), true).await.unwrap();
        let expected: Vec<_> =
            expected.iter().map(|(group, end)| (group.map(|group| group.0), *end)).collect();
        assert_eq!(places(bench, id).await, expected, "{change:?}");
    };
    let to = |record_group| PlaceChange { record_group: Some(record_group), expires_at: None };
    let until =
        |expires_at: Option<i64>| PlaceChange { record_group: None, expires_at: Some(expires_at.map(at)) };
    check(PlaceChange::default(), &[(None, None)]).await;
    check(until(Some(500)), &[(None, Some(500))]).await;
    check(to(None), &[(None, Some(500))]).await;
    check(to(Some(one)), &[(Some(one), Some(100 + DAY))]).await;
    check(until(None), &[(Some(one), None)]).await;
    // A place that is there keeps its end.
    check(to(Some(one)), &[(Some(one), None)]).await;
    catalog.put_into_group(id, two, at(0)).await.unwrap();
    check(until(Some(700)), &[(Some(one), Some(700)), (Some(two), Some(700))]).await;
    check(to(Some(two)), &[(Some(two), Some(700))]).await;
    let change = PlaceChange { record_group: Some(Some(one)), expires_at: Some(Some(at(80))) };
    check(change, &[(Some(one), Some(80))]).await;
    assert_keeps_nothing(catalog.change_places(id, to(Some(none)), at(100), true).await, none);
    assert_gone(catalog.change_places(id, to(Some(RecordGroupId(99))), at(100), true).await, "record group");
    // What was refused changed nothing.
    check(PlaceChange::default(), &[(Some(one), Some(80))]).await;
    let end = |record_group, end: Option<i64>| Place { record_group, expires_at: end.map(at) };
    catalog.set_end(id, end(Some(one), Some(90)), true).await.unwrap();
    let trial = |place| Trial::RecordGroup(RecordGroupWork::SetEnd(id, place));
    catalog.try_out(trial(end(Some(one), None))).await.unwrap();
    check(PlaceChange::default(), &[(Some(one), Some(90))]).await;
    for elsewhere in [end(None, Some(1)), end(Some(two), Some(1))] {
        assert_gone(catalog.set_end(id, elsewhere, true).await, "recording");
        assert_gone(catalog.try_out(trial(elsewhere)).await, "recording");
    }
    check(to(None), &[(None, None)]).await;
    catalog.set_end(id, end(None, Some(60)), true).await.unwrap();
    check(PlaceChange::default(), &[(None, Some(60))]).await;
    assert_gone(catalog.change_places(RecordingId(1 << 60), to(None), at(0), true).await, "recording");
}

pub(crate) async fn a_recording_goes_with_its_last_place(bench: &Bench) {
    let customer = bench.customer(None).await;
    let catalog = &bench.catalog;
    let inside = bench.inside(customer).await;
    let (one, two) = (group(bench, customer, 1).await, group(bench, customer, 2).await);
    let recording = bench.recording(customer, "a.wav", 1).await;
    let id = recording.id;
    for group in [one, two] {
        catalog.put_into_group(id, group, at(0)).await.unwrap();
    }
    let take = async |place: PlaceToTake| catalog.take_place(place, at(1)).await.unwrap();
    assert_eq!(take(taking(id, None)).await, Taken::Place);
    assert_eq!(take(taking(id, None)).await, Taken::Nothing);
    let ended_by = |place: PlaceToTake, by: i64| PlaceToTake { ended_by: Some(at(by)), ..place };
    assert_eq!(take(ended_by(taking(id, Some(one)), DAY - 1)).await, Taken::Nothing);
    assert_eq!(take(ended_by(taking(id, Some(one)), DAY)).await, Taken::Place);
    assert_eq!(take(taking(id, Some(one))).await, Taken::Nothing);
    assert_eq!(take(taking(id, Some(two))).await, Taken::NotTheLast);
    // An end that was put off counts, whoever looked before.
    let whole = |place: PlaceToTake| PlaceToTake { with_recording: true, ..place };
    catalog
        .set_end(id, Place { record_group: Some(two), expires_at: Some(at(3 * DAY)) }, true)
        .await
        .unwrap();
    assert_eq!(take(whole(ended_by(taking(id, Some(two)), 2 * DAY))).await, Taken::Nothing);
    catalog.set_end(id, Place { record_group: Some(two), expires_at: None }, true).await.unwrap();
    assert_eq!(take(whole(ended_by(taking(id, Some(two)), i64::MAX))).await, Taken::Nothing);
    assert!(catalog.recording(&inside, &recording.name).await.unwrap().is_some());
    assert_eq!(take(whole(taking(id, Some(two)))).await, Taken::Recording(vec![recording.audio.key]));
    assert_eq!(catalog.recording(&inside, &recording.name).await.unwrap(), None);
    assert_eq!(bench.removable().await, [recording.audio.key]);
    assert_eq!(take(whole(taking(id, Some(two)))).await, Taken::Nothing);
    // The same for one in no group.
    let single = bench.recording(customer, "b.wav", 1).await;
    assert_eq!(take(taking(single.id, None)).await, Taken::NotTheLast);
    assert_eq!(take(whole(ended_by(taking(single.id, None), i64::MAX))).await, Taken::Nothing);
    catalog.set_end(single.id, Place { record_group: None, expires_at: Some(at(5)) }, true).await.unwrap();
    let taken = take(whole(ended_by(taking(single.id, None), 5))).await;
    assert_eq!(taken, Taken::Recording(vec![single.audio.key]));
}

pub(crate) async fn what_goes_sooner_must_be_noted(bench: &Bench) {
    let customer = bench.customer(None).await;
    let catalog = &bench.catalog;
    let (one, none) = (group(bench, customer, 1).await, group(bench, customer, 0).await);
    let id = bench.recording(customer, "a.wav", 1).await.id;
    let end = |record_group, end: Option<i64>| Place { record_group, expires_at: end.map(at) };
    let to = |record_group| PlaceChange { record_group: Some(record_group), expires_at: None };
    let until = |end: i64| PlaceChange { record_group: None, expires_at: Some(Some(at(end))) };
    let assert_unnoted = async |done: CatalogResult<bool>| {
        assert!(matches!(done, Err(CatalogError::Changed { .. })), "{done:?}");
        assert_eq!(
            places(bench, id).await,
            [(None, Some(500)), (Some(one.0), Some(DAY))],
            "nothing was done"
        );
    };
    // Later than never is nothing, and so is what stays as it is.
    catalog.set_end(id, end(None, None), false).await.unwrap();
    assert!(catalog.set_end(id, end(None, Some(500)), false).await.is_err());
    catalog.set_end(id, end(None, Some(500)), true).await.unwrap();
    catalog.put_into_group(id, one, at(0)).await.unwrap();
    catalog.set_end(id, end(None, Some(500)), false).await.unwrap();
    assert_unnoted(catalog.set_end(id, end(None, Some(499)), false).await.map(|()| true)).await;
    assert_unnoted(catalog.change_places(id, until(DAY - 1), at(100), false).await.map(|()| true)).await;
    assert_unnoted(catalog.change_places(id, to(Some(one)), at(100), false).await.map(|()| true)).await;
    assert_unnoted(catalog.take_from_group(id, one, false).await).await;
    let unnoted = PlaceToTake { noted: false, ..taking(id, Some(one)) };
    assert_unnoted(catalog.take_place(unnoted, at(1)).await.map(|_| true)).await;
    // What is refused in any case asks for no entry.
    assert_keeps_nothing(catalog.change_places(id, to(Some(none)), at(100), false).await, none);
    assert!(!catalog.take_from_group(id, none, false).await.unwrap());
    // What has ended goes by itself, and from the last group it goes to none.
    let ended = PlaceToTake { ended_by: Some(at(500)), noted: false, ..taking(id, None) };
    assert_eq!(catalog.take_place(ended, at(500)).await.unwrap(), Taken::Place);
    assert!(catalog.take_from_group(id, one, false).await.unwrap());
    assert_eq!(places(bench, id).await, [(None, None)]);
}

pub(crate) async fn one_of_two_takes_the_last_place(bench: &Bench) {
    let customer = bench.customer(None).await;
    let catalog = &bench.catalog;
    let groups = [group(bench, customer, 1).await, group(bench, customer, 2).await];
    for round in 0..50 {
        let recording = bench.recording(customer, &format!("{round}.wav"), 1).await;
        for group in groups {
            catalog.put_into_group(recording.id, group, at(0)).await.unwrap();
        }
        catalog.take_place(taking(recording.id, None), at(0)).await.unwrap();
        let take = |group| catalog.take_place(taking(recording.id, Some(group)), at(1));
        let (one, other) = futures_util::future::join(take(groups[0]), take(groups[1])).await;
        let mut taken = [one.unwrap(), other.unwrap()];
        taken.sort_by_key(|taken| *taken == Taken::NotTheLast);
        assert_eq!(taken, [Taken::Place, Taken::NotTheLast]);
        assert_eq!(places(bench, recording.id).await.len(), 1);
    }
}

pub(crate) async fn what_has_ended_is_told_in_order(bench: &Bench) {
    let customer = bench.customer(None).await;
    let catalog = &bench.catalog;
    let groups = [group(bench, customer, 1).await, group(bench, customer, 1).await];
    let mut expected = Vec::new();
    for number in 0..20_i64 {
        let recording = bench.recording(customer, &format!("{number}.wav"), 1).await;
        let end = Some(at(1_000 * (number * 7 % 20)));
        if number % 3 == 0 {
            catalog.set_end(recording.id, Place { record_group: None, expires_at: end }, true).await.unwrap();
            expected.push((end, recording.id, None));
            continue;
        }
        for group in &groups[..usize::try_from(number % 3).unwrap()] {
            catalog.put_into_group(recording.id, *group, at(0)).await.unwrap();
            let place = Place { record_group: Some(*group), expires_at: end };
            catalog.set_end(recording.id, place, true).await.unwrap();
            expected.push((end, recording.id, Some(*group)));
        }
    }
    bench.recording(customer, "never.wav", 1).await;
    expected.sort_unstable();
    for (by, limit) in [(20_000, 100), (9_000, 100), (20_000, 7), (999, 100), (-1, 100)] {
        let ended = catalog.ended(at(by), limit).await.unwrap();
        let seen: Vec<_> =
            ended.iter().map(|(one, place)| (place.expires_at, one.id, place.record_group)).collect();
        let wanted: Vec<_> =
            expected.iter().filter(|one| one.0 <= Some(at(by))).take(limit as usize).copied().collect();
        assert_eq!(seen, wanted, "by {by}, {limit}");
    }
}

/// A reading of the port's words, row by row.
fn wants(filter: &KeptFilter, kept: &KeptRecording) -> bool {
    let call = kept.found.call.as_ref();
    let holds = |part: &Option<String>, numbers: fn(&CallRecord) -> [&str; 2]| {
        part.as_ref().is_none_or(|part| {
            let part = part.to_ascii_lowercase();
            call.is_some_and(|call| numbers(call).iter().any(|number| number.to_lowercase().contains(&part)))
        })
    };
    let seconds = kept.total_seconds();
    let began = kept.found.began_at();
    filter.since.is_none_or(|since| since <= began)
        && filter.until.is_none_or(|until| began <= until)
        && holds(&filter.caller, |call| [&call.from, &call.from])
        && holds(&filter.called, |call| [&call.to, &call.did_number])
        && filter.least_seconds.is_none_or(|least| u64::from(least) <= seconds)
        && filter.most_seconds.is_none_or(|most| seconds <= u64::from(most))
}

pub(crate) async fn lists_are_what_the_filter_wants_in_order(bench: &Bench) {
    let customer = bench.customer(None).await;
    let other = bench.customer(None).await;
    let ann = bench.person(customer, "ann").await;
    let catalog = &bench.catalog;
    let (open, strange) = (group(bench, customer, 1).await, group(bench, other, 1).await);
    let own = NewRecordGroup { owner: Some(ann), ..new_group(customer) };
    let own = catalog.add_record_group(own).await.unwrap();
    let hidden = bench.recording(other, "hidden.wav", 1).await;
    catalog.put_into_group(hidden.id, strange, at(0)).await.unwrap();
    let numbers = ["2001", "2%2", "+49_0", "sip:Ann"];
    for number in 0..90_i64 {
        let text = format!("r{number}.wav");
        // Times repeat and run against the ids; every fifth recording has no call.
        let began = 1_000 * (9 - number % 7);
        let sides = (number as usize, number as usize / 3);
        let record = CallRecord {
            recording: Some(name(&text)),
            did_number: if number % 4 == 0 { "0800123".to_owned() } else { String::new() },
            call_seconds: u32::try_from(number % 80).unwrap(),
            ..call(customer, 100 + number, began, numbers[sides.0 % 4], numbers[sides.1 % 4])
        };
        let told = async || catalog.add_calls(vec![record.clone()], PATIENCE_ENDS).await.unwrap();
        if number % 5 == 1 {
            told().await;
        }
        let recording = bench.recording(customer, &text, 1).await;
        let groups: &[RecordGroupId] = match number % 4 {
            0 => &[],
            1 => &[open],
            2 => &[own],
            _ => &[open, own],
        };
        for group in groups {
            catalog.put_into_group(recording.id, *group, at(number % 11)).await.unwrap();
        }
        // The first of each kind stays in none as well.
        if number >= 4 && !groups.is_empty() {
            catalog.take_place(taking(recording.id, None), at(0)).await.unwrap();
        }
        // Some calls are told of when the recording is in its groups already.
        if number % 5 > 1 {
            told().await;
        }
    }
    let inside = bench.inside(customer).await;
    let walk = async |group, filter: &KeptFilter, order: KeptOrder, limit: u32| {
        let mut rows: Vec<KeptRecording> = Vec::new();
        loop {
            let after = rows.last().map(|row| row.cursor(order.key));
            let page = PageRequest::new(after, limit);
            let page = catalog.kept_recordings(&inside, group, filter, order, page).await.unwrap();
            assert!(page.len() <= limit as usize);
            if page.is_empty() {
                return rows;
            }
            rows.extend(page);
        }
    };
    let everything = walk(None, &KeptFilter::default(), KeptOrder::default(), 1000).await;
    // 23 and 3 more in no group, 23 and 22 in one, 22 in both.
    assert_eq!(everything.len(), 23 + 3 + 23 + 22 + 2 * 22);
    let texts = |text: &str| Some(text.to_owned());
    let filters = [
        KeptFilter::default(),
        KeptFilter { since: Some(at(4_000)), until: Some(at(6_000)), ..KeptFilter::default() },
        KeptFilter { caller: texts("2%"), ..KeptFilter::default() },
        KeptFilter { caller: texts("_"), called: texts("ANN"), ..KeptFilter::default() },
        KeptFilter { called: texts("800"), ..KeptFilter::default() },
        KeptFilter { called: texts("\\"), ..KeptFilter::default() },
        KeptFilter { least_seconds: Some(20), most_seconds: Some(61), ..KeptFilter::default() },
    ];
    for filter in &filters {
        for key in KeptKey::ALL {
            for descending in [false, true] {
                for group in [None, Some(open), Some(own)] {
                    let order = KeptOrder { key, descending };
                    let told = format!("{group:?} {filter:?} {order:?}");
                    let mut expected: Vec<_> = everything
                        .iter()
                        .filter(|kept| wants(filter, kept))
                        .filter(|kept| group.is_none() || kept.place.record_group == group)
                        .cloned()
                        .collect();
                    expected.sort_by_key(|kept| kept.cursor(key));
                    if descending {
                        expected.reverse();
                    }
                    assert_eq!(walk(group, filter, order, 7).await, expected, "{told}");
                }
            }
        }
    }
    // Those of groups without an owner, or with this one.
    for (person, count) in [(ann, 23 + 22 + 2 * 22), (PersonId(99), 23 + 22)] {
        let filter = KeptFilter { in_groups_of: Some(person), ..KeptFilter::default() };
        assert_eq!(walk(None, &filter, KeptOrder::default(), 10).await.len(), count, "{person}");
    }
}

pub(crate) async fn a_kept_recording_is_found_at_its_places_alone(bench: &Bench) {
    let customer = bench.customer(None).await;
    let other = bench.customer(None).await;
    let catalog = &bench.catalog;
    let (one, two) = (group(bench, customer, 1).await, group(bench, customer, 1).await);
    let recording: Recording = bench.recording(customer, "a.wav", 1).await;
    let check = async |place: Option<RecordGroupId>, expected: Option<Option<i64>>| {
        for (reach, visible) in [
            (bench.everywhere(), true),
            (bench.reach(customer, Reach::Own), true),
            (bench.reach(other, Reach::Subtree), false),
        ] {
            let found = catalog.kept_recording(&reach, recording.id, place).await.unwrap();
            let seen = found.as_ref().map(|kept| kept.place.expires_at.map(|end| end.unix_ms()));
            assert_eq!(seen, expected.filter(|_| visible), "{place:?}");
            if let Some(kept) = found {
                assert_eq!((&kept.found.recording, kept.place.record_group), (&recording, place));
            }
        }
    };
    check(None, Some(None)).await;
    check(Some(one), None).await;
    catalog.put_into_group(recording.id, one, at(0)).await.unwrap();
    check(None, Some(None)).await;
    catalog.take_place(taking(recording.id, None), at(0)).await.unwrap();
    check(None, None).await;
    check(Some(one), Some(Some(DAY))).await;
    check(Some(two), None).await;
    let listed = catalog
        .kept_recordings(
            &bench.inside(other).await,
            None,
            &KeptFilter::default(),
            KeptOrder::default(),
            first::<KeptCursor>(10),
        )
        .await
        .unwrap();
    assert_eq!(listed, []);
}
