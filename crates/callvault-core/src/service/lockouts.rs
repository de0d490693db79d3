//! Lock-outs after failed logins. Doors count apart; what is locked can be listed and cleared.
//!
//! The Yeastar door follows its guide: five failures in a row from one address lock the address for ten minutes
//! (`docs/yeastar.md` G2), and that of its successor does the same (`docs/pseries.md` P12). The other doors count per address and username, with a higher ceiling per address, so that one
//! stale poller behind a NAT locks nobody else out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::listen::Door;
use crate::port::clock::Clock;

/// When a door locks, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockoutPolicy {
    /// Failures in a row that lock.
    pub failures: u32,
    /// Failures from one address within [`LockoutPolicy::duration`], over all usernames, that lock the address at doors that
    /// count per username.
    pub address_failures: u32,
    /// How long a lock lasts, from the failure that caused it; also how long failures are remembered.
    pub duration: Duration,
}

impl Default for LockoutPolicy {
    fn default() -> Self {
        Self { failures: 5, address_failures: 50, duration: Duration::from_secs(600) }
    }
}

/// Over this many remembered addresses the oldest are forgotten, locks last: a flood must not fill the memory.
const MOST_ENTRIES: usize = 100_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    door: Door,
    address: IpAddr,
    username: Option<String>,
}

#[derive(Debug, Clone)]
struct Entry {
    failures: u32,
    first: Duration,
    last: Duration,
    locked_until: Option<Duration>,
}

/// A lock in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lockout {
    /// The door that is closed.
    pub door: Door,
    /// For whom.
    pub address: IpAddr,
    /// For which username; all of them otherwise.
    pub username: Option<String>,
    /// For how much longer.
    pub remaining: Duration,
}

/// The failures and locks of this process.
pub struct Lockouts {
    policy: LockoutPolicy,
    clock: Arc<dyn Clock>,
    entries: Mutex<HashMap<Key, Entry>>,
}

impl Lockouts {
    /// Nothing is locked.
    pub fn new(policy: LockoutPolicy, clock: Arc<dyn Clock>) -> Self {
        Self { policy, clock, entries: Mutex::new(HashMap::new()) }
    }

    /// Whether a login is refused whatever its password.
    pub fn locked(&self, door: Door, address: IpAddr, username: &str) -> bool {
        self.any_locked(&self.keys(door, address, username))
    }

    /// Whether one-time codes of a person are refused, the right ones too.
    pub fn codes_locked(&self, door: Door, address: IpAddr, username: &str) -> bool {
        self.any_locked(&self.code_keys(door, address, username))
    }

    fn any_locked(&self, keys: &[(Key, u32)]) -> bool {
        let now = self.clock.uptime();
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        keys.iter().any(|(key, _)| {
            entries.get(key).is_some_and(|entry| entry.locked_until.is_some_and(|until| now < until))
        })
    }

    /// Counts a failed login.
    pub fn failed(&self, door: Door, address: IpAddr, username: &str) {
        self.count(door, self.keys(door, address, username));
    }

    /// Counts a wrong one-time code. Codes have few digits, and whoever guesses them knows the password: beside what a failed
    /// login counts, those of a person count together, wherever they come from.
    pub fn code_failed(&self, door: Door, address: IpAddr, username: &str) {
        self.count(door, self.code_keys(door, address, username));
    }

    fn count(&self, door: Door, keys: Vec<(Key, u32)>) {
        let now = self.clock.uptime();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST_ENTRIES {
            self.forget_old(&mut entries, now);
        }
        for (key, most) in keys {
            // The ceiling of an address counts over a span, as no success takes it back; the others count failures in a row.
            let ceiling = !door.locks_addresses() && key.username.is_none();
            let none = Entry { failures: 0, first: now, last: now, locked_until: None };
            let entry = entries.entry(key).or_insert(none.clone());
            let over = entry.locked_until.is_some_and(|until| now >= until);
            let since = if ceiling { entry.first } else { entry.last };
            let old = entry.locked_until.is_none() && now.saturating_sub(since) >= self.policy.duration;
            if over || old {
                *entry = none;
            }
            entry.failures += 1;
            entry.last = now;
            if entry.failures >= most && entry.locked_until.is_none() {
                entry.locked_until = Some(now + self.policy.duration);
            }
        }
    }

    /// A success ends the run of failures: of the address at doors that lock addresses, of address and username at the others. The
    /// ceiling of an address goes down with time alone, or whoever has one account could go on guessing at others.
    pub fn succeeded(&self, door: Door, address: IpAddr, username: &str) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((key, _)) = self.keys(door, address, username).first() {
            entries.remove(key);
        }
    }

    /// A right one-time code, after a right password, ends the run of failures of both.
    pub fn code_succeeded(&self, door: Door, address: IpAddr, username: &str) {
        self.succeeded(door, address, username);
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.remove(&anywhere(door, username));
    }

    /// The locks in force.
    pub fn list(&self) -> Vec<Lockout> {
        let now = self.clock.uptime();
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let mut locks: Vec<_> = entries
            .iter()
            .filter_map(|(key, entry)| {
                let remaining = entry.locked_until?.checked_sub(now).filter(|left| !left.is_zero())?;
                let Key { door, address, username } = key.clone();
                Some(Lockout { door, address, username, remaining })
            })
            .collect();
        locks.sort_by(|one, other| (one.address, &one.username).cmp(&(other.address, &other.username)));
        locks
    }

    /// Forgets the failures of one address, or of all; answers how many locks that ended.
    pub fn clear(&self, address: Option<IpAddr>) -> usize {
        let address = address.map(neighbourhood);
        let matches = |one: IpAddr| address.is_none_or(|wanted| wanted == one);
        let ended = self.list().iter().filter(|lock| matches(lock.address)).count();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|key, _| !matches(key.address));
        ended
    }

    /// The counters that a login at this door moves, with the number of failures that locks each.
    fn keys(&self, door: Door, address: IpAddr, username: &str) -> Vec<(Key, u32)> {
        let address = neighbourhood(address);
        let key = |username| Key { door, address, username };
        if door.locks_addresses() {
            vec![(key(None), self.policy.failures)]
        } else {
            let name = folded(username);
            vec![(key(Some(name)), self.policy.failures), (key(None), self.policy.address_failures)]
        }
    }

    /// The counters that a one-time code moves.
    fn code_keys(&self, door: Door, address: IpAddr, username: &str) -> Vec<(Key, u32)> {
        let mut keys = self.keys(door, address, username);
        keys.push((anywhere(door, username), self.policy.failures));
        keys
    }

    /// A flood of failures costs other failures their memory, and locks only where it is one of locks itself. Of wrong one-time
    /// codes nothing is forgotten: whoever sends one knows a password, so they are as many as people at most.
    fn forget_old(&self, entries: &mut HashMap<Key, Entry>, now: Duration) {
        entries.retain(|_, entry| now.saturating_sub(entry.last) < self.policy.duration);
        for spares_locks in [true, false] {
            // A good part at once, so that a flood costs little for each of its members.
            if entries.len() < MOST_ENTRIES / 4 * 3 {
                return;
            }
            let may_go = |key: &Key, entry: &Entry| {
                !(key.address.is_unspecified() || spares_locks && entry.locked_until.is_some())
            };
            let going = entries.iter().filter(|(key, entry)| may_go(key, entry));
            let mut ages: Vec<_> = going.map(|(_, entry)| entry.last).collect();
            if ages.is_empty() {
                continue;
            }
            let half = ages.len() / 2;
            let (_, middle, _) = ages.select_nth_unstable(half);
            let middle = *middle;
            entries.retain(|key, entry| !may_go(key, entry) || entry.last > middle);
        }
    }
}

fn folded(username: &str) -> String {
    username.to_lowercase().chars().take(100).collect()
}

/// The counter of a person's one-time codes from everywhere: that of the address `0.0.0.0`, from which nobody comes.
fn anywhere(door: Door, username: &str) -> Key {
    Key { door, address: IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), username: Some(folded(username)) }
}

/// Who is counted as one: an IPv4 address, or a /64 of IPv6, of which a single host commonly has all addresses.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            IpAddr::V6(std::net::Ipv6Addr::from_bits(address.to_bits() >> 64 << 64))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[derive(Default)]
    struct Hand(Mutex<Duration>);
    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            Timestamp::from_unix_ms(0)
        }
        fn uptime(&self) -> Duration {
            *self.0.lock().unwrap()
        }
    }

    fn book() -> (Arc<Hand>, Lockouts) {
        let clock = Arc::new(Hand::default());
        (clock.clone(), Lockouts::new(LockoutPolicy::default(), clock))
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn yeastar_locks_the_address_for_ten_minutes_after_five_failures_in_a_row() {
        let (clock, book) = book();
        let from = address("192.0.2.1");
        for username in ["a", "b", "c", "d"] {
            book.failed(Door::Yeastar, from, username);
        }
        assert!(!book.locked(Door::Yeastar, from, "a"));
        book.failed(Door::Yeastar, from, "e");
        assert!(book.locked(Door::Yeastar, from, "anyone"));
        assert!(!book.locked(Door::Yeastar, address("192.0.2.2"), "a"));
        assert!(!book.locked(Door::Enswitch, from, "a"), "doors count apart");
        assert!(!book.locked(Door::PSeries, from, "a"), "doors count apart");
        *clock.0.lock().unwrap() = Duration::from_secs(599);
        assert!(book.locked(Door::Yeastar, from, "a"));
        *clock.0.lock().unwrap() = Duration::from_secs(600);
        assert!(!book.locked(Door::Yeastar, from, "a"));
        book.failed(Door::Yeastar, from, "a");
        assert!(!book.locked(Door::Yeastar, from, "a"), "counting starts anew");
    }

    #[test]
    fn a_success_ends_the_run() {
        let (_, book) = book();
        let from = address("192.0.2.1");
        for _ in 0..4 {
            book.failed(Door::Yeastar, from, "a");
        }
        book.succeeded(Door::Yeastar, from, "a");
        book.failed(Door::Yeastar, from, "a");
        assert!(!book.locked(Door::Yeastar, from, "a"));
    }

    #[test]
    fn other_doors_lock_one_username_and_the_address_only_at_its_ceiling() {
        let (_, book) = book();
        let from = address("192.0.2.1");
        for _ in 0..5 {
            book.failed(Door::Enswitch, from, "Stale");
        }
        assert!(book.locked(Door::Enswitch, from, "stale"), "without regard to case");
        assert!(!book.locked(Door::Enswitch, from, "other"));
        for number in 0..45 {
            book.failed(Door::Enswitch, from, &format!("guess{number}"));
        }
        assert!(book.locked(Door::Enswitch, from, "other"));
        book.succeeded(Door::Enswitch, from, "another");
        assert!(
            book.locked(Door::Enswitch, from, "other"),
            "one success does not open the address to guesses"
        );
        assert_eq!(book.clear(Some(from)), 2);
        assert!(!book.locked(Door::Enswitch, from, "other"));
        assert_eq!(book.list(), []);
    }

    #[test]
    fn stale_pollers_behind_one_address_do_not_add_up_for_ever() {
        let (clock, book) = book();
        let from = address("192.0.2.1");
        for second in 0..3000 {
            *clock.0.lock().unwrap() = Duration::from_secs(second);
            if second % 15 == 0 {
                book.failed(Door::Enswitch, from, &format!("stale{}", second % 7));
            }
            assert!(
                !book.locked(Door::Enswitch, from, "other"),
                "40 failures in 600 s are below 50, at {second} s"
            );
        }
    }

    #[test]
    fn a_host_cannot_walk_through_its_ipv6_network() {
        let (_, book) = book();
        for last in 1..=5 {
            book.failed(Door::Yeastar, address(&format!("2001:db8:1:2::{last}")), "a");
        }
        assert!(book.locked(Door::Yeastar, address("2001:db8:1:2:ffff::1"), "a"));
        assert!(!book.locked(Door::Yeastar, address("2001:db8:1:3::1"), "a"));
        assert_eq!(book.clear(Some(address("2001:db8:1:2::77"))), 1);
    }

    #[test]
    fn a_flood_of_addresses_is_forgotten_in_time() {
        let (_, book) = book();
        for number in 0..u32::try_from(MOST_ENTRIES).unwrap() + 1000 {
            book.failed(Door::Yeastar, IpAddr::V4(number.into()), "a");
        }
        assert!(book.entries.lock().unwrap().len() <= MOST_ENTRIES);
    }

    #[test]
    fn a_flood_ends_no_lock_and_takes_back_no_wrong_code() {
        let (clock, book) = book();
        let (guesser, poller) = (address("192.0.2.1"), address("192.0.2.2"));
        for _ in 0..5 {
            book.failed(Door::Api, guesser, "a");
            book.code_failed(Door::Enswitch, guesser, "coded");
        }
        for _ in 0..4 {
            book.code_failed(Door::Enswitch, poller, "other");
        }
        *clock.0.lock().unwrap() = Duration::from_secs(1);
        for number in 0..2 * u32::try_from(MOST_ENTRIES).unwrap() {
            book.failed(Door::Yeastar, IpAddr::V4((0x0a00_0000 + number).into()), "a");
        }
        assert!(book.entries.lock().unwrap().len() <= MOST_ENTRIES);
        assert!(book.locked(Door::Api, guesser, "a"));
        let elsewhere = address("198.51.100.1");
        assert!(book.codes_locked(Door::Enswitch, elsewhere, "coded"));
        book.code_failed(Door::Enswitch, elsewhere, "other");
        assert!(book.codes_locked(Door::Enswitch, elsewhere, "other"), "the fifth in a row");
    }

    #[test]
    fn a_flood_of_locks_is_forgotten_in_time() {
        let (clock, book) = book();
        for _ in 0..4 {
            book.code_failed(Door::Enswitch, address("192.0.2.1"), "coded");
        }
        *clock.0.lock().unwrap() = Duration::from_secs(1);
        for number in 0..u32::try_from(MOST_ENTRIES).unwrap() + 1000 {
            for _ in 0..5 {
                book.failed(Door::Yeastar, IpAddr::V4((0x0a00_0000 + number).into()), "a");
            }
        }
        assert!(book.entries.lock().unwrap().len() <= MOST_ENTRIES);
        book.code_failed(Door::Enswitch, address("198.51.100.1"), "coded");
        assert!(book.codes_locked(Door::Enswitch, address("198.51.100.1"), "coded"));
    }
}
