//! One-time codes: turned on and off, asked for at logins, used once, and what guessing them costs.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use axum::body::Body;
use callvault_core::one_time_code::{OneTimeSecret, step_at};
use callvault_core::port::clock::Clock as _;
use callvault_testkit::world::{Answer, HERE, World, basic};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

/// The codes of a person in a test.
pub(crate) struct Codes {
    secret: OneTimeSecret,
}

impl Codes {
    /// Turns them on for a person.
    pub(crate) async fn turned_on(world: &World, username: &str) -> Self {
        let id = id_of(world, username).await;
        let codes = Self::begun(world, id).await;
        let code = json!({ "code": codes.now(world) }).to_string();
        let confirmed = world.local(Method::POST, &format!("/people/{id}/totp/confirm"), code).await;
        assert_eq!(confirmed.status, StatusCode::NO_CONTENT, "{}", confirmed.text());
        codes
    }

    async fn begun(world: &World, id: i64) -> Self {
        let begun = world.add(&format!("/people/{id}/totp"), json!({})).await;
        let secret = OneTimeSecret::from_base32(begun["secret"].as_str().unwrap()).unwrap();
        Self { secret }
    }

    /// The code of now.
    pub(crate) fn now(&self, world: &World) -> String {
        self.at(world, 0)
    }

    /// The code of a step later, which nobody used yet.
    pub(crate) fn next(&self, world: &World) -> String {
        world.clock.advance(Duration::from_secs(30));
        self.now(world)
    }

    fn at(&self, world: &World, steps: i64) -> String {
        self.secret.code(step_at(world.clock.now()) + steps).reveal().to_owned()
    }

    /// A code that is none of those that count now.
    fn wrong(&self, world: &World) -> String {
        let right: Vec<_> = (-2..=2).map(|steps| self.at(world, steps)).collect();
        (0..).map(|number| format!("{number:06}")).find(|code| !right.contains(code)).unwrap()
    }
}

async fn id_of(world: &World, username: &str) -> i64 {
    let found = world.local(Method::GET, &format!("/people?username={username}"), "").await.json();
    found["items"][0]["id"].as_i64().unwrap()
}

async fn call_from(world: &World, peer: IpAddr, function: &str, query: &str) -> (String, Value) {
    let target = format!("/api/json/{function}/?{query}");
    let answer = world.call(peer, Request::get(target).body(Body::empty()).unwrap()).await.json();
    let code = answer["responses"][0]["code"].as_str().unwrap().to_owned();
    (code, answer.get("data").cloned().unwrap_or_default())
}

/// A login with what is sent besides; the code of the answer and its data.
async fn log_in(world: &World, more: &str) -> (String, Value) {
    call_from(world, HERE, "user/login", &format!("auth_username=user;auth_password=password;{more}")).await
}

async fn second_step(world: &World) -> String {
    let (code, data) = log_in(world, "token=1").await;
    assert_eq!(code, "202", "{data}");
    data["totp_token"].as_str().unwrap().to_owned()
}

async fn api(world: &World, method: Method, path: &str, username: &str, body: &str) -> Answer {
    let request = Request::builder().method(method).uri(format!("/api/v1{path}"));
    let request = request.header("authorization", basic(username)).body(Body::from(body.to_owned()));
    world.call(HERE, request.unwrap()).await
}

async fn world() -> (World, i64) {
    let world = World::new().await;
    world.customer(1, None).await;
    let id = world.person(1, "user", "administrator").await;
    (world, id)
}

#[tokio::test]
async fn codes_are_turned_on_by_showing_one() {
    let (world, id) = world().await;
    let path = format!("/people/{id}/totp");
    let state = async || world.local(Method::GET, &path, "").await.json()["state"].clone();
    assert_eq!(state().await, "off");
    // By the person themselves, over the network.
    let begun = api(&world, Method::POST, &path, "user", "").await;
    assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.text());
    let secret = begun.json()["secret"].as_str().unwrap().to_owned();
    assert_eq!(secret.len(), 32, "20 bytes in base32");
    let uri = begun.json()["uri"].as_str().unwrap().to_owned();
    assert!(uri.starts_with("otpauth://totp/Callvault:user?") && uri.contains(&secret), "{uri}");
    assert_eq!(state().await, "begun");
    assert_eq!(log_in(&world, "").await.0, "200", "a secret that nobody confirmed counts for nothing");

    let first = Codes { secret: OneTimeSecret::from_base32(&secret).unwrap() };
    let codes = Codes::begun(&world, id).await;
    let confirm = async |code: String| {
        let body = json!({ "code": code }).to_string();
        api(&world, Method::POST, &format!("{path}/confirm"), "user", &body).await
    };
    for wrong in [first.now(&world), codes.wrong(&world), String::new()] {
        let refused = confirm(wrong).await;
        assert_eq!((refused.status, &refused.json()["field"]), (StatusCode::BAD_REQUEST, &json!("code")));
    }
    assert_eq!(confirm(codes.now(&world)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(state().await, "on");
    let again = world.local(Method::POST, &path, "").await;
    assert_eq!((again.status, &again.json()["field"]), (StatusCode::CONFLICT, &json!("totp")));

    assert_eq!(log_in(&world, "").await.0, "202");
    assert_eq!(world.local(Method::DELETE, &path, "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(state().await, "off");
    assert_eq!(log_in(&world, "").await.0, "200", "the password alone is enough again, at once");
    assert_eq!(world.local(Method::DELETE, &path, "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn codes_are_the_business_of_their_person_and_of_administrators() {
    let (world, boss) = world().await;
    world.customer(2, None).await;
    for (customer, username, role) in
        [(1, "desk", "user"), (1, "other", "user"), (1, "top", "reseller"), (2, "stranger", "administrator")]
    {
        world.person(customer, username, role).await;
    }
    // Who may change people by a function of the Enswitch dialect, and sees none here.
    world.add("/roles", json!({ "name": "sales", "privileges": ["wholesale"] })).await;
    world.person(1, "seller", "sales").await;
    let check = async |caller: &str, whom: &str, status: u16| {
        let path = format!("/people/{}/totp", id_of(&world, whom).await);
        for method in [Method::POST, Method::DELETE] {
            let answer = api(&world, method.clone(), &path, caller, "").await;
            let expected = match (status, &method) {
                (201, &Method::DELETE) => 204,
                _ => status,
            };
            assert_eq!(answer.status.as_u16(), expected, "{caller}: {method} of {whom}: {}", answer.text());
        }
    };
    check("desk", "desk", 201).await;
    check("user", "desk", 201).await;
    check("other", "desk", 404).await;
    check("stranger", "desk", 404).await;
    check("seller", "desk", 403).await;
    check("seller", "seller", 201).await;
    check("user", "top", 403).await;
    check("top", "user", 201).await;
    assert_eq!(api(&world, Method::GET, "/people/999/totp", "user", "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(api(&world, Method::GET, &format!("/people/{boss}/totp"), "stranger", "").await.status, 404);
}

#[tokio::test]
async fn a_login_takes_a_code_at_once_or_in_a_second_step() {
    let (world, id) = world().await;
    let codes = Codes::turned_on(&world, "user").await;
    assert_eq!(log_in(&world, &format!("auth_code={}", codes.now(&world))).await.0, "401", "used to confirm");
    let (code, data) = log_in(&world, &format!("token=1;auth_code={}", codes.next(&world))).await;
    assert_eq!((code.as_str(), &data["id"]), ("200", &json!(id)));
    let by_token = format!("auth_token={}", data["auth_token"].as_str().unwrap());
    assert_eq!(call_from(&world, HERE, "huntgroups/list", &by_token).await.0, "200", "no code any more");
    assert_eq!(call_from(&world, HERE, "user/login", &format!("{by_token};token=1")).await.0, "200");

    let token = second_step(&world).await;
    assert_ne!(second_step(&world).await, token);
    let second = async |token: &str, code: &str| {
        call_from(&world, HERE, "user/login", &format!("totp_token={token};auth_code={code};token=1")).await
    };
    let right = codes.next(&world);
    assert_eq!(second(&token, &codes.wrong(&world)).await.0, "401");
    assert_eq!(second("0123456789abcdef0123456789abcdef", &right).await.0, "401");
    let (code, data) = second(&token, &right).await;
    assert_eq!((code.as_str(), &data["id"]), ("200", &json!(id)), "after a slip too");
    assert_eq!(second(&token, &codes.next(&world)).await.0, "401", "good for one success");
    // The first step opens nothing else.
    let token = second_step(&world).await;
    assert_eq!(call_from(&world, HERE, "huntgroups/list", &format!("auth_token={token}")).await.0, "401");
    // Two minutes.
    world.clock.advance(Duration::from_secs(119));
    assert_eq!(second(&token, &codes.now(&world)).await.0, "200");
    let token = second_step(&world).await;
    world.clock.advance(Duration::from_secs(120));
    assert_eq!(second(&token, &codes.now(&world)).await.0, "401");
    // Another password ends it.
    let token = second_step(&world).await;
    let change = json!({ "password": "another one" }).to_string();
    world.local(Method::PATCH, &format!("/people/{id}"), change).await;
    assert_eq!(second(&token, &codes.next(&world)).await.0, "401");
}

#[tokio::test]
async fn a_code_counts_once_and_within_a_step_of_now() {
    let (world, _) = world().await;
    let codes = Codes::turned_on(&world, "user").await;
    world.clock.advance(Duration::from_secs(3600));
    let attempt = async |code: String| log_in(&world, &format!("auth_code={code}")).await.0;
    assert_eq!(attempt(codes.at(&world, -2)).await, "401");
    assert_eq!(attempt(codes.at(&world, 2)).await, "401");
    assert_eq!(attempt(codes.at(&world, -1)).await, "200");
    assert_eq!(attempt(codes.at(&world, -1)).await, "401", "used");
    assert_eq!(attempt(codes.at(&world, 1)).await, "200");
    assert_eq!(attempt(codes.at(&world, 0)).await, "401", "before one that was used");
    world.clock.advance(Duration::from_secs(60));
    let code = codes.now(&world);
    let (world, code) = (world.restart().await, code);
    let query = format!("auth_code={code}");
    let both = futures_util::join!(log_in(&world, &query), log_in(&world, &query));
    let mut answered = [both.0.0, both.1.0];
    answered.sort();
    assert_eq!(answered, ["200", "401"], "of two at once one wins");
    let world = world.restart().await;
    assert_eq!(log_in(&world, &format!("auth_code={code}")).await.0, "401", "used, also after a restart");
}

#[tokio::test]
async fn a_password_alone_opens_no_door() {
    let world = World::new().await;
    world.customer(1, None).await;
    let id = world.person(1, "user", "api").await;
    let yeastar = world.log_in(HERE, "user").await;
    let (access, refresh) = world.pseries_tokens(HERE, "user", "password").await;
    let (_, data) = log_in(&world, "token=1").await;
    let enswitch = format!("auth_token={}", data["auth_token"].as_str().unwrap());
    let state = format!("/people/{id}/totp");
    assert_eq!(api(&world, Method::GET, &state, "user", "").await.status, StatusCode::OK);

    let _codes = Codes::turned_on(&world, "user").await;
    // What was got without a code is over.
    let heartbeat = world.yeastar(HERE, &format!("heartbeat?token={yeastar}"), json!({})).await;
    assert_eq!(heartbeat["status"], "Failed", "{heartbeat}");
    assert_ne!(world.pseries(HERE, "recording/list?", &access).await.json()["errcode"], 0);
    let renewed = world.pseries_post(HERE, "refresh_token", json!({ "refresh_token": refresh })).await;
    assert_ne!(renewed["errcode"], 0);
    assert_eq!(call_from(&world, HERE, "huntgroups/list", &enswitch).await.0, "401");
    assert_eq!(call_from(&world, HERE, "user/login", &enswitch).await.0, "401");
    // And nothing more is got.
    let other = |last| IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
    let login = json!({ "username": "user", "password": "5f4dcc3b5aa765d61d8327deb882cf99" });
    assert_eq!(world.yeastar(other(1), "login", login).await["status"], "Failed");
    let asked = json!({ "username": "user", "password": "password" });
    assert_ne!(world.pseries_post(other(2), "get_token", asked).await["errcode"], 0);
    let plain = "auth_username=user;auth_password=password";
    assert_eq!(call_from(&world, other(3), "huntgroups/list", plain).await.0, "401");
    assert_eq!(api(&world, Method::GET, &state, "user", "").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn guessing_codes_locks_the_person_out() {
    let (world, _) = world().await;
    let codes = Codes::turned_on(&world, "user").await;
    let peer = |last: u8| IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
    let plain = "auth_username=user;auth_password=password";
    let attempt = async |from: IpAddr, code: &str| {
        call_from(&world, from, "user/login", &format!("{plain};auth_code={code}")).await.0
    };
    // The right password in between takes nothing back.
    for _ in 0..5 {
        assert_eq!(call_from(&world, peer(1), "user/login", plain).await.0, "202");
        assert_eq!(attempt(peer(1), &codes.wrong(&world)).await, "401");
    }
    assert_eq!(attempt(peer(1), &codes.next(&world)).await, "401", "a right one is refused as well");
    assert_eq!(attempt(peer(2), &codes.next(&world)).await, "401", "also from elsewhere");
    let locks = world.local(Method::GET, "/lockouts", "").await.json();
    let addresses: Vec<_> = locks["items"].as_array().unwrap().iter().map(|lock| &lock["address"]).collect();
    assert_eq!(addresses, ["0.0.0.0", "192.0.2.1"], "{locks}");
    world.clock.advance(Duration::from_secs(600));
    assert_eq!(attempt(peer(1), &codes.now(&world)).await, "200");

    // From many addresses, a few each.
    for last in 10..15 {
        assert_eq!(attempt(peer(last), &codes.wrong(&world)).await, "401");
    }
    assert_eq!(attempt(peer(20), &codes.next(&world)).await, "401");
    assert_eq!(world.local(Method::DELETE, "/lockouts?address=0.0.0.0", "").await.json()["cleared"], 1);
    assert_eq!(attempt(peer(20), &codes.next(&world)).await, "200");
    // By tokens of the second step as well.
    for _ in 0..5 {
        let token = second_step(&world).await;
        let query = format!("totp_token={token};auth_code={}", codes.wrong(&world));
        assert_eq!(call_from(&world, HERE, "user/login", &query).await.0, "401");
    }
    let token = second_step(&world).await;
    let query = format!("totp_token={token};auth_code={}", codes.next(&world));
    assert_eq!(call_from(&world, HERE, "user/login", &query).await.0, "401");
}
