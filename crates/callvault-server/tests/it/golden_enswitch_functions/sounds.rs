//! The sound that the pairs of `sounds/*` are about.

use callvault_testkit::golden::Message;
use callvault_testkit::world::World;
use callvault_wire::enswitch::path::Function;
use http::{Method, StatusCode};
use serde_json::json;

use crate::golden_enswitch::sample;

pub(super) async fn arrange(world: &World, function: Function, request: &Message) {
    if !function.path().starts_with("sounds/") {
        return;
    }
    world.add("/sounds", json!({ "id": 123, "customer": 1, "name": "Closed now" })).await;
    if request.comment("file", "present") == "absent" {
        return;
    }
    let path = "/sounds/123/audio?name=example.wav";
    let filled = world.local(Method::PUT, path, sample("example.wav")).await;
    assert_eq!(filled.status, StatusCode::NO_CONTENT, "{}", filled.text());
}
