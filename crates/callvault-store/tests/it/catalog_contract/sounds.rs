//! Library sounds.

use callvault_core::customer::CustomerChange;
use callvault_core::gate::{Gate, Kind, Principal, Verb};
use callvault_core::id::{CustomerId, SoundId};
use callvault_core::page::PageRequest;
use callvault_core::plan::{PlanChange, PlanLimit};
use callvault_core::port::catalog::Trial;
use callvault_core::role::Reach;
use callvault_core::sound::{NewSound, Sound, SoundChange};

use crate::bench::{Bench, assert_changed, assert_forbidden, assert_gone, assert_taken, at, first};

pub(crate) async fn a_sound_is_made_then_filled(bench: &Bench) {
    let customer = bench.customer(None).await;
    let catalog = &bench.catalog;
    let new = NewSound { id: Some(SoundId(30)), ..bench.new_sound(customer) };
    assert_eq!(catalog.add_sound(new.clone()).await.unwrap(), SoundId(30));
    assert_taken(catalog.add_sound(new).await, "id");
    assert_eq!(catalog.add_sound(bench.new_sound(customer)).await.unwrap(), SoundId(31));
    assert_gone(catalog.add_sound(bench.new_sound(CustomerId(99))).await, "customer");
    let empty = Sound {
        id: SoundId(30),
        customer,
        name: "Welcome".to_owned(),
        description: String::new(),
        shared: false,
        created_at: at(4_000),
        file_name: None,
        audio: None,
    };
    let all = bench.everywhere();
    assert_eq!(catalog.sound(&all.into(), SoundId(30)).await.unwrap(), Some(empty.clone()));
    let audio = bench.received(1).await;
    assert_eq!(bench.fill_sound(SoundId(30), audio.clone(), None, at(1)).await.unwrap(), []);
    let filled = Sound { audio: Some(audio), ..empty };
    assert_eq!(catalog.sound(&all.into(), SoundId(30)).await.unwrap(), Some(filled.clone()));
    let named = bench.received(2).await;
    bench.fill_sound(SoundId(30), named.clone(), Some("Grüße.wav".to_owned()), at(1)).await.unwrap();
    let named = Sound { audio: Some(named), file_name: Some("Grüße.wav".to_owned()), ..filled };
    assert_eq!(catalog.sound(&all.into(), SoundId(30)).await.unwrap(), Some(named));
    assert_eq!(catalog.sound(&all.into(), SoundId(99)).await.unwrap(), None);
}

pub(crate) async fn a_sound_is_replaced_and_removed(bench: &Bench) {
    let customer = bench.customer(None).await;
    let catalog = &bench.catalog;
    let sound = catalog.add_sound(bench.new_sound(customer)).await.unwrap();
    let (old, new) = (bench.received(1).await, bench.received(2).await);
    bench.fill_sound(sound, old.clone(), None, at(1)).await.unwrap();
    assert_eq!(bench.fill_sound(sound, old.clone(), None, at(1)).await.unwrap(), [], "run again");
    assert_eq!(bench.fill_sound(sound, new.clone(), None, at(1)).await.unwrap(), [old.key]);
    assert_gone(bench.fill_sound(sound, bench.audio(3), None, at(1)).await, "upload");
    assert_eq!(
        catalog.sound(&bench.everywhere().into(), sound).await.unwrap().unwrap().audio,
        Some(new.clone())
    );
    assert_gone(bench.fill_sound(SoundId(99), bench.received(4).await, None, at(1)).await, "sound");
    assert_eq!(bench.remove_sound(sound, at(2)).await.unwrap(), [new.key]);
    assert_gone(bench.remove_sound(sound, at(2)).await, "sound");
    let empty = catalog.add_sound(bench.new_sound(customer)).await.unwrap();
    assert_eq!(bench.remove_sound(empty, at(2)).await.unwrap(), []);
    assert_eq!(bench.removable().await, [old.key, new.key]);
}

pub(crate) async fn a_sound_changes(bench: &Bench) {
    let customer = bench.customer(None).await;
    let catalog = &bench.catalog;
    let new = NewSound { description: "Ground floor".to_owned(), shared: true, ..bench.new_sound(customer) };
    let sound = catalog.add_sound(new).await.unwrap();
    let other = catalog.add_sound(bench.new_sound(customer)).await.unwrap();
    let find = async |id| catalog.sound(&bench.everywhere().into(), id).await.unwrap().unwrap();
    let (mut expected, untouched) = (find(sound).await, find(other).await);
    assert_eq!((expected.description.as_str(), expected.shared), ("Ground floor", true));
    for change in [
        SoundChange::default(),
        SoundChange { name: Some("Closed".to_owned()), ..SoundChange::default() },
        SoundChange { description: Some(String::new()), ..SoundChange::default() },
        SoundChange { shared: Some(false), ..SoundChange::default() },
        SoundChange {
            name: Some("Open".to_owned()),
            description: Some("Grüße".to_owned()),
            shared: Some(true),
        },
    ] {
        catalog.try_out(Trial::ChangeSound(sound, change.clone())).await.unwrap();
        assert_eq!(find(sound).await, expected, "a trial of {change:?}");
        catalog.change_sound(sound, change.clone()).await.unwrap();
        expected.name = change.name.unwrap_or(expected.name);
        expected.description = change.description.unwrap_or(expected.description);
        expected.shared = change.shared.unwrap_or(expected.shared);
        assert_eq!(find(sound).await, expected);
    }
    assert_eq!(find(other).await, untouched);
    assert_gone(catalog.change_sound(SoundId(99), SoundChange::default()).await, "sound");
    let lost = Trial::ChangeSound(SoundId(99), SoundChange::default());
    assert_gone(catalog.try_out(lost).await, "sound");
    // A number that a trial took is free again.
    catalog.try_out(Trial::AddSound(bench.new_sound(customer))).await.unwrap();
    assert_eq!(catalog.add_sound(bench.new_sound(customer)).await.unwrap(), SoundId(other.0 + 1));
}

pub(crate) async fn a_sound_loses_its_file(bench: &Bench) {
    let customer = bench.customer(None).await;
    let hunt_group = bench.hunt_group(customer).await;
    let catalog = &bench.catalog;
    let sound = catalog.add_sound(bench.new_sound(customer)).await.unwrap();
    let before = catalog.sound(&bench.everywhere().into(), sound).await.unwrap();
    assert_eq!(bench.clear_sound(sound, at(1)).await.unwrap(), None, "it has none");
    let audio = bench.received(1).await;
    let name = Some("a.wav".to_owned());
    bench.fill_sound(sound, audio.clone(), name.clone(), at(1)).await.unwrap();
    assert_eq!(bench.clear_sound(sound, at(2)).await.unwrap(), Some(vec![audio.key]));
    assert_eq!(catalog.sound(&bench.everywhere().into(), sound).await.unwrap(), before);
    // What was taken from it keeps the bytes.
    let audio = bench.received(2).await;
    bench.fill_sound(sound, audio.clone(), name, at(3)).await.unwrap();
    catalog.put_message(bench.new_message(hunt_group, 1, audio.clone())).await.unwrap();
    assert_eq!(bench.clear_sound(sound, at(4)).await.unwrap(), Some(Vec::new()));
    assert_gone(bench.clear_sound(SoundId(99), at(1)).await, "sound");
}

pub(crate) async fn a_shared_sound_is_found_by_all(bench: &Bench) {
    let owner = bench.customer(None).await;
    let stranger = bench.customer(None).await;
    let catalog = &bench.catalog;
    let gate = Gate::new(catalog.clone());
    let person = |reach| Principal { reach, customer: Some(stranger), ..Principal::local_owner() };
    let mut all = Vec::new();
    // Every third is the stranger's own, every third shared, and one in six both.
    for number in 0..18 {
        let customer = if number % 3 == 0 { stranger } else { owner };
        let new = NewSound { shared: number % 3 == 1 || number % 6 == 0, ..bench.new_sound(customer) };
        let id = catalog.add_sound(new.clone()).await.unwrap();
        all.push((id, new));
    }
    for reach in [Reach::Own, Reach::Customer, Reach::Subtree] {
        for (id, new) in &all {
            let own = new.customer == stranger;
            for (verb, visible) in [
                (Verb::See, own || new.shared),
                (Verb::Download, own || new.shared),
                (Verb::Change, own),
                (Verb::Delete, own),
            ] {
                for kind in [Kind::Sound, Kind::SoundFile] {
                    let within = gate.sounds(&person(reach), kind, verb).unwrap();
                    let found = catalog.sound(&within, *id).await.unwrap();
                    assert_eq!(found.map(|sound| sound.id), visible.then_some(*id), "{reach:?} {verb:?}");
                }
            }
            let found = catalog.sound(&gate.sound_sources(&person(reach)).unwrap(), *id).await.unwrap();
            assert_eq!(found.is_some(), own || new.shared);
            // Whose role has no sounds finds the shared ones alone.
            let poor = Principal { privileges: Default::default(), ..person(reach) };
            let found = catalog.sound(&gate.sound_sources(&poor).unwrap(), *id).await.unwrap();
            assert_eq!(found.is_some(), new.shared);
        }
    }
    let inside = bench.inside(stranger).await;
    let listed = async |shared, limit| {
        let (mut seen, mut page) = (Vec::new(), first(limit));
        loop {
            let rows = catalog.sounds(&inside, shared, page).await.unwrap();
            seen.extend(rows.iter().map(|row| row.id));
            match rows.last() {
                Some(last) => page = PageRequest { after: Some(last.id), ..first(limit) },
                None => return seen,
            }
        }
    };
    let of = |wanted: fn(bool, bool) -> bool| -> Vec<SoundId> {
        let rows = all.iter().filter(|(_, new)| wanted(new.customer == stranger, new.shared));
        rows.map(|(id, _)| *id).collect()
    };
    for limit in [1, 2, 5, 100] {
        assert_eq!(listed(false, limit).await, of(|own, _| own), "{limit}");
        assert_eq!(listed(true, limit).await, of(|own, shared| own || shared), "{limit}");
    }
}

pub(crate) async fn a_plan_without_sounds_adds_changes_and_fills_none(bench: &Bench) {
    let customer = bench.customer(None).await;
    let other = bench.customer(None).await;
    let catalog = &bench.catalog;
    let sound = catalog.add_sound(bench.new_sound(customer)).await.unwrap();
    let audio = bench.received(1).await;
    bench.fill_sound(sound, audio.clone(), None, at(1)).await.unwrap();
    let before = catalog.sound(&bench.everywhere().into(), sound).await.unwrap();
    let plan = PlanChange { sounds_allowed: Some(false), ..PlanChange::default() };
    let change = CustomerChange { plan, ..CustomerChange::default() };
    catalog.change_customer(customer, change).await.unwrap();
    let renamed = || SoundChange { name: Some("Lost".to_owned()), ..SoundChange::default() };
    let forbidden = PlanLimit::Sounds;
    assert_forbidden(catalog.add_sound(bench.new_sound(customer)).await, forbidden);
    assert_forbidden(catalog.change_sound(sound, renamed()).await, forbidden);
    assert_forbidden(bench.fill_sound(sound, bench.received(2).await, None, at(1)).await, forbidden);
    let trials = [Trial::AddSound(bench.new_sound(customer)), Trial::ChangeSound(sound, renamed())];
    for trial in trials {
        assert_forbidden(catalog.try_out(trial).await, forbidden);
    }
    assert_eq!(catalog.sound(&bench.everywhere().into(), sound).await.unwrap(), before);
    catalog.add_sound(bench.new_sound(other)).await.unwrap();
    // What is there can be taken away.
    assert_eq!(bench.clear_sound(sound, at(2)).await.unwrap(), Some(vec![audio.key]));
    bench.remove_sound(sound, at(2)).await.unwrap();
}

pub(crate) async fn no_file_of_a_sound_goes_that_was_not_noted(bench: &Bench) {
    let customer = bench.customer(None).await;
    let catalog = &bench.catalog;
    let sound = catalog.add_sound(bench.new_sound(customer)).await.unwrap();
    let (there, new) = (bench.received(1).await, bench.received(2).await);
    catalog.fill_sound(sound, there.clone(), None, vec![], at(1)).await.unwrap();
    let before = catalog.sound(&bench.everywhere().into(), sound).await.unwrap();
    for noted in [vec![], vec![bench.key(), new.key]] {
        let filled = catalog.fill_sound(sound, new.clone(), None, noted.clone(), at(2)).await;
        assert_changed(filled, "sounds");
        assert_changed(catalog.clear_sound(sound, noted.clone(), at(2)).await, "sounds");
        assert_changed(catalog.remove_sound(sound, noted, at(2)).await, "sounds");
    }
    assert_eq!(catalog.sound(&bench.everywhere().into(), sound).await.unwrap(), before);
    assert_eq!(bench.removable().await, [], "what is refused does nothing");
    // What is noted beyond that does no harm.
    let noted = vec![bench.key(), there.key];
    assert_eq!(catalog.fill_sound(sound, new.clone(), None, noted, at(3)).await.unwrap(), [there.key]);
    let again = catalog.fill_sound(sound, new.clone(), None, vec![there.key], at(3)).await;
    assert_eq!(again.unwrap(), [], "run again");
    assert_eq!(catalog.remove_sound(sound, vec![there.key, new.key], at(4)).await.unwrap(), [new.key]);
}
