//! Reports over real sockets, with a scripted application server. The clock of the retries is the test's: it is moved
//! until what must happen has happened.

use std::net::IpAddr;
use std::time::Duration;

use callvault_server::app::Settings;
use callvault_server::work::reports::{self, Patience};
use callvault_testkit::application_server::{ApplicationServer, Received};
use callvault_testkit::world::World;
use http::{Method, StatusCode};
use serde_json::{Value, json};

mod delivery;
mod failures;
mod logins;
mod policy;
mod targets;
mod tcp;
mod tls;

/// The MD5 of `password`.
const PASSWORD: &str = "5f4dcc3b5aa765d61d8327deb882cf99";

/// Longer than anything here takes; a test that reaches it has failed.
const PATIENCE: Duration = Duration::from_secs(20);

const SECOND: Duration = Duration::from_secs(1);

/// Where a PBX's neighbours are.
fn away() -> IpAddr {
    "192.168.5.20".parse().unwrap()
}

/// A world with customer 1 and its person `crm`, that delivers.
async fn world() -> World {
    world_with(reports::Settings::default()).await
}

async fn world_with(reports: reports::Settings) -> World {
    let world = World::with(Settings { reports, ..Settings::default() }, Default::default()).await;
    world.customer(1, None).await;
    world.person(1, "crm", "api").await;
    world.deliver();
    world
}

/// Settings under which a silent target is given up soon.
fn hasty() -> reports::Settings {
    let patience = Patience { connect: Duration::from_secs(5), answer: Duration::from_millis(500) };
    reports::Settings { patience, ..reports::Settings::default() }
}

/// Logs in and asks for reports at an address; answers the token.
async fn log_in_for(world: &World, peer: IpAddr, username: &str, url: &str) -> String {
    let extra = json!({ "url": url, "urltag": "1", "version": "2.0.0" });
    log_in_with(world, peer, username, extra).await
}

async fn log_in_with(world: &World, peer: IpAddr, username: &str, extra: Value) -> String {
    let mut body = json!({ "username": username, "password": PASSWORD });
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let answer = world.yeastar(peer, "login", body).await;
    answer["token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// Logs `crm` in on this machine for reports at a server.
async fn wanted_by(world: &World, server: &ApplicationServer) -> String {
    let url = format!("http://{}/report?key=hush", server.address());
    log_in_for(world, callvault_testkit::world::HERE, "crm", &url).await
}

fn call(number: usize) -> Value {
    json!({
        "call_id": number.to_string(), "started_at": "2020-05-12T16:05:28Z", "from": "900000001", "to": "110",
        "call_seconds": 42, "talk_seconds": 34, "status": "ANSWERED", "kind": "Inbound",
    })
}

async fn tell(world: &World, customer: i64, calls: &[Value]) {
    let body = json!({ "customer": customer, "calls": calls }).to_string();
    let answer = world.local(Method::POST, "/calls", body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

/// Tells of calls with these numbers.
async fn ended(world: &World, customer: i64, numbers: std::ops::Range<usize>) {
    let calls: Vec<_> = numbers.map(call).collect();
    tell(world, customer, &calls).await;
}

/// Lets time pass, second by second, until a server got so many requests.
async fn pass_until(world: &World, server: &ApplicationServer, requests: usize) -> Vec<Received> {
    until(|| async {
        if server.received().len() >= requests {
            return Some(server.received());
        }
        world.pass(SECOND);
        tokio::time::timeout(Duration::from_millis(20), server.after(requests)).await.ok()
    })
    .await
}

/// Lets time pass until the targets are as wanted; answers them.
async fn targets_until(world: &World, step: Duration, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    until(|| async {
        let targets = targets(world).await;
        if wanted(&targets) {
            return Some(targets);
        }
        world.pass(step);
        tokio::time::timeout(Duration::from_millis(5), std::future::pending::<()>()).await.ok();
        None
    })
    .await
}

/// Asks until there is an answer.
async fn until<T, F: Future<Output = Option<T>>>(ask: impl Fn() -> F) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.expect("it takes too long")
}

async fn targets(world: &World) -> Vec<Value> {
    let answer = world.local(Method::GET, "/targets", "").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()["items"].as_array().unwrap().clone()
}

/// Whether nothing waits for anybody.
fn all_delivered(targets: &[Value]) -> bool {
    targets.iter().all(|target| target["waiting"] == 0)
}
