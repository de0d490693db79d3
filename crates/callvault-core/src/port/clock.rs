//! The port to time.

use std::time::Duration;

use crate::time::Timestamp;

/// Two clocks: one for records, one for spans.
pub trait Clock: Send + Sync {
    /// The time of day, which may jump.
    fn now(&self) -> Timestamp;
    /// Time since some fixed point, which never goes back. Tickets and lock-outs are measured with it.
    fn uptime(&self) -> Duration;
}
