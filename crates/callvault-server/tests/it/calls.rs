//! Call records over our own API.

use callvault_testkit::world::World;
use http::{Method, StatusCode};
use serde_json::{Value, json};

fn call(number: usize) -> Value {
    json!({
        "call_id": format!("1589299528.{number}"), "started_at": "2020-05-12T16:05:28Z", "from": "900000001",
        "to": "110", "call_seconds": 42, "talk_seconds": 34, "status": "ANSWERED", "kind": "Inbound",
    })
}

async fn send(world: &World, calls: &[Value]) -> (StatusCode, Value) {
    let body = json!({ "customer": 1, "calls": calls }).to_string();
    let answer = world.local(Method::POST, "/calls", body).await;
    (answer.status, answer.json())
}

async fn list(world: &World, query: &str) -> Value {
    let answer = world.local(Method::GET, &format!("/calls?customer=1{query}"), "").await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text());
    answer.json()
}

#[tokio::test]
async fn calls_are_told_once_and_listed_whole() {
    let world = World::new().await;
    world.customer(1, None).await;
    let whole = json!({
        "call_id": "1709633725.42", "started_at": "2024-03-05T10:15:25.5+01:00", "from": "2001", "to": "2002",
        "call_seconds": 21, "talk_seconds": 16, "status": "no answered", "kind": "internal",
        "recording": "20240305101530-1709633725.42-2001-2002-Internal.wav", "source_trunk": "T1",
        "destination_trunk": "T2", "pin_code": "77", "did_number": "5503301", "agent_ring_seconds": 3,
        "from_name": "Ann", "to_name": "Ben",
    });
    assert_eq!(send(&world, &[whole.clone(), call(4)]).await.1, json!({ "added": 2, "already": 0 }));
    assert_eq!(send(&world, &[call(4), whole, call(5)]).await.1, json!({ "added": 1, "already": 2 }));
    assert_eq!(send(&world, &[]).await.1, json!({ "added": 0, "already": 0 }));
    let mut found = list(&world, "&recording=20240305101530-1709633725.42-2001-2002-Internal.wav").await;
    let found = found["items"][0].take();
    assert!(found["id"].is_string() && found["received_at"].is_string());
    for (key, expected) in [
        ("customer", json!(1)),
        ("call_id", json!("1709633725.42")),
        ("started_at", json!("2024-03-05T09:15:25.500Z")),
        ("from", json!("2001")),
        ("to", json!("2002")),
        ("call_seconds", json!(21)),
        ("talk_seconds", json!(16)),
        ("status", json!("NO ANSWER")),
        ("kind", json!("Internal")),
        ("source_trunk", json!("T1")),
        ("destination_trunk", json!("T2")),
        ("pin_code", json!("77")),
        ("did_number", json!("5503301")),
        ("agent_ring_seconds", json!(3)),
        ("from_name", json!("Ann")),
        ("to_name", json!("Ben")),
    ] {
        assert_eq!(found[key], expected, "{key}");
    }
}

#[tokio::test]
async fn calls_are_filtered_and_paged() {
    let world = World::new().await;
    world.customer(1, None).await;
    let calls: Vec<Value> = (0..1000).map(call).collect();
    assert_eq!(send(&world, &calls).await.1, json!({ "added": 1000, "already": 0 }));
    let mut other = call(1000);
    other["started_at"] = json!("2020-05-12T16:05:29Z");
    other["from"] = json!("2001");
    send(&world, &[other]).await;
    for (query, expected) in [
        ("&limit=1000&number=900000001", 1000),
        ("&number=2001,2002", 1),
        ("&limit=1000&number=110&until=2020-05-12T16:05:28Z", 1000),
        ("&since=2020-05-12T16:05:29Z", 1),
        ("&since=2020-05-12T18:05:29%2B02:00&until=2020-05-12T16:05:29Z", 1),
        ("&recording=a.wav", 0),
    ] {
        assert_eq!(list(&world, query).await["items"].as_array().unwrap().len(), expected, "{query}");
    }
    let (mut seen, mut query) = (0, "&limit=300".to_owned());
    loop {
        let page = list(&world, &query).await;
        seen += page["items"].as_array().unwrap().len();
        match page["next"].as_str() {
            Some(next) => query = format!("&limit=300&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, 1001);
}

#[tokio::test]
async fn what_is_wrong_with_a_call_is_told_by_place_and_field() {
    let world = World::new().await;
    world.customer(1, None).await;
    let check = async |key: &str, value: Value| {
        let mut wrong = call(2);
        wrong[key] = value;
        let (status, problem) = send(&world, &[call(1), wrong]).await;
        assert_eq!((status, &problem["field"]), (StatusCode::BAD_REQUEST, &json!(key)), "{problem}");
        assert!(problem["detail"].as_str().unwrap().starts_with("call 2: "), "{problem}");
    };
    check("call_id", json!("")).await;
    check("started_at", json!("2020-05-12 17:05:28")).await;
    check("started_at", json!("1969-12-31T23:59:59Z")).await;
    check("status", json!("MAYBE")).await;
    check("kind", json!("Sideways")).await;
    check("recording", json!("../secret")).await;
    check("talk_seconds", json!(43)).await;
    check("pin_code", json!("1".repeat(129))).await;
    let too_many: Vec<Value> = (0..1001).map(call).collect();
    let (status, problem) = send(&world, &too_many).await;
    assert_eq!((status, &problem["field"]), (StatusCode::BAD_REQUEST, &json!("calls")));
    // All or none.
    assert_eq!(list(&world, "").await["items"], json!([]));
    for query in ["since=yesterday", "until=2020-05-12", "after=x", "recording=a/b", "limit=1001"] {
        let answer = world.local(Method::GET, &format!("/calls?customer=1&{query}"), "").await;
        let field = query.split('=').next().unwrap();
        assert_eq!((answer.status, &answer.json()["field"]), (StatusCode::BAD_REQUEST, &json!(field)));
    }
}
