//! The Enswitch function about calls: what its parameters choose, and of whom.

use callvault_core::time::Timestamp;
use callvault_testkit::world::World;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::enswitch_calls::{code, data};
use crate::enswitch_record_groups::world as people;

async fn tell(world: &World, customer: i64, calls: &[Value]) {
    for some in calls.chunks(1000) {
        let body = json!({ "customer": customer, "calls": some }).to_string();
        let answer = world.local(Method::POST, "/calls", body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }
}

/// A call that begins so many seconds after the first one.
fn call(id: &str, second: i64, members: &Value) -> Value {
    let mut call = json!({
        "call_id": id, "started_at": Timestamp::from_unix_ms((1_709_600_000 + second) * 1000 + 7).to_string(),
        "from": "+4930123", "to": "100", "call_seconds": 60, "talk_seconds": 48, "status": "ANSWERED", "kind": "Inbound",
    });
    for (name, value) in members.as_object().unwrap() {
        call[name] = value.clone();
    }
    call
}

async fn ids(world: &World, username: &str, parameters: &str) -> Vec<String> {
    let list = data(world, username, "cdrs/list", parameters).await;
    list.as_array().unwrap().iter().map(|row| row["uniqueid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_the_parameters_choose() {
    let world = people().await;
    tell(
        &world,
        1,
        &[
            call("1.1", 0, &json!({})),
            call("1.2", 1, &json!({ "kind": "Outbound", "from": "101", "to": "+4940999", "status": "BUSY", "talk_seconds": 0 })),
            call("1.3", 2, &json!({ "kind": "Internal", "from": "101", "to": "sip:Ann", "status": "NO ANSWER", "talk_seconds": 0 })),
            call("1.4", 3, &json!({ "did_number": "0800555", "status": "VOICEMAIL", "talk_seconds": 5 })),
            call("1.5", 4, &json!({ "kind": "Transfer", "from": "101", "to": "102", "status": "FAILED", "talk_seconds": 0 })),
            // A second leg of the first call.
            call("1.1", 5, &json!({ "to": "103" })),
        ],
    )
    .await;
    let all = ["1.1", "1.2", "1.3", "1.4", "1.5", "1.1"];
    for (parameters, expected) in [
        ("", &all[..]),
        ("archive=1&recurse=1", &all[..]),
        ("start=1709600003", &all[3..]),
        ("start=1709600001&end=1709600003", &all[1..4]),
        ("callid=1.1", &["1.1", "1.1"]),
        ("callid=1.1&end=1709600004", &["1.1"]),
        ("callid=1", &[]),
        ("detail=call", &all[..5]),
        ("detail=call&start=1709600001", &all[1..5]),
        ("direction=inbound", &["1.1", "1.4", "1.1"]),
        ("direction=outbound", &["1.2"]),
        ("status=noanswer", &["1.3"]),
        ("status=ANSWER", &["1.1", "1.1"]),
        ("status=BUS", &[]),
        ("stype=phone", &["1.2", "1.3"]),
        ("ctype=number&direction=internal", &[]),
        ("dtype=number", &["1.2"]),
        ("snumber=01", &["1.1", "1.2", "1.3", "1.4", "1.5", "1.1"][..]),
        ("snumber=10&smatch=starts", &["1.2", "1.3", "1.5"]),
        ("snumber=101&smatch=exact", &["1.2", "1.3", "1.5"]),
        ("snumber=10&smatch=exact", &[]),
        ("cnumber=555&cmatch=ends", &["1.4"]),
        ("cnumber=100&cmatch=exact", &["1.1"]),
        ("dnumber=100&dmatch=exact", &["1.1", "1.4"]),
        ("dnumber=SIP%3aann&dmatch=exact", &["1.3"]),
        ("dnumber=ann", &["1.3"]),
        ("talktime_minimum=5", &["1.1", "1.4", "1.1"]),
        ("talktime_minimum=1&talktime_maximum=47", &["1.4"]),
        ("talktime_maximum=0", &["1.2", "1.3", "1.5"]),
        ("limit=2", &all[..2]),
        ("limit=2&offset=1", &all[1..3]),
        ("offset=5", &all[5..]),
        ("offset=6", &[]),
        ("direction=inbound&offset=1&limit=1", &["1.4"]),
    ] {
        assert_eq!(ids(&world, "admin", parameters).await, expected, "{parameters}");
    }
    let row = &data(&world, "admin", "cdrs/list", "callid=1.4").await[0];
    let shown = json!({
        "uniqueid": "1.4", "callid": "1.4", "start": 1_709_600_003, "end": 1_709_600_063, "totaltime": 60, "talktime": 5,
        "direction": "inbound", "status": "VOICEMAIL", "stype": "number", "snumber": "+4930123", "ctype": "number",
        "cnumber": "0800555", "dtype": "phone", "dnumber": "100", "scustomer": 0, "dcustomer": 1,
    });
    assert_eq!(*row, shown);
    let row = &data(&world, "admin", "cdrs/list", "callid=1.5").await[0];
    assert_eq!((&row["direction"], &row["stype"], &row["dcustomer"]), (&json!(""), &json!(""), &json!(0)));
}

#[tokio::test]
async fn whose_calls_are_listed() {
    let world = people().await;
    world.customer(4, Some(2)).await;
    world.add("/roles", json!({ "name": "shop", "privileges": ["callshop"], "reach": "customer" })).await;
    world.person(1, "shopkeeper", "shop").await;
    for customer in [1, 2, 3, 4] {
        // Later ones of lower numbers: a customer's calls stay together.
        tell(&world, customer, &[call(&format!("{customer}.1"), 10 - customer, &json!({}))]).await;
    }
    for (who, parameters, expected) in [
        ("admin", "", vec!["1.1"]),
        ("admin", "recurse=1", vec!["1.1"]),
        ("supervisor", "", vec!["1.1"]),
        ("shopkeeper", "", vec!["1.1"]),
        ("seller", "", vec!["1.1"]),
        ("seller", "recurse=1", vec!["1.1", "2.1", "4.1"]),
        ("seller", "recurse=1&limit=1&offset=1", vec!["2.1"]),
        ("seller", "recurse=1&callid=4.1", vec!["4.1"]),
        ("seller", "customer=2", vec!["2.1"]),
        ("seller", "customer=2&recurse=1", vec!["2.1", "4.1"]),
        ("below", "recurse=1", vec!["2.1"]),
        ("beside", "recurse=1", vec!["3.1"]),
    ] {
        assert_eq!(ids(&world, who, parameters).await, expected, "{who}: {parameters}");
    }
    for (who, parameters, expected) in [
        ("admin", "customer=2", "400 customer"),
        ("seller", "customer=3", "400 customer"),
        ("seller", "customer=99", "400 customer"),
        ("user", "", "402"),
        ("auditor", "", "402"),
        ("keeper", "", "402"),
    ] {
        assert_eq!(code(&world, who, "cdrs/list", parameters).await, expected, "{who}: {parameters}");
    }
}

#[tokio::test]
async fn a_long_list_is_whole_and_in_order() {
    let world = people().await;
    // Several pages of the list, and several reads of what is chosen from; times repeat.
    let calls: Vec<_> = (0..2_500_i64)
        .map(|number| {
            let kind = if number % 50 == 0 { "Internal" } else { "Inbound" };
            call(&format!("1.{number}"), number * 7 % 900, &json!({ "kind": kind }))
        })
        .collect();
    tell(&world, 1, &calls).await;
    tell(&world, 2, &calls[..300]).await;
    let list = data(&world, "seller", "cdrs/list", "recurse=1").await;
    let place = |row: &Value| (row["dcustomer"].as_i64().unwrap(), row["start"].as_i64().unwrap());
    let places: Vec<_> = list.as_array().unwrap().iter().map(place).collect();
    assert_eq!(places.len(), 2_800);
    assert!(places.is_sorted());
    let whole = ids(&world, "seller", "recurse=1").await;
    for (parameters, from, to) in [
        ("limit=200", 0, 200),
        ("limit=400", 0, 400),
        ("limit=401&offset=199", 199, 600),
        ("offset=2300&limit=400", 2_300, 2_700),
        ("offset=2700", 2_700, 2_800),
    ] {
        let seen = ids(&world, "seller", &format!("recurse=1&{parameters}")).await;
        assert_eq!(seen, whole[from..to], "{parameters}");
    }
    assert_eq!(ids(&world, "seller", "direction=internal").await.len(), 50);
    assert_eq!(ids(&world, "seller", "direction=internal&recurse=1&offset=40").await.len(), 50 + 6 - 40);
}
