//! Keys of our own API: made, used, bounded, ended; and which route needs which scope.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use axum::body::Body;
use callvault_core::scope::Scope;
use callvault_testkit::sound::wav;
use callvault_testkit::world::{Answer, HERE, World, basic};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::walk;

const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

/// Calls a path with an `Authorization`.
async fn send(world: &World, authorization: &str, method: Method, path: &str, body: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).header("authorization", authorization);
    world.call(THERE, request.body(Body::from(body.to_owned())).unwrap()).await
}

/// Calls our own API with a key.
async fn with(world: &World, key: &str, method: Method, path: &str, body: &str) -> Answer {
    send(world, &format!("Bearer {key}"), method, &format!("/api/v1{path}"), body).await
}

async fn status(world: &World, key: &str, path: &str) -> u16 {
    with(world, key, Method::GET, path, "").await.status.as_u16()
}

/// Makes a key as the local system owner.
async fn made(world: &World, body: Value) -> String {
    world.add("/keys", body).await["key"].as_str().unwrap().to_owned()
}

async fn keys(world: &World) -> Vec<Value> {
    world.local(Method::GET, "/keys?customer=1", "").await.json()["items"].as_array().unwrap().clone()
}

async fn world() -> World {
    let world = World::new().await;
    for (id, parent) in [(1, None), (2, Some(1)), (3, None)] {
        world.customer(id, parent).await;
    }
    world
}

#[tokio::test]
async fn a_key_is_told_once_and_opens_its_customer() {
    let world = world().await;
    for customer in [1, 2, 3] {
        world.recording(customer, &format!("call-{customer}.wav"), wav(1, 800)).await;
    }
    let made =
        world.add("/keys", json!({ "customer": 1, "scopes": ["recordings:read"], "name": "CRM" })).await;
    let key = made["key"].as_str().unwrap().to_owned();
    let random = key.strip_prefix("cv_").unwrap();
    assert!(random.len() == 32 && random.bytes().all(|byte| byte.is_ascii_hexdigit()), "128 bits: {key}");
    let mut row = made.clone();
    row.as_object_mut().unwrap().remove("key");
    assert_eq!(keys(&world).await, [row.clone()], "nothing else, and the key itself never again");
    assert_eq!(row["scopes"], json!(["recordings:read"]));
    assert_eq!(row["last_used_at"], Value::Null);

    assert_eq!(with(&world, &key, Method::GET, "/recordings/call-1.wav/audio", "").await.body, wav(1, 800));
    for (path, expected) in [
        ("/recordings?customer=1", 200),
        ("/recordings?customer=2", 404),
        ("/recordings?customer=3", 404),
        ("/recordings/call-2.wav", 404),
        ("/recordings/call-3.wav/audio", 404),
    ] {
        assert_eq!(status(&world, &key, path).await, expected, "{path}");
    }
    // What was done is on record, with the key that did it.
    let log = world.local(Method::GET, "/log?customer=1", "").await.json();
    let entry = &log["items"][0];
    let id = &row["id"];
    assert_eq!((&entry["ticket"], &entry["person"]), (&json!(format!("key {id}")), &Value::Null));

    let below =
        self::made(&world, json!({ "customer": 1, "below": true, "scopes": ["recordings:read"] })).await;
    for (path, expected) in [("/recordings/call-2.wav", 200), ("/recordings/call-3.wav", 404)] {
        assert_eq!(status(&world, &below, path).await, expected, "{path}");
    }
    let world = world.restart().await;
    assert_eq!(status(&world, &key, "/recordings").await, 200, "a restart changes nothing");
}

#[tokio::test]
async fn what_is_no_key_is_401_and_says_what_is_wanted() {
    let world = world().await;
    let key = made(&world, json!({ "customer": 1, "scopes": ["recordings:read"] })).await;
    let path = "/api/v1/recordings";
    for authorization in [format!("bearer {key}"), format!("BEARER   {key} "), format!("Bearer {key}")] {
        assert_eq!(send(&world, &authorization, Method::GET, path, "").await.status, 200, "{authorization}");
    }
    for authorization in [
        format!("Bearer {}", key.to_uppercase()),
        format!("Bearer {}", key.trim_start_matches("cv_")),
        format!("Bearer {key}0"),
        "Bearer cv_00000000000000000000000000000000".to_owned(),
        "Bearer ".to_owned(),
        format!("Basic {key}"),
        key.clone(),
    ] {
        let answer = send(&world, &authorization, Method::GET, path, "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{authorization}");
        let challenges = answer.headers.get_all("www-authenticate").iter();
        let schemes: Vec<_> =
            challenges.map(|value| value.to_str().unwrap().split(' ').next().unwrap()).collect();
        assert_eq!(schemes, ["Bearer", "Basic"]);
    }
    // A key is one of our own API alone.
    let link = format!("/api/json/huntgroups/list/?auth_token={key}");
    let answer = world.call(HERE, Request::get(link).body(Body::empty()).unwrap()).await;
    assert_eq!(answer.json()["responses"][0]["code"], "401");
}

#[tokio::test]
async fn a_key_ends_by_itself_or_at_once() {
    let world = world().await;
    let scopes = json!(["recordings:read"]);
    let made = async |customer: i64, expires: Option<Value>| {
        let mut body = json!({ "customer": customer, "scopes": scopes });
        if let Some(expires) = expires {
            body["expires_at"] = expires;
        }
        self::made(&world, body).await
    };
    let usual = made(1, None).await;
    // The clock of the world starts at 2026-03-02 09:15:14 UTC.
    let short = made(1, Some(json!("2026-03-02T09:16:14Z"))).await;
    let endless = made(1, Some(Value::Null)).await;
    let below = made(2, None).await;
    let alive = async || {
        let mut alive = Vec::new();
        for key in [&short, &usual, &endless] {
            alive.push(status(&world, key, "/recordings").await == 200);
        }
        alive
    };
    assert_eq!(alive().await, [true, true, true]);
    world.clock.advance(Duration::from_millis(59_999));
    assert_eq!(alive().await, [true, true, true]);
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(alive().await, [false, true, true]);
    world.clock.advance(Duration::from_secs(365 * 86_400 - 60));
    assert_eq!(alive().await, [false, false, true]);
    let ends: Vec<_> = keys(&world).await.iter().map(|key| key["expires_at"].clone()).collect();
    assert_eq!(ends, [json!("2027-03-02T09:15:14.000Z"), json!("2026-03-02T09:16:14.000Z"), Value::Null]);

    let below_2 = made(2, None).await;
    assert_eq!(status(&world, &below, "/recordings").await, 401);
    assert_eq!(status(&world, &below_2, "/recordings").await, 200);
    for (disabled, expected) in [(true, 401), (false, 200)] {
        let change = json!({ "disabled": disabled }).to_string();
        world.local(Method::PATCH, "/customers/1", change).await;
        assert_eq!(status(&world, &below_2, "/recordings").await, expected, "disabled above: {disabled}");
    }
    let id = keys(&world).await[2]["id"].clone();
    let revoke = async || world.local(Method::DELETE, &format!("/keys/{id}"), "").await.status.as_u16();
    assert_eq!(revoke().await, 204);
    assert_eq!(alive().await, [false, false, false]);
    assert_eq!(revoke().await, 404);
}

#[tokio::test]
async fn the_last_use_is_kept_to_the_hour() {
    let world = world().await;
    let key = made(&world, json!({ "customer": 1, "scopes": ["recordings:read"] })).await;
    let used = async || {
        assert_eq!(status(&world, &key, "/recordings").await, 200);
        keys(&world).await[0]["last_used_at"].clone()
    };
    let first = used().await;
    assert_eq!(first, "2026-03-02T09:15:14.000Z");
    world.clock.advance(Duration::from_secs(3599));
    assert_eq!(used().await, first);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(used().await, "2026-03-02T10:15:14.000Z");
}

#[tokio::test]
async fn a_key_may_no_more_than_who_made_it() {
    let world = world().await;
    for (customer, username, role) in [
        (1, "reseller", "reseller"),
        (1, "boss", "administrator"),
        (1, "desk", "user"),
        (1, "super", "supervisor"),
        (3, "owner", "system owner"),
    ] {
        world.person(customer, username, role).await;
    }
    let check = async |authorization: &str, body: Value, status: u16, field: &str| {
        let answer = send(&world, authorization, Method::POST, "/api/v1/keys", &body.to_string()).await;
        let got = answer.json();
        assert_eq!(answer.status.as_u16(), status, "{body}: {got}");
        assert_eq!(got["field"].as_str().unwrap_or_default(), field, "{body}: {got}");
        got["key"].as_str().unwrap_or_default().to_owned()
    };
    let [boss, reseller, owner] = ["boss", "reseller", "owner"].map(basic);
    let read = json!(["recordings:read"]);
    check(&boss, json!({ "scopes": read }), 201, "").await;
    check(&boss, json!({ "scopes": read, "customer": 3 }), 404, "").await;
    check(&boss, json!({ "scopes": read, "customer": 2 }), 404, "").await;
    check(&boss, json!({ "scopes": read, "below": true }), 400, "below").await;
    check(&boss, json!({ "scopes": read, "expires_at": null }), 400, "expires_at").await;
    check(&boss, json!({ "scopes": read, "expires_at": "2026-03-02T09:15:14Z" }), 400, "expires_at").await;
    check(&boss, json!({ "scopes": read, "expires_at": "tomorrow" }), 400, "expires_at").await;
    check(&boss, json!({ "scopes": [] }), 400, "scopes").await;
    check(&boss, json!({ "scopes": ["recordings:play"] }), 400, "scopes").await;
    check(&boss, json!({ "scopes": ["metrics"] }), 400, "scopes").await;
    check(&boss, json!({ "scopes": ["installation:read"] }), 400, "scopes").await;
    check(&boss, json!({ "scopes": read, "name": "x".repeat(101) }), 400, "name").await;
    check(&reseller, json!({ "scopes": read, "below": true }), 201, "").await;
    check(&reseller, json!({ "scopes": read, "customer": 2 }), 201, "").await;
    check(&owner, json!({ "scopes": ["metrics"], "customer": 1, "expires_at": null }), 201, "").await;
    for username in ["desk", "super"] {
        check(&basic(username), json!({ "scopes": ["recordings:read"] }), 403, "").await;
    }
    // Nor may a key that a key makes.
    let body = json!({ "scopes": ["keys:write", "recordings:read"], "expires_at": "2026-06-01T00:00:00Z" });
    let maker = format!("Bearer {}", check(&boss, body, 201, "").await);
    let end = |expires: &str| json!({ "scopes": read, "expires_at": expires });
    check(&maker, json!({ "scopes": read, "below": true }), 400, "below").await;
    check(&maker, json!({ "scopes": ["recordings:write"] }), 400, "scopes").await;
    check(&maker, end("2026-06-01T00:00:01Z"), 400, "expires_at").await;
    check(&maker, end("2026-06-01T00:00:00Z"), 201, "").await;
    let made = check(&maker, json!({ "scopes": read }), 201, "").await;
    check(&format!("Bearer {made}"), json!({ "scopes": read }), 403, "").await;
    world.clock.advance(Duration::from_secs(100 * 86_400));
    assert_eq!(status(&world, &made, "/recordings").await, 401, "it ended with the key that made it");
}

#[tokio::test]
async fn a_key_makes_nobody_who_may_more_than_it() {
    let world = world().await;
    let people = made(&world, json!({ "customer": 1, "scopes": ["people:*"] })).await;
    let all: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    let all = made(&world, json!({ "customer": 1, "scopes": all })).await;
    let boss = world.person(1, "boss", "administrator").await;
    let add = |name: &str, role: &str| json!({ "username": name, "role": role, "password": "password" });
    let check = async |key: &str, method: Method, path: &str, body: Value, expected: u16| {
        let answer = with(&world, key, method, path, &body.to_string()).await;
        assert_eq!(answer.status.as_u16(), expected, "{path} {body}: {}", answer.text());
    };
    check(&people, Method::POST, "/people", add("one", "administrator"), 403).await;
    check(&people, Method::POST, "/people", add("one", "user"), 403).await;
    check(&all, Method::POST, "/people", add("one", "administrator"), 201).await;
    check(&all, Method::POST, "/people", add("two", "reseller"), 403).await;
    // Another password, or no codes any more, is as good as a new person.
    let password = json!({ "password": "another one" });
    check(&people, Method::PATCH, &format!("/people/{boss}"), password.clone(), 403).await;
    check(&people, Method::POST, &format!("/people/{boss}/totp"), json!({}), 403).await;
    check(&all, Method::PATCH, &format!("/people/{boss}"), password, 200).await;
}

#[tokio::test]
async fn metrics_are_open_to_a_key_with_their_scope() {
    let world = world().await;
    let metrics = made(&world, json!({ "customer": 1, "scopes": ["metrics"] })).await;
    let other = made(&world, json!({ "customer": 1, "scopes": ["installation:read"] })).await;
    for (key, expected) in [(&metrics, 200), (&other, 403), (&"cv_0".to_owned(), 401)] {
        let answer = send(&world, &format!("Bearer {key}"), Method::GET, "/metrics", "").await;
        assert_eq!(answer.status.as_u16(), expected);
    }
    assert_eq!(status(&world, &metrics, "/lockouts").await, 403);
}

/// The scope that a documented route needs, by its path and method.
fn scope(method: &Method, path: &str) -> String {
    const KINDS: [(&str, &str); 17] = [
        ("customers", "customers"),
        ("people", "people"),
        ("roles", "people"),
        ("huntgroups", "huntgroups"),
        ("destinations", "huntgroups"),
        ("sounds", "sounds"),
        ("features", "features"),
        ("recordgroups", "recordgroups"),
        ("recordings", "recordings"),
        ("calls", "calls"),
        ("tickets", "tickets"),
        ("sessions", "sessions"),
        ("targets", "targets"),
        ("log", "log"),
        ("keys", "keys"),
        ("lockouts", "installation"),
        ("check", "installation"),
    ];
    let path = path.trim_start_matches("/api/v1/").split('?').next().unwrap();
    let first = path.split('/').next().unwrap();
    let kind = KINDS.iter().find(|(prefix, _)| *prefix == first);
    let kind = kind.unwrap_or_else(|| panic!("no scope is told for {path}")).1;
    let kind = if path.contains("/message") || path.ends_with("/versions") { "messages" } else { kind };
    // Looking, though by POST.
    let looks = path.ends_with("/verify") || path == "check";
    let verb = if looks || [Method::GET, Method::HEAD].contains(method) { "read" } else { "write" };
    format!("{kind}:{verb}")
}

/// The test of the routes takes from the walk what is held against the documentation, so that no route is missing.
#[tokio::test]
async fn every_route_needs_its_scope_before_anything_else() {
    let (world, stops) = walk::world().await;
    let routes: Vec<_> = stops
        .into_iter()
        .map(|stop| (stop.method, stop.existing, stop.body))
        .chain(
            walk::general().into_iter().map(|(method, path, body)| (method, format!("/api/v1{path}"), body)),
        )
        // Every key may read what the API is.
        .filter(|(_, path, _)| path != "/api/v1/openapi.json")
        .collect();
    let end = |scope: &str| scope.replace(":write", ":read");
    for (method, path, body) in &routes {
        let needed = scope(method, path);
        let message = format!("{method} {path} needs {needed}");
        // All others, and nothing that brings it along.
        let others = Scope::ALL.iter().map(|one| one.as_str());
        let others: Vec<_> = others.filter(|one| *one != needed && end(one) != needed).collect();
        let without = made(&world, json!({ "customer": 1, "below": true, "scopes": others })).await;
        let refused = send(&world, &format!("Bearer {without}"), method.clone(), path, body).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{message}: {}", refused.text());
        if *method != Method::HEAD {
            let told = refused.json();
            assert_eq!(told["code"], "scope", "{message}: {told}");
            assert!(told["detail"].as_str().unwrap().contains(&format!("`{needed}`")), "{message}: {told}");
        }
    }
    let any = made(&world, json!({ "customer": 1, "scopes": ["metrics"] })).await;
    assert_eq!(status(&world, &any, "/openapi.json").await, 200);
    for (method, path, body) in &routes {
        let mut scopes = vec![scope(method, path)];
        if path.contains("?sound=") {
            scopes.push("sounds:read".to_owned());
        }
        if path.contains("record_group=") || path.contains("/groups/") || body.contains("record_group") {
            scopes.push("recordgroups:read".to_owned());
        }
        // It tells the serial number of the customer.
        if path.contains("/targets/") && path.ends_with("/test") {
            scopes.push("customers:read".to_owned());
        }
        // It shows the messages of the hunt group.
        if *method == Method::GET && path.ends_with("/huntgroups/123") {
            scopes.push("messages:read".to_owned());
        }
        let key = made(&world, json!({ "customer": 1, "below": true, "scopes": scopes })).await;
        let answer = send(&world, &format!("Bearer {key}"), method.clone(), path, body).await;
        assert!(answer.status != StatusCode::UNAUTHORIZED, "{method} {path}");
        if answer.status == StatusCode::FORBIDDEN && *method != Method::HEAD {
            assert_ne!(answer.json()["code"], "scope", "{method} {path} with {scopes:?}: {}", answer.text());
        }
    }
}
