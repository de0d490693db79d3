//! What the bodies of strangers and of known people may hold, and whom that leaves in peace.

use std::net::{IpAddr, Ipv4Addr};

use axum::body::Body;
use bytes::Bytes;
use callvault_testkit::world::{Answer, HERE, World, basic};
use futures_util::stream::{self, FuturesUnordered};
use futures_util::{FutureExt as _, StreamExt as _};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tokio::sync::watch;

/// What all bodies of strangers may hold together, and those of one address, in bytes (`SECURITY.md`).
const BUDGET_BYTES: usize = 32 << 20;
const BUDGET_OF_AN_ADDRESS_BYTES: usize = 4 << 20;

/// What those of known people at one address may hold.
const KNOWN_OF_AN_ADDRESS_BYTES: usize = 8 << 20;

/// Nearly the largest body of `POST /calls`, in bytes.
const LONG_BYTES: usize = (4 << 20) - 100;

async fn world() -> World {
    let world = World::new().await;
    world.customer(1, None).await;
    world.person(1, "admin", "administrator").await;
    world
}

fn stranger(number: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, number))
}

/// A body that stands still behind these bytes until its client lets go of it, and ends then.
fn slow(bytes: Vec<u8>, mut client: watch::Receiver<()>) -> Body {
    let first = stream::iter([Ok::<_, std::io::Error>(Bytes::from(bytes))]);
    let rest = async move {
        while client.changed().await.is_ok() {}
        Ok(Bytes::new())
    };
    Body::from_stream(first.chain(rest.into_stream()))
}

fn first_entry(answer: &Answer) -> (String, String) {
    let json = answer.json();
    let word = |name: &str| json["responses"][0][name].as_str().unwrap().to_owned();
    (word("code"), word("message"))
}

/// A request with `count` call records.
fn calls(count: u32) -> String {
    let call = |number: u32| {
        json!({
            "call_id": format!("1709633725.{number}"), "started_at": "2024-03-05T10:15:25Z", "from": "2001",
            "to": "2002", "call_seconds": 1, "talk_seconds": 1, "status": "ANSWERED", "kind": "Internal",
        })
    };
    json!({ "customer": 1, "calls": (0..count).map(call).collect::<Vec<Value>>() }).to_string()
}

/// `docs/enswitch.md` 13: values that wait for their caller to be known are part of the budget.
#[tokio::test]
async fn values_of_strangers_hold_no_more_than_the_budget() {
    const STRANGERS: u8 = 40;
    let world = world().await;
    let names = [
        "auth_username",
        "name",
        "customer",
        "description",
        "owner",
        "type",
        "ringtime",
        "music",
        "music_ringing",
        "allow_forwards",
        "screen",
        "recordgroup",
        "panel",
        "dtype",
        "dnumber",
    ];
    let value = "x".repeat(64 << 10);
    let body: String = names.iter().map(|name| format!("{name}={value}&")).collect();
    let held = names.len() * value.len();
    let (client, present) = watch::channel(());
    let request = |peer| {
        let body = slow(body.clone().into_bytes(), present.clone());
        world.call(peer, Request::post("/api/json/huntgroups/create/").body(body).unwrap())
    };
    let mut waiting: FuturesUnordered<_> = (0..STRANGERS).map(|number| request(stranger(number))).collect();
    let fit = BUDGET_BYTES / held;
    assert!(fit < usize::from(STRANGERS));
    for _ in fit..usize::from(STRANGERS) {
        let answer = waiting.next().await.unwrap();
        assert_eq!(first_entry(&answer), ("500".to_owned(), "The server is busy, try again.".to_owned()));
    }
    // An honest call goes on.
    let login = "auth_username=admin&auth_password=password&name=Sales";
    let create = Request::post("/api/json/huntgroups/create/").body(Body::from(login)).unwrap();
    assert_eq!(first_entry(&world.call(HERE, create).await).0, "200");
    // What is let go of is given back.
    drop(client);
    while let Some(answer) = waiting.next().await {
        let code = first_entry(&answer).0;
        assert!(code == "401" || code == "500", "{code}");
    }
    let (client, present) = watch::channel(());
    drop(client);
    let late = slow(body.into_bytes(), present);
    let late = world.call(HERE, Request::post("/api/json/huntgroups/create/").body(late).unwrap()).await;
    assert_eq!(first_entry(&late).0, "401", "{}", late.text());
}

#[tokio::test]
async fn strangers_keep_nobody_from_long_bodies_who_is_known() {
    const LENGTH: usize = 64 * 1024 - 1;
    let world = world().await;
    let (_client, present) = watch::channel(());
    let login = |peer| {
        let body = slow(vec![b' '; LENGTH], present.clone());
        world.call(peer, Request::post("/api/v1.1.0/login").body(body).unwrap())
    };
    // One address has its share alone.
    let share = BUDGET_OF_AN_ADDRESS_BYTES / LENGTH;
    let mut waiting: FuturesUnordered<_> = (0..2 * share).map(|_| login(stranger(1))).collect();
    for _ in share..2 * share {
        let answer = waiting.next().await.unwrap();
        assert_eq!(answer.json()["errno"], "20010", "{}", answer.text());
    }
    // All together have the whole of it.
    let addresses = u8::try_from(BUDGET_BYTES / BUDGET_OF_AN_ADDRESS_BYTES).unwrap();
    for number in 2..=addresses + 1 {
        (0..share).for_each(|_| waiting.push(login(stranger(number))));
    }
    for _ in 0..share {
        let answer = waiting.next().await.unwrap();
        assert_eq!(answer.json()["errno"], "20010", "{}", answer.text());
    }
    // Neither the local owner nor who is verified first is in their way.
    let added = world.local(Method::POST, "/calls", calls(50)).await;
    assert_eq!(added.status, StatusCode::OK, "{}", added.text());
    let request = Request::post("/api/v1/calls").header("authorization", basic("admin"));
    let added = world.call(HERE, request.body(Body::from(calls(50))).unwrap()).await;
    assert_eq!(added.status, StatusCode::OK, "{}", added.text());
    assert_eq!(waiting.len(), usize::from(addresses) * share, "the others wait on");
}

/// A request of a person to add calls that stands still behind a long beginning.
async fn slow_calls(world: &World, peer: IpAddr, username: &str, client: &watch::Receiver<()>) -> Answer {
    let request = Request::post("/api/v1/calls").header("authorization", basic(username));
    let body = slow(vec![b' '; LONG_BYTES], client.clone());
    world.call(peer, request.body(body).unwrap()).await
}

#[tokio::test]
async fn calls_of_who_may_not_add_them_are_not_read() {
    let world = world().await;
    world.person(1, "resident", "residential").await;
    let (_client, present) = watch::channel(());
    // Its end never comes: who waited for it would answer that it broke off.
    let answer = slow_calls(&world, HERE, "resident", &present).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text());
    assert_eq!(answer.json()["code"], "forbidden");
}

#[tokio::test]
async fn known_people_keep_out_neither_other_addresses_nor_the_operator() {
    let world = world().await;
    let (_client, present) = watch::channel(());
    let share = KNOWN_OF_AN_ADDRESS_BYTES / LONG_BYTES;
    let addresses = u8::try_from(BUDGET_BYTES / KNOWN_OF_AN_ADDRESS_BYTES).unwrap();
    let mut waiting = FuturesUnordered::new();
    for number in 1..=addresses {
        // Whoever is first goes on in peace.
        let request = Request::post("/api/v1/calls").header("authorization", basic("admin"));
        let added = world.call(stranger(number), request.body(Body::from(calls(50))).unwrap()).await;
        assert_eq!(added.status, StatusCode::OK, "{}", added.text());
        (0..=share).for_each(|_| waiting.push(slow_calls(&world, stranger(number), "admin", &present)));
        let answer = waiting.next().await.unwrap();
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text());
    }
    // All together have the whole of it, and the control socket has its own.
    let request = Request::post("/api/v1/calls").header("authorization", basic("admin"));
    let refused = world.call(HERE, request.body(Body::from(calls(50))).unwrap()).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.text());
    let added = world.local(Method::POST, "/calls", calls(100)).await;
    assert_eq!(added.status, StatusCode::OK, "{}", added.text());
    assert_eq!(waiting.len(), usize::from(addresses) * share, "the others wait on");
}
