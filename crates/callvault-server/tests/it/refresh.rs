//! Refresh tokens of the Yeastar door: rotated, good once, gone with their session (`docs/yeastar.md` G8).

use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::body::Body;
use callvault_core::customer::CustomerChange;
use callvault_core::gate::Principal;
use callvault_core::id::CustomerId;
use callvault_core::secret::SecretHash;
use callvault_core::service::Policy;
use callvault_server::app::Settings;
use callvault_testkit::sound::wav;
use callvault_testkit::world::World;
use http::{Method, Request};
use serde_json::{Value, json};

const NAME: &str = "a.wav";

const HOUR: Duration = Duration::from_secs(60 * 60);

fn server() -> IpAddr {
    "192.168.5.20".parse().unwrap()
}

async fn world() -> World {
    world_with(Policy::default()).await
}

async fn world_with(policy: Policy) -> World {
    let world = World::with(Settings::default(), policy).await;
    world.customer(1, None).await;
    world.person(1, "api", "api").await;
    world.recording(1, NAME, wav(1, 800)).await;
    world
}

/// Posts JSON at one version of the door.
async fn post(world: &World, path: &str, body: Value) -> Value {
    let request = Request::post(format!("/api/{path}")).body(Body::from(body.to_string())).unwrap();
    world.call(server(), request).await.json()
}

fn text(answer: &Value, member: &str) -> String {
    answer[member].as_str().unwrap_or_else(|| panic!("no {member} in {answer}")).to_owned()
}

/// Logs in; answers token and refresh token.
async fn log_in(world: &World) -> (String, String) {
    let body = json!({ "username": "api", "password": "5f4dcc3b5aa765d61d8327deb882cf99" });
    let answer = post(world, "v2.0.0/login", body).await;
    (text(&answer, "token"), text(&answer, "refreshtoken"))
}

async fn refresh(world: &World, token: &str) -> Value {
    post(world, "v2.0.0/token/refresh", json!({ "refreshtoken": token })).await
}

/// The errno that a token gets; `null` for a good one.
async fn errno(world: &World, token: &str) -> Value {
    post(world, &format!("v2.0.0/heartbeat?token={token}"), json!({})).await["errno"].clone()
}

fn refused() -> Value {
    json!({ "status": "Failed", "errno": "20004" })
}

async fn change_person(world: &World, change: Value) {
    let people = world.local(Method::GET, "/people?username=api", "").await.json();
    let path = format!("/people/{}", people["items"][0]["id"]);
    let answer = world.local(Method::PATCH, &path, change.to_string()).await;
    assert!(answer.status.is_success(), "{}", answer.text());
}

#[tokio::test]
async fn a_refresh_ends_the_old_tokens_and_their_tickets() {
    let world = world().await;
    let (token, first) = log_in(&world).await;
    let random = world.ticket(server(), &token, NAME).await;
    let renewed = refresh(&world, &first).await;
    let (new, second) = (text(&renewed, "token"), text(&renewed, "refreshtoken"));
    assert_eq!(renewed["status"], "Success");
    assert!(new != token && second != first);
    assert_eq!(errno(&world, &token).await, "20004");
    assert_eq!(errno(&world, &new).await, Value::Null);
    for (with, expected) in [(&token, "20004"), (&new, "20012")] {
        let answer = world.download(server(), Method::GET, NAME, &random, with).await;
        assert_eq!(answer.json()["errno"], expected);
    }
    assert_eq!(refresh(&world, &first).await, refused(), "good once");
    assert_eq!(refresh(&world, &token).await, refused(), "a token is no refresh token");
    // The other way and the other version.
    let get = Request::get(format!("/api/v1.1.0/token/refresh?refreshtoken={second}"));
    let third = world.call(server(), get.body(Body::empty()).unwrap()).await.json();
    assert_eq!(errno(&world, &text(&third, "token")).await, Value::Null);
}

#[tokio::test]
async fn it_lives_for_a_day_whatever_becomes_of_the_token() {
    let world = world().await;
    let (_, refresh_token) = log_in(&world).await;
    world.clock.advance(24 * HOUR - Duration::from_secs(1));
    world.app.services.sessions.flush().await.unwrap();
    let world = world.restart().await;
    let renewed = refresh(&world, &refresh_token).await;
    let token = text(&renewed, "token");
    assert_eq!(errno(&world, &token).await, Value::Null);
    // A session that goes on does not lengthen it.
    let refresh_token = text(&renewed, "refreshtoken");
    for _ in 0..48 {
        assert_eq!(errno(&world, &token).await, Value::Null);
        world.clock.advance(Duration::from_secs(29 * 60));
    }
    world.clock.advance(Duration::from_secs(48 * 60));
    assert_eq!(refresh(&world, &refresh_token).await, refused());
}

#[tokio::test]
async fn a_renewed_session_outlives_a_restart_under_its_new_tokens_alone() {
    let world = world().await;
    let (token, first) = log_in(&world).await;
    let renewed = refresh(&world, &first).await;
    let (new, second) = (text(&renewed, "token"), text(&renewed, "refreshtoken"));
    let world = world.restart().await;
    assert_eq!(errno(&world, &token).await, "20004");
    assert_eq!(errno(&world, &new).await, Value::Null);
    assert_eq!(refresh(&world, &first).await, refused());
    assert_eq!(refresh(&world, &second).await["status"], "Success");
    for file in fs_err::read_dir(world.audio_folder().parent().unwrap()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = fs_err::read(&path).unwrap();
            let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
            for secret in [&token, &first, &new, &second] {
                assert!(!holds(secret), "{} holds a token", path.display());
            }
        }
    }
}

#[tokio::test]
async fn it_dies_with_its_session_and_its_person() {
    let world = world().await;
    let (token, after_logout) = log_in(&world).await;
    post(&world, &format!("v2.0.0/logout?token={token}"), json!({})).await;
    assert_eq!(refresh(&world, &after_logout).await, refused());
    let (_, before_change) = log_in(&world).await;
    change_person(&world, json!({ "source": "10.0.0.0/8" })).await;
    assert_eq!(refresh(&world, &before_change).await, refused(), "from an address that is not theirs");
    change_person(&world, json!({ "source": "" })).await;
    let renewed = refresh(&world, &before_change).await;
    assert_eq!(renewed["status"], "Success", "and that did not use it up");
    let refresh_token = text(&renewed, "refreshtoken");
    change_person(&world, json!({ "role": "user" })).await;
    assert_eq!(refresh(&world, &refresh_token).await, refused());
    change_person(&world, json!({ "role": "api", "password": "password" })).await;
    assert_eq!(refresh(&world, &refresh_token).await, refused());
    let (_, refresh_token) = log_in(&world).await;
    change_person(&world, json!({ "disabled": true })).await;
    change_person(&world, json!({ "disabled": false })).await;
    assert_eq!(refresh(&world, &refresh_token).await, refused());
    assert_eq!(refresh(&world, "").await["errno"], "10004");
}

#[tokio::test]
async fn versions_before_it_neither_hand_it_out_nor_take_it() {
    let world = world().await;
    let body = json!({ "username": "api", "password": "5f4dcc3b5aa765d61d8327deb882cf99" });
    for version in ["v1.0.0", "v1.0.1", "v1.0.2", "v1.0.6"] {
        let answer = post(&world, &format!("{version}/login"), body.clone()).await;
        assert_eq!(answer["status"], "Success");
        assert_eq!(answer["refreshtoken"], Value::Null, "{version}");
        let (_, token) = log_in(&world).await;
        let answer =
            post(&world, &format!("{version}/token/refresh"), json!({ "refreshtoken": token })).await;
        assert_eq!(answer["errno"], "10003", "{version}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_show_one_refresh_token_one_wins() {
    let world = Arc::new(world().await);
    let (_, refresh_token) = log_in(&world).await;
    let mut racers = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (world, refresh_token) = (world.clone(), refresh_token.clone());
        racers.spawn(async move { refresh(&world, &refresh_token).await });
    }
    let answers = racers.join_all().await;
    let won: Vec<_> = answers.iter().filter(|answer| answer["status"] == "Success").collect();
    assert_eq!(won.len(), 1);
    assert!(answers.iter().filter(|answer| **answer != *won[0]).all(|answer| *answer == refused()));
    assert_eq!(errno(&world, &text(won[0], "token")).await, Value::Null);
    let listed = world.local(Method::GET, "/sessions", "").await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_session_that_comes_back_counts_towards_the_cap() {
    let world = world().await;
    let (_, refresh_token) = log_in(&world).await;
    world.clock.advance(HOUR);
    let mut tokens = Vec::new();
    for _ in 0..64 {
        tokens.push(log_in(&world).await.0);
        world.clock.advance(Duration::from_secs(1));
    }
    let renewed = refresh(&world, &refresh_token).await;
    assert_eq!(errno(&world, &text(&renewed, "token")).await, Value::Null);
    let mut ended = 0;
    for token in &tokens {
        ended += u32::from(errno(&world, token).await == "20004");
    }
    assert_eq!(ended, 1);
}

/// Lets something go as far as it goes by itself; its result, if it ended there.
fn begun<T>(future: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> Option<T> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

#[tokio::test]
async fn what_a_renewal_pushed_out_is_not_brought_back_after_a_revocation() {
    let world = world_with(Policy { sessions_per_person: 1, ..Policy::default() }).await;
    let (timed_out, refresh_token) = log_in(&world).await;
    world.clock.advance(HOUR);
    let (live, _) = log_in(&world).await;
    assert_eq!(errno(&world, &live).await, Value::Null);
    let sessions = &world.app.services.sessions;
    // What takes the password takes the rows along. It has much to do, so that the renewal waits behind it.
    let others = (0..20_000).map(|number| SecretHash::of(&number.to_string()));
    let rows = [&live, &timed_out].into_iter().map(|token| SecretHash::of(token)).chain(others).collect();
    let mut taken = pin!(world.catalog.slide_sessions(Vec::new(), rows));
    assert!(begun(taken.as_mut()).is_none());
    let mut renewal = pin!(sessions.renew(&refresh_token, server()));
    let renewed = begun(renewal.as_mut());
    if renewed.is_none() {
        assert_eq!(errno(&world, &live).await, "20004", "there is room for one of them");
    }
    taken.await.unwrap();
    change_person(&world, json!({ "password": "another password" })).await;
    let renewed = match renewed {
        Some(renewed) => renewed,
        None => renewal.await,
    };
    assert!(renewed.is_err());
    assert_eq!(errno(&world, &live).await, "20004");
}

#[tokio::test]
async fn a_login_that_ends_too_late_pushes_nobody_out() {
    let world = world_with(Policy { sessions_per_person: 1, ..Policy::default() }).await;
    change_person(&world, json!({ "password": "another password" })).await;
    let verified = world.catalog.account_named("api").await.unwrap().unwrap();
    change_person(&world, json!({ "password": "password" })).await;
    let (live, _) = log_in(&world).await;
    let services = world.app.services.clone();
    let session = services.sessions.list(&Principal::local_owner(), None).await.unwrap().remove(0);
    // Its password was verified before it was changed.
    let begun = services.sessions.begin(&verified, server(), session.report, None, false).await.unwrap();
    assert!(begun.is_none());
    assert_eq!(errno(&world, &live).await, Value::Null);
}

#[tokio::test]
async fn a_revocation_beside_a_renewal_ends_the_session() {
    let world = world().await;
    let (token, refresh_token) = log_in(&world).await;
    let services = world.app.services.clone();
    // The gate asks for the customer, as it may have changed, and waits: all who read are at work until they are let go.
    let change = CustomerChange { name: Some("Another name".to_owned()), ..CustomerChange::default() };
    world.catalog.change_customer(CustomerId(1), change).await.unwrap();
    let mut readers: Vec<_> = (0..50).map(|_| world.catalog.self_check()).collect();
    readers.retain_mut(|reader| begun(reader.as_mut()).is_none());
    let (owner, handle) = (Principal::local_owner(), SecretHash::of(&token).handle());
    let mut revocation = pin!(services.sessions.revoke(&owner, &handle));
    assert!(begun(revocation.as_mut()).is_none());
    let renewed = services.sessions.renew(&refresh_token, server()).await.unwrap();
    drop(readers);
    revocation.await.unwrap();
    assert_eq!(errno(&world, renewed.token.reveal()).await, "20004");
    let world = world.restart().await;
    assert_eq!(errno(&world, renewed.token.reveal()).await, "20004");
    assert_eq!(refresh(&world, renewed.refresh.reveal()).await, refused());
}
