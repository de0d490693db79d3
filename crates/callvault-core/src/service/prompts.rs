//! Prompts: the files of features. Each is replaced as a whole, and none is kept beside the one in use.

use std::sync::Arc;

use crate::audio::StoredAudio;
use crate::error::{Error, Result};
use crate::feature::{Feature, FeatureKey, FeatureKind, Prompt, PromptFile};
use crate::file_name::{file_name, wave_name};
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::id::{CustomerId, SoundId};
use crate::plan::Room;
use crate::port::catalog::Catalog;
use crate::port::clock::Clock;
use crate::service::deletions::Deletions;
use crate::service::intake::{Incoming, Intake};
use crate::service::listening::Subject;
use crate::service::playback::{Playable, Playback};
use crate::service::wave_files::WaveFiles;
use crate::service::{Policy, Ports};
use crate::sound::Sound;

/// Which feature's files are meant, as a door names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeatureSelector {
    /// By its id.
    Key(FeatureKey),
    /// By its number in a customer; without one, in the caller's own.
    NumberOf(FeatureKind, String, Option<CustomerId>),
    /// By its number in the caller's customer, or else in one of the others that the caller reaches.
    Number(FeatureKind, String),
}

impl FeatureSelector {
    /// The kind of the feature.
    pub fn kind(&self) -> FeatureKind {
        match self {
            Self::Key(key) => key.kind,
            Self::NumberOf(kind, ..) | Self::Number(kind, _) => *kind,
        }
    }
}

impl From<FeatureKey> for FeatureSelector {
    fn from(key: FeatureKey) -> Self {
        Self::Key(key)
    }
}

/// A prompt on its way in.
pub struct PromptToPut {
    feature: Feature,
    file: PromptFile,
    /// Takes the bytes.
    pub incoming: Incoming,
}

/// The use cases of prompts.
pub struct Prompts {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    gate: Arc<Gate>,
    intake: Arc<Intake>,
    playback: Arc<Playback>,
    files: WaveFiles,
}

impl Prompts {
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
            files: WaveFiles::new(ports, gate.clone(), intake.clone(), policy),
            gate,
            intake,
            playback,
        }
    }

    /// Begins to put a prompt. Where its size is known already, one that is too large is refused here.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (feature, customer), [`Error::TooLarge`], [`Error::PlanForbids`], or when
    /// catalog or store fail.
    pub async fn begin(
        &self,
        principal: &Principal,
        selector: impl Into<FeatureSelector>,
        file: PromptFile,
        size_bytes: Option<u64>,
    ) -> Result<PromptToPut> {
        let feature = self.feature(principal, Verb::Change, &selector.into()).await?;
        let replaced = self.catalog.prompt(feature.key, file).await?;
        let room = self.room(&feature, replaced.as_ref()).await?;
        let incoming = self.files.begin(principal.door, room, size_bytes).await?;
        Ok(PromptToPut { feature, file, incoming })
    }

    /// Puts it in the place of the one that is there. When this answers, it survives a power cut.
    ///
    /// # Errors
    /// [`Error::NotAudio`], [`Error::PlanForbids`] when others took the room meanwhile, [`Error::NotFound`] when the feature
    /// went meanwhile, [`Error::Unlogged`], [`Error::Busy`] when others put prompts all the time, or when catalog or store fail.
    pub async fn put(&self, principal: &Principal, prompt: PromptToPut, name: Option<&str>) -> Result<()> {
        let PromptToPut { feature, file, incoming } = prompt;
        let name = file_name(name.unwrap_or_default(), &feature.file_name(file));
        self.files.put(incoming, |audio| self.put_stored(principal, &feature, file, name, audio)).await
    }

    /// Puts the bytes that a sound has at this moment.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (feature, customer), [`Error::Invalid`] (`sound`: not there, not visible,
    /// without a file, or no WAV), [`Error::PlanForbids`], [`Error::Unlogged`], [`Error::Busy`] when others put prompts all
    /// the time.
    pub async fn put_sound(
        &self,
        principal: &Principal,
        selector: impl Into<FeatureSelector>,
        file: PromptFile,
        sound: SoundId,
    ) -> Result<()> {
        let feature = self.feature(principal, Verb::Change, &selector.into()).await?;
        let put = |sound: Sound, audio| {
            let name = wave_name(&sound.name, "sound.wav");
            self.put_stored(principal, &feature, file, name, audio)
        };
        self.files.put_sound(principal, feature.customer, sound, put).await
    }

    async fn put_stored(
        &self,
        principal: &Principal,
        feature: &Feature,
        file: PromptFile,
        name: String,
        audio: StoredAudio,
    ) -> Result<()> {
        let put_by = principal.person;
        let created_at = self.clock.now();
        let new = Prompt { feature: feature.key, file, name, put_by, created_at, audio };
        let mut deletions = Deletions::new(&self.playback, principal);
        let discarded = loop {
            // Read again: another one may have been put while these bytes came in.
            let replaced = self.catalog.prompt(feature.key, file).await?;
            // The catalog decides; here it is told before a deletion is noted that would not come to be.
            self.room(feature, replaced.as_ref()).await?.check(new.audio.size_bytes)?;
            if let Some(replaced) = replaced.filter(|replaced| replaced.audio.key != new.audio.key) {
                let audio = &replaced.audio;
                deletions.note(audio.key, &subject(feature, file), audio).await?;
            }
            let put = self.catalog.put_prompt(new.clone(), deletions.noted()).await;
            if let Some(put) = deletions.or_again(put)? {
                break put;
            }
        };
        self.intake.discard(discarded).await;
        Ok(())
    }

    /// What the plan of the feature's customer leaves for a prompt in the place of this one.
    async fn room(&self, feature: &Feature, replaced: Option<&Prompt>) -> Result<Room> {
        let customer = self.catalog.customer(feature.customer).await?;
        let customer = customer.ok_or(Error::NotFound { what: "feature" })?;
        self.files.room(&customer, replaced.map_or(0, |replaced| replaced.audio.size_bytes)).await
    }

    /// Whether there is such a file.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (feature, customer), [`Error::Unreadable`] when the prompt is recorded and its
    /// bytes are not there (`docs/enswitch.md` 31).
    pub async fn exists(
        &self,
        principal: &Principal,
        selector: impl Into<FeatureSelector>,
        file: PromptFile,
    ) -> Result<bool> {
        match self.open_for(principal, Verb::See, selector.into(), file).await {
            Ok(_) => Ok(true),
            Err(Error::NotFound { what: "file" }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Opens one to be handed out, wholly as it was before a replacement or wholly as it is after; answers the feature too, which
    /// the caller may have named by its number.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (feature, customer, or `file` when there is none), [`Error::Unreadable`].
    pub async fn open(
        &self,
        principal: &Principal,
        selector: impl Into<FeatureSelector>,
        file: PromptFile,
    ) -> Result<(FeatureKey, Playable)> {
        self.open_for(principal, Verb::Download, selector.into(), file).await
    }

    async fn open_for(
        &self,
        principal: &Principal,
        verb: Verb,
        selector: FeatureSelector,
        file: PromptFile,
    ) -> Result<(FeatureKey, Playable)> {
        let feature = self.feature(principal, verb, &selector).await?;
        let find = || async {
            let found = self.catalog.prompt(feature.key, file).await?;
            found.ok_or(Error::NotFound { what: "file" })
        };
        let (prompt, reader) = self.playback.open_current(find, |prompt| &prompt.audio).await?;
        let subject = subject(&feature, file);
        let playable = self.playback.playable(principal, subject, prompt.audio, prompt.name, None, reader);
        Ok((feature.key, playable))
    }

    /// What is known of one prompt.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (feature, or `file` when there is none).
    pub async fn find(&self, principal: &Principal, key: FeatureKey, file: PromptFile) -> Result<Prompt> {
        let feature = self.feature(principal, Verb::See, &key.into()).await?;
        self.catalog.prompt(feature.key, file).await?.ok_or(Error::NotFound { what: "file" })
    }

    /// The prompts of a feature, by the word of their file.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (feature).
    pub async fn list(&self, principal: &Principal, key: FeatureKey) -> Result<Vec<Prompt>> {
        let feature = self.feature(principal, Verb::See, &key.into()).await?;
        Ok(self.catalog.prompts(feature.key).await?)
    }

    /// Removes one.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (feature, customer, or `file` when there is none), [`Error::Unlogged`],
    /// [`Error::Busy`] when others put prompts all the time.
    pub async fn remove(
        &self,
        principal: &Principal,
        selector: impl Into<FeatureSelector>,
        file: PromptFile,
    ) -> Result<()> {
        let feature = self.feature(principal, Verb::Delete, &selector.into()).await?;
        let none = || Error::NotFound { what: "file" };
        let mut deletions = Deletions::new(&self.playback, principal);
        let removed = loop {
            let prompt = self.catalog.prompt(feature.key, file).await?.ok_or_else(none)?;
            deletions.note(prompt.audio.key, &subject(&feature, file), &prompt.audio).await?;
            let (noted, at) = (deletions.noted(), self.clock.now());
            let removed = self.catalog.remove_prompt(feature.key, file, noted, at).await;
            if let Some(removed) = deletions.or_again(removed)? {
                break removed;
            }
        };
        self.intake.discard(removed.ok_or_else(none)?).await;
        Ok(())
    }

    /// The feature whose files are meant, if the principal may do this to them. One of the phone system has none here.
    async fn feature(
        &self,
        principal: &Principal,
        verb: Verb,
        selector: &FeatureSelector,
    ) -> Result<Feature> {
        let kind = Kind::Prompt(selector.kind());
        let found = match selector {
            FeatureSelector::Key(key) => {
                let within = self.gate.within(principal, kind, verb)?;
                self.catalog.feature(&within, *key).await?
            }
            FeatureSelector::NumberOf(of, number, customer) => {
                let within = self.gate.customer(principal, kind, verb, *customer).await?.into();
                self.catalog.feature_numbered(&within, *of, number, None).await?
            }
            FeatureSelector::Number(of, number) => {
                let within = self.gate.within(principal, kind, verb)?;
                self.catalog.feature_numbered(&within, *of, number, principal.customer).await?
            }
        };
        let feature = found.filter(|found| !found.is_system).ok_or(Error::NotFound { what: "feature" })?;
        self.gate.owned(principal, kind, verb, feature.owner)?;
        Ok(feature)
    }
}

pub(super) fn subject(feature: &Feature, file: PromptFile) -> Subject {
    Subject { customer: feature.customer, kind: "prompt", name: format!("{}/{file}", feature.key) }
}
