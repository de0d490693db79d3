//! Everything that goes has an entry in the listen log, whatever others do between the entry and the commit.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use callvault_core::Error;
use callvault_core::feature::{FeatureKey, FeatureKind, PromptFile};
use callvault_core::gate::Principal;
use callvault_core::hunt_group::Level;
use callvault_core::id::{CustomerId, FeatureId, HuntGroupId, SoundId};
use callvault_core::listen::{Action, ListenEntry};
use callvault_core::port::listen_writer::{ListenWriter, Unlogged};
use callvault_core::recording::RecordingName;
use callvault_core::service::{Policy, Services};
use callvault_server::app::Settings;
use callvault_testkit::sound::wav;
use callvault_testkit::world::World;
use http::{Method, StatusCode};
use serde_json::json;
use sha2::{Digest as _, Sha256};

const SALES: HuntGroupId = HuntGroupId(123);
const HELLO: SoundId = SoundId(7);
const QUEUE: FeatureKey = FeatureKey { kind: FeatureKind::Queue, id: FeatureId(7) };

/// What somebody else does meanwhile: methods, paths, and the seeds of what they send.
type Others = Vec<(Method, &'static str, Option<u32>)>;

/// A listen log during whose first entries other people are at work.
struct Disturbed {
    world: Arc<World>,
    /// What they still do, entry by entry.
    others: Mutex<VecDeque<Others>>,
    /// The subjects of deletions, as noted, each with the seed of its bytes.
    noted: Mutex<Vec<String>>,
}

#[async_trait]
impl ListenWriter for Disturbed {
    async fn record(&self, entry: ListenEntry) -> Result<(), Unlogged> {
        assert_eq!(entry.action, Action::Delete);
        let sha256 = entry.subject.sha256.unwrap().0;
        let seed = (1..100).find(|seed| sha256 == *Sha256::digest(wav(*seed, 100))).unwrap();
        self.noted.lock().unwrap().push(format!("{} {seed}", entry.subject.name));
        let others = self.others.lock().unwrap().pop_front();
        for (method, path, seed) in others.unwrap_or_default() {
            ask(&self.world, method, path, seed).await;
        }
        Ok(())
    }

    async fn note(&self, entry: ListenEntry) -> Result<(), Unlogged> {
        self.record(entry).await
    }

    async fn flush(&self) -> Result<(), Unlogged> {
        Ok(())
    }
}

async fn ask(world: &World, method: Method, path: &str, seed: Option<u32>) {
    let body = seed.map(|seed| wav(seed, 100)).unwrap_or_default();
    let answer = world.local(method, path, body).await;
    assert!(answer.status.is_success(), "{path}: {}", answer.text());
}

/// The use cases of somebody whom others disturb as often as this says.
async fn disturbed(world: World, others: impl IntoIterator<Item = Others>) -> (Arc<Disturbed>, Services) {
    let world = Arc::new(world);
    let others = others.into_iter().collect::<VecDeque<_>>().into();
    let listen = Arc::new(Disturbed { world: world.clone(), others, noted: Mutex::default() });
    let services = world.services(listen.clone()).await;
    (listen, services)
}

/// Level 1 has versions 1 and 2, and two are kept. Others put two more.
async fn with_messages() -> (Arc<Disturbed>, Services) {
    let policy = Policy { message_versions: 2, ..Policy::default() };
    let world = World::with(Settings::default(), policy).await;
    world.customer(1, None).await;
    world.add("/huntgroups", json!({ "id": SALES.0, "customer": 1, "name": "Sales" })).await;
    for seed in 1..=2 {
        world.message(SALES.0, 1, "a.wav", wav(seed, 100)).await;
    }
    let put = |seed| vec![(Method::PUT, "/huntgroups/123/levels/1/message", Some(seed))];
    disturbed(world, [11, 12].map(put)).await
}

const HELLO_AUDIO: &str = "/sounds/7/audio";

/// A sound with the bytes of seed 1, which others fill with these.
async fn with_a_sound(others: impl IntoIterator<Item = u32>) -> (Arc<Disturbed>, Services) {
    let world = World::new().await;
    world.customer(1, None).await;
    world.add("/sounds", json!({ "id": HELLO.0, "customer": 1, "name": "Hello" })).await;
    ask(&world, Method::PUT, HELLO_AUDIO, Some(1)).await;
    disturbed(world, others.into_iter().map(|seed| vec![(Method::PUT, HELLO_AUDIO, Some(seed))])).await
}

const MAIN: &str = "/features/queue/7/prompts/main";

/// A queue with a prompt of seed 1, which others replace by these.
async fn with_a_prompt(others: impl IntoIterator<Item = u32>) -> (Arc<Disturbed>, Services) {
    let world = World::new().await;
    world.customer(1, None).await;
    world.add("/features", json!({ "kind": "queue", "id": QUEUE.id.0, "customer": 1, "name": "Q" })).await;
    ask(&world, Method::PUT, MAIN, Some(1)).await;
    disturbed(world, others.into_iter().map(|seed| vec![(Method::PUT, MAIN, Some(seed))])).await
}

impl Disturbed {
    /// What was noted, each once.
    fn noted(&self) -> Vec<String> {
        let mut noted = self.noted.lock().unwrap().clone();
        noted.sort();
        noted.dedup();
        noted
    }

    async fn heard(&self, path: &str) -> Option<Vec<u8>> {
        let answer = self.world.local(Method::GET, path, "").await;
        (answer.status == StatusCode::OK).then(|| answer.body.to_vec())
    }
}

fn level() -> Level {
    Level::new(1).unwrap()
}

fn main_file() -> PromptFile {
    QUEUE.kind.file("main").unwrap()
}

#[tokio::test]
async fn a_message_put_while_its_hunt_group_goes_is_noted_as_deleted() {
    let (listen, services) = with_messages().await;
    services.hunt_groups.remove(&Principal::local_owner(), SALES).await.unwrap();
    assert_eq!(listen.noted(), ["123/1/1 1", "123/1/2 2", "123/1/3 11", "123/1/4 12"]);
    assert_eq!(listen.world.audio_files().len(), 0);
}

#[tokio::test]
async fn the_message_that_a_level_loses_is_the_one_that_is_noted() {
    let (listen, services) = with_messages().await;
    services.messages.clear(&Principal::local_owner(), SALES, level()).await.unwrap();
    assert_eq!(listen.noted(), ["123/1/2 2", "123/1/3 11", "123/1/4 12"]);
    let current = services.messages.open(&Principal::local_owner(), SALES, level()).await;
    assert!(matches!(current.map(drop), Err(Error::NotFound { what: "message" })));
}

#[tokio::test]
async fn the_versions_that_a_message_pushes_out_are_those_that_are_noted() {
    let (listen, services) = with_messages().await;
    let (principal, messages) = (Principal::local_owner(), &services.messages);
    let mut message = messages.begin(&principal, SALES, level(), None).await.unwrap();
    message.incoming.write(wav(3, 100).into()).await.unwrap();
    assert_eq!(messages.put(&principal, message, None).await.unwrap(), 5);
    // The first two are pushed out by the others.
    assert_eq!(listen.noted(), ["123/1/1 1", "123/1/2 2", "123/1/3 11"]);
    let kept = messages.versions(&principal, SALES, Some(level())).await.unwrap();
    assert_eq!(kept.iter().map(|one| one.version).collect::<Vec<_>>(), [5, 4]);
}

#[tokio::test]
async fn a_file_given_to_a_sound_while_it_goes_is_noted_as_deleted() {
    let (listen, services) = with_a_sound([11, 12]).await;
    services.sounds.remove(&Principal::local_owner(), HELLO).await.unwrap();
    assert_eq!(listen.noted(), ["7 1", "7 11", "7 12"]);
    assert_eq!(listen.world.audio_files().len(), 0);
}

#[tokio::test]
async fn the_file_that_a_sound_loses_is_the_one_that_is_noted() {
    let (listen, services) = with_a_sound([11, 12]).await;
    services.sounds.clear(&Principal::local_owner(), HELLO).await.unwrap();
    assert_eq!(listen.noted(), ["7 1", "7 11", "7 12"]);
    assert_eq!(listen.heard(HELLO_AUDIO).await, None);
}

/// Gives the sound the bytes of seed 3.
async fn fill(services: &Services) -> callvault_core::Result<()> {
    let principal = Principal::local_owner();
    let mut filling = services.sounds.begin(&principal, HELLO, None).await?;
    filling.incoming.write(wav(3, 100).into()).await?;
    services.sounds.fill(&principal, filling, None).await
}

#[tokio::test]
async fn the_file_that_another_takes_the_place_of_is_the_one_that_is_noted() {
    let (listen, services) = with_a_sound([11, 12]).await;
    fill(&services).await.unwrap();
    assert_eq!(listen.noted(), ["7 1", "7 11", "7 12"]);
    assert_eq!(listen.heard(HELLO_AUDIO).await, Some(wav(3, 100)));
}

#[tokio::test]
async fn who_is_disturbed_all_the_time_takes_nothing_away() {
    // The file of seed 1 and n - 1 of the others were noted and are gone, so the nth of the others is there.
    let last = |listen: &Disturbed| Some(wav(10 + u32::try_from(listen.noted().len()).unwrap(), 100));
    let principal = Principal::local_owner();
    let (listen, services) = with_a_sound(11..90).await;
    assert!(matches!(fill(&services).await, Err(Error::Busy)));
    assert_eq!(listen.world.audio_files().len(), 1, "what was not taken in leaves nothing");
    assert!(matches!(services.sounds.clear(&principal, HELLO).await, Err(Error::Busy)));
    assert!(matches!(services.sounds.remove(&principal, HELLO).await, Err(Error::Busy)));
    assert_eq!(listen.heard(HELLO_AUDIO).await, last(&listen));
    let (listen, services) = with_a_prompt(11..90).await;
    assert!(matches!(put(&services).await, Err(Error::Busy)));
    assert_eq!(listen.world.audio_files().len(), 1, "what was not taken in leaves nothing");
    assert!(matches!(services.prompts.remove(&principal, QUEUE, main_file()).await, Err(Error::Busy)));
    assert!(matches!(services.features.remove(&principal, QUEUE).await, Err(Error::Busy)));
    assert_eq!(listen.heard(MAIN).await, last(&listen));
}

#[tokio::test]
async fn a_prompt_put_while_its_feature_goes_is_noted_as_deleted() {
    let (listen, services) = with_a_prompt([11, 12]).await;
    services.features.remove(&Principal::local_owner(), QUEUE).await.unwrap();
    assert_eq!(listen.noted(), ["queue/7/main 1", "queue/7/main 11", "queue/7/main 12"]);
    assert_eq!(listen.world.audio_files().len(), 0);
}

#[tokio::test]
async fn the_prompt_that_is_removed_is_the_one_that_is_noted() {
    let (listen, services) = with_a_prompt([11, 12]).await;
    services.prompts.remove(&Principal::local_owner(), QUEUE, main_file()).await.unwrap();
    assert_eq!(listen.noted(), ["queue/7/main 1", "queue/7/main 11", "queue/7/main 12"]);
    assert_eq!(listen.heard(MAIN).await, None);
}

/// Puts the prompt of seed 3.
async fn put(services: &Services) -> callvault_core::Result<()> {
    let principal = Principal::local_owner();
    let mut prompt = services.prompts.begin(&principal, QUEUE, main_file(), None).await?;
    prompt.incoming.write(wav(3, 100).into()).await?;
    services.prompts.put(&principal, prompt, None).await
}

#[tokio::test]
async fn the_prompt_that_another_takes_the_place_of_is_the_one_that_is_noted() {
    let (listen, services) = with_a_prompt([11, 12]).await;
    put(&services).await.unwrap();
    assert_eq!(listen.noted(), ["queue/7/main 1", "queue/7/main 11", "queue/7/main 12"]);
    assert_eq!(listen.heard(MAIN).await, Some(wav(3, 100)));
}

#[tokio::test]
async fn the_recording_that_goes_is_the_one_that_is_noted() {
    let world = World::new().await;
    world.customer(1, None).await;
    world.recording(1, "a.wav", wav(1, 100)).await;
    let path = "/recordings/a.wav?customer=1";
    let anew = |seed| vec![(Method::DELETE, path, None), (Method::PUT, path, Some(seed))];
    let (listen, services) = disturbed(world, [11, 12].map(anew)).await;
    let name = RecordingName::new("a.wav").unwrap();
    services.recordings.remove(&Principal::local_owner(), Some(CustomerId(1)), &name).await.unwrap();
    assert_eq!(listen.noted(), ["a.wav 1", "a.wav 11", "a.wav 12"]);
    assert_eq!(listen.world.audio_files().len(), 0);
}
