//! Replays every golden pair of the P-Series dialect against the whole application. The vocabulary of preconditions is
//! told in `callvault-wire/tests/golden/pseries/README.md`.

use std::time::Duration;

use axum::body::Body;
use callvault_testkit::golden::{Message, replay_all};
use callvault_testkit::sound::wav;
use callvault_testkit::world::{Answer, HERE, World, token_pair};
use http::{Method, Request};
use serde_json::json;

const PLAIN: &str = "20220412173331-1649756009.12-2002-2005-Internal.wav";
const PLUS: &str = "20240305181530-1709633725.42-+4930123456-2002-Inbound.wav";
const PASSWORD: &str = "Callvault1";

/// The file of both call records, written by hand after `docs/pseries.md` P22.
const CDR: &str = "call_id,time_start,call_from,call_to,call_duration,talk_duration,src_trunk_name,dst_trunk_name,pin_code,status,type,recording,did_number,agent_ring_time
1649756009.12,04/12/2022 17:33:29,2002,2005,42,40,,,,ANSWERED,Internal,20220412173331-1649756009.12-2002-2005-Internal.wav,,0
1709633725.42,03/05/2024 18:15:25,+4930123456,2002,110,95,TRUNK1,,,ANSWERED,Inbound,20240305181530-1709633725.42-+4930123456-2002-Inbound.wav,5503301,0
";

async fn log_in(world: &World) -> (String, String) {
    world.pseries_tokens(HERE, "api", PASSWORD).await
}

async fn renew(world: &World, refresh: &str) -> (String, String) {
    token_pair(&world.pseries_post(HERE, "refresh_token", json!({ "refresh_token": refresh })).await)
}

#[tokio::test]
async fn every_pair_holds_against_the_application() {
    assert_eq!(replay_all("pseries", replay).await, 93);
}

/// The fixture that all cases share; answers the ids of the two recordings.
async fn fixture(world: &World, audio: &[u8]) -> [i64; 2] {
    world.add("/customers", json!({ "id": 1, "name": "Acme", "timezone": "Asia/Shanghai" })).await;
    for (username, role) in [("api", "api"), ("other", "api"), ("desk", "user")] {
        let body = json!({ "customer": 1, "username": username, "role": role, "password": PASSWORD });
        world.add("/people", body).await;
    }
    let calls = json!({ "customer": 1, "calls": [
        {
            "call_id": "1649756009.12", "started_at": "2022-04-12T09:33:29Z", "from": "2002", "from_name": "Evelyn",
            "to": "2005", "call_seconds": 42, "talk_seconds": 40, "status": "ANSWERED", "kind": "Internal",
            "recording": PLAIN,
        },
        {
            "call_id": "1709633725.42", "started_at": "2024-03-05T10:15:25Z", "from": "+4930123456", "to": "2002",
            "to_name": "Leo Ball", "call_seconds": 110, "talk_seconds": 95, "status": "ANSWERED", "kind": "Inbound",
            "recording": PLUS, "source_trunk": "TRUNK1", "did_number": "5503301",
        },
    ]});
    // One recording comes before its call record and one after it.
    world.recording(1, PLAIN, audio.to_vec()).await;
    let told = world.local(Method::POST, "/calls", calls.to_string()).await.json();
    assert_eq!(told, json!({ "added": 2, "already": 0 }));
    world.clock.advance(Duration::from_secs(1));
    world.recording(1, PLUS, audio.to_vec()).await;
    let mut ids = [0; 2];
    for (id, name) in ids.iter_mut().zip([PLAIN, PLUS]) {
        let path = format!("/recordings/{}?customer=1", name.replace('+', "%2B"));
        let found = world.local(Method::GET, &path, "").await.json();
        *id = found["id"].as_str().unwrap().parse().unwrap();
    }
    ids
}

async fn replay(mut request: Message, response: Message) -> Result<(), String> {
    let world = World::new().await;
    let audio = wav(1, 4000);
    let [id, plus_id] = fixture(&world, &audio).await;
    let (mut access, mut refresh) = ("0".repeat(32), "0".repeat(32));
    let is_api = request.comment("as", "nobody") == "api";
    if is_api {
        (access, refresh) = log_in(&world).await;
    }
    let wanted = format!("recording/download?id={id}&");
    let mut random = "0".repeat(32);
    let kind = request.comment("link", "none").to_owned();
    if kind != "none" {
        let path = match kind.as_str() {
            "cdr" => world.pseries_link(HERE, "cdr/download?", &access).await,
            "other-person" => {
                let (other, _) = world.pseries_tokens(HERE, "other", PASSWORD).await;
                world.pseries_link(HERE, &wanted, &other).await
            }
            _ => world.pseries_link(HERE, &wanted, &access).await,
        };
        random = path.rsplit('-').next().unwrap().split('.').next().unwrap().to_owned();
        match kind.as_str() {
            "fetched" => {
                let target = format!("{path}?access_token={access}");
                let fetched = world.call(HERE, Request::get(target).body(Body::empty()).unwrap()).await;
                assert_eq!(fetched.body, audio, "{}", fetched.text());
            }
            "earlier-token" => (access, refresh) = renew(&world, &refresh).await,
            "expired" => {
                world.clock.advance(Duration::from_secs(30 * 60));
                (access, refresh) = log_in(&world).await;
            }
            _ => {}
        }
    }
    if request.comment("tokens", "one") == "eight" {
        for _ in 0..7 {
            log_in(&world).await;
        }
    }
    match request.comment("token", "live") {
        "expired" => world.clock.advance(Duration::from_secs(30 * 60)),
        "revoked" => {
            let answer = world.pseries(HERE, "del_token?", &access).await;
            assert_eq!(answer.json()["errcode"], 0);
        }
        _ => {}
    }
    match request.comment("refresh", "live") {
        "used" => drop(renew(&world, &refresh).await),
        "expired" => world.clock.advance(Duration::from_secs(24 * 60 * 60)),
        _ => {}
    }
    if request.comment("recording", "present") == "erased" {
        for file in world.audio_files() {
            fs_err::remove_file(file).unwrap();
        }
    }
    if request.comment("lockout", "open") == "locked" {
        for _ in 0..5 {
            let wrong = json!({ "username": "api", "password": "wrong" });
            assert_eq!(world.pseries_post(HERE, "get_token", wrong).await["errcode"], 10005);
        }
    }
    let ids = [
        ("{{id}}", id.to_string()),
        ("{{plus_id}}", plus_id.to_string()),
        // Rust prints the shortest digits that give the same number, filled up with zeros, as JavaScript does.
        ("{{id_rounded}}", (id as f64).to_string()),
        ("{{length}}", audio.len().to_string()),
    ];
    for (placeholder, value) in &ids {
        request.fill(placeholder, value);
    }
    request.fill("{{access_token}}", &access);
    request.fill("{{refresh_token}}", &refresh);
    request.fill("{{random}}", &random);
    let mut response = response;
    for (placeholder, value) in &ids {
        response.fill(placeholder, value);
    }
    let answer = world.call(HERE, request.request()).await;
    compare(&answer, &response, &audio)
}

fn compare(answer: &Answer, expected: &Message, audio: &[u8]) -> Result<(), String> {
    let status = expected.first_line.split(' ').nth(1).unwrap();
    if answer.status.as_str() != status {
        return Err(format!("status {} and not {status}: {}", answer.status, answer.text()));
    }
    for (name, value) in &expected.headers {
        matches(answer.header(name), value).map_err(|failure| format!("{name}: {failure}"))?;
    }
    match String::from_utf8_lossy(&expected.body).as_ref() {
        "{{audio}}" if answer.body == audio => Ok(()),
        "{{audio}}" => Err("other audio".to_owned()),
        "{{cdr}}" => matches(&answer.text(), CDR),
        body => matches(&answer.text(), body).map_err(|failure| format!("body: {failure}")),
    }
}

/// Holds a text against one with `{{hex32}}` and `{{stamp}}` in it.
fn matches(found: &str, expected: &str) -> Result<(), String> {
    let (mut left, mut wanted) = (found, expected);
    let differs = || Err(format!("{found:?} and not {expected:?}"));
    while let Some(place) = wanted.find("{{") {
        let Some(after) = left.strip_prefix(&wanted[..place]) else { return differs() };
        let (length, fits): (usize, fn(u8) -> bool) = if wanted[place..].starts_with("{{hex32}}") {
            (32, |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        } else {
            assert!(wanted[place..].starts_with("{{stamp}}"), "{expected}");
            (14, |byte| byte.is_ascii_digit())
        };
        if after.len() < length || !after.bytes().take(length).all(fits) {
            return differs();
        }
        left = &after[length..];
        wanted = &wanted[place + "{{hex32}}".len()..];
    }
    if left == wanted { Ok(()) } else { differs() }
}
