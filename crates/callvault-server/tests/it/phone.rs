//! What the Yeastar door tells of the telephone system: from the calls that were seen (`docs/yeastar.md` G47).

use std::time::Duration;

use callvault_testkit::world::{HERE, World};
use http::Method;
use serde_json::{Value, json};

fn call(number: usize, kind: &str, from: &str, to: &str, trunks: (&str, &str)) -> Value {
    json!({
        "call_id": format!("1709596800.{number}"), "started_at": "2024-03-05T15:00:00Z", "from": from, "to": to,
        "call_seconds": 9, "talk_seconds": 7, "status": "ANSWERED", "kind": kind, "source_trunk": trunks.0,
        "destination_trunk": trunks.1,
    })
}

async fn world() -> World {
    let world = World::new().await;
    let one = json!({
        "id": 1, "name": "One", "timezone": "Asia/Kathmandu", "serial": "360000000001", "device_name": "Front desk",
    });
    world.add("/customers", one).await;
    world.customer(2, None).await;
    for (customer, username) in [(1, "one"), (2, "two")] {
        world.person(customer, username, "api").await;
    }
    let calls = json!({ "customer": 1, "calls": [
        call(1, "Inbound", "+4930123456", "10", ("Trunk B", "")),
        call(2, "Outbound", "9", "901234", ("", "Trunk A")),
        call(3, "Internal", "100", "9", ("", "")),
        call(4, "Transfer", "55", "66", ("Trunk B", "")),
    ]});
    let told = world.local(Method::POST, "/calls", calls.to_string()).await;
    assert_eq!(told.json()["added"], 4);
    world
}

async fn ask(world: &World, token: &str, endpoint: &str, body: Value) -> Value {
    world.yeastar(HERE, &format!("{endpoint}?token={token}"), body).await
}

#[tokio::test]
async fn extensions_and_trunks_are_those_of_the_customers_calls() {
    let world = world().await;
    let (one, two) = (world.log_in(HERE, "one").await, world.log_in(HERE, "two").await);
    let numbers = |answer: &Value, list: &str, member: &str| -> Vec<String> {
        let items = answer[list].as_array().unwrap_or_else(|| panic!("{answer}"));
        items.iter().map(|item| item[member].as_str().unwrap().to_owned()).collect()
    };
    let list = ask(&world, &one, "extension/list", json!({})).await;
    assert_eq!(numbers(&list, "extlist", "number"), ["9", "10", "100"]);
    let trunks = ask(&world, &one, "trunk/list", json!({})).await;
    assert_eq!(numbers(&trunks, "trunklist", "trunkname"), ["Trunk A", "Trunk B"]);
    let two_of_them = ask(&world, &one, "extension/query", json!({ "number": "100, 9,9" })).await;
    assert_eq!(numbers(&two_of_them, "extinfos", "number"), ["9", "100"]);
    for (number, errno) in [("9,55", "10006"), ("+4930123456", "10006"), ("901234", "10006"), (",", "10004")]
    {
        let answer = ask(&world, &one, "extension/query", json!({ "number": number })).await;
        assert_eq!(answer["errno"], errno, "{number}");
        let answer = ask(&world, &one, "voicemail/query", json!({ "number": number })).await;
        assert_eq!(answer["errno"], errno, "{number}");
    }
    // Another customer sees neither them nor that they are there.
    assert_eq!(ask(&world, &two, "extension/list", json!({})).await["extlist"], json!([]));
    assert_eq!(ask(&world, &two, "trunk/list", json!({})).await["trunklist"], json!([]));
    let theirs = ask(&world, &two, "extension/query", json!({ "number": "9" })).await;
    assert_eq!(theirs, ask(&world, &two, "extension/query", json!({ "number": "8" })).await);
    assert_eq!(theirs["errno"], "10006");
}

#[tokio::test]
async fn no_voicemail_is_kept() {
    let world = world().await;
    let token = world.log_in(HERE, "one").await;
    let success = json!({ "status": "Success" });
    for body in [json!({}), json!({ "number": "all" }), json!({ "extid": "9,10" })] {
        assert_eq!(ask(&world, &token, "voicemail/query", body).await, success);
    }
    let wanted = |number: &str| json!({ "number": number, "voicemailfile": "msg0000.wav", "voicemailstatus": "unread" });
    for (number, errno) in [("9", "20018"), ("55", "10006"), ("all", "10006")] {
        let answer = ask(&world, &token, "voicemail/get_random", wanted(number)).await;
        assert_eq!(answer["errno"], errno, "{number}");
    }
}

#[tokio::test]
async fn the_device_is_the_customers() {
    let world = world().await;
    let (one, two) = (world.log_in(HERE, "one").await, world.log_in(HERE, "two").await);
    world.clock.advance(Duration::from_secs(60));
    let device = ask(&world, &one, "deviceinfo/query", json!({})).await["deviceinfo"].clone();
    // The tests' clock began at 2026-03-02 09:15:14 UTC; `TZ=Asia/Kathmandu date` says the rest.
    for (member, expected) in [
        ("devicename", "Front desk"),
        ("sn", "360000000001"),
        ("systemtime", "2026-03-02 15:01:14 UTC+5:45"),
        ("uptime", "00:01:00"),
        ("extensionstatus", "3/500"),
    ] {
        assert_eq!(device[member], expected, "{member}");
    }
    let device = ask(&world, &two, "deviceinfo/query", json!({})).await["deviceinfo"].clone();
    assert_eq!((&device["devicename"], &device["sn"]), (&json!("Callvault"), &json!("")));
    assert_eq!(
        (&device["systemtime"], &device["extensionstatus"]),
        (&json!("2026-03-02 09:16:14 UTC+0"), &json!("0/500"))
    );
    let world = world.restart().await;
    world.clock.advance(Duration::from_secs(5));
    let device = ask(&world, &one, "deviceinfo/query", json!({})).await["deviceinfo"].clone();
    assert_eq!(device["uptime"], "00:00:05", "a restart begins anew");
}
