//! Replays the golden pairs of the Enswitch functions that are served, but for those of hunt groups' files, against the whole
//! application. The world is told in `callvault-wire/tests/golden/enswitch-functions/README.md`.

mod accounts;
mod features;
mod logins;
mod recordings;
mod sounds;

use std::collections::BTreeMap;

use callvault_server::app::Settings;
use callvault_testkit::golden::{Message, replay_all};
use callvault_testkit::world::{Answer, HERE, World};
use callvault_wire::enswitch::path::{Function, Prefixes};
use http::{Method, StatusCode};
use serde_json::json;

use crate::golden_enswitch;

/// The person whom the pairs are about.
const USER: i64 = 45;

fn target(request: &Message) -> &str {
    request.first_line.split(' ').nth(1).unwrap()
}

fn function(request: &Message) -> Function {
    let path = target(request).split('?').next().unwrap();
    Prefixes::default().function(path).flatten().unwrap()
}

/// What a request sends as `name`.
fn sent(request: &Message, name: &str) -> Option<String> {
    let query = target(request).split_once('?').map_or("", |(_, query)| query);
    let body = String::from_utf8_lossy(&request.body);
    let pairs = query.split(';').chain(body.split('&')).filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

#[tokio::test]
async fn every_pair_holds_against_the_application() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    replay_all("enswitch-functions", async |request, response| {
        let function = function(&request);
        *seen.entry(function.path()).or_default() += 1;
        replay(function, &request, &response).await
    })
    .await;
    // Each function has pairs, here or, those of hunt groups' files, beside the test of these.
    for function in Function::all().filter(|function| !function.path().starts_with("huntgroups/files/")) {
        let count = seen.remove(function.path()).unwrap_or_default();
        assert!(count >= 4, "{} has {count} pairs", function.path());
    }
    assert!(seen.is_empty(), "{seen:?}");
}

async fn replay(function: Function, request: &Message, response: &Message) -> Result<(), String> {
    let world = World::with(Settings::default(), logins::policy(request)).await;
    arrange(&world, function, request).await;
    let (request, response) = &recordings::fit(&world, function, request, response).await;
    let mut filled = request.clone();
    logins::fill(&world, &mut filled).await;
    let answer = world.call(HERE, filled.request()).await;
    compare(&world, function, request, &answer, response)
}

async fn arrange(world: &World, function: Function, request: &Message) {
    if accounts::is_here(function) {
        return accounts::arrange(world, function, request).await;
    }
    world.customer(1, None).await;
    let number = |name: &str| sent(request, name).and_then(|text| text.parse().ok()).filter(|id| *id > 1);
    let below = number("customer").filter(|_| request.comment("customer", "present") == "present");
    if let Some(customer) = below {
        world.customer(customer, Some(1)).await;
    }
    // Whom an owner may be: of these numbers, the person of the pairs is one.
    let shown = matches!(function, Function::HuntgroupsGet | Function::HuntgroupsList);
    if function.knows("owner") || shown || logins::is_login(function) {
        for id in 1..USER {
            let username = format!("person-{id}");
            assert_eq!(world.person(below.unwrap_or(1), &username, "user").await, id);
        }
    }
    let role = match (request.comment("as", "administrator"), below) {
        ("auditor", _) => "auditor",
        (_, Some(_)) => "reseller",
        // Whoever switches to the pseudo-person of a customer, who is a reseller there.
        _ if function == Function::UserSwitch && sent(request, "username").is_some() => "reseller",
        _ => "administrator",
    };
    let user = world.person(1, "user", role).await;
    recordings::arrange(world, function, request, below.unwrap_or(1)).await;
    if logins::is_login(function) {
        logins::arrange(world, function, request).await;
    }
    if request.comment("object", "present") == "present" {
        let hunt_group = json!({
            "id": 123, "customer": 1, "name": "Sales", "description": "Ground floor", "owner": user,
            "busy_exit": { "type": "phone", "number": "100" },
        });
        world.add("/huntgroups", hunt_group).await;
        let destination =
            json!({ "id": 123, "huntgroup": 123, "level": 1, "type": "phone", "number": "100" });
        world.add("/destinations", destination).await;
        sounds::arrange(world, function, request).await;
    }
    features::arrange(world, function, request, below.unwrap_or(1)).await;
    if request.comment("plan", "allows") == "forbids" {
        let plan =
            json!({ "huntgroups_allowed": false, "sounds_allowed": false, "recordgroups_allowed": false })
                .to_string();
        let patched = world.local(Method::PATCH, "/customers/1", plan).await;
        assert_eq!(patched.status, StatusCode::OK, "{}", patched.text());
    }
}

fn compare(
    world: &World,
    function: Function,
    request: &Message,
    answer: &Answer,
    expected: &Message,
) -> Result<(), String> {
    if !logins::is_login(function) {
        return golden_enswitch::compare(answer, expected);
    }
    let mut filled = expected.clone();
    filled.body = logins::expected(world, request, answer, &expected.body);
    golden_enswitch::compare(answer, &filled)
}
