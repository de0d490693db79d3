//! Links of the P-Series dialect: for half an hour, any number of times, for the person who asked for them.
//!
//! They live in this process; a restart forgets them and so fails closed, and clients ask for new ones. What a link leads
//! to is looked up at every use: it is good for what its person may fetch now, and dead when the recording is removed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::call_search::CallSearch;
use crate::error::{Error, Result};
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::id::{CustomerId, PersonId, RecordingId};
use crate::listen::Action;
use crate::port::audio_store::AudioStoreError;
use crate::port::catalog::Catalog;
use crate::port::clock::Clock;
use crate::port::random::Random;
use crate::recording::{Recording, RecordingName};
use crate::secret::{Secret, SecretHash, fresh_token};
use crate::service::Ports;
use crate::service::listening::{Listening, Subject};
use crate::service::playback::{Playable, Playback};
use crate::service::recordings::subject;
use crate::service::tickets::TicketRefused;
use crate::time::Timestamp;

/// How long a link is good (`docs/pseries.md` P20).
pub const LINK_LIFE: Duration = Duration::from_secs(1800);

/// How many links of one person are kept; more push out the oldest. A client that asks for the links of a longest page
/// before it follows the first of them has them all.
const LINKS_PER_PERSON: usize = 10_000;

/// A link at the one moment when its secret is told.
#[derive(Debug, Clone)]
pub struct MadeLink {
    /// The secret in it.
    pub random: Secret,
    /// When it was made.
    pub made_at: Timestamp,
}

/// What a link led to.
pub enum Followed {
    /// A recording.
    Recording(Box<Playable>),
    /// A file of call records.
    Calls {
        /// The calls that go into it; none of them where there is no search.
        search: Option<CallSearch>,
        /// When the link was made.
        made_at: Timestamp,
    },
}

#[derive(Clone)]
enum Target {
    Recording { name: RecordingName, id: RecordingId },
    Calls(Option<CallSearch>),
}

/// A link, with its end on the clock that never goes back and its place in the order of making.
struct Held {
    person: PersonId,
    customer: CustomerId,
    target: Target,
    made_at: Timestamp,
    ends: Duration,
    order: u64,
}

/// The links of this process. Each is in all three maps or in none. As all live equally long, the order of making is
/// that of ending.
#[derive(Default)]
struct Book {
    held: HashMap<SecretHash, Held>,
    by_order: BTreeMap<u64, SecretHash>,
    of_person: HashMap<PersonId, BTreeSet<u64>>,
    made: u64,
}

impl Book {
    fn add(&mut self, random: SecretHash, held: Held) {
        self.made += 1;
        let of_person = self.of_person.entry(held.person).or_default();
        of_person.insert(self.made);
        let oldest = if of_person.len() > LINKS_PER_PERSON { of_person.first().copied() } else { None };
        self.by_order.insert(self.made, random);
        self.held.insert(random, Held { order: self.made, ..held });
        if let Some(oldest) = oldest {
            self.remove(oldest);
        }
    }

    fn remove(&mut self, order: u64) {
        let Some(held) = self.by_order.remove(&order).and_then(|random| self.held.remove(&random)) else {
            return;
        };
        if let Some(of_person) = self.of_person.get_mut(&held.person) {
            of_person.remove(&held.order);
            if of_person.is_empty() {
                self.of_person.remove(&held.person);
            }
        }
    }

    fn forget_ended(&mut self, now: Duration) {
        while let Some((order, random)) = self.by_order.first_key_value() {
            if self.held.get(random).is_some_and(|held| now < held.ends) {
                return;
            }
            let order = *order;
            self.remove(order);
        }
    }
}

/// The use cases of links.
pub struct Links {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    gate: Arc<Gate>,
    playback: Arc<Playback>,
    listening: Arc<Listening>,
    book: Mutex<Book>,
}

impl Links {
    pub(crate) fn new(
        ports: &Ports,
        gate: Arc<Gate>,
        playback: Arc<Playback>,
        listening: Arc<Listening>,
    ) -> Self {
        Self {
            catalog: ports.catalog.clone(),
            clock: ports.clock.clone(),
            random: ports.random.clone(),
            gate,
            playback,
            listening,
            book: Mutex::default(),
        }
    }

    /// Makes a link to a recording that was found for this principal.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`], [`Error::Unreadable`] when its audio cannot be handed out now,
    /// [`Error::Unlogged`].
    pub async fn to_recording(&self, principal: &Principal, recording: &Recording) -> Result<MadeLink> {
        let customer = Some(recording.customer);
        self.gate.customer(principal, Kind::Recording, Verb::Download, customer).await?;
        self.playback.probe(&recording.audio).await?;
        let random = fresh_token(self.random.as_ref());
        let handle = Some(SecretHash::of(random.reveal()).handle());
        let (subject, audio) = (subject(recording), &recording.audio);
        self.listening.record(principal, Action::Link, &subject, Some(audio), None, handle).await?;
        let target = Target::Recording { name: recording.name.clone(), id: recording.id };
        self.keep(principal, recording.customer, random, target)
    }

    /// Makes a link to a file of a customer's call records.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`], [`Error::Unlogged`].
    pub async fn to_calls(
        &self,
        principal: &Principal,
        customer: CustomerId,
        search: Option<CallSearch>,
    ) -> Result<MadeLink> {
        self.gate.customer(principal, Kind::Call, Verb::See, Some(customer)).await?;
        let random = fresh_token(self.random.as_ref());
        let handle = SecretHash::of(random.reveal()).handle();
        let subject = calls_subject(customer, search.as_ref());
        self.listening.record(principal, Action::Link, &subject, None, None, Some(handle)).await?;
        self.keep(principal, customer, random, Target::Calls(search))
    }

    /// Follows a link of the principal's own. For call records the entry in the listen log is written unless
    /// `headers_only`; for a recording, [`Playable::release`] writes it.
    ///
    /// # Errors
    /// See [`TicketRefused`]; a link of someone else is invalid like one that never was.
    pub async fn follow(
        &self,
        principal: &Principal,
        random: &str,
        headers_only: bool,
    ) -> Result<Followed, TicketRefused> {
        let random = SecretHash::of(random);
        let (customer, target, made_at) = self.held(principal, &random).ok_or(TicketRefused::Invalid)?;
        let handle = random.handle();
        let (name, id) = match target {
            Target::Recording { name, id } => (name, id),
            Target::Calls(search) => {
                self.gate.customer(principal, Kind::Call, Verb::See, Some(customer)).await?;
                if !headers_only {
                    let subject = calls_subject(customer, search.as_ref());
                    self.listening
                        .record(principal, Action::Download, &subject, None, None, Some(handle))
                        .await?;
                }
                return Ok(Followed::Calls { search, made_at });
            }
        };
        let inside = self.gate.customer(principal, Kind::Recording, Verb::Download, Some(customer)).await?;
        let found = self.catalog.recording(&inside, &name).await.map_err(Error::from)?;
        // Another recording may have the name by now.
        let recording = found.filter(|recording| recording.id == id).ok_or(TicketRefused::Missing)?;
        let file_name = recording.name.to_string();
        let subject = subject(&recording);
        let opened = self.playback.open(principal, subject, recording.audio, file_name, Some(handle)).await;
        match opened {
            Ok(playable) => Ok(Followed::Recording(Box::new(playable))),
            Err(Error::Unreadable(AudioStoreError::Missing { .. })) => Err(TicketRefused::Missing),
            Err(other) => Err(TicketRefused::Failed(other)),
        }
    }

    fn keep(
        &self,
        principal: &Principal,
        customer: CustomerId,
        random: Secret,
        target: Target,
    ) -> Result<MadeLink> {
        // Who is nobody could not be told from anybody who follows the link.
        let person = principal.person.ok_or(Error::RoleForbids)?;
        let (made_at, uptime) = (self.clock.now(), self.clock.uptime());
        let held = Held { person, customer, target, made_at, ends: uptime + LINK_LIFE, order: 0 };
        let mut book = self.locked();
        book.forget_ended(uptime);
        book.add(SecretHash::of(random.reveal()), held);
        Ok(MadeLink { random, made_at })
    }

    fn held(&self, principal: &Principal, random: &SecretHash) -> Option<(CustomerId, Target, Timestamp)> {
        let now = self.clock.uptime();
        let book = self.locked();
        let held = book.held.get(random)?;
        let good = now < held.ends && principal.person == Some(held.person);
        good.then(|| (held.customer, held.target.clone(), held.made_at))
    }

    fn locked(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file of call records as the listen log names it.
fn calls_subject(customer: CustomerId, search: Option<&CallSearch>) -> Subject {
    let name = search.map_or_else(|| "none".to_owned(), ToString::to_string);
    Subject { customer, kind: "calls", name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(person: i64, ends: u64) -> Held {
        Held {
            person: PersonId(person),
            customer: CustomerId(1),
            target: Target::Calls(None),
            made_at: Timestamp::from_unix_ms(0),
            ends: Duration::from_secs(ends),
            order: 0,
        }
    }

    #[test]
    fn what_is_over_leaves_nothing() {
        let mut book = Book::default();
        for number in 0..3 {
            book.add(SecretHash::of(&number.to_string()), held(number % 2, 30));
        }
        book.add(SecretHash::of("later"), held(0, 40));
        book.forget_ended(Duration::from_secs(29));
        assert_eq!(book.held.len(), 4);
        book.forget_ended(Duration::from_secs(30));
        assert_eq!((book.held.len(), book.of_person.len()), (1, 1));
        book.forget_ended(Duration::from_secs(40));
        assert!(book.held.is_empty() && book.by_order.is_empty() && book.of_person.is_empty());
    }

    #[test]
    fn the_oldest_of_a_person_make_room() {
        let mut book = Book::default();
        book.add(SecretHash::of("other"), held(2, 30));
        for number in 0..=LINKS_PER_PERSON {
            book.add(SecretHash::of(&number.to_string()), held(1, 30));
        }
        assert_eq!(book.held.len(), LINKS_PER_PERSON + 1);
        assert!(!book.held.contains_key(&SecretHash::of("0")));
        assert!(
            book.held.contains_key(&SecretHash::of("1")) && book.held.contains_key(&SecretHash::of("other"))
        );
    }
}
