//! `/health/live`, `/health/ready` and `/metrics`: what machines ask.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::from_fn;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use callvault_core::gate::{Kind, Verb};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use tokio::time::{Instant, timeout};

use crate::api::principal;
use crate::app::App;
use crate::caller::Caller;
use crate::observe;
use crate::telemetry::Metrics;

/// How long an answer about readiness is repeated: the question costs a commit, and anybody may ask it.
const READINESS_LIFE: Duration = Duration::from_secs(1);

/// How long the question may take: an installation that cannot say is not ready.
const READINESS_TIME: Duration = Duration::from_secs(5);

/// The last answer about readiness. One caller at a time asks for another; meanwhile the others get the last one.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    last: Mutex<Option<(Instant, bool)>>,
    asking: tokio::sync::Mutex<()>,
}

impl Readiness {
    /// The answer, from `question` if the last one is too old.
    async fn answer(&self, question: impl Future<Output = bool>) -> bool {
        if let Some(ready) = self.last(READINESS_LIFE) {
            return ready;
        }
        let _asking = match self.asking.try_lock() {
            Ok(asking) => asking,
            Err(_) => {
                // One that is older than any question in time was asked for by somebody who gave up.
                if let Some(ready) = self.last(READINESS_LIFE + READINESS_TIME) {
                    return ready;
                }
                self.asking.lock().await
            }
        };
        if let Some(ready) = self.last(READINESS_LIFE) {
            return ready;
        }
        let ready = timeout(READINESS_TIME, question).await.unwrap_or_else(|_| {
            tracing::error!("not ready: there was no answer in {} s", READINESS_TIME.as_secs());
            false
        });
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), ready));
        ready
    }

    fn last(&self, oldest: Duration) -> Option<bool> {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.filter(|(asked, _)| asked.elapsed() < oldest).map(|(_, ready)| ready)
    }
}

/// The routes.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/health/live", get(|| async { "live\n" }))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics))
        .layer(from_fn(observe::routed))
}

async fn ready(State(app): State<Arc<App>>) -> Response {
    let question = async {
        let answer = app.services.installation.ready().await;
        if let Err(error) = &answer {
            tracing::error!(error = error as &dyn std::error::Error, "not ready");
        }
        answer.is_ok()
    };
    if app.readiness.answer(question).await {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response()
    }
}

/// Open to the machine itself; others need a key with the scope `metrics`, or a login that may see the installation.
async fn metrics(State(app): State<Arc<App>>, request: Request) -> Response {
    let local = match Caller::of(request.extensions()) {
        Caller::ControlSocket => true,
        Caller::Network { address, .. } => address.is_loopback(),
    };
    if !local {
        let (parts, _) = request.into_parts();
        let allowed = match principal::of(&app, &parts).await {
            Err(problem) => Err(problem),
            Ok(person) => app.services.gate.privilege(&person, Kind::Metrics, Verb::See).map_err(Into::into),
        };
        if let Err(problem) = allowed {
            return problem.into_response();
        }
    }
    ([(CONTENT_TYPE, Metrics::CONTENT_TYPE)], app.metrics.render()).into_response()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn any_number_of_callers_costs_one_question_at_a_time() {
        let (readiness, asked) = (Readiness::default(), AtomicUsize::new(0));
        let (readiness, asked) = (&readiness, &asked);
        let ask = |ready| {
            readiness.answer(async move {
                asked.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(500)).await;
                ready
            })
        };
        let first = futures_util::future::join_all((0..100).map(|_| ask(true))).await;
        assert!(first.into_iter().all(|ready| ready));
        assert_eq!(asked.load(Ordering::Relaxed), 1, "without an answer yet, all wait for the same");
        tokio::time::advance(READINESS_LIFE).await;
        let second = futures_util::future::join_all((0..100).map(|_| ask(false))).await;
        assert_eq!(second.iter().filter(|ready| **ready).count(), 99, "the others get the last answer");
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        assert!(!ask(true).await, "which is repeated for a while");
    }

    #[tokio::test(start_paused = true)]
    async fn no_answer_is_not_ready() {
        let readiness = Readiness::default();
        assert!(readiness.answer(std::future::ready(true)).await);
        tokio::time::advance(READINESS_LIFE + READINESS_TIME).await;
        let began = Instant::now();
        let both = futures_util::join!(
            readiness.answer(std::future::pending()),
            readiness.answer(std::future::pending())
        );
        assert_eq!(both, (false, false), "and an old answer is none");
        assert_eq!(began.elapsed(), READINESS_TIME);
    }
}
