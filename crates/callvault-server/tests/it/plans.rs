//! Plans of customers: who sets them, and what they forbid at each door.

use axum::body::Body;
use base64_simd::STANDARD;
use callvault_core::gate::Principal;
use callvault_core::hunt_group::Level;
use callvault_core::id::HuntGroupId;
use callvault_core::plan::PlanLimit;
use callvault_core::service::Policy;
use callvault_server::app::Settings;
use callvault_testkit::sound::wav;
use callvault_testkit::world::{Answer, HERE, World, basic};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

/// How large `wav(_, 100)` is.
const SMALL: usize = 244;

async fn world() -> World {
    let world = World::new().await;
    world.customer(1, None).await;
    world.person(1, "user", "administrator").await;
    world.add("/huntgroups", json!({ "id": 123, "customer": 1, "name": "Sales" })).await;
    world
}

async fn plan(world: &World, plan: Value) -> Answer {
    let answer = world.local(Method::PATCH, "/customers/1", plan.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer
}

/// Uploads at the Enswitch door; answers code and message.
async fn upload(world: &World, level: u8, audio: &[u8]) -> (String, String) {
    let data = STANDARD.encode_to_string(audio).replace('+', "%2B");
    send(world, &format!("huntgroup=123&level={level}&data={data}")).await
}

async fn send(world: &World, parameters: &str) -> (String, String) {
    let body = format!("auth_username=user&auth_password=password&{parameters}");
    let request = Request::post("/api/json/huntgroups/files/upload/").body(Body::from(body)).unwrap();
    let answer = world.call(HERE, request).await;
    assert_eq!(answer.status, StatusCode::OK);
    let first = answer.json()["responses"][0].clone();
    assert_eq!(answer.json()["responses"].as_array().unwrap().len(), 1);
    let text = |name: &str| first[name].as_str().unwrap().to_owned();
    (text("code"), text("message"))
}

fn forbidden() -> (String, String) {
    ("403".to_owned(), "The rate plan of the customer does not allow this.".to_owned())
}

/// What the listen log tells to be deleted.
async fn deletions(world: &World) -> usize {
    let log = world.local(Method::GET, "/log?customer=1", "").await.json();
    log["items"].as_array().unwrap().iter().filter(|entry| entry["action"] == "delete").count()
}

#[tokio::test]
async fn each_reason_is_403_at_the_enswitch_door_and_leaves_nothing() {
    let policy = Policy { message_versions: 2, ..Policy::default() };
    let world = World::with(Settings::default(), policy).await;
    world.customer(1, None).await;
    world.person(1, "user", "administrator").await;
    world.add("/huntgroups", json!({ "id": 123, "customer": 1, "name": "Sales" })).await;
    for seed in 1..=2 {
        assert_eq!(upload(&world, 1, &wav(seed, 100)).await.0, "204");
    }
    let free = json!({
        "huntgroups_allowed": true, "largest_message_bytes": null, "total_message_bytes": null,
    });
    for limits in [
        json!({ "huntgroups_allowed": false }),
        json!({ "largest_message_bytes": SMALL + 99 }),
        json!({ "total_message_bytes": 2 * SMALL + 99 }),
    ] {
        plan(&world, limits.clone()).await;
        // Level 1 would lose its oldest version, level 2 has none.
        for level in [1, 2] {
            assert_eq!(upload(&world, level, &wav(3, 150)).await, forbidden(), "{limits}, level {level}");
        }
        assert_eq!(world.audio_files().len(), 2, "{limits}");
        assert_eq!(deletions(&world).await, 0, "{limits}");
        let current = world.local(Method::GET, "/huntgroups/123/levels/1/message", "").await;
        assert_eq!(current.body, wav(2, 100), "{limits}");
        plan(&world, free.clone()).await;
    }
    // To the byte: the largest file, and a total that counts what is pushed out no more.
    plan(&world, json!({ "largest_message_bytes": SMALL, "total_message_bytes": 2 * SMALL })).await;
    assert_eq!(upload(&world, 1, &wav(3, 100)).await.0, "204");
    assert_eq!((world.audio_files().len(), deletions(&world).await), (2, 1));
    assert_eq!(upload(&world, 2, &wav(4, 100)).await, forbidden());
    assert_eq!(world.local(Method::POST, "/check", "").await.json()["problems"], json!([]));
}

#[tokio::test]
async fn bad_input_and_absence_go_before_the_plan() {
    let settings = Settings { largest_message_bytes: 1000, ..Settings::default() };
    let world = World::with(settings, Policy { largest_message_bytes: 1000, ..Policy::default() }).await;
    world.customer(1, None).await;
    world.person(1, "user", "administrator").await;
    world.person(1, "clerk", "auditor").await;
    world.add("/huntgroups", json!({ "id": 123, "customer": 1, "name": "Sales" })).await;
    world.add("/sounds", json!({ "id": 7, "customer": 1, "name": "Closed" })).await;
    let filled = world.local(Method::PUT, "/sounds/7/audio", wav(1, 100)).await;
    assert_eq!(filled.status, StatusCode::NO_CONTENT);
    for limits in [
        json!({ "huntgroups_allowed": false }),
        json!({ "huntgroups_allowed": true, "largest_message_bytes": 10 }),
        json!({ "largest_message_bytes": null, "total_message_bytes": 10 }),
    ] {
        plan(&world, limits.clone()).await;
        let wave = STANDARD.encode_to_string(wav(1, 100)).replace('+', "%2B");
        let text = STANDARD.encode_to_string("this is no audio, and longer than ten bytes");
        let large = STANDARD.encode_to_string(wav(1, 1000)).replace('+', "%2B");
        for (parameters, code) in [
            (format!("huntgroup=123&level=1&data={wave}&auth_password=wrong"), "401"),
            (format!("huntgroup=123&level=1&data={wave}"), "403"),
            (format!("huntgroup=123&level=1&data={text}"), "400"),
            (format!("huntgroup=123&level=1&data={large}"), "400"),
            (format!("huntgroup=999&level=1&data={wave}"), "404"),
            ("huntgroup=123&level=1&sound=7".to_owned(), "403"),
            ("huntgroup=123&level=1&sound=8".to_owned(), "400"),
            ("huntgroup=999&level=1&sound=7".to_owned(), "404"),
        ] {
            assert_eq!(send(&world, &parameters).await.0, code, "{limits}: {}", &parameters[..30]);
        }
        assert_eq!(world.audio_files().len(), 1, "{limits}: the sound alone");
    }
    let clerk = "/api/json/huntgroups/files/upload/?auth_username=clerk&auth_password=password";
    let request = Request::post(clerk).body(Body::from("huntgroup=123&level=1&sound=7")).unwrap();
    assert_eq!(world.call(HERE, request).await.json()["responses"][0]["code"], "402");
}

#[tokio::test]
async fn our_own_api_says_which_limit_it_is_and_holds_system_owners_to_it() {
    let world = world().await;
    world.add("/sounds", json!({ "id": 7, "customer": 1, "name": "Closed" })).await;
    world.message(123, 1, "a.wav", wav(1, 100)).await;
    world.message(123, 1, "b.wav", wav(2, 90)).await;
    let check = async |method: Method, path: &str, body: Body, words: &str| {
        let answer = world.local(method, path, body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}: {}", answer.text());
        assert_eq!(answer.json()["code"], "plan", "{}", answer.text());
        assert!(answer.json()["detail"].as_str().unwrap().contains(words), "{}", answer.text());
    };
    // Without a length the bytes are counted while they come.
    let streamed = || {
        let pieces =
            wav(3, 100).chunks(50).map(<[u8]>::to_vec).map(Ok::<_, std::io::Error>).collect::<Vec<_>>();
        Body::from_stream(futures_util::stream::iter(pieces))
    };
    let put = "/huntgroups/123/levels/1/message";
    let restore = "/huntgroups/123/levels/1/message/restore";
    let sound = "/sounds/7/audio";

    plan(&world, json!({ "largest_message_bytes": SMALL - 1 })).await;
    check(Method::PUT, put, wav(3, 100).into(), "243 bytes at most").await;
    check(Method::PUT, put, streamed(), "243 bytes at most").await;
    check(Method::PUT, sound, wav(3, 100).into(), "243 bytes at most").await;
    check(Method::PUT, sound, streamed(), "243 bytes at most").await;
    check(Method::POST, restore, r#"{"version":1}"#.into(), "243 bytes at most").await;

    plan(&world, json!({ "largest_message_bytes": null, "total_message_bytes": 2 * SMALL })).await;
    check(Method::PUT, put, wav(3, 100).into(), "488 bytes of messages, prompts and sounds").await;
    check(Method::PUT, put, streamed(), "488 bytes of messages, prompts and sounds").await;
    check(Method::PUT, sound, wav(3, 100).into(), "488 bytes of messages, prompts and sounds").await;
    check(Method::PUT, sound, streamed(), "488 bytes of messages, prompts and sounds").await;
    let restored = world.local(Method::POST, restore, r#"{"version":1}"#).await;
    assert_eq!(restored.status, StatusCode::NO_CONTENT, "it was kept all along: {}", restored.text());

    plan(&world, json!({ "total_message_bytes": null })).await;
    assert_eq!(world.local(Method::PUT, sound, streamed()).await.status, StatusCode::NO_CONTENT);
    plan(&world, json!({ "huntgroups_allowed": false })).await;
    check(Method::PUT, put, wav(3, 100).into(), "has no hunt groups").await;
    check(Method::PUT, "/huntgroups/123/levels/2/message?sound=7", Body::empty(), "has no hunt groups").await;
    check(Method::POST, restore, r#"{"version":2}"#.into(), "has no hunt groups").await;
    let another = json!({ "customer": 1, "name": "Support" }).to_string();
    check(Method::POST, "/huntgroups", another.into(), "has no hunt groups").await;
    assert_eq!(world.local(Method::PUT, sound, wav(5, 100)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.local(Method::GET, put, "").await.body, wav(1, 100), "what is there can be fetched");
    assert_eq!(world.local(Method::DELETE, put, "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.audio_files().len(), 3, "two versions and the sound");
    assert_eq!(world.local(Method::POST, "/check", "").await.json()["problems"], json!([]));
}

#[tokio::test]
async fn of_two_uploads_side_by_side_one_has_the_last_room() {
    let world = world().await;
    plan(&world, json!({ "total_message_bytes": 2 * SMALL - 1 })).await;
    let messages = &world.app.services.messages;
    let owner = Principal::local_owner();
    let begin = async |seed: u32, level: i64| {
        let level = Level::new(level).unwrap();
        let begun = messages.begin(&owner, HuntGroupId(123), level, Some(SMALL as u64)).await;
        let mut message = begun.unwrap();
        message.incoming.write(wav(seed, 100).into()).await.unwrap();
        message
    };
    // Both are told that there is room, and both bring their bytes.
    let (one, other) = (begin(1, 1).await, begin(2, 2).await);
    let (one, other) = tokio::join!(messages.put(&owner, one, None), messages.put(&owner, other, None));
    let refused = match (one, other) {
        (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
        both => panic!("{both:?}"),
    };
    let limit = PlanLimit::TotalMessages { limit_bytes: 2 * SMALL as u64 - 1 };
    assert!(matches!(refused, callvault_core::Error::PlanForbids(found) if found == limit), "{refused:?}");
    assert_eq!(world.audio_files().len(), 1, "what was refused is removed at once");
    assert_eq!(world.app.services.installation.sweep().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_uploads_at_the_door_share_one_total() {
    let world = std::sync::Arc::new(world().await);
    plan(&world, json!({ "total_message_bytes": 3 * SMALL })).await;
    let mut tasks = tokio::task::JoinSet::new();
    for level in 1..=8u8 {
        let world = world.clone();
        tasks.spawn(async move { upload(&world, level, &wav(u32::from(level), 100)).await.0 });
    }
    let mut codes = tasks.join_all().await;
    codes.sort();
    assert_eq!(codes, ["204", "204", "204", "403", "403", "403", "403", "403"]);
    assert_eq!(world.audio_files().len(), 3);
}

#[tokio::test]
async fn a_plan_is_set_kept_and_taken_away() {
    let world = world().await;
    let shown = |answer: &Value| {
        let names = ["huntgroups_allowed", "largest_message_bytes", "total_message_bytes"];
        Value::from(names.map(|name| answer[name].clone()).to_vec())
    };
    let found = async || shown(&world.local(Method::GET, "/customers/1", "").await.json());
    assert_eq!(found().await, json!([true, null, null]));
    for (change, expected) in [
        (json!({ "largest_message_bytes": 5 }), json!([true, 5, null])),
        (
            json!({ "total_message_bytes": 9_007_199_254_740_991_u64 }),
            json!([true, 5, 9_007_199_254_740_991_u64]),
        ),
        (
            json!({ "name": "Acme", "huntgroups_allowed": false }),
            json!([false, 5, 9_007_199_254_740_991_u64]),
        ),
        (json!({ "total_message_bytes": null }), json!([false, 5, null])),
        (json!({ "huntgroups_allowed": null, "largest_message_bytes": null }), json!([false, null, null])),
        (json!({ "huntgroups_allowed": true }), json!([true, null, null])),
    ] {
        assert_eq!(shown(&plan(&world, change.clone()).await.json()), expected, "{change}");
        assert_eq!(found().await, expected, "{change}");
    }
    for field in ["largest_message_bytes", "total_message_bytes"] {
        for value in [json!(0), json!(-1), json!(9_007_199_254_740_992_u64)] {
            let body = json!({ field: value }).to_string();
            let refused = world.local(Method::PATCH, "/customers/1", body).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{field} {value}");
            assert_eq!(refused.json()["field"], field, "{value}: {}", refused.text());
        }
    }
    let new = json!({
        "name": "Small", "huntgroups_allowed": false, "largest_message_bytes": 1, "total_message_bytes": 2,
    });
    assert_eq!(shown(&world.add("/customers", new).await), json!([false, 1, 2]));
    assert_eq!(found().await, json!([true, null, null]));
}

#[tokio::test]
async fn a_plan_is_set_from_above_alone() {
    let world = world().await;
    world.customer(2, Some(1)).await;
    world.person(1, "reseller", "reseller").await;
    world.person(1, "root", "system owner").await;
    world.person(2, "boss", "administrator").await;
    let patch = async |whom: &str, customer: i64, change: Value| {
        let request = Request::patch(format!("/api/v1/customers/{customer}"))
            .header("authorization", basic(whom))
            .body(Body::from(change.to_string()))
            .unwrap();
        world.call(HERE, request).await.status
    };
    for change in [
        json!({ "huntgroups_allowed": true }),
        json!({ "largest_message_bytes": null }),
        json!({ "total_message_bytes": 5, "name": "x" }),
    ] {
        assert_eq!(patch("boss", 2, change.clone()).await, StatusCode::FORBIDDEN, "{change}");
        assert_eq!(patch("reseller", 1, change.clone()).await, StatusCode::FORBIDDEN, "{change}");
        assert_eq!(patch("boss", 1, change.clone()).await, StatusCode::NOT_FOUND, "{change}");
        assert_eq!(patch("reseller", 2, change.clone()).await, StatusCode::OK, "{change}");
        assert_eq!(patch("root", 1, change.clone()).await, StatusCode::OK, "{change}");
    }
    assert_eq!(patch("boss", 2, json!({ "name": "y" })).await, StatusCode::OK);
}

/// `World` holds each answer against the description of the API.
#[tokio::test]
async fn what_a_plan_refuses_of_sounds_and_customers_is_described() {
    let world = world().await;
    world.add("/sounds", json!({ "id": 7, "customer": 1, "name": "Hello" })).await;
    world.customer(2, Some(1)).await;
    plan(&world, json!({ "sounds_allowed": false, "most_customers": 0 })).await;
    for (method, path, body) in [
        (Method::POST, "/sounds", json!({ "customer": 1, "name": "Other" })),
        (Method::PATCH, "/sounds/7", json!({ "name": "Other" })),
        (Method::PATCH, "/customers/2", json!({ "name": "Other" })),
    ] {
        let answer = world.local(method, path, body.to_string()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}: {}", answer.text());
        assert_eq!(answer.json()["code"], "plan", "{path}");
    }
}
