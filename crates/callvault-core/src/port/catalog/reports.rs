//! The port to the targets of reports, and to what waits for them.

use async_trait::async_trait;

use super::CatalogResult;
use crate::gate::Within;
use crate::id::{ReportId, TargetId};
use crate::report::{Report, Target, TargetFailure, TargetState};
use crate::time::Timestamp;

/// Targets of reports, and the reports that wait for them.
#[async_trait]
pub trait Reports: Send + Sync {
    /// The targets within reach with what waits for them, by number; only one of them with `id`.
    async fn targets(&self, within: &Within, id: Option<TargetId>) -> CatalogResult<Vec<TargetState>>;
    /// One, for who delivers.
    async fn report_target(&self, id: TargetId) -> CatalogResult<Option<Target>>;
    /// Those for which something waits.
    async fn targets_with_reports(&self) -> CatalogResult<Vec<Target>>;
    /// What waits for a target, in the order in which it goes.
    async fn reports(&self, target: TargetId, limit: u32) -> CatalogResult<Vec<Report>>;
    /// Takes a report off the list; the target's last failure is forgotten.
    async fn report_delivered(&self, target: TargetId, report: ReportId, at: Timestamp) -> CatalogResult<()>;
    /// Keeps the target's last failure.
    async fn target_failed(&self, target: TargetId, failure: TargetFailure) -> CatalogResult<()>;
    /// Counts an answer that did not take a report; the failure is the target's last one too.
    async fn report_rejected(
        &self,
        target: TargetId,
        report: ReportId,
        failure: TargetFailure,
    ) -> CatalogResult<()>;
    /// Sets a report aside, with the failure, which is the target's last one too.
    async fn park_report(
        &self,
        target: TargetId,
        report: ReportId,
        failure: TargetFailure,
    ) -> CatalogResult<()>;
    /// Puts what was set aside until then at the end of the list; answers how many. At most a thousand at once.
    async fn resend_reports(&self, target: TargetId, at: Timestamp) -> CatalogResult<u64>;
    /// Makes reports of calls whose recording did not come in time; answers how many calls. At most a thousand at once.
    async fn release_overdue_calls(&self, now: Timestamp) -> CatalogResult<u64>;
    /// Sets aside what waited longer than [`crate::report::REPORT_LIFE`] or whose target is not kept any more; forgets what was
    /// set aside longer ago than [`crate::report::PARKED_LIFE`], targets that are not kept and have nothing, and calls
    /// whose recording did not come within [`crate::report::LATE_RECORDING_LIFE`]. At most a thousand of each at once;
    /// answers whether there may be more.
    async fn tidy_reports(&self, now: Timestamp) -> CatalogResult<bool>;
}
