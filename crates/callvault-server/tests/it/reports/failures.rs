//! Targets that fail, in all the ways they do (`docs/yeastar.md` G24).

use callvault_testkit::application_server::Step;
use callvault_testkit::world::HERE;
use serde_json::json;

use super::*;

#[tokio::test]
async fn a_report_that_is_never_taken_is_set_aside_and_the_next_one_goes() {
    let world = world().await;
    let server = ApplicationServer::start().await;
    wanted_by(&world, &server).await;
    server.script(vec![Step::Status(500); 5]);
    ended(&world, 1, 1..3).await;
    pass_until(&world, &server, 6).await;
    assert_eq!(server.told("callid"), ["1", "1", "1", "1", "1", "2"]);
    let found = targets_until(&world, SECOND, all_delivered).await;
    assert_eq!((&found[0]["parked"], &found[0]["delivered"]), (&json!(1), &json!(1)));
    // An operator sends it again.
    let path = format!("/targets/{}/resend", found[0]["id"]);
    assert_eq!(world.local(Method::POST, &path, "{}").await.json(), json!({ "resent": 1 }));
    world.pass(SECOND);
    server.after(7).await;
    assert_eq!(server.told("callid")[6], "1");
}

/// A server that restarts more often than a report is given up must not try the same one for ever.
#[tokio::test]
async fn rejections_are_counted_across_restarts() {
    let mut world = world().await;
    let server = ApplicationServer::start().await;
    wanted_by(&world, &server).await;
    server.script(vec![Step::Status(500); 5]);
    ended(&world, 1, 1..3).await;
    for tries in [1, 2, 4] {
        pass_until(&world, &server, tries).await;
        let noted =
            |targets: &[Value]| targets[0]["failure"].as_str().is_some_and(|text| text.contains("500"));
        targets_until(&world, Duration::ZERO, noted).await;
        world = world.restart().await;
        world.deliver();
    }
    pass_until(&world, &server, 6).await;
    assert_eq!(server.told("callid"), ["1", "1", "1", "1", "1", "2"]);
}

#[tokio::test]
async fn a_target_that_always_answers_500_hears_of_every_call() {
    let world = world().await;
    let server = ApplicationServer::start().await;
    server.otherwise(Step::Status(500));
    wanted_by(&world, &server).await;
    ended(&world, 1, 0..4).await;
    pass_until(&world, &server, 20).await;
    let expected: Vec<_> = (0..20).map(|attempt| (attempt / 5).to_string()).collect();
    assert_eq!(server.told("callid"), expected);
    let found = targets_until(&world, SECOND, |targets| targets[0]["parked"] == 4).await;
    assert_eq!(found[0]["waiting"], 0);
    assert!(found[0]["failure"].as_str().unwrap().contains("status 500"), "{found:?}");
}

/// What is no 2xx and what is no HTTP: both are answers. A redirect is not followed, as it could lead anywhere.
#[tokio::test]
async fn other_answers_count_as_rejections() {
    for step in [
        Step::Status(302),
        Step::Status(404),
        Step::Status(101),
        Step::Bytes(b"220 mail.example ESMTP\r\n".to_vec()),
        Step::Bytes(b"<html>fine</html>".to_vec()),
    ] {
        let world = world().await;
        let server = ApplicationServer::start().await;
        wanted_by(&world, &server).await;
        server.script(vec![step.clone(); 5]);
        ended(&world, 1, 1..3).await;
        pass_until(&world, &server, 6).await;
        assert_eq!(server.told("callid")[5], "2", "{step:?}");
    }
}

#[tokio::test]
async fn a_target_without_a_whole_answer_holds_the_order() {
    for step in [Step::Silence, Step::Close, Step::Bytes(b"HTTP/1.1 20".to_vec())] {
        let world = world_with(hasty()).await;
        let server = ApplicationServer::start().await;
        wanted_by(&world, &server).await;
        server.script(vec![step.clone(); 4]);
        ended(&world, 1, 1..3).await;
        pass_until(&world, &server, 6).await;
        assert_eq!(server.told("callid"), ["1", "1", "1", "1", "1", "2"], "{step:?}");
        let found = targets_until(&world, SECOND, all_delivered).await;
        assert_eq!((&found[0]["parked"], &found[0]["failure"]), (&json!(0), &json!(null)), "{step:?}");
    }
}

#[tokio::test]
async fn what_waits_for_a_target_that_is_down_comes_when_it_is_up() {
    let world = world().await;
    let server = ApplicationServer::start().await;
    let address = server.address();
    wanted_by(&world, &server).await;
    drop(server);
    ended(&world, 1, 0..5).await;
    let reason = format!("cannot connect to {address}: ");
    let failed =
        |targets: &[Value]| targets[0]["failure"].as_str().is_some_and(|text| text.starts_with(&reason));
    let found = targets_until(&world, SECOND, failed).await;
    assert_eq!(found[0]["waiting"], 5);
    assert!(!found[0]["failure"].as_str().unwrap().contains("hush"));
    let server = ApplicationServer::start_at(address, None).await;
    pass_until(&world, &server, 5).await;
    assert_eq!(server.told("callid"), ["0", "1", "2", "3", "4"]);
}

/// A new login says that the target is there: what waits comes at once, without a second passing.
#[tokio::test]
async fn a_new_login_ends_the_wait() {
    let world = world().await;
    let server = ApplicationServer::start().await;
    let address = server.address();
    wanted_by(&world, &server).await;
    drop(server);
    ended(&world, 1, 0..2).await;
    let failed = |targets: &[Value]| targets[0]["failure"].as_str().is_some();
    targets_until(&world, Duration::ZERO, failed).await;
    let server = ApplicationServer::start_at(address, None).await;
    world.clock.advance(Duration::from_millis(1));
    wanted_by(&world, &server).await;
    server.after(2).await;
    assert_eq!(server.told("callid"), ["0", "1"]);
}

/// The silent targets of one customer take all of its connections; another target of theirs, and other customers, hear
/// of their calls all the same.
#[tokio::test]
async fn dead_targets_hold_up_nobody_else() {
    let patience = Patience { answer: PATIENCE, ..Patience::default() };
    let settings = reports::Settings {
        patience,
        connections: 4,
        connections_per_customer: 2,
        ..reports::Settings::default()
    };
    let world = world_with(settings).await;
    world.customer(2, None).await;
    world.person(2, "other", "api").await;
    let mut dead = Vec::new();
    for _ in 0..3 {
        let server = ApplicationServer::start().await;
        server.otherwise(Step::Silence);
        wanted_by(&world, &server).await;
        dead.push(server);
    }
    let alive = ApplicationServer::start().await;
    log_in_for(&world, HERE, "other", &format!("http://{}/", alive.address())).await;
    ended(&world, 1, 0..1).await;
    // Both connections of the customer are taken now.
    until(|| async {
        let busy = dead.iter().filter(|server| !server.received().is_empty()).count();
        tokio::task::yield_now().await;
        (busy == 2).then_some(())
    })
    .await;
    ended(&world, 2, 7..10).await;
    alive.after(3).await;
    assert_eq!(alive.told("callid"), ["7", "8", "9"]);
    assert_eq!(dead.iter().map(|server| server.received().len()).sum::<usize>(), 2, "the bound held");
}

#[tokio::test]
async fn after_a_day_reports_are_set_aside() {
    let world = world().await;
    let server = ApplicationServer::start().await;
    let address = server.address();
    let token = wanted_by(&world, &server).await;
    drop(server);
    ended(&world, 1, 0..2).await;
    // The client lives all the time, and nobody listens where it wants reports.
    for _ in 0..24 * 3 {
        world.pass(Duration::from_secs(20 * 60));
        let beat = world.yeastar(HERE, &format!("heartbeat?token={token}"), json!({})).await;
        assert_eq!(beat["status"], "Success");
    }
    let found = targets_until(&world, SECOND, all_delivered).await;
    assert_eq!(found[0]["parked"], 2);
    let server = ApplicationServer::start_at(address, None).await;
    ended(&world, 1, 2..3).await;
    pass_until(&world, &server, 1).await;
    assert_eq!(server.told("callid"), ["2"]);
}
