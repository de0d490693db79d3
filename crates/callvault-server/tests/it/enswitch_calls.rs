//! Calls of the Enswitch dialect, as scripts make them: POST, with a user name and the password `password`.

use axum::body::Body;
use callvault_testkit::world::{Answer, HERE, World};
use http::{Request, StatusCode};
use serde_json::Value;

/// Calls a function.
pub(crate) async fn send(world: &World, username: &str, function: &str, parameters: &str) -> Answer {
    send_with(world, (username, "password"), function, parameters).await
}

async fn send_with(
    world: &World,
    (username, password): (&str, &str),
    function: &str,
    parameters: &str,
) -> Answer {
    let body = format!("auth_username={username}&auth_password={password}&{parameters}");
    let request = Request::post(format!("/api/json/{function}/")).body(Body::from(body)).unwrap();
    world.call(HERE, request).await
}

/// The codes of an answer, each with its key.
pub(crate) fn entries(answer: &Answer) -> Vec<(String, String)> {
    let word = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
    let json = answer.json();
    let entries = json["responses"].as_array().unwrap().iter();
    entries.map(|entry| (word(entry, "code"), word(entry, "key"))).collect()
}

/// Calls a function; answers the codes with their keys, and the data.
pub(crate) async fn call(
    world: &World,
    username: &str,
    function: &str,
    parameters: &str,
) -> (Vec<(String, String)>, Value) {
    call_with(world, (username, "password"), function, parameters).await
}

/// The same with another password.
pub(crate) async fn call_with(
    world: &World,
    login: (&str, &str),
    function: &str,
    parameters: &str,
) -> (Vec<(String, String)>, Value) {
    let answer = send_with(world, login, function, parameters).await;
    assert_eq!(answer.status, StatusCode::OK, "{function}: {}", answer.text());
    (entries(&answer), answer.json()["data"].clone())
}

/// The one code of a call, with its key behind a blank where there is one.
pub(crate) async fn code(world: &World, username: &str, function: &str, parameters: &str) -> String {
    let (code, key) = one_entry(world, username, function, parameters).await;
    if key.is_empty() { code } else { format!("{code} {key}") }
}

/// The one code of a call, whatever its key.
pub(crate) async fn bare_code(world: &World, username: &str, function: &str, parameters: &str) -> String {
    one_entry(world, username, function, parameters).await.0
}

async fn one_entry(world: &World, username: &str, function: &str, parameters: &str) -> (String, String) {
    let (mut entries, _) = call(world, username, function, parameters).await;
    assert_eq!(entries.len(), 1, "{function} {parameters}: {entries:?}");
    entries.remove(0)
}

/// What a call that succeeds answers.
pub(crate) async fn data(world: &World, username: &str, function: &str, parameters: &str) -> Value {
    let (entries, data) = call(world, username, function, parameters).await;
    assert_eq!(entries[0].0, "200", "{username}: {function} {parameters}: {entries:?}");
    data
}
