//! The ports to the machine: time, chance, and password hashing.

mod argon;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use callvault_core::port::clock::Clock;
use callvault_core::port::random::Random;
use callvault_core::time::Timestamp;

pub use argon::ArgonHasher;

/// The clocks of the system.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// Uptime counts from here.
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_unix_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}

/// The random source of the operating system.
#[derive(Debug, Default, Clone, Copy)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, bytes: &mut [u8]) {
        // Linux refuses this call only where getrandom(2) and /dev/urandom are both missing. Going on without randomness
        // would hand out guessable tokens, so there is nothing better than to stop.
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}
