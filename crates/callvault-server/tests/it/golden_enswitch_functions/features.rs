//! The world of the pairs about files of features.

use callvault_core::feature::FeatureKind;
use callvault_testkit::golden::Message;
use callvault_testkit::world::World;
use callvault_wire::enswitch::path::Function;
use http::{Method, StatusCode};
use serde_json::json;

use super::sent;
use crate::golden_enswitch::sample;

/// The kind of feature whose files a function is about. It is selected by a parameter of the kind's word.
fn kind(function: Function) -> Option<FeatureKind> {
    let is_about_files = function.path().contains("/files/");
    FeatureKind::ALL.into_iter().find(|kind| is_about_files && function.knows(kind.as_str()))
}

/// Makes what the call selects, with its file, and the sound that it may name. `customer` is whose all that is.
pub(super) async fn arrange(world: &World, function: Function, request: &Message, customer: i64) {
    let Some(kind) = kind(function) else { return };
    if request.comment("object", "present") == "present" {
        let number = kind.is_numbered().then_some("+4930123456");
        let feature = json!({ "kind": kind.as_str(), "id": 123, "customer": customer, "name": "Any", "number": number });
        world.add("/features", feature).await;
        // What is sent as the file may be no word of the kind; then there is nothing to make.
        let word = sent(request, "file").unwrap_or_else(|| "main".to_owned());
        if request.comment("file", "present") != "absent" && kind.file(&word).is_some() {
            let path = format!("/features/{kind}/123/prompts/{word}?name=example.wav");
            let put = world.local(Method::PUT, &path, sample("example.wav")).await;
            assert_eq!(put.status, StatusCode::CREATED, "{}", put.text());
        }
        if request.comment("file", "present") == "unreadable" {
            for file in world.audio_files() {
                fs_err::remove_file(file).unwrap();
            }
        }
    }
    if request.comment("sound", "present") == "present" {
        world.add("/sounds", json!({ "id": 7, "customer": customer, "name": "Closed now" })).await;
        let filled = world.local(Method::PUT, "/sounds/7/audio", sample("greeting.wav")).await;
        assert_eq!(filled.status, StatusCode::NO_CONTENT, "{}", filled.text());
    }
    if request.comment("plan", "allows") == "forbids" {
        let plan = json!({ "largest_message_bytes": 1 }).to_string();
        let patched = world.local(Method::PATCH, &format!("/customers/{customer}"), plan).await;
        assert_eq!(patched.status, StatusCode::OK, "{}", patched.text());
    }
}
