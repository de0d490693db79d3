//! Features and their prompts through our own API.

use axum::body::Body;
use callvault_core::feature::FeatureKind;
use callvault_testkit::sound::wav;
use callvault_testkit::world::{Answer, HERE, World, basic};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

async fn world() -> World {
    let world = World::new().await;
    world.customer(1, None).await;
    world.customer(2, None).await;
    world
}

async fn send(world: &World, login: &str, method: Method, path: &str, body: impl Into<Body>) -> Answer {
    let request = Request::builder().method(method).uri(format!("/api/v1{path}"));
    world.call(HERE, request.header("authorization", basic(login)).body(body.into()).unwrap()).await
}

fn new(kind: FeatureKind, customer: i64) -> Value {
    let number = kind.is_numbered().then_some("+4930100");
    json!({ "kind": kind.as_str(), "customer": customer, "name": "Front desk", "number": number })
}

#[tokio::test]
async fn a_feature_of_each_kind_keeps_each_of_its_files() {
    let world = world().await;
    for kind in FeatureKind::ALL {
        let added = world.add("/features", new(kind, 1)).await;
        assert_eq!((&added["id"], &added["kind"]), (&json!(1), &json!(kind.as_str())), "{added}");
        let path = format!("/features/{kind}/1");
        let mut expected = Vec::new();
        for (seed, file) in kind.files().enumerate() {
            let route = format!("{path}/prompts/{file}");
            let audio = wav(seed as u32 + 1, 50);
            assert_eq!(world.local(Method::GET, &route, "").await.status, StatusCode::NOT_FOUND);
            let put = world.local(Method::PUT, &format!("{route}?name=a%22b.wav"), audio.clone()).await;
            assert_eq!(put.status, StatusCode::CREATED, "{route}: {}", put.text());
            let put = put.json();
            assert_eq!((&put["file"], &put["name"]), (&json!(file.as_str()), &json!("ab.wav")), "{put}");
            assert_eq!(put["audio"]["size_bytes"], audio.len());
            expected.push(put);
            let fetched = world.local(Method::GET, &route, "").await;
            assert_eq!((fetched.status, &fetched.body[..]), (StatusCode::OK, &audio[..]));
            assert_eq!(fetched.header("content-disposition"), "attachment; filename=\"ab.wav\"");
            let head = world.local(Method::HEAD, &route, "").await;
            assert_eq!(
                (head.status, head.header("content-length")),
                (StatusCode::OK, audio.len().to_string().as_str())
            );
        }
        expected.sort_by_key(|prompt| prompt["file"].as_str().unwrap().to_owned());
        let listed = world.local(Method::GET, &format!("{path}/prompts"), "").await.json();
        assert_eq!(listed, json!({ "items": expected, "next": null }), "{kind}");
        assert_eq!(world.local(Method::GET, &path, "").await.json()["prompts"], json!(expected), "{kind}");
        for word in ["nothing", "0", "MAIN", "message%00"] {
            let refused = world.local(Method::PUT, &format!("{path}/prompts/{word}"), wav(1, 50)).await;
            assert_eq!((refused.status, &refused.json()["field"]), (StatusCode::BAD_REQUEST, &json!("file")));
        }
    }
    assert_eq!(world.local(Method::POST, "/check", "").await.json()["problems"], json!([]));
    for kind in FeatureKind::ALL {
        let path = format!("/features/{kind}/1");
        let first = kind.files().next().unwrap();
        let route = format!("{path}/prompts/{first}");
        assert_eq!(world.local(Method::DELETE, &route, "").await.status, StatusCode::NO_CONTENT);
        assert_eq!(world.local(Method::DELETE, &route, "").await.status, StatusCode::NOT_FOUND);
        assert_eq!(world.local(Method::DELETE, &path, "").await.status, StatusCode::NO_CONTENT);
        assert_eq!(world.local(Method::GET, &path, "").await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(world.audio_files().len(), 0, "nothing is left of what was removed");
    let deleted = FeatureKind::ALL.iter().map(|kind| kind.files().count()).sum::<usize>();
    let log = world.local(Method::GET, "/log?customer=1&limit=1000", "").await.json();
    let log = log["items"].as_array().unwrap().clone();
    let count = |action: &str| log.iter().filter(|entry| entry["action"] == action).count();
    assert_eq!((count("download"), count("delete")), (deleted, deleted));
    assert!(log.iter().all(|entry| entry["kind"] == "prompt"));
    assert_eq!(log[0]["name"], "queue/1/main");
}

#[tokio::test]
async fn ranges_and_names_are_those_of_messages() {
    let world = world().await;
    world.add("/features", new(FeatureKind::Code, 1)).await;
    let route = "/features/code/1/prompts/screen";
    let audio = wav(3, 500);
    let put = world.local(Method::PUT, route, audio.clone()).await.json();
    assert_eq!(put["name"], "code-+4930100-file-screen.wav");
    let request = Request::get(format!("/api/v1{route}")).header("range", "bytes=10-19");
    world.person(1, "admin", "administrator").await;
    let request = request.header("authorization", basic("admin")).body(Body::empty()).unwrap();
    let part = world.call(HERE, request).await;
    assert_eq!((part.status, &part.body[..]), (StatusCode::PARTIAL_CONTENT, &audio[10..20]));

    world.add("/sounds", json!({ "id": 7, "customer": 1, "name": "Closed" })).await;
    let from_sound = format!("{route}?sound=7");
    let empty = world.local(Method::PUT, &from_sound, "").await;
    assert_eq!((empty.status, &empty.json()["field"]), (StatusCode::BAD_REQUEST, &json!("sound")));
    world.local(Method::PUT, "/sounds/7/audio", wav(7, 50)).await;
    let put = world.local(Method::PUT, &from_sound, "").await;
    assert_eq!((put.status, &put.json()["name"]), (StatusCode::CREATED, &json!("Closed.wav")));
    // A copy: what becomes of the sound does not touch it.
    world.local(Method::PUT, "/sounds/7/audio", wav(8, 50)).await;
    assert_eq!(world.local(Method::DELETE, "/sounds/7", "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.local(Method::GET, route, "").await.body, wav(7, 50));
    let refused = world.local(Method::PUT, route, "this is no audio").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(world.local(Method::GET, route, "").await.body, wav(7, 50), "it stays");
    assert_eq!(world.audio_files().len(), 1);
}

#[tokio::test]
async fn what_is_not_acceptable_names_its_field() {
    let world = world().await;
    world.add("/features", new(FeatureKind::Mailbox, 1)).await;
    let check = async |body: Value, status: StatusCode, field: &str| {
        let answer = world.local(Method::POST, "/features", body.to_string()).await;
        assert_eq!(
            (answer.status, &answer.json()["field"]),
            (status, &json!(field)),
            "{body}: {}",
            answer.text()
        );
    };
    let bad = StatusCode::BAD_REQUEST;
    check(json!({ "kind": "huntgroup", "customer": 1, "name": "x" }), bad, "kind").await;
    check(json!({ "kind": "queue", "customer": 1, "name": " " }), bad, "name").await;
    check(json!({ "kind": "queue", "customer": 1, "name": "x", "number": "1" }), bad, "number").await;
    check(json!({ "kind": "mailbox", "customer": 1, "name": "x" }), bad, "number").await;
    check(json!({ "kind": "mailbox", "customer": 1, "name": "x", "number": "" }), bad, "number").await;
    check(json!({ "kind": "queue", "customer": 1, "name": "x", "system": true }), bad, "system").await;
    check(json!({ "kind": "queue", "customer": 1, "name": "x", "id": 0 }), bad, "id").await;
    check(json!({ "kind": "queue", "customer": 1, "name": "x", "color": 1 }), bad, "color").await;
    check(new(FeatureKind::Mailbox, 1), StatusCode::CONFLICT, "number").await;
    let taken = json!({ "kind": "mailbox", "customer": 1, "name": "x", "number": "1", "id": 1 });
    check(taken, StatusCode::CONFLICT, "id").await;
    world.add("/features", new(FeatureKind::Mailbox, 2)).await;
    let patch = async |body: Value| world.local(Method::PATCH, "/features/mailbox/1", body.to_string()).await;
    let changed = patch(json!({ "name": "Back desk", "number": "7" })).await.json();
    assert_eq!((&changed["name"], &changed["number"]), (&json!("Back desk"), &json!("7")));
    assert_eq!(patch(json!({ "owner": 99 })).await.status, StatusCode::NOT_FOUND);
    assert_eq!(patch(json!({ "customer": 2 })).await.json()["field"], "customer");
    for path in ["/features?kind=nothing", "/features?customer=1&after=queue"] {
        assert_eq!(world.local(Method::GET, path, "").await.status, bad, "{path}");
    }
    for path in ["/features/nothing/1", "/features/queue/x", "/features/queue/1"] {
        assert_eq!(world.local(Method::GET, path, "").await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn lists_show_what_the_role_has_to_do_with() {
    let world = world().await;
    let owner = world.person(1, "owner", "user").await;
    for role in ["user", "residential", "supervisor", "administrator", "reseller"] {
        world.person(1, role, role).await;
    }
    for kind in FeatureKind::ALL {
        world.add("/features", new(kind, 1)).await;
        let mut owned = new(kind, 1);
        owned["owner"] = json!(owner);
        if kind.is_numbered() {
            owned["number"] = json!("+4930200");
        }
        world.add("/features", owned).await;
        world.add("/features", new(kind, 2)).await;
    }
    let list = async |login: &str, query: &str| {
        let mut found = Vec::new();
        let mut after = String::new();
        loop {
            let answer =
                send(&world, login, Method::GET, &format!("/features?limit=2{query}{after}"), "").await;
            assert_eq!(answer.status, StatusCode::OK, "{login}: {}", answer.text());
            let page = answer.json();
            let rows = page["items"].as_array().unwrap().clone();
            found.extend(rows.iter().map(|row| format!("{}/{}", row["kind"].as_str().unwrap(), row["id"])));
            let Some(next) = page["next"].as_str() else { return found };
            after = format!("&after={next}");
        }
    };
    let all = |kinds: &[&str], ids: &[&str]| -> Vec<String> {
        kinds.iter().flat_map(|kind| ids.iter().map(move |id| format!("{kind}/{id}"))).collect()
    };
    let every = [
        "campaign",
        "cardgroup",
        "code",
        "mailbox",
        "music",
        "number",
        "patternmenu",
        "queue",
        "timegroup",
        "unlimited",
    ];
    let users = ["campaign", "code", "mailbox", "music", "number", "patternmenu", "queue"];
    assert_eq!(list("administrator", "").await, all(&every, &["1", "2"]));
    assert_eq!(list("reseller", "&customer=1").await, all(&every, &["1", "2"]));
    assert_eq!(list("supervisor", "").await, all(&users, &["1", "2"]));
    assert_eq!(list("owner", "").await, all(&users, &["1", "2"]));
    assert_eq!(list("user", "").await, all(&users, &["1"]));
    assert_eq!(list("residential", "").await, all(&["mailbox"], &["1"]));
    assert_eq!(list("administrator", "&kind=music").await, all(&["music"], &["1", "2"]));
    assert_eq!(list("user", "&kind=music").await, all(&["music"], &["1"]));
    let refused = send(&world, "user", Method::GET, "/features?kind=cardgroup", "").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    for customer in [2, 99] {
        let away =
            send(&world, "administrator", Method::GET, &format!("/features?customer={customer}"), "").await;
        assert_eq!(away.status, StatusCode::NOT_FOUND, "{customer}");
    }
    // A system owner alone chooses numbers.
    let mut chosen = new(FeatureKind::Queue, 1);
    chosen["id"] = json!(77);
    let refused = send(&world, "administrator", Method::POST, "/features", chosen.to_string()).await;
    assert_eq!((refused.status, &refused.json()["field"]), (StatusCode::BAD_REQUEST, &json!("id")));
    let own =
        send(&world, "administrator", Method::POST, "/features", new(FeatureKind::Queue, 1).to_string())
            .await;
    assert_eq!(own.status, StatusCode::CREATED, "{}", own.text());
}
