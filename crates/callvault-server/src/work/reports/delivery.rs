//! Delivering to one target: the reports that wait, in their order, until one of them is not taken.

use std::sync::Arc;
use std::time::Duration;

use callvault_core::id::TargetId;
use callvault_core::port::clock::Clock;
use callvault_core::report::{Report, Target};
use callvault_core::service::reports::Due;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::attempts::{Attempts, Verdict};
use super::body;
use super::outlet::{SendError, shown};
use super::wanted::as_asked;
use crate::app::App;
use crate::telemetry::ReportEvent;

/// How long what was read of a target and of its person's rights is believed.
const BELIEF: Duration = Duration::from_secs(1);

/// How long a target waits for which nothing could be read.
const PAUSE: Duration = Duration::from_secs(1);

/// What a delivery needs.
pub(super) struct Delivery {
    pub(super) app: Arc<App>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stop: CancellationToken,
}

/// Delivers one page of what waits for a target; answers what is to be remembered of the attempts. Stops between reports
/// when it is told to, and when the target is wanted otherwise or not at all.
pub(super) async fn run(delivery: Delivery, target: TargetId, mut attempts: Attempts) -> Attempts {
    let reports = &delivery.app.services.reports;
    let read_at = Instant::now();
    let due = match reports.next(target).await {
        Ok(Some(due)) => due,
        Ok(None) => {
            // Its person may not be told at present.
            attempts.put_off(delivery.clock.uptime(), PAUSE);
            return attempts;
        }
        Err(error) => {
            delivery.failed_here(&error);
            attempts.put_off(delivery.clock.uptime(), PAUSE);
            return attempts;
        }
    };
    let Some(asking) = reports.asking(&due.target) else { return attempts };
    let due = Due { target: as_asked(due.target, Some(&asking)), ..due };
    for (place, report) in due.reports.iter().enumerate() {
        let still_wanted = reports.asking(&due.target).is_some_and(|now| now.report == asking.report);
        let outdated = place > 0 && read_at.elapsed() > BELIEF;
        if delivery.stop.is_cancelled() || !still_wanted || outdated {
            break;
        }
        let sent = match body::of_call(&due.customer, &report.call, &due.target.wanted.format) {
            Some(body) => delivery.app.outlet.send(&due.target, &body, Some(asking.peer)).await,
            None => Err(SendError::Unreached("the time of the call cannot be shown".to_owned())),
        };
        if let Some(rejections) = report.rejections {
            let ago = delivery.clock.now().unix_ms() - rejections.first_at.unix_ms();
            let ago = Duration::from_millis(u64::try_from(ago).unwrap_or_default());
            attempts.recall(report.id, rejections.times, ago, delivery.clock.uptime());
        }
        match delivery.conclude(&due, report, sent, &mut attempts).await {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                // What became of the report is not written: it goes again, so not at once.
                delivery.failed_here(&error);
                attempts.unreached(delivery.clock.uptime());
                break;
            }
        }
    }
    attempts
}

impl Delivery {
    /// Writes down what became of a report; answers whether the next one may go.
    async fn conclude(
        &self,
        due: &Due,
        report: &Report,
        sent: Result<Option<u16>, SendError>,
        attempts: &mut Attempts,
    ) -> callvault_core::Result<bool> {
        let Due { target, .. } = due;
        let reports = &self.app.services.reports;
        let channel = target.wanted.channel.as_str();
        let now = self.clock.uptime();
        let error = match sent {
            Ok(_) => {
                reports.delivered(target, report).await?;
                if attempts.failures() > 0 {
                    let failures = attempts.failures();
                    tracing::info!(target.id = target.id.0, failures, "a target takes reports again");
                }
                attempts.succeeded();
                self.app.metrics.report(channel, ReportEvent::Delivered);
                return Ok(true);
            }
            Err(SendError::Absent) => return Ok(false),
            Err(error) => error,
        };
        let reason = error.to_string();
        let rejected = matches!(error, SendError::Status(_) | SendError::Garbage);
        let verdict = match error {
            SendError::Status(_) | SendError::Garbage => attempts.rejected(report.id, now),
            SendError::Forbidden(_) | SendError::Address(_) => {
                attempts.forbidden(now);
                Verdict::TryAgain
            }
            SendError::Unreached(_) | SendError::Absent => {
                attempts.unreached(now);
                Verdict::TryAgain
            }
        };
        if verdict == Verdict::Park {
            warn(target, &reason, "a report was set aside, as its target does not take it");
            self.app.metrics.report(channel, ReportEvent::Parked);
            reports.park(target, report, &reason).await?;
            return Ok(true);
        }
        if attempts.failures() == 1 {
            warn(target, &reason, "a target takes no reports");
        } else {
            tracing::debug!(
                target.id = target.id.0,
                reason,
                failures = attempts.failures(),
                "no report taken"
            );
        }
        self.app.metrics.report(channel, ReportEvent::Failed);
        if rejected {
            reports.rejected(target, report, &reason).await?;
        } else {
            reports.failed(target, &reason).await?;
        }
        Ok(false)
    }

    fn failed_here(&self, error: &callvault_core::Error) {
        tracing::error!(error = error as &dyn std::error::Error, "reports could not be delivered");
    }
}

fn warn(target: &Target, reason: &str, what: &str) {
    tracing::warn!(
        target.id = target.id.0,
        target.customer = target.customer.0,
        target.address = shown(target),
        reason,
        "{what}"
    );
}
