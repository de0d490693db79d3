//! Rounds of upkeep: slid sessions are written once a minute, uncommitted remains are swept every few minutes.

use std::sync::Arc;
use std::time::Duration;

use callvault_core::service::Services;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often slid sessions are written (`docs/yeastar.md` G5).
const SESSION_ROUND: Duration = Duration::from_secs(60);

/// How often remains are swept.
const SWEEP_ROUND: Duration = Duration::from_secs(300);

/// Runs the rounds until `stop`; then writes the sessions once more and returns.
pub async fn run(services: Arc<Services>, stop: CancellationToken) {
    let (mut sessions, mut sweep) = (interval(SESSION_ROUND), interval(SWEEP_ROUND));
    sessions.set_missed_tick_behavior(MissedTickBehavior::Delay);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = sessions.tick() => write_sessions(&services).await,
            _ = sweep.tick() => match services.installation.sweep().await {
                Ok(0) => {}
                Ok(removed) => tracing::info!(removed, "remains of unfinished uploads and removed audio were swept"),
                Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "the sweep failed"),
            },
        }
    }
    write_sessions(&services).await;
}

async fn write_sessions(services: &Services) {
    if let Err(error) = services.sessions.flush().await {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the ends of sessions could not be written"
        );
    }
}
