//! Record groups at both doors: what is kept of them, who may do what, and what refers to them.

use callvault_testkit::world::World;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::enswitch_calls::{code, data};

/// Customer 1 with customer 2 below it, and customer 3 beside; a person of each role that matters. `keeper` may see
/// recordings of their own alone.
pub(super) async fn world() -> World {
    let world = World::new().await;
    world.customer(1, None).await;
    world.customer(2, Some(1)).await;
    world.customer(3, None).await;
    let role = json!({ "name": "keeper", "privileges": ["user", "record"], "reach": "own" });
    world.add("/roles", role).await;
    for (customer, username, role) in [
        (1, "admin", "administrator"),
        (1, "seller", "reseller"),
        (1, "keeper", "keeper"),
        (1, "other-keeper", "keeper"),
        (1, "supervisor", "supervisor"),
        (1, "user", "user"),
        (1, "auditor", "auditor"),
        (2, "below", "administrator"),
        (3, "beside", "administrator"),
    ] {
        world.person(customer, username, role).await;
    }
    world
}

#[tokio::test]
async fn what_is_created_is_shown_and_kept_by_updates() {
    let world = world().await;
    assert_eq!(data(&world, "admin", "recording/groups/create", "name=First").await, json!({ "id": 1 }));
    let mut shown = json!({
        "id": 1, "customer": 1, "name": "First", "description": "", "email": "", "expires": 365, "fraction": 100,
        "beep": 0, "owner": 0, "record_in": 1, "record_out": 1, "transcribe": 0, "message": "",
    });
    assert_eq!(data(&world, "admin", "recording/groups/get", "id=1").await, shown);
    for (parameters, members) in [
        ("", json!({})),
        ("name=Second&email=a%40example.com", json!({ "name": "Second", "email": "a@example.com" })),
        ("name=&email=&expires=&message=all", json!({ "email": "", "message": "all" })),
        ("expires=0&fraction=0&beep=3600", json!({ "expires": 0, "fraction": 0, "beep": 3600 })),
        ("owner=3&record_in=0&record_out=0", json!({ "owner": 3, "record_in": 0, "record_out": 0 })),
        // Kept, though the vendor's page prints 0 (`docs/enswitch.md` 55).
        ("transcribe=1&message=inbound_outbound", json!({ "transcribe": 1, "message": "inbound_outbound" })),
        ("description=a%0Ab", json!({ "description": "a\nb" })),
        ("owner=0&message=", json!({ "owner": 0, "message": "" })),
    ] {
        let parameters = format!("id=1&{parameters}");
        assert_eq!(
            code(&world, "admin", "recording/groups/update", &parameters).await,
            "204",
            "{parameters}"
        );
        for (name, value) in members.as_object().unwrap() {
            shown[name] = value.clone();
        }
        assert_eq!(data(&world, "admin", "recording/groups/get", "id=1").await, shown, "{parameters}");
    }
    for (parameters, expected) in [
        ("expires=36501", "400 expires"),
        ("fraction=101", "400 fraction"),
        ("beep=3601", "400 beep"),
        ("message=none", "400 message"),
        ("name=+", "400 name"),
        ("owner=99", "400 owner"),
        ("owner=9", "400 owner"),
    ] {
        let parameters = format!("id=1&{parameters}");
        assert_eq!(code(&world, "admin", "recording/groups/update", &parameters).await, expected);
        let parameters = format!("{parameters}&validation=1");
        assert_eq!(code(&world, "admin", "recording/groups/update", &parameters).await, expected);
    }
    assert_eq!(code(&world, "admin", "recording/groups/update", "id=1&name=X&validation=1").await, "201");
    assert_eq!(code(&world, "admin", "recording/groups/create", "name=X&validation=1").await, "201");
    // What was created can be sent back as it is shown.
    let text =
        |value: &Value| value.as_str().map_or_else(|| value.to_string(), |text| text.replace('\n', "%0A"));
    let pairs = shown.as_object().unwrap().iter().filter(|(name, _)| *name != "id");
    let again: Vec<_> = pairs.map(|(name, value)| format!("{name}={}", text(value))).collect();
    assert_eq!(data(&world, "admin", "recording/groups/create", &again.join("&")).await, json!({ "id": 2 }));
    shown["id"] = json!(2);
    assert_eq!(data(&world, "admin", "recording/groups/get", "id=2").await, shown);
    assert_eq!(code(&world, "admin", "recording/groups/delete", "id=2").await, "204");
    assert_eq!(code(&world, "admin", "recording/groups/delete", "id=2").await, "404 id");
    let list = data(&world, "admin", "recording/groups/list", "").await;
    assert_eq!(list.as_array().unwrap().iter().map(|row| row["id"].clone()).collect::<Vec<_>>(), [1]);
    // Our own API has the same under its own names.
    let own = world.local(Method::GET, "/recordgroups/1", "").await.json();
    for (name, value) in [
        ("retention_days", json!(0)),
        ("fraction_percent", json!(0)),
        ("beep_seconds", json!(3600)),
        ("record_inbound", json!(false)),
        ("transcribe", json!(true)),
        ("announcement", json!("none")),
        ("owner", Value::Null),
    ] {
        assert_eq!(own[name], value, "{name}");
    }
}

#[tokio::test]
async fn who_reaches_a_record_group() {
    let world = world().await;
    let keeper = 3;
    for (id, customer, owner) in [(60, 1, Some(keeper)), (61, 1, None), (62, 2, None), (63, 3, None)] {
        let group = json!({ "id": id, "customer": customer, "name": "Calls", "owner": owner });
        world.add("/recordgroups", group).await;
    }
    // Who, and what get and update say of: one's own or another's with an owner, one without, one below, one beside.
    for (who, get, update) in [
        ("admin", ["200", "200", "404 id", "404 id"], ["204", "204", "404 id", "404 id"]),
        ("seller", ["200", "200", "200", "404 id"], ["204", "204", "204", "404 id"]),
        ("keeper", ["200", "200", "404 id", "404 id"], ["204", "404 id", "404 id", "404 id"]),
        ("other-keeper", ["404 id", "200", "404 id", "404 id"], ["404 id", "404 id", "404 id", "404 id"]),
        ("supervisor", ["200", "200", "404 id", "404 id"], ["404 id", "404 id", "404 id", "404 id"]),
        ("user", ["402"; 4], ["402"; 4]),
        ("auditor", ["402"; 4], ["402"; 4]),
        ("below", ["404 id", "404 id", "200", "404 id"], ["404 id", "404 id", "204", "404 id"]),
        ("beside", ["404 id", "404 id", "404 id", "200"], ["404 id", "404 id", "404 id", "204"]),
    ] {
        for (place, id) in (60..64).enumerate() {
            let id = format!("id={id}");
            let seen = code(&world, who, "recording/groups/get", &id).await;
            assert_eq!(seen, get[place], "{who} gets {id}");
            let seen = code(&world, who, "recording/groups/update", &format!("{id}&description=x")).await;
            assert_eq!(seen, update[place], "{who} updates {id}");
        }
    }
    for (who, ids) in [
        ("admin", vec![60, 61]),
        ("keeper", vec![60, 61]),
        ("other-keeper", vec![61]),
        ("supervisor", vec![60, 61]),
        ("below", vec![62]),
    ] {
        let list = data(&world, who, "recording/groups/list", "").await;
        let seen: Vec<_> = list.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect();
        assert_eq!(seen, ids, "{who}");
    }
    assert_eq!(code(&world, "admin", "recording/groups/list", "customer=2").await, "400 customer");
    assert_eq!(data(&world, "seller", "recording/groups/list", "customer=2").await[0]["id"], 62);
    for who in ["keeper", "supervisor", "user"] {
        assert_eq!(code(&world, who, "recording/groups/delete", "id=60").await, "402", "{who}");
        assert_eq!(code(&world, who, "recording/groups/create", "name=X").await, "402", "{who}");
    }
    assert_eq!(code(&world, "beside", "recording/groups/delete", "id=60").await, "404 id");
    assert_eq!(code(&world, "admin", "recording/groups/create", "name=X&customer=2").await, "400 customer");
    let plan = json!({ "recordgroups_allowed": false }).to_string();
    world.local(Method::PATCH, "/customers/1", plan).await;
    assert_eq!(code(&world, "keeper", "recording/groups/update", "id=60&name=X").await, "403");
    assert_eq!(code(&world, "admin", "recording/groups/create", "name=X").await, "403");
    assert_eq!(code(&world, "admin", "recording/groups/delete", "id=60").await, "204");
}

#[tokio::test]
async fn hunt_groups_name_record_groups_that_are_seen() {
    let world = world().await;
    for (id, customer, owner) in [(60, 1, Some(3)), (61, 1, None), (63, 3, None)] {
        let group = json!({ "id": id, "customer": customer, "name": "Calls", "owner": owner });
        world.add("/recordgroups", group).await;
    }
    for group in [63, 99] {
        let parameters = format!("name=X&recordgroup={group}");
        for end in ["", "&validation=1"] {
            let seen = code(&world, "admin", "huntgroups/create", &format!("{parameters}{end}")).await;
            assert_eq!(seen, "400 recordgroup", "{group}");
        }
    }
    assert_eq!(code(&world, "admin", "huntgroups/create", "name=X&recordgroup=60&owner=4").await, "200");
    // Who may not see it can send back what is shown, and name no other.
    for (parameters, expected) in [
        ("id=1&recordgroup=60&name=Y", "204"),
        ("id=1&recordgroup=0", "204"),
        ("id=1&recordgroup=60", "400 recordgroup"),
        ("id=1&recordgroup=61", "204"),
    ] {
        let seen = code(&world, "other-keeper", "huntgroups/update", parameters).await;
        assert_eq!(seen, expected, "{parameters}");
    }
    let body = json!({ "record_group": 63 }).to_string();
    let answer = world.local(Method::PATCH, "/huntgroups/1", body).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.text());
    assert_eq!(code(&world, "admin", "recording/groups/delete", "id=61").await, "204");
    let shown = world.local(Method::GET, "/huntgroups/1", "").await.json();
    assert_eq!(shown["record_group"], Value::Null);
}
