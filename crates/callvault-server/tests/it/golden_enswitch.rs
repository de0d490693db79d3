//! Replays every golden pair of the Enswitch dialect against the whole application. The vocabulary of preconditions is
//! told in `callvault-wire/tests/golden/enswitch/README.md`.

use base64_simd::STANDARD;
use callvault_core::service::Policy;
use callvault_server::app::Settings;
use callvault_testkit::golden::{Message, folder, replay_all};
use callvault_testkit::world::{Answer, HERE, World};
use http::{Method, StatusCode};
use serde_json::{Value, json};

pub(crate) fn sample(name: &str) -> Vec<u8> {
    fs_err::read(folder("enswitch").join(name)).unwrap()
}

#[tokio::test]
async fn every_pair_holds_against_the_application() {
    let count = replay_all("enswitch", async |request, response| replay(&request, &response).await).await;
    assert!(count > 100, "only {count} pairs found");
}

async fn replay(request: &Message, response: &Message) -> Result<(), String> {
    let mut settings = Settings::default();
    let mut policy = Policy::default();
    settings.enswitch_mirror = request.comment("mirror", "off") == "on";
    if let Ok(limit) = request.comment("server-limit", "").parse() {
        settings.largest_message_bytes = limit;
        policy.largest_message_bytes = limit;
    }
    let world = World::with(settings, policy).await;
    arrange(&world, request).await;
    let answer = world.call(HERE, request.request()).await;
    compare(&answer, response)?;
    after(&world, request).await
}

async fn arrange(world: &World, request: &Message) {
    world.customer(1, None).await;
    world.customer(2, None).await;
    let whom = request.comment("as", "administrator");
    let role = match whom {
        "owner" | "user" => "user",
        "residential-owner" => "residential",
        "auditor" => "auditor",
        _ => "administrator",
    };
    let source = if whom == "elsewhere" { "192.0.2.1" } else { "" };
    let body = json!({
        "customer": 1, "username": "user", "role": role, "password": "password", "source": source,
    });
    let person = world.add("/people", body).await["id"].as_i64().unwrap();
    if whom == "disabled" {
        let path = format!("/people/{person}");
        let patched = world.local(Method::PATCH, &path, json!({ "disabled": true }).to_string()).await;
        assert_eq!(patched.status, StatusCode::OK);
    }
    let elsewhere = request.comment("huntgroup", "present");
    let customer = if elsewhere == "other-customer" { 2 } else { 1 };
    let somebody = world.person(customer, "somebody", "user").await;
    let owner = match (whom, request.comment("owner", "somebody")) {
        ("owner" | "residential-owner", _) => Some(person),
        (_, "nobody") => None,
        _ => Some(somebody),
    };
    if elsewhere != "absent" {
        let hunt_group = json!({ "id": 123, "customer": customer, "name": "Sales", "owner": owner });
        world.add("/huntgroups", hunt_group).await;
        if request.comment("file", "present") != "absent" {
            world.message(123, 1, "example.wav", sample("example.wav")).await;
        }
        if request.comment("file", "present") == "unreadable" {
            for file in world.audio_files() {
                fs_err::remove_file(file).unwrap();
            }
        }
    }
    let sound = request.comment("sound", "present");
    if sound != "absent" {
        let customer = if sound == "other-customer" { 2 } else { 1 };
        world.add("/sounds", json!({ "id": 7, "customer": customer, "name": "Closed now" })).await;
        if sound != "empty" {
            let filled = world.local(Method::PUT, "/sounds/7/audio", sample("greeting.wav")).await;
            assert_eq!(filled.status, StatusCode::NO_CONTENT, "{}", filled.text());
        }
    }
    if request.comment("plan", "allows") == "forbids" {
        let path = format!("/customers/{customer}");
        let plan = json!({ "huntgroups_allowed": false });
        let patched = world.local(Method::PATCH, &path, plan.to_string()).await;
        assert_eq!(patched.status, StatusCode::OK, "{}", patched.text());
    }
}

async fn after(world: &World, request: &Message) -> Result<(), String> {
    let message = world.local(Method::GET, "/huntgroups/123/levels/1/message", "").await;
    match request.comment("then-file", "") {
        "" => {}
        "absent" if message.status == StatusCode::NOT_FOUND => {}
        "absent" => return Err("the file is still there".to_owned()),
        name if message.body == sample(name) => {}
        name => return Err(format!("afterwards the level does not hold {name}")),
    }
    let wanted = request.comment("then-name", "");
    if !wanted.is_empty() {
        let shown = world.local(Method::GET, "/huntgroups/123", "").await.json();
        let name = shown["messages"][0]["name"].as_str().unwrap_or_default();
        if name != wanted {
            return Err(format!("afterwards the file is called {name:?} and not {wanted:?}"));
        }
    }
    Ok(())
}

pub(crate) fn compare(answer: &Answer, expected: &Message) -> Result<(), String> {
    let status = expected.first_line.split(' ').nth(1).unwrap();
    if answer.status.as_str() != status {
        return Err(format!("status {} and not {status}: {}", answer.status, answer.text()));
    }
    for (name, value) in &expected.headers {
        if answer.header(name) != value {
            return Err(format!("{name} is {:?} and not {value:?}", answer.header(name)));
        }
    }
    let example = sample("example.wav");
    let text = String::from_utf8_lossy(&expected.body);
    match text.as_ref() {
        "{{audio}}" if answer.body == example => return Ok(()),
        "{{audio-base64}}" if answer.body == STANDARD.encode_to_string(&example).as_bytes() => return Ok(()),
        "{{audio}}" | "{{audio-base64}}" => return Err("other audio".to_owned()),
        _ => {}
    }
    if !answer.header("content-type").starts_with("application/json") {
        let same = answer.text().trim_end() == text.trim_end();
        return if same { Ok(()) } else { Err(format!("body {:?} and not {text:?}", answer.text())) };
    }
    let code_points: String = example.iter().map(|byte| char::from(*byte)).collect();
    let mut wanted: Value = serde_json::from_str(&text).map_err(|error| format!("{error} in {text}"))?;
    if let Some(data) = wanted.pointer_mut("/data/data") {
        match data.as_str() {
            Some("{{audio-raw}}") => *data = code_points.into(),
            Some("{{audio-base64}}") => *data = STANDARD.encode_to_string(&example).into(),
            _ => {}
        }
    }
    let got = answer.json();
    if got == wanted { Ok(()) } else { Err(format!("body {got} and not {wanted}")) }
}
