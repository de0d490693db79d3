//! What machines are told of an installation that cannot do its work, and what is left of one that is gone.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use callvault_server::app::{App, Settings};
use callvault_server::telemetry::Metrics;
use callvault_server::work::listen_log::ListenLog;
use callvault_testkit::world::World;
use http::{Request, StatusCode};
use tower::ServiceExt as _;

/// Nothing is handed out without an entry, so that an installation whose listen log stands still serves nobody.
#[tokio::test]
async fn an_installation_whose_listen_log_takes_nothing_is_not_ready() {
    for (ends, expected) in [(false, StatusCode::OK), (true, StatusCode::SERVICE_UNAVAILABLE)] {
        let world = World::new().await;
        let listen = ListenLog::start(world.catalog.clone(), world.clock.clone(), false);
        if ends {
            listen.shutdown(Duration::from_secs(10)).await.unwrap();
        }
        let services = Arc::new(world.services(listen).await);
        let front = App::new(services, Settings::default(), Arc::new(Metrics::new())).front().unwrap();
        let request = Request::get("/health/ready").body(Body::empty()).unwrap();
        assert_eq!(front.oneshot(request).await.unwrap().status(), expected);
    }
}

#[tokio::test]
async fn an_installation_that_nobody_has_any_more_leaves_no_catalog_open() {
    let world = World::new().await;
    world.customer(1, None).await;
    let catalog = Arc::downgrade(&world.catalog);
    drop(world);
    let closed = async {
        while catalog.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), closed).await.expect("somebody still has it");
}
