//! Verifying a username and a password, the same way at every door.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::id::PersonId;
use crate::listen::Door;
use crate::person::{Account, PasswordHash, Person};
use crate::port::catalog::Catalog;
use crate::port::clock::Clock;
use crate::port::password::PasswordHasher;
use crate::secret::{PasswordMd5, Secret};
use crate::service::accounts::Accounts;
use crate::service::lockouts::{Lockout, Lockouts};
use crate::service::second_steps::SecondSteps;
use crate::service::{Policy, Ports};

/// Over this many cached credentials the cache starts anew.
const MOST_CACHED: usize = 10_000;

/// Someone at a door.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// Which door.
    pub door: Door,
    /// The name they give.
    pub username: &'a str,
    /// The MD5 of the password they give.
    pub password: &'a PasswordMd5,
    /// From where they come.
    pub peer: IpAddr,
}

/// Why a login was refused.
#[derive(Debug, thiserror::Error)]
pub enum LoginRefused {
    /// Too many failures before it.
    #[error("locked out after too many failed logins")]
    Locked,
    /// No such person, a wrong password, or one alone of who uses one-time codes, a wrong code, a disabled account or customer, a wrong address, a door that is closed to the
    /// role: one answer for all.
    #[error("wrong user name or password")]
    Wrong,
    /// Too many are being verified.
    #[error("too many logins are waiting")]
    Busy,
    /// The catalog failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// A password that was verified a moment ago. It holds the stored hash of then: another password ends it at once.
struct Verified {
    person: PersonId,
    hash: PasswordHash,
    until: Duration,
}

/// The use case of logging in.
pub struct Logins {
    catalog: Arc<dyn Catalog>,
    gate: Arc<Gate>,
    accounts: Arc<Accounts>,
    passwords: Arc<dyn PasswordHasher>,
    clock: Arc<dyn Clock>,
    lockouts: Lockouts,
    second_steps: SecondSteps,
    cache_life: Duration,
    cache_key: [u8; 32],
    verified: Mutex<HashMap<[u8; 32], Verified>>,
}

impl Logins {
    pub(crate) fn new(ports: &Ports, gate: Arc<Gate>, accounts: Arc<Accounts>, policy: &Policy) -> Self {
        let mut cache_key = [0; 32];
        ports.random.fill(&mut cache_key);
        Self {
            catalog: ports.catalog.clone(),
            gate,
            accounts,
            passwords: ports.passwords.clone(),
            clock: ports.clock.clone(),
            lockouts: Lockouts::new(policy.lockouts.clone(), ports.clock.clone()),
            second_steps: SecondSteps::new(ports.clock.clone(), ports.random.clone()),
            cache_life: policy.credential_cache,
            cache_key,
            verified: Mutex::default(),
        }
    }

    /// Verifies and answers the account. At doors that lock addresses a lock refuses the right password too
    /// ([`Door::locks_addresses`]); elsewhere a credential that was verified a moment ago passes a lock (`docs/enswitch.md` 34).
    ///
    /// # Errors
    /// See [`LoginRefused`].
    pub async fn verify(&self, attempt: Attempt<'_>) -> Result<Arc<Account>, LoginRefused> {
        self.verify_password(attempt, false).await
    }

    /// As [`Logins::verify`], for who can be asked for a one-time code: that of the account, if it uses them, is still to be
    /// verified ([`Logins::verify_code`]).
    ///
    /// # Errors
    /// See [`LoginRefused`].
    pub async fn verify_first_step(&self, attempt: Attempt<'_>) -> Result<Arc<Account>, LoginRefused> {
        self.verify_password(attempt, true).await
    }

    async fn verify_password(
        &self,
        attempt: Attempt<'_>,
        code_follows: bool,
    ) -> Result<Arc<Account>, LoginRefused> {
        let Attempt { door, username, password, peer } = attempt;
        let locked = || self.lockouts.locked(door, peer, username);
        if door.locks_addresses() && locked() {
            return Err(LoginRefused::Locked);
        }
        let account = self.accounts.named(username).await?;
        let cache_entry = self.cache_entry(username, password);
        let cached = account.as_ref().is_some_and(|account| self.recently_verified(&cache_entry, account));
        if !cached {
            if !door.locks_addresses() && locked() {
                return Err(LoginRefused::Locked);
            }
            let hash = account.as_ref().map(|account| &account.person.password_hash);
            let right =
                self.passwords.verify(username, hash, password).await.map_err(|_| LoginRefused::Busy)?;
            if locked() {
                // Others failed while this one was being verified: the lock holds for all of them.
                return Err(LoginRefused::Locked);
            }
            if !right {
                self.lockouts.failed(door, peer, username);
                return Err(LoginRefused::Wrong);
            }
        }
        // A password alone opens nothing to who uses codes (`docs/enswitch.md` 35).
        let enough = |account: &Account| code_follows || !account.one_time_codes;
        let Some(account) = account.filter(|account| may_enter(account, door, peer) && enough(account))
        else {
            self.lockouts.failed(door, peer, username);
            return Err(LoginRefused::Wrong);
        };
        if !cached {
            self.remember(cache_entry, &account);
            // What was believed without a check proves nothing new about who is knocking, and half a login nothing at all.
            if !account.one_time_codes {
                self.lockouts.succeeded(door, peer, username);
            }
        }
        Ok(account)
    }

    /// A token for the second step of a login whose first one was verified (`docs/enswitch.md` 49).
    pub fn begin_second_step(&self, account: &Account) -> Secret {
        self.second_steps.begin(account)
    }

    /// The account whose second step a token is, if nothing changed about it that the first step was verified by.
    ///
    /// # Errors
    /// See [`LoginRefused`].
    pub async fn resume_second_step(
        &self,
        token: &str,
        door: Door,
        peer: IpAddr,
    ) -> Result<Arc<Account>, LoginRefused> {
        let (person, verified) = self.second_steps.find(token).ok_or(LoginRefused::Wrong)?;
        let account = self.accounts.numbered(person).await?;
        let good = |account: &Arc<Account>| {
            account.one_time_codes
                && account.person.password_hash == verified
                && may_enter(account, door, peer)
        };
        account.filter(good).ok_or(LoginRefused::Wrong)
    }

    /// Verifies and uses up a one-time code of an account, and the token of its second step if it came with one. Failures count
    /// as those of a password do, and besides for the person, wherever they come from.
    ///
    /// # Errors
    /// See [`LoginRefused`].
    pub async fn verify_code(
        &self,
        account: &Account,
        code: &Secret,
        second_step: Option<&str>,
        door: Door,
        peer: IpAddr,
    ) -> Result<(), LoginRefused> {
        let Person { id, username, .. } = &account.person;
        if self.lockouts.codes_locked(door, peer, username) {
            return Err(LoginRefused::Locked);
        }
        let stored = self.catalog.one_time_secret(*id).await.map_err(Error::from)?;
        let stored = stored.filter(|stored| stored.confirmed);
        let step = stored.and_then(|stored| {
            let step = stored.secret.step_of(code, self.clock.now(), stored.last_step)?;
            Some((stored.secret, step))
        });
        let right = match step {
            Some((secret, step)) => {
                self.catalog.use_one_time_code(*id, secret, step).await.map_err(Error::from)?
            }
            None => false,
        };
        if !right {
            self.lockouts.code_failed(door, peer, username);
            return Err(LoginRefused::Wrong);
        }
        if self.lockouts.codes_locked(door, peer, username) {
            // Others failed while this one was being verified: the lock holds for all of them.
            return Err(LoginRefused::Locked);
        }
        if second_step.is_some_and(|token| !self.second_steps.spend(token)) {
            return Err(LoginRefused::Wrong);
        }
        self.lockouts.code_succeeded(door, peer, username);
        Ok(())
    }

    /// Refuses what cannot be a password at all, and counts it as one that was wrong.
    pub fn refuse(&self, door: Door, username: &str, peer: IpAddr) -> LoginRefused {
        if self.lockouts.locked(door, peer, username) {
            return LoginRefused::Locked;
        }
        self.lockouts.failed(door, peer, username);
        LoginRefused::Wrong
    }

    /// The locks in force.
    ///
    /// # Errors
    /// [`Error::RoleForbids`].
    pub fn lockouts(&self, principal: &Principal) -> Result<Vec<Lockout>> {
        self.gate.privilege(principal, Kind::Installation, Verb::See)?;
        Ok(self.lockouts.list())
    }

    /// Ends the locks of one address, or all; answers how many.
    ///
    /// # Errors
    /// [`Error::RoleForbids`].
    pub fn clear_lockouts(&self, principal: &Principal, address: Option<IpAddr>) -> Result<usize> {
        self.gate.privilege(principal, Kind::Installation, Verb::Change)?;
        Ok(self.lockouts.clear(address))
    }

    /// The cache's name for a credential: keyed, so that a memory dump gives no table of passwords to guess against.
    fn cache_entry(&self, username: &str, password: &PasswordMd5) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(self.cache_key);
        hasher.update(password.reveal().as_bytes());
        hasher.update(username.to_lowercase().as_bytes());
        hasher.finalize().into()
    }

    fn recently_verified(&self, entry: &[u8; 32], account: &Account) -> bool {
        let verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        verified.get(entry).is_some_and(|known| {
            known.person == account.person.id
                && known.hash == account.person.password_hash
                && self.clock.uptime() < known.until
        })
    }

    fn remember(&self, entry: [u8; 32], account: &Account) {
        if self.cache_life.is_zero() {
            return;
        }
        let now = self.clock.uptime();
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if verified.len() >= MOST_CACHED {
            verified.retain(|_, known| now < known.until);
            if verified.len() >= MOST_CACHED {
                verified.clear();
            }
        }
        let known = Verified {
            person: account.person.id,
            hash: account.person.password_hash.clone(),
            until: now + self.cache_life,
        };
        verified.insert(entry, known);
    }
}

fn may_enter(account: &Account, door: Door, peer: IpAddr) -> bool {
    let door_open = door.privilege().is_none_or(|needed| account.role.privileges.has(needed));
    door_open && !account.person.disabled && !account.customer_disabled && account.person.source.allows(peer)
}
