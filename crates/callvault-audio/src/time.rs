//! From samples to playing time.

/// Whole milliseconds that `samples` at `rate_hz` last, rounded down: never more than is there.
pub(crate) fn milliseconds(samples: u64, rate_hz: u32) -> u64 {
    if rate_hz == 0 {
        return 0;
    }
    u64::try_from(u128::from(samples) * 1000 / u128::from(rate_hz)).unwrap_or(u64::MAX)
}
