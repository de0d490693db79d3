//! Every message that goes has an entry in the listen log, whatever others do between the entry and the commit.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use callvault_core::Error;
use callvault_core::gate::Principal;
use callvault_core::hunt_group::Level;
use callvault_core::id::HuntGroupId;
use callvault_core::listen::{Action, ListenEntry};
use callvault_core::port::listen_writer::{ListenWriter, Unlogged};
use callvault_core::service::{Policy, Services};
use callvault_server::app::Settings;
use callvault_testkit::sound::wav;
use callvault_testkit::world::World;
use serde_json::json;

const SALES: HuntGroupId = HuntGroupId(123);

/// A listen log during whose first entries other people put messages on level 1.
struct Disturbed {
    world: Arc<World>,
    /// The seeds of the messages that are still to be put.
    others: Mutex<Vec<u32>>,
    /// The subjects of deletions, as noted.
    noted: Mutex<Vec<String>>,
}

#[async_trait]
impl ListenWriter for Disturbed {
    async fn record(&self, entry: ListenEntry) -> Result<(), Unlogged> {
        assert_eq!(entry.action, Action::Delete);
        self.noted.lock().unwrap().push(entry.subject.name);
        let other = self.others.lock().unwrap().pop();
        if let Some(seed) = other {
            self.world.message(SALES.0, 1, "other.wav", wav(seed, 100)).await;
        }
        Ok(())
    }

    async fn flush(&self) -> Result<(), Unlogged> {
        Ok(())
    }
}

/// Level 1 has versions 1 and 2, and two are kept. The use cases are those of somebody whom others disturb twice.
async fn disturbed() -> (Arc<Disturbed>, Services) {
    let policy = Policy { message_versions: 2, ..Policy::default() };
    let world = World::with(Settings::default(), policy).await;
    world.customer(1, None).await;
    world.add("/huntgroups", json!({ "id": SALES.0, "customer": 1, "name": "Sales" })).await;
    for seed in 1..=2 {
        world.message(SALES.0, 1, "a.wav", wav(seed, 100)).await;
    }
    let world = Arc::new(world);
    let listen = Disturbed { world: world.clone(), others: vec![12, 11].into(), noted: Mutex::default() };
    let listen = Arc::new(listen);
    let services = world.services(listen.clone()).await;
    (listen, services)
}

impl Disturbed {
    /// The versions of level 1 that were noted, each once.
    fn noted(&self) -> Vec<String> {
        let mut noted = self.noted.lock().unwrap().clone();
        noted.sort();
        noted.dedup();
        noted
    }
}

fn level() -> Level {
    Level::new(1).unwrap()
}

#[tokio::test]
async fn a_message_put_while_its_hunt_group_goes_is_noted_as_deleted() {
    let (listen, services) = disturbed().await;
    services.hunt_groups.remove(&Principal::local_owner(), SALES).await.unwrap();
    assert_eq!(listen.noted(), ["123/1/1", "123/1/2", "123/1/3", "123/1/4"]);
    assert_eq!(listen.world.audio_files().len(), 0);
}

#[tokio::test]
async fn the_message_that_a_level_loses_is_the_one_that_is_noted() {
    let (listen, services) = disturbed().await;
    services.messages.clear(&Principal::local_owner(), SALES, level()).await.unwrap();
    assert_eq!(listen.noted(), ["123/1/2", "123/1/3", "123/1/4"]);
    let current = services.messages.open(&Principal::local_owner(), SALES, level()).await;
    assert!(matches!(current.map(drop), Err(Error::NotFound { what: "message" })));
}

#[tokio::test]
async fn the_versions_that_a_message_pushes_out_are_those_that_are_noted() {
    let (listen, services) = disturbed().await;
    let (principal, messages) = (Principal::local_owner(), &services.messages);
    let mut message = messages.begin(&principal, SALES, level(), None).await.unwrap();
    message.incoming.write(wav(3, 100).into()).await.unwrap();
    assert_eq!(messages.put(&principal, message, None).await.unwrap(), 5);
    // The first two are pushed out by the others.
    assert_eq!(listen.noted(), ["123/1/1", "123/1/2", "123/1/3"]);
    let kept = messages.versions(&principal, SALES, Some(level())).await.unwrap();
    assert_eq!(kept.iter().map(|one| one.version).collect::<Vec<_>>(), [5, 4]);
}
