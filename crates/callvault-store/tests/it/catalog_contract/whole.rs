//! What holds for the catalog as a whole.

use callvault_core::port::catalog::CatalogError;
use tokio::task::JoinSet;

use crate::bench::{Bench, name};

pub(crate) async fn a_failing_unit_takes_no_neighbour_along(bench: &Bench) {
    let customer = bench.customer(None).await;
    let inside = bench.inside(customer).await;
    bench.person(customer, "taken").await;
    let mut tasks = JoinSet::new();
    for number in 0..300 {
        let recording = bench.new_recording(customer, &format!("{number}.wav"), 1).await;
        let person = bench.new_person(customer, "Taken");
        let catalog = bench.catalog.clone();
        tasks.spawn(async move {
            if number % 3 == 0 {
                let result = catalog.add_person(person).await;
                assert!(matches!(result, Err(CatalogError::Taken { field: "username" })), "{result:?}");
            } else {
                catalog.add_recording(recording).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    for number in 0..300 {
        let found = bench.catalog.recording(&inside, &name(&format!("{number}.wav"))).await.unwrap();
        assert_eq!(found.is_some(), number % 3 != 0, "{number}");
    }
}

pub(crate) async fn a_read_sees_every_answered_write(bench: &Bench) {
    let customer = bench.customer(None).await;
    let inside = bench.inside(customer).await;
    let mut tasks = JoinSet::new();
    for number in 0..200 {
        let text = format!("{number}.wav");
        let recording = bench.new_recording(customer, &text, 1).await;
        let catalog = bench.catalog.clone();
        tasks.spawn(async move {
            catalog.add_recording(recording.clone()).await.unwrap();
            assert_eq!(catalog.recording(&inside, &name(&text)).await.unwrap(), Some(recording));
        });
    }
    tasks.join_all().await;
}

pub(crate) async fn a_closed_catalog_says_so(bench: &Bench) {
    let customer = bench.customer(None).await;
    let inside = bench.inside(customer).await;
    bench.recording(customer, "known.wav", 1).await;
    for _ in 0..2 {
        assert!(bench.catalog.recording(&inside, &name("known.wav")).await.unwrap().is_some());
    }
    let mut tasks = JoinSet::new();
    for number in 0..50 {
        let person = bench.new_person(customer, &number.to_string());
        let catalog = bench.catalog.clone();
        tasks.spawn(async move { catalog.add_person(person).await });
    }
    tokio::join!(bench.catalog.close(), bench.catalog.close());
    for result in tasks.join_all().await {
        assert!(matches!(result, Ok(_) | Err(CatalogError::Engine { .. })), "{result:?}");
    }
    assert!(matches!(bench.catalog.ping().await, Err(CatalogError::Engine { .. })));
    for text in ["known.wav", "a.wav"] {
        let read = bench.catalog.recording(&inside, &name(text)).await;
        assert!(matches!(read, Err(CatalogError::Engine { .. })), "{text}: {read:?}");
    }
    bench.catalog.close().await;
}

pub(crate) async fn an_untouched_catalog_has_no_faults(bench: &Bench) {
    for _ in 0..3 {
        bench.catalog.ping().await.unwrap();
    }
    let customer = bench.customer(None).await;
    bench.recording(customer, "a.wav", 1).await;
    assert_eq!(bench.catalog.self_check().await.unwrap(), Vec::<String>::new());
}
