//! Reports: what an application server is told of by itself, and where it wants that.
//!
//! A report waits in the catalog from the commit that made it due until its target took it. There is one row for each
//! report and target, so that a target that is down holds up nobody else.

use std::time::Duration;

use crate::call::CallRecord;
use crate::id::{CustomerId, PersonId, ReportId, TargetId};
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::words::words;

/// How long reports are kept for a target that cannot be reached, and a target whose last session ended
/// (`docs/yeastar.md` G24).
pub const REPORT_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// For how many places of a person that no live session asks for calls are kept, the newest counting
/// (`docs/yeastar.md` G24).
pub const PLACES_FOR_NOBODY: u32 = 64;

/// How long a report that was set aside can be sent again.
pub const PARKED_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long a call that was reported without its recording waits for it to be reported once more (`docs/yeastar.md` G23).
pub const LATE_RECORDING_LIFE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

words! {
    /// By which way reports reach a target.
    Channel {
        /// A request to the target for each report.
        Http = "http",
        /// A line on the connection that the target opened.
        Tcp = "tcp",
    }
}

/// Where reports are to go, as a login or heartbeat says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedTarget {
    /// What makes two logins' targets the same (`docs/yeastar.md` G6): host and port, or the peer of a TCP connection.
    pub place: String,
    /// The way.
    pub channel: Channel,
    /// The whole address. Secret, as its path may carry a key. Empty for a TCP connection.
    pub address: Secret,
    /// The report format, `1.0.0`, `1.0.2` or `2.0.0`.
    pub format: String,
}

/// Where one person's application server wants reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its number.
    pub id: TargetId,
    /// Whose sessions ask for it.
    pub person: PersonId,
    /// Their customer, of whose calls it is told.
    pub customer: CustomerId,
    /// What the last login or heartbeat asked for.
    pub wanted: WantedTarget,
    /// Until when calls are kept for it: [`REPORT_LIFE`] after its last session, or the time of its logout.
    pub kept_until: Timestamp,
    /// How many reports it took.
    pub delivered: u64,
    /// When it took the last one.
    pub delivered_at: Option<Timestamp>,
    /// Why the last attempt failed, unless one went well after it.
    pub failure: Option<TargetFailure>,
}

/// A failed attempt to report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetFailure {
    /// When.
    pub at: Timestamp,
    /// A sentence for an operator.
    pub reason: String,
}

/// A target with what waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetState {
    /// The target.
    pub target: Target,
    /// How many reports wait.
    pub waiting: u64,
    /// Since when the oldest of them does.
    pub waiting_since: Option<Timestamp>,
    /// How many were set aside.
    pub parked: u64,
}

/// A report that waits for its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its number; a target's reports go in this order.
    pub id: ReportId,
    /// The call it tells of.
    pub call: CallRecord,
    /// Since when it waits.
    pub due_at: Timestamp,
    /// What its target answered so far, if it did.
    pub rejections: Option<Rejections>,
}

/// Answers that did not take a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejections {
    /// How many; at least one.
    pub times: u32,
    /// When the first of them came.
    pub first_at: Timestamp,
}
