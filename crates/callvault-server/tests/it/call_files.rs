//! Files of call records through the Yeastar door, with a clock that the test turns.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use callvault_server::http::address::ClientAddress;
use callvault_server::listen::{Peer, PeerInfo};
use callvault_testkit::sound::wav;
use callvault_testkit::world::{Answer, CallSpan, World};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

const HEADER: &str = "callid,timestart,callfrom,callto,callduraction,talkduraction,srctrunkname,dsttrunkname,status,type,\
    pincode,recording,didnumber,sn\n";

const DAY: CallSpan<'_> = ("all", "2024-03-05 00:00:00", "2024-03-05 23:59:59");

fn server() -> IpAddr {
    "192.168.5.20".parse().unwrap()
}

fn stranger() -> IpAddr {
    "198.51.100.9".parse().unwrap()
}

fn call(number: usize, started_at: &str) -> Value {
    json!({
        "call_id": format!("1709596800.{number}"), "started_at": started_at, "from": "4000", "to": "4001",
        "call_seconds": 9, "talk_seconds": 7, "status": "ANSWERED", "kind": "Internal",
    })
}

/// The row of [`call`] as a file of a customer without a serial number shows it.
fn row(number: usize, shown: &str) -> String {
    format!("1709596800.{number},{shown},4000,4001,9,7,,,ANSWERED,Internal,,,,\n")
}

async fn tell(world: &World, customer: i64, calls: &[Value]) {
    for some in calls.chunks(1000) {
        let body = json!({ "customer": customer, "calls": some }).to_string();
        let answer = world.local(Method::POST, "/calls", body).await;
        assert_eq!(answer.json()["added"], some.len(), "{}", answer.text());
    }
}

/// Customer 1 with a person `api` and one call in the afternoon of 2024-03-05.
async fn world() -> World {
    let world = World::new().await;
    world.customer(1, None).await;
    world.person(1, "api", "api").await;
    tell(&world, 1, &[call(1, "2024-03-05T15:00:00Z")]).await;
    world
}

fn whole() -> String {
    format!("{HEADER}{}", row(1, "2024-03-05 15:00:00"))
}

fn errno(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::OK);
    answer.json()["errno"].as_str().unwrap().to_owned()
}

async fn get(world: &World, span: CallSpan<'_>, random: &str, token: &str) -> Answer {
    world.call_file(server(), Method::GET, span, random, token).await
}

/// Follows a link as it stands, to `path` below `/api/`.
async fn follow(world: &World, peer: IpAddr, method: Method, path: &str) -> Answer {
    let request = Request::builder().method(method).uri(format!("/api/{path}"));
    world.call(peer, request.body(Body::empty()).unwrap()).await
}

async fn change_person(world: &World, username: &str, change: Value) {
    let people = world.local(Method::GET, &format!("/people?username={username}"), "").await.json();
    let path = format!("/people/{}", people["items"][0]["id"]);
    let answer = world.local(Method::PATCH, &path, change.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

#[tokio::test]
async fn a_ticket_lives_thirty_seconds_and_works_once() {
    let world = world().await;
    let token = world.log_in(server(), "api").await;
    let random = world.call_ticket(server(), &token, DAY).await;
    world.clock.advance(Duration::from_secs(29));
    assert_eq!(get(&world, DAY, &random, &token).await.text(), whole());
    assert_eq!(errno(&get(&world, DAY, &random, &token).await), "20020");
    let random = world.call_ticket(server(), &token, DAY).await;
    world.clock.advance(Duration::from_secs(31));
    assert_eq!(errno(&get(&world, DAY, &random, &token).await), "20020");
}

#[tokio::test]
async fn what_is_refused_leaves_the_ticket_usable() {
    let world = world().await;
    let token = world.log_in(server(), "api").await;
    let other = world.log_in(server(), "api").await;
    let random = world.call_ticket(server(), &token, DAY).await;
    let (_, from, to) = DAY;
    for span in [("4000", from, to), ("all", "2024-03-05 00:00:01", to), ("all", from, "2024-03-05 23:59:58")]
    {
        assert_eq!(errno(&get(&world, span, &random, &token).await), "20020", "{span:?}");
    }
    assert_eq!(errno(&get(&world, ("all", to, from), &random, &token).await), "20019");
    assert_eq!(errno(&get(&world, DAY, &random, &other).await), "20020");
    assert_eq!(errno(&get(&world, DAY, &"0".repeat(32), &token).await), "20020");
    let far = world.call_file(stranger(), Method::GET, DAY, &random, &token).await;
    assert_eq!(errno(&far), "20015");
    let head = world.call_file(server(), Method::HEAD, DAY, &random, &token).await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    assert_eq!(head.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(head.header("content-length"), "", "nobody knows how long it will be");
    let file = get(&world, DAY, &random, &token).await;
    assert_eq!(file.text(), whole());
    for (name, value) in [
        ("content-type", "text/csv; charset=utf-8"),
        ("content-disposition", "attachment; filename=\"cdr.csv\""),
        ("content-length", ""),
        ("accept-ranges", "none"),
        ("cache-control", "no-store"),
        ("access-control-allow-origin", "*"),
        ("access-control-expose-headers", "Content-Disposition, Content-Length"),
    ] {
        assert_eq!(file.header(name), value, "{name}");
    }
}

#[tokio::test]
async fn links_say_the_same_in_many_ways() {
    let world = world().await;
    let mut foreign = call(2, "2024-03-05T16:00:00Z");
    foreign["from"] = json!("+4930123456");
    tell(&world, 1, &[foreign]).await;
    let token = world.log_in(server(), "api").await;
    let both = format!("{}{}", whole(), row(2, "2024-03-05 16:00:00").replace("4000", "+4930123456"));
    let times = "starttime=2024-03-05%2000:00:00&endtime=2024-03-05%2023:59:59";
    for (numbers, link, expected) in [
        ("4000,+4930123456", format!("number=%2B4930123456,4000&{times}"), &both),
        ("4000,+4930123456", format!("extid=4000%2C+4930123456&{times}"), &both),
        (" +4930123456 , 4000,4000", format!("number=4000,%2B4930123456&{times}"), &both),
        ("all", times.to_owned(), &both),
        ("ALL", format!("extid=all&{times}"), &both),
        ("", format!("number=&{times}"), &both),
        ("4000", format!("number=4000&{}", times.replace("%20", "+")), &whole()),
        (
            "4000",
            "endtime=2024-03-05+23%3A59%3A59&starttime=2024%2D03-05%2000:00:00&number=4000".to_owned(),
            &whole(),
        ),
        ("9999", format!("number=9999&{times}"), &HEADER.to_owned()),
    ] {
        let random = world.call_ticket(server(), &token, (numbers, DAY.1, DAY.2)).await;
        for version in ["v1.1.0", "v2.0.0"] {
            // A HEAD first, in the other version: versions do not scope tickets.
            let other = if version == "v1.1.0" { "v2.0.0" } else { "v1.1.0" };
            let path = |version: &str| format!("{version}/cdr/download?{link}&random={random}&token={token}");
            let head = follow(&world, server(), Method::HEAD, &path(other)).await;
            assert_eq!(head.header("content-type"), "text/csv; charset=utf-8", "{link}");
        }
        let path = format!("v1.0.0/cdr/download?token={token}&random={random}&{link}");
        let file = follow(&world, server(), Method::POST, &path).await;
        assert_eq!(file.text(), *expected, "{link}");
    }
}

#[tokio::test]
async fn a_ticket_is_asked_for_in_many_ways() {
    let world = world().await;
    let token = world.log_in(server(), "api").await;
    let (_, from, to) = DAY;
    let body = json!({ "token": token, "extid": "4000", "starttime": from, "endtime": to }).to_string();
    let query = format!("token={token}&number=4000&starttime={from}&endtime={to}").replace(' ', "%20");
    for (request, echoed) in [
        (Request::post("/api/v1.1.0/cdr/get_random").body(Body::from(body.clone())), "extid"),
        (
            Request::post("/api//v2.0.0/cdr/get_random/")
                .header("content-type", "text/plain")
                .body(body.into()),
            "number",
        ),
        (Request::get(format!("/api/v2.0.0/cdr/get_random?{query}")).body(Body::empty()), "number"),
    ] {
        let answer = world.call(server(), request.unwrap()).await.json();
        assert_eq!((&answer["status"], &answer[echoed]), (&json!("Success"), &json!("4000")), "{answer}");
        assert_eq!((&answer["starttime"], &answer["endtime"]), (&json!(from), &json!(to)));
        let random = answer["random"].as_str().unwrap();
        assert_eq!(get(&world, ("4000", from, to), random, &token).await.text(), whole());
    }
    let body = json!({ "number": "4000", "starttime": from, "endtime": to, "allowedip": "198.51.100.9" });
    let answer = world.yeastar(server(), &format!("cdr/get_random?token={token}"), body).await;
    let random = answer["random"].as_str().unwrap();
    let file = world.call_file(stranger(), Method::GET, ("4000", from, to), random, &token).await;
    assert_eq!(file.text(), whole());
    let numbers: Vec<String> = (0..1001).map(|number| number.to_string()).collect();
    let body = json!({ "number": numbers.join(","), "starttime": from, "endtime": to });
    let answer = world.yeastar(server(), &format!("cdr/get_random?token={token}"), body).await;
    assert_eq!(answer["errno"], "10025");
}

#[tokio::test]
async fn a_session_that_ends_takes_its_tickets_along() {
    let world = world().await;
    for version in ["v1.1.0", "v2.0.0"] {
        let token = world.log_in(server(), "api").await;
        let random = world.call_ticket(server(), &token, DAY).await;
        world.clock.advance(Duration::from_secs(30 * 60));
        let link = format!(
            "{version}/cdr/download?starttime={}&endtime={}&random={random}&token={token}",
            DAY.1, DAY.2
        );
        let answer = follow(&world, server(), Method::GET, &link.replace(' ', "%20")).await;
        assert_eq!(errno(&answer), if version == "v1.1.0" { "20004" } else { "20006" });
    }
    let token = world.log_in(server(), "api").await;
    let random = world.call_ticket(server(), &token, DAY).await;
    world.yeastar(server(), &format!("logout?token={token}"), json!({})).await;
    assert_eq!(errno(&get(&world, DAY, &random, &token).await), "20004");
    let token = world.log_in(server(), "api").await;
    assert_eq!(errno(&get(&world, DAY, &random, &token).await), "20020");
    let random = world.call_ticket(server(), &token, DAY).await;
    let world = world.restart().await;
    assert_eq!(errno(&get(&world, DAY, &random, &token).await), "20020", "a restart forgets tickets");
}

#[tokio::test]
async fn failures_have_a_status_for_whom_it_is_wanted() {
    let world = world().await;
    change_person(&world, "api", json!({ "download_errors": "status" })).await;
    let token = world.log_in(server(), "api").await;
    let random = world.call_ticket(server(), &token, DAY).await;
    let far = world.call_file(stranger(), Method::GET, DAY, &random, &token).await;
    assert_eq!((far.status, far.json()["errno"].clone()), (StatusCode::FORBIDDEN, json!("20015")));
    let gone = get(&world, ("4000", DAY.1, DAY.2), &random, &token).await;
    assert_eq!((gone.status, gone.json()["errno"].clone()), (StatusCode::GONE, json!("20020")));
    world.clock.advance(Duration::from_secs(30 * 60));
    let late = get(&world, DAY, &random, &token).await;
    assert_eq!((late.status, late.json()["errno"].clone()), (StatusCode::UNAUTHORIZED, json!("20006")));
}

#[tokio::test]
async fn nothing_found_is_a_failure_for_whom_it_is_one() {
    let world = world().await;
    let empty = ("all", "2024-03-06 00:00:00", "2024-03-06 23:59:59");
    let token = world.log_in(server(), "api").await;
    let random = world.call_ticket(server(), &token, empty).await;
    assert_eq!(get(&world, empty, &random, &token).await.text(), HEADER);
    change_person(&world, "api", json!({ "empty_calls": "missing", "download_errors": "status" })).await;
    let random = world.call_ticket(server(), &token, empty).await;
    for method in [Method::HEAD, Method::GET] {
        let answer = world.call_file(server(), method, empty, &random, &token).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    let answer = get(&world, empty, &random, &token).await;
    assert_eq!(answer.json()["errno"], "20021");
    // It was not spent: a call that is told meanwhile is found with it.
    tell(&world, 1, &[call(5, "2024-03-06T07:00:00Z")]).await;
    let expected = format!("{HEADER}{}", row(5, "2024-03-06 07:00:00"));
    assert_eq!(get(&world, empty, &random, &token).await.text(), expected);
    assert_eq!(get(&world, empty, &random, &token).await.json()["errno"], "20020");
}

/// Expected rows by `TZ=Europe/Berlin date -d ...Z '+%F %T'`.
#[tokio::test]
async fn times_are_those_of_the_customers_clock() {
    let world = World::new().await;
    let zone = json!({ "id": 1, "name": "Berlin", "timezone": "Europe/Berlin", "serial": "360000000000" });
    world.add("/customers", zone).await;
    world.person(1, "api", "api").await;
    // Until 01:00 UTC the clock is two hours ahead, then one: 02:00 to 03:00 comes twice.
    let told = [
        (1, "2026-10-25T00:29:59.999Z", "2026-10-25 02:29:59"),
        (2, "2026-10-25T00:30:00Z", "2026-10-25 02:30:00"),
        (3, "2026-10-25T00:50:00Z", "2026-10-25 02:50:00"),
        (4, "2026-10-25T01:10:00Z", "2026-10-25 02:10:00"),
        (5, "2026-10-25T01:40:00.999Z", "2026-10-25 02:40:00"),
        (6, "2026-10-25T01:40:01Z", "2026-10-25 02:40:01"),
        (7, "2026-10-25T02:00:00Z", "2026-10-25 03:00:00"),
        // The clock goes from 02:00 to 03:00 at 01:00 UTC.
        (8, "2026-03-29T00:59:59Z", "2026-03-29 01:59:59"),
        (9, "2026-03-29T01:00:00Z", "2026-03-29 03:00:00"),
        (10, "2026-03-29T01:29:00Z", "2026-03-29 03:29:00"),
        (11, "2026-03-29T01:31:00Z", "2026-03-29 03:31:00"),
    ];
    let calls: Vec<_> = told.iter().map(|(number, at, _)| call(*number, at)).collect();
    tell(&world, 1, &calls).await;
    let token = world.log_in(server(), "api").await;
    let check = async |from: &str, to: &str, expected: &[usize]| {
        let random = world.call_ticket(server(), &token, ("all", from, to)).await;
        let file = get(&world, ("all", from, to), &random, &token).await.text();
        let shown = |number: &usize| {
            let (_, _, shown) = told.iter().find(|(one, _, _)| one == number).unwrap();
            row(*number, shown).replace(",,,,\n", ",,,,360000000000\n")
        };
        let rows: Vec<String> = expected.iter().map(shown).collect();
        assert_eq!(file, format!("{HEADER}{}", rows.concat()), "{from} to {to}");
    };
    check("2026-10-25 02:30:00", "2026-10-25 02:40:00", &[2, 5]).await;
    check("2026-10-25 02:00:00", "2026-10-25 02:59:59", &[1, 2, 3, 4, 5, 6]).await;
    check("2026-10-25 02:40:01", "2026-10-25 03:00:00", &[3, 6, 7]).await;
    check("2026-10-25 02:29:59", "2026-10-25 02:29:59", &[1]).await;
    check("2026-03-29 02:30:00", "2026-03-29 03:29:00", &[9, 10]).await;
    check("2026-03-29 01:59:59", "2026-03-29 02:30:00", &[8]).await;
    check("0000-01-01 00:00:00", "9999-12-31 23:59:59", &[8, 9, 10, 11, 1, 2, 3, 4, 5, 6, 7]).await;
}

#[tokio::test]
async fn customers_see_nothing_of_each_other() {
    let world = world().await;
    world.customer(2, None).await;
    world.customer(3, Some(1)).await;
    for (customer, username) in [(2, "other"), (3, "below")] {
        world.person(customer, username, "api").await;
    }
    let mut foreign = call(7, "2024-03-05T09:00:00Z");
    foreign["to"] = json!("7777");
    tell(&world, 2, &[foreign]).await;
    let theirs = format!("{HEADER}{}", row(7, "2024-03-05 09:00:00").replace("4001", "7777"));
    let mine = world.log_in(server(), "api").await;
    for (username, numbers, expected) in [
        ("api", "all", whole()),
        ("api", "7777", HEADER.to_owned()),
        ("api", "4000", whole()),
        ("other", "all", theirs.clone()),
        ("other", "4000,4001", theirs),
        ("below", "all", HEADER.to_owned()),
    ] {
        let token = world.log_in(server(), username).await;
        let span = (numbers, DAY.1, DAY.2);
        let random = world.call_ticket(server(), &token, span).await;
        if username != "api" {
            assert_eq!(errno(&get(&world, span, &random, &mine).await), "20020");
        }
        assert_eq!(get(&world, span, &random, &token).await.text(), expected, "{username} {numbers}");
    }
}

#[tokio::test]
async fn who_may_not_see_calls_gets_none() {
    let world = world().await;
    world.add("/roles", json!({ "name": "audio only", "privileges": ["yeastar_api", "record"] })).await;
    world.person(1, "listener", "audio only").await;
    let token = world.log_in(server(), "listener").await;
    let body = json!({ "starttime": DAY.1, "endtime": DAY.2 });
    let answer = world.yeastar(server(), &format!("cdr/get_random?token={token}"), body).await;
    assert_eq!(answer["errno"], "20021");
    let extensions = world.yeastar(server(), &format!("extension/list?token={token}"), json!({})).await;
    assert_eq!(extensions["extlist"], json!([]));
    let one = json!({ "number": "4000" });
    let extension = world.yeastar(server(), &format!("extension/query?token={token}"), one).await;
    assert_eq!(extension["errno"], "10006");
    let device = world.yeastar(server(), &format!("deviceinfo/query?token={token}"), json!({})).await;
    assert_eq!(device["deviceinfo"]["extensionstatus"], "0/500");
}

#[tokio::test]
async fn a_ticket_is_worth_what_its_person_may_now() {
    let world = world().await;
    world.recording(1, "a.wav", wav(1, 800)).await;
    for (name, privileges) in [
        ("all", json!(["yeastar_api", "record", "cdrs"])),
        ("calls", json!(["yeastar_api", "cdrs"])),
        ("audio", json!(["yeastar_api", "record"])),
    ] {
        world.add("/roles", json!({ "name": name, "privileges": privileges })).await;
    }
    world.person(1, "demoted", "all").await;
    let token = world.log_in(server(), "demoted").await;
    let file = world.call_ticket(server(), &token, DAY).await;
    let audio = world.ticket(server(), &token, "a.wav").await;
    let hear = async || world.download(server(), Method::GET, "a.wav", &audio, &token).await;
    change_person(&world, "demoted", json!({ "role": "calls" })).await;
    assert_eq!(errno(&hear().await), "20014");
    change_person(&world, "demoted", json!({ "role": "audio" })).await;
    assert_eq!(errno(&get(&world, DAY, &file, &token).await), "20021");
    // Neither was spent.
    assert_eq!(hear().await.body, wav(1, 800));
    change_person(&world, "demoted", json!({ "role": "calls" })).await;
    assert_eq!(get(&world, DAY, &file, &token).await.text(), whole());
}

/// The body of a file of the day's calls, of which nothing was read yet.
async fn opened(world: &World, token: &str) -> Body {
    let random = world.call_ticket(server(), token, DAY).await;
    let link = format!(
        "/api/v2.0.0/cdr/download?starttime={}&endtime={}&random={random}&token={token}",
        DAY.1, DAY.2
    );
    let mut request = Request::get(link.replace(' ', "%20")).body(Body::empty()).unwrap();
    let address = SocketAddr::new(server(), 50_000);
    let info = PeerInfo { address, local: address, tls: false, server_name: None };
    request.extensions_mut().insert(Peer::Tcp(info));
    request.extensions_mut().insert(ClientAddress { address: server(), forwarding_ignored: false });
    Body::new(world.app.front().unwrap().oneshot(request).await.unwrap().into_body())
}

#[tokio::test]
async fn a_long_file_comes_in_small_pieces_and_whole() {
    let world = World::new().await;
    world.customer(1, None).await;
    world.person(1, "api", "api").await;
    // Ten calls each second, told in another order than they began in.
    let at = |number: usize| {
        let second = number / 10;
        format!("2024-03-05T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
    };
    let calls: Vec<_> = (0..10_000).rev().map(|number| call(number, &at(number))).collect();
    tell(&world, 1, &calls).await;
    let token = world.log_in(server(), "api").await;
    let mut body = opened(&world, &token).await;
    let mut frames = Vec::new();
    while let Some(frame) = body.frame().await {
        frames.push(frame.unwrap().into_data().unwrap().to_vec());
    }
    assert!(frames.len() >= 50 && frames.iter().all(|frame| frame.len() <= 64 * 1024), "{}", frames.len());
    let text = String::from_utf8(frames.concat()).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next().unwrap(), HEADER.trim_end());
    let (mut seen, mut last) = (std::collections::BTreeSet::new(), String::new());
    for line in lines {
        let columns: Vec<&str> = line.split(',').collect();
        assert_eq!(columns.len(), 14);
        assert!(columns[1] >= last.as_str(), "{line} after {last}");
        last = columns[1].to_owned();
        assert!(seen.insert(columns[0].to_owned()), "{line} comes twice");
    }
    assert_eq!(seen.len(), 10_000);
}

#[tokio::test]
async fn a_catalog_that_fails_breaks_the_file_off() {
    let world = World::new().await;
    world.customer(1, None).await;
    world.person(1, "api", "api").await;
    let calls: Vec<_> = (0..1000).map(|number| call(number, "2024-03-05T09:00:00Z")).collect();
    tell(&world, 1, &calls).await;
    let token = world.log_in(server(), "api").await;
    let mut body = opened(&world, &token).await;
    assert!(body.frame().await.unwrap().is_ok());
    world.catalog.close().await;
    assert!(body.frame().await.unwrap().is_err(), "a file that ends early must not look whole");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_follow_one_link_one_wins() {
    let world = Arc::new(world().await);
    let token = world.log_in(server(), "api").await;
    let random = world.call_ticket(server(), &token, DAY).await;
    let mut racers = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (world, random, token) = (world.clone(), random.clone(), token.clone());
        racers.spawn(async move { get(&world, DAY, &random, &token).await.text() });
    }
    let answers = racers.join_all().await;
    assert_eq!(answers.iter().filter(|text| **text == whole()).count(), 1);
    let refused = r#"{"status":"Failed","errno":"20020"}"#;
    assert_eq!(answers.iter().filter(|text| text.as_str() == refused).count(), 99);
}

#[tokio::test]
async fn tickets_of_all_kinds_share_one_book() {
    let world = world().await;
    world.recording(1, "a.wav", wav(1, 800)).await;
    let token = world.log_in(server(), "api").await;
    let (first, second) =
        (world.call_ticket(server(), &token, DAY).await, world.call_ticket(server(), &token, DAY).await);
    for _ in 0..999 {
        world.ticket(server(), &token, "a.wav").await;
    }
    assert_eq!(errno(&get(&world, DAY, &first, &token).await), "20020", "the oldest of 1001 went");
    let listed = world.local(Method::GET, "/tickets?limit=1000", "").await.json();
    let calls = |ticket: &&Value| ticket["recording"].is_null();
    let listed: Vec<_> = listed["items"].as_array().unwrap().iter().filter(calls).collect();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["calls"], "2024-03-05 00:00:00 to 2024-03-05 23:59:59, all");
    let path = format!("/tickets/{}", listed[0]["id"].as_str().unwrap());
    assert_eq!(world.local(Method::DELETE, &path, "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(errno(&get(&world, DAY, &second, &token).await), "20020");
}

#[tokio::test]
async fn the_listen_log_has_the_ticket_and_the_export() {
    let world = world().await;
    let token = world.log_in(server(), "api").await;
    let random = world.call_ticket(server(), &token, ("4001,4000", DAY.1, DAY.2)).await;
    world.call_file(server(), Method::HEAD, ("4000,4001", DAY.1, DAY.2), &random, &token).await;
    get(&world, ("4000,4001", DAY.1, DAY.2), &random, &token).await;
    get(&world, ("4000,4001", DAY.1, DAY.2), &random, &token).await;
    let log = world.local(Method::GET, "/log?customer=1", "").await.json();
    let entries = log["items"].as_array().unwrap();
    let actions: Vec<_> = entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["link", "export"]);
    for entry in entries {
        assert_eq!(entry["kind"], "calls");
        assert_eq!(entry["name"], "2024-03-05 00:00:00 to 2024-03-05 23:59:59, 4000,4001");
        assert_eq!((&entry["sha256"], &entry["first_byte"]), (&Value::Null, &Value::Null));
        assert_eq!(entry["ticket"], entries[0]["ticket"]);
    }
    let verdict = world.local(Method::POST, "/log/verify", "").await.json();
    assert_eq!(verdict["faults"], json!([]), "{verdict}");
}
