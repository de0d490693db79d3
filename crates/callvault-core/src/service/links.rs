//! Links of the P-Series dialect: for half an hour, any number of times, for the person who asked for them.
//!
//! They live in this process (`service/book.rs`); after a restart clients ask for new ones. What a link leads
//! to is looked up at every use: it is good for what its person may fetch now, and dead when the recording is removed.

use std::sync::Arc;
use std::time::Duration;

use crate::call::CallRecord;
use crate::call_search::CallSearch;
use crate::error::{Error, Result};
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::id::{CustomerId, PersonId, RecordingId};
use crate::port::audio_store::AudioStoreError;
use crate::port::catalog::Catalog;
use crate::port::clock::Clock;
use crate::port::random::Random;
use crate::recording::{Recording, RecordingName};
use crate::secret::{Secret, SecretHash, fresh_token};
use crate::service::Ports;
use crate::service::book::Book;
use crate::service::call_files::{self, CallFile};
use crate::service::call_pages::CallPages;
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
        /// The calls.
        file: Box<CallFile>,
        /// When the link was made.
        made_at: Timestamp,
    },
}

#[derive(Clone)]
enum Target {
    Recording { name: RecordingName, id: RecordingId },
    Calls(Option<CallSearch>),
}

/// A link, which is its person's.
#[derive(Clone)]
struct Held {
    person: PersonId,
    customer: CustomerId,
    target: Target,
    made_at: Timestamp,
}

/// The use cases of links.
pub struct Links {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    gate: Arc<Gate>,
    playback: Arc<Playback>,
    listening: Arc<Listening>,
    book: Book<PersonId, Held>,
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
            book: Book::new(LINKS_PER_PERSON),
        }
    }

    /// Makes a link to a recording that was found for this principal.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`], [`Error::Unreadable`] when its audio cannot be handed out now,
    /// [`Error::Unlogged`].
    pub async fn to_recording(&self, principal: &Principal, recording: &Recording) -> Result<MadeLink> {
        let customer = Some(recording.customer);
        let inside = self.gate.customer(principal, Kind::Recording, Verb::Download, customer).await?;
        let find = || async {
            let found = self.catalog.recording(&inside, &recording.name).await?;
            let found = found.filter(|found| found.id == recording.id);
            found.ok_or(Error::NotFound { what: "recording" })
        };
        self.playback.open_current(find, |found| &found.audio).await?;
        let random = fresh_token(self.random.as_ref());
        let handle = SecretHash::of(random.reveal()).handle();
        let (subject, audio) = (subject(recording), &recording.audio);
        self.listening.note_link(principal, &subject, Some(audio), handle).await?;
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
        self.listening.note_link(principal, &subject, None, handle).await?;
        self.keep(principal, customer, random, Target::Calls(search))
    }

    /// Follows a link of the principal's own. The entry in the listen log is written by [`Playable::release`] or
    /// [`CallFile::release`].
    ///
    /// # Errors
    /// See [`TicketRefused`]; a link of someone else is invalid like one that never was.
    pub async fn follow(&self, principal: &Principal, random: &str) -> Result<Followed, TicketRefused> {
        let random = SecretHash::of(random);
        let held = self.book.find(&random, self.clock.uptime());
        let held = held.filter(|held| principal.person == Some(held.person)).ok_or(TicketRefused::Invalid)?;
        let (customer, handle) = (held.customer, random.handle());
        let (name, id) = match held.target {
            Target::Recording { name, id } => (name, id),
            Target::Calls(search) => {
                let inside =
                    self.gate.customer(principal, Kind::Call, Verb::Download, Some(customer)).await?;
                let subject = calls_subject(customer, search.as_ref());
                let catalog = self.catalog.clone();
                let pages = match search {
                    None => CallPages::none(catalog, inside),
                    Some(search) => {
                        let filter = search.filter();
                        let takes = move |call: &CallRecord| search.takes(call);
                        CallPages::open(catalog, inside, filter, takes).await?
                    }
                };
                let file = CallFile::new(pages, subject, principal, handle, &self.listening);
                return Ok(Followed::Calls { file: Box::new(file), made_at: held.made_at });
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
        let held = Held { person, customer, target, made_at };
        self.book.add(person, SecretHash::of(random.reveal()), held, uptime, LINK_LIFE);
        Ok(MadeLink { random, made_at })
    }
}

/// A file of call records as the listen log names it.
fn calls_subject(customer: CustomerId, search: Option<&CallSearch>) -> Subject {
    call_files::subject(customer, search.map_or_else(|| "none".to_owned(), ToString::to_string))
}
