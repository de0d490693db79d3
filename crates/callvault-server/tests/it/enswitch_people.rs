//! The Enswitch functions about people and roles: who may do what to whom, and what it changes.

use callvault_testkit::world::{HERE, World, basic};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::enswitch_calls::{call, call_with, code, data};

/// The numbers of the roles.
const OWNER: i64 = 1;
const RESELLER: i64 = 2;
const ADMINISTRATOR: i64 = 3;
const USER: i64 = 4;

/// Customer 1 with customer 2 below it, and customer 3 beside; a person of each role that matters.
async fn world() -> World {
    let world = World::new().await;
    world.customer(1, None).await;
    world.customer(2, Some(1)).await;
    world.customer(3, None).await;
    for (number, (customer, username, role)) in [
        (1, "admin", "administrator"),
        (1, "seller", "reseller"),
        (1, "user", "user"),
        (1, "resident", "residential"),
        (1, "supervisor", "supervisor"),
        (1, "auditor", "auditor"),
        (1, "root", "system owner"),
        (2, "below", "administrator"),
        (3, "beside", "administrator"),
    ]
    .into_iter()
    .enumerate()
    {
        let id = world.person(customer, username, role).await;
        assert_eq!(usize::try_from(id).unwrap(), number + 1, "{username}");
    }
    world
}

async fn list(world: &World, username: &str, parameters: &str) -> Vec<i64> {
    let rows = data(world, username, "people/list", parameters).await;
    rows.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn what_is_created_is_shown_and_kept_by_updates() {
    let world = world().await;
    let all = "username=Ann&email=Ann@example.com&password=password&role=4&company=C&country=de&date_format=DD/MM/YYYY\
               &description=D&extension=E&fax=F&forename=Ann&language=de&mobile=M&public_key=K&source=127.0.0.1\
               &surname=Example&telephone=T&time_format=12&timezone=Europe/Berlin&title=Dr";
    assert_eq!(data(&world, "admin", "people/create", all).await, json!({ "id": 10 }));
    let mut shown = json!({
        "id": 10, "customer": 1, "username": "Ann", "email": "Ann@example.com", "role": 4, "company": "C",
        "country": "DE", "date_format": "DD/MM/YYYY", "description": "D", "extension": "E", "fax": "F",
        "forename": "Ann", "language": "de", "mobile": "M", "public_key": "K", "source": "127.0.0.1",
        "surname": "Example", "telephone": "T", "time_format": "12", "timezone": "Europe/Berlin", "title": "Dr",
    });
    assert_eq!(data(&world, "admin", "people/get", "id=10").await, shown);
    for (parameters, members) in [
        ("", json!({})),
        ("surname=Other&title=&username=&time_format=", json!({ "surname": "Other", "title": "" })),
        (
            "country=&source=&email=&timezone=",
            json!({ "country": "", "source": "", "email": "", "timezone": "" }),
        ),
        (
            "username=anna&role=5&date_format=YYYY-MM-DD",
            json!({
                "username": "anna", "role": 5, "date_format": "YYYY-MM-DD",
            }),
        ),
    ] {
        let parameters = format!("id=10&{parameters}");
        assert_eq!(code(&world, "admin", "people/update", &parameters).await, "204", "{parameters}");
        for (name, value) in members.as_object().unwrap() {
            shown[name] = value.clone();
        }
        assert_eq!(data(&world, "admin", "people/get", "id=10").await, shown, "{parameters}");
    }
    // An answer can be sent back.
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pairs = shown.as_object().unwrap().iter();
    let again: Vec<_> = pairs.map(|(name, value)| format!("{name}={}", text(value))).collect();
    assert_eq!(code(&world, "admin", "people/update", &again.join("&")).await, "204");
    assert_eq!(data(&world, "admin", "people/get", "id=10").await, shown);
    // The same person through our own API.
    let own = world.local(Method::GET, "/people/10", "").await.json();
    for name in ["surname", "company", "date_format", "public_key", "username"] {
        assert_eq!(own[name], shown[name], "{name}");
    }
}

#[tokio::test]
async fn each_sees_whom_the_rules_allow() {
    let world = world().await;
    for (username, parameters, expected) in [
        ("admin", "", vec![1, 6, 4, 7, 2, 5, 3]),
        ("supervisor", "", vec![1, 6, 4, 7, 2, 5, 3]),
        ("seller", "customer=2", vec![8]),
        ("root", "customer=3", vec![9]),
        ("user", "", vec![3]),
        ("user", "customer=1", vec![3]),
    ] {
        assert_eq!(list(&world, username, parameters).await, expected, "{username} {parameters}");
    }
    for (username, parameters, expected) in [
        ("admin", "customer=2", "400 customer"),
        ("admin", "customer=3", "400 customer"),
        ("admin", "customer=99", "400 customer"),
        ("user", "customer=2", "400 customer"),
        ("seller", "customer=3", "400 customer"),
        ("resident", "", "402"),
        ("auditor", "", "402"),
    ] {
        assert_eq!(code(&world, username, "people/list", parameters).await, expected, "{username}");
    }
    for (username, id, expected) in [
        ("admin", 3, "200"),
        ("admin", 8, "404 id"),
        ("admin", 99, "404 id"),
        ("seller", 8, "200"),
        ("seller", 9, "404 id"),
        ("root", 9, "200"),
        ("user", 3, "200"),
        ("user", 1, "404 id"),
        ("user", 8, "404 id"),
        ("supervisor", 1, "200"),
        ("auditor", 6, "402"),
    ] {
        assert_eq!(
            code(&world, username, "people/get", &format!("id={id}")).await,
            expected,
            "{username} {id}"
        );
    }
    for (username, selector, found) in [
        ("admin", "username=USER", 1),
        ("admin", "username=below", 0),
        ("seller", "username=below", 1),
        ("user", "username=admin", 0),
        ("user", "id=3", 1),
        ("user", "id=1", 0),
    ] {
        let seen = data(&world, username, "people/get", &format!("{selector}&check=1")).await;
        assert_eq!(seen, json!({ "found": found }), "{username} {selector}");
    }
}

#[tokio::test]
async fn an_address_names_one_of_those_whom_the_caller_sees() {
    let world = world().await;
    for (id, email) in [
        (1, "Shared@example.com"),
        (8, "shared@EXAMPLE.com"),
        (9, "shared@example.com"),
        (3, "u@example.com"),
    ] {
        let body = json!({ "email": email }).to_string();
        assert_eq!(world.local(Method::PATCH, &format!("/people/{id}"), body).await.status, StatusCode::OK);
    }
    let shared = "email=shared@example.com";
    assert_eq!(data(&world, "admin", "people/get", shared).await["id"], 1);
    assert_eq!(data(&world, "beside", "people/get", shared).await["id"], 9);
    assert_eq!(code(&world, "seller", "people/get", shared).await, "409 email");
    assert_eq!(code(&world, "seller", "people/get", &format!("{shared}&check=1")).await, "409 email");
    assert_eq!(code(&world, "user", "people/get", shared).await, "404 id");
    assert_eq!(data(&world, "user", "people/get", "email=U@example.com").await["id"], 3);
    assert_eq!(code(&world, "admin", "people/get", "email=nobody@example.com").await, "404 id");
}

#[tokio::test]
async fn lists_are_sorted_cut_and_counted() {
    let world = world().await;
    for (id, forename, surname) in [(1, "zoe", "Miller"), (3, "Adam", "miller"), (5, "Zoe", "Adler")] {
        let body = json!({ "forename": forename, "surname": surname }).to_string();
        assert_eq!(world.local(Method::PATCH, &format!("/people/{id}"), body).await.status, StatusCode::OK);
    }
    for (parameters, expected) in [
        ("sort=surname&offset=4", vec![5, 1, 3]),
        ("sort=surname&descending=1&limit=3", vec![3, 1, 5]),
        ("sort=forename&offset=4&limit=2", vec![3, 1]),
        ("sort=fullname&offset=4", vec![3, 5, 1]),
        ("limit=2&offset=1", vec![6, 4]),
        ("offset=7", vec![]),
        ("offset=9223372036854775807", vec![]),
    ] {
        assert_eq!(list(&world, "admin", parameters).await, expected, "{parameters}");
    }
    for (username, count) in [("admin", 7), ("user", 1)] {
        assert_eq!(data(&world, username, "people/list", "count=1").await, json!({ "count": count }));
    }
    let page = data(&world, "admin", "people/list", "pages=1&limit=1").await;
    assert_eq!(page, json!([{ "id": 1, "username": "admin" }]));
}

#[tokio::test]
async fn a_long_list_is_whole_and_a_limit_holds_across_its_pages() {
    let world = world().await;
    for number in 0..450 {
        world.person(2, &format!("many-{number:03}"), "user").await;
    }
    let whole = list(&world, "seller", "customer=2").await;
    assert_eq!(whole.len(), 451);
    let expected: Vec<i64> = std::iter::once(8).chain(10..460).collect();
    assert_eq!(whole, expected);
    for (parameters, count) in [("limit=200", 200), ("limit=201", 201), ("limit=400&offset=100", 351)] {
        let rows = list(&world, "seller", &format!("customer=2&{parameters}")).await;
        assert_eq!(rows.len(), count, "{parameters}");
    }
}

#[tokio::test]
async fn nobody_rises_above_their_own_rights() {
    let world = world().await;
    let new = "username=new&password=password";
    for (username, role, expected) in [
        ("admin", OWNER, "402"),
        ("admin", RESELLER, "402"),
        ("seller", OWNER, "402"),
        ("admin", 99, "400 role"),
        ("user", USER, "402"),
        ("supervisor", USER, "402"),
    ] {
        let parameters = format!("{new}&role={role}");
        assert_eq!(code(&world, username, "people/create", &parameters).await, expected, "{username} {role}");
        let parameters = format!("{parameters}&validation=1");
        assert_eq!(code(&world, username, "people/create", &parameters).await, expected, "{username} {role}");
    }
    // Nor by another customer, nor by the password of somebody above.
    for (username, parameters, expected) in [
        ("admin", "role=4&password=password&customer=2", "400 customer"),
        ("admin", "role=4&password=password&customer=99", "400 customer"),
        ("seller", "role=4&password=password&customer=3", "400 customer"),
        ("admin", "role=3&copy_password=7", "402"),
        ("admin", "role=3&copy_password=8", "400 copy_password"),
        ("admin", "role=3&copy_password=99", "400 copy_password"),
        ("seller", "role=3&copy_password=8", "400 copy_password"),
        ("seller", "role=3&copy_password=9", "400 copy_password"),
    ] {
        let parameters = format!("username=new&{parameters}");
        assert_eq!(
            code(&world, username, "people/create", &parameters).await,
            expected,
            "{username} {parameters}"
        );
    }
    for (username, parameters, expected) in [
        ("admin", format!("id=1&role={RESELLER}"), "402"),
        ("admin", format!("id=3&role={OWNER}"), "402"),
        ("admin", "id=2&surname=x".to_owned(), "402"),
        ("admin", "id=7&password=password2".to_owned(), "402"),
        ("admin", "id=8&surname=x".to_owned(), "404 id"),
        ("admin", "id=3&role=99".to_owned(), "400 role"),
        ("supervisor", "id=3&surname=x".to_owned(), "404 id"),
        ("user", "id=1&surname=x".to_owned(), "404 id"),
        ("user", format!("id=3&role={ADMINISTRATOR}"), "402"),
        ("user", "id=3&username=other".to_owned(), "402"),
        ("user", "id=3&source=10.0.0.1".to_owned(), "402"),
        ("auditor", "id=6&surname=x".to_owned(), "402"),
        ("resident", "id=4&surname=x".to_owned(), "402"),
    ] {
        assert_eq!(
            code(&world, username, "people/update", &parameters).await,
            expected,
            "{username} {parameters}"
        );
    }
    for (username, id, expected) in [
        ("admin", 2, "402"),
        ("admin", 8, "404 id"),
        ("user", 3, "402"),
        ("supervisor", 3, "402"),
        ("seller", 9, "404 id"),
    ] {
        assert_eq!(
            code(&world, username, "people/delete", &format!("id={id}")).await,
            expected,
            "{username} {id}"
        );
    }
    assert_eq!(list(&world, "admin", "").await.len(), 7);
    assert_eq!(data(&world, "admin", "people/get", "id=3").await["role"], USER);
}

#[tokio::test]
async fn a_user_keeps_their_own_profile_and_password() {
    let world = world().await;
    let kept = "id=3&surname=Example&email=u@example.com&role=4&username=user&source=";
    assert_eq!(code(&world, "user", "people/update", kept).await, "204");
    let shown = data(&world, "user", "people/get", "id=3").await;
    assert_eq!((&shown["surname"], &shown["role"]), (&json!("Example"), &json!(USER)));
    assert_eq!(code(&world, "user", "people/update", "id=3&password=another-word").await, "204");
    assert_eq!(code(&world, "user", "people/get", "id=3").await, "401");
    let (entries, _) = call_with(&world, ("user", "another-word"), "people/get", "id=3").await;
    assert_eq!(entries[0].0, "200");
}

#[tokio::test]
async fn a_name_is_taken_once_whatever_its_case_and_customer() {
    let world = world().await;
    for name in ["user", "USER", "Beside"] {
        let parameters = format!("username={name}&password=password&role=4");
        assert_eq!(code(&world, "admin", "people/create", &parameters).await, "400 username", "{name}");
        let parameters = format!("{parameters}&validation=1");
        assert_eq!(code(&world, "admin", "people/create", &parameters).await, "400 username", "{name}");
        let parameters = format!("id=4&username={name}");
        assert_eq!(code(&world, "admin", "people/update", &parameters).await, "400 username", "{name}");
    }
    assert_eq!(code(&world, "admin", "people/update", "id=3&username=User").await, "204");
    let (first, second) = tokio::join!(
        call(&world, "admin", "people/create", "username=once&password=password&role=4"),
        call(&world, "below", "people/create", "username=ONCE&password=password&role=4"),
    );
    let mut codes = [first.0[0].0.clone(), second.0[0].0.clone()];
    codes.sort();
    assert_eq!(codes, ["200", "400"]);
}

#[tokio::test]
async fn bad_values_have_an_entry_each_and_a_trial_changes_nothing() {
    let world = world().await;
    let bad = "username=a+b&password=short&role=4&timezone=Mars&country=DEU&title=%00";
    let (entries, _) = call(&world, "admin", "people/create", bad).await;
    let keys: Vec<_> = entries.iter().map(|(code, key)| format!("{code} {key}")).collect();
    assert_eq!(keys, ["400 username", "400 password", "400 country", "400 timezone", "400 title"]);
    let good = "username=new&password=password&role=4&validation=1";
    assert_eq!(code(&world, "admin", "people/create", good).await, "201");
    assert_eq!(
        code(&world, "admin", "people/update", "id=3&surname=New&password=password2&validation=1").await,
        "201"
    );
    assert_eq!(list(&world, "admin", "").await.len(), 7);
    assert_eq!(data(&world, "user", "people/get", "id=3").await["surname"], "");
    // Both, and neither.
    for parameters in ["username=n&role=4&password=password&copy_password=3", "username=n&role=4"] {
        let (entries, _) = call(&world, "admin", "people/create", parameters).await;
        let keys: Vec<_> = entries.iter().map(|(_, key)| key.as_str()).collect();
        assert_eq!(keys, ["password", "copy_password"]);
    }
}

#[tokio::test]
async fn a_copied_password_opens_the_door() {
    let world = world().await;
    let made = data(&world, "admin", "people/create", "username=twin&role=4&copy_password=3").await;
    assert_eq!(data(&world, "twin", "people/get", "username=twin").await["id"], made["id"]);
    // It is a copy: neither changes the other.
    assert_eq!(code(&world, "user", "people/update", "id=3&password=another-word").await, "204");
    assert_eq!(code(&world, "twin", "people/get", "username=twin").await, "200");
}

#[tokio::test]
async fn who_owns_something_stays_until_it_is_given_away() {
    let world = world().await;
    world.add("/huntgroups", json!({ "id": 123, "customer": 1, "name": "Sales", "owner": 3 })).await;
    for parameters in ["id=3", "id=3&features=1"] {
        assert_eq!(code(&world, "admin", "people/delete", parameters).await, "400 id", "{parameters}");
    }
    let group = data(&world, "admin", "huntgroups/get", "id=123").await;
    assert_eq!(group["owner"], 3);
    assert_eq!(code(&world, "admin", "huntgroups/update", "id=123&owner=1").await, "204");
    assert_eq!(code(&world, "admin", "people/delete", "id=3").await, "204");
    assert_eq!(code(&world, "admin", "people/get", "id=3").await, "404 id");
    assert_eq!(code(&world, "admin", "people/delete", "id=3").await, "404 id");
    assert_eq!(code(&world, "user", "people/get", "id=3").await, "401");
    // Oneself stays, and a number is not given again, though the name is free.
    assert_eq!(code(&world, "admin", "people/delete", "id=1").await, "400 id");
    let again = data(&world, "admin", "people/create", "username=user&password=password&role=4").await;
    assert_eq!(again["id"], 10);
}

#[tokio::test]
async fn a_deletion_ends_what_the_person_had_open() {
    let world = world().await;
    let api = world.person(1, "connector", "api").await;
    world.recording(1, "call.wav", callvault_testkit::sound::wav(1, 800)).await;
    let token = world.log_in(HERE, "connector").await;
    let ticket = world.ticket(HERE, &token, "call.wav").await;
    let (access, refresh) = world.pseries_tokens(HERE, "connector", "password").await;
    assert_eq!(world.local(Method::GET, "/targets", "").await.json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(code(&world, "admin", "people/delete", &format!("id={api}")).await, "204");
    let answer = world.download(HERE, Method::GET, "call.wav", &ticket, &token).await;
    assert_ne!(answer.header("content-type"), "audio/x-wav", "{}", answer.text());
    assert_eq!(world.yeastar(HERE, &format!("heartbeat?token={token}"), json!({})).await["errno"], "20004");
    assert_eq!(world.pseries(HERE, "recording/list?", &access).await.json()["errcode"], 10004);
    let renewed = world.pseries_post(HERE, "refresh_token", json!({ "refresh_token": refresh })).await;
    assert_eq!(renewed["errcode"], 10004);
    assert_eq!(world.local(Method::GET, "/sessions?customer=1", "").await.json()["items"], json!([]));
    assert_eq!(world.local(Method::GET, "/targets", "").await.json()["items"], json!([]));
    // The log goes on saying who it was.
    let log = world.local(Method::GET, &format!("/log?customer=1&person={api}"), "").await.json();
    assert_eq!(log["items"][0]["person"], api);
    let verified = world.local(Method::POST, "/log/verify", "").await.json();
    assert_eq!(verified["faults"], json!([]));
    let world = world.restart().await;
    assert_eq!(world.yeastar(HERE, &format!("heartbeat?token={token}"), json!({})).await["errno"], "20004");
}

#[tokio::test]
async fn a_deletion_and_logins_at_once_leave_nobody_inside() {
    let world = world().await;
    for round in 0..5 {
        let username = format!("racer-{round}");
        let id = world.person(1, &username, "api").await;
        let body =
            json!({ "username": username, "password": "5f4dcc3b5aa765d61d8327deb882cf99", "port": "8260" });
        let parameters = format!("id={id}");
        let (login, deleted, tokens) = tokio::join!(
            world.yeastar(HERE, "login", body),
            code(&world, "admin", "people/delete", &parameters),
            world.pseries_post(HERE, "get_token", json!({ "username": username, "password": "password" })),
        );
        assert_eq!(deleted, "204");
        if let Some(token) = login["token"].as_str() {
            let beat = world.yeastar(HERE, &format!("heartbeat?token={token}"), json!({})).await;
            assert_eq!(beat["errno"], "20004", "round {round}");
        }
        if let Some(token) = tokens["access_token"].as_str() {
            let answer = world.pseries(HERE, "recording/list?", token).await.json();
            assert_eq!(answer["errcode"], 10004, "round {round}");
        }
        world
            .app
            .services
            .logins
            .clear_lockouts(&callvault_core::gate::Principal::local_owner(), None)
            .unwrap();
    }
}

#[tokio::test]
async fn the_last_system_owner_stays() {
    let world = world().await;
    world.person(1, "second", "system owner").await;
    // Also the local system owner is refused, and so is each way to lose one.
    assert_eq!(code(&world, "second", "people/delete", "id=7").await, "204");
    let refused = async |method: Method, path: &str, body: &str, field: &str| {
        let answer = world.local(method, path, body.to_owned()).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{path} {body}: {}", answer.text());
        assert_eq!(answer.json()["field"], field, "{path} {body}");
    };
    refused(Method::DELETE, "/people/10", "", "id").await;
    refused(Method::PATCH, "/people/10", r#"{"disabled":true}"#, "disabled").await;
    refused(Method::PATCH, "/people/10", r#"{"role":"user"}"#, "role").await;
    refused(Method::PATCH, "/customers/1", r#"{"disabled":true}"#, "disabled").await;
    assert_eq!(code(&world, "second", "people/update", "id=10&role=4").await, "400 role");
    assert_eq!(code(&world, "second", "people/delete", "id=10").await, "400 id");
}

#[tokio::test]
async fn a_plan_bounds_people() {
    let world = world().await;
    let plan = async |most: Value| {
        let body = json!({ "most_people": most }).to_string();
        assert_eq!(world.local(Method::PATCH, "/customers/1", body).await.status, StatusCode::OK);
    };
    let new = "username=new&password=password&role=4";
    plan(json!(7)).await;
    assert_eq!(code(&world, "admin", "people/create", new).await, "403");
    assert_eq!(code(&world, "admin", "people/create", &format!("{new}&validation=1")).await, "403");
    assert_eq!(code(&world, "admin", "people/update", "id=3&surname=x").await, "204");
    plan(json!(8)).await;
    assert_eq!(code(&world, "admin", "people/create", new).await, "200");
    plan(json!(0)).await;
    assert_eq!(code(&world, "admin", "people/update", "id=3&surname=y").await, "403");
    assert_eq!(code(&world, "admin", "people/update", "id=3&password=another-word").await, "204");
    let lock = r#"{"disabled":true}"#;
    assert_eq!(world.local(Method::PATCH, "/people/3", lock).await.status, StatusCode::OK);
    plan(Value::Null).await;
    assert_eq!(code(&world, "admin", "people/update", "id=3&surname=y").await, "204");
}

#[tokio::test]
async fn roles_are_listed_with_those_of_ones_own() {
    let world = world().await;
    world.add("/roles", json!({ "name": "exporter", "privileges": ["record", "user"] })).await;
    let roles = data(&world, "user", "roles/list", "").await;
    let roles = roles.as_array().unwrap();
    assert_eq!(roles.len(), 9);
    assert_eq!(
        roles[8],
        json!({ "id": 9, "name": "exporter", "description": "", "privileges": "user,record" })
    );
    assert_eq!(code(&world, "auditor", "roles/list", "").await, "402");
    let made = "username=new&password=password&role=9";
    assert_eq!(code(&world, "admin", "people/create", made).await, "200");
}

#[tokio::test]
async fn our_own_api_keeps_the_same_rules() {
    let world = world().await;
    let send = async |username: &str, method: Method, path: &str, body: Value| {
        let request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        let request = request.header("authorization", basic(username));
        let answer = world.call(HERE, request.body(body.to_string().into()).unwrap()).await;
        (answer.status.as_u16(), answer)
    };
    let check = async |username: &str, method: Method, path: &str, body: Value, expected: u16| {
        let (status, answer) = send(username, method.clone(), path, body.clone()).await;
        assert_eq!(status, expected, "{username} {method} {path} {body}: {}", answer.text());
    };
    check("user", Method::PATCH, "/people/3", json!({ "surname": "Own", "role": "user" }), 200).await;
    check("user", Method::PATCH, "/people/3", json!({ "role": "administrator" }), 403).await;
    check("user", Method::PATCH, "/people/3", json!({ "disabled": true }), 403).await;
    check("user", Method::PATCH, "/people/3", json!({ "download_errors": "status" }), 403).await;
    check("user", Method::PATCH, "/people/1", json!({ "surname": "x" }), 404).await;
    check("user", Method::GET, "/people/1", json!({}), 404).await;
    check("admin", Method::PATCH, "/people/7", json!({ "surname": "x" }), 403).await;
    check("admin", Method::DELETE, "/people/7", json!({}), 403).await;
    check("admin", Method::DELETE, "/people/8", json!({}), 404).await;
    check("admin", Method::DELETE, "/people/1", json!({}), 400).await;
    check("seller", Method::DELETE, "/people/8", json!({}), 204).await;
    let (_, answer) = send("user", Method::GET, "/people", json!({})).await;
    let ids: Vec<_> =
        answer.json()["items"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
    assert_eq!(ids, [json!(3)]);
    for (field, value) in
        [("timezone", "Mars"), ("country", "DEU"), ("date_format", "MM/YY"), ("time_format", "13")]
    {
        let (status, answer) = send("admin", Method::PATCH, "/people/3", json!({ field: value })).await;
        assert_eq!((status, &answer.json()["field"]), (400, &json!(field)));
    }
    let both = json!({ "username": "n", "role": "user", "password": "password", "copy_password": 3 });
    check("admin", Method::POST, "/people", both, 400).await;
    let copied = json!({ "username": "n", "role": "user", "copy_password": 3, "email": "n@example.com" });
    check("admin", Method::POST, "/people", copied, 201).await;
    let (_, answer) = send("admin", Method::GET, "/people?email=N@example.com", json!({})).await;
    assert_eq!(answer.json()["items"][0]["username"], "n");
}

/// `docs/enswitch.md` 13 and 67: what the role does not have goes before what is wrong with the parameters.
#[tokio::test]
async fn wholesale_alone_is_refused_whatever_it_sends() {
    let world = World::new().await;
    world.customer(1, None).await;
    world.add("/roles", json!({ "name": "trader", "privileges": ["wholesale"], "reach": "customer" })).await;
    world.person(1, "trader", "trader").await;
    for (function, parameters) in [
        ("people/create", "username=x&password=password&role=4"),
        ("people/create", "username=x&password=short&role=4"),
        ("people/create", ""),
        ("people/delete", "id=1"),
        ("people/delete", "id=none"),
    ] {
        assert_eq!(code(&world, "trader", function, parameters).await, "402", "{function} {parameters}");
    }
}
