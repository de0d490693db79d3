//! The messages that the levels of hunt groups play, with their older versions.

use std::sync::Arc;

use crate::audio::StoredAudio;
use crate::error::{Error, Result};
use crate::file_name::{file_name, wave_name};
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::hunt_group::{HuntGroup, Level, Message, MessageVersion, NewMessage};
use crate::id::{HuntGroupId, SoundId};
use crate::plan::Room;
use crate::port::audio_store::AudioReader;
use crate::port::catalog::Catalog;
use crate::port::clock::Clock;
use crate::port::probe::Probe;
use crate::service::deletions::Deletions;
use crate::service::hunt_groups;
use crate::service::intake::{Incoming, Intake};
use crate::service::listening::Subject;
use crate::service::playback::{Playable, Playback};
use crate::service::wave_files::{WaveFiles, playable_by_a_switch};
use crate::service::{Policy, Ports};
use crate::sound::Sound;

/// A message on its way in.
pub struct MessageToPut {
    hunt_group: HuntGroup,
    level: Level,
    /// Takes the bytes.
    pub incoming: Incoming,
}

/// Bytes looked at and not taken in, for a door that tells bad input before what the plan forbids.
pub struct MessageProbe(Box<dyn Probe>);

impl MessageProbe {
    /// Takes the next bytes of the file.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.push(bytes);
    }

    /// Whether it could be a message.
    ///
    /// # Errors
    /// [`Error::NotAudio`].
    pub fn finish(self) -> Result<()> {
        Ok(playable_by_a_switch(&self.0.finish()?)?)
    }
}

/// The use cases of messages.
pub struct Messages {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    gate: Arc<Gate>,
    intake: Arc<Intake>,
    playback: Arc<Playback>,
    files: WaveFiles,
    keep_versions: u32,
}

impl Messages {
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
            keep_versions: policy.message_versions.max(1),
        }
    }

    /// A probe for bytes that are not taken in.
    pub fn probe(&self) -> MessageProbe {
        MessageProbe(self.intake.probe())
    }

    /// Begins to put a message on a level. Where its size is known already, one that is too large is refused here.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (hunt group), [`Error::TooLarge`], [`Error::PlanForbids`], or when catalog
    /// or store fail.
    pub async fn begin(
        &self,
        principal: &Principal,
        hunt_group: HuntGroupId,
        level: Level,
        size_bytes: Option<u64>,
    ) -> Result<MessageToPut> {
        let hunt_group = self.hunt_group(principal, Verb::Change, hunt_group).await?;
        let versions = self.catalog.message_versions(hunt_group.id, Some(level)).await?;
        let room = self.room(&hunt_group, self.pruned(&versions)).await?;
        let incoming = self.files.begin(principal.door, room, size_bytes).await?;
        Ok(MessageToPut { hunt_group, level, incoming })
    }

    /// Puts it as the new current version; answers the version. When this answers, it survives a power cut.
    ///
    /// # Errors
    /// [`Error::NotAudio`], [`Error::PlanForbids`] when others took the room meanwhile, [`Error::Busy`] when others put messages
    /// all the time, or when catalog or store fail.
    pub async fn put(&self, principal: &Principal, message: MessageToPut, name: Option<&str>) -> Result<i64> {
        let MessageToPut { hunt_group, level, incoming } = message;
        let name = file_name(name.unwrap_or_default(), &name_of(&hunt_group, level));
        let put = |audio| self.put_stored(principal, &hunt_group, level, name, audio);
        self.files.put(incoming, put).await
    }

    /// Puts the bytes that a sound has at this moment; answers the version.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (hunt group), [`Error::Invalid`] (`sound`: not there, not visible,
    /// without a file, or no WAV), [`Error::PlanForbids`].
    pub async fn put_sound(
        &self,
        principal: &Principal,
        hunt_group: HuntGroupId,
        level: Level,
        sound: SoundId,
    ) -> Result<i64> {
        let hunt_group = self.hunt_group(principal, Verb::Change, hunt_group).await?;
        let put = |sound: Sound, audio| {
            let name = wave_name(&sound.name, &name_of(&hunt_group, level));
            self.put_stored(principal, &hunt_group, level, name, audio)
        };
        self.files.put_sound(principal, hunt_group.customer, sound, put).await
    }

    async fn put_stored(
        &self,
        principal: &Principal,
        hunt_group: &HuntGroup,
        level: Level,
        name: String,
        audio: StoredAudio,
    ) -> Result<i64> {
        let mut new = NewMessage {
            hunt_group: hunt_group.id,
            level,
            name,
            put_by: principal.person,
            created_at: self.clock.now(),
            audio,
            keep_versions: self.keep_versions,
            noted: Vec::new(),
        };
        let mut deletions = Deletions::new(&self.playback, principal);
        let (version, discarded) = loop {
            // Newest first; with the new one, those beyond the number that is kept go in the same commit. Noted before it, as
            // every deletion is.
            let versions = self.catalog.message_versions(hunt_group.id, Some(level)).await?;
            let pruned = self.pruned(&versions);
            // The catalog decides; here it is told before deletions are noted that would not come to be.
            self.room(hunt_group, pruned).await?.check(new.audio.size_bytes)?;
            note(&mut deletions, hunt_group, pruned).await?;
            new.noted = deletions.noted();
            if let Some(put) = deletions.or_again(self.catalog.put_message(new.clone()).await)? {
                break put;
            }
        };
        self.intake.discard(discarded).await;
        Ok(version)
    }

    /// Of the versions of a level, newest first, those that the next one pushes out.
    fn pruned<'a>(&self, versions: &'a [Message]) -> &'a [Message] {
        versions.get(self.keep_versions as usize - 1..).unwrap_or_default()
    }

    /// What the plan of the hunt group's customer leaves for a message that pushes these out.
    async fn room(&self, hunt_group: &HuntGroup, pruned: &[Message]) -> Result<Room> {
        let customer = self.catalog.customer(hunt_group.customer).await?;
        let customer = customer.ok_or(Error::NotFound { what: "hunt group" })?;
        customer.plan.check_hunt_groups()?;
        self.files.room(&customer, pruned.iter().map(|message| message.audio.size_bytes).sum()).await
    }

    /// Whether a level has a message.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (hunt group), [`Error::Unreadable`] when the message is recorded and its
    /// bytes are not there (`docs/enswitch.md` 31): a loss must not look like an empty level.
    pub async fn exists(&self, principal: &Principal, hunt_group: HuntGroupId, level: Level) -> Result<bool> {
        let hunt_group = self.hunt_group(principal, Verb::See, hunt_group).await?;
        match self.current(&hunt_group, level).await {
            Ok(_) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Opens the current message of a level to be handed out.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (`hunt group` or `message`), [`Error::Unreadable`].
    pub async fn open(
        &self,
        principal: &Principal,
        hunt_group: HuntGroupId,
        level: Level,
    ) -> Result<Playable> {
        let hunt_group = self.hunt_group(principal, Verb::Download, hunt_group).await?;
        let (message, reader) = self.current(&hunt_group, level).await?;
        let subject = subject(&hunt_group, &message);
        Ok(self.playback.playable(principal, subject, message.audio, message.name, None, reader))
    }

    async fn current(&self, hunt_group: &HuntGroup, level: Level) -> Result<(Message, Arc<dyn AudioReader>)> {
        let find = || async {
            let found = self.catalog.message(hunt_group.id, level).await?;
            found.ok_or(Error::NotFound { what: "message" })
        };
        self.playback.open_current(find, |message| &message.audio).await
    }

    /// The versions of one level, newest first; of all levels without one.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (hunt group).
    pub async fn versions(
        &self,
        principal: &Principal,
        hunt_group: HuntGroupId,
        level: Option<Level>,
    ) -> Result<Vec<Message>> {
        let hunt_group = self.hunt_group(principal, Verb::See, hunt_group).await?;
        Ok(self.catalog.message_versions(hunt_group.id, level).await?)
    }

    /// Makes an older version current again.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (`hunt group` or `version`), [`Error::PlanForbids`] when the plan has no
    /// hunt groups, or allows no file as large.
    pub async fn restore(
        &self,
        principal: &Principal,
        hunt_group: HuntGroupId,
        level: Level,
        version: i64,
    ) -> Result<()> {
        let hunt_group = self.hunt_group(principal, Verb::Change, hunt_group).await?;
        Ok(self.catalog.restore_message(hunt_group.id, level, version).await?)
    }

    /// Leaves a level without a message. Its versions stay, and can be restored.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (`hunt group` or `message`), [`Error::Unlogged`], [`Error::Busy`] when others
    /// put messages all the time.
    pub async fn clear(&self, principal: &Principal, hunt_group: HuntGroupId, level: Level) -> Result<()> {
        let hunt_group = self.hunt_group(principal, Verb::Delete, hunt_group).await?;
        let mut deletions = Deletions::new(&self.playback, principal);
        loop {
            let found = self.catalog.message(hunt_group.id, level).await?;
            let message = found.ok_or(Error::NotFound { what: "message" })?;
            note(&mut deletions, &hunt_group, std::slice::from_ref(&message)).await?;
            if self.catalog.clear_message(hunt_group.id, (&message).into()).await? {
                return Ok(());
            }
            deletions.again()?;
        }
    }

    async fn hunt_group(&self, principal: &Principal, verb: Verb, id: HuntGroupId) -> Result<HuntGroup> {
        hunt_groups::find_for(self.catalog.as_ref(), &self.gate, principal, Kind::Message, verb, id).await
    }
}

/// What a message is called that brings no name along (`docs/enswitch.md` 25).
fn name_of(hunt_group: &HuntGroup, level: Level) -> String {
    format!("huntgroup-{}-level-{level}.wav", hunt_group.id)
}

/// Notes messages of a hunt group, each once.
///
/// # Errors
/// [`Error::Unlogged`].
pub(super) async fn note(
    deletions: &mut Deletions<'_, MessageVersion>,
    hunt_group: &HuntGroup,
    messages: &[Message],
) -> Result<()> {
    for message in messages {
        deletions.note(message.into(), &subject(hunt_group, message), &message.audio).await?;
    }
    Ok(())
}

fn subject(hunt_group: &HuntGroup, message: &Message) -> Subject {
    let name = format!("{}/{}/{}", hunt_group.id, message.level, message.version);
    Subject { customer: hunt_group.customer, kind: "message", name }
}
