//! Plans: what is refused, exactly where, and that nothing is left of it.

use std::sync::Arc;

use callvault_core::audio::StoredAudio;
use callvault_core::customer::CustomerChange;
use callvault_core::feature::FeatureKind;
use callvault_core::id::{CustomerId, HuntGroupId};
use callvault_core::plan::{PlanChange, PlanLimit};

use super::features::{feature, prompt};
use crate::bench::{Bench, assert_forbidden, at, first, level};

async fn plan(bench: &Bench, customer: CustomerId, plan: PlanChange) {
    let change = CustomerChange { plan, ..CustomerChange::default() };
    bench.catalog.change_customer(customer, change).await.unwrap();
}

fn largest(limit: Option<u64>) -> PlanChange {
    PlanChange { largest_message_bytes: Some(limit), ..PlanChange::default() }
}

fn total(limit: Option<u64>) -> PlanChange {
    PlanChange { total_message_bytes: Some(limit), ..PlanChange::default() }
}

async fn sized(bench: &Bench, size_bytes: u64) -> StoredAudio {
    StoredAudio { size_bytes, ..bench.received(1).await }
}

async fn kept(bench: &Bench, customer: CustomerId) -> u64 {
    bench.catalog.message_bytes(&bench.inside(customer).await).await.unwrap()
}

async fn versions(bench: &Bench, hunt_group: HuntGroupId) -> Vec<(i64, bool)> {
    let versions = bench.catalog.message_versions(hunt_group, Some(level(1))).await.unwrap();
    versions.iter().map(|one| (one.version, one.current)).collect()
}

pub(crate) async fn without_hunt_groups_none_are_added(bench: &Bench) {
    let customer = bench.customer(None).await;
    let hunt_group = bench.hunt_group(customer).await;
    let catalog = &bench.catalog;
    for _ in 0..2 {
        let audio = bench.received(1).await;
        catalog.put_message(bench.new_message(hunt_group, 1, audio)).await.unwrap();
    }
    let set = async |allowed| {
        let change = PlanChange { hunt_groups_allowed: Some(allowed), ..PlanChange::default() };
        plan(bench, customer, change).await;
    };
    set(false).await;
    let audio = bench.received(1).await;
    let forbidden = PlanLimit::HuntGroups;
    assert_forbidden(catalog.put_message(bench.new_message(hunt_group, 1, audio.clone())).await, forbidden);
    assert_forbidden(catalog.restore_message(hunt_group, level(1), 1).await, forbidden);
    assert_forbidden(catalog.add_hunt_group(bench.new_hunt_group(customer)).await, forbidden);
    assert_eq!(versions(bench, hunt_group).await, [(2, true), (1, false)]);
    let sound = catalog.add_sound(bench.new_sound(customer)).await.unwrap();
    bench.fill_sound(sound, bench.received(1).await, None, at(1)).await.unwrap();
    assert!(bench.clear(hunt_group, 1).await.unwrap(), "taking away is always allowed");
    set(true).await;
    // The refused upload is still good for another try.
    catalog.put_message(bench.new_message(hunt_group, 1, audio)).await.unwrap();
}

pub(crate) async fn the_largest_file_is_bound(bench: &Bench) {
    let customer = bench.customer(None).await;
    let hunt_group = bench.hunt_group(customer).await;
    let catalog = &bench.catalog;
    let put = async |size| {
        let audio = sized(bench, size).await;
        catalog.put_message(bench.new_message(hunt_group, 1, audio)).await
    };
    put(101).await.unwrap();
    plan(bench, customer, largest(Some(100))).await;
    let forbidden = PlanLimit::LargestMessage { limit_bytes: 100 };
    put(100).await.unwrap();
    assert_forbidden(put(101).await, forbidden);
    assert_forbidden(catalog.restore_message(hunt_group, level(1), 1).await, forbidden);
    assert_eq!(versions(bench, hunt_group).await, [(2, true), (1, false)]);
    let sound = catalog.add_sound(bench.new_sound(customer)).await.unwrap();
    assert_forbidden(bench.fill_sound(sound, sized(bench, 101).await, None, at(1)).await, forbidden);
    bench.fill_sound(sound, sized(bench, 100).await, None, at(1)).await.unwrap();
    plan(bench, customer, largest(None)).await;
    put(101).await.unwrap();
}

pub(crate) async fn the_total_counts_versions_and_sounds(bench: &Bench) {
    let customer = bench.customer(None).await;
    let (one, other) = (bench.hunt_group(customer).await, bench.hunt_group(customer).await);
    let catalog = &bench.catalog;
    let put = async |hunt_group, size| {
        let audio = sized(bench, size).await;
        bench.put(bench.new_message(hunt_group, 1, audio)).await
    };
    assert_eq!(kept(bench, customer).await, 0);
    put(one, 10).await.unwrap();
    put(one, 20).await.unwrap();
    let sound = catalog.add_sound(bench.new_sound(customer)).await.unwrap();
    let shared = sized(bench, 40).await;
    bench.fill_sound(sound, shared.clone(), None, at(1)).await.unwrap();
    assert_eq!(kept(bench, customer).await, 70);
    // A message that is taken from a sound counts like any other.
    catalog.put_message(bench.new_message(other, 1, shared)).await.unwrap();
    assert_eq!(kept(bench, customer).await, 110);
    plan(bench, customer, total(Some(120))).await;
    let forbidden = PlanLimit::TotalMessages { limit_bytes: 120 };
    assert_forbidden(put(other, 11).await, forbidden);
    put(one, 10).await.unwrap();
    // Three versions of a level are kept: the fourth pushes the first one out, which makes room for as much.
    assert_forbidden(put(other, 1).await, forbidden);
    assert_forbidden(put(one, 11).await, forbidden);
    put(one, 10).await.unwrap();
    assert_eq!(kept(bench, customer).await, 120);
    assert!(bench.clear(one, 1).await.unwrap());
    assert_eq!(kept(bench, customer).await, 120, "the versions stay");
    catalog.restore_message(one, level(1), 2).await.unwrap();
    bench.remove_sound(sound, at(2)).await.unwrap();
    assert_eq!(kept(bench, customer).await, 80);
    bench.remove_hunt_group(one, at(2)).await.unwrap();
    assert_eq!(kept(bench, customer).await, 40);
    plan(bench, customer, total(Some(1))).await;
    catalog.restore_message(other, level(1), 1).await.unwrap();
    assert_eq!(kept(bench, customer).await, 40, "what is there stays");
}

pub(crate) async fn a_refused_message_leaves_no_trace(bench: &Bench) {
    let customer = bench.customer(None).await;
    let hunt_group = bench.hunt_group(customer).await;
    let catalog = &bench.catalog;
    for _ in 0..3 {
        let audio = sized(bench, 10).await;
        catalog.put_message(bench.new_message(hunt_group, 1, audio)).await.unwrap();
    }
    plan(bench, customer, total(Some(30))).await;
    let audio = sized(bench, 11).await;
    let refused = bench.new_message(hunt_group, 1, audio.clone());
    let forbidden = PlanLimit::TotalMessages { limit_bytes: 30 };
    assert_forbidden(bench.put(refused.clone()).await, forbidden);
    assert_eq!(versions(bench, hunt_group).await, [(3, true), (2, false), (1, false)]);
    assert_eq!(bench.removable().await, [], "nothing was pushed out");
    assert_eq!(catalog.known(vec![audio.key]).await.unwrap(), [audio.key], "its upload goes on");
    plan(bench, customer, total(Some(31))).await;
    assert_eq!(bench.put(refused).await.unwrap().0, 4);
}

pub(crate) async fn a_replaced_sound_makes_room(bench: &Bench) {
    let customer = bench.customer(None).await;
    let catalog = &bench.catalog;
    let sound = catalog.add_sound(bench.new_sound(customer)).await.unwrap();
    plan(bench, customer, total(Some(100))).await;
    let first = sized(bench, 60).await;
    bench.fill_sound(sound, first.clone(), None, at(1)).await.unwrap();
    let second = sized(bench, 100).await;
    assert_eq!(bench.fill_sound(sound, second.clone(), None, at(1)).await.unwrap(), [first.key]);
    assert_eq!(bench.fill_sound(sound, second, None, at(1)).await.unwrap(), [], "run again");
    let forbidden = PlanLimit::TotalMessages { limit_bytes: 100 };
    assert_forbidden(bench.fill_sound(sound, sized(bench, 101).await, None, at(1)).await, forbidden);
    assert_eq!(kept(bench, customer).await, 100);
}

pub(crate) async fn twenty_at_once_share_one_total(bench: &Bench) {
    let customer = bench.customer(None).await;
    plan(bench, customer, total(Some(59))).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..20 {
        let hunt_group = bench.hunt_group(customer).await;
        let new = bench.new_message(hunt_group, number % 10 + 1, sized(bench, 10).await);
        let catalog = Arc::clone(&bench.catalog);
        tasks.spawn(async move { catalog.put_message(new).await });
    }
    let mut put = 0;
    for result in tasks.join_all().await {
        match result {
            Ok(_) => put += 1,
            refused => assert_forbidden(refused, PlanLimit::TotalMessages { limit_bytes: 59 }),
        }
    }
    assert_eq!((put, kept(bench, customer).await), (5, 50));
}

pub(crate) async fn plans_bind_their_own_customer_alone(bench: &Bench) {
    let above = bench.customer(None).await;
    let customer = bench.customer(Some(above)).await;
    let hunt_group = bench.hunt_group(customer).await;
    for limit in [largest(Some(1)), total(Some(1))] {
        plan(bench, above, limit).await;
    }
    let audio = sized(bench, 10).await;
    bench.catalog.put_message(bench.new_message(hunt_group, 1, audio)).await.unwrap();
    assert_eq!((kept(bench, customer).await, kept(bench, above).await), (10, 0));
}

pub(crate) async fn prompts_count_like_messages(bench: &Bench) {
    let (customer, other) = (bench.customer(None).await, bench.customer(None).await);
    let queue = feature(bench, customer, FeatureKind::Queue).await;
    let elsewhere = feature(bench, other, FeatureKind::Queue).await;
    let catalog = &bench.catalog;
    let put = async |feature, size| {
        let audio = sized(bench, size).await;
        bench.put_prompt(prompt(feature, "main", audio)).await.map(drop)
    };
    put(queue, 60).await.unwrap();
    let hunt_groups = PlanChange { hunt_groups_allowed: Some(false), ..PlanChange::default() };
    for limit in [hunt_groups, total(Some(100)), largest(Some(90))] {
        plan(bench, customer, limit).await;
    }
    assert_forbidden(put(queue, 91).await, PlanLimit::LargestMessage { limit_bytes: 90 });
    put(queue, 90).await.unwrap();
    assert_eq!(kept(bench, customer).await, 90, "the one before makes room");
    let sound = catalog.add_sound(bench.new_sound(customer)).await.unwrap();
    let forbidden = PlanLimit::TotalMessages { limit_bytes: 100 };
    assert_forbidden(bench.fill_sound(sound, sized(bench, 11).await, None, at(1)).await, forbidden);
    bench.fill_sound(sound, sized(bench, 10).await, None, at(1)).await.unwrap();
    plan(bench, customer, largest(None)).await;
    assert_forbidden(put(queue, 91).await, forbidden);
    let file = FeatureKind::Queue.file("main").unwrap();
    let there = catalog.prompt(queue, file).await.unwrap().unwrap();
    assert_eq!(there.audio.size_bytes, 90, "what is refused leaves no trace");
    put(elsewhere, 1000).await.unwrap();
    assert_eq!((kept(bench, customer).await, kept(bench, other).await), (100, 1000));
    bench.remove_prompt(queue, file, at(2)).await.unwrap();
    assert_eq!(kept(bench, customer).await, 10);
}

pub(crate) async fn the_total_stays_that_of_what_is_kept(bench: &Bench) {
    const LIMIT: u64 = 400;
    let customer = bench.customer(None).await;
    let inside = bench.inside(customer).await;
    let hunt_groups = [bench.hunt_group(customer).await, bench.hunt_group(customer).await];
    let catalog = &bench.catalog;
    let mut sounds = Vec::new();
    for _ in 0..3 {
        sounds.push(catalog.add_sound(bench.new_sound(customer)).await.unwrap());
    }
    let queue = feature(bench, customer, FeatureKind::Queue).await;
    let file = queue.kind.file("main").unwrap();
    plan(bench, customer, total(Some(LIMIT))).await;
    // Numbers without a pattern, the same in every run (a linear congruential generator).
    let mut state = 7_u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let (mut done, mut refused) = (0, 0);
    for step in 0..400 {
        let (hunt_group, sound) = (hunt_groups[draw(2) as usize], sounds[draw(3) as usize]);
        let place = draw(3) as i64 + 1;
        let outcome = match draw(10) {
            0..3 => {
                let audio = sized(bench, draw(90) + 1).await;
                bench.put(bench.new_message(hunt_group, place, audio)).await.map(drop)
            }
            3 => {
                let filled =
                    catalog.sound(&bench.everywhere().into(), sound).await.unwrap().and_then(|one| one.audio);
                let Some(audio) = filled else { continue };
                bench.put(bench.new_message(hunt_group, place, audio)).await.map(drop)
            }
            4 => bench.fill_sound(sound, sized(bench, draw(90) + 1).await, None, at(1)).await.map(drop),
            5 => bench.clear(hunt_group, place).await.map(drop),
            6 => {
                let there = catalog.message_versions(hunt_group, Some(level(place))).await.unwrap();
                let Some(oldest) = there.last() else { continue };
                catalog.restore_message(hunt_group, level(place), oldest.version).await
            }
            7 => {
                let audio = sized(bench, draw(90) + 1).await;
                bench.put_prompt(prompt(queue, "main", audio)).await.map(drop)
            }
            8 => bench.remove_prompt(queue, file, at(1)).await.map(drop),
            _ => {
                bench.remove_sound(sound, at(1)).await.unwrap();
                let again = catalog.add_sound(bench.new_sound(customer)).await.unwrap();
                sounds.iter_mut().filter(|one| **one == sound).for_each(|one| *one = again);
                Ok(())
            }
        };
        match outcome {
            Ok(()) => done += 1,
            forbidden => {
                assert_forbidden(forbidden, PlanLimit::TotalMessages { limit_bytes: LIMIT });
                refused += 1;
            }
        }
        let mut expected = 0;
        for hunt_group in hunt_groups {
            let versions = catalog.message_versions(hunt_group, None).await.unwrap();
            expected += versions.iter().map(|one| one.audio.size_bytes).sum::<u64>();
        }
        let filled = catalog.sounds(&inside, false, first(10)).await.unwrap();
        expected += filled.iter().filter_map(|one| one.audio.as_ref()).map(|one| one.size_bytes).sum::<u64>();
        expected += catalog.prompts(queue).await.unwrap().iter().map(|one| one.audio.size_bytes).sum::<u64>();
        assert_eq!(kept(bench, customer).await, expected, "step {step}");
        assert!(expected <= LIMIT, "step {step}: {expected}");
    }
    assert_eq!(catalog.self_check().await.unwrap(), [""; 0]);
    assert!(done > 100 && refused > 20, "{done} done, {refused} refused");
}
