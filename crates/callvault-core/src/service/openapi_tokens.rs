//! Tokens of the P-Series dialect: issued, resumed, renewed, ended.
//!
//! All of them live in the catalog, where every step is decided, so that they survive a restart and nodes agree on them.
//! What a person may is looked up at every call: a changed role, address list or customer counts at once, and a new
//! password or a disabled person deletes the tokens in the commit that says so.

use std::net::IpAddr;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::gate::Principal;
use crate::id::PersonId;
use crate::listen::Door;
use crate::person::Account;
use crate::port::catalog::{Catalog, PairAdded};
use crate::port::clock::Clock;
use crate::port::random::Random;
use crate::role::Privilege;
use crate::secret::{Secret, SecretHash, fresh_token};
use crate::service::Ports;
use crate::service::accounts::Accounts;
use crate::token_pair::{ACCESS_TOKEN_LIFE, MOST_LIVE_TOKENS, REFRESH_TOKEN_LIFE, TokenPair};

/// Why a token opens nothing, or none is issued.
#[derive(Debug, thiserror::Error)]
pub enum TokenRefused {
    /// Never issued, replaced, ended, over, or its person may not come in any more.
    #[error("the token is not good")]
    Unknown,
    /// Its person may not come from this address.
    #[error("the token may not be used from this address")]
    Address,
    /// Too many access tokens of the person are alive.
    #[error("too many tokens are alive")]
    Full,
    /// The catalog failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// A pair at the one moment when its tokens are told.
#[derive(Debug, Clone)]
pub struct IssuedTokens {
    /// The access token.
    pub access: Secret,
    /// The refresh token.
    pub refresh: Secret,
}

/// The use cases of these tokens.
pub struct OpenApiTokens {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    accounts: Arc<Accounts>,
}

impl OpenApiTokens {
    pub(crate) fn new(ports: &Ports, accounts: Arc<Accounts>) -> Self {
        Self {
            catalog: ports.catalog.clone(),
            clock: ports.clock.clone(),
            random: ports.random.clone(),
            accounts,
        }
    }

    /// Issues a pair to a verified account. Durable before it answers.
    ///
    /// # Errors
    /// [`TokenRefused::Full`]; [`TokenRefused::Unknown`] when the account lost its password or was disabled since it was
    /// verified.
    pub async fn issue(&self, account: &Account) -> Result<IssuedTokens, TokenRefused> {
        let (issued, pair) = self.fresh(account.person.id);
        let verified = account.person.password_hash.clone();
        let added = self.catalog.add_token_pair(pair, verified, MOST_LIVE_TOKENS, self.clock.now()).await;
        told(issued, added.map_err(Error::from)?)
    }

    /// The person of a live access token, who comes from `peer`.
    ///
    /// # Errors
    /// See [`TokenRefused`].
    pub async fn resume(&self, access: &str, peer: IpAddr) -> Result<Principal, TokenRefused> {
        let hash = SecretHash::of(access);
        let pair = self.catalog.token_pair_with_access(hash).await.map_err(Error::from)?;
        let now = self.clock.now();
        let pair = pair.filter(|pair| pair.access.matches(&hash) && now < pair.access_ends);
        self.admitted(pair, peer).await
    }

    /// Puts a new pair in the place of that of a refresh token: both old tokens are dead when this answers. Of several who
    /// come with one refresh token, one gets the new pair.
    ///
    /// # Errors
    /// See [`TokenRefused`]; full only where the old access token is over and does not count any more.
    pub async fn renew(&self, refresh: &str, peer: IpAddr) -> Result<IssuedTokens, TokenRefused> {
        let hash = SecretHash::of(refresh);
        let pair = self.catalog.token_pair_with_refresh(hash).await.map_err(Error::from)?;
        let now = self.clock.now();
        let pair = pair.filter(|pair| pair.refresh.matches(&hash) && now < pair.refresh_ends);
        let person = pair.as_ref().map(|pair| pair.person).ok_or(TokenRefused::Unknown)?;
        self.admitted(pair, peer).await?;
        let (issued, new) = self.fresh(person);
        let replaced = self.catalog.replace_token_pair(hash, new, MOST_LIVE_TOKENS, now).await;
        told(issued, replaced.map_err(Error::from)?)
    }

    /// Ends the pair of an access token. Durable before it answers.
    ///
    /// # Errors
    /// When the catalog fails.
    pub async fn end(&self, access: &str) -> Result<()> {
        Ok(self.catalog.end_token_pair(SecretHash::of(access)).await?)
    }

    fn fresh(&self, person: PersonId) -> (IssuedTokens, TokenPair) {
        let (access, refresh) = (fresh_token(self.random.as_ref()), fresh_token(self.random.as_ref()));
        let now = self.clock.now();
        let pair = TokenPair {
            access: SecretHash::of(access.reveal()),
            refresh: SecretHash::of(refresh.reveal()),
            person,
            access_ends: now.after(ACCESS_TOKEN_LIFE),
            refresh_ends: now.after(REFRESH_TOKEN_LIFE),
        };
        (IssuedTokens { access, refresh }, pair)
    }

    /// The person of a pair, as they are now.
    async fn admitted(&self, pair: Option<TokenPair>, peer: IpAddr) -> Result<Principal, TokenRefused> {
        let pair = pair.ok_or(TokenRefused::Unknown)?;
        let account = self.accounts.numbered(pair.person).await?.ok_or(TokenRefused::Unknown)?;
        let open = account.role.privileges.has(Privilege::YeastarApi);
        if !open || account.person.disabled || account.customer_disabled || account.one_time_codes {
            return Err(TokenRefused::Unknown);
        }
        if !account.person.source.allows(peer) {
            return Err(TokenRefused::Address);
        }
        Ok(Principal::of_account(&account, Door::PSeries, peer))
    }
}

fn told(issued: IssuedTokens, added: PairAdded) -> Result<IssuedTokens, TokenRefused> {
    match added {
        PairAdded::Added => Ok(issued),
        PairAdded::Full => Err(TokenRefused::Full),
        PairAdded::Refused => Err(TokenRefused::Unknown),
    }
}
