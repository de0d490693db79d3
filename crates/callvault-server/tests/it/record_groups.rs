//! Our own API about where recordings are kept, and letting go of them when their time is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use callvault_core::gate::{Principal, Verb};
use callvault_core::id::{CustomerId, RecordGroupId};
use callvault_core::kept::PlaceChange;
use callvault_core::listen::ListenEntry;
use callvault_core::port::catalog::{PlaceToTake, Taken};
use callvault_core::port::listen_writer::{ListenWriter, Unlogged};
use callvault_core::recording::RecordingName;
use callvault_core::service::keeping::WantedPlace;
use callvault_server::work::expiry;
use callvault_testkit::sound::wav;
use callvault_testkit::world::{Answer, World};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn world() -> World {
    let world = World::new().await;
    world.customer(1, None).await;
    world.customer(2, None).await;
    for (id, customer, days) in [(60, 1, 1), (61, 1, 2), (62, 1, 0), (63, 2, 1)] {
        let group = json!({ "id": id, "customer": customer, "name": "Calls", "retention_days": days });
        world.add("/recordgroups", group).await;
    }
    world
}

async fn put(world: &World, name: &str, group: i64) -> Answer {
    let path = format!("/recordings/{name}?customer=1&record_group={group}");
    world.local(Method::PUT, &path, wav(1, 800)).await
}

async fn patch(world: &World, name: &str, change: Value) -> Answer {
    world.local(Method::PATCH, &format!("/recordings/{name}"), change.to_string()).await
}

/// The places of a recording, or nothing where it is not there.
async fn places(world: &World, name: &str) -> Option<Value> {
    let answer = world.local(Method::GET, &format!("/recordings/{name}"), "").await;
    (answer.status == StatusCode::OK).then(|| answer.json()["places"].clone())
}

fn at(world: &World, after: Duration) -> String {
    world.app.services.keeping.now().after(after).to_string()
}

async fn let_go(world: &World) {
    expiry::let_go(&world.app.services, &world.app.metrics, &CancellationToken::new()).await;
}

async fn deletions(world: &World) -> Vec<Value> {
    let log = world.local(Method::GET, "/log?customer=1", "").await.json();
    let entries = log["items"].as_array().unwrap().iter();
    entries.filter(|entry| entry["action"] == "delete").cloned().collect()
}

#[tokio::test]
async fn a_recording_is_kept_where_it_is_put() {
    let world = world().await;
    let answer = put(&world, "a.wav", 60).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let end = at(&world, DAY);
    let there = json!([{ "record_group": 60, "expires_at": end }]);
    assert_eq!(answer.json()["places"], there);
    let again = put(&world, "a.wav", 60).await;
    assert_eq!((again.status, &again.json()["places"]), (StatusCode::OK, &there));
    world.recording(1, "plain.wav", wav(2, 800)).await;
    let nowhere = json!([{ "record_group": null, "expires_at": null }]);
    assert_eq!(places(&world, "plain.wav").await, Some(nowhere.clone()));
    let list = world.local(Method::GET, "/recordings?customer=1", "").await.json();
    let listed: Vec<_> = list["items"].as_array().unwrap().iter().map(|one| one["places"].clone()).collect();
    assert_eq!(listed, [there, nowhere.clone()]);
    // A group that keeps nothing refuses, before anything is stored.
    let files = world.audio_files().len();
    for (group, status, field) in [
        (62, StatusCode::CONFLICT, json!("record_group")),
        (63, StatusCode::NOT_FOUND, Value::Null),
        (99, StatusCode::NOT_FOUND, Value::Null),
    ] {
        let answer = put(&world, "b.wav", group).await;
        assert_eq!((answer.status, &answer.json()["field"]), (status, &field), "{group}");
        let answer = patch(&world, "plain.wav", json!({ "record_group": group })).await;
        assert_eq!((answer.status, &answer.json()["field"]), (status, &field), "{group}");
        let path = format!("/recordings/plain.wav/groups/{group}");
        let answer = world.local(Method::PUT, &path, "").await;
        assert_eq!((answer.status, &answer.json()["field"]), (status, &field), "{group}");
        assert_eq!(world.local(Method::DELETE, &path, "").await.status, StatusCode::NOT_FOUND, "{group}");
    }
    assert_eq!(places(&world, "plain.wav").await, Some(nowhere.clone()));
    assert_eq!(world.audio_files().len(), files);
    for (change, field) in [
        (json!({ "expires_at": "tomorrow" }), "expires_at"),
        (json!({ "expires_at": "1969-12-31T23:59:59Z" }), "expires_at"),
        (json!({ "expires_at": at(&world, Duration::ZERO) }), "expires_at"),
        (json!({ "places": [] }), "places"),
    ] {
        let answer = patch(&world, "plain.wav", change.clone()).await;
        assert_eq!((answer.status, answer.json()["field"].as_str()), (StatusCode::BAD_REQUEST, Some(field)));
    }
    // In a further group, out of one, in one alone, and in none.
    let group = async |method: Method, id: i64| {
        let answer = world.local(method, &format!("/recordings/a.wav/groups/{id}"), "").await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
        places(&world, "a.wav").await.unwrap()
    };
    let (one, two) = (json!({ "record_group": 60, "expires_at": end }), at(&world, 2 * DAY));
    let two = json!({ "record_group": 61, "expires_at": two });
    assert_eq!(group(Method::PUT, 61).await, json!([one, two]));
    assert_eq!(group(Method::PUT, 61).await, json!([one, two]));
    assert_eq!(group(Method::DELETE, 60).await, json!([two]));
    let answer = world.local(Method::DELETE, "/recordgroups/61", "").await;
    assert_eq!((answer.status, &answer.json()["field"]), (StatusCode::CONFLICT, &json!("id")));
    assert_eq!(group(Method::DELETE, 61).await, nowhere);
    assert_eq!(world.local(Method::DELETE, "/recordgroups/61", "").await.status, StatusCode::NO_CONTENT);
    let moved =
        patch(&world, "a.wav", json!({ "record_group": 60, "expires_at": "2040-01-02T03:04:05Z" })).await;
    let there = json!([{ "record_group": 60, "expires_at": "2040-01-02T03:04:05.000Z" }]);
    assert_eq!(moved.json()["places"], there);
    assert_eq!(patch(&world, "a.wav", json!({ "record_group": null })).await.json()["places"], nowhere);
}

#[tokio::test]
async fn what_has_come_to_its_end_goes_with_an_entry() {
    let world = world().await;
    for (name, group) in [("one.wav", 60), ("both.wav", 60), ("late.wav", 61)] {
        assert_eq!(put(&world, name, group).await.status, StatusCode::CREATED);
    }
    world.local(Method::PUT, "/recordings/both.wav/groups/61", "").await;
    world.recording(1, "forever.wav", wav(2, 800)).await;
    world.recording(1, "single.wav", wav(3, 800)).await;
    patch(&world, "single.wav", json!({ "expires_at": at(&world, DAY / 2) })).await;
    let_go(&world).await;
    assert_eq!(world.audio_files().len(), 5);
    world.clock.advance(DAY / 2);
    let_go(&world).await;
    assert_eq!(places(&world, "single.wav").await, None);
    // A millisecond before its end it is there.
    world.clock.advance(DAY / 2 - Duration::from_millis(1));
    let_go(&world).await;
    assert!(places(&world, "one.wav").await.is_some());
    world.clock.advance(Duration::from_millis(1));
    let_go(&world).await;
    assert_eq!(places(&world, "one.wav").await, None);
    let left = places(&world, "both.wav").await.unwrap();
    assert_eq!(
        left.as_array().unwrap().iter().map(|one| one["record_group"].clone()).collect::<Vec<_>>(),
        [61]
    );
    // Put off at the last moment.
    patch(&world, "late.wav", json!({ "expires_at": at(&world, 10 * DAY) })).await;
    world.clock.advance(DAY);
    let_go(&world).await;
    assert_eq!(places(&world, "both.wav").await, None);
    assert!(places(&world, "late.wav").await.is_some());
    assert!(places(&world, "forever.wav").await.is_some());
    assert_eq!(world.audio_files().len(), 2);
    let gone = deletions(&world).await;
    let names: Vec<_> = gone.iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["single.wav", "one.wav", "both.wav"]);
    for entry in &gone {
        assert_eq!((&entry["door"], &entry["person"]), (&json!("local"), &Value::Null));
        assert!(entry["sha256"].is_string());
    }
    assert!(world.app.metrics.render().contains("callvault_recordings_expired_total 3"));
    // More than one part of a round at once.
    for number in 0..250 {
        // Ids are those of a millisecond and some chance; as many in one would collide.
        world.clock.advance(Duration::from_millis(1));
        put(&world, &format!("many-{number}.wav"), 60).await;
    }
    world.clock.advance(DAY);
    let_go(&world).await;
    assert_eq!(world.audio_files().len(), 2);
    // One entry of the page is of who brought an end nearer.
    assert_eq!(deletions(&world).await.len(), 99, "the first page of the log");
    assert!(world.app.metrics.render().contains("callvault_recordings_expired_total 253"));
    let check = world.local(Method::POST, "/check", "").await.json();
    assert_eq!(check["problems"], json!([]));
}

#[tokio::test]
async fn a_copy_does_not_end_what_is_kept_forever() {
    let world = world().await;
    world.recording(1, "forever.wav", wav(1, 800)).await;
    let answer = world.local(Method::PUT, "/recordings/forever.wav/groups/60", "").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let forever = json!({ "record_group": null, "expires_at": null });
    let copy = json!({ "record_group": 60, "expires_at": at(&world, DAY) });
    assert_eq!(places(&world, "forever.wav").await, Some(json!([forever, copy])));
    world.clock.advance(2 * DAY);
    let_go(&world).await;
    assert_eq!(places(&world, "forever.wav").await, Some(json!([forever])));
}

/// Whoever imports may remove their own file as soon as it is told that the recording is there.
#[tokio::test]
async fn what_is_imported_again_is_kept_as_long_as_if_it_were_new() {
    for (second, lost_after) in [("&record_group=61", 2 * DAY), ("&record_group=60", DAY), ("", 400 * DAY)] {
        for late in [Duration::ZERO, DAY] {
            let world = world().await;
            assert_eq!(put(&world, "a.wav", 60).await.status, StatusCode::CREATED);
            // After a day its time is over, and the round has not come by yet.
            world.clock.advance(late);
            let path = format!("/recordings/a.wav?customer=1{second}");
            assert_eq!(world.local(Method::PUT, &path, wav(1, 800)).await.status, StatusCode::OK);
            let verdict = world.local(Method::POST, "/recordings/a.wav/verify?customer=1", "").await.json();
            assert_eq!(verdict["verdict"], "intact");
            let_go(&world).await;
            world.clock.advance(lost_after - Duration::from_millis(1));
            let_go(&world).await;
            assert!(places(&world, "a.wav").await.is_some(), "{second:?} {late:?}");
        }
    }
}

/// The round deletes in nobody's name, so that who brought the end about must be on record before.
#[tokio::test]
async fn who_has_a_recording_go_sooner_is_told() {
    let world = world().await;
    world.person(1, "boss", "administrator").await;
    let change = async |method: Method, path: &str, body: Value| {
        let request = http::Request::builder().method(method).uri(format!("/api/v1/recordings/{path}"));
        let request = request.header("authorization", callvault_testkit::world::basic("boss"));
        let request = request.header("content-type", "application/json");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        world.call(callvault_testkit::world::HERE, request.body(axum::body::Body::from(body)).unwrap()).await
    };
    let noted = async || {
        let log = world.local(Method::GET, "/log?customer=1", "").await.json();
        let entries = log["items"].as_array().unwrap().clone();
        assert!(entries.iter().all(|entry| entry["action"] == "limit" && entry["person"].is_i64()), "{log}");
        entries.len()
    };
    world.recording(1, "a.wav", wav(1, 800)).await;
    let end = |after: Duration| json!({ "expires_at": at(&world, after) });
    for (method, path, body, entries) in [
        (Method::PATCH, "a.wav", end(2 * DAY), 1),
        (Method::PATCH, "a.wav", end(3 * DAY), 1),
        (Method::PATCH, "a.wav", end(DAY), 2),
        (Method::PATCH, "a.wav", json!({ "expires_at": null }), 2),
        (Method::PUT, "a.wav/groups/60", Value::Null, 2),
        (Method::PATCH, "a.wav", json!({ "record_group": 60 }), 3),
        (Method::PUT, "a.wav/groups/61", Value::Null, 3),
        (Method::DELETE, "a.wav/groups/61", Value::Null, 4),
        // From its last place it goes to none, for ever.
        (Method::DELETE, "a.wav/groups/60", Value::Null, 4),
    ] {
        let answer = change(method.clone(), path, body.clone()).await;
        assert!(answer.status.is_success(), "{method} {path} {body}: {}", answer.text());
        assert_eq!(noted().await, entries, "{method} {path} {body}");
    }
}

/// One that goes is not there; lost is what the catalog still names.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_that_goes_while_it_is_opened_is_not_there() {
    let world = world().await;
    for round in 0..300 {
        let name = format!("r{round}.wav");
        world.recording(1, &name, wav(1, 800)).await;
        let path = format!("/recordings/{name}/audio?customer=1");
        let gone = format!("/recordings/{name}?customer=1");
        let opened = async {
            for _ in 0..30 {
                let status = world.local(Method::GET, &path, "").await.status;
                assert!(matches!(status, StatusCode::OK | StatusCode::NOT_FOUND), "{name}: {status}");
            }
        };
        futures_util::future::join(opened, world.local(Method::DELETE, &gone, "")).await;
    }
}

#[tokio::test]
async fn an_end_that_is_put_off_wins_over_one_that_was_seen() {
    let world = world().await;
    assert_eq!(put(&world, "a.wav", 60).await.status, StatusCode::CREATED);
    world.clock.advance(2 * DAY);
    let now = world.app.services.keeping.now();
    let (recording, place) = world.catalog.ended(now, 10).await.unwrap().remove(0);
    // Between the look and the commit.
    let later = Some(Some(now.after(DAY)));
    let change = PlaceChange { record_group: None, expires_at: later };
    world.catalog.change_places(recording.id, change, now, true).await.unwrap();
    let take = PlaceToTake {
        recording: recording.id,
        record_group: place.record_group,
        ended_by: Some(now),
        with_recording: true,
        noted: true,
    };
    assert_eq!(world.catalog.take_place(take, now).await.unwrap(), Taken::Nothing);
    assert!(places(&world, "a.wav").await.is_some());
    // Side by side: whoever is first, what was answered with success holds.
    for round in 0..40 {
        let name = format!("r{round}.wav");
        assert_eq!(put(&world, &name, 60).await.status, StatusCode::CREATED);
        let soon = at(&world, Duration::from_secs(1));
        patch(&world, &name, json!({ "expires_at": soon })).await;
        world.clock.advance(Duration::from_secs(1));
        let later = json!({ "expires_at": at(&world, 30 * DAY) });
        let (answer, ()) = futures_util::future::join(patch(&world, &name, later), let_go(&world)).await;
        let is_there = places(&world, &name).await.is_some();
        assert_eq!(is_there, answer.status == StatusCode::OK, "{name}: {}", answer.text());
    }
}

#[tokio::test]
async fn who_has_a_recording_go_sooner_is_noted_whatever_others_do_meanwhile() {
    let world = world().await;
    let noted = async |name: &str, action: &str| {
        let log = world.local(Method::GET, &format!("/log?customer=1&name={name}"), "").await.json();
        log["items"].as_array().unwrap().iter().filter(|entry| entry["action"] == action).count()
    };
    let (soon, late) = (at(&world, DAY), at(&world, 9 * DAY));
    for round in 0..60 {
        // One sets an end that is later than that of before, and sooner than what another has said by then.
        let name = format!("end{round}.wav");
        world.recording(1, &name, wav(1, 800)).await;
        patch(&world, &name, json!({ "expires_at": soon })).await;
        let (endless, later) = (json!({ "expires_at": null }), json!({ "expires_at": late }));
        futures_util::future::join(patch(&world, &name, endless), patch(&world, &name, later)).await;
        let was_limited = places(&world, &name).await.unwrap()[0]["expires_at"] == json!(late);
        assert_eq!(noted(&name, "limit").await, 1 + usize::from(was_limited), "{name}");
        // One takes it from a group while another puts it into a second one.
        let name = format!("place{round}.wav");
        put(&world, &name, 61).await;
        let customer = CustomerId(1);
        let name_of = RecordingName::new(name.clone()).unwrap();
        let owner = Principal::local_owner();
        let recordings = &world.app.services.recordings;
        let found = recordings.find(&owner, Verb::See, Some(customer), &name_of).await.unwrap();
        let wanted = WantedPlace {
            record_group: Some(RecordGroupId(61)),
            recording: found.id,
            leg_id: found.id.to_string(),
        };
        let into = recordings.put_into(&owner, Some(customer), &name_of, RecordGroupId(60));
        let (put, removed) =
            futures_util::future::join(into, world.app.services.keeping.remove(&owner, &wanted)).await;
        removed.unwrap();
        let entries = noted(&name, "limit").await + noted(&name, "delete").await;
        assert_eq!((entries, places(&world, &name).await.is_some()), (1, put.is_ok()), "{name}");
    }
}

/// A listen log that takes one entry and fails then.
struct TakesOne(AtomicUsize);

#[async_trait]
impl ListenWriter for TakesOne {
    async fn record(&self, _: ListenEntry) -> Result<(), Unlogged> {
        if self.0.fetch_add(1, Ordering::Relaxed) == 0 { Ok(()) } else { Err(Unlogged) }
    }

    async fn note(&self, entry: ListenEntry) -> Result<(), Unlogged> {
        self.record(entry).await
    }

    async fn flush(&self) -> Result<(), Unlogged> {
        Ok(())
    }
}

#[tokio::test]
async fn what_went_is_told_of_though_others_could_not_go() {
    let world = world().await;
    for name in ["a.wav", "b.wav", "c.wav"] {
        put(&world, name, 60).await;
    }
    world.clock.advance(DAY);
    let services = world.services(Arc::new(TakesOne(AtomicUsize::new(0)))).await;
    expiry::let_go(&services, &world.app.metrics, &CancellationToken::new()).await;
    assert_eq!(world.audio_files().len(), 2, "nothing goes without its entry");
    assert!(world.app.metrics.render().contains("callvault_recordings_expired_total 1"));
}
