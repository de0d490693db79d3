//! Random bytes that were asked of the system ahead of need, so that not every ticket costs a call of it.
//!
//! This is as safe as to ask each time. The bytes are the system's own, not stretched by a generator, so that none tells of
//! another; each is handed out once, under a lock, and wiped from the stock as it goes; a process that ends takes
//! the rest along, and this one never goes on as two. Who can read the stock can read the process's secrets as they are made.

use std::sync::{Arc, Mutex, PoisonError};

use crate::port::random::Random;

/// How much is asked for at a time: 64 tokens.
const STOCK_BYTES: usize = 1024;

/// More than this is asked of the system itself.
const MOST_FROM_STOCK: usize = 64;

/// The stock.
pub(super) struct Stock {
    source: Arc<dyn Random>,
    shelf: Mutex<Shelf>,
}

struct Shelf {
    bytes: [u8; STOCK_BYTES],
    /// How many of them are gone.
    gone: usize,
}

impl Stock {
    /// An empty one.
    pub(super) fn of(source: Arc<dyn Random>) -> Self {
        Self { source, shelf: Mutex::new(Shelf { bytes: [0; STOCK_BYTES], gone: STOCK_BYTES }) }
    }
}

impl Random for Stock {
    fn fill(&self, bytes: &mut [u8]) {
        if bytes.len() > MOST_FROM_STOCK {
            return self.source.fill(bytes);
        }
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        if STOCK_BYTES - shelf.gone < bytes.len() {
            // A source that fails halfway leaves nothing to hand out.
            shelf.gone = STOCK_BYTES;
            self.source.fill(&mut shelf.bytes);
            shelf.gone = 0;
        }
        let taken = shelf.gone..shelf.gone + bytes.len();
        shelf.gone = taken.end;
        let taken = &mut shelf.bytes[taken];
        bytes.copy_from_slice(taken);
        taken.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};

    use super::*;

    /// Gives 1, 2, 3, ... in pairs of bytes, and fails in one of its calls.
    #[derive(Default)]
    struct Numbers {
        given: AtomicU16,
        calls: AtomicU64,
        fails_in: u64,
    }

    impl Random for Numbers {
        fn fill(&self, bytes: &mut [u8]) {
            assert_ne!(self.calls.fetch_add(1, Ordering::Relaxed) + 1, self.fails_in, "no random bytes");
            for pair in bytes.chunks_mut(2) {
                let number = self.given.fetch_add(1, Ordering::Relaxed) + 1;
                pair.copy_from_slice(&number.to_be_bytes());
            }
        }
    }

    fn take(stock: &Stock, length: usize) -> Vec<u16> {
        let mut bytes = vec![0; length];
        stock.fill(&mut bytes);
        bytes.as_chunks().0.iter().map(|pair| u16::from_be_bytes(*pair)).collect()
    }

    #[test]
    fn nothing_is_handed_out_twice() {
        let source = Arc::new(Numbers::default());
        let stock = Stock::of(source.clone());
        let mut all = Vec::new();
        // Lengths that leave a rest at the end of a stock, and some that do not go by it.
        for length in [16, 6, 64, 32, 66, 16, 500, 2].into_iter().cycle().take(400) {
            let taken = take(&stock, length);
            assert_eq!(taken.len(), length / 2);
            all.extend(taken);
        }
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert!(!all.contains(&0), "the wiped rest of a stock was handed out");
    }

    #[test]
    fn many_small_wants_are_one_call() {
        let source = Arc::new(Numbers::default());
        let stock = Stock::of(source.clone());
        for _ in 0..64 {
            take(&stock, 16);
        }
        assert_eq!(source.calls.load(Ordering::Relaxed), 1);
        take(&stock, 2);
        assert_eq!(source.calls.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn what_was_handed_out_is_wiped() {
        let stock = Stock::of(Arc::new(Numbers::default()));
        take(&stock, 32);
        take(&stock, 16);
        let shelf = stock.shelf.lock().unwrap();
        assert_eq!(shelf.bytes[..48], [0; 48]);
        assert_eq!(shelf.bytes[48..50], [0, 25], "the next of the numbers");
    }

    #[test]
    fn a_source_that_fails_leaves_nothing_to_hand_out() {
        let source = Arc::new(Numbers { fails_in: 2, ..Numbers::default() });
        let stock = Stock::of(source);
        for _ in 0..63 {
            take(&stock, 16);
        }
        take(&stock, 10);
        assert!(catch_unwind(AssertUnwindSafe(|| take(&stock, 16))).is_err());
        assert_eq!(take(&stock, 2), [513], "of a fresh stock, not of the rest of the old one");
    }
}
