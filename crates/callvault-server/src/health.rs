//! `/health/live`, `/health/ready` and `/metrics`: what machines ask.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use callvault_core::gate::{Kind, Verb};
use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::api::principal;
use crate::app::App;
use crate::caller::Caller;
use crate::telemetry::Metrics;

/// How long an answer about readiness is repeated: the question costs a commit, and anybody may ask it.
const READINESS_LIFE: Duration = Duration::from_secs(1);

/// The last answer about readiness.
#[derive(Debug, Default)]
pub(crate) struct Readiness(Mutex<Option<(Instant, bool)>>);

/// The routes.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/health/live", get(|| async { "live\n" }))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics))
}

async fn ready(State(app): State<Arc<App>>) -> Response {
    let last = *app.readiness.0.lock().unwrap_or_else(PoisonError::into_inner);
    let ready = match last {
        Some((asked, ready)) if asked.elapsed() < READINESS_LIFE => ready,
        _ => {
            let answer = app.services.installation.ready().await;
            if let Err(error) = &answer {
                tracing::error!(error = error as &dyn std::error::Error, "not ready");
            }
            let ready = answer.is_ok();
            *app.readiness.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), ready));
            ready
        }
    };
    if ready {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response()
    }
}

/// Open to the machine itself; others need a login that may see the installation.
async fn metrics(State(app): State<Arc<App>>, request: Request) -> Response {
    let local = match Caller::of(request.extensions()) {
        Caller::ControlSocket => true,
        Caller::Network(address) => address.is_loopback(),
    };
    if !local {
        let (parts, _) = request.into_parts();
        let allowed = match principal::of(&app, &parts).await {
            Err(problem) => Err(problem),
            Ok(person) => {
                app.services.gate.privilege(&person, Kind::Installation, Verb::See).map_err(Into::into)
            }
        };
        if let Err(problem) = allowed {
            return problem.into_response();
        }
    }
    ([(CONTENT_TYPE, Metrics::CONTENT_TYPE)], app.metrics.render()).into_response()
}
