//! A walk of every route with no login, a wrong role and another customer's login: nothing is given away, not even
//! existence.
//!
//! The list of routes is not kept by hand alone: `docs/api.md` names every route of our own API, and a test holds the
//! walk against it.

use axum::body::Body;
use callvault_core::gate::Principal;
use callvault_testkit::sound::wav;
use callvault_testkit::world::{Answer, HERE, World, basic};
use callvault_wire::yeastar::path::Endpoint;
use http::{Method, Request, StatusCode};
use serde_json::json;

const NAME: &str = "20191024012719-1571909237.191-4000-4001-Internal.wav";

/// A call of customer 1, with its recording.
const CALLS: &str = r#"{"customer":1,"calls":[{"call_id":"1571909237.191","started_at":"2019-10-24T01:27:19Z",
    "from":"4000-4001","to":"4001","call_seconds":9,"talk_seconds":7,"status":"ANSWERED","kind":"Internal",
    "recording":"20191024012719-1571909237.191-4000-4001-Internal.wav"}]}"#;

/// What must never show in an answer to someone without the right: names, sizes and numbers of customer 1's things.
const PROBES: [&str; 6] =
    ["4000-4001", "Hidden sales", "hidden-greeting", "32044", "8260", "hidden@example.com"];

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
    let level = world.local(Method::GET, "/huntgroups/123/levels/1", "").await.json();
    assert_eq!(level["play_message"], false);
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

#[tokio::test]
async fn the_dialects_give_another_customer_nothing() {
    let (world, _) = world().await;
    let token = world.log_in(HERE, "other-api").await;
    let call = format!("recording/get_random?token={token}");
    for name in [NAME, "nothing.wav"] {
        let answer = world.yeastar(HERE, &call, json!({ "recording": name })).await;
        assert_eq!(answer, json!({ "status": "Failed", "errno": "20014" }), "{name}");
    }
    let body = json!({ "number": "4000-4001", "starttime": "2019-10-24 00:00:00", "endtime": "2019-10-24 23:59:59" });
    let made = world.yeastar(HERE, &format!("cdr/get_random?token={token}"), body).await;
    let span = ("4000-4001", "2019-10-24 00:00:00", "2019-10-24 23:59:59");
    let random = made["random"].as_str().unwrap();
    let file = world.call_file(HERE, Method::GET, span, random, &token).await.text();
    assert_eq!(file.lines().count(), 1, "another customer's calls: {file}");
    for (path, extra) in
        [("download", ""), ("download", "&check=1"), ("delete", ""), ("upload", "&data=UklGRg==")]
    {
        let ask = |hunt_group: i64| {
            let link = format!(
                "/api/json/huntgroups/files/{path}/?auth_username=other-administrator&auth_password=password\
                 &huntgroup={hunt_group}&level=1{extra}"
            );
            let world = &world;
            async move { world.call(HERE, Request::get(link).body(Body::empty()).unwrap()).await }
        };
        let (seen, missing) = (ask(123).await, ask(999).await);
        assert_eq!(fingerprint(&seen), fingerprint(&missing), "{path}{extra}");
        assert_eq!(seen.json()["responses"][0]["code"], "404", "{path}{extra}");
    }
}

/// Every call of the Yeastar dialect with its parameters, one of them about a thing of customer 1.
fn yeastar_calls() -> Vec<(Endpoint, Method, &'static str)> {
    let calls = "number=4000-4001&starttime=2019-10-24%2000:00:00&endtime=2019-10-24%2023:59:59";
    let voicemail = "number=4000-4001&voicemailfile=msg0000.wav&voicemailstatus=read";
    Endpoint::ALL
        .into_iter()
        .map(|endpoint| match endpoint {
            Endpoint::Login => (endpoint, Method::POST, ""),
            Endpoint::Heartbeat | Endpoint::Logout | Endpoint::TokenRefresh => (endpoint, Method::GET, ""),
            Endpoint::RecordingGetRandom | Endpoint::RecordingDownload => {
                (endpoint, Method::GET, "recording=20191024012719-1571909237.191-4000-4001-Internal.wav")
            }
            Endpoint::CdrGetRandom | Endpoint::CdrDownload => (endpoint, Method::GET, calls),
            Endpoint::VoicemailGetRandom | Endpoint::VoicemailDownload => (endpoint, Method::GET, voicemail),
            Endpoint::VoicemailQuery | Endpoint::ExtensionQuery | Endpoint::QueueQuery => {
                (endpoint, Method::GET, "number=4000-4001")
            }
            Endpoint::DeviceInfoQuery | Endpoint::ExtensionList | Endpoint::TrunkList => {
                (endpoint, Method::GET, "")
            }
        })
        .collect()
}

#[tokio::test]
async fn every_call_of_the_yeastar_dialect_is_walked() {
    let (world, _) = world().await;
    let random = "0".repeat(32);
    let ask = async |(endpoint, method, query): &(Endpoint, Method, &'static str), token: Option<&str>| {
        let token = token.map(|token| format!("&token={token}")).unwrap_or_default();
        let link = format!("/api/v2.0.0/{}?{query}&random={random}{token}", endpoint.name());
        world.call(HERE, Request::builder().method(method).uri(link).body(Body::empty()).unwrap()).await
    };
    for call in yeastar_calls() {
        let expected = match call.0 {
            Endpoint::Login => "20007",
            Endpoint::TokenRefresh => "10004",
            _ => "20005",
        };
        assert_eq!(ask(&call, None).await.json()["errno"], expected, "{call:?} with nothing");
        if call.0.needs_token() {
            assert_eq!(
                ask(&call, Some(&random)).await.json()["errno"],
                "20004",
                "{call:?} with a wrong token"
            );
        }
        let token = world.log_in(HERE, "other-api").await;
        let answer = ask(&call, Some(&token)).await;
        assert_eq!(answer.status, StatusCode::OK, "{call:?}");
        // What was asked for is repeated in the answer of the one that makes tickets for whatever there may be.
        if call.0 != Endpoint::CdrGetRandom {
            assert_tells_nothing(&answer, "other-api", call.0.name());
        }
    }
    let counted = world.app.metrics.render();
    for endpoint in Endpoint::ALL {
        let route = format!("route=\"/api/{{version}}/{}\"", endpoint.name());
        assert!(counted.contains(&route), "{route} is not counted");
    }
}

/// The calls of the P-Series dialect that are about a thing of customer 1, and the same calls with one that does not exist.
fn pseries_stops(id: &str) -> Vec<(String, String)> {
    let stop = |existing: String, absent: &str| (existing, absent.to_owned());
    vec![
        stop("recording/list?".to_owned(), "recording/list?"),
        stop("recording/search?caller=4000-4001&".to_owned(), "recording/search?caller=9999&"),
        stop(
            "recording/search?callee=4001&start_time=0&".to_owned(),
            "recording/search?callee=9999&start_time=0&",
        ),
        stop(format!("recording/search?ids={id}&"), "recording/search?ids=1&"),
        stop(format!("recording/download?file={NAME}&"), "recording/download?file=nothing.wav&"),
        stop(format!("recording/download?id={id}&"), "recording/download?id=1&"),
    ]
}

#[tokio::test]
async fn the_pseries_dialect_gives_nobody_anything() {
    let (world, _) = world().await;
    let (own, _) = world.pseries_tokens(HERE, "hidden", "password").await;
    let listed = world.pseries(HERE, "recording/list?", &own).await;
    assert!(
        PROBES[..1].iter().all(|probe| listed.text().contains(probe)),
        "the owner sees: {}",
        listed.text()
    );
    let id = listed.json()["data"][0]["id"].to_string();
    let links = [
        world.pseries_link(HERE, &format!("recording/download?id={id}&"), &own).await,
        world.pseries_link(HERE, "cdr/download?", &own).await,
    ];
    let unknown = |link: &str| {
        let (before, after) = link.rsplit_once('-').unwrap();
        format!("{before}-{}.{}", "0".repeat(32), after.rsplit_once('.').unwrap().1)
    };
    let fetch = async |method: &Method, path: String| {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        world.call(HERE, request).await
    };
    let (other, _) = world.pseries_tokens(HERE, "other-api", "password").await;
    for (existing, absent) in pseries_stops(&id) {
        let (seen, missing) =
            (world.pseries(HERE, &existing, &other).await, world.pseries(HERE, &absent, &other).await);
        assert_eq!(fingerprint(&seen), fingerprint(&missing), "{existing} against {absent}");
        assert_tells_nothing(&seen, "other-api", &existing);
        for (token, errcode) in [("", 10005), ("0123456789abcdef0123456789abcdef", 10004)] {
            let answer = world.pseries(HERE, &existing, token).await;
            assert_eq!(answer.json()["errcode"], errcode, "{existing}");
            assert_tells_nothing(&answer, "nobody", &existing);
        }
    }
    // The file of call records is that of one's own customer.
    let file = world.pseries_link(HERE, "cdr/download?", &other).await;
    let file = fetch(&Method::GET, format!("{file}?access_token={other}")).await;
    assert_eq!((file.status, file.text().lines().count()), (StatusCode::OK, 1));
    for link in &links {
        for method in [Method::GET, Method::HEAD] {
            let seen = fetch(&method, format!("{link}?access_token={other}")).await;
            let missing = fetch(&method, format!("{}?access_token={other}", unknown(link))).await;
            assert_eq!(seen.status, StatusCode::NOT_FOUND, "{method} {link}");
            assert_eq!(fingerprint(&seen), fingerprint(&missing), "{method} {link}");
            assert_eq!(
                fetch(&method, link.clone()).await.status,
                StatusCode::UNAUTHORIZED,
                "{method} {link}"
            );
            let own = fetch(&method, format!("{link}?access_token={own}")).await;
            assert_eq!(own.status, StatusCode::OK, "{method} {link}");
        }
    }
    // Without the privilege of the door there is no token at all.
    for role in ["administrator", "user", "residential", "supervisor", "auditor"] {
        let body = json!({ "username": format!("other-{role}"), "password": "password" });
        let answer = world.pseries_post(HERE, "get_token", body).await;
        assert_eq!(answer, json!({ "errcode": 10005, "errmsg": "ACCESS DENIED" }), "{role}");
        world.app.services.logins.clear_lockouts(&Principal::local_owner(), None).unwrap();
    }
    for body in [json!({ "refresh_token": other }), json!({ "refresh_token": "0".repeat(32) })] {
        let answer = world.pseries_post(HERE, "refresh_token", body).await;
        assert_eq!(answer, json!({ "errcode": 10004, "errmsg": "TOKEN EXPIRED" }));
    }
    // Ending a token ends one's own.
    assert_eq!(world.pseries(HERE, "del_token?", &other).await.json()["errcode"], 0);
    assert_eq!(world.pseries(HERE, "recording/list?", &own).await.json()["errcode"], 0);
    // All calls that the documentation names were among these.
    let docs = include_str!("../../../../docs/pseries.md");
    let table = docs.split("## Calls").nth(1).unwrap().split("\n\n").nth(1).unwrap();
    let documented: Vec<_> = table.lines().filter_map(|line| line.strip_prefix("| `")).collect();
    let documented: Vec<_> = documented.iter().map(|line| line.split('`').next().unwrap()).collect();
    let walked = [
        "get_token",
        "refresh_token",
        "del_token",
        "recording/list",
        "recording/search",
        "recording/download",
        "cdr/download",
    ];
    assert_eq!(documented, walked);
}

/// Every route that the documentation names is walked above, so that a new one cannot be forgotten here.
#[tokio::test]
async fn every_documented_route_is_walked() {
    let (_, stops) = world().await;
    let docs = include_str!("../../../../docs/api.md");
    let mut walked: Vec<String> = Vec::new();
    let template = |path: &str| {
        let path = path.trim_start_matches("/api/v1").split('?').next().unwrap();
        let parts: Vec<_> = path.split('/').collect();
        let shown = parts.iter().enumerate().map(|(place, part)| match (parts[1], place) {
            ("recordings", 2) => "{name}",
            ("huntgroups", 4) => "{level}",
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
    let mut previous = String::new();
    let mut documented = 0;
    for line in docs.lines().filter(|line| line.starts_with("| `")) {
        let cell = line.split('|').nth(1).unwrap();
        let words: Vec<_> = cell.split(['`', ' ', ',']).filter(|word| !word.is_empty()).collect();
        let path = words.iter().find(|word| word.starts_with('/')).map(|word| (*word).to_owned());
        let path = path.unwrap_or_else(|| previous.clone());
        previous.clone_from(&path);
        for method in
            words.iter().filter(|word| ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].contains(word))
        {
            documented += 1;
            if path == "/tickets/{random}/audio" {
                // Open to whoever has the random; its rules are tested with the tickets.
                continue;
            }
            let wanted = format!("{method} {path}");
            assert!(walked.contains(&wanted), "{wanted} is documented and not walked");
        }
    }
    assert!(documented > 45, "only {documented} routes were found in docs/api.md");
}
