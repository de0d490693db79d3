//! Sessions of the Yeastar dialect: several per person, sliding, surviving a restart, kept under the hash of their token,
//! and renewed by a refresh token that is good once.
//! Among the sessions of a person that want reports at one place the newest counts (`docs/yeastar.md` G6).
//!
//! One process holds them all in memory. A new, changed or ended session is written before the answer; a session that
//! merely slid is written at most once a minute and at shutdown (`docs/yeastar.md` G5).

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::id::{CustomerId, PersonId};
use crate::listen::Door;
use crate::person::{Account, DownloadErrors, EmptyCalls};
use crate::port::catalog::{Catalog, LeftPlace};
use crate::port::clock::Clock;
use crate::port::random::Random;
use crate::report::{Target, TargetFailure, WantedTarget};
use crate::role::Privilege;
use crate::secret::{Secret, SecretHash, fresh_token};
use crate::service::accounts::Accounts;
use crate::service::{Policy, Ports};
use crate::session::{REFRESH_LIFE, RefreshToken, ReportWish, SESSION_LIFE, Session, TOMBSTONE_LIFE};
use crate::time::Timestamp;

/// What a client is told of a session that begins.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// Goes into every call.
    pub token: Secret,
    /// Renews the session once, where that was wanted.
    pub refresh: Option<Secret>,
}

/// What a client is told of a session that was renewed.
#[derive(Debug, Clone)]
pub struct Renewed {
    /// Goes into every call from now on.
    pub token: Secret,
    /// Renews it the next time.
    pub refresh: Secret,
}

/// Why a token opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum SessionRefused {
    /// Never issued, ended by logout, pushed out, or its person may not come in any more.
    #[error("no such token")]
    Unknown,
    /// It ended by itself less than a day ago.
    #[error("the token timed out")]
    Expired {
        /// How failed downloads look to its person's client.
        download_errors: DownloadErrors,
    },
    /// The catalog failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// A session that goes on.
#[derive(Debug, Clone)]
pub struct Resumed {
    /// The session, slid to its full life.
    pub session: Session,
    /// Its person.
    pub principal: Principal,
    /// How failed downloads look to its person's client.
    pub download_errors: DownloadErrors,
    /// What that client gets for call records of which there are none.
    pub empty_calls: EmptyCalls,
}

/// What a heartbeat leaves a session with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// The application server's address, if a heartbeat ever named one.
    pub application_server: Option<IpAddr>,
    /// Where the client wants reports now.
    pub report: ReportWish,
    /// The target that this comes to.
    pub target: Option<WantedTarget>,
}

/// What the newest live session of a target says (`docs/yeastar.md` G6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking {
    /// Where it logged in from.
    pub peer: IpAddr,
    /// When it did.
    pub since: Timestamp,
    /// Where its application server is: where it logged in from, or what its last heartbeat said.
    pub application_server: IpAddr,
    /// Where it wants reports, as its login or last heartbeat said.
    pub report: ReportWish,
}

#[derive(Default)]
struct Book {
    sessions: HashMap<SecretHash, Session>,
    of_person: HashMap<PersonId, HashSet<SecretHash>>,
    by_refresh: HashMap<SecretHash, SecretHash>,
    slid: HashSet<SecretHash>,
}

impl Book {
    fn insert(&mut self, session: Session) {
        self.of_person.entry(session.person).or_default().insert(session.token);
        if let Some(refresh) = session.refresh {
            self.by_refresh.insert(refresh.token, session.token);
        }
        self.sessions.insert(session.token, session);
    }

    fn remove(&mut self, token: &SecretHash) -> Option<Session> {
        let session = self.sessions.remove(token)?;
        self.slid.remove(token);
        if let Some(refresh) = session.refresh {
            self.by_refresh.remove(&refresh.token);
        }
        if let Some(tokens) = self.of_person.get_mut(&session.person) {
            tokens.remove(token);
            if tokens.is_empty() {
                self.of_person.remove(&session.person);
            }
        }
        Some(session)
    }

    /// The token that a session has by now if it was renewed since it was looked at. What a renewal keeps of it tells it from
    /// the others of its person.
    fn renewed(&self, session: &Session) -> Option<SecretHash> {
        let same = |other: &&Session| {
            other.token != session.token
                && other.created_at == session.created_at
                && other.peer == session.peer
        };
        let tokens = self.of_person.get(&session.person).into_iter().flatten();
        tokens.filter_map(|token| self.sessions.get(token)).find(same).map(|session| session.token)
    }

    /// The session that a refresh token renews, live or not.
    fn renewable(&self, refresh: &SecretHash, now: Timestamp) -> Option<&Session> {
        let session = self.sessions.get(self.by_refresh.get(refresh)?)?;
        let kept = session.refresh?;
        (kept.token.matches(refresh) && now < kept.expires_at).then_some(session)
    }
}

/// The use cases of sessions.
pub struct Sessions {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    gate: Arc<Gate>,
    accounts: Arc<Accounts>,
    most_per_person: usize,
    book: Mutex<Book>,
}

impl Sessions {
    pub(crate) async fn open(
        ports: &Ports,
        gate: Arc<Gate>,
        accounts: Arc<Accounts>,
        policy: &Policy,
    ) -> Result<Self> {
        let mut book = Book::default();
        for session in ports.catalog.sessions().await? {
            book.insert(session);
        }
        Ok(Self {
            catalog: ports.catalog.clone(),
            clock: ports.clock.clone(),
            random: ports.random.clone(),
            gate,
            accounts,
            most_per_person: policy.sessions_per_person.max(1),
            book: Mutex::new(book),
        })
    }

    /// Begins a session for a verified account; answers its tokens (that to renew it if `renewable`), or nothing when the account lost its password or was
    /// disabled since it was verified, or the session was ended at once by a flood of others. Durable before it answers.
    ///
    /// # Errors
    /// When the catalog fails.
    pub async fn begin(
        &self,
        account: &Account,
        peer: IpAddr,
        report: ReportWish,
        target: Option<WantedTarget>,
        renewable: bool,
    ) -> Result<Option<Tokens>> {
        let token = fresh_token(self.random.as_ref());
        let refresh = renewable.then(|| fresh_token(self.random.as_ref()));
        let now = self.clock.now();
        let session = Session {
            token: SecretHash::of(token.reveal()),
            person: account.person.id,
            customer: account.person.customer,
            peer,
            application_server: None,
            report,
            created_at: now,
            expires_at: now.after(SESSION_LIFE),
            refresh: refresh.as_ref().map(|refresh| kept(refresh, now)),
        };
        // The place is taken before the commit, so that logins side by side do not all see the same sessions; nobody
        // can use it, as the token is not told yet.
        let pushed_out = {
            let mut book = self.locked();
            let pushed_out = pushed_out_by(&book, &session, self.most_per_person, now);
            let pushed_out: Vec<_> = pushed_out.iter().filter_map(|token| book.remove(token)).collect();
            book.insert(session.clone());
            pushed_out
        };
        let hash = session.token;
        let tokens = pushed_out.iter().map(|session| session.token).collect();
        let verified = account.person.password_hash.clone();
        match self.catalog.begin_session(session, verified, tokens, target).await {
            Ok(true) => {}
            Ok(false) => {
                let mut book = self.locked();
                // Nothing was done, so that those who came in since the account changed are still there.
                if book.remove(&hash).is_some() {
                    pushed_out.into_iter().for_each(|session| book.insert(session));
                }
                return Ok(None);
            }
            Err(error) => {
                let mut book = self.locked();
                // Not after a revocation, which has taken the new one away and would have taken those.
                if book.remove(&hash).is_some() {
                    pushed_out.into_iter().for_each(|session| book.insert(session));
                }
                return Err(error.into());
            }
        }
        if self.locked().sessions.contains_key(&hash) {
            return Ok(Some(Tokens { token, refresh }));
        }
        // It was ended before its row was written, which must not outlive it.
        self.catalog.slide_sessions(Vec::new(), vec![hash]).await?;
        Ok(None)
    }

    /// Gives the session of a refresh token new tokens, also when it timed out. The old ones are good for nothing from then
    /// on, the session's tickets with them; of several that show one refresh token at once, one wins. Durable before it
    /// answers.
    ///
    /// # Errors
    /// [`SessionRefused::Unknown`] for whatever is wrong with the token or its person, [`SessionRefused::Failed`].
    pub async fn renew(&self, refresh: &str, peer: IpAddr) -> Result<Renewed, SessionRefused> {
        let shown = SecretHash::of(refresh);
        let now = self.clock.now();
        let person = {
            let book = self.locked();
            book.renewable(&shown, now).ok_or(SessionRefused::Unknown)?.person
        };
        let account = self.accounts.numbered(person).await?.ok_or(SessionRefused::Unknown)?;
        if !may_go_on(&account) || !account.person.source.allows(peer) {
            return Err(SessionRefused::Unknown);
        }
        let (token, refresh) = (fresh_token(self.random.as_ref()), fresh_token(self.random.as_ref()));
        let (old, renewed, pushed_out) = {
            let mut book = self.locked();
            let old = book.renewable(&shown, now).map(|session| session.token);
            let old = old.and_then(|token| book.remove(&token)).ok_or(SessionRefused::Unknown)?;
            let renewed = Session {
                token: SecretHash::of(token.reveal()),
                expires_at: now.after(SESSION_LIFE),
                refresh: Some(kept(&refresh, now)),
                ..old.clone()
            };
            // As with a login, as it may have timed out and not have counted.
            let pushed_out = pushed_out_by(&book, &renewed, self.most_per_person, now);
            let pushed_out: Vec<_> = pushed_out.iter().filter_map(|token| book.remove(token)).collect();
            book.insert(renewed.clone());
            (old, renewed, pushed_out)
        };
        let hash = renewed.token;
        let tokens = pushed_out.iter().map(|session| session.token).collect();
        match self.catalog.renew_session(old.token, shown, renewed, tokens).await {
            Ok(true) => {}
            Ok(false) => {
                let mut book = self.locked();
                // Somebody ended it in the catalog. Those it would have pushed out are still there, but for a revocation, which
                // has taken the new one away and them with it.
                if book.remove(&hash).is_some() {
                    pushed_out.into_iter().for_each(|session| book.insert(session));
                }
                return Err(SessionRefused::Unknown);
            }
            Err(error) => {
                let mut book = self.locked();
                // Not after a revocation, which has taken the new one away and would have taken the old one.
                if book.remove(&hash).is_some() {
                    book.insert(old);
                    pushed_out.into_iter().for_each(|session| book.insert(session));
                }
                return Err(SessionRefused::Failed(error.into()));
            }
        }
        if self.locked().sessions.contains_key(&hash) {
            return Ok(Renewed { token, refresh });
        }
        // It was ended before its row was written, which must not outlive it.
        self.catalog.slide_sessions(Vec::new(), vec![hash]).await.map_err(Error::from)?;
        Err(SessionRefused::Unknown)
    }

    /// The live session of a token, slid to its full life. A person's list of addresses holds for every call but a download,
    /// whose ticket has a list of its own (`from_anywhere`).
    ///
    /// # Errors
    /// See [`SessionRefused`].
    pub async fn resume(
        &self,
        token: &str,
        peer: IpAddr,
        from_anywhere: bool,
    ) -> Result<Resumed, SessionRefused> {
        let hash = SecretHash::of(token);
        let now = self.clock.now();
        let (person, expired) = {
            let book = self.locked();
            let session = book.sessions.get(&hash).filter(|session| session.token.matches(&hash));
            session.map(|session| (session.person, session.expired_at(now))).ok_or(SessionRefused::Unknown)?
        };
        let account = self.accounts.numbered(person).await?.ok_or(SessionRefused::Unknown)?;
        if expired {
            return Err(SessionRefused::Expired { download_errors: account.person.download_errors });
        }
        let welcome = from_anywhere || account.person.source.allows(peer);
        if !may_go_on(&account) || !welcome {
            return Err(SessionRefused::Unknown);
        }
        let mut book = self.locked();
        let Some(kept) = book.sessions.get_mut(&hash) else {
            // It was ended while the account was read.
            return Err(SessionRefused::Unknown);
        };
        kept.expires_at = now.after(SESSION_LIFE);
        let session = kept.clone();
        book.slid.insert(hash);
        let principal = Principal::of_account(&account, Door::Yeastar, peer);
        let (download_errors, empty_calls) = (account.person.download_errors, account.person.empty_calls);
        Ok(Resumed { session, principal, download_errors, empty_calls })
    }

    /// Takes over what a heartbeat says. Durable before it answers.
    ///
    /// # Errors
    /// When the catalog fails.
    pub async fn heartbeat(&self, token: SecretHash, heartbeat: Heartbeat) -> Result<()> {
        let Heartbeat { application_server, report, target } = heartbeat;
        let (changed, left) = {
            let mut book = self.locked();
            let Some(session) = book.sessions.get_mut(&token) else { return Ok(()) };
            session.application_server = application_server;
            let before = std::mem::replace(&mut session.report, report);
            let changed = session.clone();
            book.slid.remove(&token);
            let moved = before.place != changed.report.place;
            let reason = "the application server moved away";
            let left = moved.then(|| self.left(changed.person, before.place, reason)).flatten();
            (changed, left)
        };
        Ok(self.catalog.retarget_session(changed, target, left).await?)
    }

    /// Ends a session, also when it was renewed since it was looked at; false when it had ended already. Durable before it
    /// answers; a session whose end could not be written goes on.
    ///
    /// # Errors
    /// When the catalog fails.
    pub async fn end(&self, session: &Session) -> Result<bool> {
        let mut token = session.token;
        loop {
            let left = self.locked().sessions.get(&token).and_then(|session| {
                let place = session.report.place.clone();
                self.left(session.person, place, "the application server logged out")
            });
            let was_written = self.catalog.end_session(token, left).await?;
            let mut book = self.locked();
            let was_known = book.remove(&token).is_some();
            let renewed = if was_known { None } else { book.renewed(session) };
            match renewed {
                Some(renewed) if !was_written => token = renewed,
                Some(renewed) => {
                    // Its renewal will find no row. One that fails before must not bring it back.
                    book.remove(&renewed);
                    return Ok(true);
                }
                None => return Ok(was_written || was_known),
            }
        }
    }

    /// The place, if it is one. Whether another session wants reports there is for the catalog to find.
    fn left(&self, person: PersonId, place: String, reason: &str) -> Option<LeftPlace> {
        let left = TargetFailure { at: self.clock.now(), reason: reason.to_owned() };
        (!place.is_empty()).then_some(LeftPlace { person, place, left })
    }

    /// Who is told what goes to a target: the person of its newest live session, if they may still come in from there.
    ///
    /// # Errors
    /// When the catalog fails.
    pub(crate) async fn reporting(&self, target: &Target) -> Result<Option<Principal>> {
        let Some(Asking { peer, .. }) = self.asking(target) else { return Ok(None) };
        let account = self.accounts.numbered(target.person).await?;
        let account = account.filter(|account| may_go_on(account) && account.person.source.allows(peer));
        Ok(account.map(|account| Principal::of_account(&account, Door::Yeastar, peer)))
    }

    /// What the newest live session of a target says; nothing without one.
    pub(crate) fn asking(&self, target: &Target) -> Option<Asking> {
        let now = self.clock.now();
        let book = self.locked();
        let session = newest_at(&book, target.person, &target.wanted.place, now)?;
        Some(Asking {
            peer: session.peer,
            since: session.created_at,
            application_server: session.application_server.unwrap_or(session.peer),
            report: session.report.clone(),
        })
    }

    /// Slides the newest live session of a target, which took a report.
    pub(crate) fn slide_target(&self, target: &Target) {
        let now = self.clock.now();
        let mut book = self.locked();
        let token = newest_at(&book, target.person, &target.wanted.place, now).map(|session| session.token);
        let Some(session) = token.and_then(|token| book.sessions.get_mut(&token)) else { return };
        session.expires_at = now.after(SESSION_LIFE);
        let token = session.token;
        book.slid.insert(token);
    }

    /// Writes the sessions that slid, and deletes those that ended over a day ago.
    ///
    /// # Errors
    /// When the catalog fails; nothing is forgotten then.
    pub async fn flush(&self) -> Result<()> {
        let now = self.clock.now();
        let (changed, deleted, slid) = {
            let mut book = self.locked();
            let slid = std::mem::take(&mut book.slid);
            let changed: Vec<_> = slid.iter().filter_map(|token| book.sessions.get(token).cloned()).collect();
            let old = |session: &&Session| session.expires_at.after(TOMBSTONE_LIFE) <= now;
            let deleted: Vec<_> = book.sessions.values().filter(old).map(|session| session.token).collect();
            (changed, deleted, slid)
        };
        let outcome = self.catalog.slide_sessions(changed, deleted.clone()).await;
        let mut book = self.locked();
        match outcome {
            Ok(()) => {
                for token in &deleted {
                    book.remove(token);
                }
                Ok(())
            }
            Err(error) => {
                book.slid.extend(slid);
                Err(error.into())
            }
        }
    }

    /// The live sessions of a customer, newest first.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer).
    pub async fn list(&self, principal: &Principal, customer: Option<CustomerId>) -> Result<Vec<Session>> {
        let wanted = self.wanted_customer(principal, Verb::See, customer).await?;
        let now = self.clock.now();
        let book = self.locked();
        let shown = |session: &&Session| {
            !session.expired_at(now) && wanted.is_none_or(|customer| session.customer == customer)
        };
        let mut sessions: Vec<_> = book.sessions.values().filter(shown).cloned().collect();
        sessions.sort_by_key(|session| (std::cmp::Reverse(session.created_at), session.token));
        Ok(sessions)
    }

    /// Ends the session with this handle.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`].
    pub async fn revoke(&self, principal: &Principal, handle: &str) -> Result<()> {
        self.gate.privilege(principal, Kind::Session, Verb::Delete)?;
        let missing = || Error::NotFound { what: "session" };
        let session = {
            let book = self.locked();
            let found = book.sessions.values().find(|session| session.token.handle() == handle).cloned();
            found.ok_or_else(missing)?
        };
        match self.gate.customer(principal, Kind::Session, Verb::Delete, Some(session.customer)).await {
            Ok(_) if self.end(&session).await? => Ok(()),
            Ok(_) => Err(missing()),
            Err(Error::NotFound { .. }) => Err(missing()),
            Err(other) => Err(other),
        }
    }

    /// Forgets the sessions of a person; the catalog deleted them in the commit that took the person's rights.
    pub(crate) fn forget_person(&self, person: PersonId) {
        let mut book = self.locked();
        let tokens: Vec<_> = book.of_person.get(&person).into_iter().flatten().copied().collect();
        for token in &tokens {
            book.remove(token);
        }
    }

    /// Without a customer, the whole installation for whoever reaches it, and the own customer for others.
    async fn wanted_customer(
        &self,
        principal: &Principal,
        verb: Verb,
        customer: Option<CustomerId>,
    ) -> Result<Option<CustomerId>> {
        self.gate.privilege(principal, Kind::Session, verb)?;
        if customer.is_none() && principal.reach == crate::role::Reach::System {
            return Ok(None);
        }
        Ok(Some(self.gate.customer(principal, Kind::Session, verb, customer).await?.id()))
    }

    fn locked(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A refresh token as it is kept.
fn kept(refresh: &Secret, now: Timestamp) -> RefreshToken {
    RefreshToken { token: SecretHash::of(refresh.reveal()), expires_at: now.after(REFRESH_LIFE) }
}

/// Whether sessions of the account are good.
fn may_go_on(account: &Account) -> bool {
    let open = account.role.privileges.has(Privilege::YeastarApi);
    open && !account.person.disabled && !account.customer_disabled && !account.one_time_codes
}

/// Which live sessions a new one pushes out when its person has too many (`docs/yeastar.md` G6): first those of the
/// same peer and login parameters, oldest first, and the newest session of a report target only when nothing else is left.
fn pushed_out_by(book: &Book, new: &Session, most: usize, now: Timestamp) -> Vec<SecretHash> {
    let tokens = book.of_person.get(&new.person).into_iter().flatten();
    let mut live: Vec<&Session> = tokens
        .filter_map(|token| book.sessions.get(token))
        .filter(|session| !session.expired_at(now))
        .collect();
    let excess = (live.len() + 1).saturating_sub(most);
    if excess == 0 {
        return Vec::new();
    }
    live.sort_by_key(|session| (session.created_at, session.token));
    let place = |session: &Session| session.report.place.clone();
    let newest_of_place: HashMap<_, _> = live.iter().map(|session| (place(session), session.token)).collect();
    let rank = |session: &&Session| {
        let alike = session.peer == new.peer && session.report == new.report;
        // The new session takes over its own place, so the older ones of that place protect nothing.
        let taken_over = session.report.place == new.report.place;
        let protects = !taken_over && newest_of_place[&session.report.place] == session.token;
        (protects, !alike)
    };
    live.sort_by_key(rank);
    live.into_iter().take(excess).map(|session| session.token).collect()
}

/// The newest live session of a person that wants reports at a place.
fn newest_at<'a>(book: &'a Book, person: PersonId, place: &str, now: Timestamp) -> Option<&'a Session> {
    let tokens = book.of_person.get(&person).into_iter().flatten();
    tokens
        .filter_map(|token| book.sessions.get(token))
        .filter(|session| session.report.place == place && !session.expired_at(now))
        .max_by_key(|session| (session.created_at, session.token))
}
