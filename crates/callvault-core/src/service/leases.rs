//! Keys for uploads, each leased in the catalog before its object is begun. While many uploads come, keys are leased ahead:
//! one commit, with its flush of the medium, for a batch of them instead of one for each upload.
//!
//! Promises: a key is answered after its lease is committed, and once. One that was leased and never used is a row without an
//! object: [`Leases::return_unused`] takes it back, and after a crash the sweep removes it like any upload that was not finished.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::audio::AudioKey;
use crate::error::Result;
use crate::port::catalog::Catalog;
use crate::port::clock::Clock;
use crate::port::random::Random;
use crate::service::Ports;
use crate::time::Timestamp;

/// How long an upload may stand still before its remains are swept away.
pub(crate) const LEASE: Duration = Duration::from_secs(15 * 60);

/// The most keys of one batch. More would save little: each upload would still pay a part of the commit of its own.
const MOST_KEYS: usize = 64;

/// Uploads that come so close to each other are many: who leases within this after the last batch leases twice as many keys.
const CLOSE: Duration = Duration::from_secs(1);

/// A key that may be written under until its lease ends, or longer if that is extended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) key: AudioKey,
    pub(crate) ends: Timestamp,
}

/// Whether a lease that ends then is to be extended before anything else is done under it.
pub(crate) fn is_short(ends: Timestamp, now: Timestamp) -> bool {
    now.after(LEASE / 2) >= ends
}

/// Leases keys.
pub(crate) struct Leases {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    ahead: Mutex<Ahead>,
}

#[derive(Debug)]
struct Ahead {
    unused: Vec<Lease>,
    /// How many keys the next batch has.
    next: usize,
    /// When the last batch was leased.
    leased_at: Timestamp,
}

impl Leases {
    pub(crate) fn new(ports: &Ports) -> Self {
        Self {
            catalog: ports.catalog.clone(),
            clock: ports.clock.clone(),
            random: ports.random.clone(),
            ahead: Mutex::new(Ahead { unused: Vec::new(), next: 1, leased_at: Timestamp::from_unix_ms(0) }),
        }
    }

    /// A key that nobody else has.
    ///
    /// # Errors
    /// When the catalog fails.
    pub(crate) async fn take(&self) -> Result<Lease> {
        let now = self.clock.now();
        let count = {
            let mut ahead = self.locked();
            match ahead.take(now) {
                Some(lease) => return Ok(lease),
                None => ahead.next_batch(now),
            }
        };
        let ends = now.after(LEASE);
        let key = AudioKey::new(self.random.as_ref());
        let others: Vec<_> = (1..count).map(|_| AudioKey::new(self.random.as_ref())).collect();
        self.catalog.receive([&[key], &*others].concat(), ends).await?;
        let mut ahead = self.locked();
        ahead.unused.extend(others.into_iter().map(|key| Lease { key, ends }));
        ahead.committed(count);
        Ok(Lease { key, ends })
    }

    /// Gives back what was leased ahead and not used.
    ///
    /// # Errors
    /// When the catalog fails. The keys are not used all the same, and are swept when their leases are over.
    pub(crate) async fn return_unused(&self) -> Result<()> {
        let unused = std::mem::take(&mut self.locked().unused);
        Ok(self.catalog.forget(unused.into_iter().map(|lease| lease.key).collect()).await?)
    }

    fn locked(&self) -> MutexGuard<'_, Ahead> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ahead {
    fn take(&mut self, now: Timestamp) -> Option<Lease> {
        // The latest last: what is behind one that is too short is shorter.
        let lease = self.unused.pop_if(|lease| !is_short(lease.ends, now));
        if lease.is_none() {
            self.unused.clear();
        }
        lease
    }

    /// How many keys are to be leased now. Those who ask before these are there lease one each, so that of any number who come
    /// at once no more than one leases ahead.
    fn next_batch(&mut self, now: Timestamp) -> usize {
        let is_close = now < self.leased_at.after(CLOSE);
        self.leased_at = now;
        let next = std::mem::replace(&mut self.next, 1);
        if is_close { next } else { 1 }
    }

    /// A batch of so many was leased.
    fn committed(&mut self, count: usize) {
        self.next = self.next.max((2 * count).min(MOST_KEYS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_unix_ms(1_700_000_000_000 + ms)
    }

    fn lease(number: u8, ends: Timestamp) -> Lease {
        Lease { key: AudioKey::parse(&format!("{number:032x}")).unwrap(), ends }
    }

    #[test]
    fn batches_grow_while_uploads_come_close_to_each_other() {
        let mut ahead = Ahead { unused: Vec::new(), next: 1, leased_at: Timestamp::from_unix_ms(0) };
        let mut check = |now: i64, committed: Option<usize>, expected: usize| {
            assert_eq!(ahead.next_batch(at(now)), expected, "at {now}");
            if let Some(count) = committed {
                ahead.committed(count);
            }
        };
        check(0, Some(1), 1);
        check(10, Some(2), 2);
        // Of those who come while four are being leased each leases its own.
        check(20, None, 4);
        check(21, Some(1), 1);
        check(30, Some(2), 2);
        for (now, count) in [(40, 4), (50, 8), (60, 16), (70, 32), (80, 64), (90, 64)] {
            check(now, Some(count), count);
        }
        // A batch whose commit failed is followed by a small one.
        check(100, None, 64);
        check(110, Some(1), 1);
        check(120, Some(2), 2);
        check(1120, Some(1), 1);
    }

    #[test]
    fn a_key_is_used_once_and_while_its_lease_is_long() {
        let lease = |number, minutes: i64| lease(number, at(minutes * 60_000));
        let mut ahead =
            Ahead { unused: vec![lease(1, 10), lease(2, 15), lease(3, 15)], next: 1, leased_at: at(0) };
        assert_eq!(ahead.take(at(0)), Some(lease(3, 15)));
        assert_eq!(ahead.take(at(449_999)), Some(lease(2, 15)), "7.5 minutes are left");
        assert_eq!(ahead.take(at(150_000)), None, "its lease would have to be extended at once");
        assert_eq!(ahead.take(at(0)), None, "what was passed over stays so");
    }
}
