//! Tokens of the Enswitch dialect: issued, resumed, listed, ended.
//!
//! They are rows, so that they survive a restart. A row that was read is remembered as long as no account or customer
//! changed and no token ended, so that a call by token costs what one with a verified password does. What a person may is
//! looked up at every call; another password or a disabled person deletes the tokens in the commit that says so.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use data_encoding::HEXLOWER_PERMISSIVE;

use crate::error::{Error, Result};
use crate::gate::{Gate, Kind, Principal, Verb, Within};
use crate::id::{CustomerId, PersonId};
use crate::listen::Door;
use crate::login_token::{LetInBy, LoginToken};
use crate::person::Account;
use crate::port::catalog::{Catalog, LoginTokenPlace};
use crate::port::clock::Clock;
use crate::port::random::Random;
use crate::role::Reach;
use crate::secret::{Secret, SecretHash, fresh_token};
use crate::service::accounts::{Accounts, within_rights};
use crate::service::{Policy, Ports};
use crate::time::Timestamp;

/// Over this many remembered tokens the memory starts anew.
const MOST_CACHED: usize = 10_000;

/// Why a token opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum LoginTokenRefused {
    /// Never issued, over, ended, pushed out; its person, or who switched to them, may not come in any more, or not from
    /// there.
    #[error("the token is not good")]
    Unknown,
    /// The catalog failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// For whom a token is issued.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The person, as they were verified or looked up.
    pub account: &'a Account,
    /// Where they are.
    pub peer: IpAddr,
    /// Who switched to the person.
    pub switched_by: Option<PersonId>,
    /// What the call came with.
    pub by: Shown<'a>,
}

/// What somebody showed who wants a token.
#[derive(Debug, Clone, Copy)]
pub enum Shown<'a> {
    /// The password of this account, as it was verified, and a one-time code if it uses them.
    Password(&'a Account),
    /// A token: the new one ends no later (`docs/enswitch.md` 77).
    Token(&'a LoginToken),
}

/// A token at the one moment when it is told.
#[derive(Debug, Clone)]
pub struct IssuedLogin {
    /// The token.
    pub token: Secret,
    /// When it ends, and how long that is from now; `None` is never.
    pub ends: Option<(Timestamp, Duration)>,
}

/// Who comes with a token.
#[derive(Debug, Clone)]
pub struct TokenHolder {
    /// What they may.
    pub principal: Principal,
    /// Their account.
    pub account: Arc<Account>,
    /// The token itself.
    pub token: LoginToken,
}

/// What was read, and under which state of the accounts.
struct Remembered {
    token: LoginToken,
    accounts: u64,
}

#[derive(Default)]
struct Memory {
    /// Counts what ended, so that a row that was read before is not remembered after.
    ended: u64,
    tokens: HashMap<SecretHash, Remembered>,
}

/// The use cases of these tokens.
pub struct LoginTokens {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    gate: Arc<Gate>,
    accounts: Arc<Accounts>,
    life: Option<Duration>,
    most_per_person: u32,
    memory: Mutex<Memory>,
}

impl LoginTokens {
    pub(crate) fn new(ports: &Ports, gate: Arc<Gate>, accounts: Arc<Accounts>, policy: &Policy) -> Self {
        Self {
            catalog: ports.catalog.clone(),
            clock: ports.clock.clone(),
            random: ports.random.clone(),
            gate,
            accounts,
            life: policy.login_token_life,
            most_per_person: u32::try_from(policy.sessions_per_person).unwrap_or(u32::MAX).max(1),
            memory: Mutex::default(),
        }
    }

    /// Issues a token; the person's oldest goes when they have too many. `None` when they lost their password or were disabled
    /// since they were read, or what was shown is not good any more. Durable before it answers.
    ///
    /// # Errors
    /// When the catalog fails.
    pub async fn issue(&self, wish: Wish<'_>) -> Result<Option<IssuedLogin>> {
        let token = fresh_token(self.random.as_ref());
        let now = self.clock.now();
        let own_end = self.life.map(|life| now.after(life));
        let (by, bound) = match wish.by {
            Shown::Token(token) => (LetInBy::Token(token.token), token.expires_at),
            Shown::Password(Account { person, one_time_codes, .. }) => {
                let verified = person.password_hash.clone();
                (LetInBy::Password { person: person.id, verified, with_code: *one_time_codes }, None)
            }
        };
        let expires_at = match (own_end, bound) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        let row = LoginToken {
            token: SecretHash::of(token.reveal()),
            person: wish.account.person.id,
            customer: wish.account.person.customer,
            peer: wish.peer,
            switched_by: wish.switched_by,
            created_at: now,
            expires_at,
        };
        let read = wish.account.person.password_hash.clone();
        let Some(gone) = self.catalog.add_login_token(row, read, by, self.most_per_person).await? else {
            return Ok(None);
        };
        self.forget(&gone);
        let left = |end: Timestamp| u64::try_from(end.unix_ms() - now.unix_ms()).unwrap_or(0);
        let ends = expires_at.map(|end| (end, Duration::from_millis(left(end))));
        Ok(Some(IssuedLogin { token, ends }))
    }

    /// The holder of a live token, who comes from `peer`.
    ///
    /// # Errors
    /// See [`LoginTokenRefused`].
    pub async fn resume(&self, token: &str, peer: IpAddr) -> Result<TokenHolder, LoginTokenRefused> {
        let hash = SecretHash::of(token);
        let token = self.read(hash).await?.ok_or(LoginTokenRefused::Unknown)?;
        if token.expired_at(self.clock.now()) {
            return Err(LoginTokenRefused::Unknown);
        }
        let account = self.accounts.numbered(token.person).await?;
        let account = account.filter(|account| may_come(account, peer)).ok_or(LoginTokenRefused::Unknown)?;
        if let Some(person) = token.switched_by {
            let switcher = self.accounts.numbered(person).await?;
            let switcher = switcher.filter(|switcher| may_come(switcher, peer));
            let switcher = switcher.ok_or(LoginTokenRefused::Unknown)?;
            if !self.may_still_switch(&switcher, &account, peer).await? {
                return Err(LoginTokenRefused::Unknown);
            }
        }
        let principal = Principal {
            switched_by: token.switched_by,
            ..Principal::of_account(&account, Door::Enswitch, peer)
        };
        Ok(TokenHolder { principal, account, token })
    }

    async fn read(&self, hash: SecretHash) -> Result<Option<LoginToken>> {
        // Counted before the row is read: what changes meanwhile makes it a row of before.
        let accounts = self.accounts.generation();
        let ended = {
            let memory = self.memory();
            let known = memory.tokens.get(&hash).filter(|known| known.accounts == accounts);
            if let Some(known) = known.filter(|known| known.token.token.matches(&hash)) {
                return Ok(Some(known.token.clone()));
            }
            memory.ended
        };
        let token = self.catalog.login_token(hash).await?.filter(|token| token.token.matches(&hash));
        let mut memory = self.memory();
        if let Some(token) = &token
            && memory.ended == ended
        {
            if memory.tokens.len() >= MOST_CACHED {
                memory.tokens.clear();
            }
            memory.tokens.insert(hash, Remembered { token: token.clone(), accounts });
        }
        Ok(token)
    }

    /// Live tokens of a customer, or of all within reach of a system owner, newest first, at most `limit` behind a place.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer).
    pub async fn list(
        &self,
        principal: &Principal,
        customer: Option<CustomerId>,
        after: Option<LoginTokenPlace>,
        limit: u32,
    ) -> Result<Vec<LoginToken>> {
        let within = match customer {
            None if principal.reach == Reach::System => {
                self.gate.within(principal, Kind::Session, Verb::See)?
            }
            customer => {
                Within::from(self.gate.customer(principal, Kind::Session, Verb::See, customer).await?)
            }
        };
        Ok(self.catalog.login_tokens(&within, self.clock.now(), after, limit).await?)
    }

    /// Ends the token with this handle, at once.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`].
    pub async fn revoke(&self, principal: &Principal, handle: &str) -> Result<()> {
        let within = self.gate.within(principal, Kind::Session, Verb::Delete)?;
        let missing = Error::NotFound { what: "session" };
        let beginning = HEXLOWER_PERMISSIVE.decode(handle.as_bytes()).ok();
        let Some(beginning) = beginning.and_then(|bytes| bytes.try_into().ok()) else {
            return Err(missing);
        };
        let found = self.catalog.login_token_beginning(&within, beginning, self.clock.now()).await?;
        let token = found.ok_or(missing)?.token;
        self.catalog.end_login_token(token).await?;
        self.forget(&[token]);
        Ok(())
    }

    /// Whether who switched could do so now. The gate is asked as it was then: whoever reaches less by now may be beside the
    /// person.
    async fn may_still_switch(&self, switcher: &Account, account: &Account, peer: IpAddr) -> Result<bool> {
        let principal = Principal::of_account(switcher, Door::Enswitch, peer);
        let customer = Some(account.person.customer);
        match self.gate.customer(&principal, Kind::Person, Verb::Administer, customer).await {
            Ok(_) => Ok(within_rights(&principal, &account.role)),
            Err(Error::RoleForbids | Error::NotFound { .. }) => Ok(false),
            Err(other) => Err(other),
        }
    }

    fn forget(&self, tokens: &[SecretHash]) {
        if tokens.is_empty() {
            return;
        }
        let mut memory = self.memory();
        memory.ended += 1;
        for token in tokens {
            memory.tokens.remove(token);
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn may_come(account: &Account, peer: IpAddr) -> bool {
    !account.person.disabled && !account.customer_disabled && account.person.source.allows(peer)
}
