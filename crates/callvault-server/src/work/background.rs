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
    let sweeping = tokio::spawn(sweep(services.clone(), started, stop.clone()));
    let mut sessions = interval(SESSION_ROUND);
    sessions.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = sessions.tick() => write_sessions(&services).await,
        }
    }
    write_sessions(&services).await;
    if let Err(error) = sweeping.await {
        tracing::error!(%error, "the sweep ended badly");
    }
}

/// The sweep has a task of its own, as it may take long and nothing waits for it: it is dropped where it stands at the end.
async fn sweep(services: Arc<Services>, started: Timestamp, stop: CancellationToken) {
    let rounds = async {
        swept(services.installation.sweep_earlier(started).await);
        let mut round = interval(SWEEP_ROUND);
        round.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            round.tick().await;
            swept(services.installation.sweep().await);
        }
    };
    let _: Option<()> = stop.run_until_cancelled(rounds).await;
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
