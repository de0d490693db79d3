//! What the pairs of record groups, recordings and calls need.

use callvault_testkit::golden::Message;
use callvault_testkit::world::World;
use callvault_wire::enswitch::path::Function;
use serde_json::json;

use super::sent;

/// Adds it; `customer` is the one that the call names, or the caller's own.
pub(super) async fn arrange(world: &World, function: Function, request: &Message, customer: i64) {
    let path = function.path();
    if path.starts_with("huntgroups/") && function.knows("recordgroup") {
        let id = sent(request, "recordgroup").and_then(|text| text.parse::<i64>().ok()).filter(|id| *id > 0);
        if let Some(id) = id {
            world.add("/recordgroups", json!({ "id": id, "customer": customer, "name": "Any calls" })).await;
        }
    }
    if path.starts_with("recording/groups/") && request.comment("object", "present") == "present" {
        world.add("/recordgroups", json!({ "id": 123, "customer": 1, "name": "Sales calls" })).await;
    }
}
