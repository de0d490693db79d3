//! Targets of reports and what waits for them.

use callvault_core::call::{CallFilter, CallKind, CallRecord, CallStatus, PartyNames};
use callvault_core::id::{CallRecordId, CustomerId, PersonId, TargetId};
use callvault_core::person::PasswordHash;
use callvault_core::port::catalog::{CallAdded, LeftPlace};
use callvault_core::report::{Channel, Rejections, TargetFailure, TargetState, WantedTarget};
use callvault_core::secret::{Secret, SecretHash};
use callvault_core::session::Session;
use callvault_core::time::Timestamp;

use super::sessions::session;
use crate::bench::{Bench, assert_taken, at, first, name};

/// A session of the contract ends at 2,000 ms, and its target is kept for a day more.
const KEPT_UNTIL: i64 = 86_402_000;

fn wanted(place: &str) -> WantedTarget {
    WantedTarget {
        place: place.to_owned(),
        channel: Channel::Http,
        address: Secret::new(format!("http://{place}/report?key=1")),
        format: "1.0.2".to_owned(),
    }
}

fn failure(at_ms: i64, reason: &str) -> TargetFailure {
    TargetFailure { at: at(at_ms), reason: reason.to_owned() }
}

/// Begins a session that wants reports at a place.
async fn target(bench: &Bench, customer: CustomerId, person: PersonId, place: &str) -> TargetId {
    let mut asking = Session { customer, ..session(place, person) };
    asking.report.place = place.to_owned();
    let verified = PasswordHash::new("$argon2id$one");
    let target = Some(wanted(place));
    assert!(bench.catalog.begin_session(asking, verified, vec![], target).await.unwrap());
    let all = bench.catalog.targets(&bench.everywhere(), None).await.unwrap();
    all.into_iter().find(|state| state.target.wanted.place == place).unwrap().target.id
}

fn call(customer: CustomerId, id: i64, recording: Option<&str>) -> CallRecord {
    CallRecord {
        id: CallRecordId(id),
        customer,
        call_id: format!("1589299528.{id}"),
        started_at: at(100),
        from: "2001".to_owned(),
        to: "2002".to_owned(),
        call_seconds: 21,
        talk_seconds: 16,
        source_trunk: String::new(),
        destination_trunk: String::new(),
        pin_code: String::new(),
        status: CallStatus::Answered,
        kind: CallKind::Internal,
        recording: recording.map(name),
        did_number: String::new(),
        agent_ring_seconds: 0,
        names: PartyNames::default(),
        received_at: at(5_000),
    }
}

async fn add(bench: &Bench, calls: Vec<CallRecord>) {
    bench.catalog.add_calls(calls, Some(at(65_000))).await.unwrap();
}

/// The ids of the calls that wait for a target, in order.
async fn waiting(bench: &Bench, target: TargetId) -> Vec<i64> {
    let reports = bench.catalog.reports(target, 1000).await.unwrap();
    assert!(reports.is_sorted_by_key(|report| report.id));
    reports.into_iter().map(|report| report.call.id.0).collect()
}

async fn state(bench: &Bench, id: TargetId) -> TargetState {
    bench.catalog.targets(&bench.everywhere(), Some(id)).await.unwrap().pop().unwrap()
}

pub(crate) async fn a_target_comes_back_as_written(bench: &Bench) {
    let customer = bench.customer(None).await;
    let person = bench.person(customer, "ann").await;
    let id = target(bench, customer, person, "10.0.0.5:8260").await;
    let found = bench.catalog.report_target(id).await.unwrap().unwrap();
    assert_eq!((found.person, found.customer, &found.wanted), (person, customer, &wanted("10.0.0.5:8260")));
    assert_eq!((found.kept_until, found.delivered, found.delivered_at), (at(KEPT_UNTIL), 0, None));
    assert_eq!(found.failure, None);
    // A later login at the same place takes the target over, with what it wants.
    let mut later = Session { customer, expires_at: at(9_000), ..session("later", person) };
    later.report.place = "10.0.0.5:8260".to_owned();
    let newer = WantedTarget { format: "2.0.0".to_owned(), ..wanted("10.0.0.5:8260") };
    let verified = PasswordHash::new("$argon2id$one");
    bench.catalog.begin_session(later.clone(), verified, vec![], Some(newer.clone())).await.unwrap();
    let found = bench.catalog.report_target(id).await.unwrap().unwrap();
    assert_eq!((found.wanted, found.kept_until), (newer, at(KEPT_UNTIL + 7_000)));
    assert_eq!(bench.catalog.targets(&bench.everywhere(), None).await.unwrap().len(), 1);
    // A session that slid keeps it longer, never shorter.
    let slid = Session { expires_at: at(20_000), ..later.clone() };
    bench.catalog.slide_sessions(vec![slid], vec![]).await.unwrap();
    bench.catalog.slide_sessions(vec![later], vec![]).await.unwrap();
    let found = bench.catalog.report_target(id).await.unwrap().unwrap();
    assert_eq!(found.kept_until, at(KEPT_UNTIL + 18_000));
}

pub(crate) async fn a_call_is_due_at_once_or_with_its_recording(bench: &Bench) {
    let customer = bench.customer(None).await;
    let person = bench.person(customer, "ann").await;
    add(bench, vec![call(customer, 1, None)]).await;
    let id = target(bench, customer, person, "a:1").await;
    bench.recording(customer, "there.wav", 1).await;
    let calls = vec![
        call(customer, 2, None),
        call(customer, 3, Some("later.wav")),
        call(customer, 4, Some("there.wav")),
    ];
    add(bench, calls.clone()).await;
    let again = bench.catalog.add_calls(calls, Some(at(65_000))).await.unwrap();
    assert_eq!(again, [CallAdded::New; 3], "a second run of the unit");
    assert_eq!(waiting(bench, id).await, [2, 4], "the first call was told before anybody asked");
    let untold = vec![call(customer, 5, None), call(customer, 6, Some("other.wav"))];
    bench.catalog.add_calls(untold, None).await.unwrap();
    bench.recording(customer, "other.wav", 2).await;
    assert_eq!(waiting(bench, id).await, [2, 4], "nobody is told of what is not to be reported");
    bench.recording(customer, "later.wav", 3).await;
    assert_eq!(waiting(bench, id).await, [2, 4, 3]);
    assert_eq!(bench.catalog.release_overdue_calls(at(99_000)).await.unwrap(), 0);
    let found = bench.catalog.reports(id, 1000).await.unwrap();
    assert_eq!(found[1].call, call(customer, 4, Some("there.wav")));
    assert_eq!(found[1].due_at, at(5_000));
}

pub(crate) async fn a_call_is_joined_by_its_id_and_told_once_more(bench: &Bench) {
    let (customer, other) = (bench.customer(None).await, bench.customer(None).await);
    let person = bench.person(customer, "ann").await;
    let id = target(bench, customer, person, "a:1").await;
    let recorded = async |call_id: i64| {
        let inside = bench.inside(customer).await;
        let all = bench.catalog.calls(&inside, &CallFilter::default(), first(1000)).await.unwrap();
        let call = all.into_iter().find(|call| call.id.0 == call_id).unwrap();
        call.recording.map(|name| name.as_str().to_owned())
    };
    let deliver = async || {
        for report in bench.catalog.reports(id, 1000).await.unwrap() {
            bench.catalog.report_delivered(id, report.id, at(7_000)).await.unwrap();
        }
    };
    // The recording was there before its call, which names none.
    bench.recording(customer, "20200512170530-1589299528.1-2001-2002-Internal.wav", 1).await;
    bench.recording(other, "20200512170530-1589299528.2-2001-2002-Internal.wav", 2).await;
    add(bench, (1..=4).map(|number| call(customer, number, None)).collect()).await;
    let expected = Some("20200512170530-1589299528.1-2001-2002-Internal.wav".to_owned());
    assert_eq!(recorded(1).await, expected);
    assert_eq!(recorded(2).await, None, "another customer's");
    assert_eq!(waiting(bench, id).await, [1, 2, 3, 4]);
    deliver().await;
    // It comes after the call, which was told of already.
    bench.recording(customer, "exten-2001-2002-20200512-170530-1589299528.3.wav", 3).await;
    bench.recording(customer, "again-1589299528.3.wav", 4).await;
    let expected = Some("exten-2001-2002-20200512-170530-1589299528.3.wav".to_owned());
    assert_eq!(recorded(3).await, expected, "the first one stays");
    assert_eq!(waiting(bench, id).await, [3]);
    deliver().await;
    // Nobody was told of this one, and nobody is now.
    bench.catalog.add_calls(vec![call(customer, 5, None)], None).await.unwrap();
    bench.recording(customer, "x-1589299528.5.wav", 5).await;
    assert_eq!(recorded(5).await.as_deref(), Some("x-1589299528.5.wav"));
    assert_eq!(waiting(bench, id).await, [] as [i64; 0]);
}

pub(crate) async fn legs_of_a_call_are_told_with_a_recording_each(bench: &Bench) {
    let customer = bench.customer(None).await;
    let person = bench.person(customer, "ann").await;
    let id = target(bench, customer, person, "a:1").await;
    let names = ["x-1589299528.1-1.wav", "x-1589299528.1-2.wav", "x-1589299528.1-3.wav"];
    // Legs of one call: each began before the one that is told ahead of it.
    let leg = |number: i64, recording| CallRecord {
        call_id: "1589299528.1".to_owned(),
        started_at: at(1_000 - number),
        ..call(customer, number, recording)
    };
    let told = async || {
        let reports = bench.catalog.reports(id, 1000).await.unwrap();
        for report in &reports {
            bench.catalog.report_delivered(id, report.id, at(7_000)).await.unwrap();
        }
        let one = |call: CallRecord| (call.id.0, call.recording.map(|name| name.as_str().to_owned()));
        reports.into_iter().map(|report| one(report.call)).collect::<Vec<_>>()
    };
    bench.recording(customer, names[0], 1).await;
    bench.recording(customer, names[1], 2).await;
    add(bench, vec![leg(1, None), leg(2, Some(names[0])), leg(3, None)]).await;
    let with = |text: &str| Some(text.to_owned());
    assert_eq!(told().await, [(1, None), (2, with(names[0])), (3, with(names[1]))]);
    // Told again, in part: no news. What comes then is the one's that has none.
    add(bench, vec![leg(1, None), leg(3, None)].into_iter().map(anew).collect()).await;
    assert_eq!(told().await, []);
    bench.recording(customer, names[2], 3).await;
    assert_eq!(told().await, [(1, with(names[2]))]);
    bench.recording(customer, "x-1589299528.1-4.wav", 4).await;
    assert_eq!(told().await, []);
}

/// The same call with another id drawn.
fn anew(call: CallRecord) -> CallRecord {
    CallRecord { id: CallRecordId(call.id.0 + 100), ..call }
}

pub(crate) async fn an_overdue_call_is_reported_twice(bench: &Bench) {
    let customer = bench.customer(None).await;
    let person = bench.person(customer, "ann").await;
    let id = target(bench, customer, person, "a:1").await;
    let calls = vec![call(customer, 1, Some("one.wav")), call(customer, 2, Some("two.wav"))];
    add(bench, calls).await;
    assert_eq!(bench.catalog.release_overdue_calls(at(64_999)).await.unwrap(), 0);
    assert_eq!(bench.catalog.release_overdue_calls(at(65_000)).await.unwrap(), 2);
    assert_eq!(bench.catalog.release_overdue_calls(at(65_000)).await.unwrap(), 0);
    assert_eq!(waiting(bench, id).await, [1, 2]);
    bench.recording(customer, "two.wav", 1).await;
    assert_eq!(waiting(bench, id).await, [1, 2, 2]);
    // After a week nobody waits for a recording any more.
    bench.catalog.tidy_reports(at(5_000 + 7 * 86_400_000 + 1)).await.unwrap();
    bench.recording(customer, "one.wav", 1).await;
    assert_eq!(state(bench, id).await.parked, 3, "those of before, and no other");
}

pub(crate) async fn every_target_has_a_list_of_its_own(bench: &Bench) {
    let (one, other) = (bench.customer(None).await, bench.customer(None).await);
    let (ann, ben) = (bench.person(one, "ann").await, bench.person(other, "ben").await);
    let first = target(bench, one, ann, "a:1").await;
    let second = target(bench, one, ann, "a:2").await;
    // The same place as another customer's.
    let foreign = {
        target(bench, other, ben, "c:1").await;
        let all = bench.catalog.targets(&bench.everywhere(), None).await.unwrap();
        all.into_iter().find(|state| state.target.customer == other).unwrap().target.id
    };
    assert_eq!(bench.catalog.targets_with_reports().await.unwrap(), []);
    add(bench, vec![call(one, 1, None), call(one, 2, None)]).await;
    assert_eq!(waiting(bench, first).await, [1, 2]);
    assert_eq!(waiting(bench, second).await, [1, 2]);
    assert_eq!(waiting(bench, foreign).await, [] as [i64; 0]);
    let head = bench.catalog.reports(first, 1).await.unwrap().remove(0);
    for _ in 0..2 {
        bench.catalog.report_delivered(first, head.id, at(7_000)).await.unwrap();
    }
    let found = state(bench, first).await;
    assert_eq!((found.waiting, found.waiting_since), (1, Some(at(5_000))));
    assert_eq!((found.target.delivered, found.target.delivered_at), (1, Some(at(7_000))));
    assert_eq!(waiting(bench, second).await, [1, 2]);
    let busy = bench.catalog.targets_with_reports().await.unwrap();
    assert_eq!(busy.iter().map(|target| target.id).collect::<Vec<_>>(), [first, second]);
    let inside = bench.reach(other, callvault_core::role::Reach::Customer);
    let seen = bench.catalog.targets(&inside, None).await.unwrap();
    assert_eq!(seen.iter().map(|state| state.target.id).collect::<Vec<_>>(), [foreign]);
    assert_eq!(bench.catalog.targets(&inside, Some(first)).await.unwrap(), []);
}

pub(crate) async fn what_is_refused_is_set_aside_and_sent_again(bench: &Bench) {
    let customer = bench.customer(None).await;
    let person = bench.person(customer, "ann").await;
    let id = target(bench, customer, person, "a:1").await;
    add(bench, (1..=3).map(|number| call(customer, number, None)).collect()).await;
    let head = bench.catalog.reports(id, 1).await.unwrap().remove(0);
    assert_eq!(head.rejections, None);
    for second in [6, 7] {
        let refused = failure(second * 1_000, "status 502");
        bench.catalog.report_rejected(id, head.id, refused.clone()).await.unwrap();
        assert_eq!(state(bench, id).await.target.failure, Some(refused));
    }
    let rejected: Vec<_> = bench.catalog.reports(id, 3).await.unwrap();
    let rejected: Vec<_> = rejected.into_iter().map(|report| report.rejections).collect();
    assert_eq!(rejected, [Some(Rejections { times: 2, first_at: at(6_000) }), None, None]);
    bench.catalog.park_report(id, head.id, failure(8_000, "status 500")).await.unwrap();
    assert_eq!(waiting(bench, id).await, [2, 3]);
    let found = state(bench, id).await;
    assert_eq!((found.waiting, found.parked), (2, 1));
    assert_eq!(found.target.failure, Some(failure(8_000, "status 500")));
    bench.catalog.target_failed(id, failure(9_000, "connection refused")).await.unwrap();
    assert_eq!(state(bench, id).await.target.failure, Some(failure(9_000, "connection refused")));
    assert_eq!(bench.catalog.resend_reports(id, at(10_000)).await.unwrap(), 1);
    assert_eq!(bench.catalog.resend_reports(id, at(10_000)).await.unwrap(), 0);
    assert_eq!(waiting(bench, id).await, [2, 3, 1], "at the end of the list");
    let again = bench.catalog.reports(id, 3).await.unwrap().remove(2);
    assert_eq!(again.rejections, None, "an operator's word starts the count anew");
    let head = bench.catalog.reports(id, 1).await.unwrap().remove(0);
    bench.catalog.report_delivered(id, head.id, at(11_000)).await.unwrap();
    assert_eq!(state(bench, id).await.target.failure, None);
}

pub(crate) async fn a_place_that_is_left_keeps_nothing_waiting(bench: &Bench) {
    let customer = bench.customer(None).await;
    let person = bench.person(customer, "ann").await;
    let first = target(bench, customer, person, "a:1").await;
    add(bench, vec![call(customer, 1, None), call(customer, 2, None)]).await;
    let left = |place: &str, at_ms: i64| {
        let left = failure(at_ms, "moved");
        Some(LeftPlace { person, place: place.to_owned(), left })
    };
    // A heartbeat moves the session; what waits goes along.
    let mut moved = Session { customer, ..session("a:1", person) };
    moved.report.place = "a:2".to_owned();
    bench.catalog.retarget_session(moved, Some(wanted("a:2")), left("a:1", 6_000)).await.unwrap();
    let all = bench.catalog.targets(&bench.everywhere(), None).await.unwrap();
    let second = all.into_iter().find(|state| state.target.wanted.place == "a:2").unwrap().target.id;
    assert_eq!((waiting(bench, first).await, waiting(bench, second).await), (vec![], vec![1, 2]));
    let late = CallRecord { received_at: at(6_000), ..call(customer, 3, None) };
    add(bench, vec![late]).await;
    assert_eq!((waiting(bench, first).await, waiting(bench, second).await), (vec![], vec![1, 2, 3]));
    // A logout ends it; a session that is gone is no reason to leave anything.
    let token = SecretHash::of("a:1");
    bench.catalog.end_session(token, left("a:2", 7_000)).await.unwrap();
    let gone = Session { customer, ..session("a:1", person) };
    bench.catalog.retarget_session(gone, Some(wanted("a:3")), None).await.unwrap();
    let found = state(bench, second).await;
    assert_eq!((found.waiting, found.parked, found.target.kept_until), (0, 3, at(7_000)));
    let after = CallRecord { received_at: at(7_000), ..call(customer, 4, None) };
    add(bench, vec![after]).await;
    assert_eq!(state(bench, second).await.waiting, 0);
    let places: Vec<_> = bench.catalog.targets(&bench.everywhere(), None).await.unwrap();
    assert_eq!(places.len(), 2, "{places:?}");
}

/// A login that is committed before the logout of another session was not known when that began.
pub(crate) async fn a_place_is_left_by_its_last_session_alone(bench: &Bench) {
    let customer = bench.customer(None).await;
    let person = bench.person(customer, "ann").await;
    let id = target(bench, customer, person, "a:1").await;
    add(bench, vec![call(customer, 1, None)]).await;
    let mut other = Session { customer, expires_at: at(900_000), ..session("other", person) };
    other.report.place = "a:1".to_owned();
    let verified = PasswordHash::new("$argon2id$one");
    bench.catalog.begin_session(other.clone(), verified, vec![], Some(wanted("a:1"))).await.unwrap();
    let left =
        |at_ms: i64| Some(LeftPlace { person, place: "a:1".to_owned(), left: failure(at_ms, "logged out") });
    assert!(bench.catalog.end_session(SecretHash::of("a:1"), left(6_000)).await.unwrap());
    add(bench, vec![CallRecord { received_at: at(7_000), ..call(customer, 2, None) }]).await;
    assert_eq!(waiting(bench, id).await, [1, 2]);
    // The end of a session that slid is written a minute late: it counts for a while after that.
    assert!(!bench.catalog.end_session(SecretHash::of("nobody"), left(900_000)).await.unwrap());
    assert_eq!(waiting(bench, id).await, [1, 2]);
    bench.catalog.end_session(SecretHash::of("nobody"), left(1_200_000)).await.unwrap();
    assert_eq!(waiting(bench, id).await, [] as [i64; 0]);
    assert_eq!(state(bench, id).await.parked, 2);
}

/// A session that slid was read before it moved, and is written after that.
pub(crate) async fn a_session_that_slid_does_not_move_back(bench: &Bench) {
    let customer = bench.customer(None).await;
    let person = bench.person(customer, "ann").await;
    let first = target(bench, customer, person, "a:1").await;
    let mut slid = Session { customer, expires_at: at(50_000), ..session("a:1", person) };
    slid.report.place = "a:1".to_owned();
    let mut moved = slid.clone();
    moved.report.place = "a:2".to_owned();
    let left = LeftPlace { person, place: "a:1".to_owned(), left: failure(6_000, "moved") };
    bench.catalog.retarget_session(moved.clone(), Some(wanted("a:2")), Some(left)).await.unwrap();
    bench.catalog.slide_sessions(vec![Session { expires_at: at(60_000), ..slid }], vec![]).await.unwrap();
    let sessions = bench.catalog.sessions().await.unwrap();
    assert_eq!(sessions[0].report, moved.report);
    assert_eq!(sessions[0].expires_at, at(60_000));
    assert_eq!(state(bench, first).await.target.kept_until, at(6_000), "what was left is not kept again");
    let all = bench.catalog.targets(&bench.everywhere(), None).await.unwrap();
    let second = all.into_iter().find(|state| state.target.wanted.place == "a:2").unwrap().target;
    assert_eq!(second.kept_until, at(86_460_000));
}

/// What was set aside at a place is no reason to lose what waits and moves there.
pub(crate) async fn what_waits_moves_before_what_was_set_aside(bench: &Bench) {
    let customer = bench.customer(None).await;
    let person = bench.person(customer, "ann").await;
    let first = target(bench, customer, person, "a:1").await;
    let second = target(bench, customer, person, "a:2").await;
    add(bench, vec![call(customer, 1, None), call(customer, 2, None)]).await;
    for report in bench.catalog.reports(second, 1).await.unwrap() {
        bench.catalog.park_report(second, report.id, failure(6_000, "status 500")).await.unwrap();
    }
    let mut moved = Session { customer, ..session("a:1", person) };
    moved.report.place = "a:2".to_owned();
    let left = LeftPlace { person, place: "a:1".to_owned(), left: failure(7_000, "moved") };
    bench.catalog.retarget_session(moved, Some(wanted("a:2")), Some(left)).await.unwrap();
    assert_eq!((waiting(bench, first).await, waiting(bench, second).await), (vec![], vec![1, 2]));
    assert_eq!(state(bench, second).await.parked, 0);
}

/// A person who logs in for another place each time must not have every call written for all of them.
pub(crate) async fn only_so_many_places_are_kept_for_nobody(bench: &Bench) {
    let customer = bench.customer(None).await;
    let person = bench.person(customer, "ann").await;
    let mut ids = Vec::new();
    for number in 1..=70 {
        ids.push(target(bench, customer, person, &format!("a:{number}")).await);
    }
    add(bench, vec![call(customer, 1, None)]).await;
    let mut newest =
        Session { customer, created_at: at(200_000), expires_at: at(900_000), ..session("new", person) };
    newest.report.place = "b:1".to_owned();
    let verified = PasswordHash::new("$argon2id$one");
    for _ in 0..2 {
        let wanted = Some(wanted("b:1"));
        bench.catalog.begin_session(newest.clone(), verified.clone(), vec![], wanted).await.unwrap();
    }
    add(bench, vec![CallRecord { received_at: at(200_000), ..call(customer, 2, None) }]).await;
    for (place, id) in ids.iter().enumerate() {
        let expected: &[i64] = if place < 6 { &[] } else { &[1, 2] };
        assert_eq!(waiting(bench, *id).await, expected, "{place}");
    }
    assert_eq!(state(bench, ids[0]).await.parked, 1);
    let live = bench.catalog.targets(&bench.everywhere(), None).await.unwrap().pop().unwrap();
    assert_eq!((live.target.wanted.place.as_str(), live.waiting), ("b:1", 1));
}

/// What nothing else bounds is done in parts, as others wait for the writer.
pub(crate) async fn upkeep_of_many_reports_goes_in_parts(bench: &Bench) {
    const DAY: i64 = 86_400_000;
    let customer = bench.customer(None).await;
    let person = bench.person(customer, "ann").await;
    let id = target(bench, customer, person, "a:1").await;
    let mut kept = Session { customer, expires_at: at(9 * DAY), ..session("kept", person) };
    kept.report.place = "a:1".to_owned();
    let verified = PasswordHash::new("$argon2id$one");
    bench.catalog.begin_session(kept, verified, vec![], Some(wanted("a:1"))).await.unwrap();
    for first in [1, 601] {
        add(bench, (first..first + 600).map(|number| call(customer, number, None)).collect()).await;
    }
    let counts = async || {
        let found = state(bench, id).await;
        (found.waiting, found.parked)
    };
    assert!(bench.catalog.tidy_reports(at(5_001 + DAY)).await.unwrap());
    assert_eq!(counts().await, (200, 1000));
    assert!(!bench.catalog.tidy_reports(at(5_001 + DAY)).await.unwrap());
    assert_eq!(counts().await, (0, 1200));
    let now = at(5_001 + DAY);
    assert_eq!(bench.catalog.resend_reports(id, at(5_000 + DAY)).await.unwrap(), 0, "it is set aside later");
    assert_eq!(bench.catalog.resend_reports(id, now).await.unwrap(), 1000);
    assert_eq!(bench.catalog.resend_reports(id, now).await.unwrap(), 200);
    assert_eq!(bench.catalog.resend_reports(id, now).await.unwrap(), 0);
    assert_eq!(waiting(bench, id).await[..2], [1, 2]);
    assert_eq!(counts().await, (1200, 0));
}

/// An operator who sends again what a logout set aside wants it to be there at the next login.
pub(crate) async fn what_is_sent_again_waits_for_a_day_of_its_own(bench: &Bench) {
    const DAY: i64 = 86_400_000;
    let customer = bench.customer(None).await;
    let person = bench.person(customer, "ann").await;
    let id = target(bench, customer, person, "a:1").await;
    add(bench, vec![call(customer, 1, None)]).await;
    let left = LeftPlace { person, place: "a:1".to_owned(), left: failure(6_000, "logged out") };
    bench.catalog.end_session(SecretHash::of("a:1"), Some(left)).await.unwrap();
    assert_eq!(bench.catalog.resend_reports(id, at(7_000)).await.unwrap(), 1);
    bench.catalog.tidy_reports(at(7_000 + DAY)).await.unwrap();
    assert_eq!(waiting(bench, id).await, [1]);
    bench.catalog.tidy_reports(at(7_001 + DAY)).await.unwrap();
    assert_eq!((waiting(bench, id).await, state(bench, id).await.parked), (vec![], 1));
}

pub(crate) async fn old_reports_are_set_aside_and_forgotten(bench: &Bench) {
    const DAY: i64 = 86_400_000;
    let customer = bench.customer(None).await;
    let person = bench.person(customer, "ann").await;
    let id = target(bench, customer, person, "a:1").await;
    add(bench, vec![call(customer, 1, None)]).await;
    let tidy = async |now: i64| bench.catalog.tidy_reports(Timestamp::from_unix_ms(now)).await.unwrap();
    tidy(KEPT_UNTIL - 1).await;
    assert_eq!(waiting(bench, id).await, [1]);
    tidy(KEPT_UNTIL).await;
    assert_eq!((waiting(bench, id).await, state(bench, id).await.parked), (vec![], 1));
    tidy(KEPT_UNTIL + 30 * DAY).await;
    assert_eq!(state(bench, id).await.parked, 1);
    tidy(KEPT_UNTIL + 30 * DAY + 1).await;
    assert_eq!(state(bench, id).await.parked, 0);
    // A session that timed out may be renewed, and has its target then.
    assert!(bench.catalog.report_target(id).await.unwrap().is_some());
    bench.catalog.slide_sessions(vec![], vec![SecretHash::of("a:1")]).await.unwrap();
    tidy(KEPT_UNTIL + 30 * DAY + 1).await;
    assert_eq!(bench.catalog.report_target(id).await.unwrap(), None);
    // One whose session lives on: what waited for a day is set aside.
    let mut kept = Session { customer, expires_at: at(9 * DAY), ..session("kept", person) };
    kept.report.place = "a:2".to_owned();
    let verified = PasswordHash::new("$argon2id$one");
    bench.catalog.begin_session(kept, verified, vec![], Some(wanted("a:2"))).await.unwrap();
    let id = bench.catalog.targets(&bench.everywhere(), None).await.unwrap()[0].target.id;
    add(bench, vec![call(customer, 2, None)]).await;
    tidy(5_000 + DAY).await;
    assert_eq!(state(bench, id).await.waiting, 1);
    tidy(5_001 + DAY).await;
    assert_eq!((state(bench, id).await.waiting, state(bench, id).await.parked), (0, 1));
}

pub(crate) async fn nobody_is_told_of_another_customers_call(bench: &Bench) {
    let (own, other) = (bench.customer(None).await, bench.customer(None).await);
    let person = bench.person(own, "ann").await;
    let id = target(bench, own, person, "a:1").await;
    let told = call(own, 10, None);
    let foreign = call(other, 9, None);
    add(bench, vec![told.clone()]).await;
    add(bench, vec![foreign.clone()]).await;
    // Told again, with an id drawn that the other's call has, beside one that is new.
    let again = CallRecord { id: foreign.id, ..told };
    let beside = call(own, 11, None);
    let refused = bench.catalog.add_calls(vec![beside.clone(), again.clone()], Some(at(65_000))).await;
    assert_taken(refused, "id");
    assert_eq!(waiting(bench, id).await, [10]);
    // With another draw each is what it is.
    let again = CallRecord { id: CallRecordId(12), ..again };
    let outcomes = bench.catalog.add_calls(vec![beside, again], Some(at(65_000))).await.unwrap();
    assert_eq!(outcomes, [CallAdded::New, CallAdded::Already]);
    assert_eq!(waiting(bench, id).await, [10, 11]);
}
