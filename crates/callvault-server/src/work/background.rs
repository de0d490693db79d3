//! Rounds of upkeep: slid sessions are written once a minute, uncommitted remains are swept every few minutes.

use std::sync::Arc;
use std::time::Duration;

use callvault_core::service::Services;
use callvault_core::time::Timestamp;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often slid sessions are written (`docs/yeastar.md` G5).
const SESSION_ROUND: Duration = Duration::from_secs(60);

/// How often remains are swept.
const SWEEP_ROUND: Duration = Duration::from_secs(300);

/// Sweeps what a process before this one left behind, then runs the rounds until `stop`; then writes the sessions once
/// more and returns. `started` is when this process became the only writer.
pub async fn run(services: Arc<Services>, started: Timestamp, stop: CancellationToken) {
    swept(services.installation.sweep_earlier(started).await);
    let (mut sessions, mut sweep) = (interval(SESSION_ROUND), interval(SWEEP_ROUND));
    sessions.set_missed_tick_behavior(MissedTickBehavior::Delay);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = sessions.tick() => write_sessions(&services).await,
            _ = sweep.tick() => swept(services.installation.sweep().await),
        }
    }
    write_sessions(&services).await;
}

fn swept(outcome: callvault_core::Result<u64>) {
    match outcome {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, "remains of unfinished uploads and removed audio were swept"),
        Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "the sweep failed"),
    }
}

async fn write_sessions(services: &Services) {
    if let Err(error) = services.sessions.flush().await {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the ends of sessions could not be written"
        );
    }
}
