//! Recordings: taken in, found, handed out, verified, removed.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest as _, Sha256 as Hasher};

use crate::audio::Sha256;
use crate::error::{Error, Result};
use crate::gate::{Gate, InCustomer, Kind, Principal, Verb};
use crate::id::{CustomerId, RecordGroupId, RecordingId};
use crate::kept::{Place, PlaceChange};
use crate::page::PageRequest;
use crate::port::audio_store::{AudioStore, ReadFrom};
use crate::port::catalog::{Added, Catalog};
use crate::port::clock::Clock;
use crate::port::random::Random;
use crate::port::wake::Wake;
use crate::recording::{Recording, RecordingName};
use crate::service::deletions::{Deletions, limiting};
use crate::service::intake::{Incoming, Intake};
use crate::service::listening::Subject;
use crate::service::playback::{Playable, Playback};
use crate::service::record_groups::RecordGroups;
use crate::service::{Policy, Ports};

/// How much is read at once when a recording is verified.
const VERIFY_BYTES: usize = 1 << 20;

/// A recording on its way in.
pub struct NewRecording {
    customer: InCustomer,
    name: RecordingName,
    record_group: Option<RecordGroupId>,
    /// Takes the bytes.
    pub incoming: Incoming,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The recording as it is stored.
    pub recording: Recording,
    /// Where it is kept.
    pub places: Vec<Place>,
    /// False when the same bytes were there already.
    pub new: bool,
}

/// What a look at the medium found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The bytes have the hash that the catalog has.
    Intact,
    /// They have another.
    Damaged {
        /// The hash on the medium.
        found: Sha256,
    },
    /// They cannot be read; the text says why, for an operator.
    Unreadable(String),
}

/// The use cases of recordings.
pub struct Recordings {
    catalog: Arc<dyn Catalog>,
    audio: Arc<dyn AudioStore>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    gate: Arc<Gate>,
    intake: Arc<Intake>,
    playback: Arc<Playback>,
    reporting: Arc<dyn Wake>,
    record_groups: Arc<RecordGroups>,
    largest_bytes: u64,
}

impl Recordings {
    pub(crate) fn new(
        ports: &Ports,
        gate: Arc<Gate>,
        intake: Arc<Intake>,
        playback: Arc<Playback>,
        record_groups: Arc<RecordGroups>,
        policy: &Policy,
    ) -> Self {
        Self {
            catalog: ports.catalog.clone(),
            audio: ports.audio.clone(),
            clock: ports.clock.clone(),
            random: ports.random.clone(),
            gate,
            intake,
            playback,
            reporting: ports.reporting.clone(),
            record_groups,
            largest_bytes: policy.largest_recording_bytes,
        }
    }

    /// Begins to take one in, into a record group of its customer that the principal sees, or into none.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer, record group), [`Error::Conflict`] (`record_group`: it keeps
    /// nothing), or when catalog or store fail.
    pub async fn begin(
        &self,
        principal: &Principal,
        customer: Option<CustomerId>,
        name: RecordingName,
        record_group: Option<RecordGroupId>,
    ) -> Result<NewRecording> {
        let customer = self.gate.customer(principal, Kind::Recording, Verb::Administer, customer).await?;
        if let Some(id) = record_group {
            // The commit decides; what is sure to be refused is not received.
            self.record_groups.open_to(principal, customer, id).await?;
        }
        let incoming = self.intake.begin(self.largest_bytes).await?;
        Ok(NewRecording { customer, name, record_group, incoming })
    }

    /// Keeps it. When this answers, the recording survives a power cut.
    ///
    /// # Errors
    /// [`Error::NotAudio`], [`Error::Conflict`] (`name`: other bytes are stored under it; `record_group`: it keeps nothing),
    /// [`Error::NotFound`] (record group), or when catalog or store fail.
    pub async fn keep(&self, new: NewRecording) -> Result<Kept> {
        let NewRecording { customer, name, record_group, incoming } = new;
        let audio = incoming.finish().await?;
        let now = self.clock.now();
        let id = RecordingId::new(now, self.random.as_ref());
        let key = audio.key;
        let recording = Recording { id, customer: customer.id(), name, stored_at: now, audio };
        let added = match record_group {
            None => self.catalog.add_recording(recording.clone()).await,
            Some(group) => self.catalog.add_recording_into(recording.clone(), group).await,
        };
        match added? {
            Added::New => {
                self.reporting.wake();
                let places = match record_group {
                    // What was committed a moment ago need not be read; the end in a group is that group's to say.
                    None => vec![Place { record_group: None, expires_at: None }],
                    Some(_) => self.places_of(&recording).await?,
                };
                Ok(Kept { recording, places, new: true })
            }
            Added::Already(stored) => {
                self.intake.discard(vec![key]).await;
                let places = self.places_of(&stored).await?;
                Ok(Kept { recording: *stored, places, new: false })
            }
            Added::Differs(_) => {
                self.intake.discard(vec![key]).await;
                let reason = "another recording is stored under this name".to_owned();
                Err(Error::Conflict { field: "name", reason })
            }
        }
    }

    /// One recording. Without a customer, whichever one within reach has it.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`], [`Error::Conflict`] (`customer`: several have one of this name).
    pub async fn find(
        &self,
        principal: &Principal,
        verb: Verb,
        customer: Option<CustomerId>,
        name: &RecordingName,
    ) -> Result<Recording> {
        let (_, recording) = self.find_in(principal, verb, customer, name).await?;
        Ok(recording)
    }

    async fn find_in(
        &self,
        principal: &Principal,
        verb: Verb,
        customer: Option<CustomerId>,
        name: &RecordingName,
    ) -> Result<(InCustomer, Recording)> {
        let missing = || Error::NotFound { what: "recording" };
        let let_in = async |customer| {
            let let_in = self.gate.customer(principal, Kind::Recording, verb, Some(customer)).await;
            let_in.map_err(|error| if matches!(error, Error::NotFound { .. }) { missing() } else { error })
        };
        if let Some(customer) = customer {
            let customer = let_in(customer).await?;
            let recording = self.catalog.recording(&customer, name).await?.ok_or_else(missing)?;
            return Ok((customer, recording));
        }
        let within = self.gate.within(principal, Kind::Recording, verb)?;
        let mut found = self.catalog.recordings_named(&within, name).await?;
        let only = found.pop().ok_or_else(missing)?;
        if !found.is_empty() {
            let ids: Vec<_> = found.iter().chain([&only]).map(|one| one.customer.to_string()).collect();
            let reason = format!("several customers have this recording, name one of {}", ids.join(", "));
            return Err(Error::Conflict { field: "customer", reason });
        }
        Ok((let_in(only.customer).await?, only))
    }

    /// The places of recordings that were found, in the order of these.
    ///
    /// # Errors
    /// When the catalog fails.
    pub async fn places(&self, recordings: &[Recording]) -> Result<Vec<Vec<Place>>> {
        let found = self.catalog.places(recordings.iter().map(|one| one.id).collect()).await?;
        let mut places: BTreeMap<RecordingId, Vec<Place>> = BTreeMap::new();
        for (id, place) in found {
            places.entry(id).or_default().push(place);
        }
        Ok(recordings.iter().map(|one| places.remove(&one.id).unwrap_or_default()).collect())
    }

    async fn places_of(&self, recording: &Recording) -> Result<Vec<Place>> {
        let places = self.places(std::slice::from_ref(recording)).await?;
        Ok(places.into_iter().flatten().collect())
    }

    /// Changes where one is kept, and for how long.
    ///
    /// # Errors
    /// As [`Recordings::find`]; [`Error::NotFound`] (record group), [`Error::Conflict`] (`record_group`: it keeps nothing),
    /// [`Error::Invalid`] (`expires_at`: it has passed), [`Error::Unlogged`].
    pub async fn change(
        &self,
        principal: &Principal,
        customer: Option<CustomerId>,
        name: &RecordingName,
        change: PlaceChange,
    ) -> Result<Recording> {
        let (customer, recording) = self.find_in(principal, Verb::Change, customer, name).await?;
        if let Some(Some(id)) = change.record_group {
            self.record_groups.in_customer(principal, customer, id).await?;
        }
        let now = self.clock.now();
        if change.expires_at.flatten().is_some_and(|end| end <= now) {
            // The next round would delete it, in nobody's name.
            return Err(Error::invalid(
                "expires_at",
                "must be in the future; what is over is removed instead",
            ));
        }
        let work = |noted| self.catalog.change_places(recording.id, change, now, noted);
        limiting(&self.playback, principal, &recording, work).await?;
        Ok(recording)
    }

    /// Puts one into a record group, besides those that it is in; nothing where it is in it already.
    ///
    /// # Errors
    /// As [`Recordings::change`].
    pub async fn put_into(
        &self,
        principal: &Principal,
        customer: Option<CustomerId>,
        name: &RecordingName,
        group: RecordGroupId,
    ) -> Result<()> {
        let (customer, recording) = self.find_in(principal, Verb::Change, customer, name).await?;
        self.record_groups.in_customer(principal, customer, group).await?;
        Ok(self.catalog.put_into_group(recording.id, group, self.clock.now()).await?)
    }

    /// Takes one out of a record group. The recording itself is never lost by this: from its last group it goes to none,
    /// without an end.
    ///
    /// # Errors
    /// As [`Recordings::find`]; [`Error::NotFound`] (record group: also one that it is not in), [`Error::Unlogged`].
    pub async fn take_from(
        &self,
        principal: &Principal,
        customer: Option<CustomerId>,
        name: &RecordingName,
        group: RecordGroupId,
    ) -> Result<()> {
        let (_, recording) = self.find_in(principal, Verb::Change, customer, name).await?;
        let work = |noted| self.catalog.take_from_group(recording.id, group, noted);
        match limiting(&self.playback, principal, &recording, work).await? {
            true => Ok(()),
            false => Err(Error::NotFound { what: "record group" }),
        }
    }

    /// The recordings of a customer, by name.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer).
    pub async fn list(
        &self,
        principal: &Principal,
        customer: Option<CustomerId>,
        page: PageRequest<RecordingName>,
    ) -> Result<Vec<Recording>> {
        let customer = self.gate.customer(principal, Kind::Recording, Verb::See, customer).await?;
        Ok(self.catalog.recordings(&customer, page).await?)
    }

    /// Opens one to be handed out.
    ///
    /// # Errors
    /// As [`Recordings::find`], and [`Error::Unreadable`].
    pub async fn open(
        &self,
        principal: &Principal,
        customer: Option<CustomerId>,
        name: &RecordingName,
    ) -> Result<Playable> {
        let find = || self.find(principal, Verb::Download, customer, name);
        let (recording, reader) = self.playback.open_current(find, |recording| &recording.audio).await?;
        let subject = subject(&recording);
        let file_name = recording.name.as_str().to_owned();
        Ok(self.playback.playable(principal, subject, recording.audio, file_name, None, reader))
    }

    /// Reads one back from the medium and compares its hash.
    ///
    /// # Errors
    /// As [`Recordings::find`].
    pub async fn verify(
        &self,
        principal: &Principal,
        customer: Option<CustomerId>,
        name: &RecordingName,
    ) -> Result<(Recording, Verdict)> {
        let recording = self.find(principal, Verb::See, customer, name).await?;
        let read = async {
            let reader = self.audio.open(recording.audio.key, ReadFrom::Medium).await?;
            let mut hasher = Hasher::new();
            let mut offset = 0;
            loop {
                let piece = reader.read_at(offset, VERIFY_BYTES).await?;
                if piece.is_empty() {
                    break;
                }
                offset += piece.len() as u64;
                hasher.update(&piece);
            }
            Ok::<_, crate::port::audio_store::AudioStoreError>(Sha256(hasher.finalize().into()))
        };
        let verdict = match read.await {
            Ok(found) if found == recording.audio.sha256 => Verdict::Intact,
            Ok(found) => Verdict::Damaged { found },
            Err(error) => Verdict::Unreadable(error.to_string()),
        };
        Ok((recording, verdict))
    }

    /// Removes one, with its bytes.
    ///
    /// # Errors
    /// As [`Recordings::find`]; [`Error::Unlogged`], [`Error::Busy`] when others put another one there all the time.
    pub async fn remove(
        &self,
        principal: &Principal,
        customer: Option<CustomerId>,
        name: &RecordingName,
    ) -> Result<()> {
        let mut deletions = Deletions::new(&self.playback, principal);
        let discarded = loop {
            let (customer, recording) = self.find_in(principal, Verb::Delete, customer, name).await?;
            deletions.note(recording.id, &subject(&recording), &recording.audio).await?;
            let (noted, at) = (deletions.noted(), self.clock.now());
            let removed = self.catalog.remove_recording(&customer, name, noted, at).await;
            if let Some(removed) = deletions.or_again(removed)? {
                break removed;
            }
        };
        self.intake.discard(discarded).await;
        Ok(())
    }
}

/// A recording as the listen log names it.
pub(crate) fn subject(recording: &Recording) -> Subject {
    Subject { customer: recording.customer, kind: "recording", name: recording.name.as_str().to_owned() }
}
