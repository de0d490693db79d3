//! A walk of every route with no login, a wrong role and another customer's login: nothing is given away, not even
//! existence.
//!
//! The list of routes is not kept by hand alone: `docs/api.md` names every route of our own API, and a test holds the
//! walk against it. The dialects are walked in [`dialects`].

mod dialects;

use axum::body::Body;
use callvault_testkit::sound::wav;
use callvault_testkit::world::{Answer, HERE, World, basic};
use http::{Method, Request, StatusCode};
use serde_json::json;

const NAME: &str = "20191024012719-1571909237.191-4000-4001-Internal.wav";

/// A call of customer 1, with its recording.
const CALLS: &str = r#"{"customer":1,"calls":[{"call_id":"1571909237.191","started_at":"2019-10-24T01:27:19Z",
    "from":"4000-4001","to":"4001","call_seconds":9,"talk_seconds":7,"status":"ANSWERED","kind":"Internal",
    "recording":"20191024012719-1571909237.191-4000-4001-Internal.wav"}]}"#;

/// What must never show in an answer to someone without the right: names, sizes and numbers of customer 1's things.
const PROBES: [&str; 7] =
    ["4000-4001", "Hidden sales", "Hidden calls", "hidden-greeting", "32044", "8260", "hidden@example.com"];

/// A route with an existing thing of customer 1 in it, the same route with one that does not exist, and a body.
pub(crate) struct Stop {
    pub(crate) method: Method,
    pub(crate) existing: String,
    absent: String,
    pub(crate) body: &'static str,
}

fn stop(method: Method, existing: &str, absent: &str, body: &'static str) -> Stop {
    let path = |path: &str| format!("/api/v1{path}");
    Stop { method, existing: path(existing), absent: path(absent), body }
}

/// Every route that is about a thing of a customer.
fn stops(person: i64, session: &str, ticket: &str, target: i64, key: i64) -> Vec<Stop> {
    let recording = format!("/recordings/{NAME}");
    let nothing = "/recordings/nothing.wav".to_owned();
    let both = |method, suffix: &str, body| {
        stop(method, &format!("{recording}{suffix}"), &format!("{nothing}{suffix}"), body)
    };
    vec![
        stop(Method::GET, "/customers/1", "/customers/999", ""),
        stop(Method::PATCH, "/customers/1", "/customers/999", r#"{"name":"x"}"#),
        stop(Method::DELETE, "/customers/1", "/customers/999", ""),
        stop(Method::GET, "/people?customer=1", "/people?customer=999", ""),
        stop(Method::GET, "/people?username=hidden", "/people?username=nobody", ""),
        stop(Method::GET, &format!("/people/{person}"), "/people/999", ""),
        stop(Method::GET, "/people?email=hidden@example.com", "/people?email=nobody@example.com", ""),
        stop(Method::PATCH, &format!("/people/{person}"), "/people/999", r#"{"source":""}"#),
        stop(Method::GET, &format!("/people/{person}/totp"), "/people/999/totp", ""),
        stop(Method::POST, &format!("/people/{person}/totp"), "/people/999/totp", ""),
        stop(Method::DELETE, &format!("/people/{person}/totp"), "/people/999/totp", ""),
        stop(
            Method::POST,
            &format!("/people/{person}/totp/confirm"),
            "/people/999/totp/confirm",
            r#"{"code":"123456"}"#,
        ),
        stop(Method::DELETE, &format!("/people/{person}"), "/people/999", ""),
        stop(Method::GET, "/huntgroups?customer=1", "/huntgroups?customer=999", ""),
        stop(Method::POST, "/huntgroups", "/huntgroups", r#"{"customer":1,"name":"x"}"#),
        stop(Method::GET, "/huntgroups/123", "/huntgroups/999", ""),
        stop(Method::PATCH, "/huntgroups/123", "/huntgroups/999", r#"{"name":"x"}"#),
        stop(Method::DELETE, "/huntgroups/123", "/huntgroups/999", ""),
        stop(Method::GET, "/huntgroups/123/levels/1", "/huntgroups/999/levels/1", ""),
        stop(
            Method::PATCH,
            "/huntgroups/123/levels/1",
            "/huntgroups/999/levels/1",
            r#"{"ring_seconds":60,"play_message":true}"#,
        ),
        stop(Method::GET, "/destinations?huntgroup=123", "/destinations?huntgroup=999", ""),
        stop(
            Method::POST,
            "/destinations",
            "/destinations",
            r#"{"huntgroup":123,"level":1,"type":"phone","number":"1"}"#,
        ),
        stop(Method::GET, "/destinations/55", "/destinations/999", ""),
        stop(Method::PATCH, "/destinations/55", "/destinations/999", r#"{"number":"1"}"#),
        stop(Method::DELETE, "/destinations/55", "/destinations/999", ""),
        stop(Method::GET, "/huntgroups/123/versions", "/huntgroups/999/versions", ""),
        stop(Method::GET, "/huntgroups/123/levels/1/message", "/huntgroups/999/levels/1/message", ""),
        stop(Method::HEAD, "/huntgroups/123/levels/1/message", "/huntgroups/999/levels/1/message", ""),
        stop(Method::PUT, "/huntgroups/123/levels/1/message", "/huntgroups/999/levels/1/message", "RIFF"),
        stop(
            Method::PUT,
            "/huntgroups/123/levels/1/message?sound=7",
            "/huntgroups/999/levels/1/message?sound=7",
            "",
        ),
        stop(Method::DELETE, "/huntgroups/123/levels/1/message", "/huntgroups/999/levels/1/message", ""),
        stop(
            Method::POST,
            "/huntgroups/123/levels/1/message/restore",
            "/huntgroups/999/levels/1/message/restore",
            r#"{"version":1}"#,
        ),
        stop(Method::GET, "/sounds?customer=1", "/sounds?customer=999", ""),
        stop(Method::POST, "/sounds", "/sounds", r#"{"customer":1,"name":"x"}"#),
        stop(Method::GET, "/sounds/7", "/sounds/999", ""),
        stop(Method::GET, "/sounds?customer=1&shared=true", "/sounds?customer=999&shared=true", ""),
        stop(Method::PATCH, "/sounds/7", "/sounds/999", r#"{"name":"x","description":"y"}"#),
        stop(Method::DELETE, "/sounds/7", "/sounds/999", ""),
        stop(Method::DELETE, "/sounds/7/audio", "/sounds/999/audio", ""),
        stop(Method::GET, "/sounds/7/audio", "/sounds/999/audio", ""),
        stop(Method::HEAD, "/sounds/7/audio", "/sounds/999/audio", ""),
        stop(Method::PUT, "/sounds/7/audio", "/sounds/999/audio", "RIFF"),
        stop(Method::GET, "/features?customer=1", "/features?customer=999", ""),
        stop(Method::GET, "/features?customer=1&kind=queue", "/features?customer=999&kind=queue", ""),
        stop(Method::POST, "/features", "/features", r#"{"customer":1,"kind":"queue","name":"x"}"#),
        stop(Method::GET, "/features/queue/9", "/features/queue/999", ""),
        stop(Method::PATCH, "/features/queue/9", "/features/queue/999", r#"{"name":"x"}"#),
        stop(Method::DELETE, "/features/queue/9", "/features/queue/999", ""),
        stop(Method::GET, "/features/queue/9/prompts", "/features/queue/999/prompts", ""),
        stop(Method::GET, "/features/queue/9/prompts/main", "/features/queue/999/prompts/main", ""),
        stop(Method::HEAD, "/features/queue/9/prompts/main", "/features/queue/999/prompts/main", ""),
        stop(Method::PUT, "/features/queue/9/prompts/main", "/features/queue/999/prompts/main", "RIFF"),
        stop(
            Method::PUT,
            "/features/queue/9/prompts/main?sound=7",
            "/features/queue/999/prompts/main?sound=7",
            "",
        ),
        stop(Method::DELETE, "/features/queue/9/prompts/main", "/features/queue/999/prompts/main", ""),
        stop(Method::GET, "/recordgroups?customer=1", "/recordgroups?customer=999", ""),
        stop(Method::POST, "/recordgroups", "/recordgroups", r#"{"customer":1,"name":"x"}"#),
        stop(Method::GET, "/recordgroups/60", "/recordgroups/999", ""),
        stop(Method::PATCH, "/recordgroups/60", "/recordgroups/999", r#"{"name":"x","retention_days":1}"#),
        stop(Method::DELETE, "/recordgroups/60", "/recordgroups/999", ""),
        stop(Method::GET, "/recordings?customer=1", "/recordings?customer=999", ""),
        both(Method::GET, "", ""),
        both(Method::GET, "?customer=1", ""),
        both(Method::DELETE, "", ""),
        both(Method::DELETE, "?customer=1", ""),
        both(Method::GET, "/audio", ""),
        both(Method::GET, "/audio?customer=1", ""),
        both(Method::HEAD, "/audio?customer=1", ""),
        both(Method::POST, "/verify", ""),
        both(Method::POST, "/verify?customer=1", ""),
        stop(Method::PUT, &format!("{recording}?customer=1"), "/recordings/nothing.wav?customer=999", "RIFF"),
        stop(
            Method::PUT,
            &format!("{recording}?customer=1&record_group=60"),
            "/recordings/nothing.wav?customer=999&record_group=999",
            "RIFF",
        ),
        both(Method::PATCH, "", r#"{"expires_at":"2000-01-01T00:00:00Z"}"#),
        both(Method::PATCH, "?customer=1", r#"{"record_group":60}"#),
        both(Method::PUT, "/groups/60", ""),
        both(Method::DELETE, "/groups/60?customer=1", ""),
        stop(Method::GET, "/calls?customer=1", "/calls?customer=999", ""),
        stop(
            Method::GET,
            "/calls?customer=1&number=4000&recording=20191024012719-1571909237.191-4000-4001-Internal.wav",
            "/calls?customer=999&number=4000&recording=nothing.wav",
            "",
        ),
        stop(Method::POST, "/calls", "/calls", CALLS),
        stop(
            Method::POST,
            "/tickets",
            "/tickets",
            r#"{"customer":1,"recording":"20191024012719-1571909237.191-4000-4001-Internal.wav"}"#,
        ),
        stop(Method::DELETE, &format!("/tickets/{ticket}"), "/tickets/000000000000", ""),
        stop(Method::GET, "/sessions?customer=1", "/sessions?customer=999", ""),
        stop(Method::DELETE, &format!("/sessions/{session}"), "/sessions/000000000000", ""),
        stop(Method::GET, "/keys?customer=1", "/keys?customer=999", ""),
        stop(Method::POST, "/keys", "/keys", r#"{"customer":1,"scopes":["calls:read"]}"#),
        stop(Method::DELETE, &format!("/keys/{key}"), "/keys/999", ""),
        stop(Method::GET, &format!("/targets/{target}"), "/targets/999", ""),
        stop(Method::POST, &format!("/targets/{target}/test"), "/targets/999/test", "{}"),
        stop(Method::POST, &format!("/targets/{target}/resend"), "/targets/999/resend", "{}"),
        stop(Method::GET, "/log?customer=1", "/log?customer=999", ""),
        stop(
            Method::POST,
            "/people",
            "/people",
            r#"{"customer":1,"username":"x","role":"user","password":"password"}"#,
        ),
    ]
}

/// Routes without a thing of one customer in them: who may use them at all is asked here.
pub(crate) fn general() -> Vec<(Method, &'static str, &'static str)> {
    vec![
        (Method::GET, "/customers", ""),
        (Method::POST, "/customers", r#"{"name":"x"}"#),
        (Method::GET, "/roles", ""),
        (Method::POST, "/roles", r#"{"name":"x","privileges":["user"]}"#),
        (Method::GET, "/tickets", ""),
        (Method::GET, "/targets", ""),
        (Method::GET, "/lockouts", ""),
        (Method::DELETE, "/lockouts", ""),
        (Method::POST, "/log/verify", ""),
        (Method::POST, "/check", ""),
        (Method::GET, "/openapi.json", ""),
    ]
}

pub(crate) async fn world() -> (World, Vec<Stop>) {
    let world = World::new().await;
    for customer in [1, 2] {
        world.customer(customer, None).await;
    }
    let person = world.person(1, "hidden", "api").await;
    let email = json!({ "email": "hidden@example.com" }).to_string();
    let patched = world.local(Method::PATCH, &format!("/people/{person}"), email).await;
    assert_eq!(patched.status, StatusCode::OK, "{}", patched.text());
    for role in ["administrator", "user", "residential", "supervisor", "auditor", "api", "reseller"] {
        world.person(2, &format!("other-{role}"), role).await;
    }
    let hunt_group = json!({ "id": 123, "customer": 1, "name": "Hidden sales", "owner": person });
    world.add("/huntgroups", hunt_group).await;
    world
        .add(
            "/destinations",
            json!({ "id": 55, "huntgroup": 123, "level": 1, "type": "phone", "number": "32044" }),
        )
        .await;
    world.message(123, 1, "hidden-greeting.wav", wav(1, 16_000)).await;
    world.add("/sounds", json!({ "id": 7, "customer": 1, "name": "hidden-greeting" })).await;
    world.local(Method::PUT, "/sounds/7/audio", wav(2, 16_000)).await;
    let queue = json!({ "kind": "queue", "id": 9, "customer": 1, "name": "Hidden sales", "owner": person });
    world.add("/features", queue).await;
    let prompt = "/features/queue/9/prompts/main?name=hidden-greeting.wav";
    assert_eq!(world.local(Method::PUT, prompt, wav(4, 16_000)).await.status, StatusCode::CREATED);
    world
        .add("/recordgroups", json!({ "id": 60, "customer": 1, "name": "Hidden calls", "owner": person }))
        .await;
    world.recording(1, NAME, wav(3, 16_000)).await;
    let told = world.local(Method::POST, "/calls", CALLS).await;
    assert_eq!(told.json(), json!({ "added": 1, "already": 0 }));
    world.log_in(HERE, "hidden").await;
    let sessions = world.local(Method::GET, "/sessions", "").await.json();
    let session = sessions["items"][0]["id"].as_str().unwrap().to_owned();
    let ticket = json!({ "customer": 1, "recording": NAME, "ttl_seconds": 60 });
    let ticket = world.add("/tickets", ticket).await["id"].as_str().unwrap().to_owned();
    let targets = world.local(Method::GET, "/targets", "").await.json();
    let target = &targets["items"][0];
    let key = json!({ "customer": 1, "scopes": ["calls:read"], "name": "hidden-greeting" });
    let key = world.add("/keys", key).await["id"].as_i64().unwrap();
    assert_eq!(target["address"], "http://127.0.0.1:8260/");
    (world, stops(person, &session, &ticket, target["id"].as_i64().unwrap(), key))
}

async fn send(world: &World, login: Option<&str>, method: &Method, path: &str, body: &'static str) -> Answer {
    let mut builder = Request::builder().method(method).uri(path);
    if let Some(username) = login {
        builder = builder.header("authorization", basic(username));
    }
    world.call(HERE, builder.body(Body::from(body)).unwrap()).await
}

/// The answer without what differs between any two requests.
fn fingerprint(answer: &Answer) -> String {
    let text = answer.text();
    let id = answer.header("x-request-id");
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| name.as_str() != "x-request-id")
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    format!("{} {headers:?} {}", answer.status, text.replace(id, "ID"))
}

fn assert_tells_nothing(answer: &Answer, whom: &str, path: &str) {
    let whole = fingerprint(answer);
    for probe in PROBES {
        assert!(!whole.contains(probe), "{whom} learns {probe:?} from {path}: {whole}");
    }
}

#[tokio::test]
async fn without_a_login_every_route_answers_401() {
    let (world, stops) = world().await;
    for Stop { method, existing, body, .. } in &stops {
        let answer = send(&world, None, method, existing, body).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {existing}");
        assert_tells_nothing(&answer, "nobody", existing);
    }
    for (method, path, body) in general() {
        let answer = send(&world, None, &method, &format!("/api/v1{path}"), body).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
    }
}

#[tokio::test]
async fn another_customers_people_cannot_tell_what_exists_from_what_does_not() {
    let (world, stops) = world().await;
    for role in ["administrator", "user", "residential", "supervisor", "auditor", "api", "reseller"] {
        let whom = format!("other-{role}");
        for Stop { method, existing, absent, body } in &stops {
            let seen = send(&world, Some(&whom), method, existing, body).await;
            let missing = send(&world, Some(&whom), method, absent, body).await;
            assert!(
                matches!(seen.status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN),
                "{whom}: {method} {existing} is {}: {}",
                seen.status,
                seen.text()
            );
            assert_eq!(
                fingerprint(&seen),
                fingerprint(&missing),
                "{whom}: {method} {existing} against {absent}"
            );
            assert_tells_nothing(&seen, &whom, existing);
        }
        for (method, path, body) in general() {
            let answer = send(&world, Some(&whom), &method, &format!("/api/v1{path}"), body).await;
            assert_tells_nothing(&answer, &whom, path);
        }
    }
    // Nothing was changed by all that.
    let recording = world.local(Method::GET, &format!("/recordings/{NAME}?customer=1"), "").await;
    assert_eq!(recording.status, StatusCode::OK);
    let hunt_group = world.local(Method::GET, "/huntgroups/123", "").await.json();
    assert_eq!(hunt_group["name"], "Hidden sales");
    assert_eq!(hunt_group["messages"][0]["version"], 1);
    let record_group = world.local(Method::GET, "/recordgroups/60", "").await.json();
    assert_eq!(
        (&record_group["name"], &record_group["retention_days"]),
        (&json!("Hidden calls"), &json!(365))
    );
    let level = world.local(Method::GET, "/huntgroups/123/levels/1", "").await.json();
    assert_eq!(level["play_message"], false);
    let queue = world.local(Method::GET, "/features/queue/9", "").await.json();
    assert_eq!(
        (&queue["name"], &queue["prompts"][0]["name"]),
        (&json!("Hidden sales"), &json!("hidden-greeting.wav"))
    );
    let destinations = world.local(Method::GET, "/destinations?huntgroup=123", "").await.json();
    assert_eq!(destinations["items"].as_array().unwrap().len(), 1);
    assert_eq!(destinations["items"][0]["number"], "32044");
}

#[tokio::test]
async fn a_wrong_role_of_the_same_customer_gets_nothing_either() {
    let (world, _) = world().await;
    // Role, method, path below `/api/v1`, and why: the privileges of the design's table.
    let cases = [
        ("user", Method::GET, format!("/recordings/{NAME}/audio"), StatusCode::FORBIDDEN),
        ("residential", Method::GET, "/recordings".to_owned(), StatusCode::FORBIDDEN),
        ("auditor", Method::GET, format!("/recordings/{NAME}/audio"), StatusCode::FORBIDDEN),
        ("auditor", Method::GET, "/huntgroups/123/levels/1/message".to_owned(), StatusCode::FORBIDDEN),
        ("auditor", Method::GET, "/sounds/7/audio".to_owned(), StatusCode::FORBIDDEN),
        ("auditor", Method::GET, "/features".to_owned(), StatusCode::FORBIDDEN),
        ("auditor", Method::GET, "/features/queue/9".to_owned(), StatusCode::FORBIDDEN),
        ("auditor", Method::GET, "/features/queue/9/prompts/main".to_owned(), StatusCode::FORBIDDEN),
        ("residential", Method::GET, "/features/queue/9".to_owned(), StatusCode::FORBIDDEN),
        ("residential", Method::GET, "/features".to_owned(), StatusCode::OK),
        ("user", Method::GET, "/features/queue/9".to_owned(), StatusCode::NOT_FOUND),
        ("user", Method::GET, "/features/queue/9/prompts".to_owned(), StatusCode::NOT_FOUND),
        ("user", Method::GET, "/features/queue/9/prompts/main".to_owned(), StatusCode::NOT_FOUND),
        ("user", Method::GET, "/features/cardgroup/9/prompts".to_owned(), StatusCode::FORBIDDEN),
        ("supervisor", Method::GET, "/features/queue/9/prompts/main".to_owned(), StatusCode::OK),
        ("supervisor", Method::DELETE, "/features/queue/9/prompts/main".to_owned(), StatusCode::NOT_FOUND),
        ("supervisor", Method::DELETE, "/features/queue/9".to_owned(), StatusCode::FORBIDDEN),
        ("administrator", Method::GET, "/features/queue/9/prompts/main".to_owned(), StatusCode::OK),
        ("auditor", Method::GET, "/log".to_owned(), StatusCode::OK),
        ("user", Method::GET, "/log".to_owned(), StatusCode::FORBIDDEN),
        ("user", Method::GET, "/people".to_owned(), StatusCode::OK),
        ("user", Method::GET, "/people/1".to_owned(), StatusCode::NOT_FOUND),
        ("user", Method::GET, "/people?username=hidden".to_owned(), StatusCode::NOT_FOUND),
        ("user", Method::GET, "/people?email=hidden@example.com".to_owned(), StatusCode::NOT_FOUND),
        ("user", Method::DELETE, "/people/1".to_owned(), StatusCode::FORBIDDEN),
        ("residential", Method::GET, "/people".to_owned(), StatusCode::FORBIDDEN),
        ("supervisor", Method::GET, "/people/1".to_owned(), StatusCode::OK),
        ("supervisor", Method::DELETE, "/people/1".to_owned(), StatusCode::FORBIDDEN),
        ("administrator", Method::DELETE, "/customers/1".to_owned(), StatusCode::FORBIDDEN),
        ("reseller", Method::DELETE, "/customers/1".to_owned(), StatusCode::BAD_REQUEST),
        ("user", Method::GET, "/huntgroups/123".to_owned(), StatusCode::NOT_FOUND),
        ("user", Method::GET, "/huntgroups/123/levels/1".to_owned(), StatusCode::NOT_FOUND),
        ("user", Method::GET, "/destinations?huntgroup=123".to_owned(), StatusCode::NOT_FOUND),
        ("user", Method::GET, "/destinations/55".to_owned(), StatusCode::NOT_FOUND),
        ("supervisor", Method::GET, "/destinations/55".to_owned(), StatusCode::OK),
        ("supervisor", Method::DELETE, "/destinations/55".to_owned(), StatusCode::NOT_FOUND),
        ("auditor", Method::GET, "/destinations/55".to_owned(), StatusCode::FORBIDDEN),
        ("auditor", Method::GET, "/huntgroups/123/levels/1".to_owned(), StatusCode::FORBIDDEN),
        ("supervisor", Method::GET, format!("/recordings/{NAME}/audio"), StatusCode::OK),
        ("supervisor", Method::DELETE, format!("/recordings/{NAME}"), StatusCode::FORBIDDEN),
        ("supervisor", Method::PUT, format!("/recordings/{NAME}/groups/60"), StatusCode::FORBIDDEN),
        ("supervisor", Method::DELETE, format!("/recordings/{NAME}/groups/60"), StatusCode::FORBIDDEN),
        ("user", Method::GET, "/recordgroups/60".to_owned(), StatusCode::FORBIDDEN),
        ("auditor", Method::GET, "/recordgroups".to_owned(), StatusCode::FORBIDDEN),
        ("supervisor", Method::GET, "/recordgroups/60".to_owned(), StatusCode::OK),
        ("supervisor", Method::DELETE, "/recordgroups/60".to_owned(), StatusCode::FORBIDDEN),
        ("supervisor", Method::GET, "/people".to_owned(), StatusCode::OK),
        ("api", Method::GET, format!("/recordings/{NAME}/audio"), StatusCode::OK),
        ("api", Method::DELETE, "/huntgroups/123".to_owned(), StatusCode::FORBIDDEN),
        ("administrator", Method::GET, "/huntgroups/123/levels/1/message".to_owned(), StatusCode::OK),
        ("administrator", Method::POST, "/check".to_owned(), StatusCode::FORBIDDEN),
        ("administrator", Method::GET, "/lockouts".to_owned(), StatusCode::FORBIDDEN),
        ("user", Method::GET, "/calls".to_owned(), StatusCode::FORBIDDEN),
        ("residential", Method::GET, "/calls".to_owned(), StatusCode::FORBIDDEN),
        ("api", Method::GET, "/calls".to_owned(), StatusCode::OK),
        ("supervisor", Method::GET, "/calls".to_owned(), StatusCode::OK),
        ("api", Method::GET, "/targets".to_owned(), StatusCode::FORBIDDEN),
        ("supervisor", Method::GET, "/targets".to_owned(), StatusCode::FORBIDDEN),
        ("administrator", Method::GET, "/targets".to_owned(), StatusCode::OK),
        ("reseller", Method::GET, "/customers/2".to_owned(), StatusCode::NOT_FOUND),
    ];
    for role in ["user", "residential", "auditor", "supervisor", "api", "administrator", "reseller"] {
        world.person(1, &format!("own-{role}"), role).await;
    }
    for (role, method, path, expected) in cases {
        let whom = format!("own-{role}");
        let answer = send(&world, Some(&whom), &method, &format!("/api/v1{path}"), "").await;
        assert_eq!(answer.status, expected, "{whom}: {method} {path}: {}", answer.text());
        if expected != StatusCode::OK {
            assert_tells_nothing(&answer, &whom, &path);
        }
    }
}

#[tokio::test]
async fn nobody_gives_a_role_that_may_more_than_their_own() {
    let (world, _) = world().await;
    let add = |login: &'static str, role: &str| {
        let body = json!({ "username": format!("made-{login}-{role}").replace(' ', "-"), "role": role, "password": "password" });
        let request = Request::post("/api/v1/people").header("authorization", basic(login));
        let request = request.body(Body::from(body.to_string())).unwrap();
        let world = &world;
        async move { world.call(HERE, request).await.status }
    };
    assert_eq!(add("other-administrator", "administrator").await, StatusCode::CREATED);
    assert_eq!(add("other-administrator", "api").await, StatusCode::CREATED);
    assert_eq!(add("other-administrator", "reseller").await, StatusCode::FORBIDDEN);
    assert_eq!(add("other-administrator", "system owner").await, StatusCode::FORBIDDEN);
    assert_eq!(add("other-reseller", "administrator").await, StatusCode::CREATED);
    assert_eq!(add("other-reseller", "system owner").await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_reseller_reaches_below_and_not_beside() {
    let world = World::new().await;
    world.customer(1, None).await;
    world.customer(2, Some(1)).await;
    world.customer(3, Some(2)).await;
    world.customer(4, None).await;
    world.person(1, "seller", "reseller").await;
    for customer in [2, 3, 4] {
        world.recording(customer, "call.wav", wav(u32::try_from(customer).unwrap(), 800)).await;
    }
    let get = |customer: i64| {
        let world = &world;
        async move {
            let path = format!("/api/v1/recordings/call.wav/audio?customer={customer}");
            send(world, Some("seller"), &Method::GET, &path, "").await
        }
    };
    assert_eq!(get(2).await.body, wav(2, 800));
    assert_eq!(get(3).await.body, wav(3, 800));
    assert_eq!(get(4).await.status, StatusCode::NOT_FOUND);
    let ambiguous = send(&world, Some("seller"), &Method::GET, "/api/v1/recordings/call.wav", "").await;
    assert_eq!(ambiguous.status, StatusCode::CONFLICT);
    let detail = ambiguous.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("2, 3") && !detail.contains('4'), "{detail}");
}

/// Methods and paths of the routes that `docs/api.md` names.
pub(crate) fn documented_routes() -> Vec<(String, String)> {
    let docs = include_str!("../../../../docs/api.md");
    let mut previous = String::new();
    let mut routes = Vec::new();
    for line in docs.lines().filter(|line| line.starts_with("| `")) {
        let cell = line.split('|').nth(1).unwrap();
        let words: Vec<_> = cell.split(['`', ' ', ',']).filter(|word| !word.is_empty()).collect();
        let path = words.iter().find(|word| word.starts_with('/')).map(|word| (*word).to_owned());
        let path = path.unwrap_or_else(|| previous.clone());
        previous.clone_from(&path);
        let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
        let named = words.iter().filter(|word| methods.contains(word));
        routes.extend(named.map(|method| ((*method).to_owned(), path.clone())));
    }
    routes
}

/// Every route that the documentation names is walked above, so that a new one cannot be forgotten here.
#[tokio::test]
async fn every_documented_route_is_walked() {
    let (_, stops) = world().await;
    let mut walked: Vec<String> = Vec::new();
    let template = |path: &str| {
        let path = path.trim_start_matches("/api/v1").split('?').next().unwrap();
        let parts: Vec<_> = path.split('/').collect();
        let shown = parts.iter().enumerate().map(|(place, part)| match (parts[1], place) {
            ("recordings", 2) => "{name}",
            ("recordings", 4) => "{id}",
            ("huntgroups", 4) => "{level}",
            ("features", 2) => "{kind}",
            ("features", 3) => "{id}",
            ("features", 5) => "{file}",
            ("log" | "check", _) => part,
            (_, 2) => "{id}",
            _ => part,
        });
        shown.collect::<Vec<_>>().join("/")
    };
    for Stop { method, existing, .. } in &stops {
        walked.push(format!("{method} {}", template(existing)));
    }
    walked.extend(general().into_iter().map(|(method, path, _)| format!("{method} {}", template(path))));
    let documented = documented_routes();
    for (method, path) in &documented {
        if path == "/tickets/{random}/audio" {
            // Open to whoever has the random; its rules are tested with the tickets.
            continue;
        }
        let wanted = format!("{method} {path}");
        assert!(walked.contains(&wanted), "{wanted} is documented and not walked");
    }
    assert!(documented.len() > 45, "only {} routes were found in docs/api.md", documented.len());
}
