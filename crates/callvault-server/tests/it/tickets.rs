//! One-time tickets through the Yeastar door, with a clock that the test turns.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::Body;
use callvault_testkit::sound::wav;
use callvault_testkit::world::{Answer, World};
use http::{Method, Request, StatusCode};
use serde_json::json;

const NAME: &str = "20191024012719-1571909237.191-4000-4001-Internal.wav";

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn server() -> IpAddr {
    address("192.168.5.20")
}

async fn world() -> (World, Vec<u8>) {
    let world = World::new().await;
    world.customer(1, None).await;
    world.person(1, "api", "api").await;
    let audio = wav(7, 16_000);
    world.recording(1, NAME, audio.clone()).await;
    (world, audio)
}

fn errno(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::OK);
    answer.json()["errno"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_ticket_lives_thirty_seconds_to_the_start_of_the_transfer() {
    let (world, audio) = world().await;
    let token = world.log_in(server(), "api").await;
    let random = world.ticket(server(), &token, NAME).await;
    world.clock.advance(Duration::from_secs(29));
    assert_eq!(world.download(server(), Method::GET, NAME, &random, &token).await.body, audio);
    let random = world.ticket(server(), &token, NAME).await;
    world.clock.advance(Duration::from_secs(31));
    assert_eq!(errno(&world.download(server(), Method::GET, NAME, &random, &token).await), "20012");
}

#[tokio::test]
async fn what_is_refused_leaves_the_ticket_usable() {
    let (world, audio) = world().await;
    let token = world.log_in(server(), "api").await;
    let other = world.log_in(server(), "api").await;
    let random = world.ticket(server(), &token, NAME).await;
    let download = |peer, method, name, token| {
        let (world, random) = (&world, &random);
        async move { world.download(peer, method, name, random, token).await }
    };
    let stranger = address("198.51.100.1");
    assert_eq!(errno(&download(stranger, Method::GET, NAME, &token).await), "20015");
    assert_eq!(errno(&download(server(), Method::GET, "other.wav", &token).await), "20012");
    assert_eq!(errno(&download(server(), Method::GET, NAME, &other).await), "20012");
    let head = download(server(), Method::HEAD, NAME, &token).await;
    assert_eq!(head.header("content-length"), audio.len().to_string());
    assert!(head.body.is_empty());
    assert_eq!(download(server(), Method::GET, NAME, &token).await.body, audio);
    assert_eq!(errno(&download(server(), Method::GET, NAME, &token).await), "20012");
}

#[tokio::test]
async fn logout_ends_the_tickets_of_a_session() {
    let (world, _) = world().await;
    let token = world.log_in(server(), "api").await;
    let random = world.ticket(server(), &token, NAME).await;
    world.yeastar(server(), &format!("logout?token={token}"), json!({})).await;
    assert_eq!(errno(&world.download(server(), Method::GET, NAME, &random, &token).await), "20004");
    let token = world.log_in(server(), "api").await;
    assert_eq!(errno(&world.download(server(), Method::GET, NAME, &random, &token).await), "20012");
}

#[tokio::test]
async fn a_restart_keeps_sessions_and_forgets_tickets() {
    let (world, audio) = world().await;
    let token = world.log_in(server(), "api").await;
    let random = world.ticket(server(), &token, NAME).await;
    let world = world.restart().await;
    assert_eq!(errno(&world.download(server(), Method::GET, NAME, &random, &token).await), "20012");
    let random = world.ticket(server(), &token, NAME).await;
    assert_eq!(world.download(server(), Method::GET, NAME, &random, &token).await.body, audio);
}

#[tokio::test]
async fn a_session_slides_with_every_call_and_ends_after_thirty_idle_minutes() {
    let (world, _) = world().await;
    let token = world.log_in(server(), "api").await;
    for _ in 0..4 {
        world.clock.advance(Duration::from_secs(29 * 60));
        world.ticket(server(), &token, NAME).await;
    }
    let world = world.restart().await;
    world.clock.advance(Duration::from_secs(29 * 60));
    world.ticket(server(), &token, NAME).await;
    world.clock.advance(Duration::from_secs(30 * 60));
    let heartbeat = format!("heartbeat?token={token}");
    assert_eq!(world.yeastar(server(), &heartbeat, json!({})).await["errno"], "20006");
    world.clock.advance(Duration::from_secs(25 * 60 * 60));
    world.app.services.sessions.flush().await.unwrap();
    assert_eq!(
        world.yeastar(server(), &heartbeat, json!({})).await["errno"],
        "20004",
        "forgotten after a day"
    );
}

#[tokio::test]
async fn more_than_a_thousand_open_tickets_push_out_the_oldest() {
    let (world, audio) = world().await;
    let token = world.log_in(server(), "api").await;
    let mut randoms = Vec::new();
    for _ in 0..1001 {
        randoms.push(world.ticket(server(), &token, NAME).await);
    }
    assert_eq!(errno(&world.download(server(), Method::GET, NAME, &randoms[0], &token).await), "20012");
    for random in [&randoms[1], &randoms[1000]] {
        assert_eq!(world.download(server(), Method::GET, NAME, random, &token).await.body, audio);
    }
    let mut listed = std::collections::BTreeSet::new();
    let mut after = String::new();
    loop {
        let page = world.local(Method::GET, &format!("/tickets?limit=300{after}"), "").await.json();
        let ids =
            page["items"].as_array().unwrap().iter().map(|ticket| ticket["id"].as_str().unwrap().to_owned());
        listed.extend(ids);
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(listed.len(), 998);
}

#[tokio::test]
async fn a_sixty_fifth_login_pushes_out_an_older_session_and_never_itself() {
    let (world, _) = world().await;
    let mut tokens = Vec::new();
    for _ in 0..65 {
        tokens.push(world.log_in(server(), "api").await);
        world.clock.advance(Duration::from_secs(1));
    }
    let call = |token: &str| format!("heartbeat?token={token}");
    assert_eq!(world.yeastar(server(), &call(&tokens[0]), json!({})).await["errno"], "20004");
    for token in &tokens[1..] {
        assert_eq!(world.yeastar(server(), &call(token), json!({})).await["status"], "Success");
    }
}

#[tokio::test]
async fn a_disabled_person_loses_their_sessions_at_once() {
    let (world, _) = world().await;
    let token = world.log_in(server(), "api").await;
    let people = world.local(Method::GET, "/people?username=api", "").await.json();
    let path = format!("/people/{}", people["items"][0]["id"]);
    world.local(Method::PATCH, &path, json!({ "disabled": true }).to_string()).await;
    assert_eq!(
        world.yeastar(server(), &format!("heartbeat?token={token}"), json!({})).await["errno"],
        "20004"
    );
    world.local(Method::PATCH, &path, json!({ "disabled": false }).to_string()).await;
    let world = world.restart().await;
    let again = world.yeastar(server(), &format!("heartbeat?token={token}"), json!({})).await;
    assert_eq!(again["errno"], "20004", "a revoked session does not come back");
}

#[tokio::test]
async fn a_ticket_of_the_command_line_needs_no_login_and_works_once() {
    let (world, audio) = world().await;
    let body = json!({ "customer": 1, "recording": NAME, "allow": ["192.0.2.9"], "ttl_seconds": 60 });
    let ticket = world.add("/tickets", body).await;
    let path = ticket["path"].as_str().unwrap().to_owned();
    let world = world.restart().await;
    let get = |peer: &str, method| {
        let request = Request::builder().method(method).uri(path.as_str()).body(Body::empty()).unwrap();
        let (world, peer) = (&world, address(peer));
        async move { world.call(peer, request).await }
    };
    assert_eq!(get("192.0.2.8", Method::GET).await.status, StatusCode::FORBIDDEN);
    assert_eq!(get("192.0.2.9", Method::HEAD).await.status, StatusCode::OK);
    assert_eq!(get("192.0.2.9", Method::GET).await.body, audio);
    assert_eq!(get("192.0.2.9", Method::GET).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn two_hundred_clients_race_for_one_ticket() {
    let (world, audio) = world().await;
    let world = std::sync::Arc::new(world);
    let token = world.log_in(server(), "api").await;
    let random = world.ticket(server(), &token, NAME).await;
    let mut racers = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (world, random, token) = (world.clone(), random.clone(), token.clone());
        racers.spawn(async move { world.download(server(), Method::GET, NAME, &random, &token).await });
    }
    let answers = racers.join_all().await;
    let won = answers.iter().filter(|answer| answer.body == audio).count();
    let lost = answers.iter().filter(|answer| answer.body != audio && errno(answer) == "20012").count();
    assert_eq!((won, lost), (1, 199));
}

#[tokio::test]
async fn a_persons_addresses_hold_for_live_sessions_and_not_for_their_tickets() {
    let (world, audio) = world().await;
    let token = world.log_in(server(), "api").await;
    let people = world.local(Method::GET, "/people?username=api", "").await.json();
    let path = format!("/people/{}", people["items"][0]["id"]);
    world.local(Method::PATCH, &path, json!({ "source": "192.168.5.20" }).to_string()).await;
    let elsewhere = address("192.168.5.21");
    let call = format!("recording/get_random?token={token}");
    let refused = world.yeastar(elsewhere, &call, json!({ "recording": NAME })).await;
    assert_eq!(refused["errno"], "20004");
    let ticket =
        world.yeastar(server(), &call, json!({ "recording": NAME, "allowedip": "192.168.5.21" })).await;
    let random = ticket["random"].as_str().unwrap();
    assert_eq!(world.download(elsewhere, Method::GET, NAME, random, &token).await.body, audio);
}

#[tokio::test]
async fn a_link_dies_with_its_customer() {
    let (world, _) = world().await;
    let ticket = world.add("/tickets", json!({ "customer": 1, "recording": NAME, "ttl_seconds": 600 })).await;
    let disable = json!({ "disabled": true }).to_string();
    assert_eq!(world.local(Method::PATCH, "/customers/1", disable).await.status, StatusCode::OK);
    let request = Request::get(ticket["path"].as_str().unwrap()).body(Body::empty()).unwrap();
    assert_eq!(world.call(server(), request).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_remembered_password_does_not_lift_a_lock() {
    let (world, _) = world().await;
    world.person(1, "user", "administrator").await;
    let ask = |password: &'static str| {
        let link = format!(
            "/api/json/huntgroups/files/download/?auth_username=user&auth_password={password}&huntgroup=1&level=1"
        );
        let request = Request::get(link).body(Body::empty()).unwrap();
        let world = &world;
        async move {
            world.call(server(), request).await.json()["responses"][0]["message"].as_str().unwrap().to_owned()
        }
    };
    assert!(ask("password").await.contains("No such hunt group"));
    for _ in 0..5 {
        assert!(ask("guess").await.contains("invalid"));
    }
    assert!(ask("guess").await.contains("Too many"));
    assert!(
        ask("password").await.contains("No such hunt group"),
        "a poller is not cut off by guesses beside it"
    );
    assert!(ask("guess").await.contains("Too many"), "and does not open the way for them");
}

#[tokio::test]
async fn the_check_warns_of_logins_that_others_can_read() {
    let (world, _) = world().await;
    let warnings = async || {
        let check = world.local(Method::POST, "/check", "").await.json();
        check["warnings"].as_array().unwrap().len()
    };
    world.log_in(address("127.0.0.1"), "api").await;
    assert_eq!(warnings().await, 0, "loopback is no network");
    world.log_in(server(), "api").await;
    world.log_in(server(), "api").await;
    assert_eq!(warnings().await, 1);
}
