//! Reports by TCP (`docs/yeastar.md` G25).

use callvault_server::listen::PlainPolicy;
use callvault_server::work::reports::tcp::TcpSettings;
use callvault_testkit::application_server::TcpClient;
use callvault_testkit::world::HERE;
use serde_json::json;
use std::net::SocketAddr;
use tokio::io::AsyncWriteExt as _;

use super::*;

fn settings() -> TcpSettings {
    TcpSettings {
        connections: 100,
        connections_per_address: 100,
        plain: PlainPolicy::PrivateOnly,
        clients: None,
    }
}

async fn open() -> (World, SocketAddr) {
    let world = world().await;
    let door = world.report_door(settings()).await;
    (world, door)
}

fn lines(username: &str, secret: &str, version: &str) -> String {
    format!("Action: login\r\nUsername: {username}\r\nSecret: {secret}\r\nVersion: {version}\r\n\r\n")
}

async fn connected(door: SocketAddr, login: &str) -> TcpClient {
    let mut client = TcpClient::connect(door, login).await;
    assert_eq!(client.answer().await.as_deref(), Some("Response: Success"));
    client
}

#[tokio::test]
async fn both_forms_of_login_get_reports_line_by_line() {
    let json =
        json!({ "action": "login", "username": "crm", "secret": PASSWORD, "version": "2.0.0" }).to_string();
    for (login, member) in [
        (lines("crm", "password", "2.0.0"), "event"),
        (lines("crm", PASSWORD, "1.0.2").replace("\r\n", "\n"), "action"),
        ("USERNAME: crm\r\nsecret: password\r\n\r\n".to_owned(), "action"),
        (json, "event"),
    ] {
        let (world, door) = open().await;
        let mut client = connected(door, &login).await;
        ended(&world, 1, 0..3).await;
        for number in 0..3 {
            let report = client.report().await;
            assert_eq!((&report[member], &report["callid"]), (&json!("NewCdr"), &json!(number.to_string())));
        }
        let found = targets_until(&world, SECOND, all_delivered).await;
        assert_eq!((&found[0]["address"], &found[0]["channel"]), (&json!("tcp 127.0.0.1"), &json!("tcp")));
        // What the client says now means nothing.
        client.writer.write_all(b"Action: logoff\r\n\r\n{}garbage\0").await.unwrap();
        ended(&world, 1, 3..4).await;
        assert_eq!(client.report().await["callid"], "3");
        let sessions = world.local(Method::GET, "/sessions?customer=1", "").await.json();
        assert_eq!(sessions["items"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn what_is_no_login_is_refused_and_closed() {
    let (world, door) = open().await;
    for login in [
        lines("crm", "wrong", "2.0.0"),
        lines("nobody", "password", "2.0.0"),
        "Action: logoff\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        "{\"action\":\"login\"}".to_owned(),
        "Username: crm\r\n\r\n".to_owned(),
        format!("Username: {}", "x".repeat(5000)),
    ] {
        let mut client = TcpClient::connect(door, &login).await;
        assert_eq!(client.answer().await.as_deref(), Some("Response: Error"), "{login:.40}");
        assert_eq!(client.line().await, None);
    }
    assert!(targets(&world).await.is_empty());
}

#[tokio::test]
async fn failures_count_with_those_of_the_other_login() {
    let (world, door) = open().await;
    for _ in 0..3 {
        let mut client = TcpClient::connect(door, &lines("crm", "wrong", "2.0.0")).await;
        assert_eq!(client.answer().await.as_deref(), Some("Response: Error"));
    }
    for _ in 0..2 {
        let body = json!({ "username": "crm", "password": "0".repeat(32) });
        assert_eq!(world.yeastar(HERE, "login", body).await["errno"], "20003");
    }
    let right = lines("crm", "password", "2.0.0");
    assert_eq!(TcpClient::connect(door, &right).await.answer().await.as_deref(), Some("Response: Error"));
    let right_there = json!({ "username": "crm", "password": PASSWORD });
    assert_eq!(world.yeastar(HERE, "login", right_there).await["errno"], "20002");
    world.local(Method::DELETE, "/lockouts", "").await;
    connected(door, &right).await;
}

#[tokio::test]
async fn a_second_connection_takes_the_place_over() {
    let (world, door) = open().await;
    let mut older = connected(door, &lines("crm", "password", "1.0.0")).await;
    ended(&world, 1, 0..1).await;
    assert_eq!(older.report().await["callid"], "0");
    world.clock.advance(SECOND);
    let mut newer = connected(door, &lines("crm", "password", "2.0.0")).await;
    assert_eq!(older.line().await, None, "the older connection is closed");
    ended(&world, 1, 1..2).await;
    assert_eq!(newer.report().await["event"], "NewCdr");
    // Another person from the same address has a place of their own.
    world.person(1, "second", "api").await;
    let mut second = connected(door, &lines("second", "password", "2.0.0")).await;
    ended(&world, 1, 2..3).await;
    assert_eq!(newer.report().await["callid"], "2");
    assert_eq!(second.report().await["callid"], "2");
}

#[tokio::test]
async fn what_was_missed_comes_after_the_next_login() {
    let (world, door) = open().await;
    let login = lines("crm", "password", "2.0.0");
    let client = connected(door, &login).await;
    drop(client);
    // The connection is noticed to be gone when a report cannot be written, or before.
    let gone = "callvault_connections{protocol=\"tcp-reports\"} 0";
    until(|| async {
        tokio::task::yield_now().await;
        world.app.metrics.render().contains(gone).then_some(())
    })
    .await;
    ended(&world, 1, 0..3).await;
    world.pass(Duration::from_secs(3600));
    ended(&world, 1, 3..4).await;
    let mut client = connected(door, &login).await;
    for number in 0..4 {
        assert_eq!(client.report().await["callid"], number.to_string());
    }
}

#[tokio::test]
async fn a_connection_ends_with_its_session_and_with_its_person() {
    let (world, door) = open().await;
    let login = lines("crm", "password", "2.0.0");
    let mut client = connected(door, &login).await;
    let sessions = world.local(Method::GET, "/sessions?customer=1", "").await.json();
    let path = format!("/sessions/{}", sessions["items"][0]["id"].as_str().unwrap());
    assert_eq!(world.local(Method::DELETE, &path, "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(client.line().await, None);

    let mut client = connected(door, &login).await;
    let person = world.local(Method::GET, "/people?username=crm", "").await.json()["items"][0]["id"].clone();
    world.local(Method::PATCH, &format!("/people/{person}"), r#"{"disabled":true}"#).await;
    assert_eq!(client.line().await, None);
    let mut client = TcpClient::connect(door, &login).await;
    assert_eq!(client.answer().await.as_deref(), Some("Response: Error"));
}

#[tokio::test]
async fn bounds_and_networks_hold_as_for_http() {
    let (world, _) = open().await;
    let login = lines("crm", "password", "2.0.0");
    for closed in [
        TcpSettings { plain: PlainPolicy::Refuse, ..settings() },
        TcpSettings { clients: Some(vec!["10.0.0.0/8".parse().unwrap()]), ..settings() },
    ] {
        let door = world.report_door(closed).await;
        assert_eq!(TcpClient::connect(door, &login).await.line().await, None);
    }
    let door = world.report_door(TcpSettings { connections_per_address: 1, ..settings() }).await;
    let _first = connected(door, &login).await;
    assert_eq!(TcpClient::connect(door, &login).await.line().await, None);
}

#[tokio::test]
async fn a_client_is_tried_out_on_its_connection() {
    let (world, door) = open().await;
    let mut client = connected(door, &lines("crm", "password", "1.0.2")).await;
    let id = targets(&world).await[0]["id"].clone();
    let path = format!("/targets/{id}/test");
    let tried = until(|| async {
        // The answer to the login comes before the client has its place.
        let tried = world.local(Method::POST, &path, "{}").await.json();
        (tried["delivered"] == true).then_some(tried)
    })
    .await;
    assert_eq!((&tried["status"], &tried["failure"]), (&json!(null), &json!(null)));
    assert_eq!(client.report().await, json!({ "action": "BootUp" }));
    drop(client);
    let tried = until(|| async {
        let tried = world.local(Method::POST, &path, "{}").await.json();
        (tried["delivered"] == false).then_some(tried)
    })
    .await;
    assert!(tried["failure"].is_string());
}
