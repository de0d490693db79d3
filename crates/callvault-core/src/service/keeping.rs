//! Recordings where they are kept: found, copied and removed by their place, and let go when that comes to its end.
//!
//! Promises: nothing goes without its entry in the listen log, and nobody has a recording go sooner without one of their own;
//! an end that was put off before the commit counts; what is kept elsewhere stays there.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::customer::RecordingsEncoding;
use crate::error::{Error, Result};
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::id::{CustomerId, RecordGroupId, RecordingId};
use crate::kept::{KeptCursor, KeptFilter, KeptOrder, KeptRecording, Place};
use crate::listen::Action;
use crate::page::PageRequest;
use crate::port::catalog::{Catalog, PlaceToTake, RecordGroupWork, Taken, Trial};
use crate::port::clock::Clock;
use crate::recording::Recording;
use crate::service::Ports;
use crate::service::deletions::limiting;
use crate::service::intake::Intake;
use crate::service::playback::{Playable, Playback};
use crate::service::record_groups::RecordGroups;
use crate::service::recordings::subject;
use crate::time::Timestamp;

/// How many ended places one round takes.
const ROUND: u32 = 100;

const MISSING: Error = Error::NotFound { what: "recording" };

/// A recording at one of its places, as a client names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedPlace {
    /// The record group, or the place of a recording in none.
    pub record_group: Option<RecordGroupId>,
    /// The recording.
    pub recording: RecordingId,
    /// The id of its call leg: see [`leg_id`].
    pub leg_id: String,
}

/// The id of the leg that a recording is of: that of its call, or the one in its name; without either its own.
pub fn leg_id(kept: &KeptRecording) -> String {
    let recording = &kept.found.recording;
    let of_call = kept.found.call.as_ref().map(|call| call.call_id.as_str());
    let known = of_call.or_else(|| recording.name.call_id());
    known.map_or_else(|| recording.id.to_string(), str::to_owned)
}

/// Whose kept recordings a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptOf {
    /// Those of a customer; without one, the principal's own.
    Customer(Option<CustomerId>),
    /// Those of a record group.
    RecordGroup(RecordGroupId),
}

/// What was let go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetGo {
    /// The customer.
    pub customer: CustomerId,
    /// The recording.
    pub recording: RecordingId,
    /// The record group that it was in.
    pub record_group: Option<RecordGroupId>,
    /// Whether it was its last place, so that the recording is gone.
    pub whole: bool,
}

/// The use cases of keeping.
pub struct Keeping {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    gate: Arc<Gate>,
    intake: Arc<Intake>,
    playback: Arc<Playback>,
    record_groups: Arc<RecordGroups>,
}

impl Keeping {
    pub(crate) fn new(
        ports: &Ports,
        gate: Arc<Gate>,
        intake: Arc<Intake>,
        playback: Arc<Playback>,
        record_groups: Arc<RecordGroups>,
    ) -> Self {
        let (catalog, clock) = (ports.catalog.clone(), ports.clock.clone());
        Self { catalog, clock, gate, intake, playback, record_groups }
    }

    /// A recording at one of its places. The owner of the record group decides besides the role; a recording in none has no
    /// owner, and is for those who reach a whole customer.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (recording).
    pub async fn find(
        &self,
        principal: &Principal,
        verb: Verb,
        wanted: &WantedPlace,
    ) -> Result<KeptRecording> {
        let kind = Kind::GroupedRecording;
        let owner = match wanted.record_group {
            Some(group) => match self.record_groups.find_for(principal, kind, verb, group).await {
                Err(Error::NotFound { .. }) => return Err(MISSING),
                found => found?.owner,
            },
            None if self.gate.views_all(principal) => None,
            None => return self.gate.privilege(principal, kind, verb).and(Err(MISSING)),
        };
        match self.gate.owned(principal, kind, verb, owner) {
            Err(Error::NotFound { .. }) => return Err(MISSING),
            other => other?,
        }
        let within = self.gate.within(principal, kind, verb)?;
        let kept = self.catalog.kept_recording(&within, wanted.recording, wanted.record_group).await?;
        let kept = kept.ok_or(MISSING)?;
        // A call that is told of later changes the id of the leg, so that the recording's own does as well.
        let is_meant = wanted.leg_id == leg_id(&kept) || wanted.leg_id == kept.found.recording.id.to_string();
        if is_meant { Ok(kept) } else { Err(MISSING) }
    }

    /// Opens one to be handed out, with how its customer wants recordings written.
    ///
    /// # Errors
    /// As [`Keeping::find`], and [`Error::Unreadable`].
    pub async fn open(
        &self,
        principal: &Principal,
        wanted: &WantedPlace,
    ) -> Result<(KeptRecording, Playable, RecordingsEncoding)> {
        let find = || self.find(principal, Verb::Download, wanted);
        let (kept, reader) = self.playback.open_current(find, |kept| &kept.found.recording.audio).await?;
        let recording = &kept.found.recording;
        let (subject, audio) = (subject(recording), recording.audio.clone());
        let name = recording.name.to_string();
        let playable = self.playback.playable(principal, subject, audio, name, None, reader);
        let customer = self.catalog.customer(kept.found.recording.customer).await?;
        let encoding = customer.map_or(RecordingsEncoding::Raw, |customer| customer.recordings_encoding);
        Ok((kept, playable, encoding))
    }

    /// Kept recordings, each at every place where the principal sees it.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer, record group).
    pub async fn list(
        &self,
        principal: &Principal,
        of: KeptOf,
        mut filter: KeptFilter,
        order: KeptOrder,
        page: PageRequest<KeptCursor>,
    ) -> Result<Vec<KeptRecording>> {
        let kind = Kind::GroupedRecording;
        let (customer, group) = match of {
            KeptOf::Customer(customer) => {
                (self.gate.customer(principal, kind, Verb::See, customer).await?, None)
            }
            KeptOf::RecordGroup(id) => {
                let group = self.record_groups.find_for(principal, kind, Verb::See, id).await?;
                (self.gate.vouched(group.customer), Some(id))
            }
        };
        if group.is_none() && !self.gate.views_all(principal) {
            // Nobody but a person has a role that reaches so little.
            filter.in_groups_of = Some(principal.person.ok_or(Error::RoleForbids)?);
        }
        let longest = [&filter.caller, &filter.called].into_iter().flatten().map(String::len).max();
        if longest.is_some_and(|bytes| bytes > crate::call::NewCall::LONGEST_TEXT) {
            // No call has such a number, and engines bound the length of what they compare.
            return Ok(Vec::new());
        }
        Ok(self.catalog.kept_recordings(&customer, group, &filter, order, page).await?)
    }

    /// Puts one into another record group of its customer besides, where it is kept as long as that says; nothing where it is
    /// in it already. Both groups must be the principal's to change.
    ///
    /// # Errors
    /// As [`Keeping::find`]; [`Error::NotFound`] (record group), [`Error::Conflict`] (`record_group`: it keeps nothing).
    pub async fn copy(
        &self,
        principal: &Principal,
        wanted: &WantedPlace,
        destination: RecordGroupId,
    ) -> Result<()> {
        let kept = self.find(principal, Verb::Change, wanted).await?;
        let recording = &kept.found.recording;
        let kind = Kind::GroupedRecording;
        let group = self.record_groups.find_for(principal, kind, Verb::Change, destination).await?;
        if group.customer != recording.customer {
            return Err(Error::NotFound { what: "record group" });
        }
        Ok(self.catalog.put_into_group(recording.id, destination, self.clock.now()).await?)
    }

    /// Sets the end of a place; `None` is never, and with one that has passed the place is removed at once.
    ///
    /// # Errors
    /// As [`Keeping::find`]; [`Error::Unlogged`].
    pub async fn set_end(
        &self,
        principal: &Principal,
        wanted: &WantedPlace,
        expires_at: Option<Timestamp>,
    ) -> Result<()> {
        if self.has_passed(expires_at) {
            return self.remove(principal, wanted).await;
        }
        let (kept, place) = self.ending(principal, wanted, expires_at).await?;
        let recording = &kept.found.recording;
        let work = |noted| self.catalog.set_end(recording.id, place, noted);
        limiting(&self.playback, principal, recording, work).await
    }

    /// Fails where the principal may not set the end of a place.
    ///
    /// # Errors
    /// Those of [`Keeping::set_end`].
    pub async fn changeable(&self, principal: &Principal, wanted: &WantedPlace) -> Result<()> {
        self.find(principal, Verb::Change, wanted).await.map(drop)
    }

    /// Fails as [`Keeping::set_end`] would, and changes nothing.
    ///
    /// # Errors
    /// Those of [`Keeping::set_end`].
    pub async fn try_set_end(
        &self,
        principal: &Principal,
        wanted: &WantedPlace,
        expires_at: Option<Timestamp>,
    ) -> Result<()> {
        if self.has_passed(expires_at) {
            return self.find(principal, Verb::Delete, wanted).await.map(drop);
        }
        let (kept, place) = self.ending(principal, wanted, expires_at).await?;
        let work = RecordGroupWork::SetEnd(kept.found.recording.id, place);
        Ok(self.catalog.try_out(Trial::RecordGroup(work)).await?)
    }

    async fn ending(
        &self,
        principal: &Principal,
        wanted: &WantedPlace,
        expires_at: Option<Timestamp>,
    ) -> Result<(KeptRecording, Place)> {
        let kept = self.find(principal, Verb::Change, wanted).await?;
        let place = Place { expires_at, ..kept.place };
        Ok((kept, place))
    }

    fn has_passed(&self, end: Option<Timestamp>) -> bool {
        end.is_some_and(|end| end <= self.clock.now())
    }

    /// Takes a place from a recording; with its last one the recording goes.
    ///
    /// # Errors
    /// As [`Keeping::find`]; [`Error::Unlogged`].
    pub async fn remove(&self, principal: &Principal, wanted: &WantedPlace) -> Result<()> {
        let kept = self.find(principal, Verb::Delete, wanted).await?;
        let place = PlaceToTake {
            recording: kept.found.recording.id,
            record_group: kept.place.record_group,
            ended_by: None,
            with_recording: false,
            noted: false,
        };
        match self.take(principal, &kept.found.recording, place).await? {
            Taken::Nothing => Err(MISSING),
            _ => Ok(()),
        }
    }

    /// Takes a place. What turns out to be the last one is noted as deleted, before the recording goes with it; of one of
    /// several it is noted that what is left may end soon, unless it has ended itself.
    async fn take(&self, principal: &Principal, recording: &Recording, place: PlaceToTake) -> Result<Taken> {
        let now = self.clock.now();
        let work = |noted| self.catalog.take_place(PlaceToTake { noted, ..place }, now);
        let taken = limiting(&self.playback, principal, recording, work).await?;
        if taken != Taken::NotTheLast {
            return Ok(taken);
        }
        self.playback.note(principal, Action::Delete, &subject(recording), &recording.audio).await?;
        let whole = PlaceToTake { with_recording: true, noted: true, ..place };
        let taken = self.catalog.take_place(whole, self.clock.now()).await?;
        if let Taken::Recording(discarded) = &taken {
            self.intake.discard(discarded.clone()).await;
        }
        Ok(taken)
    }

    /// Lets go of what has come to its end, a bounded part at a time; whether there may be more. `told` hears of each one as
    /// soon as it went, whatever comes of the others, and may end the round there. The entries of the listen log say that the
    /// local system owner did it, at the local door.
    ///
    /// # Errors
    /// [`Error::Unlogged`], or when the catalog fails; what is left is let go in another round.
    pub async fn let_go(&self, mut told: impl FnMut(LetGo) -> ControlFlow<()>) -> Result<bool> {
        let by = self.clock.now();
        let ended = self.catalog.ended(by, ROUND).await?;
        let is_full = ended.len() >= ROUND as usize;
        let mut went = false;
        let principal = Principal::local_owner();
        for (recording, Place { record_group, .. }) in ended {
            let place = PlaceToTake {
                recording: recording.id,
                record_group,
                ended_by: Some(by),
                with_recording: false,
                noted: false,
            };
            let taken = self.take(&principal, &recording, place).await?;
            let whole = matches!(taken, Taken::Recording(_));
            if whole || taken == Taken::Place {
                went = true;
                let (customer, recording) = (recording.customer, recording.id);
                if told(LetGo { customer, recording, record_group, whole }).is_break() {
                    return Ok(false);
                }
            }
        }
        // A full part of which nothing went would be the same again.
        Ok(is_full && went)
    }

    /// What the clock of all ends shows.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
