//! Library sounds.

use std::sync::Arc;

use crate::audio::{AudioKey, StoredAudio};
use crate::error::{Error, Result};
use crate::file_name::file_name;
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::id::{CustomerId, SoundId};
use crate::page::PageRequest;
use crate::plan::Room;
use crate::port::catalog::{Catalog, Trial};
use crate::port::clock::Clock;
use crate::role::Reach;
use crate::service::deletions::Deletions;
use crate::service::field::{MOST_DESCRIPTION, own_number, text, title};
use crate::service::intake::{Incoming, Intake};
use crate::service::listening::Subject;
use crate::service::playback::{Playable, Playback};
use crate::service::wave_files::WaveFiles;
use crate::service::{Policy, Ports};
use crate::sound::{NewSound, Sound, SoundChange};

/// A sound to add, as typed.
#[derive(Debug, Clone, Default)]
pub struct SoundToAdd {
    /// A number of one's own; the next free one otherwise.
    pub id: Option<SoundId>,
    /// Its customer; the caller's own otherwise.
    pub customer: Option<CustomerId>,
    /// See [`Sound::name`].
    pub name: String,
    /// See [`Sound::description`].
    pub description: String,
    /// See [`Sound::shared`].
    pub shared: bool,
}

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
    files: WaveFiles,
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
            files: WaveFiles::new(ports, gate.clone(), intake.clone(), policy),
            gate,
            intake,
            playback,
        }
    }

    /// Adds one, without a file yet.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer), [`Error::Invalid`] (`name`, `description`, `id`, `shared`),
    /// [`Error::PlanForbids`], [`Error::Conflict`] (`id`).
    pub async fn add(&self, principal: &Principal, new: SoundToAdd) -> Result<SoundId> {
        let new = self.prepared(principal, new).await?;
        Ok(self.catalog.add_sound(new).await?)
    }

    /// Fails as [`Sounds::add`] would, and adds nothing.
    ///
    /// # Errors
    /// Those of [`Sounds::add`].
    pub async fn try_add(&self, principal: &Principal, new: SoundToAdd) -> Result<()> {
        let new = self.prepared(principal, new).await?;
        Ok(self.catalog.try_out(Trial::AddSound(new)).await?)
    }

    async fn prepared(&self, principal: &Principal, new: SoundToAdd) -> Result<NewSound> {
        let SoundToAdd { id, customer, name, description, shared } = new;
        self.gate.privilege(principal, Kind::Sound, Verb::Administer)?;
        own_number(principal, id.map(|id| id.0))?;
        let name = title("name", &name)?;
        text("description", &description, MOST_DESCRIPTION)?;
        may_share(principal, shared)?;
        let customer = self.gate.customer(principal, Kind::Sound, Verb::Administer, customer).await?;
        let created_at = self.clock.now();
        Ok(NewSound { id, customer: customer.id(), name, description, shared, created_at })
    }

    /// Changes one, but for its file.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`], [`Error::Invalid`] (`name`, `description`, `shared`),
    /// [`Error::PlanForbids`].
    pub async fn change(&self, principal: &Principal, id: SoundId, change: SoundChange) -> Result<()> {
        let change = self.fitting(principal, id, change).await?;
        Ok(self.catalog.change_sound(id, change).await?)
    }

    /// Fails as [`Sounds::change`] would, and changes nothing.
    ///
    /// # Errors
    /// Those of [`Sounds::change`].
    pub async fn try_change(&self, principal: &Principal, id: SoundId, change: SoundChange) -> Result<()> {
        let change = self.fitting(principal, id, change).await?;
        Ok(self.catalog.try_out(Trial::ChangeSound(id, change)).await?)
    }

    /// The change, if the principal can make it to this sound.
    async fn fitting(
        &self,
        principal: &Principal,
        id: SoundId,
        mut change: SoundChange,
    ) -> Result<SoundChange> {
        self.gate.privilege(principal, Kind::Sound, Verb::Change)?;
        if let Some(name) = &change.name {
            change.name = Some(title("name", name)?);
        }
        text("description", change.description.as_deref().unwrap_or_default(), MOST_DESCRIPTION)?;
        may_share(principal, change.shared == Some(true))?;
        self.look_up(principal, Kind::Sound, Verb::Change, id).await?;
        Ok(change)
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
        let sound = self.look_up(principal, Kind::SoundFile, Verb::Change, id).await?;
        let room = self.room(&sound).await?;
        let incoming = self.files.begin(principal.door, room, size_bytes).await?;
        Ok(SoundToFill { sound, incoming })
    }

    /// What the plan of the sound's customer leaves for its file.
    async fn room(&self, sound: &Sound) -> Result<Room> {
        let customer = self.catalog.customer(sound.customer).await?;
        let customer = customer.ok_or(Error::NotFound { what: "sound" })?;
        customer.plan.check_sounds()?;
        self.files.room(&customer, sound.audio.as_ref().map_or(0, |replaced| replaced.size_bytes)).await
    }

    /// Gives it its bytes, called `name`. When this answers, they survive a power cut.
    ///
    /// # Errors
    /// [`Error::NotAudio`], also for what is no WAV, [`Error::NotFound`], [`Error::PlanForbids`] when others took the room
    /// meanwhile, [`Error::Unlogged`], [`Error::Busy`] when others fill it all the time, or when catalog or store fail.
    pub async fn fill(&self, principal: &Principal, filling: SoundToFill, name: Option<&str>) -> Result<()> {
        let SoundToFill { sound, incoming } = filling;
        let name = name.map(|name| file_name(name, &format!("sound-{}.wav", sound.id)));
        self.files.put(incoming, |audio| self.fill_stored(principal, sound.id, audio, name)).await
    }

    async fn fill_stored(
        &self,
        principal: &Principal,
        id: SoundId,
        audio: StoredAudio,
        name: Option<String>,
    ) -> Result<()> {
        let mut deletions = Deletions::new(&self.playback, principal);
        let discarded = loop {
            // Read again: another one may have filled it while these bytes came in.
            let sound = self.look_up(principal, Kind::SoundFile, Verb::Change, id).await?;
            // The catalog decides; here it is told before a deletion is noted that would not come to be.
            self.room(&sound).await?.check(audio.size_bytes)?;
            note(&mut deletions, &sound).await?;
            let (audio, name, at) = (audio.clone(), name.clone(), self.clock.now());
            let filled = self.catalog.fill_sound(sound.id, audio, name, deletions.noted(), at).await;
            if let Some(filled) = deletions.or_again(filled)? {
                break filled;
            }
        };
        self.intake.discard(discarded).await;
        Ok(())
    }

    /// One sound, to be shown.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`].
    pub async fn find(&self, principal: &Principal, id: SoundId) -> Result<Sound> {
        self.look_up(principal, Kind::Sound, Verb::See, id).await
    }

    async fn look_up(&self, principal: &Principal, kind: Kind, verb: Verb, id: SoundId) -> Result<Sound> {
        let within = self.gate.sounds(principal, kind, verb)?;
        let sound = self.catalog.sound(&within, id).await?.ok_or(Error::NotFound { what: "sound" })?;
        self.gate.sound(principal, kind, verb, &sound)?;
        Ok(sound)
    }

    /// The sounds of a customer, by number; with `shared` also those that are shared with all customers.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer).
    pub async fn list(
        &self,
        principal: &Principal,
        customer: Option<CustomerId>,
        shared: bool,
        page: PageRequest<SoundId>,
    ) -> Result<Vec<Sound>> {
        let customer = self.gate.customer(principal, Kind::Sound, Verb::See, customer).await?;
        Ok(self.catalog.sounds(&customer, shared, page).await?)
    }

    /// Whether one has a file.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (`sound`), [`Error::Unreadable`] when the file is recorded and its bytes are
    /// not there (`docs/enswitch.md` 31).
    pub async fn exists(&self, principal: &Principal, id: SoundId) -> Result<bool> {
        match self.open_for(principal, Verb::See, id).await {
            Ok(_) => Ok(true),
            Err(Error::NotFound { what: "file" }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Opens one to be handed out: wholly as it was before a replacement, or wholly as it is after.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (`sound`, or `file` when it has none), [`Error::Unreadable`].
    pub async fn open(&self, principal: &Principal, id: SoundId) -> Result<Playable> {
        self.open_for(principal, Verb::Download, id).await
    }

    async fn open_for(&self, principal: &Principal, verb: Verb, id: SoundId) -> Result<Playable> {
        let find = || async {
            let mut sound = self.look_up(principal, Kind::SoundFile, verb, id).await?;
            let audio = sound.audio.take().ok_or(Error::NotFound { what: "file" })?;
            Ok((sound, audio))
        };
        let ((sound, audio), reader) = self.playback.open_current(find, |(_, audio)| audio).await?;
        let name = file_name(&sound.served_name(), "sound.wav");
        let mut subject = subject(&sound);
        // Heard because it is shared: the log of its customer does not tell of people of others.
        if let Some(own) = principal.customer
            && !self.gate.reaches(principal, sound.customer).await?
        {
            subject.customer = own;
        }
        Ok(self.playback.playable(principal, subject, audio, name, None, reader))
    }

    /// Takes the file of one away. What was taken from it stays.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (`sound`, or `file` when it has none), [`Error::Unlogged`],
    /// [`Error::Busy`] when others fill it all the time.
    pub async fn clear(&self, principal: &Principal, id: SoundId) -> Result<()> {
        let mut deletions = Deletions::new(&self.playback, principal);
        let cleared = loop {
            let sound = self.look_up(principal, Kind::SoundFile, Verb::Delete, id).await?;
            note(&mut deletions, &sound).await?;
            let cleared = self.catalog.clear_sound(id, deletions.noted(), self.clock.now()).await;
            if let Some(cleared) = deletions.or_again(cleared)? {
                break cleared;
            }
        };
        self.intake.discard(cleared.ok_or(Error::NotFound { what: "file" })?).await;
        Ok(())
    }

    /// Removes one. Messages that were taken from it stay.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`], [`Error::Unlogged`], [`Error::Busy`] when others fill it all the time.
    pub async fn remove(&self, principal: &Principal, id: SoundId) -> Result<()> {
        let mut deletions = Deletions::new(&self.playback, principal);
        let discarded = loop {
            let sound = self.look_up(principal, Kind::Sound, Verb::Delete, id).await?;
            note(&mut deletions, &sound).await?;
            let removed = self.catalog.remove_sound(id, deletions.noted(), self.clock.now()).await;
            if let Some(removed) = deletions.or_again(removed)? {
                break removed;
            }
        };
        self.intake.discard(discarded).await;
        Ok(())
    }
}

/// Sharing with all customers is for who reaches all of them.
fn may_share(principal: &Principal, shared: bool) -> Result<()> {
    if shared && principal.reach != Reach::System {
        return Err(Error::invalid("shared", "only a system owner shares a sound with all customers"));
    }
    Ok(())
}

/// Notes the file that a sound has, if any.
async fn note(deletions: &mut Deletions<'_, AudioKey>, sound: &Sound) -> Result<()> {
    match &sound.audio {
        Some(audio) => deletions.note(audio.key, &subject(sound), audio).await,
        None => Ok(()),
    }
}

fn subject(sound: &Sound) -> Subject {
    Subject { customer: sound.customer, kind: "sound", name: sound.id.to_string() }
}
