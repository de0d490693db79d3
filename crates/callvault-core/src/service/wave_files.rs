//! Messages, prompts and sounds: WAV files that a switch plays. All of them are taken in here, within the cap of the door
//! and the plan of the customer.

use std::sync::Arc;

use crate::audio::{AudioFacts, Container, StoredAudio};
use crate::customer::Customer;
use crate::error::{Error, Result};
use crate::gate::{Gate, Principal};
use crate::id::{CustomerId, SoundId};
use crate::listen::Door;
use crate::plan::Room;
use crate::port::catalog::Catalog;
use crate::port::probe::Unrecognised;
use crate::service::intake::{Bound, Incoming, Intake};
use crate::service::{Policy, Ports};
use crate::sound::Sound;

/// Takes such files in.
pub(in crate::service) struct WaveFiles {
    catalog: Arc<dyn Catalog>,
    gate: Arc<Gate>,
    intake: Arc<Intake>,
    network_cap_bytes: u64,
    local_cap_bytes: u64,
}

impl WaveFiles {
    pub(in crate::service) fn new(
        ports: &Ports,
        gate: Arc<Gate>,
        intake: Arc<Intake>,
        policy: &Policy,
    ) -> Self {
        Self {
            catalog: ports.catalog.clone(),
            gate,
            intake,
            network_cap_bytes: policy.largest_message_bytes,
            local_cap_bytes: policy.largest_recording_bytes,
        }
    }

    /// What the plan of a customer leaves for a file in the place of others, which have `freed_bytes`.
    pub(in crate::service) async fn room(&self, customer: &Customer, freed_bytes: u64) -> Result<Room> {
        if customer.plan.total_message_bytes.is_none() {
            return Ok(customer.plan.room(0));
        }
        let kept = self.catalog.message_bytes(&self.gate.vouched(customer.id)).await?;
        Ok(customer.plan.room(kept.saturating_sub(freed_bytes)))
    }

    /// Begins to take one in. Where its size is known already, one that is too large is refused here.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::PlanForbids`], or when catalog or store fail.
    pub(in crate::service) async fn begin(
        &self,
        door: Door,
        room: Room,
        size_bytes: Option<u64>,
    ) -> Result<Incoming> {
        let bound = Bound { cap_bytes: self.cap_bytes(door), room };
        bound.check(size_bytes.unwrap_or_default())?;
        self.intake.begin(bound).await
    }

    /// The cap on messages holds over the network; on the command line it is that of recordings (`docs/enswitch.md` 23).
    fn cap_bytes(&self, door: Door) -> u64 {
        if door == Door::Local { self.local_cap_bytes } else { self.network_cap_bytes }
    }

    /// Ends taking one in, and puts it in its place. Of what is refused nothing is left.
    ///
    /// # Errors
    /// [`Error::NotAudio`], also for what is no WAV, those of `put`, or when the store fails.
    pub(in crate::service) async fn put<T, F>(
        &self,
        incoming: Incoming,
        put: impl FnOnce(StoredAudio) -> F,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let audio = incoming.finish().await?;
        let key = audio.key;
        if let Err(reason) = playable_by_a_switch(&audio.facts) {
            self.intake.discard(vec![key]).await;
            return Err(reason.into());
        }
        let put = put(audio).await;
        if matches!(put, Err(Error::PlanForbids(_) | Error::Busy)) {
            self.intake.discard(vec![key]).await;
        }
        put
    }

    /// Puts the bytes that a sound has at this moment in the place of a file of a customer's, which then keeps them.
    ///
    /// # Errors
    /// Those of [`WaveFiles::source`] and of `put`.
    pub(in crate::service) async fn put_sound<T, F>(
        &self,
        principal: &Principal,
        customer: CustomerId,
        sound: SoundId,
        put: impl Fn(Sound, StoredAudio) -> F,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let mut tried = None;
        loop {
            let (sound, audio) = self.source(principal, customer, sound).await?;
            let key = audio.key;
            match put(sound, audio).await {
                // The sound was filled anew since it was read, and nothing else had kept its bytes.
                Err(Error::NotFound { what: "upload" }) if tried != Some(key) => tried = Some(key),
                put => return put,
            }
        }
    }

    /// The sound that a file of a customer's is to be taken from, and its bytes: one of the customer's own that the principal
    /// may listen to, or a shared one.
    ///
    /// # Errors
    /// [`Error::Invalid`] (`sound`: not there, not visible, without a file, or no WAV).
    async fn source(
        &self,
        principal: &Principal,
        customer: CustomerId,
        id: SoundId,
    ) -> Result<(Sound, StoredAudio)> {
        let refuse = || Error::invalid("sound", "must be a sound of your library that has a file");
        let within = self.gate.sound_sources(principal)?;
        let sound = self.catalog.sound(&within, id).await?.ok_or_else(refuse)?;
        if sound.customer != customer && !sound.shared {
            return Err(refuse());
        }
        let audio = sound.audio.clone().ok_or_else(refuse)?;
        playable_by_a_switch(&audio.facts).map_err(|_| refuse())?;
        Ok((sound, audio))
    }
}

/// Messages are WAV files with samples in them (`docs/enswitch.md` 23): a switch plays nothing else.
pub(in crate::service) fn playable_by_a_switch(facts: &AudioFacts) -> Result<(), Unrecognised> {
    if facts.container == Container::Wave {
        Ok(())
    } else {
        Err(Unrecognised::new("a message must be a WAV file (PCM 8 or 16 bit, A-law, u-law or GSM)"))
    }
}
