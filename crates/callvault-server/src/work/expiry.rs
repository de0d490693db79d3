//! Lets go of recordings whose time is over, at the start and then every minute.
//!
//! Promises: each one that goes has an entry in the listen log before and a line in the log behind it; what fails is tried
//! again a minute later, from the first.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use callvault_core::service::Services;
use callvault_core::service::keeping::LetGo;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::telemetry::Metrics;

/// How often ends are looked for.
const ROUND: Duration = Duration::from_secs(60);

/// Runs the rounds until `stop`. Between two recordings it stops where it stands: what is not let go is at the next start.
pub async fn run(services: Arc<Services>, metrics: Arc<Metrics>, stop: CancellationToken) {
    let mut round = interval(ROUND);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(round.tick()).await.is_some() {
        // Not dropped on the way: what went is told of.
        let_go(&services, &metrics, &stop).await;
    }
}

/// Lets go of all that has ended by now, in bounded parts, until `stop`.
pub async fn let_go(services: &Services, metrics: &Metrics, stop: &CancellationToken) {
    let told = |one: LetGo| {
        metrics.recordings_expired(u64::from(one.whole));
        tracing::info!(
            customer = one.customer.0,
            recording = one.recording.0,
            record_group = one.record_group.map(|group| group.0),
            deleted = one.whole,
            "the time of a recording is over"
        );
        if stop.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    loop {
        match services.keeping.let_go(told).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "recordings whose time is over could not be let go"
                );
                return;
            }
        }
    }
}
