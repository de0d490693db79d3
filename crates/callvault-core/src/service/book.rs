//! What this process holds for a while under secrets that it gave out: tickets of sessions, links of people.
//!
//! It lives in memory alone, so a restart forgets it and fails closed. Its ends are measured on the clock that never goes
//! back. [`Book::take`] takes an entry out under one lock: whoever gets it has it, nobody else.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::secret::SecretHash;

/// Entries with an owner each, of whom none may hold too many.
pub(crate) struct Book<O, T> {
    most_per_owner: usize,
    pages: Mutex<Pages<O, T>>,
}

/// An entry with its end and its place in the order of making.
struct Held<O, T> {
    entry: T,
    owner: O,
    ends: Duration,
    order: u64,
}

/// Each entry is in all three maps or in none.
struct Pages<O, T> {
    held: HashMap<SecretHash, Held<O, T>>,
    by_end: BTreeSet<(Duration, SecretHash)>,
    of_owner: HashMap<O, BTreeSet<(u64, SecretHash)>>,
    made: u64,
}

impl<O: Copy + Eq + Hash, T: Clone> Book<O, T> {
    /// An empty one, in which an owner has at most so many entries.
    pub(crate) fn new(most_per_owner: usize) -> Self {
        let pages =
            Pages { held: HashMap::new(), by_end: BTreeSet::new(), of_owner: HashMap::new(), made: 0 };
        Self { most_per_owner, pages: Mutex::new(pages) }
    }

    /// Keeps an entry from `now` on for its life. The owner's oldest goes when there are too many.
    pub(crate) fn add(&self, owner: O, random: SecretHash, entry: T, now: Duration, life: Duration) {
        let mut pages = self.locked();
        pages.forget_ended(now);
        pages.add(owner, random, entry, now + life);
        let open = pages.of_owner.get(&owner);
        let oldest = open.filter(|open| open.len() > self.most_per_owner).and_then(BTreeSet::first).copied();
        if let Some((_, oldest)) = oldest {
            pages.remove(&oldest);
        }
    }

    /// The entry of a secret, if it is not over. It stays.
    pub(crate) fn find(&self, random: &SecretHash, now: Duration) -> Option<T> {
        let pages = self.locked();
        let (kept, held) = pages.held.get_key_value(random)?;
        (kept.matches(random) && now < held.ends).then(|| held.entry.clone())
    }

    /// Takes an entry out; something for exactly one caller.
    pub(crate) fn take(&self, random: &SecretHash) -> Option<T> {
        self.locked().remove(random)
    }

    /// All that are not over.
    pub(crate) fn live(&self, now: Duration) -> Vec<T> {
        let pages = self.locked();
        pages.held.values().filter(|held| now < held.ends).map(|held| held.entry.clone()).collect()
    }

    fn locked(&self) -> MutexGuard<'_, Pages<O, T>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<O: Copy + Eq + Hash, T> Pages<O, T> {
    fn add(&mut self, owner: O, random: SecretHash, entry: T, ends: Duration) {
        self.made += 1;
        self.of_owner.entry(owner).or_default().insert((self.made, random));
        self.by_end.insert((ends, random));
        self.held.insert(random, Held { entry, owner, ends, order: self.made });
    }

    fn remove(&mut self, random: &SecretHash) -> Option<T> {
        let held = self.held.remove(random)?;
        self.by_end.remove(&(held.ends, *random));
        if let Some(open) = self.of_owner.get_mut(&held.owner) {
            open.remove(&(held.order, *random));
            if open.is_empty() {
                self.of_owner.remove(&held.owner);
            }
        }
        Some(held.entry)
    }

    fn forget_ended(&mut self, now: Duration) {
        while let Some((_, random)) = self.by_end.first().copied().filter(|(ends, _)| *ends <= now) {
            self.remove(&random);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(number: u32) -> SecretHash {
        SecretHash::of(&number.to_string())
    }

    const LIFE: Duration = Duration::from_secs(30);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_is_taken_or_over_leaves_nothing() {
        let book = Book::new(10);
        for number in 0..3 {
            book.add("one", secret(number), number, at(0), LIFE);
        }
        book.add("other", secret(3), 3, at(10), LIFE);
        assert_eq!((book.take(&secret(0)), book.take(&secret(0))), (Some(0), None));
        assert_eq!(book.take(&secret(1)), Some(1));
        let mut pages = book.locked();
        pages.forget_ended(at(29));
        assert_eq!(pages.held.len(), 2);
        pages.forget_ended(at(30));
        assert_eq!((pages.held.len(), pages.of_owner.len()), (1, 1));
        pages.forget_ended(at(40));
        assert!(pages.held.is_empty() && pages.by_end.is_empty() && pages.of_owner.is_empty());
    }

    #[test]
    fn an_entry_is_found_until_it_ends() {
        let book = Book::new(10);
        book.add("one", secret(1), 1, at(5), LIFE);
        assert_eq!(book.find(&secret(1), at(34)), Some(1));
        assert_eq!(book.live(at(34)), [1]);
        assert_eq!(book.find(&secret(1), at(35)), None);
        assert_eq!(book.live(at(35)), [0; 0]);
        assert_eq!(book.find(&secret(2), at(5)), None);
    }

    #[test]
    fn the_oldest_of_an_owner_make_room() {
        let book = Book::new(3);
        book.add("other", secret(100), 100, at(0), LIFE);
        for number in 0..=3 {
            book.add("one", secret(number), number, at(0), LIFE);
        }
        let mut live = book.live(at(0));
        live.sort_unstable();
        assert_eq!(live, [1, 2, 3, 100]);
    }
}
