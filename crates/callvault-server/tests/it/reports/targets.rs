//! What an operator sees of targets and does with them.

use callvault_testkit::application_server::Step;
use serde_json::json;

use super::*;

async fn test(world: &World, id: &Value) -> Value {
    let answer = world.local(Method::POST, &format!("/targets/{id}/test"), "{}").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn a_target_is_shown_without_the_key_in_its_path() {
    let world = world().await;
    let server = ApplicationServer::start().await;
    wanted_by(&world, &server).await;
    ended(&world, 1, 0..1).await;
    server.after(1).await;
    let found = targets_until(&world, SECOND, all_delivered).await;
    let target = &found[0];
    assert_eq!(target["address"], format!("http://{}/***", server.address()));
    for (key, expected) in [
        ("customer", json!(1)),
        ("channel", json!("http")),
        ("format", json!("2.0.0")),
        ("waiting", json!(0)),
        ("waiting_since", json!(null)),
        ("parked", json!(0)),
        ("delivered", json!(1)),
        ("failed_at", json!(null)),
        ("failure", json!(null)),
    ] {
        assert_eq!(target[key], expected, "{key}");
    }
    let one = world.local(Method::GET, &format!("/targets/{}", target["id"]), "").await.json();
    assert_eq!(&one, target);
    assert!(!one.to_string().contains("hush"));
    assert_eq!(world.local(Method::GET, "/targets/999", "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn trying_a_target_out_tells_of_no_call_and_touches_no_list() {
    let world = world_with(hasty()).await;
    let server = ApplicationServer::start().await;
    wanted_by(&world, &server).await;
    let id = targets(&world).await[0]["id"].clone();
    let tried = test(&world, &id).await;
    assert_eq!((&tried["delivered"], &tried["status"]), (&json!(true), &json!(200)));
    assert!(tried["duration_ms"].is_u64() && tried["failure"].is_null());
    assert_eq!(server.received()[0].json(), json!({ "event": "BootUp", "sn": "" }));
    server.script([Step::Status(404), Step::Silence]);
    let tried = test(&world, &id).await;
    assert_eq!((&tried["delivered"], &tried["status"]), (&json!(false), &json!(404)));
    let tried = test(&world, &id).await;
    assert_eq!((&tried["delivered"], &tried["status"]), (&json!(false), &json!(null)));
    assert!(tried["failure"].as_str().unwrap().contains("in time"), "{tried}");
    let found = targets(&world).await;
    assert_eq!((&found[0]["delivered"], &found[0]["failure"]), (&json!(0), &json!(null)));
}

#[tokio::test]
async fn what_is_sent_is_counted() {
    let world = world().await;
    let server = ApplicationServer::start().await;
    wanted_by(&world, &server).await;
    server.script(vec![Step::Status(500); 5]);
    ended(&world, 1, 0..3).await;
    pass_until(&world, &server, 7).await;
    targets_until(&world, SECOND, all_delivered).await;
    for (event, count) in [("delivered", 2), ("failed", 4), ("parked", 1)] {
        let line = format!("callvault_reports_total{{channel=\"http\",event=\"{event}\"}} {count}");
        // What is committed is counted a moment later.
        until(|| async {
            tokio::task::yield_now().await;
            world.app.metrics.render().lines().any(|found| found == line).then_some(())
        })
        .await;
    }
    assert!(!world.app.metrics.render().contains("hush"));
}
