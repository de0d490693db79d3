//! Features and their prompts.

use std::sync::Arc;

use callvault_core::audio::StoredAudio;
use callvault_core::feature::{Feature, FeatureChange, FeatureKey, FeatureKind, NewFeature, Prompt};
use callvault_core::id::{CustomerId, FeatureId, PersonId};
use callvault_core::page::PageRequest;
use callvault_core::role::Reach;
use tokio::task::JoinSet;

use crate::bench::{Bench, assert_changed, assert_gone, assert_taken, at};

pub(super) fn new_feature(customer: CustomerId, kind: FeatureKind, number: Option<&str>) -> NewFeature {
    NewFeature {
        kind,
        id: None,
        customer,
        number: number.map(str::to_owned),
        name: "Support".to_owned(),
        owner: None,
        is_system: false,
        created_at: at(3_000),
    }
}

/// The first of a kind, without a number.
pub(super) async fn feature(bench: &Bench, customer: CustomerId, kind: FeatureKind) -> FeatureKey {
    let id = bench.catalog.add_feature(new_feature(customer, kind, None)).await.unwrap();
    FeatureKey { kind, id }
}

pub(super) fn prompt(feature: FeatureKey, word: &str, audio: StoredAudio) -> Prompt {
    Prompt {
        feature,
        file: feature.kind.file(word).unwrap(),
        name: "greeting.wav".to_owned(),
        put_by: Some(PersonId(9)),
        created_at: at(6_000),
        audio,
    }
}

fn key(kind: FeatureKind, id: i64) -> FeatureKey {
    FeatureKey { kind, id: FeatureId(id) }
}

pub(crate) async fn a_feature_comes_back_as_written(bench: &Bench) {
    let customer = bench.customer(None).await;
    let owner = bench.person(customer, "ann").await;
    let catalog = &bench.catalog;
    for (place, kind) in FeatureKind::ALL.into_iter().enumerate() {
        let new = NewFeature {
            // Ids count within a kind: all kinds may have the same.
            id: Some(FeatureId(30)),
            number: kind.is_numbered().then(|| "+49 30 100".to_owned()),
            owner: Some(owner).filter(|_| place % 2 == 0),
            is_system: kind == FeatureKind::Music,
            ..new_feature(customer, kind, None)
        };
        assert_eq!(catalog.add_feature(new.clone()).await.unwrap(), FeatureId(30));
        let NewFeature { number, name, owner, is_system, created_at, .. } = new.clone();
        let expected = Feature { key: key(kind, 30), customer, number, name, owner, is_system, created_at };
        let found = catalog.feature(&bench.everywhere(), key(kind, 30)).await.unwrap();
        assert_eq!(found, Some(expected), "{kind}");
        assert_taken(catalog.add_feature(new.clone()).await, "id");
        let other = NewFeature { id: None, number: new.number.map(|number| number + "1"), ..new };
        assert_eq!(catalog.add_feature(other).await.unwrap(), FeatureId(31), "{kind}");
        assert_eq!(catalog.feature(&bench.everywhere(), key(kind, 32)).await.unwrap(), None);
    }
    let queue = new_feature(CustomerId(99), FeatureKind::Queue, None);
    assert_gone(catalog.add_feature(queue).await, "customer");
    let stranger = bench.person(bench.customer(None).await, "eve").await;
    for owner in [stranger, PersonId(99)] {
        let queue = NewFeature { owner: Some(owner), ..new_feature(customer, FeatureKind::Queue, None) };
        assert_gone(catalog.add_feature(queue).await, "owner");
    }
}

pub(crate) async fn features_change(bench: &Bench) {
    let customer = bench.customer(None).await;
    let (ann, eve) =
        (bench.person(customer, "ann").await, bench.person(bench.customer(None).await, "eve").await);
    let catalog = &bench.catalog;
    let kind = FeatureKind::Mailbox;
    for number in ["100", "200"] {
        catalog.add_feature(new_feature(customer, kind, Some(number))).await.unwrap();
    }
    let change = async |change: FeatureChange| catalog.change_feature(key(kind, 1), change).await;
    let seen = async || {
        let found = catalog.feature(&bench.everywhere(), key(kind, 1)).await.unwrap().unwrap();
        (found.name, found.number.unwrap(), found.owner)
    };
    let nothing = FeatureChange::default();
    change(nothing.clone()).await.unwrap();
    assert_eq!(seen().await, ("Support".to_owned(), "100".to_owned(), None));
    let all = FeatureChange {
        name: Some("Desk".to_owned()),
        number: Some("101".to_owned()),
        owner: Some(Some(ann)),
    };
    change(all).await.unwrap();
    assert_eq!(seen().await, ("Desk".to_owned(), "101".to_owned(), Some(ann)));
    assert_taken(change(FeatureChange { number: Some("200".to_owned()), ..nothing.clone() }).await, "number");
    for stranger in [eve, PersonId(99)] {
        assert_gone(change(FeatureChange { owner: Some(Some(stranger)), ..nothing.clone() }).await, "owner");
    }
    assert_eq!(seen().await, ("Desk".to_owned(), "101".to_owned(), Some(ann)));
    change(FeatureChange { owner: Some(None), ..nothing.clone() }).await.unwrap();
    assert_eq!(seen().await.2, None);
    for change in [nothing.clone(), FeatureChange { owner: Some(Some(ann)), ..nothing }] {
        assert_gone(catalog.change_feature(key(kind, 99), change.clone()).await, "feature");
        assert_gone(catalog.change_feature(key(FeatureKind::Queue, 1), change).await, "feature");
    }
}

pub(crate) async fn features_are_found_by_number(bench: &Bench) {
    let above = bench.customer(None).await;
    let own = bench.customer(Some(above)).await;
    let other = bench.customer(Some(above)).await;
    let catalog = &bench.catalog;
    let add =
        async |customer, kind, number| catalog.add_feature(new_feature(customer, kind, Some(number))).await;
    // The same number may be there once for each customer and kind.
    for (customer, kind) in
        [(other, FeatureKind::Number), (own, FeatureKind::Number), (own, FeatureKind::Code)]
    {
        add(customer, kind, "100").await.unwrap();
    }
    assert_taken(add(own, FeatureKind::Number, "100").await, "number");
    let found = async |customer: CustomerId, reach, kind, number: &str, first| {
        let within = bench.reach(customer, reach);
        let found = catalog.feature_numbered(&within, kind, number, first).await.unwrap();
        found.map(|found| (found.customer, found.key))
    };
    let (number, code) = (FeatureKind::Number, FeatureKind::Code);
    assert_eq!(found(own, Reach::Own, number, "100", None).await, Some((own, key(number, 2))));
    assert_eq!(found(other, Reach::Customer, number, "100", Some(own)).await, Some((other, key(number, 1))));
    assert_eq!(found(above, Reach::Subtree, number, "100", None).await, Some((own, key(number, 2))));
    assert_eq!(found(above, Reach::Subtree, number, "100", Some(other)).await, Some((other, key(number, 1))));
    assert_eq!(found(above, Reach::Subtree, number, "100", Some(above)).await, Some((own, key(number, 2))));
    assert_eq!(found(above, Reach::Customer, number, "100", None).await, None);
    assert_eq!(found(own, Reach::Own, code, "100", None).await, Some((own, key(code, 1))));
    assert_eq!(found(other, Reach::Own, code, "100", None).await, None);
    for missing in ["10", "1000", "", "100 "] {
        assert_eq!(found(above, Reach::Subtree, number, missing, None).await, None, "{missing:?}");
    }
    let inside = bench.inside(other).await;
    let only = catalog.feature_numbered(&inside.into(), number, "100", Some(own)).await.unwrap();
    assert_eq!(only.map(|found| found.customer), Some(other));
}

pub(crate) async fn features_are_listed_by_kind_and_id(bench: &Bench) {
    let (own, other) = (bench.customer(None).await, bench.customer(None).await);
    for customer in [own, other] {
        for kind in [FeatureKind::Unlimited, FeatureKind::Queue, FeatureKind::CardGroup, FeatureKind::Queue] {
            feature(bench, customer, kind).await;
        }
    }
    let inside = bench.inside(own).await;
    let list = async |kind, after, limit| {
        let page = PageRequest::new(after, limit);
        let rows = bench.catalog.features(&inside, kind, page).await.unwrap();
        rows.into_iter().map(|row| row.key.to_string()).collect::<Vec<_>>()
    };
    let all = ["cardgroup/1", "queue/1", "queue/2", "unlimited/1"];
    assert_eq!(list(None, None, 10).await, all);
    for (place, after) in all.iter().enumerate() {
        let (kind, id) = after.split_once('/').unwrap();
        let after = key(FeatureKind::parse(kind).unwrap(), id.parse().unwrap());
        assert_eq!(
            list(None, Some(after), 1).await,
            all[place + 1..].iter().take(1).copied().collect::<Vec<_>>()
        );
    }
    assert_eq!(list(Some(FeatureKind::Queue), None, 10).await, all[1..3]);
    assert_eq!(list(Some(FeatureKind::Queue), Some(key(FeatureKind::Queue, 1)), 10).await, all[2..3]);
    assert_eq!(list(Some(FeatureKind::Queue), Some(key(FeatureKind::Unlimited, 1)), 10).await, [""; 0]);
    assert_eq!(list(Some(FeatureKind::Code), None, 10).await, [""; 0]);
}

pub(crate) async fn a_prompt_is_put_replaced_and_removed(bench: &Bench) {
    let customer = bench.customer(None).await;
    let catalog = &bench.catalog;
    let menu = feature(bench, customer, FeatureKind::PatternMenu).await;
    let (old, new, other) = (bench.received(1).await, bench.received(2).await, bench.received(3).await);
    let first = prompt(menu, "invalid", old.clone());
    assert_eq!(catalog.prompt(menu, first.file).await.unwrap(), None);
    assert_eq!(bench.put_prompt(first.clone()).await.unwrap(), []);
    assert_eq!(bench.put_prompt(first.clone()).await.unwrap(), [], "run again");
    assert_eq!(catalog.prompt(menu, first.file).await.unwrap(), Some(first.clone()));
    let beside = prompt(menu, "digits", other.clone());
    bench.put_prompt(beside.clone()).await.unwrap();
    let second = Prompt {
        name: "b.wav".to_owned(),
        put_by: None,
        created_at: at(6_500),
        audio: new.clone(),
        ..first.clone()
    };
    assert_eq!(bench.put_prompt(second.clone()).await.unwrap(), [old.key], "no older version is kept");
    assert_eq!(catalog.prompts(menu).await.unwrap(), [beside, second.clone()]);
    // A late upload changes nothing, nor does one for what is not there.
    assert_gone(bench.put_prompt(Prompt { audio: bench.audio(4), ..first.clone() }).await, "upload");
    let missing = FeatureKey { id: FeatureId(99), ..menu };
    let nowhere = Prompt { feature: missing, audio: bench.received(5).await, ..first.clone() };
    assert_gone(bench.put_prompt(nowhere).await, "feature");
    assert_eq!(catalog.prompt(menu, first.file).await.unwrap(), Some(second));
    assert_eq!(bench.remove_prompt(menu, first.file, at(7)).await.unwrap(), Some(vec![new.key]));
    assert_eq!(bench.remove_prompt(menu, first.file, at(7)).await.unwrap(), None);
    assert_eq!(bench.remove_feature(menu, at(8)).await.unwrap(), [other.key]);
    assert_gone(bench.remove_feature(menu, at(8)).await, "feature");
    assert_eq!(catalog.prompts(menu).await.unwrap(), []);
    let mut removable = bench.removable().await;
    removable.sort_unstable();
    assert_eq!(removable, [old.key, new.key, other.key]);
}

pub(crate) async fn a_prompt_shares_the_audio_of_a_sound(bench: &Bench) {
    let customer = bench.customer(None).await;
    let catalog = &bench.catalog;
    let queue = feature(bench, customer, FeatureKind::Queue).await;
    let sound = catalog.add_sound(bench.new_sound(customer)).await.unwrap();
    let audio = bench.received(1).await;
    bench.fill_sound(sound, audio.clone(), None, at(1)).await.unwrap();
    let taken = prompt(queue, "main", audio.clone());
    assert_eq!(bench.put_prompt(taken.clone()).await.unwrap(), []);
    assert_eq!(bench.remove_sound(sound, at(2)).await.unwrap(), [], "the prompt needs it");
    assert_eq!(catalog.prompt(queue, taken.file).await.unwrap(), Some(taken.clone()));
    assert_eq!(bench.remove_prompt(queue, taken.file, at(3)).await.unwrap(), Some(vec![audio.key]));
}

/// Whoever reads sees one of the two prompts whole, never a row of one with the audio of the other.
pub(crate) async fn a_prompt_is_never_seen_half_replaced(bench: &Bench) {
    let customer = bench.customer(None).await;
    let queue = feature(bench, customer, FeatureKind::Queue).await;
    let named = |name: &str, audio| Prompt { name: name.to_owned(), ..prompt(queue, "main", audio) };
    let mut puts = Vec::new();
    for number in 0..40_u8 {
        puts.push(named(&number.to_string(), bench.received(number).await));
    }
    let file = puts[0].file;
    bench.put_prompt(puts[0].clone()).await.unwrap();
    let mut readers = JoinSet::new();
    for _ in 0..4 {
        let catalog = Arc::clone(&bench.catalog);
        readers.spawn(async move {
            for _ in 0..100 {
                let seen = catalog.prompt(queue, file).await.unwrap().unwrap();
                let number: u8 = seen.name.parse().unwrap();
                assert_eq!(seen.audio.sha256.0, [number; 32]);
            }
        });
    }
    for put in puts {
        bench.put_prompt(put).await.unwrap();
    }
    readers.join_all().await;
}

pub(crate) async fn no_prompt_goes_that_was_not_noted(bench: &Bench) {
    let customer = bench.customer(None).await;
    let catalog = &bench.catalog;
    let menu = feature(bench, customer, FeatureKind::PatternMenu).await;
    let there = [("invalid", 1), ("digits", 2)];
    for (word, content) in there {
        catalog.put_prompt(prompt(menu, word, bench.received(content).await), vec![]).await.unwrap();
    }
    let all = bench.noted_of_feature(menu).await;
    let [(file, one), (other_file, other)] = all[..] else { panic!("{all:?}") };
    let new = Prompt { file, ..prompt(menu, "invalid", bench.received(3).await) };
    for noted in [vec![], vec![other, new.audio.key]] {
        assert_changed(catalog.put_prompt(new.clone(), noted.clone()).await, "prompts");
        assert_changed(catalog.remove_prompt(menu, file, noted, at(1)).await, "prompts");
    }
    // The same bytes are another prompt elsewhere.
    for noted in [vec![], vec![all[0]], vec![all[1]], vec![(file, other), (other_file, one)]] {
        assert_changed(catalog.remove_feature(menu, noted, at(1)).await, "prompts");
    }
    assert_eq!(bench.noted_of_feature(menu).await, all, "what is refused does nothing");
    assert_eq!(bench.removable().await, []);
    // What is noted beyond that does no harm.
    assert_eq!(catalog.put_prompt(new.clone(), vec![other, one]).await.unwrap(), [one]);
    assert_eq!(catalog.put_prompt(new.clone(), vec![one]).await.unwrap(), [], "run again");
    let removed = catalog.remove_prompt(menu, file, vec![one, new.audio.key], at(2)).await.unwrap();
    assert_eq!(removed, Some(vec![new.audio.key]));
    assert_eq!(catalog.remove_feature(menu, all, at(3)).await.unwrap(), [other]);
}
