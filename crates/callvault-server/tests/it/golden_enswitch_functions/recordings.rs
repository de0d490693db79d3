//! What the pairs of record groups, recordings and calls need.

use base64_simd::STANDARD;
use callvault_testkit::golden::Message;
use callvault_testkit::world::World;
use callvault_wire::enswitch::path::Function;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::sent;
use crate::golden_enswitch::sample;

/// The file of every object.
pub(super) fn example() -> Vec<u8> {
    sample("example.wav")
}

/// What `sha1sum` says of it.
const SHA1: &str = "7bbadf45889a29e1de621432da3a959a12850a98";

fn is_about_recordings(function: Function) -> bool {
    function.path().starts_with("recording/recordings/") || function == Function::CdrsList
}

/// Adds it; `customer` is the one that the call names, or the caller's own.
pub(super) async fn arrange(world: &World, function: Function, request: &Message, customer: i64) {
    let path = function.path();
    if path.starts_with("huntgroups/") && function.knows("recordgroup") {
        let id = sent(request, "recordgroup").and_then(|text| text.parse::<i64>().ok()).filter(|id| *id > 0);
        if let Some(id) = id {
            world.add("/recordgroups", json!({ "id": id, "customer": customer, "name": "Any calls" })).await;
        }
    }
    if request.comment("object", "present") != "present"
        || !path.starts_with("recording/") && !path.starts_with("cdrs/")
    {
        return;
    }
    world.add("/recordgroups", json!({ "id": 123, "customer": 1, "name": "Sales calls" })).await;
    if !is_about_recordings(function) {
        return;
    }
    let put =
        world.local(Method::PUT, "/recordings/example.wav?customer=1&record_group=123", example()).await;
    assert_eq!(put.status, StatusCode::CREATED, "{}", put.text());
    let call = json!({
        "call_id": "1230000000.1", "started_at": "2008-12-23T02:40:00Z", "from": "+4930123456", "to": "100",
        "from_name": "030 123456", "call_seconds": 60, "talk_seconds": 48, "status": "ANSWERED",
        "kind": "Inbound", "recording": "example.wav",
    });
    let told =
        world.local(Method::POST, "/calls", json!({ "customer": 1, "calls": [call] }).to_string()).await;
    assert_eq!(told.json(), json!({ "added": 1, "already": 0 }));
    let never = json!({ "expires_at": null }).to_string();
    let patched = world.local(Method::PATCH, "/recordings/example.wav", never).await;
    assert_eq!(patched.status, StatusCode::OK, "{}", patched.text());
    let encoding = json!({ "recordings_encoding": request.comment("recordings", "raw") }).to_string();
    let patched = world.local(Method::PATCH, "/customers/1", encoding).await;
    assert_eq!(patched.status, StatusCode::OK, "{}", patched.text());
}

/// The pair with the ids that this server gives, and with what stands for the file.
pub(super) async fn fit(
    world: &World,
    function: Function,
    request: &Message,
    response: &Message,
) -> (Message, Message) {
    let (mut request, mut response) = (request.clone(), response.clone());
    if !is_about_recordings(function) {
        return (request, response);
    }
    let shown = world.local(Method::GET, "/recordings/example.wav?customer=1", "").await;
    let id = match shown.status {
        StatusCode::OK => shown.json()["id"].as_str().unwrap().to_owned(),
        _ => "1".to_owned(),
    };
    for (selector, own) in [("uniqueid", "1230000000.1"), ("recordid", id.as_str())] {
        for any in ["%2B4930123456", "1230000000.1", "1"] {
            for end in [";", "&", " "] {
                request.fill(&format!("{selector}={any}{end}"), &format!("{selector}={own}{end}"));
            }
        }
    }
    // The last parameter of a body has no end.
    if let Ok(body) = std::str::from_utf8(&request.body)
        && let Some(before) = body.strip_suffix("recordid=%2B4930123456")
    {
        request.body = format!("{before}recordid={id}").into_bytes();
    }
    request.fill("offset=20", "offset=0");
    let length = request.body.len().to_string();
    for (name, value) in &mut request.headers {
        if name.eq_ignore_ascii_case("content-length") {
            value.clone_from(&length);
        }
    }
    if let Ok(mut wanted) = serde_json::from_slice::<Value>(&response.body) {
        let data = &mut wanted["data"];
        let rows =
            if data.is_array() { data.as_array_mut().unwrap().iter_mut().collect() } else { vec![data] };
        for row in rows.into_iter().filter(|row| row.is_object()) {
            row["callid"] = json!("1230000000.1");
            if row.get("recordid").is_some() {
                row["recordid"] = json!(id);
            }
            match row.get("data").and_then(Value::as_str) {
                Some("{{audio-raw}}") => {
                    row["data"] = json!(example().into_iter().map(char::from).collect::<String>());
                }
                Some("{{audio-base64}}") => row["data"] = json!(STANDARD.encode_to_string(example())),
                _ => {}
            }
            if row.get("sha1").is_some() {
                row["sha1"] = json!(SHA1);
            }
        }
        if wanted["data"].is_null() {
            wanted.as_object_mut().unwrap().remove("data");
        }
        response.body = wanted.to_string().into_bytes();
    }
    (request, response)
}
