//! The P-Series dialect against the whole application: what the golden pairs cannot tell, because it takes time, several
//! clients or many rows.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::body::Body;
use callvault_server::http::address::ClientAddress;
use callvault_server::listen::{Peer, PeerInfo};
use callvault_testkit::sound::wav;
use callvault_testkit::world::{Answer, HERE, World, token_pair};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

const NAME: &str = "20191024012719-1571909237.191-4000-4001-Internal.wav";
const AGAIN: Duration = Duration::from_secs(1);

/// A customer with a person of the role `api` and one recording.
async fn world() -> World {
    let world = World::new().await;
    world.customer(1, None).await;
    world.person(1, "api", "api").await;
    world.recording(1, NAME, wav(1, 4000)).await;
    world
}

async fn log_in(world: &World, username: &str) -> (String, String) {
    world.pseries_tokens(HERE, username, "password").await
}

async fn errcode(world: &World, call: &str, token: &str) -> i64 {
    world.pseries(HERE, call, token).await.json()["errcode"].as_i64().unwrap()
}

async fn refresh(world: &World, token: &str) -> Value {
    world.pseries_post(HERE, "refresh_token", json!({ "refresh_token": token })).await
}

async fn change_person(world: &World, id: i64, change: Value) {
    let answer = world.local(Method::PATCH, &format!("/people/{id}"), change.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

async fn follow(world: &World, peer: IpAddr, path: &str, token: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(format!("{path}?access_token={token}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.call(peer, request.body(Body::empty()).unwrap()).await
}

async fn link(world: &World, token: &str) -> String {
    world.pseries_link(HERE, &format!("recording/download?file={NAME}&"), token).await
}

/// The entries of the listen log about a thing: action, kind, first and last byte.
async fn logged(world: &World, name: &str) -> Vec<Value> {
    let rows = world.local(Method::GET, "/log?customer=1", "").await.json();
    let rows = rows["items"].as_array().unwrap().iter().filter(|row| row["name"] == name);
    rows.map(|row| {
        assert_eq!(row["door"], "pseries", "{row}");
        assert!(row["ticket"].is_string() && row["person"].is_number(), "{row}");
        json!([row["action"], row["kind"], row["first_byte"], row["last_byte"]])
    })
    .collect()
}

#[tokio::test]
async fn a_ninth_token_has_to_wait() {
    let world = world().await;
    world.person(1, "other", "api").await;
    let mut tokens = Vec::new();
    for _ in 0..8 {
        tokens.push(log_in(&world, "api").await);
        world.clock.advance(AGAIN);
    }
    let ask = async || {
        let body = json!({ "username": "api", "password": "password" });
        world.pseries_post(HERE, "get_token", body).await["errcode"].as_i64().unwrap()
    };
    assert_eq!(ask().await, 60002);
    log_in(&world, "other").await;
    assert_eq!(errcode(&world, "del_token?", &tokens[3].0).await, 0);
    assert_eq!(refresh(&world, &tokens[3].1).await["errcode"], 10004, "both of the pair are dead");
    assert_eq!(ask().await, 0);
    assert_eq!(ask().await, 60002);
    // The first is 30 minutes old: there is room for one, which a refresh of the same pair takes as well.
    world.clock.advance(Duration::from_secs(1800 - 8));
    assert_eq!(errcode(&world, "recording/list?", &tokens[0].0).await, 10004);
    assert_eq!(ask().await, 0);
    assert_eq!(refresh(&world, &tokens[0].1).await["errcode"], 60002);
    assert_eq!(errcode(&world, "del_token?", &tokens[7].0).await, 0);
    assert_eq!(refresh(&world, &tokens[0].1).await["errcode"], 0, "it stayed good");
}

#[tokio::test]
async fn tokens_live_as_long_as_announced_and_no_longer() {
    let world = world().await;
    let (access, renewing) = log_in(&world, "api").await;
    world.clock.advance(Duration::from_secs(1799));
    assert_eq!(errcode(&world, "recording/list?", &access).await, 0);
    world.clock.advance(AGAIN);
    assert_eq!(errcode(&world, "recording/list?", &access).await, 10004, "no call slides it");
    world.clock.advance(Duration::from_secs(86_400 - 1801));
    let (access, renewing) = token_pair(&refresh(&world, &renewing).await);
    assert_eq!(errcode(&world, "recording/list?", &access).await, 0);
    world.clock.advance(Duration::from_secs(86_400));
    assert_eq!(refresh(&world, &renewing).await["errcode"], 10004);
    // The sweep forgets them, and disturbs nobody else.
    let (access, _) = log_in(&world, "api").await;
    world.app.services.installation.sweep().await.unwrap();
    assert_eq!(errcode(&world, "recording/list?", &access).await, 0);
}

#[tokio::test]
async fn one_of_many_refreshes_wins() {
    let world = world().await;
    let (old, renewing) = log_in(&world, "api").await;
    let answers = futures_util::future::join_all((0..30).map(|_| refresh(&world, &renewing))).await;
    let (winners, losers): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer["errcode"] == 0);
    assert_eq!(winners.len(), 1);
    assert!(losers.iter().all(|answer| answer["errcode"] == 10004), "{losers:?}");
    let (access, _) = token_pair(winners[0]);
    assert_eq!(errcode(&world, "recording/list?", &old).await, 10004);
    assert_eq!(errcode(&world, "recording/list?", &access).await, 0);
}

#[tokio::test]
async fn tokens_outlive_a_restart_and_links_do_not() {
    let world = world().await;
    let (access, renewing) = log_in(&world, "api").await;
    let path = link(&world, &access).await;
    let world = world.restart().await;
    assert_eq!(errcode(&world, "recording/list?", &access).await, 0);
    let answer = follow(&world, HERE, &path, &access, &[]).await;
    assert_eq!((answer.status, answer.json()["errcode"].as_i64()), (StatusCode::NOT_FOUND, Some(60001)));
    assert_eq!(refresh(&world, &renewing).await["errcode"], 0);
}

#[tokio::test]
async fn what_a_person_loses_is_gone_at_once() {
    let world = world().await;
    for (username, change, room) in [
        ("renamed", json!({ "password": "another-password" }), false),
        ("disabled", json!({ "disabled": true }), false),
        // The role comes back, and with it the tokens.
        ("demoted", json!({ "role": "supervisor" }), true),
    ] {
        let person = world.person(1, username, "api").await;
        let (access, renewing) = log_in(&world, username).await;
        let path = link(&world, &access).await;
        assert_eq!(follow(&world, HERE, &path, &access, &[]).await.status, StatusCode::OK);
        change_person(&world, person, change).await;
        assert_eq!(errcode(&world, "recording/list?", &access).await, 10004, "{username}");
        let answer = follow(&world, HERE, &path, &access, &[]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{username}");
        assert_eq!(refresh(&world, &renewing).await["errcode"], 10004, "{username}");
        change_person(&world, person, json!({ "disabled": false, "role": "api" })).await;
        let expected = if room { 0 } else { 10004 };
        assert_eq!(errcode(&world, "recording/list?", &access).await, expected, "{username}");
    }
    let (access, renewing) = log_in(&world, "api").await;
    let path = "/customers/1";
    world.local(Method::PATCH, path, json!({ "disabled": true }).to_string()).await;
    assert_eq!(errcode(&world, "recording/list?", &access).await, 10004);
    assert_eq!(refresh(&world, &renewing).await["errcode"], 10004);
}

#[tokio::test]
async fn a_role_gets_what_its_privileges_give() {
    let world = world().await;
    for (name, privileges, list, cdr) in [
        ("bare", json!(["yeastar_api"]), 60001, 60001),
        ("records", json!(["yeastar_api", "record"]), 0, 60001),
        ("calls", json!(["yeastar_api", "cdrs"]), 60001, 0),
    ] {
        let role = json!({ "name": name, "privileges": privileges, "reach": "customer" });
        world.add("/roles", role).await;
        world.person(1, name, name).await;
        let (access, _) = log_in(&world, name).await;
        assert_eq!(errcode(&world, "recording/list?", &access).await, list, "{name}");
        let file = format!("recording/download?file={NAME}&");
        assert_eq!(errcode(&world, &file, &access).await, list, "{name}");
        assert_eq!(errcode(&world, "cdr/download?", &access).await, cdr, "{name}");
    }
}

#[tokio::test]
async fn tokens_of_one_dialect_are_nothing_in_the_other() {
    let world = world().await;
    let (access, _) = log_in(&world, "api").await;
    let session = world.log_in(HERE, "api").await;
    assert_eq!(errcode(&world, "recording/list?", &session).await, 10004);
    let answer = world.yeastar(HERE, &format!("heartbeat?token={access}"), json!({})).await;
    assert_eq!(answer, json!({ "status": "Failed", "errno": "20004" }));
}

#[tokio::test]
async fn the_door_locks_the_address_for_ten_minutes_and_apart_from_others() {
    let world = world().await;
    let ask = async |password: &str| {
        let body = json!({ "username": "api", "password": password });
        world.pseries_post(HERE, "get_token", body).await["errcode"].as_i64().unwrap()
    };
    let (live, renewing) = log_in(&world, "api").await;
    for failure in 0..5 {
        assert_eq!(ask("wrong").await, 10005, "{failure}");
    }
    assert_eq!(ask("password").await, 70004);
    world.log_in(HERE, "api").await;
    assert_eq!(errcode(&world, "recording/list?", &live).await, 0, "live tokens are not affected");
    assert_eq!(refresh(&world, &renewing).await["errcode"], 0);
    let listed = world.local(Method::GET, "/lockouts", "").await.json();
    assert_eq!(listed["items"][0]["door"], "pseries");
    world.clock.advance(Duration::from_secs(600));
    assert_eq!(ask("password").await, 0);
}

#[tokio::test]
async fn two_customers_see_nothing_of_each_other() {
    let world = world().await;
    world.customer(2, None).await;
    world.person(2, "stranger", "api").await;
    let calls = json!({ "customer": 1, "calls": [{
        "call_id": "1.1", "started_at": "2019-10-24T01:27:19Z", "from": "4000", "to": "4001", "call_seconds": 9,
        "talk_seconds": 7, "status": "ANSWERED", "kind": "Internal", "recording": NAME,
    }]});
    world.local(Method::POST, "/calls", calls.to_string()).await;
    let (own, _) = log_in(&world, "api").await;
    let (access, _) = log_in(&world, "stranger").await;
    let row = world.pseries(HERE, "recording/list?", &own).await.json()["data"][0].take();
    let id = row["id"].as_i64().unwrap();
    let empty = json!({ "errcode": 0, "errmsg": "SUCCESS", "total_number": 0, "data": [] });
    for call in [
        "recording/list?".to_owned(),
        "recording/search?caller=4000&".to_owned(),
        format!("recording/search?ids={id}&"),
        "recording/search?start_time=0&".to_owned(),
    ] {
        assert_eq!(world.pseries(HERE, &call, &access).await.json(), empty, "{call}");
        assert_eq!(world.pseries(HERE, &call, &own).await.json()["total_number"], 1, "{call}");
    }
    for wanted in [format!("id={id}"), format!("file={NAME}")] {
        assert_eq!(errcode(&world, &format!("recording/download?{wanted}&"), &access).await, 60001);
    }
    let path = link(&world, &own).await;
    assert_eq!(follow(&world, HERE, &path, &access, &[]).await.status, StatusCode::NOT_FOUND);
    let file = world.pseries_link(HERE, "cdr/download?", &access).await;
    let file = follow(&world, HERE, &file, &access, &[]).await.text();
    assert_eq!(file.lines().count(), 1, "{file}");
    // The same name in both customers is two recordings.
    world.recording(2, NAME, wav(2, 800)).await;
    let theirs = link(&world, &access).await;
    assert_eq!(follow(&world, HERE, &theirs, &access, &[]).await.body, wav(2, 800));
    assert_eq!(follow(&world, HERE, &path, &own, &[]).await.body, wav(1, 4000));
    // Their row has no call: it is that of the other customer.
    let row = world.pseries(HERE, "recording/list?", &access).await.json()["data"][0].take();
    assert_eq!((&row["uid"], &row["call_from"], &row["call_type"]), (&json!(""), &json!(""), &json!("")));
    assert_eq!(row["time"], "03/02/2026 09:15:14", "when it was stored");
    assert_eq!(row["size"], wav(2, 800).len());
}

#[tokio::test]
async fn a_link_plays_any_part_any_number_of_times() {
    let world = world().await;
    let audio = wav(1, 4000);
    let (access, _) = log_in(&world, "api").await;
    let path = link(&world, &access).await;
    for _ in 0..2 {
        let answer = follow(&world, HERE, &path, &access, &[("range", "bytes=10-19")]).await;
        assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT);
        assert_eq!(answer.body, audio[10..20]);
        assert_eq!(answer.header("content-range"), format!("bytes 10-19/{}", audio.len()));
        assert_eq!(answer.header("content-type"), "audio/wav");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    let several = follow(&world, HERE, &path, &access, &[("range", "bytes=0-3,100-103")]).await;
    assert!(several.header("content-type").starts_with("multipart/byteranges"), "{:?}", several.headers);
    let whole = follow(&world, HERE, &path, &access, &[]).await;
    assert_eq!(whole.body, audio);
    let etag = whole.header("etag").to_owned();
    let known = follow(&world, HERE, &path, &access, &[("if-none-match", &etag)]).await;
    assert_eq!((known.status, known.body.len()), (StatusCode::NOT_MODIFIED, 0));
    let beyond = follow(&world, HERE, &path, &access, &[("range", "bytes=999999-")]).await;
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    let head = Request::head(format!("{path}?access_token={access}")).body(Body::empty()).unwrap();
    let head = world.call(HERE, head).await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    assert_eq!(head.header("content-length"), audio.len().to_string());
    assert_eq!(head.header("accept-ranges"), "bytes");
    let last = audio.len() - 1;
    let expected = [
        json!(["link", "recording", null, null]),
        json!(["play", "recording", 10, 19]),
        json!(["play", "recording", 10, 19]),
        json!(["play", "recording", 0, 103]),
        json!(["download", "recording", 0, last]),
    ];
    assert_eq!(logged(&world, NAME).await, expected);
    let broken = Request::head(format!("{path}x-.wav?access_token={access}")).body(Body::empty()).unwrap();
    assert_eq!(world.call(HERE, broken).await.status, StatusCode::NOT_FOUND);
    let posted = Request::post(format!("{path}?access_token={access}")).body(Body::empty()).unwrap();
    let posted = world.call(HERE, posted).await;
    assert_eq!((posted.status, posted.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD"));
}

#[tokio::test]
async fn a_link_needs_a_live_token_of_its_person_and_its_recording() {
    let world = world().await;
    world.person(1, "other", "api").await;
    let (access, _) = log_in(&world, "api").await;
    let path = link(&world, &access).await;
    assert_eq!(errcode(&world, "del_token?", &access).await, 0);
    assert_eq!(follow(&world, HERE, &path, &access, &[]).await.status, StatusCode::UNAUTHORIZED);
    let (other, _) = log_in(&world, "other").await;
    assert_eq!(follow(&world, HERE, &path, &other, &[]).await.status, StatusCode::NOT_FOUND);
    // Another token of the same person opens it, until it is half an hour old.
    let (access, _) = log_in(&world, "api").await;
    assert_eq!(follow(&world, HERE, &path, &access, &[]).await.status, StatusCode::OK);
    world.clock.advance(Duration::from_secs(1799));
    assert_eq!(follow(&world, HERE, &path, &access, &[]).await.status, StatusCode::OK);
    world.clock.advance(AGAIN);
    let (access, _) = log_in(&world, "api").await;
    assert_eq!(follow(&world, HERE, &path, &access, &[]).await.status, StatusCode::NOT_FOUND);
    // A recording that is removed takes its links along, also when another comes under its name.
    let path = link(&world, &access).await;
    world.local(Method::DELETE, &format!("/recordings/{NAME}?customer=1"), "").await;
    assert_eq!(follow(&world, HERE, &path, &access, &[]).await.status, StatusCode::NOT_FOUND);
    world.recording(1, NAME, wav(1, 4000)).await;
    assert_eq!(follow(&world, HERE, &path, &access, &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_persons_addresses_hold_for_calls_and_links() {
    let world = world().await;
    let body = json!({
        "customer": 1, "username": "bound", "role": "api", "password": "password", "source": "127.0.0.0/8",
    });
    world.add("/people", body).await;
    let (access, renewing) = log_in(&world, "bound").await;
    let path = link(&world, &access).await;
    let elsewhere: IpAddr = "192.0.2.1".parse().unwrap();
    let body = json!({ "username": "bound", "password": "password" });
    assert_eq!(world.pseries_post(elsewhere, "get_token", body).await["errcode"], 10005);
    let body = json!({ "refresh_token": renewing });
    assert_eq!(world.pseries_post(elsewhere, "refresh_token", body).await["errcode"], 10004);
    assert_eq!(world.pseries(elsewhere, "recording/list?", &access).await.json()["errcode"], 10004);
    let answer = follow(&world, elsewhere, &path, &access, &[]).await;
    let told = json!({ "errcode": 70087, "errmsg": "IP FORBIDDEN" });
    assert_eq!((answer.status, answer.json()), (StatusCode::FORBIDDEN, told));
    assert_eq!(follow(&world, HERE, &path, &access, &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn pages_of_recordings_have_no_gap_and_no_repeat() {
    let world = World::new().await;
    world.add("/customers", json!({ "id": 1, "name": "Acme", "timezone": "Europe/Berlin" })).await;
    world.person(1, "api", "api").await;
    let mut calls = Vec::new();
    for number in 0..25 {
        let name = format!("r{number}.wav");
        world.recording(1, &name, wav(number, 800)).await;
        world.clock.advance(AGAIN);
        // Their calls began in the opposite order, one hour apart; the last five have none.
        if number < 20 {
            calls.push(json!({
                "call_id": format!("1.{number}"), "started_at": format!("2026-01-01T{:02}:00:00.5Z", 23 - number),
                "from": "2001", "to": format!("{}", 3000 + number % 4), "call_seconds": 60 + number,
                "talk_seconds": 0, "status": "NO ANSWER", "kind": "Outbound", "recording": name,
            }));
        }
    }
    world.local(Method::POST, "/calls", json!({ "customer": 1, "calls": calls }).to_string()).await;
    let (access, _) = log_in(&world, "api").await;
    let files = async |call: &str| {
        let answer = world.pseries(HERE, call, &access).await.json();
        let rows = answer["data"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
        let files: Vec<_> = rows.iter().map(|row| row["file"].as_str().unwrap().to_owned()).collect();
        (answer["total_number"].as_u64().unwrap(), files)
    };
    let named = |numbers: &[i64]| numbers.iter().map(|number| format!("r{number}.wav")).collect::<Vec<_>>();
    let by_time: Vec<i64> = (0..20).rev().chain(20..25).collect();
    for (sorting, mut expected) in [
        ("sort_by=id&order_by=asc", (0..25).collect::<Vec<i64>>()),
        ("sort_by=ID&order_by=desc", (0..25).rev().collect()),
        ("sort_by=time", by_time.clone()),
        ("sort_by=time&order_by=DESC", by_time.iter().rev().copied().collect()),
    ] {
        let mut seen = Vec::new();
        for page in 1..=5 {
            let (total, files) = files(&format!("recording/list?page={page}&page_size=7&{sorting}&")).await;
            assert_eq!(total, 25);
            seen.extend(files);
        }
        assert_eq!(seen, named(&std::mem::take(&mut expected)), "{sorting}");
    }
    // Both ends are included, to the last millisecond of their second: 04:00:00.5 to 06:00:00.5 UTC.
    let (from, to) = (1_767_240_000, 1_767_247_200);
    let time = format!("recording/search?start_time={from}&end_time={to}&");
    assert_eq!(files(&time).await, (3, named(&[17, 18, 19])));
    assert_eq!(files(&format!("{time}sort_by=time&page=2&page_size=2&")).await, (3, named(&[17])));
    assert_eq!(files(&format!("{time}callee=3001&")).await, (1, named(&[17])));
    assert_eq!(files("recording/search?caller=2001&callee=3003&").await, (5, named(&[3, 7, 11, 15, 19])));
    assert_eq!(files("recording/search?caller=3003&").await, (0, vec![]));
    assert_eq!(files(&format!("recording/search?start_time={to}&end_time={from}&")).await, (0, vec![]));
    let all = world.pseries(HERE, "recording/list?", &access).await.json();
    let ids: Vec<_> = [3, 22, 3].iter().map(|place: &usize| all["data"][*place]["id"].to_string()).collect();
    let ids = ids.join(",");
    assert_eq!(files(&format!("recording/search?ids={ids},1&order_by=desc&")).await, (2, named(&[22, 3])));
    assert_eq!(files(&format!("recording/search?ids={ids}&caller=2001&")).await, (1, named(&[3])));
    assert_eq!(files(&format!("recording/search?ids={ids}&page=2&page_size=1&")).await, (2, named(&[22])));
    let row = &all["data"][3];
    assert_eq!(row["time"], "01/01/2026 21:00:00", "20:00 UTC in Berlin");
    assert_eq!((&row["duration"], &row["call_type"]), (&json!(63), &json!("Outbound")));
}

#[tokio::test]
async fn a_file_of_call_records_streams_what_was_chosen() {
    let world = World::new().await;
    world.add("/customers", json!({ "id": 1, "name": "Acme", "timezone": "Europe/Berlin" })).await;
    world.person(1, "api", "api").await;
    let (access, _) = log_in(&world, "api").await;
    let fetch = async |filter: &str| {
        let path = world.pseries_link(HERE, &format!("cdr/download?{filter}&"), &access).await;
        let answer = follow(&world, HERE, &path, &access, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{filter}: {}", answer.text());
        let text = answer.text();
        let lines =
            text.strip_prefix(callvault_wire::pseries::cdr::HEADER).unwrap_or_else(|| panic!("{text}"));
        lines.lines().map(|line| line.split(',').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(fetch("").await, [""; 0], "the header alone");
    // More than two pages of the catalog; several begin in the same second.
    for first in (0..2500).step_by(500) {
        let calls: Vec<_> = (first..first + 500)
            .map(|number| {
                json!({
                    "call_id": format!("c{number}"),
                    "started_at": format!("2026-01-{:02}T{:02}:00:00Z", 1 + number / 240, number / 10 % 24),
                    "from": format!("{}", 2000 + number % 3), "to": "+4930", "call_seconds": 9, "talk_seconds": 7,
                    "status": if number % 5 == 0 { "NO ANSWER" } else { "ANSWERED" }, "kind": "Outbound",
                })
            })
            .collect();
        let told =
            world.local(Method::POST, "/calls", json!({ "customer": 1, "calls": calls }).to_string()).await;
        assert_eq!(told.json()["added"], 500);
    }
    let count = async |filter: &str| fetch(filter).await.len();
    let all = fetch("").await;
    let mut distinct = all.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!((all.len(), distinct.len()), (2500, 2500));
    assert_eq!((all[0].starts_with('c'), all.last().unwrap().len()), (true, 5), "oldest first");
    assert_eq!(count("call_from=2001").await, 833);
    assert_eq!(count("call_to=+4930&call_from=2000").await, 834);
    assert_eq!(count("call_from=200").await, 0);
    assert_eq!(count("call_from=200&enable_fuzzy_search=yes").await, 2500);
    assert_eq!(count("call_to=493&call_from=01&enable_fuzzy_search=1").await, 833);
    assert_eq!(count("status=no_answer").await, 500);
    assert_eq!(count("extension_group=1").await, 0);
    // 2 January from midnight to one, Berlin: 23:00 and 00:00 UTC.
    for (start, end) in [
        ("01/02/2026%2000:00:00", "01/02/2026%2001:00:00"),
        ("2026-01-02T00:00:00", "2026/01/02+01:00:00"),
        ("1767308400", "1767312000"),
    ] {
        assert_eq!(count(&format!("start_time={start}&end_time={end}")).await, 20, "{start}");
    }
    assert_eq!(count("start_time=02.01.2026").await, 0, "another format finds nothing");
    assert_eq!(count("start_time=1767312000&end_time=1767308400").await, 0);
    let expected: [Value; 2] = [json!(["link", "calls", null, null]), json!(["export", "calls", null, null])];
    assert_eq!(logged(&world, "from=2001").await, expected);
    let path = world.pseries_link(HERE, "cdr/download?", &access).await;
    let head = Request::head(format!("{path}?access_token={access}")).body(Body::empty()).unwrap();
    let head = world.call(HERE, head).await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    assert_eq!(head.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(head.header("content-length"), "", "it is not known before the file is made");
}

#[tokio::test]
async fn bodies_that_are_too_long_are_no_json() {
    let world = world().await;
    for length in [17 * 1024, 1 << 20] {
        let body = format!("{{\"username\":\"{}\"}}", "x".repeat(length));
        let request = Request::post("/openapi/v1.0/get_token").header("user-agent", "OpenAPI");
        let answer = world.call(HERE, request.body(Body::from(body)).unwrap()).await;
        assert_eq!((answer.status, answer.json()["errcode"].as_i64()), (StatusCode::OK, Some(40001)));
    }
}

#[tokio::test]
async fn a_catalog_that_fails_breaks_a_file_of_call_records_off() {
    let world = world().await;
    let calls: Vec<_> = (0..1000)
        .map(|number| {
            json!({
                "call_id": format!("c{number}"), "started_at": "2026-01-01T00:00:00Z", "from": "2001", "to": "2002",
                "call_seconds": 9, "talk_seconds": 7, "status": "ANSWERED", "kind": "Internal",
            })
        })
        .collect();
    world.local(Method::POST, "/calls", json!({ "customer": 1, "calls": calls }).to_string()).await;
    let (access, _) = log_in(&world, "api").await;
    let open = async |filter: &str| {
        let path = world.pseries_link(HERE, &format!("cdr/download?{filter}&"), &access).await;
        let mut request = Request::get(format!("{path}?access_token={access}")).body(Body::empty()).unwrap();
        let address = SocketAddr::new(HERE, 50_000);
        let info = PeerInfo { address, local: address, tls: false, server_name: None };
        request.extensions_mut().insert(Peer::Tcp(info));
        request.extensions_mut().insert(ClientAddress { address: HERE, forwarding_ignored: false });
        let answer = world.app.front().unwrap().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.into_body()
    };
    let (mut all, mut rare) = (open("").await, open("call_to=9&enable_fuzzy_search=1").await);
    let first = rare.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first, callvault_wire::pseries::cdr::HEADER, "the header does not wait for a call");
    assert!(all.frame().await.unwrap().is_ok());
    world.catalog.close().await;
    for body in [&mut all, &mut rare] {
        assert!(body.frame().await.unwrap().is_err(), "a file that ends early must not look whole");
    }
}
