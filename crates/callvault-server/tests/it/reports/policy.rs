//! Where reports may not go (`SECURITY.md`). The table of addresses is with the policy; here it meets names and logins.

use callvault_server::listen::{ListenSettings, Listener, Protocol, Server};
use callvault_server::telemetry::Metrics;
use callvault_server::work::reports::Reach;
use callvault_testkit::world::HERE;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::*;

#[tokio::test]
async fn loopback_is_for_who_logged_in_there_by_address_and_by_name() {
    for (host, peer, reached) in [
        ("127.0.0.1", away(), false),
        ("localhost", away(), false),
        ("[::ffff:127.0.0.1]", away(), false),
        ("localhost", HERE, true),
    ] {
        let world = world().await;
        let server = ApplicationServer::start().await;
        let url = format!("http://{host}:{}/", server.address().port());
        log_in_for(&world, peer, "crm", &url).await;
        ended(&world, 1, 0..1).await;
        let told = |targets: &[Value]| targets[0]["waiting"] == 0 || targets[0]["failure"].is_string();
        let found = targets_until(&world, Duration::ZERO, told).await;
        assert_eq!(found[0]["failure"].is_null(), reached, "{host} {peer}: {found:?}");
        assert_eq!(server.received().len(), usize::from(reached), "{host} {peer}");
        if !reached {
            let failure = found[0]["failure"].as_str().unwrap();
            assert!(failure.contains("reports.allow_loopback"), "{failure}");
        }
    }
}

#[tokio::test]
async fn a_switch_opens_loopback_for_all() {
    let reach = Reach { loopback: true, ..Reach::default() };
    let world = world_with(reports::Settings { reach, ..reports::Settings::default() }).await;
    let server = ApplicationServer::start().await;
    log_in_for(&world, away(), "crm", &format!("http://{}/", server.address())).await;
    ended(&world, 1, 0..1).await;
    server.after(1).await;
}

/// A server that reports to itself: it answers, and that is all.
#[tokio::test]
async fn the_server_itself_as_a_target_does_no_harm() {
    let world = world().await;
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), Protocol::Plain).await.unwrap();
    let (address, _) = listener.address().unwrap();
    let metrics = std::sync::Arc::new(Metrics::new());
    let server = Server::new(vec![listener], ListenSettings::default(), None, metrics).unwrap();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(server.serve(world.app.front().unwrap(), stop.clone(), PATIENCE));
    for path in ["report", "api/v2.0.0/login", "api/v1/calls", "api/json/huntgroups/files/delete"] {
        log_in_for(&world, HERE, "crm", &format!("http://{address}/{path}")).await;
        ended(&world, 1, 0..1).await;
        targets_until(&world, SECOND, all_delivered).await;
    }
    let calls = world.local(Method::GET, "/calls?customer=1", "").await.json();
    assert_eq!(calls["items"].as_array().unwrap().len(), 1, "{calls}");
    stop.cancel();
    serving.await.unwrap();
    let lockouts = world.local(Method::GET, "/lockouts", "").await.json();
    assert_eq!(lockouts["items"], json!([]));
}
