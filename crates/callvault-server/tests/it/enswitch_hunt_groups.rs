//! The Enswitch functions about hunt groups, their levels and destinations: who may do what, and what it changes.

use axum::body::Body;
use callvault_testkit::sound::wav;
use callvault_testkit::world::{HERE, World};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::enswitch_calls::{bare_code as code, call, data};

/// Customer 1 with customer 2 below it, and customer 3 beside; a person of each role that matters.
async fn world() -> World {
    let world = World::new().await;
    world.customer(1, None).await;
    world.customer(2, Some(1)).await;
    world.customer(3, None).await;
    for (customer, username, role) in [
        (1, "admin", "administrator"),
        (1, "seller", "reseller"),
        (1, "owner", "user"),
        (1, "resident", "residential"),
        (1, "user", "user"),
        (1, "supervisor", "supervisor"),
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
    let owner =
        data(&world, "admin", "huntgroups/create", "name=First&owner=3&btype=phone&bnumber=100").await;
    assert_eq!(owner, json!({ "id": 1 }));
    world.add("/recordgroups", json!({ "id": 6, "customer": 1, "name": "Calls" })).await;
    let mut shown = json!({
        "id": 1, "customer": 1, "name": "First", "description": "", "owner": 3, "type": "linear", "ringtime": 10,
        "music": 0, "music_ringing": 0, "allow_forwards": 0, "screen": 0, "recordgroup": 0, "panel": 0,
        "dtype": "hangup", "dnumber": "", "atype": "hangup", "anumber": "", "btype": "phone", "bnumber": "100",
    });
    assert_eq!(data(&world, "admin", "huntgroups/get", "id=1").await, shown);
    for (parameters, members) in [
        ("", json!({})),
        (
            "name=Second&description=Two&type=smart_circular",
            json!({ "name": "Second", "description": "Two", "type": "smart_circular" }),
        ),
        ("name=&description=&ringtime=", json!({ "description": "" })),
        (
            "owner=0&music=5&recordgroup=6&screen=2",
            json!({ "owner": 0, "music": 5, "recordgroup": 6, "screen": 2 }),
        ),
        ("bnumber=200&screen=1&music=0", json!({ "bnumber": "200", "screen": 1, "music": 0 })),
        ("bnumber=hangup&atype=mailbox", json!({ "btype": "hangup", "bnumber": "", "atype": "mailbox" })),
        (
            "anumber=300&ringtime=3600&panel=1&allow_forwards=1&music_ringing=1",
            json!({
                "anumber": "300", "ringtime": 3600, "panel": 1, "allow_forwards": 1, "music_ringing": 1,
            }),
        ),
    ] {
        let parameters = format!("id=1&{parameters}");
        assert_eq!(code(&world, "admin", "huntgroups/update", &parameters).await, "204", "{parameters}");
        for (name, value) in members.as_object().unwrap() {
            shown[name] = value.clone();
        }
        assert_eq!(data(&world, "admin", "huntgroups/get", "id=1").await, shown, "{parameters}");
    }
    // A number alone behind an exit where the call ends already.
    for (parameters, keys) in [("dnumber=1", vec!["dnumber"]), ("bnumber=1", vec!["bnumber"])] {
        let (entries, _) = call(&world, "admin", "huntgroups/update", &format!("id=1&{parameters}")).await;
        let seen: Vec<_> = entries.iter().map(|(_, key)| key.as_str()).collect();
        assert_eq!((entries[0].0.as_str(), seen), ("400", keys));
    }
    // What was created can be sent back as it is shown.
    let pairs = shown.as_object().unwrap().iter().filter(|(name, _)| *name != "id");
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let again: Vec<_> = pairs.map(|(name, value)| format!("{name}={}", text(value))).collect();
    assert_eq!(data(&world, "admin", "huntgroups/create", &again.join("&")).await, json!({ "id": 2 }));
    shown["id"] = json!(2);
    assert_eq!(data(&world, "admin", "huntgroups/get", "id=2").await, shown);
    assert_eq!(code(&world, "admin", "huntgroups/delete", "id=2").await, "204");
    assert_eq!(code(&world, "admin", "huntgroups/delete", "id=2").await, "404");
    let list = data(&world, "admin", "huntgroups/list", "").await;
    assert_eq!(list.as_array().unwrap().iter().map(|row| row["id"].clone()).collect::<Vec<_>>(), [1]);
}

#[tokio::test]
async fn levels_and_destinations_are_kept() {
    let world = world().await;
    world.add("/huntgroups", json!({ "id": 123, "customer": 1, "name": "Sales" })).await;
    let level = |ringtime: i64, ringing: i64, play: i64| json!({ "huntgroup": 123, "level": 3, "ringtime": ringtime, "music_ringing": ringing, "play_message": play });
    for (parameters, shown) in [
        ("", level(-2, -2, 0)),
        ("ringtime=0&play_message=1", level(0, -2, 1)),
        ("music_ringing=0", level(0, 0, 1)),
        ("ringtime=-2&music_ringing=1", level(-2, 1, 1)),
    ] {
        let set = format!("id=123&level=3&{parameters}");
        assert_eq!(code(&world, "admin", "huntgroups/levels/set", &set).await, "204", "{parameters}");
        assert_eq!(data(&world, "admin", "huntgroups/levels/get", "huntgroup=123&level=3").await, shown);
    }
    // Uploading a message does not switch it on, deleting it switches it off (`docs/enswitch.md` 28).
    world.message(123, 3, "a.wav", wav(1, 100)).await;
    let place = "huntgroup=123&level=3";
    assert_eq!(code(&world, "admin", "huntgroups/files/delete", place).await, "204");
    assert_eq!(data(&world, "admin", "huntgroups/levels/get", place).await, level(-2, 1, 0));
    world.message(123, 3, "a.wav", wav(1, 100)).await;
    assert_eq!(data(&world, "admin", "huntgroups/levels/get", place).await, level(-2, 1, 0));

    let created = "huntgroup=123&level=1&dtype=phone&dnumber=100";
    assert_eq!(data(&world, "admin", "huntgroups/destinations/create", created).await, json!({ "id": 1 }));
    let mut shown = json!({
        "id": 1, "huntgroup": 123, "level": 1, "dtype": "phone", "dnumber": "100", "append_callerid": "",
        "available": 1, "screen": 0, "description": "",
    });
    for (parameters, members) in [
        ("", json!({})),
        (
            "level=10&available=0&append_callerid=9",
            json!({ "level": 10, "available": 0, "append_callerid": "9" }),
        ),
        (
            "dtype=sipuri&dnumber=a%40example.com&screen=1",
            json!({ "dtype": "sipuri", "dnumber": "a@example.com", "screen": 1 }),
        ),
        (
            "append_callerid=&dnumber=&description=Desk",
            json!({ "append_callerid": "", "description": "Desk" }),
        ),
    ] {
        let update = format!("id=1&{parameters}");
        assert_eq!(
            code(&world, "admin", "huntgroups/destinations/update", &update).await,
            "204",
            "{parameters}"
        );
        for (name, value) in members.as_object().unwrap() {
            shown[name] = value.clone();
        }
        assert_eq!(data(&world, "admin", "huntgroups/destinations/get", "id=1").await, shown, "{parameters}");
    }
    let place = "huntgroup=123&level=10&dtype=sipuri&dnumber=a%40example.com";
    assert_eq!(data(&world, "admin", "huntgroups/destinations/get", place).await, shown);
    assert_eq!(data(&world, "admin", "huntgroups/destinations/list", "huntgroup=123").await, json!([shown]));
    let elsewhere = "huntgroup=123&level=9&dtype=sipuri&dnumber=a%40example.com";
    assert_eq!(code(&world, "admin", "huntgroups/destinations/get", elsewhere).await, "404");
    assert_eq!(code(&world, "admin", "huntgroups/destinations/delete", "id=1").await, "204");
    assert_eq!(code(&world, "admin", "huntgroups/destinations/delete", "id=1").await, "404");
    assert_eq!(data(&world, "admin", "huntgroups/destinations/list", "huntgroup=123").await, json!([]));
}

/// Every function about the hunt group 123 with the destination 55 that changes nothing here.
const FUNCTIONS: [(&str, &str); 9] = [
    ("huntgroups/get", "id=123"),
    ("huntgroups/levels/get", "id=123&level=1"),
    ("huntgroups/destinations/get", "id=55"),
    ("huntgroups/destinations/list", "huntgroup=123"),
    ("huntgroups/update", "id=123&validation=1"),
    ("huntgroups/levels/set", "id=123&level=1&validation=1"),
    ("huntgroups/destinations/create", "huntgroup=123&level=1&dtype=phone&dnumber=1&validation=1"),
    ("huntgroups/destinations/update", "id=55&validation=1"),
    ("huntgroups/create", "name=n&validation=1"),
];

#[tokio::test]
async fn each_role_reaches_what_the_table_says() {
    let world = world().await;
    let body = json!({ "name": "carrier", "privileges": ["wholesale"] });
    world.add("/roles", body).await;
    world.person(1, "carrier", "carrier").await;
    let owners = [Some(3), Some(4), None];
    for (place, owner) in owners.into_iter().enumerate() {
        let path = "/huntgroups/123";
        if place == 0 {
            world
                .add("/huntgroups", json!({ "id": 123, "customer": 1, "name": "Sales", "owner": owner }))
                .await;
            let destination =
                json!({ "id": 55, "huntgroup": 123, "level": 1, "type": "phone", "number": "1" });
            world.add("/destinations", destination).await;
        } else {
            let patched = world.local(Method::PATCH, path, json!({ "owner": owner }).to_string()).await;
            assert_eq!(patched.status, StatusCode::OK);
        }
        // One code for each of the functions above.
        let seen = ["200", "200", "200", "200"];
        let hidden = ["404"; 4];
        let (may, may_not) = (["201"; 4], ["404"; 4]);
        let check = async |username: &str, views: [&str; 4], changes: [&str; 4], create: &str| {
            let expected = views.into_iter().chain(changes).chain([create]);
            for ((function, parameters), expected) in FUNCTIONS.into_iter().zip(expected) {
                let code = code(&world, username, function, parameters).await;
                assert_eq!(code, expected, "{username} of {owner:?}: {function}");
            }
        };
        check("admin", seen, may, "201").await;
        check("seller", seen, may, "201").await;
        check("beside", hidden, may_not, "201").await;
        check("below", hidden, may_not, "201").await;
        check("auditor", ["402"; 4], ["402"; 4], "402").await;
        check("supervisor", seen, ["404"; 4].map(|_| "404"), "402").await;
        match owner {
            Some(3) => {
                check("owner", seen, may, "402").await;
                check("user", hidden, may_not, "402").await;
                check("resident", ["404", "402", "402", "404"], may_not, "402").await;
                check("carrier", ["404", "402", "402", "402"], ["402"; 4], "402").await;
            }
            Some(_) => {
                check("owner", hidden, may_not, "402").await;
                // Of residential people the pages of two functions know nothing.
                check("resident", ["200", "402", "402", "200"], may, "402").await;
            }
            None => {
                check("user", seen, may_not, "402").await;
                check("carrier", ["200", "402", "402", "402"], ["402"; 4], "402").await;
            }
        }
    }
    // Who owns a hunt group may take its destinations away, and not the hunt group.
    world.local(Method::PATCH, "/huntgroups/123", json!({ "owner": 4 }).to_string()).await;
    assert_eq!(code(&world, "resident", "huntgroups/delete", "id=123").await, "402");
    assert_eq!(code(&world, "owner", "huntgroups/destinations/delete", "id=55").await, "404");
    assert_eq!(code(&world, "resident", "huntgroups/destinations/delete", "id=55").await, "204");
}

#[tokio::test]
async fn absent_and_not_visible_look_the_same() {
    let world = world().await;
    world.add("/huntgroups", json!({ "id": 123, "customer": 1, "name": "Sales", "owner": 3 })).await;
    let destination = json!({ "id": 55, "huntgroup": 123, "level": 1, "type": "phone", "number": "1" });
    world.add("/destinations", destination).await;
    for username in ["beside", "below", "user"] {
        for (function, parameters) in FUNCTIONS.into_iter().take(8).chain([
            ("huntgroups/update", "id=123&name=Lost"),
            ("huntgroups/update", "id=123&owner=999"),
            ("huntgroups/levels/set", "id=123&level=1&play_message=1"),
            ("huntgroups/destinations/create", "huntgroup=123&level=1&dtype=phone&dnumber=1"),
            ("huntgroups/destinations/get", "huntgroup=123&level=1&dtype=phone&dnumber=1"),
            ("huntgroups/destinations/update", "id=55&dnumber=2"),
            ("huntgroups/destinations/delete", "id=55"),
            ("huntgroups/delete", "id=123"),
        ]) {
            let absent = parameters.replace("123", "999").replace("55", "999");
            let (seen, missing) = (
                call(&world, username, function, parameters).await,
                call(&world, username, function, &absent).await,
            );
            assert_eq!(seen, missing, "{username}: {function} {parameters}");
            let (entries, data) = seen;
            let expected = if (username, function) == ("user", "huntgroups/delete") { "402" } else { "404" };
            assert_eq!((entries[0].0.as_str(), data), (expected, Value::Null), "{username}: {function}");
        }
        let by_number = data(&world, username, "huntgroups/destinations/list", "dtype=phone&dnumber=1").await;
        assert_eq!(by_number, json!([]), "{username}");
        assert_eq!(data(&world, username, "huntgroups/list", "").await, json!([]), "{username}");
    }
    // Nothing of all that was done.
    assert_eq!(data(&world, "admin", "huntgroups/get", "id=123").await["name"], "Sales");
    let list = data(&world, "admin", "huntgroups/destinations/list", "huntgroup=123").await;
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(list[0]["dnumber"], "1");
}

#[tokio::test]
async fn a_reseller_acts_for_customers_below() {
    let world = world().await;
    assert_eq!(data(&world, "seller", "huntgroups/create", "name=n&customer=2").await, json!({ "id": 1 }));
    assert_eq!(data(&world, "seller", "huntgroups/create", "name=n").await, json!({ "id": 2 }));
    assert_eq!(data(&world, "beside", "huntgroups/create", "name=n").await, json!({ "id": 3 }));
    for hunt_group in 1..=3 {
        let new = json!({ "huntgroup": hunt_group, "level": 1, "type": "phone", "number": "100" });
        world.add("/destinations", new).await;
    }
    let ids = async |username: &str, function: &str, parameters: &str| {
        let rows = data(&world, username, function, parameters).await;
        rows.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    for (username, parameters, expected) in [
        ("seller", "", vec![2]),
        ("seller", "customer=1", vec![2]),
        ("seller", "customer=2", vec![1]),
        ("admin", "customer=0", vec![2]),
        ("below", "", vec![1]),
        ("beside", "customer=3", vec![3]),
    ] {
        assert_eq!(ids(username, "huntgroups/list", parameters).await, expected, "{username} {parameters}");
    }
    let number = "dtype=phone&dnumber=100";
    for (username, expected) in
        [("seller", vec![1, 2]), ("admin", vec![2]), ("below", vec![1]), ("beside", vec![3])]
    {
        assert_eq!(ids(username, "huntgroups/destinations/list", number).await, expected, "{username}");
    }
    let refused = vec![("400".to_owned(), "customer".to_owned())];
    for (username, customer) in [("seller", 3), ("seller", 99), ("admin", 2), ("below", 1), ("user", 2)] {
        let list = call(&world, username, "huntgroups/list", &format!("customer={customer}")).await;
        assert_eq!(list, (refused.clone(), Value::Null), "{username} {customer}");
        if username != "user" {
            let create = format!("name=n&customer={customer}&owner=99");
            let create = call(&world, username, "huntgroups/create", &create).await;
            assert_eq!(create, (refused.clone(), Value::Null), "{username} {customer}");
        }
    }
    assert_eq!(code(&world, "seller", "huntgroups/update", "id=1&name=m").await, "204");
    assert_eq!(code(&world, "seller", "huntgroups/delete", "id=1").await, "204");
    // An owner is a person of the hunt group's own customer.
    for owner in [8, 9, 99] {
        let (entries, _) = call(&world, "seller", "huntgroups/update", &format!("id=2&owner={owner}")).await;
        assert_eq!(entries, [("400".to_owned(), "owner".to_owned())], "{owner}");
    }
    assert_eq!(code(&world, "seller", "huntgroups/create", "name=n&customer=2&owner=8").await, "200");
}

#[tokio::test]
async fn validation_judges_as_the_call_would_and_changes_nothing() {
    let world = world().await;
    world.add("/huntgroups", json!({ "id": 123, "customer": 1, "name": "Sales" })).await;
    let destination = json!({ "id": 55, "huntgroup": 123, "level": 1, "type": "phone", "number": "1" });
    world.add("/destinations", destination).await;
    let state = async || {
        let mut state = Vec::new();
        for (function, parameters) in [
            ("huntgroups/list", ""),
            ("huntgroups/levels/get", "id=123&level=1"),
            ("huntgroups/destinations/list", "huntgroup=123"),
        ] {
            state.push(data(&world, "admin", function, parameters).await);
        }
        state
    };
    let before = state().await;
    let calls = [
        ("huntgroups/create", "name=New"),
        ("huntgroups/update", "id=123&name=Other&owner=3&panel=1"),
        ("huntgroups/levels/set", "id=123&level=1&ringtime=5&play_message=1"),
        ("huntgroups/destinations/create", "huntgroup=123&level=1&dtype=phone&dnumber=2"),
        ("huntgroups/destinations/update", "id=55&dnumber=2"),
    ];
    for (function, parameters) in calls {
        let validated = format!("{parameters}&validation=1");
        assert_eq!(code(&world, "admin", function, &validated).await, "201", "{function}");
    }
    for (function, parameters, key) in [
        ("huntgroups/create", "name=n&owner=99", "owner"),
        ("huntgroups/create", "name=n&customer=3", "customer"),
        ("huntgroups/update", "id=123&owner=99", "owner"),
        ("huntgroups/update", "id=123&dnumber=1", "dnumber"),
    ] {
        for parameters in [format!("{parameters}&validation=1"), parameters.to_owned()] {
            let (entries, _) = call(&world, "admin", function, &parameters).await;
            assert_eq!(entries, [("400".to_owned(), key.to_owned())], "{function} {parameters}");
        }
    }
    assert_eq!(state().await, before);
    let plan = async |plan: Value| {
        let patched = world.local(Method::PATCH, "/customers/1", plan.to_string()).await;
        assert_eq!(patched.status, StatusCode::OK);
    };
    plan(json!({ "huntgroup_destinations": 1 })).await;
    for parameters in [calls[3].1.to_owned(), format!("{}&validation=1", calls[3].1)] {
        assert_eq!(code(&world, "admin", calls[3].0, &parameters).await, "403", "{parameters}");
    }
    plan(json!({ "huntgroups_allowed": false })).await;
    for (function, parameters) in calls {
        for parameters in [format!("{parameters}&validation=1"), parameters.to_owned()] {
            assert_eq!(code(&world, "admin", function, &parameters).await, "403", "{function} {parameters}");
        }
    }
    // Bad input and absence go before the plan (13, 45).
    assert_eq!(code(&world, "admin", "huntgroups/update", "id=123&owner=99").await, "400");
    assert_eq!(code(&world, "admin", "huntgroups/create", "name=n&owner=99").await, "400");
    assert_eq!(code(&world, "admin", "huntgroups/levels/set", "id=9&level=1").await, "404");
    assert_eq!(state().await, before);
}

#[tokio::test]
async fn each_bad_parameter_has_an_entry_of_its_own() {
    let world = world().await;
    let long = |count: usize| "x".repeat(count);
    let check = async |function: &str, parameters: &str, keys: &[&str]| {
        let (entries, data) = call(&world, "admin", function, parameters).await;
        let expected: Vec<_> = keys.iter().map(|key| ("400".to_owned(), (*key).to_owned())).collect();
        assert_eq!((entries, data), (expected, Value::Null), "{function}");
    };
    let new = |name: usize, description: usize, number: usize| {
        format!("name={}&description={}&dtype=phone&dnumber={}", long(name), long(description), long(number))
    };
    check("huntgroups/create", &new(101, 1001, 256), &["name", "description", "dnumber"]).await;
    check("huntgroups/create", "name=+&ringtime=3601&owner=x", &["name", "owner", "ringtime"]).await;
    assert_eq!(code(&world, "admin", "huntgroups/create", &new(100, 1000, 255)).await, "200");
    let shown = data(&world, "admin", "huntgroups/get", "id=1").await;
    let length = |name: &str| shown[name].as_str().unwrap().len();
    assert_eq!((length("name"), length("description"), length("dnumber")), (100, 1000, 255));
    let new = |number: usize, callerid: usize, description: usize| {
        format!(
            "huntgroup=1&level=1&dtype=phone&dnumber={}&append_callerid={}&description={}",
            long(number),
            long(callerid),
            long(description)
        )
    };
    let keys = ["dnumber", "append_callerid", "description"];
    check("huntgroups/destinations/create", &new(256, 101, 1001), &keys).await;
    assert_eq!(code(&world, "admin", "huntgroups/destinations/create", &new(255, 100, 1000)).await, "200");
    assert_eq!(code(&world, "admin", "huntgroups/destinations/get", "id=1").await, "200");
}

/// Decision 14 with 30: also where only the kept types make the numbers bad.
#[tokio::test]
async fn each_number_behind_hangup_has_an_entry_of_its_own() {
    let world = world().await;
    assert_eq!(code(&world, "admin", "huntgroups/create", "name=First").await, "200");
    let bad: Vec<_> = ["dnumber", "anumber"].map(|key| ("400".to_owned(), key.to_owned())).into();
    for types in ["&dtype=hangup&atype=hangup", ""] {
        let sent = format!("id=1&dnumber=1&anumber=2&btype=phone&bnumber=3{types}");
        assert_eq!(call(&world, "admin", "huntgroups/update", &sent).await.0, bad, "{sent}");
    }
    let shown = data(&world, "admin", "huntgroups/get", "id=1").await;
    assert_eq!((&shown["dnumber"], &shown["bnumber"]), (&json!(""), &json!("")));
}

/// Decision 42 with 30: either half of an exit may be given alone, and an empty number empties.
#[tokio::test]
async fn a_number_that_is_sent_empty_alone_is_emptied() {
    let world = world().await;
    assert_eq!(code(&world, "admin", "huntgroups/create", "name=First&dnumber=&anumber=").await, "200");
    let exit = async || {
        let shown = data(&world, "admin", "huntgroups/get", "id=1").await;
        (shown["dtype"].clone(), shown["dnumber"].clone())
    };
    assert_eq!(exit().await, (json!("hangup"), json!("")));
    for (sent, dtype, dnumber) in [
        ("dnumber=", "hangup", ""),
        ("dtype=phone&dnumber=100", "phone", "100"),
        ("dtype=&dnumber=", "phone", "100"),
        ("dtype=", "phone", "100"),
        ("dnumber=", "phone", ""),
    ] {
        assert_eq!(
            code(&world, "admin", "huntgroups/update", &format!("id=1&{sent}")).await,
            "204",
            "{sent}"
        );
        assert_eq!(exit().await, (json!(dtype), json!(dnumber)), "{sent}");
    }
}

/// Decisions 14 and 17: what does not have the boundary of its header is told, and changes nothing silently.
#[tokio::test]
async fn a_body_with_another_boundary_is_told() {
    let world = world().await;
    assert_eq!(code(&world, "admin", "huntgroups/create", "name=First").await, "200");
    let body = "--other\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\nnew\r\n--other--\r\n";
    let query = "auth_username=admin&auth_password=password&id=1";
    let request = Request::post(format!("/api/json/huntgroups/update?{query}"))
        .header("content-type", "multipart/form-data; boundary=frontier")
        .body(Body::from(body))
        .unwrap();
    let answer = world.call(HERE, request).await.json();
    let responses = answer["responses"].as_array().unwrap();
    assert_eq!(
        (responses.len(), &responses[0]["code"], &responses[0]["key"]),
        (1, &json!("400"), &json!(""))
    );
}

#[tokio::test]
async fn lists_of_any_length_are_whole() {
    let world = world().await;
    // Pages are of 200 rows: one full, one full and one more, two full and some.
    let mut count = 0;
    for wanted in [200, 201, 450] {
        while count < wanted {
            count += 1;
            // Every third is of an owner whom the plain user is not.
            let owner = (count % 3 == 0).then_some(3);
            let new = json!({ "id": count, "customer": 1, "name": "n", "owner": owner });
            world.add("/huntgroups", new).await;
            let new =
                json!({ "id": count, "huntgroup": count, "level": 1, "type": "phone", "number": "100" });
            world.add("/destinations", new).await;
        }
        let ids = async |username: &str, function: &str, parameters: &str| {
            let rows = data(&world, username, function, parameters).await;
            rows.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect::<Vec<_>>()
        };
        let all: Vec<_> = (1..=wanted).collect();
        let visible: Vec<_> = all.iter().copied().filter(|id| id % 3 != 0).collect();
        assert_eq!(ids("admin", "huntgroups/list", "").await, all);
        assert_eq!(ids("user", "huntgroups/list", "").await, visible);
        let number = "dtype=phone&dnumber=100";
        assert_eq!(ids("admin", "huntgroups/destinations/list", number).await, all);
        assert_eq!(ids("user", "huntgroups/destinations/list", number).await, visible);
    }
    for number in 1..=400 {
        let new = json!({ "huntgroup": 1, "level": 1, "type": "phone", "number": number.to_string() });
        world.add("/destinations", new).await;
    }
    let rows = data(&world, "admin", "huntgroups/destinations/list", "huntgroup=1").await;
    assert_eq!(rows.as_array().unwrap().len(), 401);
}
