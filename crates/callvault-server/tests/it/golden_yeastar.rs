//! Replays every golden pair of the Yeastar dialect against the whole application. The vocabulary of preconditions is
//! told in `callvault-wire/tests/golden/yeastar/README.md`.

use std::net::IpAddr;
use std::time::Duration;

use callvault_testkit::golden::{Message, fits, replay_all};
use callvault_testkit::sound::wav;
use callvault_testkit::world::{Answer, World};
use serde_json::json;

pub(crate) const PLAIN: &str = "20191024012719-1571909237.191-4000-4001-Internal.wav";
pub(crate) const PLUS: &str = "20240305101530-1709633725.42-+4930123456-2002-Inbound.wav";

/// The password `Callvault1` and its MD5, as the README of the pairs has them.
pub(crate) const PASSWORD: &str = "Callvault1";
pub(crate) const MD5: &str = "058b4f17c7536ed003fb4da1df4759a0";

pub(crate) fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

async fn log_in(world: &World, peer: IpAddr) -> String {
    let body = json!({ "username": "api", "password": MD5, "port": "8260" });
    let answer = world.yeastar(peer, "login", body).await;
    answer["token"].as_str().unwrap().to_owned()
}

/// The part of an audio store that makes a recording gone without the catalog knowing.
fn erase(world: &World) {
    for file in world.audio_files() {
        fs_err::remove_file(file).unwrap();
    }
}

#[tokio::test]
async fn every_pair_holds_against_the_application() {
    let count = replay_all("yeastar", replay).await;
    assert!(count > 100, "only {count} pairs found");
}

async fn replay(mut request: Message, response: Message) -> Result<(), String> {
    let (server, stranger) = (address("192.168.5.20"), address("198.51.100.9"));
    let world = World::new().await;
    world.customer(1, None).await;
    for (username, role) in [("api", "api"), ("desk", "user")] {
        let option = if request.comment("option", "device") == "real-status" { "status" } else { "envelope" };
        let body = json!({
            "customer": 1, "username": username, "role": role, "password": PASSWORD, "download_errors": option,
        });
        world.add("/people", body).await;
    }
    let audio = wav(1, 4000);
    world.recording(1, PLAIN, audio.clone()).await;
    world.recording(1, PLUS, audio.clone()).await;

    let mut token = "0".repeat(32);
    if request.comment("as", "nobody") == "api-user" {
        token = log_in(&world, server).await;
    }
    let wanted = if request.comment("recording-name", "plain") == "plus" { PLUS } else { PLAIN };
    let ticket = request.comment("ticket", "none").to_owned();
    let mut random = "0".repeat(32);
    if ticket != "none" {
        let issuer = if ticket == "other-session" { log_in(&world, server).await } else { token.clone() };
        let subject = match (ticket.as_str(), wanted) {
            ("other-recording", PLUS) => PLAIN,
            ("other-recording", _) => PLUS,
            _ => wanted,
        };
        let body = json!({ "recording": subject, "allowedip": "10.0.0.7" });
        let answer = world.yeastar(server, &format!("recording/get_random?token={issuer}"), body).await;
        random = answer["random"].as_str().unwrap().to_owned();
        match ticket.as_str() {
            "used" => {
                let name = wanted.replace('+', "%2B");
                let used = world.download(server, http::Method::GET, &name, &random, &token).await;
                assert_eq!(used.body, audio, "{}", used.text());
            }
            "expired" => world.clock.advance(Duration::from_secs(31)),
            _ => {}
        }
    }
    match request.comment("token", "live") {
        "expired" => world.clock.advance(Duration::from_secs(30 * 60)),
        "logged-out" => {
            world.yeastar(server, &format!("logout?token={token}"), json!({})).await;
        }
        _ => {}
    }
    if request.comment("recording", "present") == "erased" {
        erase(&world);
    }
    if request.comment("lockout", "open") == "locked" {
        for _ in 0..5 {
            world.yeastar(server, "login", json!({ "username": "api", "password": "0".repeat(32) })).await;
        }
    }
    request.fill("{{token}}", &token);
    request.fill("{{random}}", &random);
    let peer = match request.comment("peer", "application-server") {
        "allowed" => address("10.0.0.7"),
        "stranger" => stranger,
        _ => server,
    };
    let answer = world.call(peer, request.request()).await;
    compare(&answer, &response, &audio)
}

pub(crate) fn compare(answer: &Answer, expected: &Message, audio: &[u8]) -> Result<(), String> {
    let status = expected.first_line.split(' ').nth(1).unwrap();
    if answer.status.as_str() != status {
        return Err(format!("status {} and not {status}: {}", answer.status, answer.text()));
    }
    for (name, value) in &expected.headers {
        let value = value.replace("{{length}}", &audio.len().to_string());
        if answer.header(name) != value {
            return Err(format!("{name} is {:?} and not {value:?}", answer.header(name)));
        }
    }
    let expected_body = String::from_utf8_lossy(&expected.body).into_owned();
    if expected_body == "{{audio}}" {
        return if answer.body == audio { Ok(()) } else { Err("other audio".to_owned()) };
    }
    let text = answer.text();
    if fits(&text, &expected_body) { Ok(()) } else { Err(format!("body {text:?} and not {expected_body:?}")) }
}
