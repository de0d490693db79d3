//! Library sounds.

use callvault_core::id::{CustomerId, SoundId};
use callvault_core::sound::{NewSound, Sound};

use crate::bench::{Bench, assert_gone, assert_taken, at};

pub(crate) async fn a_sound_is_made_then_filled(bench: &Bench) {
    let customer = bench.customer(None).await;
    let catalog = &bench.catalog;
    let new = NewSound { id: Some(SoundId(30)), ..bench.new_sound(customer) };
    assert_eq!(catalog.add_sound(new.clone()).await.unwrap(), SoundId(30));
    assert_taken(catalog.add_sound(new).await, "id");
    assert_eq!(catalog.add_sound(bench.new_sound(customer)).await.unwrap(), SoundId(31));
    assert_gone(catalog.add_sound(bench.new_sound(CustomerId(99))).await, "customer");
    let empty =
        Sound { id: SoundId(30), customer, name: "Welcome".to_owned(), created_at: at(4_000), audio: None };
    let all = bench.everywhere();
    assert_eq!(catalog.sound(&all, SoundId(30)).await.unwrap(), Some(empty.clone()));
    let audio = bench.received(1).await;
    assert_eq!(catalog.fill_sound(SoundId(30), audio.clone(), at(1)).await.unwrap(), []);
    let filled = Sound { audio: Some(audio), ..empty };
    assert_eq!(catalog.sound(&all, SoundId(30)).await.unwrap(), Some(filled));
    assert_eq!(catalog.sound(&all, SoundId(99)).await.unwrap(), None);
}

pub(crate) async fn a_sound_is_replaced_and_removed(bench: &Bench) {
    let customer = bench.customer(None).await;
    let catalog = &bench.catalog;
    let sound = catalog.add_sound(bench.new_sound(customer)).await.unwrap();
    let (old, new) = (bench.received(1).await, bench.received(2).await);
    catalog.fill_sound(sound, old.clone(), at(1)).await.unwrap();
    assert_eq!(catalog.fill_sound(sound, old.clone(), at(1)).await.unwrap(), [], "run again");
    assert_eq!(catalog.fill_sound(sound, new.clone(), at(1)).await.unwrap(), [old.key]);
    assert_gone(catalog.fill_sound(sound, bench.audio(3), at(1)).await, "upload");
    assert_eq!(catalog.sound(&bench.everywhere(), sound).await.unwrap().unwrap().audio, Some(new.clone()));
    assert_gone(catalog.fill_sound(SoundId(99), bench.received(4).await, at(1)).await, "sound");
    assert_eq!(catalog.remove_sound(sound, at(2)).await.unwrap(), [new.key]);
    assert_gone(catalog.remove_sound(sound, at(2)).await, "sound");
    let empty = catalog.add_sound(bench.new_sound(customer)).await.unwrap();
    assert_eq!(catalog.remove_sound(empty, at(2)).await.unwrap(), []);
    assert_eq!(bench.removable().await, [old.key, new.key]);
}
