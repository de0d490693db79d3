//! Replays every golden pair around call records, refresh tokens, voicemail and the device against the whole application.
//! The vocabulary of preconditions is told in `callvault-wire/tests/golden/yeastar-calls/README.md`.

use std::time::Duration;

use callvault_testkit::golden::{Message, replay_all};
use callvault_testkit::sound::wav;
use callvault_testkit::world::World;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::golden_yeastar::{MD5, PASSWORD, PLAIN, PLUS, address, compare};

/// The four call records of the README.
fn calls() -> Value {
    json!([
        {
            "call_id": "1525421111.10", "started_at": "2018-05-04T08:05:11Z", "from": "4000", "to": "4001",
            "call_seconds": 21, "talk_seconds": 16, "status": "ANSWERED", "kind": "Internal",
            "recording": "20180504080515-1525421111.10-4000-4001-Internal.wav",
        },
        {
            "call_id": "1525428000.11", "started_at": "2018-05-04T10:00:00Z", "from": "+4930123456", "to": "4001",
            "call_seconds": 42, "talk_seconds": 34, "status": "ANSWERED", "kind": "Inbound",
            "source_trunk": "TRUNK1", "did_number": "5503301",
        },
        {
            "call_id": "1525435200.12", "started_at": "2018-05-04T12:00:00Z", "from": "4000", "to": "901234",
            "call_seconds": 30, "talk_seconds": 0, "status": "NO ANSWER", "kind": "Outbound",
            "destination_trunk": "Trunk, second", "pin_code": "77",
        },
        {
            "call_id": "1525478400.13", "started_at": "2018-05-05T00:00:00Z", "from": "4001", "to": "4000",
            "call_seconds": 3, "talk_seconds": 0, "status": "BUSY", "kind": "Internal",
        },
    ])
}

/// What a ticket for call records is for: numbers, from, to.
fn selection(subject: &str) -> (&'static str, &'static str, &'static str) {
    let (day, night) = ("2018-05-04 00:00:00", "2018-05-04 23:59:59");
    match subject {
        "cdr-all" => ("all", day, night),
        "cdr-one" => ("4000", day, night),
        "cdr-plus" => ("+4930123456", day, night),
        "cdr-ends" => ("4000,4001", "2018-05-04 12:00:00", "2018-05-05 00:00:00"),
        other => panic!("no subject {other:?}"),
    }
}

async fn log_in(world: &World) -> (String, String) {
    let body = json!({ "username": "api", "password": MD5, "port": "8260" });
    let answer = world.yeastar(address("192.168.5.20"), "login", body).await;
    let text = |member: &str| answer[member].as_str().unwrap().to_owned();
    (text("token"), text("refreshtoken"))
}

#[tokio::test]
async fn every_pair_holds_against_the_application() {
    let count = replay_all("yeastar-calls", replay).await;
    assert!(count > 300, "only {count} pairs found");
}

async fn replay(mut request: Message, response: Message) -> Result<(), String> {
    let server = address("192.168.5.20");
    let world = World::new().await;
    let customer =
        json!({ "id": 1, "name": "Customer 1", "serial": "360000000000", "device_name": "Callvault" });
    world.add("/customers", customer).await;
    let option = request.comment("option", "device").to_owned();
    for (username, role) in [("api", "api"), ("desk", "user")] {
        let body = json!({
            "customer": 1, "username": username, "role": role, "password": PASSWORD,
            "download_errors": if option == "real-status" { "status" } else { "envelope" },
            "empty_calls": if option == "empty-is-missing" { "missing" } else { "header" },
        });
        world.add("/people", body).await;
    }
    let audio = wav(1, 4000);
    for name in [PLAIN, PLUS] {
        world.recording(1, name, audio.clone()).await;
    }
    if request.comment("calls", "none") == "some" {
        let body = json!({ "customer": 1, "calls": calls() });
        let told = world.local(Method::POST, "/calls", body.to_string()).await;
        assert_eq!(told.json()["added"], 4);
    }

    let (mut token, mut refresh) = ("0".repeat(32), "0".repeat(32));
    if request.comment("as", "nobody") == "api-user" {
        (token, refresh) = log_in(&world).await;
    }
    let random = make_ticket(&world, &request, &token).await;
    match request.comment("token", "live") {
        "expired" => world.clock.advance(Duration::from_secs(30 * 60)),
        "logged-out" => {
            world.yeastar(server, &format!("logout?token={token}"), json!({})).await;
        }
        _ => {}
    }
    match request.comment("refresh", "fresh") {
        "used" => {
            let answer = world.yeastar(server, "token/refresh", json!({ "refreshtoken": refresh })).await;
            assert_eq!(answer["status"], "Success");
        }
        "expired" => world.clock.advance(Duration::from_secs(24 * 60 * 60)),
        _ => {}
    }
    request.fill("{{token}}", &token);
    request.fill("{{refresh}}", &refresh);
    request.fill("{{random}}", &random);
    let peer = match request.comment("peer", "application-server") {
        "allowed" => address("10.0.0.7"),
        "stranger" => address("198.51.100.9"),
        _ => server,
    };
    let answer = world.call(peer, request.request()).await;
    compare(&answer, &response, &audio)
}

/// The ticket that the comments speak of; 32 zeros where there is none.
async fn make_ticket(world: &World, request: &Message, token: &str) -> String {
    let server = address("192.168.5.20");
    let state = request.comment("ticket", "none");
    if state == "none" {
        return "0".repeat(32);
    }
    let issuer = if state == "other-session" { log_in(world).await.0 } else { token.to_owned() };
    let subject = request.comment("subject", "recording");
    let (call, body) = if subject == "recording" {
        ("recording/get_random", json!({ "recording": PLAIN, "allowedip": "10.0.0.7" }))
    } else {
        let (number, from, to) = selection(subject);
        let body = json!({ "number": number, "starttime": from, "endtime": to, "allowedip": "10.0.0.7" });
        ("cdr/get_random", body)
    };
    let answer = world.yeastar(server, &format!("{call}?token={issuer}"), body).await;
    let random = answer["random"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    match state {
        "used" => {
            let used = if subject == "recording" {
                world.download(server, Method::GET, PLAIN, &random, token).await
            } else {
                let (number, from, to) = selection(subject);
                world.call_file(server, Method::GET, (number, from, to), &random, token).await
            };
            assert_eq!(used.status, StatusCode::OK);
            assert_ne!(used.header("content-type"), "application/json", "{}", used.text());
        }
        "expired" => world.clock.advance(Duration::from_secs(31)),
        _ => {}
    }
    random
}
