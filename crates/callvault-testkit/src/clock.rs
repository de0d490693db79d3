//! A clock that only tests move.

use std::sync::Mutex;
use std::time::Duration;

use callvault_core::port::clock::Clock;
use callvault_core::time::Timestamp;

/// 2026-03-02 09:15:14 UTC, in Unix milliseconds.
const START_MS: i64 = 1_772_442_914_000;

/// Stands still until it is moved.
#[derive(Debug, Default)]
pub struct HandClock(Mutex<Duration>);

impl HandClock {
    /// Moves on.
    pub fn advance(&self, span: Duration) {
        *self.0.lock().unwrap() += span;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(START_MS).after(*self.0.lock().unwrap())
    }

    fn uptime(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}
