//! Calls of the Enswitch dialect, as scripts make them: POST, with a user name and the password `password`.

use axum::body::Body;
use callvault_testkit::world::{HERE, World};
use http::{Request, StatusCode};
use serde_json::Value;

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
    (username, password): (&str, &str),
    function: &str,
    parameters: &str,
) -> (Vec<(String, String)>, Value) {
    let body = format!("auth_username={username}&auth_password={password}&{parameters}");
    let request = Request::post(format!("/api/json/{function}/")).body(Body::from(body)).unwrap();
    let answer = world.call(HERE, request).await;
    assert_eq!(answer.status, StatusCode::OK, "{function}: {}", answer.text());
    let json = answer.json();
    let word = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
    let entries = json["responses"].as_array().unwrap().iter();
    (entries.map(|entry| (word(entry, "code"), word(entry, "key"))).collect(), json["data"].clone())
}

/// The one code of a call, with its key behind a blank where there is one.
pub(crate) async fn code(world: &World, username: &str, function: &str, parameters: &str) -> String {
    let (entries, _) = call(world, username, function, parameters).await;
    assert_eq!(entries.len(), 1, "{function} {parameters}: {entries:?}");
    let (code, key) = &entries[0];
    if key.is_empty() { code.clone() } else { format!("{code} {key}") }
}

/// What a call that succeeds answers.
pub(crate) async fn data(world: &World, username: &str, function: &str, parameters: &str) -> Value {
    let (entries, data) = call(world, username, function, parameters).await;
    assert_eq!(entries[0].0, "200", "{function} {parameters}: {entries:?}");
    data
}
