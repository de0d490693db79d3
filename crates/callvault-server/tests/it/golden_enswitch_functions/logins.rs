//! What the pairs need of logins: live tokens, and people to switch to.

use crate::totp::Codes;
use axum::body::Body;
use callvault_core::service::Policy;
use callvault_testkit::golden::Message;
use callvault_testkit::world::{Answer, HERE, World};
use callvault_wire::enswitch::path::Function;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::{USER, sent};

/// Whether the function answers with a person.
pub(super) fn is_login(function: Function) -> bool {
    matches!(function, Function::UserLogin | Function::UserSwitch)
}

/// The policy of the world of a pair.
pub(super) fn policy(request: &Message) -> Policy {
    match request.comment("tokens", "an-hour") {
        "endless" => Policy { login_token_life: None, ..Policy::default() },
        _ => Policy::default(),
    }
}

/// Makes whom a call switches to, and the profile of whom its answer shows.
pub(super) async fn arrange(world: &World, function: Function, request: &Message) {
    let mut shown = USER;
    if function == Function::UserSwitch && sent(request, "username").is_some() {
        world.add("/customers", json!({ "id": 7, "parent": 1, "name": "Branch" })).await;
    }
    if sent(request, "id").as_deref() == Some("123") && request.comment("object", "present") == "present" {
        for id in USER + 1..=123 {
            assert_eq!(world.person(1, &format!("person-{id}"), "administrator").await, id);
        }
        shown = 123;
    }
    let profile =
        json!({ "email": "user@example.com", "country": "DE", "forename": "Ada", "surname": "Example" });
    let patched = world.local(Method::PATCH, &format!("/people/{shown}"), profile.to_string()).await;
    assert_eq!(patched.status, StatusCode::OK, "{}", patched.text());
}

/// Puts live tokens and codes into a request: a code is good once, so each is one of later than those before.
pub(super) async fn fill(world: &World, request: &mut Message) {
    let codes = match request.comment("codes", "off") {
        "on" => Some(Codes::turned_on(world, "user").await),
        _ => None,
    };
    let code = || codes.as_ref().map(|codes| codes.next(world)).unwrap_or_default();
    if sent(request, "auth_token").as_deref() == Some("live-token") {
        let query = format!("token=1;auth_code={}", code());
        request.fill("live-token", &told(world, &query, "auth_token").await);
    }
    if sent(request, "totp_token").as_deref() == Some("second-step") {
        request.fill("second-step", &told(world, "token=0", "totp_token").await);
    }
    if sent(request, "auth_code").as_deref() == Some("123456") && codes.is_some() {
        request.fill("123456", &code());
    }
    let length = request.body.len().to_string();
    for (name, value) in &mut request.headers {
        if name.eq_ignore_ascii_case("content-length") {
            value.clone_from(&length);
        }
    }
}

/// Logs `user` in; answers a member.
async fn told(world: &World, query: &str, member: &str) -> String {
    let target = format!("/api/json/user/login/?auth_username=user;auth_password=password;{query}");
    let answer = world.call(HERE, Request::get(target).body(Body::empty()).unwrap()).await.json();
    answer["data"][member].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// The body that is expected in this world: of whom the call is about, with the token that was made, and times of its clock.
pub(super) fn expected(world: &World, request: &Message, answer: &Answer, expected: &[u8]) -> Vec<u8> {
    let Ok(mut wanted) = serde_json::from_slice::<Value>(expected) else { return expected.to_vec() };
    let Some(row) = wanted.get_mut("data").and_then(Value::as_object_mut) else { return expected.to_vec() };
    let got = answer.json();
    let shown = &got["data"];
    if row.contains_key("id") && sent(request, "id").is_some() {
        row.insert("id".to_owned(), json!(123));
        row.insert("username".to_owned(), json!("person-123"));
    }
    if row.contains_key("id") && sent(request, "username").is_some() {
        // The pseudo-person of the customer below, who is made by the call.
        for (name, value) in [
            ("id", json!(USER + 1)),
            ("customer", json!(7)),
            ("username", json!("[Branch]")),
            ("role", json!(2)),
            ("email", json!("")),
            ("country", json!("")),
            ("forename", json!("")),
            ("surname", json!("")),
        ] {
            row.insert(name.to_owned(), value);
        }
    }
    for name in ["auth_token", "totp_token"] {
        let told = shown.get(name).and_then(Value::as_str).unwrap_or_default();
        if row.contains_key(name) && told.len() == 32 && told.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            row.insert(name.to_owned(), json!(told));
        }
    }
    if row.contains_key("auth_token_expires") {
        let now = callvault_core::port::clock::Clock::now(world.clock.as_ref()).unix_ms() / 1000;
        row.insert("auth_token_expires".to_owned(), json!(now + 3600));
    }
    wanted.to_string().into_bytes()
}
