//! Logins whose password was right and whose one-time code is still wanted: each has a token, good for two minutes and
//! for one success. They are in this process alone; a restart forgets them, and clients log in anew.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::id::PersonId;
use crate::person::{Account, PasswordHash};
use crate::port::clock::Clock;
use crate::port::random::Random;
use crate::secret::{Secret, SecretHash, fresh_token};

/// How long the second step may take (`docs/enswitch.md` 49).
const LIFE: Duration = Duration::from_secs(120);

/// How many of one person are open at once; the oldest makes room.
const MOST_PER_PERSON: usize = 8;

/// An open login.
#[derive(Debug, Clone)]
struct Open {
    person: PersonId,
    /// The stored hash of the password that was right: another password ends it.
    verified: PasswordHash,
    until: Duration,
}

/// The open logins of this process.
pub(super) struct SecondSteps {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    open: Mutex<HashMap<SecretHash, Open>>,
}

impl SecondSteps {
    pub(super) fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { clock, random, open: Mutex::default() }
    }

    /// Opens one for an account whose password was right.
    pub(super) fn begin(&self, account: &Account) -> Secret {
        let token = fresh_token(self.random.as_ref());
        let now = self.clock.uptime();
        let mut open = self.locked();
        open.retain(|_, one| now < one.until);
        let person = account.person.id;
        let mut own: Vec<_> = open
            .iter()
            .filter(|(_, one)| one.person == person)
            .map(|(hash, one)| (one.until, *hash))
            .collect();
        own.sort();
        for (_, hash) in own.iter().take((own.len() + 1).saturating_sub(MOST_PER_PERSON)) {
            open.remove(hash);
        }
        let verified = account.person.password_hash.clone();
        open.insert(SecretHash::of(token.reveal()), Open { person, verified, until: now + LIFE });
        token
    }

    /// Whose open login a token is, and with which password it began.
    pub(super) fn find(&self, token: &str) -> Option<(PersonId, PasswordHash)> {
        let hash = SecretHash::of(token);
        let now = self.clock.uptime();
        let open = self.locked();
        let (stored, one) = open.get_key_value(&hash)?;
        (stored.matches(&hash) && now < one.until).then(|| (one.person, one.verified.clone()))
    }

    /// Closes one; true for exactly one caller.
    pub(super) fn spend(&self, token: &str) -> bool {
        self.locked().remove(&SecretHash::of(token)).is_some()
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<SecretHash, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
