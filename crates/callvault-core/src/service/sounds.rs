//! Library sounds.

use std::sync::Arc;

use crate::audio::StoredAudio;
use crate::error::{Error, Result};
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::id::{CustomerId, SoundId};
use crate::listen::Action;
use crate::page::PageRequest;
use crate::plan::Room;
use crate::port::catalog::Catalog;
use crate::port::clock::Clock;
use crate::service::field::{own_number, title};
use crate::service::intake::{Bound, Incoming, Intake};
use crate::service::listening::Subject;
use crate::service::messages::playable_by_a_switch;
use crate::service::playback::{Playable, Playback};
use crate::service::{MessageCaps, Policy, Ports};
use crate::sound::{NewSound, Sound};

/// The bytes of a sound on their way in.
pub struct SoundToFill {
    sound: Sound,
    /// Takes the bytes.
    pub incoming: Incoming,
}

/// The use cases of sounds.
pub struct Sounds {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    gate: Arc<Gate>,
    intake: Arc<Intake>,
    playback: Arc<Playback>,
    caps: MessageCaps,
}

impl Sounds {
    pub(crate) fn new(
        ports: &Ports,
        gate: Arc<Gate>,
        intake: Arc<Intake>,
        playback: Arc<Playback>,
        policy: &Policy,
    ) -> Self {
        Self {
            catalog: ports.catalog.clone(),
            clock: ports.clock.clone(),
            gate,
            intake,
            playback,
            caps: policy.message_caps(),
        }
    }

    /// Adds one, without a file yet.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer), [`Error::Invalid`] (`name`, `id`), [`Error::Conflict`] (`id`).
    pub async fn add(
        &self,
        principal: &Principal,
        id: Option<SoundId>,
        customer: Option<CustomerId>,
        name: &str,
    ) -> Result<SoundId> {
        let customer = self.gate.customer(principal, Kind::Sound, Verb::Administer, customer).await?;
        own_number(principal, id.map(|id| id.0))?;
        let name = title("name", name)?;
        let created_at = self.clock.now();
        Ok(self.catalog.add_sound(NewSound { id, customer: customer.id(), name, created_at }).await?)
    }

    /// Begins to give one its bytes. Where their number is known already, too many are refused here.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`], [`Error::TooLarge`], [`Error::PlanForbids`], or when catalog or store
    /// fail.
    pub async fn begin(
        &self,
        principal: &Principal,
        id: SoundId,
        size_bytes: Option<u64>,
    ) -> Result<SoundToFill> {
        let sound = self.find(principal, Verb::Change, id).await?;
        let bound = Bound { cap_bytes: self.caps.at(principal.door), room: self.room(&sound).await? };
        bound.check(size_bytes.unwrap_or_default())?;
        Ok(SoundToFill { sound, incoming: self.intake.begin(bound).await? })
    }

    /// What the plan of the sound's customer leaves for its file.
    async fn room(&self, sound: &Sound) -> Result<Room> {
        let customer = self.catalog.customer(sound.customer).await?;
        let plan = customer.ok_or(Error::NotFound { what: "sound" })?.plan;
        if plan.total_message_bytes.is_none() {
            return Ok(plan.room(0));
        }
        let kept = self.catalog.message_bytes(&self.gate.vouched(sound.customer)).await?;
        let freed = sound.audio.as_ref().map_or(0, |replaced| replaced.size_bytes);
        Ok(plan.room(kept.saturating_sub(freed)))
    }

    /// Gives it its bytes. When this answers, they survive a power cut.
    ///
    /// # Errors
    /// [`Error::NotAudio`], also for what is no WAV, [`Error::NotFound`], [`Error::PlanForbids`] when others took the room
    /// meanwhile, [`Error::Unlogged`], or when catalog or store fail.
    pub async fn fill(&self, principal: &Principal, filling: SoundToFill) -> Result<()> {
        let SoundToFill { sound, incoming } = filling;
        let audio = incoming.finish().await?;
        if let Err(reason) = playable_by_a_switch(&audio.facts) {
            self.intake.discard(vec![audio.key]).await;
            return Err(reason.into());
        }
        let key = audio.key;
        let filled = self.fill_stored(principal, sound.id, audio).await;
        if matches!(filled, Err(Error::PlanForbids(_))) {
            self.intake.discard(vec![key]).await;
        }
        filled
    }

    async fn fill_stored(&self, principal: &Principal, id: SoundId, audio: StoredAudio) -> Result<()> {
        // Read again: another one may have filled it while these bytes came in.
        let sound = self.find(principal, Verb::Change, id).await?;
        // The catalog decides; here it is told before a deletion is noted that would not come to be.
        self.room(&sound).await?.check(audio.size_bytes)?;
        if let Some(replaced) = &sound.audio {
            self.playback.note(principal, Action::Delete, &subject(&sound), replaced).await?;
        }
        let discarded = self.catalog.fill_sound(sound.id, audio, self.clock.now()).await?;
        self.intake.discard(discarded).await;
        Ok(())
    }

    /// One sound, for a verb.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`].
    pub async fn find(&self, principal: &Principal, verb: Verb, id: SoundId) -> Result<Sound> {
        let within = self.gate.within(principal, Kind::Sound, verb)?;
        self.catalog.sound(&within, id).await?.ok_or(Error::NotFound { what: "sound" })
    }

    /// The sounds of a customer, by number.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer).
    pub async fn list(
        &self,
        principal: &Principal,
        customer: Option<CustomerId>,
        page: PageRequest<SoundId>,
    ) -> Result<Vec<Sound>> {
        let customer = self.gate.customer(principal, Kind::Sound, Verb::See, customer).await?;
        Ok(self.catalog.sounds(&customer, page).await?)
    }

    /// Opens one to be handed out.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (`sound`, or `file` when it has none), [`Error::Unreadable`].
    pub async fn open(&self, principal: &Principal, id: SoundId) -> Result<Playable> {
        let sound = self.find(principal, Verb::Download, id).await?;
        let subject = subject(&sound);
        let audio = sound.audio.ok_or(Error::NotFound { what: "file" })?;
        self.playback.open(principal, subject, audio, format!("{}.wav", sound.name), None).await
    }

    /// Removes one. Messages that were taken from it stay.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`], [`Error::Unlogged`].
    pub async fn remove(&self, principal: &Principal, id: SoundId) -> Result<()> {
        let sound = self.find(principal, Verb::Delete, id).await?;
        if let Some(audio) = &sound.audio {
            self.playback.note(principal, Action::Delete, &subject(&sound), audio).await?;
        }
        let discarded = self.catalog.remove_sound(sound.id, self.clock.now()).await?;
        self.intake.discard(discarded).await;
        Ok(())
    }
}

fn subject(sound: &Sound) -> Subject {
    Subject { customer: sound.customer, kind: "sound", name: sound.id.to_string() }
}
