//! Messages and their versions.

use callvault_core::audio::AudioKey;
use callvault_core::hunt_group::{Message, MessageVersion, NewMessage};
use callvault_core::id::{HuntGroupId, PersonId};
use callvault_core::port::catalog::Catalog;

use crate::bench::{Bench, assert_changed, assert_gone, at, level};

/// The versions of level 1, newest first, the current one with a star.
async fn versions(catalog: &dyn Catalog, hunt_group: HuntGroupId) -> Vec<String> {
    let versions = catalog.message_versions(hunt_group, Some(level(1))).await.unwrap();
    versions.iter().map(|one| format!("{}{}", one.version, if one.current { "*" } else { "" })).collect()
}

async fn put(bench: &Bench, hunt_group: HuntGroupId, number: i64) -> (AudioKey, i64, Vec<AudioKey>) {
    let audio = bench.received(1).await;
    let key = audio.key;
    let (version, discarded) = bench.put(bench.new_message(hunt_group, number, audio)).await.unwrap();
    (key, version, discarded)
}

pub(crate) async fn versions_count_up_and_are_pruned(bench: &Bench) {
    let hunt_group = bench.hunt_group(bench.customer(None).await).await;
    let catalog = &*bench.catalog;
    let mut keys = Vec::new();
    for expected in 1..=3 {
        let (key, version, discarded) = put(bench, hunt_group, 1).await;
        assert_eq!((version, discarded), (expected, vec![]));
        keys.push(key);
    }
    assert_eq!(put(bench, hunt_group, 2).await.1, 1, "levels count apart");
    assert_eq!(versions(catalog, hunt_group).await, ["3*", "2", "1"]);
    let (_, version, discarded) = put(bench, hunt_group, 1).await;
    assert_eq!((version, &discarded), (4, &vec![keys[0]]));
    assert_eq!(versions(catalog, hunt_group).await, ["4*", "3", "2"]);
    assert_eq!(bench.removable().await, [keys[0]]);
    let mut last = bench.new_message(hunt_group, 1, bench.received(1).await);
    last.keep_versions = 1;
    let (version, mut discarded) = bench.put(last).await.unwrap();
    discarded.sort();
    assert_eq!((version, discarded.len()), (5, 3));
    assert_eq!(versions(catalog, hunt_group).await, ["5*"]);
    let mut none = bench.new_message(hunt_group, 1, bench.received(1).await);
    none.keep_versions = 0;
    assert_eq!(bench.put(none).await.unwrap().0, 6);
    assert_eq!(versions(catalog, hunt_group).await, ["6*"], "the current one is always kept");
    let all = catalog.message_versions(hunt_group, None).await.unwrap();
    let places: Vec<_> = all.iter().map(|one| (one.level.number(), one.version)).collect();
    assert_eq!(places, [(1, 6), (2, 1)]);
}

pub(crate) async fn an_older_version_is_restored(bench: &Bench) {
    let hunt_group = bench.hunt_group(bench.customer(None).await).await;
    let catalog = &*bench.catalog;
    let (oldest, _, _) = put(bench, hunt_group, 1).await;
    put(bench, hunt_group, 1).await;
    put(bench, hunt_group, 1).await;
    catalog.restore_message(hunt_group, level(1), 1).await.unwrap();
    assert_eq!(versions(catalog, hunt_group).await, ["3", "2", "1*"]);
    assert_eq!(catalog.message(hunt_group, level(1)).await.unwrap().unwrap().audio.key, oldest);
    for (number, version) in [(1, 9), (2, 1)] {
        assert_gone(catalog.restore_message(hunt_group, level(number), version).await, "version");
    }
    assert_eq!(versions(catalog, hunt_group).await, ["3", "2", "1*"], "a refused one changes nothing");
    // The next put counts from the highest version, not from the current one.
    assert_eq!(put(bench, hunt_group, 1).await.1, 4);
    assert_eq!(versions(catalog, hunt_group).await, ["4*", "3", "2"]);
}

pub(crate) async fn a_level_is_cleared(bench: &Bench) {
    let hunt_group = bench.hunt_group(bench.customer(None).await).await;
    let catalog = &*bench.catalog;
    assert!(!bench.clear(hunt_group, 1).await.unwrap());
    put(bench, hunt_group, 1).await;
    assert!(bench.clear(hunt_group, 1).await.unwrap());
    assert!(!bench.clear(hunt_group, 1).await.unwrap());
    assert_eq!(catalog.message(hunt_group, level(1)).await.unwrap(), None);
    assert_eq!(versions(catalog, hunt_group).await, ["1"]);
    assert_eq!(bench.removable().await, []);
    catalog.restore_message(hunt_group, level(1), 1).await.unwrap();
    assert_eq!(versions(catalog, hunt_group).await, ["1*"]);
}

pub(crate) async fn a_sound_is_shared(bench: &Bench) {
    let customer = bench.customer(None).await;
    let hunt_group = bench.hunt_group(customer).await;
    let catalog = &*bench.catalog;
    let sound = catalog.add_sound(bench.new_sound(customer)).await.unwrap();
    let audio = bench.received(1).await;
    bench.fill_sound(sound, audio.clone(), None, at(1)).await.unwrap();
    catalog.put_message(bench.new_message(hunt_group, 1, audio.clone())).await.unwrap();
    catalog.put_message(bench.new_message(hunt_group, 2, audio.clone())).await.unwrap();
    assert_eq!(bench.remove_sound(sound, at(1)).await.unwrap(), [], "the messages need it");
    let expected = Message {
        hunt_group,
        level: level(1),
        version: 1,
        name: "greeting.wav".to_owned(),
        current: true,
        put_by: Some(PersonId(9)),
        created_at: at(6_000),
        audio: audio.clone(),
    };
    assert_eq!(catalog.message(hunt_group, level(1)).await.unwrap(), Some(expected));
    assert_eq!(bench.removable().await, []);
    assert_eq!(bench.remove_hunt_group(hunt_group, at(1)).await.unwrap(), [audio.key], "once");
    assert_eq!(bench.removable().await, [audio.key]);
    let again = bench.hunt_group(customer).await;
    assert_gone(catalog.put_message(bench.new_message(again, 1, audio)).await, "upload");
}

pub(crate) async fn a_late_upload_is_refused(bench: &Bench) {
    let hunt_group = bench.hunt_group(bench.customer(None).await).await;
    let catalog = &*bench.catalog;
    let never_received = bench.audio(1);
    assert_gone(catalog.put_message(bench.new_message(hunt_group, 1, never_received)).await, "upload");
    let audio = bench.received(1).await;
    assert_eq!(catalog.removable(at(1_000_000), 10).await.unwrap(), [audio.key]);
    assert_gone(catalog.put_message(bench.new_message(hunt_group, 1, audio)).await, "upload");
    assert_eq!(versions(catalog, hunt_group).await, Vec::<String>::new());
    let audio = bench.received(1).await;
    assert_gone(
        catalog.put_message(bench.new_message(HuntGroupId(99), 1, audio.clone())).await,
        "hunt group",
    );
    // The upload is still good for another try.
    catalog.put_message(bench.new_message(hunt_group, 1, audio)).await.unwrap();
}

pub(crate) async fn the_same_put_twice_is_one_version(bench: &Bench) {
    let hunt_group = bench.hunt_group(bench.customer(None).await).await;
    let new: NewMessage = bench.new_message(hunt_group, 1, bench.received(1).await);
    for _ in 0..2 {
        assert_eq!(bench.catalog.put_message(new.clone()).await.unwrap(), (1, vec![]));
    }
    assert_eq!(versions(&*bench.catalog, hunt_group).await, ["1*"]);
}

pub(crate) async fn removing_a_hunt_group_discards_its_audio(bench: &Bench) {
    let customer = bench.customer(None).await;
    let hunt_group = bench.hunt_group(customer).await;
    let mut keys = vec![put(bench, hunt_group, 1).await.0, put(bench, hunt_group, 1).await.0];
    keys.push(put(bench, hunt_group, 10).await.0);
    let other = put(bench, bench.hunt_group(customer).await, 1).await.0;
    let mut discarded = bench.remove_hunt_group(hunt_group, at(5)).await.unwrap();
    discarded.sort();
    assert_eq!(discarded, keys);
    assert_eq!(bench.catalog.hunt_group(&bench.everywhere(), hunt_group).await.unwrap(), None);
    assert_eq!(bench.catalog.message_versions(hunt_group, None).await.unwrap(), []);
    assert!(!bench.removable().await.contains(&other));
}

pub(crate) async fn nothing_goes_that_was_not_noted(bench: &Bench) {
    let hunt_group = bench.hunt_group(bench.customer(None).await).await;
    let catalog = &*bench.catalog;
    for number in [1, 1, 1, 2] {
        put(bench, hunt_group, number).await;
    }
    let all = bench.noted(hunt_group, None).await;
    let other = MessageVersion { audio: bench.received(1).await.key, ..all[0] };
    for missing in 0..all.len() {
        let mut noted = all.clone();
        // The same place with other bytes is another message.
        noted[missing] = MessageVersion { audio: other.audio, ..noted[missing] };
        assert_changed(catalog.remove_hunt_group(hunt_group, noted, at(1)).await, "messages");
    }
    assert_eq!(all[0].version, 3, "newest first");
    for noted in [other, all[1], all[2]] {
        assert!(!catalog.clear_message(hunt_group, noted).await.unwrap(), "{noted:?}");
    }
    let new = bench.new_message(hunt_group, 1, bench.received(1).await);
    for noted in [vec![], vec![all[0], all[1], all[3]]] {
        assert_changed(catalog.put_message(NewMessage { noted, ..new.clone() }).await, "messages");
    }
    assert_eq!(bench.noted(hunt_group, None).await, all, "what is refused does nothing");
    assert_eq!(bench.removable().await, []);
    assert_eq!(versions(catalog, hunt_group).await, ["3*", "2", "1"]);
    // What is noted beyond that does no harm.
    let noted = all.clone();
    assert_eq!(catalog.put_message(NewMessage { noted, ..new }).await.unwrap(), (4, vec![all[2].audio]));
    assert!(bench.clear(hunt_group, 1).await.unwrap());
    let noted = [all, bench.noted(hunt_group, None).await].concat();
    assert_eq!(catalog.remove_hunt_group(hunt_group, noted, at(1)).await.unwrap().len(), 4);
}
