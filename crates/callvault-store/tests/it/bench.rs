//! A catalog under test with short ways to fill it.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use callvault_core::audio::{AudioFacts, AudioKey, Codec, Container, Marks, Sha256, StoredAudio};
use callvault_core::customer::NewCustomer;
use callvault_core::feature::{FeatureKey, Prompt, PromptFile};
use callvault_core::gate::{Gate, InCustomer, Kind, Principal, Verb, Within};
use callvault_core::hunt_group::settings::HuntGroupSettings;
use callvault_core::hunt_group::{Level, MessageVersion, NewHuntGroup, NewMessage};
use callvault_core::id::{CustomerId, HuntGroupId, PersonId, RecordingId, RoleId, SoundId};
use callvault_core::listen::Door;
use callvault_core::page::PageRequest;
use callvault_core::person::profile::Profile;
use callvault_core::person::{DownloadErrors, EmptyCalls, NewPerson, PasswordHash};
use callvault_core::plan::{Plan, PlanLimit};
use callvault_core::port::catalog::{Added, Catalog, CatalogError, CatalogResult};
use callvault_core::recording::{Recording, RecordingName};
use callvault_core::role::{Privileges, Reach};
use callvault_core::sound::NewSound;
use callvault_core::time::Timestamp;

pub(crate) struct Bench {
    pub(crate) catalog: Arc<dyn Catalog>,
    gate: Gate,
    keys: AtomicU64,
    _keep: Box<dyn Any + Send + Sync>,
}

pub(crate) fn at(unix_ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(unix_ms)
}

pub(crate) fn name(text: &str) -> RecordingName {
    RecordingName::new(text).unwrap()
}

pub(crate) fn level(number: i64) -> Level {
    Level::new(number).unwrap()
}

pub(crate) fn first<K>(limit: u32) -> PageRequest<K> {
    PageRequest::new(None, limit)
}

pub(crate) fn assert_gone<T: std::fmt::Debug>(result: Result<T, CatalogError>, expected: &str) {
    match result {
        Err(CatalogError::Gone { what }) => assert_eq!(what, expected),
        other => panic!("expected {expected} to be gone: {other:?}"),
    }
}

pub(crate) fn assert_changed<T: std::fmt::Debug>(result: Result<T, CatalogError>, expected: &str) {
    match result {
        Err(CatalogError::Changed { what }) => assert_eq!(what, expected),
        other => panic!("expected other {expected}: {other:?}"),
    }
}

pub(crate) fn assert_taken<T: std::fmt::Debug>(result: Result<T, CatalogError>, expected: &str) {
    match result {
        Err(CatalogError::Taken { field }) => assert_eq!(field, expected),
        other => panic!("expected {expected} to be taken: {other:?}"),
    }
}

pub(crate) fn assert_forbidden<T: std::fmt::Debug>(result: Result<T, CatalogError>, expected: PlanLimit) {
    match result {
        Err(CatalogError::PlanForbids(limit)) => assert_eq!(limit, expected),
        other => panic!("expected {expected:?} to forbid it: {other:?}"),
    }
}

impl Bench {
    pub(crate) fn over(catalog: Arc<dyn Catalog>, keep: impl Any + Send + Sync) -> Self {
        Self { gate: Gate::new(catalog.clone()), catalog, keys: AtomicU64::new(1), _keep: Box::new(keep) }
    }

    pub(crate) async fn inside(&self, customer: CustomerId) -> InCustomer {
        let owner = Principal::local_owner();
        self.gate.customer(&owner, Kind::Customer, Verb::Change, Some(customer)).await.unwrap()
    }

    pub(crate) fn everywhere(&self) -> Within {
        self.gate.within(&Principal::local_owner(), Kind::Customer, Verb::Change).unwrap()
    }

    /// What a principal of a customer reaches.
    pub(crate) fn reach(&self, customer: CustomerId, reach: Reach) -> Within {
        let principal = Principal {
            person: Some(PersonId(1)),
            customer: Some(customer),
            reach,
            privileges: Privileges::all(),
            door: Door::Api,
            peer: None,
            switched_by: None,
            key: None,
        };
        // A kind that every reach may look up.
        self.gate.within(&principal, Kind::HuntGroup, Verb::Change).unwrap()
    }

    pub(crate) async fn customer(&self, parent: Option<CustomerId>) -> CustomerId {
        let new = NewCustomer {
            id: None,
            parent,
            name: "Acme".to_owned(),
            description: String::new(),
            timezone: "Europe/Berlin".to_owned(),
            serial: String::new(),
            device_name: String::new(),
            plan: Plan::default(),
            created_at: at(1_000),
        };
        self.catalog.add_customer(new).await.unwrap()
    }

    pub(crate) fn new_person(&self, customer: CustomerId, username: &str) -> NewPerson {
        NewPerson {
            customer,
            username: username.to_owned(),
            role: RoleId(4),
            password_hash: PasswordHash::new("$argon2id$one"),
            source: "10.0.0.0/8,192.0.2.7".parse().unwrap(),
            download_errors: DownloadErrors::Status,
            empty_calls: EmptyCalls::Missing,
            profile: Profile::default(),
            created_at: at(2_000),
        }
    }

    pub(crate) async fn person(&self, customer: CustomerId, username: &str) -> PersonId {
        self.catalog.add_person(self.new_person(customer, username)).await.unwrap()
    }

    pub(crate) fn new_hunt_group(&self, customer: CustomerId) -> NewHuntGroup {
        NewHuntGroup {
            id: None,
            customer,
            name: "Support".to_owned(),
            owner: None,
            settings: HuntGroupSettings::default(),
            created_at: at(3_000),
        }
    }

    pub(crate) async fn hunt_group(&self, customer: CustomerId) -> HuntGroupId {
        self.catalog.add_hunt_group(self.new_hunt_group(customer)).await.unwrap()
    }

    pub(crate) fn new_sound(&self, customer: CustomerId) -> NewSound {
        NewSound {
            id: None,
            customer,
            name: "Welcome".to_owned(),
            description: String::new(),
            shared: false,
            created_at: at(4_000),
        }
    }

    pub(crate) fn key(&self) -> AudioKey {
        let number = self.keys.fetch_add(1, Ordering::Relaxed);
        AudioKey::parse(&format!("{number:032x}")).unwrap()
    }

    /// Audio whose object is not reserved. `content` stands for its bytes.
    pub(crate) fn audio(&self, content: u8) -> StoredAudio {
        StoredAudio {
            key: self.key(),
            sha256: Sha256([content; 32]),
            size_bytes: 4_294_967_296 + u64::from(content),
            escaped_len: 12_884_901_888,
            facts: AudioFacts {
                container: Container::Wave,
                codec: Codec::Gsm,
                rate_hz: 8000,
                channels: 2,
                duration_ms: 61_250,
                marks: Marks { silent: true, size_mismatch: true, ..Marks::default() },
            },
        }
    }

    /// Audio whose object is being received.
    pub(crate) async fn received(&self, content: u8) -> StoredAudio {
        let audio = self.audio(content);
        self.catalog.receive(vec![audio.key], at(1_000_000)).await.unwrap();
        audio
    }

    pub(crate) async fn new_recording(&self, customer: CustomerId, text: &str, content: u8) -> Recording {
        let audio = self.received(content).await;
        let id = i64::from_str_radix(&audio.key.to_string(), 16).unwrap();
        Recording { id: RecordingId(id), customer, name: name(text), stored_at: at(5_000), audio }
    }

    pub(crate) async fn recording(&self, customer: CustomerId, text: &str, content: u8) -> Recording {
        let new = self.new_recording(customer, text, content).await;
        assert_eq!(self.catalog.add_recording(new.clone()).await.unwrap(), Added::New);
        new
    }

    pub(crate) fn new_message(&self, hunt_group: HuntGroupId, number: i64, audio: StoredAudio) -> NewMessage {
        NewMessage {
            hunt_group,
            level: level(number),
            name: "greeting.wav".to_owned(),
            put_by: Some(PersonId(9)),
            created_at: at(6_000),
            audio,
            keep_versions: 3,
            noted: Vec::new(),
        }
    }

    /// What may go of a hunt group once it is noted: all its messages, or those of a level.
    pub(crate) async fn noted(&self, hunt_group: HuntGroupId, level: Option<Level>) -> Vec<MessageVersion> {
        let versions = self.catalog.message_versions(hunt_group, level).await.unwrap();
        versions.iter().map(MessageVersion::from).collect()
    }

    /// Puts a message for which any other of the level may go.
    pub(crate) async fn put(&self, mut new: NewMessage) -> CatalogResult<(i64, Vec<AudioKey>)> {
        new.noted = self.noted(new.hunt_group, Some(new.level)).await;
        self.catalog.put_message(new).await
    }

    /// Clears a level of its current message; false where there is none.
    pub(crate) async fn clear(&self, hunt_group: HuntGroupId, number: i64) -> CatalogResult<bool> {
        match self.catalog.message(hunt_group, level(number)).await? {
            Some(current) => self.catalog.clear_message(hunt_group, (&current).into()).await,
            None => Ok(false),
        }
    }

    /// Removes a hunt group with whatever messages it has.
    pub(crate) async fn remove_hunt_group(
        &self,
        hunt_group: HuntGroupId,
        at: Timestamp,
    ) -> CatalogResult<Vec<AudioKey>> {
        self.catalog.remove_hunt_group(hunt_group, self.noted(hunt_group, None).await, at).await
    }

    /// The file that may go of a sound once it is noted, if it has one.
    pub(crate) async fn noted_of_sound(&self, id: SoundId) -> Vec<AudioKey> {
        let sound = self.catalog.sound(&self.everywhere().into(), id).await.unwrap();
        sound.and_then(|sound| sound.audio).map(|audio| audio.key).into_iter().collect()
    }

    /// Fills a sound in the place of whatever it has.
    pub(crate) async fn fill_sound(
        &self,
        id: SoundId,
        audio: StoredAudio,
        file_name: Option<String>,
        at: Timestamp,
    ) -> CatalogResult<Vec<AudioKey>> {
        self.catalog.fill_sound(id, audio, file_name, self.noted_of_sound(id).await, at).await
    }

    /// Takes whatever file a sound has.
    pub(crate) async fn clear_sound(
        &self,
        id: SoundId,
        at: Timestamp,
    ) -> CatalogResult<Option<Vec<AudioKey>>> {
        self.catalog.clear_sound(id, self.noted_of_sound(id).await, at).await
    }

    /// Removes a sound with whatever file it has.
    pub(crate) async fn remove_sound(&self, id: SoundId, at: Timestamp) -> CatalogResult<Vec<AudioKey>> {
        self.catalog.remove_sound(id, self.noted_of_sound(id).await, at).await
    }

    /// The prompts that may go of a feature once they are noted.
    pub(crate) async fn noted_of_feature(&self, key: FeatureKey) -> Vec<(PromptFile, AudioKey)> {
        let prompts = self.catalog.prompts(key).await.unwrap();
        prompts.iter().map(|prompt| (prompt.file, prompt.audio.key)).collect()
    }

    async fn noted_of_prompt(&self, key: FeatureKey, file: PromptFile) -> Vec<AudioKey> {
        let prompt = self.catalog.prompt(key, file).await.unwrap();
        prompt.map(|prompt| prompt.audio.key).into_iter().collect()
    }

    /// Puts a prompt in the place of whatever is there.
    pub(crate) async fn put_prompt(&self, new: Prompt) -> CatalogResult<Vec<AudioKey>> {
        let noted = self.noted_of_prompt(new.feature, new.file).await;
        self.catalog.put_prompt(new, noted).await
    }

    /// Removes whatever prompt is there.
    pub(crate) async fn remove_prompt(
        &self,
        key: FeatureKey,
        file: PromptFile,
        at: Timestamp,
    ) -> CatalogResult<Option<Vec<AudioKey>>> {
        self.catalog.remove_prompt(key, file, self.noted_of_prompt(key, file).await, at).await
    }

    /// Removes a feature with whatever prompts it has.
    pub(crate) async fn remove_feature(
        &self,
        key: FeatureKey,
        at: Timestamp,
    ) -> CatalogResult<Vec<AudioKey>> {
        self.catalog.remove_feature(key, self.noted_of_feature(key).await, at).await
    }

    /// Removes whatever recording has a name.
    pub(crate) async fn remove_recording(
        &self,
        customer: &InCustomer,
        name: &RecordingName,
        at: Timestamp,
    ) -> CatalogResult<Vec<AudioKey>> {
        let recording = self.catalog.recording(customer, name).await?;
        let noted = recording.map(|recording| recording.id).into_iter().collect();
        self.catalog.remove_recording(customer, name, noted, at).await
    }

    /// The keys to be removed now.
    pub(crate) async fn removable(&self) -> Vec<AudioKey> {
        self.catalog.removable(at(7_000), 1000).await.unwrap()
    }
}

/// A key of no bench's count.
pub(crate) fn any_key() -> AudioKey {
    AudioKey::parse("ffffffffffffffffffffffffffffffff").unwrap()
}
