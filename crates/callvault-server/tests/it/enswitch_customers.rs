//! The Enswitch functions about customers: only those below one's own, and none that has anything in it goes away.

use callvault_testkit::sound::wav;
use callvault_testkit::world::World;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::enswitch_calls::{call, code, data};

/// Customer 1 in Berlin with 2 below it and 3 below that, and 4 beside.
async fn world() -> World {
    let world = World::new().await;
    world.add("/customers", json!({ "id": 1, "name": "One", "timezone": "Europe/Berlin" })).await;
    world.customer(2, Some(1)).await;
    world.customer(3, Some(2)).await;
    world.customer(4, None).await;
    for (customer, username, role) in [
        (1, "root", "system owner"),
        (1, "seller", "reseller"),
        (1, "admin", "administrator"),
        (1, "user", "user"),
        (1, "auditor", "auditor"),
        (2, "below", "reseller"),
        (4, "beside", "reseller"),
    ] {
        world.person(customer, username, role).await;
    }
    world
}

async fn list(world: &World, username: &str, parameters: &str) -> Vec<i64> {
    let rows = data(world, username, "customers/list", parameters).await;
    rows.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn what_is_created_is_shown_and_kept_by_updates() {
    let world = world().await;
    let made = data(&world, "seller", "customers/create", "name=Branch&description=Two+rooms").await;
    assert_eq!(made, json!({ "id": 5 }));
    // Without a zone, that of the customer above.
    let mut shown = json!({
        "id": 5, "customer": 1, "name": "Branch", "description": "Two rooms", "timezone": "Europe/Berlin",
    });
    assert_eq!(data(&world, "seller", "customers/get", "id=5").await, shown);
    for (parameters, members) in [
        ("", json!({})),
        ("name=Other&timezone=Asia/Tokyo", json!({ "name": "Other", "timezone": "Asia/Tokyo" })),
        ("name=&description=&timezone=", json!({ "description": "", "timezone": "Europe/Berlin" })),
    ] {
        let parameters = format!("id=5&{parameters}");
        assert_eq!(code(&world, "seller", "customers/update", &parameters).await, "204", "{parameters}");
        for (name, value) in members.as_object().unwrap() {
            shown[name] = value.clone();
        }
        assert_eq!(data(&world, "seller", "customers/get", "id=5").await, shown, "{parameters}");
    }
    let own = world.local(Method::GET, "/customers/5", "").await.json();
    assert_eq!((&own["parent"], &own["timezone"]), (&json!(1), &json!("Europe/Berlin")));
    assert_eq!(data(&world, "seller", "customers/create", "name=Deep&customer=3").await, json!({ "id": 6 }));
    assert_eq!(data(&world, "seller", "customers/get", "id=6").await["customer"], 3);
}

#[tokio::test]
async fn only_what_lies_below_is_reached() {
    let world = world().await;
    for (username, parameters, expected) in [
        ("seller", "", vec![2]),
        ("seller", "customer=2", vec![3]),
        ("seller", "customer=3", vec![]),
        ("below", "", vec![3]),
        ("beside", "", vec![]),
        ("admin", "", vec![]),
        ("root", "", vec![2, 4]),
        ("root", "customer=1", vec![2]),
        ("root", "customer=4", vec![]),
    ] {
        assert_eq!(list(&world, username, parameters).await, expected, "{username} {parameters}");
    }
    for (username, parameters, expected) in [
        ("seller", "customer=4", "400 customer"),
        ("seller", "customer=99", "400 customer"),
        ("below", "customer=1", "400 customer"),
        ("admin", "customer=2", "400 customer"),
        ("user", "", "402"),
        ("auditor", "", "402"),
    ] {
        assert_eq!(code(&world, username, "customers/list", parameters).await, expected, "{username}");
    }
    for (username, id, reached) in [
        ("seller", 2, true),
        ("seller", 3, true),
        ("seller", 1, false),
        ("seller", 4, false),
        ("seller", 99, false),
        ("below", 3, true),
        ("below", 2, false),
        ("below", 1, false),
        ("admin", 1, false),
        ("admin", 2, false),
        ("root", 4, true),
        ("root", 1, false),
    ] {
        let check = async |function: &str, done: &str| {
            let expected = if reached { done } else { "404 id" };
            let seen = code(&world, username, function, &format!("id={id}&validation=1")).await;
            assert_eq!(seen, expected, "{username} {function} {id}");
        };
        check("customers/get", "200").await;
        check("customers/update", "201").await;
        if !reached {
            check("customers/delete", "").await;
        }
    }
    for (username, parameters, expected) in [
        ("admin", "name=X", "402"),
        ("user", "name=X", "402"),
        ("seller", "name=X&customer=4", "400 customer"),
        ("below", "name=X&customer=1", "400 customer"),
        ("seller", "name=X&validation=1", "201"),
        ("below", "name=X&customer=3&validation=1", "201"),
    ] {
        let seen = code(&world, username, "customers/create", parameters).await;
        assert_eq!(seen, expected, "{username} {parameters}");
    }
    assert_eq!(list(&world, "root", "").await, [2, 4], "a trial adds nothing");
}

#[tokio::test]
async fn bad_values_have_an_entry_each() {
    let world = world().await;
    let long = format!("name={}&description={}&timezone=Mars", "x".repeat(101), "y".repeat(1001));
    let (entries, _) = call(&world, "seller", "customers/create", &long).await;
    let keys: Vec<_> = entries.iter().map(|(_, key)| key.as_str()).collect();
    assert_eq!(keys, ["name", "description", "timezone"]);
}

#[tokio::test]
async fn what_is_left_in_a_customer_keeps_it() {
    let world = world().await;
    let ask = async || {
        let answer = world.local(Method::DELETE, "/customers/3", "").await;
        let seen = code(&world, "seller", "customers/delete", "id=3&validation=1").await;
        (answer, seen)
    };
    let refused = async |left: &str| {
        let (answer, seen) = ask().await;
        assert_eq!((answer.status, seen.as_str()), (StatusCode::CONFLICT, "400 id"), "{left}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.ends_with(left), "{detail} and not {left}");
    };
    let remove = async |path: &str| {
        assert_eq!(world.local(Method::DELETE, path, "").await.status, StatusCode::NO_CONTENT, "{path}");
    };
    let below = data(&world, "seller", "customers/create", "name=Deep&customer=3").await["id"].clone();
    refused("customers").await;
    remove(&format!("/customers/{below}")).await;
    let person = world.person(3, "someone", "user").await;
    refused("people").await;
    remove(&format!("/people/{person}")).await;
    world.add("/huntgroups", json!({ "id": 123, "customer": 3, "name": "Sales" })).await;
    refused("hunt groups").await;
    remove("/huntgroups/123").await;
    world.add("/sounds", json!({ "id": 7, "customer": 3, "name": "Closed" })).await;
    refused("sounds").await;
    remove("/sounds/7").await;
    world.recording(3, "call.wav", wav(1, 800)).await;
    world.add("/tickets", json!({ "customer": 3, "recording": "call.wav", "ttl_seconds": 60 })).await;
    refused("recordings").await;
    remove("/recordings/call.wav?customer=3").await;
    assert_eq!(code(&world, "seller", "customers/delete", "id=3").await, "204");
    assert_eq!(code(&world, "seller", "customers/get", "id=3").await, "404 id");
    assert_eq!(code(&world, "seller", "customers/delete", "id=3").await, "404 id");
    assert_eq!(world.local(Method::GET, "/tickets", "").await.json()["items"], json!([]));
    // What was done to the recording is still told, under a number that nobody else gets.
    let again =
        world.local(Method::POST, "/customers", json!({ "id": 3, "name": "Three" }).to_string()).await;
    assert_eq!((again.status, &again.json()["field"]), (StatusCode::CONFLICT, &json!("id")));
    let log = world.local(Method::GET, "/log?customer=3", "").await.json();
    assert_eq!((&log["items"][0]["name"], &log["items"][0]["customer"]), (&json!("call.wav"), &json!(3)));
    assert_eq!(world.local(Method::GET, "/log?customer=99", "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.local(Method::GET, "/people?customer=3", "").await.status, StatusCode::NOT_FOUND);
    let verified = world.local(Method::POST, "/log/verify", "").await.json();
    assert_eq!(verified["faults"], json!([]));
    assert!(verified["chains"].as_i64().unwrap() >= 1, "{verified}");
}

#[tokio::test]
async fn calls_keep_a_customer_too() {
    let world = world().await;
    let calls = json!({ "customer": 3, "calls": [{
        "call_id": "1", "started_at": "2019-10-24T01:27:19Z", "from": "1", "to": "2", "call_seconds": 1,
        "talk_seconds": 1, "status": "ANSWERED", "kind": "Internal",
    }] });
    assert_eq!(world.local(Method::POST, "/calls", calls.to_string()).await.status, StatusCode::OK);
    let refused = world.local(Method::DELETE, "/customers/3", "").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text().contains("calls"), "{}", refused.text());
}

#[tokio::test]
async fn a_plan_bounds_the_customers_below() {
    let world = world().await;
    let plan = async |most: Value| {
        let body = json!({ "most_customers": most }).to_string();
        assert_eq!(world.local(Method::PATCH, "/customers/1", body).await.status, StatusCode::OK);
    };
    plan(json!(1)).await;
    for parameters in ["name=X", "name=X&validation=1"] {
        assert_eq!(code(&world, "seller", "customers/create", parameters).await, "403");
    }
    assert_eq!(code(&world, "seller", "customers/create", "name=X&customer=2").await, "200");
    assert_eq!(code(&world, "seller", "customers/update", "id=2&name=Y").await, "204");
    plan(json!(0)).await;
    assert_eq!(code(&world, "seller", "customers/update", "id=2&name=Z").await, "403");
    let lock = r#"{"disabled":true}"#;
    assert_eq!(world.local(Method::PATCH, "/customers/2", lock).await.status, StatusCode::OK);
    plan(Value::Null).await;
    assert_eq!(code(&world, "seller", "customers/create", "name=X").await, "200");
}

#[tokio::test]
async fn removals_and_additions_at_once_leave_nothing_hanging() {
    let world = world().await;
    for round in 0..5 {
        let made = data(&world, "seller", "customers/create", "name=Short").await["id"].clone();
        let (delete, create) =
            (format!("id={made}"), format!("username=r{round}&password=password&role=4&customer={made}"));
        let (deleted, created) = tokio::join!(
            code(&world, "seller", "customers/delete", &delete),
            code(&world, "seller", "people/create", &create),
        );
        // Whichever came first holds.
        let pair = (deleted.as_str(), created.as_str());
        assert!(matches!(pair, ("204", "400 customer") | ("400 id", "200")), "{pair:?}");
    }
    let check = world.local(Method::POST, "/check", "").await.json();
    assert_eq!(check["problems"], json!([]));
}

/// `docs/enswitch.md` 13 and 71: what the role does not have goes before what is wrong with the parameters.
#[tokio::test]
async fn administrators_are_refused_whatever_they_send() {
    let world = world().await;
    for parameters in ["name=Below", "name=&timezone=Nowhere", ""] {
        assert_eq!(code(&world, "admin", "customers/create", parameters).await, "402", "{parameters}");
    }
}
