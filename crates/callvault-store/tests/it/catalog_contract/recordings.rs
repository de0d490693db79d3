//! Recordings.

use callvault_core::id::CustomerId;
use callvault_core::port::catalog::Added;
use callvault_core::recording::Recording;

use crate::bench::{Bench, assert_changed, assert_gone, at, name};

pub(crate) async fn a_recording_comes_back_as_written(bench: &Bench) {
    let customer = bench.customer(None).await;
    let inside = bench.inside(customer).await;
    let text = "20191024-+493012345678 'ü' 100%_.wav";
    let recording = bench.recording(customer, text, 255).await;
    let catalog = &bench.catalog;
    assert_eq!(catalog.recording(&inside, &name(text)).await.unwrap(), Some(recording.clone()));
    assert_eq!(catalog.recordings_named(&bench.everywhere(), &name(text)).await.unwrap(), [recording]);
    let otherwise = name(&text.to_uppercase());
    assert_eq!(catalog.recording(&inside, &otherwise).await.unwrap(), None, "names are compared exactly");
}

pub(crate) async fn the_same_name_is_taken_once(bench: &Bench) {
    let customer = bench.customer(None).await;
    let catalog = &bench.catalog;
    let kept = bench.recording(customer, "a.wav", 1).await;
    let same = bench.new_recording(customer, "a.wav", 1).await;
    let differs = bench.new_recording(customer, "a.wav", 2).await;
    let added = catalog.add_recording(same.clone()).await.unwrap();
    assert_eq!(added, Added::Already(Box::new(kept.clone())));
    let added = catalog.add_recording(differs.clone()).await.unwrap();
    assert_eq!(added, Added::Differs(Box::new(kept.clone())));
    let inside = bench.inside(customer).await;
    assert_eq!(catalog.recording(&inside, &name("a.wav")).await.unwrap(), Some(kept));
    assert_eq!(bench.removable().await, [same.audio.key, differs.audio.key]);
    // Customers do not share names.
    bench.recording(bench.customer(None).await, "a.wav", 3).await;
    assert_eq!(catalog.recordings_named(&bench.everywhere(), &name("a.wav")).await.unwrap().len(), 2);
}

pub(crate) async fn adding_twice_is_adding_once(bench: &Bench) {
    let customer = bench.customer(None).await;
    let recording = bench.recording(customer, "a.wav", 1).await;
    assert_eq!(bench.catalog.add_recording(recording.clone()).await.unwrap(), Added::New);
    assert_eq!(bench.removable().await, []);
    let inside = bench.inside(customer).await;
    assert_eq!(bench.catalog.recording(&inside, &name("a.wav")).await.unwrap(), Some(recording));
}

pub(crate) async fn what_is_missing_is_told(bench: &Bench) {
    let customer = bench.customer(None).await;
    let inside = bench.inside(customer).await;
    let catalog = &bench.catalog;
    let recording = bench.new_recording(customer, "a.wav", 1).await;
    let nowhere = Recording { customer: CustomerId(99), ..recording.clone() };
    assert_gone(catalog.add_recording(nowhere).await, "customer");
    // The failed unit has not used up the upload.
    catalog.add_recording(recording.clone()).await.unwrap();
    let unreserved = Recording { audio: bench.audio(2), name: name("b.wav"), ..recording.clone() };
    let unreserved = Recording { id: callvault_core::id::RecordingId(i64::MAX), ..unreserved };
    assert_gone(catalog.add_recording(unreserved.clone()).await, "upload");
    assert_eq!(catalog.recording(&inside, &name("b.wav")).await.unwrap(), None);
    let unreserved = Recording { name: name("a.wav"), ..unreserved };
    assert_gone(catalog.add_recording(unreserved).await, "upload");
    assert_gone(bench.remove_recording(&inside, &name("c.wav"), at(1)).await, "recording");
}

pub(crate) async fn removal_discards_the_object(bench: &Bench) {
    let customer = bench.customer(None).await;
    let inside = bench.inside(customer).await;
    let catalog = &bench.catalog;
    let recording = bench.recording(customer, "a.wav", 1).await;
    let kept = bench.recording(customer, "b.wav", 1).await;
    let discarded = bench.remove_recording(&inside, &name("a.wav"), at(1)).await.unwrap();
    assert_eq!(discarded, [recording.audio.key]);
    assert_eq!(catalog.recording(&inside, &name("a.wav")).await.unwrap(), None);
    assert_eq!(catalog.recording(&inside, &name("b.wav")).await.unwrap(), Some(kept));
    assert_eq!(bench.removable().await, [recording.audio.key]);
    assert_gone(bench.remove_recording(&inside, &name("a.wav"), at(1)).await, "recording");
    // The name is free again.
    bench.recording(customer, "a.wav", 2).await;
}

pub(crate) async fn fifty_at_once_for_one_name(bench: &Bench) {
    let customer = bench.customer(None).await;
    let mut tasks = Vec::new();
    for number in 0..50 {
        let new = bench.new_recording(customer, "a.wav", number % 2).await;
        let catalog = bench.catalog.clone();
        tasks.push(tokio::spawn(async move { (new.clone(), catalog.add_recording(new).await.unwrap()) }));
    }
    let (mut winners, mut losers) = (Vec::new(), Vec::new());
    for task in tasks {
        match task.await.unwrap() {
            (new, Added::New) => winners.push(new),
            (new, loser) => losers.push((new, loser)),
        }
    }
    let [winner] = &winners[..] else { panic!("{} winners", winners.len()) };
    for (new, loser) in &losers {
        let expected = if new.audio.sha256 == winner.audio.sha256 {
            Added::Already(Box::new(winner.clone()))
        } else {
            Added::Differs(Box::new(winner.clone()))
        };
        assert_eq!(*loser, expected);
    }
    let mut removable = bench.removable().await;
    removable.sort();
    let mut expected: Vec<_> = losers.iter().map(|(new, _)| new.audio.key).collect();
    expected.sort();
    assert_eq!(removable, expected);
}

pub(crate) async fn no_recording_goes_that_was_not_noted(bench: &Bench) {
    let customer = bench.customer(None).await;
    let inside = bench.inside(customer).await;
    let catalog = &bench.catalog;
    let before = bench.recording(customer, "a.wav", 1).await;
    bench.remove_recording(&inside, &before.name, at(1)).await.unwrap();
    let there = bench.recording(customer, "a.wav", 1).await;
    let beside = bench.recording(customer, "b.wav", 1).await;
    for noted in [vec![], vec![before.id, beside.id]] {
        assert_changed(catalog.remove_recording(&inside, &there.name, noted, at(2)).await, "recordings");
    }
    assert_eq!(catalog.recording(&inside, &there.name).await.unwrap(), Some(there.clone()));
    let noted = vec![before.id, there.id];
    let removed = catalog.remove_recording(&inside, &there.name, noted, at(2)).await;
    assert_eq!(removed.unwrap(), [there.audio.key]);
}
