//! Objects that nothing needs, and those that something does.

use callvault_core::feature::FeatureKind;
use callvault_core::page::PageRequest;

use super::features::{feature, prompt};
use crate::bench::{Bench, assert_gone, at, first, name};

pub(crate) async fn leases_end(bench: &Bench) {
    let catalog = &bench.catalog;
    let (early, late) = (bench.key(), bench.key());
    catalog.receive(vec![early], at(100)).await.unwrap();
    catalog.receive(vec![late], at(200)).await.unwrap();
    assert_eq!(catalog.removable(at(99), 10).await.unwrap(), []);
    assert_eq!(catalog.removable(at(100), 10).await.unwrap(), [early], "a lease ends at its end");
    assert_eq!(catalog.removable(at(300), 10).await.unwrap(), [early, late]);
    assert_eq!(catalog.removable(at(300), 1).await.unwrap(), [early]);
    catalog.forget(vec![early]).await.unwrap();
    catalog.forget(vec![early, bench.key()]).await.unwrap();
    assert_eq!(catalog.removable(at(300), 10).await.unwrap(), [late]);
    catalog.forget(vec![]).await.unwrap();
}

pub(crate) async fn leases_are_extended(bench: &Bench) {
    let catalog = &bench.catalog;
    let keys: Vec<_> = (0..100).map(|_| bench.key()).collect();
    catalog.receive(keys.clone(), at(100)).await.unwrap();
    let unknown = bench.key();
    catalog.extend_leases([&keys[1..], &[unknown]].concat(), at(200)).await.unwrap();
    assert_eq!(catalog.removable(at(150), 1000).await.unwrap(), keys[..1]);
    // Never shortened, and an ended one does not come back.
    catalog.extend_leases(keys.clone(), at(120)).await.unwrap();
    catalog.extend_leases(keys.clone(), at(160)).await.unwrap();
    assert_eq!(catalog.removable(at(199), 1000).await.unwrap(), keys[..1]);
    assert_eq!(catalog.removable(at(200), 1000).await.unwrap().len(), 100);
    assert_eq!(catalog.known(vec![unknown]).await.unwrap(), []);
}

pub(crate) async fn an_ended_lease_refuses_the_upload(bench: &Bench) {
    let customer = bench.customer(None).await;
    let catalog = &bench.catalog;
    let recording = bench.new_recording(customer, "a.wav", 1).await;
    // From here on someone may be removing the bytes.
    assert_eq!(catalog.removable(at(1_000_000), 10).await.unwrap(), [recording.audio.key]);
    assert_gone(catalog.add_recording(recording.clone()).await, "upload");
    catalog.forget(vec![recording.audio.key]).await.unwrap();
    assert_gone(catalog.add_recording(recording).await, "upload");
    let inside = bench.inside(customer).await;
    assert_eq!(catalog.recordings(&inside, first(10)).await.unwrap(), []);
}

pub(crate) async fn needed_audio_is_listed_with_its_user(bench: &Bench) {
    let customer = bench.customer(None).await;
    let hunt_group = bench.hunt_group(customer).await;
    let catalog = &bench.catalog;
    let recording = bench.recording(customer, "a.wav", 1).await;
    let message = bench.received(2).await;
    catalog.put_message(bench.new_message(hunt_group, 7, message.clone())).await.unwrap();
    let sound = catalog.add_sound(bench.new_sound(customer)).await.unwrap();
    let library = bench.received(3).await;
    bench.fill_sound(sound, library.clone(), None, at(1)).await.unwrap();
    let menu = feature(bench, customer, FeatureKind::PatternMenu).await;
    let goodbye = bench.received(6).await;
    bench.put_prompt(prompt(menu, "goodbye", goodbye.clone())).await.unwrap();
    bench.received(4).await;
    let gone = bench.recording(customer, "b.wav", 5).await;
    let inside = bench.inside(customer).await;
    bench.remove_recording(&inside, &gone.name, at(1)).await.unwrap();
    let needed = catalog.needed(first(10)).await.unwrap();
    let found: Vec<_> = needed.iter().map(|one| (one.audio.clone(), one.kind, one.name.as_str())).collect();
    let (place, number) = (format!("{hunt_group}/7/1"), sound.to_string());
    let expected = [
        (recording.audio.clone(), "recording", "a.wav"),
        (message, "message", place.as_str()),
        (library, "sound", number.as_str()),
        (goodbye, "prompt", "patternmenu/1/goodbye"),
    ];
    assert_eq!(found, expected);
    let after = PageRequest::new(Some(recording.audio.key), 1);
    assert_eq!(catalog.needed(after).await.unwrap(), needed[1..2]);
}

pub(crate) async fn known_objects_are_told_from_strangers(bench: &Bench) {
    let customer = bench.customer(None).await;
    let inside = bench.inside(customer).await;
    let catalog = &bench.catalog;
    let stored = bench.recording(customer, "a.wav", 1).await.audio.key;
    let receiving = bench.received(2).await.key;
    let discarded = bench.recording(customer, "b.wav", 3).await.audio.key;
    bench.remove_recording(&inside, &name("b.wav"), at(1)).await.unwrap();
    let strangers: Vec<_> = (0..300).map(|_| bench.key()).collect();
    let asked = [&strangers[..], &[stored, receiving, discarded]].concat();
    let mut known = catalog.known(asked).await.unwrap();
    known.sort();
    assert_eq!(known, [stored, receiving, discarded]);
    assert_eq!(catalog.known(vec![]).await.unwrap(), []);
}
