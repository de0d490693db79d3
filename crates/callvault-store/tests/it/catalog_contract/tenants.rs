//! Nothing of one customer is found with another's handle.

use callvault_core::destination::DestinationKind;
use callvault_core::feature::FeatureKind;
use callvault_core::hunt_group::NewHuntGroup;
use callvault_core::hunt_group::settings::HuntGroupSettings;
use callvault_core::id::CustomerId;
use callvault_core::port::catalog::LogFilter;
use callvault_core::role::Reach;

use super::destinations::new_destination;
use super::features::feature;
use super::listen_log::chain;
use super::tickets::ticket;
use crate::bench::{Bench, assert_gone, at, first, name};

pub(crate) async fn nothing_of_another_customer_is_found(bench: &Bench) {
    let reseller = bench.customer(None).await;
    let own = bench.customer(Some(reseller)).await;
    let other = bench.customer(Some(reseller)).await;
    let below = bench.customer(Some(own)).await;
    let catalog = &bench.catalog;
    bench.person(own, "ann").await;
    let hunt_group = bench.hunt_group(own).await;
    let destination = catalog.add_destination(new_destination(hunt_group, "100")).await.unwrap();
    let sound = catalog.add_sound(bench.new_sound(own)).await.unwrap();
    let feature = feature(bench, own, FeatureKind::Queue).await;
    let recording = bench.recording(own, "a.wav", 1).await;
    let one = ticket("one", own);
    catalog.add_ticket(one.clone()).await.unwrap();
    let (rows, head) = chain(own, 1, 3);
    catalog.append_log(rows.into(), vec![head]).await.unwrap();

    let check = async |customer: CustomerId, reach: Reach, visible: bool| {
        let within = bench.reach(customer, reach);
        let told = format!("customer {customer}, {reach:?}");
        assert_eq!(catalog.hunt_group(&within, hunt_group).await.unwrap().is_some(), visible, "{told}");
        assert_eq!(catalog.destination(&within, destination).await.unwrap().is_some(), visible, "{told}");
        let called =
            catalog.destinations_with_number(&within, DestinationKind::Phone, "100", first(10)).await;
        assert_eq!(called.unwrap().len(), usize::from(visible), "{told}");
        assert_eq!(catalog.sound(&within.into(), sound).await.unwrap().is_some(), visible, "{told}");
        assert_eq!(catalog.feature(&within, feature).await.unwrap().is_some(), visible, "{told}");
        let named = catalog.recordings_named(&within, &recording.name).await.unwrap();
        assert_eq!(named.len(), usize::from(visible), "{told}");
        let tickets = catalog.tickets(&within, at(1_500)).await.unwrap();
        assert_eq!(tickets.len(), usize::from(visible), "{told}");
        assert_eq!(catalog.log_heads(&within).await.unwrap().len(), usize::from(visible), "{told}");
        let customers = catalog.customers(&within, first(10)).await.unwrap();
        assert_eq!(customers.iter().any(|customer| customer.id == own), visible, "{told}");
        if !visible {
            assert!(!catalog.revoke_ticket(&within, &one.random.handle()).await.unwrap(), "{told}");
        }
    };
    check(own, Reach::Own, true).await;
    check(own, Reach::Customer, true).await;
    check(own, Reach::Subtree, true).await;
    check(reseller, Reach::Subtree, true).await;
    check(reseller, Reach::Customer, false).await;
    for stranger in [other, below] {
        for reach in [Reach::Own, Reach::Customer, Reach::Subtree] {
            check(stranger, reach, false).await;
        }
    }
    check(CustomerId(99), Reach::Subtree, false).await;

    for (customer, count) in [(own, 1), (other, 0), (below, 0), (reseller, 0)] {
        let inside = bench.inside(customer).await;
        assert_eq!(catalog.recordings(&inside, first(10)).await.unwrap().len(), count);
        assert_eq!(catalog.recording(&inside, &recording.name).await.unwrap().is_some(), count == 1);
        assert_eq!(catalog.people(&inside, first(10)).await.unwrap().len(), count);
        assert_eq!(catalog.hunt_groups(&inside, first(10)).await.unwrap().len(), count);
        assert_eq!(catalog.sounds(&inside, false, first(10)).await.unwrap().len(), count);
        assert_eq!(catalog.features(&inside, None, first(10)).await.unwrap().len(), count);
        let log = catalog.log_rows(&inside, &LogFilter::default(), first(10)).await.unwrap();
        assert_eq!(log.len(), count * 3);
        if count == 0 {
            assert_gone(bench.remove_recording(&inside, &name("a.wav"), at(1)).await, "recording");
        }
    }
    let stranger = bench.person(other, "eve").await;
    let new = NewHuntGroup {
        id: None,
        customer: own,
        name: "X".to_owned(),
        owner: Some(stranger),
        settings: HuntGroupSettings::default(),
        created_at: at(1),
    };
    assert_gone(catalog.add_hunt_group(new).await, "owner");
}
