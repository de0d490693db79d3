//! Who is told: what logins, heartbeats, logouts and restarts make of targets (`docs/yeastar.md` G6, G24).

use callvault_testkit::application_server::Step;
use callvault_testkit::world::HERE;
use serde_json::json;

use super::*;

#[tokio::test]
async fn many_logins_for_one_place_get_each_report_once_in_the_newest_format() {
    let world = world().await;
    let server = ApplicationServer::start().await;
    let url = format!("http://{}/report", server.address());
    log_in_for(&world, HERE, "crm", &url).await;
    log_in_for(&world, HERE, "crm", &url).await;
    ended(&world, 1, 0..1).await;
    assert_eq!(server.after(1).await[0].json()["event"], "NewCdr");
    world.clock.advance(SECOND);
    log_in_with(&world, HERE, "crm", json!({ "url": url, "urltag": "1" })).await;
    ended(&world, 1, 1..3).await;
    let received = server.after(3).await;
    assert_eq!(received[1].json()["action"], "NewCdr");
    assert_eq!(server.told("callid"), ["0", "1", "2"]);
    assert_eq!(targets(&world).await.len(), 1);
}

/// `docs/yeastar.md` G6: path and format are those of the newest login that lives, whatever older ones say or said.
#[tokio::test]
async fn one_place_is_told_as_its_newest_living_login_wants() {
    let world = world().await;
    let server = ApplicationServer::start().await;
    let url = |path: &str| format!("http://{}/{path}", server.address());
    let older = log_in_with(&world, HERE, "crm", json!({ "url": url("older"), "urltag": "1" })).await;
    world.clock.advance(SECOND);
    let newer = log_in_for(&world, HERE, "crm", &url("newer")).await;
    let told = async |count: usize| {
        let last = server.after(count).await.pop().unwrap();
        let path = last.head().split(' ').nth(1).unwrap().to_owned();
        (path, last.json().as_object().unwrap().keys().any(|name| name == "event"))
    };
    ended(&world, 1, 0..1).await;
    assert_eq!(told(1).await, ("/newer".to_owned(), true));
    world.yeastar(HERE, &format!("heartbeat?token={older}"), json!({})).await;
    ended(&world, 1, 1..2).await;
    assert_eq!(told(2).await, ("/newer".to_owned(), true));
    assert_eq!(targets(&world).await[0]["format"], "2.0.0");
    world.yeastar(HERE, &format!("logout?token={newer}"), json!({})).await;
    ended(&world, 1, 2..3).await;
    assert_eq!(told(3).await, ("/older".to_owned(), false));
    assert_eq!(targets(&world).await[0]["format"], "1.0.0");
}

#[tokio::test]
async fn two_places_of_one_person_are_both_told() {
    let world = world().await;
    let (one, other) = (ApplicationServer::start().await, ApplicationServer::start().await);
    wanted_by(&world, &one).await;
    wanted_by(&world, &other).await;
    ended(&world, 1, 0..2).await;
    for server in [one, other] {
        server.after(2).await;
        assert_eq!(server.told("callid"), ["0", "1"]);
    }
}

#[tokio::test]
async fn a_logout_ends_reports_between_two_of_them() {
    let world = world().await;
    let server = ApplicationServer::start().await;
    server.script([Step::Held(200)]);
    let token = wanted_by(&world, &server).await;
    ended(&world, 1, 0..10).await;
    server.after(1).await;
    world.yeastar(HERE, &format!("logout?token={token}"), json!({})).await;
    server.release();
    ended(&world, 1, 10..12).await;
    // Set aside with the others, the report under way is taken off when its target took it.
    let settled = |targets: &[Value]| all_delivered(targets) && targets[0]["parked"] == 9;
    targets_until(&world, SECOND, settled).await;
    assert_eq!(server.told("callid"), ["0"]);
}

#[tokio::test]
async fn a_disabled_person_is_told_nothing() {
    let world = world().await;
    let server = ApplicationServer::start().await;
    server.script([Step::Held(200)]);
    wanted_by(&world, &server).await;
    ended(&world, 1, 0..5).await;
    server.after(1).await;
    let person = world.local(Method::GET, "/people?username=crm", "").await.json()["items"][0]["id"].clone();
    let disabled = world.local(Method::PATCH, &format!("/people/{person}"), r#"{"disabled":true}"#).await;
    assert_eq!(disabled.status, StatusCode::OK);
    server.release();
    world.pass(SECOND);
    // Another person's target is served, so the courier has looked.
    world.person(1, "second", "api").await;
    let second = ApplicationServer::start().await;
    log_in_for(&world, HERE, "second", &format!("http://{}/", second.address())).await;
    ended(&world, 1, 5..6).await;
    second.after(1).await;
    assert_eq!(server.told("callid"), ["0"]);
}

/// What a person may see and from where they may come counts for reports too, at once and in both directions.
#[tokio::test]
async fn who_may_not_be_told_is_told_when_they_may_again() {
    let world = world().await;
    let deaf = json!({ "name": "deaf", "privileges": ["yeastar_api"] });
    world.add("/roles", deaf).await;
    let server = ApplicationServer::start().await;
    wanted_by(&world, &server).await;
    let person = world.local(Method::GET, "/people?username=crm", "").await.json()["items"][0]["id"].clone();
    let change = async |change: Value| {
        let answer = world.local(Method::PATCH, &format!("/people/{person}"), change.to_string()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    };
    let cases = [
        (json!({ "role": "deaf" }), json!({ "role": "api" }), "the role"),
        (json!({ "source": "192.0.2.0/24" }), json!({ "source": "" }), "may not log in from there"),
    ];
    for (number, (forbid, allow, reason)) in cases.into_iter().enumerate() {
        change(forbid).await;
        ended(&world, 1, number..number + 1).await;
        let told =
            |targets: &[Value]| targets[0]["failure"].as_str().is_some_and(|text| text.contains(reason));
        let found = targets_until(&world, SECOND, told).await;
        assert_eq!((&found[0]["waiting"], server.received().len()), (&json!(1), number));
        change(allow).await;
        pass_until(&world, &server, number + 1).await;
        let found = targets_until(&world, SECOND, all_delivered).await;
        assert_eq!(found[0]["failure"], json!(null));
    }
}

#[tokio::test]
async fn a_heartbeat_moves_a_target_and_what_waits_for_it() {
    let world = world().await;
    let (old, new) = (ApplicationServer::start().await, ApplicationServer::start().await);
    old.otherwise(Step::Status(500));
    let token = wanted_by(&world, &old).await;
    ended(&world, 1, 0..3).await;
    old.after(1).await;
    let beat = json!({ "url": format!("http://{}/new", new.address()), "urltag": "1" });
    let answer = world.yeastar(HERE, &format!("heartbeat?token={token}"), beat).await;
    assert_eq!(answer["status"], "Success");
    pass_until(&world, &new, 3).await;
    assert_eq!(new.told("callid"), ["0", "1", "2"]);
    assert!(new.received()[0].head().starts_with("POST /new "));
}

#[tokio::test]
async fn reports_wait_for_a_session_that_ran_out_until_the_next_login() {
    let world = world().await;
    let server = ApplicationServer::start().await;
    wanted_by(&world, &server).await;
    world.pass(Duration::from_secs(31 * 60));
    ended(&world, 1, 0..3).await;
    // Somebody else's target is served, so the courier has looked.
    world.person(1, "second", "api").await;
    let second = ApplicationServer::start().await;
    log_in_for(&world, HERE, "second", &format!("http://{}/", second.address())).await;
    ended(&world, 1, 3..4).await;
    second.after(1).await;
    assert_eq!(server.received().len(), 0);
    wanted_by(&world, &server).await;
    world.pass(SECOND);
    server.after(4).await;
    assert_eq!(server.told("callid"), ["0", "1", "2", "3"]);
}

/// `docs/yeastar.md` G5: the session of a client that only listens does not run out.
#[tokio::test]
async fn a_report_that_was_taken_slides_the_session() {
    let world = world().await;
    let server = ApplicationServer::start().await;
    wanted_by(&world, &server).await;
    for number in 0..4 {
        ended(&world, 1, number..number + 1).await;
        server.after(number + 1).await;
        targets_until(&world, Duration::ZERO, all_delivered).await;
        world.pass(Duration::from_secs(20 * 60));
    }
    assert_eq!(server.told("callid"), ["0", "1", "2", "3"]);
}

/// `docs/yeastar.md` G8: the session goes on under another token, and so do its reports.
#[tokio::test]
async fn a_renewed_session_is_still_told() {
    let world = world().await;
    let server = ApplicationServer::start().await;
    let login = json!({ "username": "crm", "password": PASSWORD, "urltag": "1",
        "url": format!("http://{}/", server.address()) });
    let begun = world.yeastar(HERE, "login", login).await;
    ended(&world, 1, 0..1).await;
    server.after(1).await;
    let renewed =
        world.yeastar(HERE, "token/refresh", json!({ "refreshtoken": begun["refreshtoken"] })).await;
    assert_eq!(renewed["status"], "Success", "{renewed}");
    ended(&world, 1, 1..3).await;
    server.after(3).await;
    let token = renewed["token"].as_str().unwrap();
    world.yeastar(HERE, &format!("logout?token={token}"), json!({})).await;
    ended(&world, 1, 3..4).await;
    targets_until(&world, SECOND, all_delivered).await;
    assert_eq!(server.told("callid"), ["0", "1", "2"]);
}

#[tokio::test]
async fn a_restart_keeps_what_waits() {
    let world = world().await;
    let server = ApplicationServer::start().await;
    let address = server.address();
    wanted_by(&world, &server).await;
    drop(server);
    ended(&world, 1, 0..3).await;
    let world = world.restart().await;
    ended(&world, 1, 3..4).await;
    let server = ApplicationServer::start_at(address, None).await;
    world.deliver();
    pass_until(&world, &server, 4).await;
    assert_eq!(server.told("callid"), ["0", "1", "2", "3"]);
}

/// The report under way at a shutdown is finished, and not sent again.
#[tokio::test]
async fn a_shutdown_waits_for_the_report_under_way() {
    let world = world().await;
    let server = ApplicationServer::start().await;
    server.script([Step::Held(200)]);
    wanted_by(&world, &server).await;
    ended(&world, 1, 0..3).await;
    server.after(1).await;
    let restarting = tokio::spawn(world.restart());
    server.release();
    let world = restarting.await.unwrap();
    assert_eq!(server.told("callid"), ["0"]);
    world.deliver();
    pass_until(&world, &server, 3).await;
    assert_eq!(server.told("callid"), ["0", "1", "2"]);
}
