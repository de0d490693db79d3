//! Our own API about what hunt groups do with calls.

use callvault_testkit::sound::wav;
use callvault_testkit::world::{Answer, World};
use http::{Method, StatusCode};
use serde_json::{Value, json};

async fn world() -> World {
    let world = World::new().await;
    world.customer(1, None).await;
    world.add("/huntgroups", json!({ "id": 123, "customer": 1, "name": "Sales" })).await;
    world
}

async fn patch(world: &World, path: &str, change: Value) -> Answer {
    world.local(Method::PATCH, path, change.to_string()).await
}

/// An object with some members replaced.
fn with(object: &Value, members: &Value) -> Value {
    let mut object = object.clone();
    for (name, value) in members.as_object().unwrap() {
        object[name] = value.clone();
    }
    object
}

#[tokio::test]
async fn settings_are_shown_as_they_were_set() {
    let world = world().await;
    let shown = world.local(Method::GET, "/huntgroups?customer=1", "").await.json()["items"][0].clone();
    let hangup = json!({ "type": "hangup", "number": "" });
    let new = json!({
        "description": "", "type": "linear", "ring_seconds": 10, "music": null, "music_ringing": false,
        "allow_forwards": false, "screen": "none", "record_group": null, "panel": false,
        "default_exit": hangup, "unavailable_exit": hangup, "busy_exit": hangup,
    });
    assert_eq!(with(&shown, &new), shown);
    world.add("/recordgroups", json!({ "id": 5, "customer": 1, "name": "Calls" })).await;
    let full = json!({
        "description": "Ground floor", "type": "smart_circular", "ring_seconds": 3600, "music": 4,
        "music_ringing": true, "allow_forwards": true, "screen": "name", "record_group": 5, "panel": true,
        "default_exit": { "type": "phone", "number": "100" }, "unavailable_exit": hangup,
        "busy_exit": { "type": "callback", "number": "" },
    });
    let added = world.add("/huntgroups", with(&full, &json!({ "customer": 1, "name": "Desk" }))).await;
    assert_eq!(with(&added, &full), added);
    let path = format!("/huntgroups/{}", added["id"]);
    for change in [
        json!({}),
        json!({ "music": null, "record_group": null }),
        json!({ "screen": "caller_id", "ring_seconds": 0, "description": "" }),
        json!({ "busy_exit": hangup }),
    ] {
        let before = world.local(Method::GET, &path, "").await.json();
        let answer = patch(&world, &path, change.clone()).await;
        assert_eq!(answer.status, StatusCode::OK, "{change}: {}", answer.text());
        let after = world.local(Method::GET, &path, "").await.json();
        assert_eq!(after, with(&before, &change), "{change}");
    }
}

#[tokio::test]
async fn what_no_hunt_group_can_be_is_refused_with_its_field() {
    let world = world().await;
    let before = world.local(Method::GET, "/huntgroups/123", "").await.json();
    for (change, field) in [
        (json!({ "nonsense": 1 }), "nonsense"),
        (json!({ "type": "random" }), "type"),
        (json!({ "screen": "2" }), "screen"),
        (json!({ "ring_seconds": 3601 }), "ring_seconds"),
        (json!({ "ring_seconds": -2 }), "ring_seconds"),
        (json!({ "ring_seconds": 65546 }), "ring_seconds"),
        (json!({ "description": "x".repeat(1001) }), "description"),
        (json!({ "description": "a\u{0}b" }), "description"),
        (json!({ "default_exit": { "type": "hangup", "number": "1" } }), "default_exit"),
        (json!({ "busy_exit": { "type": "Phone", "number": "1" } }), "busy_exit"),
        (json!({ "busy_exit": { "type": "", "number": "" } }), "busy_exit"),
        (json!({ "busy_exit": { "type": "phone", "number": "1".repeat(256) } }), "busy_exit"),
    ] {
        let answer = patch(&world, "/huntgroups/123", change.clone()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{change}: {}", answer.text());
        assert_eq!(answer.json()["field"], field, "{change}");
        let new = with(&change, &json!({ "customer": 1, "name": "Desk" }));
        let answer = world.local(Method::POST, "/huntgroups", new.to_string()).await;
        assert_eq!(answer.json()["field"], field, "{new}");
    }
    assert_eq!(world.local(Method::GET, "/huntgroups/123", "").await.json(), before);
    for change in [json!({ "description": "ü".repeat(1000) }), json!({ "ring_seconds": 3600 })] {
        assert_eq!(patch(&world, "/huntgroups/123", change).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn levels_are_those_of_the_hunt_group_until_they_are_set() {
    let world = world().await;
    let path = "/huntgroups/123/levels/10";
    let level = json!({
        "huntgroup": 123, "level": 10, "ring_seconds": null, "music_ringing": null, "play_message": false,
    });
    assert_eq!(world.local(Method::GET, path, "").await.json(), level);
    let own = json!({ "ring_seconds": 0, "music_ringing": false, "play_message": true });
    assert_eq!(patch(&world, path, own.clone()).await.json(), with(&level, &own));
    let back = patch(&world, path, json!({ "music_ringing": null })).await.json();
    assert_eq!(back, with(&level, &json!({ "ring_seconds": 0, "play_message": true })));
    for (change, field) in
        [(json!({ "ring_seconds": 3601 }), "ring_seconds"), (json!({ "level": 1 }), "level")]
    {
        let answer = patch(&world, path, change).await;
        assert_eq!((answer.status, &answer.json()["field"]), (StatusCode::BAD_REQUEST, &json!(field)));
    }
    assert_eq!(
        world.local(Method::GET, "/huntgroups/123/levels/11", "").await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(world.local(Method::GET, "/huntgroups/9/levels/1", "").await.status, StatusCode::NOT_FOUND);
    // Taking the message away switches it off.
    world.message(123, 10, "a.wav", wav(1, 100)).await;
    let removed = world.local(Method::DELETE, &format!("{path}/message"), "").await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    assert_eq!(world.local(Method::GET, path, "").await.json()["play_message"], false);
}

#[tokio::test]
async fn destinations_are_added_changed_listed_and_removed() {
    let world = world().await;
    let new = json!({ "huntgroup": 123, "level": 1, "type": "phone", "number": "100" });
    let added = world.add("/destinations", new.clone()).await;
    let default =
        json!({ "id": 1, "append_callerid": "", "available": true, "screen": false, "description": "" });
    assert_eq!(added, with(&new, &default));
    let change = json!({
        "level": 10, "type": "sipuri", "number": "sip:a@example.com", "append_callerid": "9",
        "available": false, "screen": true, "description": "Desk",
    });
    let changed = patch(&world, "/destinations/1", change.clone()).await.json();
    assert_eq!(changed, with(&added, &change));
    assert_eq!(world.local(Method::GET, "/destinations/1", "").await.json(), changed);
    let second = world.add("/destinations", new.clone()).await;
    let list = world.local(Method::GET, "/destinations?huntgroup=123&limit=1", "").await.json();
    assert_eq!(list, json!({ "items": [changed], "next": "1" }));
    let list = world.local(Method::GET, "/destinations?huntgroup=123&limit=2&after=1", "").await.json();
    assert_eq!(list, json!({ "items": [second], "next": null }));
    for (change, field) in [
        (json!({ "level": 0 }), "level"),
        (json!({ "type": "hangup" }), "type"),
        (json!({ "number": "" }), "number"),
        (json!({ "number": "1".repeat(256) }), "number"),
        (json!({ "append_callerid": "1".repeat(101) }), "append_callerid"),
        (json!({ "description": "x".repeat(1001) }), "description"),
        (json!({ "huntgroup": 1 }), "huntgroup"),
    ] {
        let answer = patch(&world, "/destinations/1", change.clone()).await;
        assert_eq!(
            (answer.status, &answer.json()["field"]),
            (StatusCode::BAD_REQUEST, &json!(field)),
            "{change}"
        );
    }
    let nowhere = with(&new, &json!({ "huntgroup": 9 }));
    let answer = world.local(Method::POST, "/destinations", nowhere.to_string()).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    for expected in [StatusCode::NO_CONTENT, StatusCode::NOT_FOUND] {
        assert_eq!(world.local(Method::DELETE, "/destinations/1", "").await.status, expected);
    }
    let answer = world.local(Method::GET, "/destinations", "").await;
    assert_eq!(answer.json()["field"], "huntgroup");
    world.local(Method::DELETE, "/huntgroups/123", "").await;
    assert_eq!(world.local(Method::GET, "/destinations/2", "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_plan_bounds_destinations_and_forbids_changes() {
    let world = world().await;
    let plan = async |plan: Value| {
        let answer = patch(&world, "/customers/1", plan.clone()).await;
        assert_eq!(answer.status, StatusCode::OK, "{plan}: {}", answer.text());
        answer.json()
    };
    let new = json!({ "huntgroup": 123, "level": 1, "type": "phone", "number": "100" }).to_string();
    let add = async || world.local(Method::POST, "/destinations", new.clone()).await;
    assert_eq!(plan(json!({ "huntgroup_destinations": 1 })).await["huntgroup_destinations"], 1);
    assert_eq!(add().await.status, StatusCode::CREATED);
    let refused = add().await;
    assert_eq!((refused.status, &refused.json()["code"]), (StatusCode::FORBIDDEN, &json!("plan")));
    assert!(refused.text().contains("1 destinations"), "{}", refused.text());
    assert_eq!(plan(json!({ "huntgroup_destinations": null })).await["huntgroup_destinations"], Value::Null);
    assert_eq!(add().await.status, StatusCode::CREATED);
    for number in [-1, 1_i64 << 32] {
        let answer = patch(&world, "/customers/1", json!({ "huntgroup_destinations": number })).await;
        assert_eq!(answer.json()["field"], "huntgroup_destinations", "{number}");
    }
    plan(json!({ "huntgroups_allowed": false })).await;
    for (path, change) in [
        ("/huntgroups/123", json!({ "name": "x" })),
        ("/huntgroups/123/levels/1", json!({ "play_message": true })),
        ("/destinations/1", json!({ "number": "1" })),
    ] {
        assert_eq!(patch(&world, path, change).await.json()["code"], "plan", "{path}");
    }
    for path in ["/destinations/1", "/huntgroups/123"] {
        assert_eq!(world.local(Method::GET, path, "").await.status, StatusCode::OK, "{path}");
        assert_eq!(world.local(Method::DELETE, path, "").await.status, StatusCode::NO_CONTENT, "{path}");
    }
}
