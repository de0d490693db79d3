//! Login tokens of the Enswitch dialect: how they are got, what they open, and what ends them; and switching.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::Body;
use callvault_core::id::PersonId;
use callvault_core::person::Account;
use callvault_core::service::Policy;
use callvault_core::service::login_tokens::{Shown, Wish};
use callvault_server::app::Settings;
use callvault_testkit::world::{HERE, World};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::totp::Codes;

const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

/// Calls a function and answers code and data.
async fn call_from(world: &World, peer: IpAddr, function: &str, query: &str) -> (String, Value) {
    let target = format!("/api/json/{function}/?{query}");
    let answer = world.call(peer, Request::get(target).body(Body::empty()).unwrap()).await.json();
    let code = answer["responses"][0]["code"].as_str().unwrap().to_owned();
    (code, answer.get("data").cloned().unwrap_or_default())
}

async fn call(world: &World, function: &str, query: &str) -> (String, Value) {
    call_from(world, HERE, function, query).await
}

fn password(username: &str) -> String {
    format!("auth_username={username};auth_password=password")
}

fn told(data: &Value) -> String {
    data["auth_token"].as_str().unwrap_or_else(|| panic!("{data}")).to_owned()
}

/// A token of a person.
async fn log_in(world: &World, username: &str) -> String {
    told(&call(world, "user/login", &format!("{};token=1", password(username))).await.1)
}

/// Which code a list of hunt groups answers to a token.
async fn code_of(world: &World, token: &str) -> String {
    call(world, "huntgroups/list", &format!("auth_token={token}")).await.0
}

async fn patch(world: &World, path: &str, change: Value) {
    let answer = world.local(Method::PATCH, path, change.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

async fn sessions(world: &World) -> Vec<Value> {
    world.local(Method::GET, "/sessions", "").await.json()["items"].as_array().unwrap().clone()
}

async fn world() -> (World, i64) {
    let world = World::new().await;
    world.customer(1, None).await;
    let person = world.person(1, "user", "administrator").await;
    (world, person)
}

#[tokio::test]
async fn a_token_stands_in_for_name_and_password_until_its_end() {
    let (world, _) = world().await;
    let token = log_in(&world, "user").await;
    assert_eq!(token.len(), 32, "128 bits in hexadecimal");
    assert_ne!(log_in(&world, "user").await, token);
    assert_eq!(code_of(&world, &token).await, "200");
    assert_eq!(code_of(&world, &token.to_uppercase()).await, "401");
    // It goes before a password, a right one too (19).
    let both = format!("auth_token=stale;{}", password("user"));
    assert_eq!(call(&world, "huntgroups/list", &both).await.0, "401");
    world.clock.advance(Duration::from_secs(3599));
    assert_eq!(code_of(&world, &token).await, "200");
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(code_of(&world, &token).await, "401", "uses do not slide it");
}

#[tokio::test]
async fn a_token_survives_a_restart() {
    let (world, _) = world().await;
    let token = log_in(&world, "user").await;
    let world = world.restart().await;
    assert_eq!(code_of(&world, &token).await, "200");
    let stored = format!("{:?}", world.catalog.sessions().await.unwrap());
    assert!(!stored.contains(&token));
}

#[tokio::test]
async fn a_life_is_configured() {
    let life = |login_token_life| Policy { login_token_life, ..Policy::default() };
    let world = World::with(Settings::default(), life(Some(Duration::from_secs(60)))).await;
    world.customer(1, None).await;
    world.person(1, "user", "administrator").await;
    let token = log_in(&world, "user").await;
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(code_of(&world, &token).await, "401");

    let world = World::with(Settings::default(), life(None)).await;
    world.customer(1, None).await;
    world.person(1, "user", "administrator").await;
    let token = log_in(&world, "user").await;
    world.clock.advance(Duration::from_secs(10 * 365 * 86_400));
    assert_eq!(code_of(&world, &token).await, "200");
    assert_eq!(sessions(&world).await[0]["expires_at"], Value::Null);
}

#[tokio::test]
async fn a_token_got_by_a_token_ends_with_it() {
    let (world, _) = world().await;
    let first = log_in(&world, "user").await;
    world.clock.advance(Duration::from_secs(3000));
    let (code, data) = call(&world, "user/login", &format!("auth_token={first};token=1")).await;
    assert_eq!((code.as_str(), &data["auth_token_expiry"]), ("200", &json!(600)));
    let second = told(&data);
    assert_eq!(code_of(&world, &second).await, "200");
    world.clock.advance(Duration::from_secs(600));
    assert_eq!(code_of(&world, &second).await, "401");
}

#[tokio::test]
async fn whatever_takes_the_right_away_ends_the_token_at_once() {
    let change = async |path: &dyn Fn(i64) -> String, change: Value, back: Value, stays_dead: bool| {
        let (world, person) = world().await;
        let token = log_in(&world, "user").await;
        assert_eq!(code_of(&world, &token).await, "200", "so that it is remembered");
        patch(&world, &path(person), change.clone()).await;
        assert_eq!(code_of(&world, &token).await, "401", "{change}");
        patch(&world, &path(person), back).await;
        assert_eq!(code_of(&world, &token).await == "401", stays_dead, "{change}, and back");
    };
    let person = |id: i64| format!("/people/{id}");
    let customer = |_: i64| "/customers/1".to_owned();
    change(&person, json!({ "password": "another one" }), json!({ "password": "password" }), true).await;
    change(&person, json!({ "disabled": true }), json!({ "disabled": false }), true).await;
    change(&person, json!({ "source": "192.0.2.7" }), json!({ "source": "" }), false).await;
    change(&customer, json!({ "disabled": true }), json!({ "disabled": false }), false).await;
}

#[tokio::test]
async fn the_tokens_of_who_is_removed_end_at_once() {
    let (world, boss) = world().await;
    let user = world.person(1, "desk", "user").await;
    let own = log_in(&world, "desk").await;
    let switch = format!("{};username=desk;token=1", password("user"));
    let switched = told(&call(&world, "user/switch", &switch).await.1);
    for token in [&own, &switched] {
        assert_eq!(code_of(&world, token).await, "200", "so that it is remembered");
    }
    for (person, left) in [(boss, "200"), (user, "401")] {
        let removed = world.local(Method::DELETE, &format!("/people/{person}"), "").await;
        assert_eq!(removed.status, StatusCode::NO_CONTENT, "{}", removed.text());
        assert_eq!([code_of(&world, &own).await.as_str(), &code_of(&world, &switched).await], [left, "401"]);
    }
}

#[tokio::test]
async fn a_token_has_the_rights_of_its_person_as_they_are() {
    let (world, person) = world().await;
    let token = log_in(&world, "user").await;
    let create = format!("auth_token={token};name=Sales");
    assert_eq!(call(&world, "huntgroups/create", &create).await.0, "200");
    patch(&world, &format!("/people/{person}"), json!({ "role": "user" })).await;
    assert_eq!(call(&world, "huntgroups/create", &create).await.0, "402");
    patch(&world, &format!("/people/{person}"), json!({ "role": "auditor" })).await;
    assert_eq!(code_of(&world, &token).await, "402");
}

#[tokio::test]
async fn a_token_is_good_where_its_person_may_come_from() {
    let (world, person) = world().await;
    patch(&world, &format!("/people/{person}"), json!({ "source": "192.0.2.7" })).await;
    let (code, data) = call_from(&world, THERE, "user/login", &format!("{};token=1", password("user"))).await;
    assert_eq!(code, "200");
    let query = format!("auth_token={}", told(&data));
    assert_eq!(call_from(&world, THERE, "huntgroups/list", &query).await.0, "200");
    assert_eq!(call(&world, "huntgroups/list", &query).await.0, "401");
}

#[tokio::test]
async fn tokens_are_listed_and_revoked_as_sessions() {
    let (world, person) = world().await;
    let (first, second) = (log_in(&world, "user").await, log_in(&world, "user").await);
    world.person(1, "crm", "api").await;
    world.clock.advance(Duration::from_secs(1));
    world.log_in(HERE, "crm").await;
    let all = sessions(&world).await;
    let doors: Vec<_> = all.iter().map(|session| session["door"].as_str().unwrap()).collect();
    assert_eq!(doors, ["yeastar", "enswitch", "enswitch"], "newest first");
    assert_eq!(all[1]["person"], json!(person));
    assert!(!format!("{all:?}").contains(&first));
    // In pages, each of them once.
    let mut paged = Vec::new();
    let mut after = String::new();
    loop {
        let page = world.local(Method::GET, &format!("/sessions?limit=1{after}"), "").await.json();
        paged.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(paged, all);

    for (token, live) in [(&first, "200"), (&second, "200")] {
        assert_eq!(code_of(&world, token).await, live);
    }
    for session in &all[1..] {
        let path = format!("/sessions/{}", session["id"].as_str().unwrap());
        assert_eq!(world.local(Method::DELETE, &path, "").await.status, StatusCode::NO_CONTENT);
        assert_eq!(world.local(Method::DELETE, &path, "").await.status, StatusCode::NOT_FOUND);
    }
    for token in [&first, &second] {
        assert_eq!(code_of(&world, token).await, "401", "revoked, and not remembered either");
    }
}

#[tokio::test]
async fn the_oldest_token_makes_room() {
    let world =
        World::with(Settings::default(), Policy { sessions_per_person: 2, ..Policy::default() }).await;
    world.customer(1, None).await;
    world.person(1, "user", "administrator").await;
    let mut tokens = Vec::new();
    for _ in 0..3 {
        tokens.push(log_in(&world, "user").await);
        assert_eq!(code_of(&world, tokens.last().unwrap()).await, "200");
        world.clock.advance(Duration::from_secs(1));
    }
    let codes = [&tokens[0], &tokens[1], &tokens[2]].map(|token| code_of(&world, token));
    let [first, second, third] = codes;
    assert_eq!([first.await, second.await, third.await], ["401", "200", "200"]);
}

#[tokio::test]
async fn who_switches_gains_nothing() {
    let world = World::new().await;
    for (id, parent) in [(1, None), (2, Some(1)), (3, None)] {
        world.customer(id, parent).await;
    }
    let mut ids = std::collections::BTreeMap::new();
    for (customer, role) in [
        (1, "reseller"),
        (1, "administrator"),
        (1, "user"),
        (2, "administrator"),
        (2, "reseller"),
        (2, "api"),
        (3, "user"),
        (3, "system owner"),
    ] {
        let username = format!("{}-{customer}", role.replace(' ', "-"));
        ids.insert(username.clone(), world.person(customer, &username, role).await);
    }
    let check = async |caller: &str, whom: &str, code: &str| {
        let by_id = format!("{};id={}", password(caller), ids[whom]);
        let by_name = format!("{};username={}", password(caller), whom.to_uppercase());
        for query in [by_id, by_name] {
            let (got, data) = call(&world, "user/switch", &query).await;
            assert_eq!(got, code, "{caller} to {whom} by {query}: {data}");
            if code == "200" {
                assert_eq!((&data["username"], &data["id"]), (&json!(whom), &json!(ids[whom])));
            }
        }
    };
    check("administrator-1", "user-1", "200").await;
    check("administrator-1", "administrator-1", "200").await;
    check("administrator-1", "reseller-1", "402").await;
    check("administrator-1", "administrator-2", "404").await;
    check("administrator-1", "user-3", "404").await;
    check("user-1", "user-1", "402").await;
    check("reseller-1", "administrator-2", "200").await;
    check("reseller-1", "reseller-2", "200").await;
    check("reseller-1", "api-2", "200").await;
    check("reseller-1", "user-3", "404").await;
    check("system-owner-3", "reseller-1", "200").await;
    check("administrator-2", "reseller-2", "402").await;
    patch(&world, &format!("/people/{}", ids["user-1"]), json!({ "disabled": true })).await;
    check("administrator-1", "user-1", "404").await;
}

#[tokio::test]
async fn a_switched_token_lasts_as_long_as_both_may() {
    let (world, boss) = world().await;
    let user = world.person(1, "desk", "user").await;
    let switch = async |credentials: &str| {
        told(&call(&world, "user/switch", &format!("{credentials};username=desk;token=1")).await.1)
    };
    let token = switch(&password("user")).await;
    assert_eq!(call(&world, "user/login", &format!("auth_token={token}")).await.1["id"], json!(user));
    let create = format!("auth_token={token};name=Sales");
    assert_eq!(call(&world, "huntgroups/create", &create).await.0, "402", "it is a user's");
    let shown = sessions(&world).await;
    assert_eq!((&shown[0]["person"], &shown[0]["switched_by"]), (&json!(user), &json!(boss)));
    // On record, with who did it.
    let log = world.local(Method::GET, "/log?customer=1", "").await.json();
    let entry = &log["items"][0];
    assert_eq!(
        [&entry["action"], &entry["kind"], &entry["name"], &entry["person"], &entry["door"]],
        [&json!("switch"), &json!("person"), &json!("desk"), &json!(boss), &json!("enswitch")]
    );
    let patch_boss = async |change: Value| patch(&world, &format!("/people/{boss}"), change).await;
    // Of a row of switches the first counts.
    let reseller = world.person(1, "boss", "reseller").await;
    let via =
        told(&call(&world, "user/switch", &format!("{};username=user;token=1", password("boss"))).await.1);
    let chained = switch(&format!("auth_token={via}")).await;
    assert_eq!(sessions(&world).await.iter().filter(|one| one["switched_by"] == json!(reseller)).count(), 2);

    patch_boss(json!({ "role": "user" })).await;
    assert_eq!(code_of(&world, &token).await, "401", "who has lost the right to switch");
    assert_eq!(code_of(&world, &chained).await, "200");
    patch_boss(json!({ "role": "administrator" })).await;
    assert_eq!(code_of(&world, &token).await, "200");
    patch(&world, &format!("/people/{user}"), json!({ "role": "administrator" })).await;
    patch_boss(json!({ "role": "user" })).await;
    assert_eq!(code_of(&world, &token).await, "401", "or whose right is less than the other's by now");
    patch_boss(json!({ "role": "administrator", "password": "another one" })).await;
    assert_eq!(code_of(&world, &token).await, "401");
    patch(&world, &format!("/people/{reseller}"), json!({ "disabled": true })).await;
    for token in [&via, &chained] {
        assert_eq!(code_of(&world, token).await, "401");
    }
}

#[tokio::test]
async fn a_customer_has_a_pseudo_person_for_whom_nobody_has_the_password() {
    let (world, _) = world().await;
    let below = async |id: i64, parent: i64, name: &str| {
        world.add("/customers", json!({ "id": id, "parent": parent, "name": name })).await;
    };
    below(2, 1, "Main Office").await;
    below(3, 2, "Twice").await;
    below(4, 2, "Twice").await;
    world.customer(9, None).await;
    world.person(1, "reseller", "reseller").await;
    world.person(9, "stranger", "reseller").await;
    let switch = async |username: &str, whom: &str| {
        let whom = whom.replace(' ', "%20").replace('[', "%5B").replace(']', "%5D");
        call(&world, "user/switch", &format!("{};username={whom};token=1", password(username))).await
    };
    assert_eq!(switch("user", "[Main Office]").await.0, "404", "out of an administrator's reach");
    assert_eq!(switch("user", "[Customer 1]").await.0, "402", "and beyond their rights in their own");
    assert_eq!(switch("stranger", "[Main Office]").await.0, "404");
    assert_eq!(switch("reseller", "[Twice]").await.0, "404", "nobody can say which of them");
    assert_eq!(switch("reseller", "[Nothing]").await.0, "404");
    assert_eq!(switch("reseller", "[]").await.0, "404");
    let people = async || world.local(Method::GET, "/people?customer=2", "").await.json()["items"].clone();
    assert_eq!(people().await, json!([]), "nobody was made in vain");

    let (code, data) = switch("reseller", "[Main Office]").await;
    assert_eq!(
        (code.as_str(), &data["customer"], &data["username"]),
        ("200", &json!(2), &json!("[Main Office]"))
    );
    let id = data["id"].clone();
    assert_eq!(switch("reseller", "[Main Office]").await.1["id"], id, "made once");
    assert_eq!(people().await[0]["role"], json!("reseller"));
    let token = told(&data);
    // Reseller-like: in its customer and below it, and nowhere else.
    for (customer, code) in [(2, "200"), (3, "200"), (1, "400"), (9, "400")] {
        let query = format!("auth_token={token};customer={customer}");
        assert_eq!(call(&world, "huntgroups/list", &query).await.0, code, "customer {customer}");
    }
    // They are changed like others, and nobody takes their name away by sending it.
    patch(&world, &format!("/people/{id}"), json!({ "username": "[Main Office]", "title": "Dr" })).await;
    // Whoever gave them a password could be them without a switch on record.
    for change in
        [json!({ "password": "password" }), json!({ "password": "password", "username": "[Main Office]" })]
    {
        let refused = world.local(Method::PATCH, &format!("/people/{id}"), change.to_string()).await;
        assert_eq!((refused.status, &refused.json()["field"]), (StatusCode::BAD_REQUEST, &json!("password")));
    }
    let own = format!("auth_token={token};id={id};password=password");
    assert_eq!(call(&world, "people/update", &own).await.0, "400");
    patch(&world, "/customers/3", json!({ "name": "Small Office", "most_people": 0 })).await;
    assert_eq!(switch("reseller", "[Small Office]").await.0, "404", "its plan has no room for a person");
    // Who renames the customer does not lead others to it by its old name.
    patch(&world, "/customers/2", json!({ "name": "Old Office" })).await;
    assert_eq!(switch("reseller", "[Main Office]").await.0, "404");
    let named = json!({ "customer": 1, "username": "[x]", "role": "user", "password": "password" });
    let refused = world.local(Method::POST, "/people", named.to_string()).await;
    assert_eq!((refused.status, &refused.json()["field"]), (StatusCode::BAD_REQUEST, &json!("username")));
}

#[tokio::test]
async fn who_reaches_less_than_when_they_switched_is_beside_no_more() {
    let world = World::new().await;
    for (id, parent) in [(1, None), (2, Some(1)), (3, None)] {
        world.customer(id, parent).await;
    }
    let boss = world.person(1, "boss", "system owner").await;
    world.person(1, "other", "system owner").await;
    let switched = async |customer: i64| {
        let username = format!("desk-{customer}");
        world.person(customer, &username, "administrator").await;
        let query = format!("{};username={username};token=1", password("boss"));
        told(&call(&world, "user/switch", &query).await.1)
    };
    let tokens = [switched(1).await, switched(2).await, switched(3).await];
    let check = async |role: &str, expected: [&str; 3]| {
        patch(&world, &format!("/people/{boss}"), json!({ "role": role })).await;
        for (token, expected) in tokens.iter().zip(expected) {
            assert_eq!(code_of(&world, token).await, expected, "{role}");
        }
    };
    check("system owner", ["200", "200", "200"]).await;
    check("reseller", ["200", "200", "401"]).await;
    check("administrator", ["200", "401", "401"]).await;
}

/// Whether a token is issued for this account to somebody who showed this.
async fn is_issued(world: &World, account: &Account, by: Shown<'_>) -> bool {
    let switched_by = match by {
        Shown::Password(other) if other.person.id != account.person.id => Some(other.person.id),
        _ => None,
    };
    let wish = Wish { account, peer: HERE, switched_by, by };
    world.app.services.login_tokens.issue(wish).await.unwrap().is_some()
}

#[tokio::test]
async fn what_ends_while_a_token_is_made_ends_that_one_too() {
    let (world, boss) = world().await;
    let desk = world.person(1, "desk", "user").await;
    let read = async |id| world.catalog.account(PersonId(id)).await.unwrap().unwrap();
    let (before, desk) = (read(boss).await, read(desk).await);
    let by_password = Shown::Password(&before);
    assert!(is_issued(&world, &before, by_password).await && is_issued(&world, &desk, by_password).await);
    // Got by a token that is revoked meanwhile.
    let token = log_in(&world, "user").await;
    let holder = world.app.services.login_tokens.resume(&token, HERE).await.unwrap();
    let by_token = Shown::Token(&holder.token);
    assert!(is_issued(&world, &before, by_token).await);
    let path = format!("/sessions/{}", holder.token.token.handle());
    assert_eq!(world.local(Method::DELETE, &path, "").await.status, StatusCode::NO_CONTENT);
    assert!(!is_issued(&world, &before, by_token).await, "revoked");
    // By a password alone, while its person turns one-time codes on.
    Codes::turned_on(&world, "user").await;
    assert!(!is_issued(&world, &before, by_password).await, "got without a code");
    assert!(!is_issued(&world, &desk, by_password).await, "switched to without a code");
    let coded = read(boss).await;
    assert!(is_issued(&world, &coded, Shown::Password(&coded)).await, "with a code");
    // By a password that is another one by then.
    patch(&world, &format!("/people/{boss}"), json!({ "password": "another one" })).await;
    for account in [&coded, &desk] {
        assert!(!is_issued(&world, account, Shown::Password(&coded)).await, "with the old password");
    }
}
