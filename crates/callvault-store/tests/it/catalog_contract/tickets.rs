//! Tickets that outlive the process.

use callvault_core::id::{CustomerId, PersonId};
use callvault_core::role::Reach;
use callvault_core::secret::SecretHash;
use callvault_core::ticket::Ticket;

use crate::bench::{Bench, assert_gone, at, name};

pub(crate) fn ticket(random: &str, customer: CustomerId) -> Ticket {
    Ticket {
        random: SecretHash::of(random),
        customer,
        subject: name("a.wav"),
        session: None,
        made_by: None,
        allowed: vec![],
        created_at: at(1_000),
        expires_at: at(2_000),
    }
}

pub(crate) async fn a_ticket_comes_back_as_written(bench: &Bench) {
    let customer = bench.customer(None).await;
    let catalog = &bench.catalog;
    let plain = ticket("plain", customer);
    let full = Ticket {
        session: Some(SecretHash::of("session")),
        made_by: Some(PersonId(5)),
        allowed: vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()],
        created_at: at(1_001),
        ..ticket("full", customer)
    };
    for one in [&plain, &full] {
        catalog.add_ticket(one.clone()).await.unwrap();
        assert_eq!(catalog.ticket(one.random, at(1_500)).await.unwrap().as_ref(), Some(one));
    }
    assert_eq!(catalog.tickets(&bench.everywhere(), at(1_500)).await.unwrap(), [plain, full]);
    assert_eq!(catalog.ticket(SecretHash::of("other"), at(1_500)).await.unwrap(), None);
    assert_gone(catalog.add_ticket(ticket("nowhere", CustomerId(99))).await, "customer");
}

pub(crate) async fn only_one_of_two_hundred_claims(bench: &Bench) {
    let customer = bench.customer(None).await;
    let one = ticket("one", customer);
    bench.catalog.add_ticket(one.clone()).await.unwrap();
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let catalog = bench.catalog.clone();
            tokio::spawn(async move { catalog.claim_ticket(one.random, at(1_500)).await.unwrap() })
        })
        .collect();
    let mut claimed = 0;
    for task in tasks {
        claimed += u32::from(task.await.unwrap());
    }
    assert_eq!(claimed, 1);
    assert_eq!(bench.catalog.ticket(one.random, at(1_500)).await.unwrap(), None);
    assert_eq!(bench.catalog.tickets(&bench.everywhere(), at(1_500)).await.unwrap(), []);
    // Adding it once more, as a unit that is run again does, does not make it good again.
    bench.catalog.add_ticket(one.clone()).await.unwrap();
    assert!(!bench.catalog.claim_ticket(one.random, at(1_500)).await.unwrap());
}

pub(crate) async fn a_ticket_ends(bench: &Bench) {
    let customer = bench.customer(None).await;
    let one = ticket("one", customer);
    bench.catalog.add_ticket(one.clone()).await.unwrap();
    for (now, good) in [(1_999, true), (2_000, false), (2_001, false)] {
        assert_eq!(bench.catalog.ticket(one.random, at(now)).await.unwrap().is_some(), good, "{now}");
        let listed = bench.catalog.tickets(&bench.everywhere(), at(now)).await.unwrap();
        assert_eq!(listed.len(), usize::from(good), "{now}");
    }
    assert!(!bench.catalog.claim_ticket(one.random, at(2_000)).await.unwrap());
    assert!(bench.catalog.claim_ticket(one.random, at(1_999)).await.unwrap());
    assert!(!bench.catalog.claim_ticket(SecretHash::of("other"), at(1_999)).await.unwrap());
}

pub(crate) async fn tickets_are_revoked_and_pruned(bench: &Bench) {
    let customer = bench.customer(None).await;
    let other = bench.customer(None).await;
    let catalog = &bench.catalog;
    let all = bench.everywhere();
    let (one, two, used) = (ticket("one", customer), ticket("two", customer), ticket("used", customer));
    for ticket in [&one, &two, &used] {
        catalog.add_ticket(ticket.clone()).await.unwrap();
    }
    assert!(catalog.claim_ticket(used.random, at(1_500)).await.unwrap());
    let elsewhere = bench.reach(other, Reach::Subtree);
    assert!(!catalog.revoke_ticket(&elsewhere, &one.random.handle()).await.unwrap());
    assert!(catalog.revoke_ticket(&all, &one.random.handle()).await.unwrap());
    assert!(!catalog.revoke_ticket(&all, &one.random.handle()).await.unwrap());
    assert!(!catalog.revoke_ticket(&all, &used.random.handle()).await.unwrap(), "used up already");
    assert!(!catalog.claim_ticket(one.random, at(1_500)).await.unwrap());
    catalog.prune_tickets(at(2_000)).await.unwrap();
    assert_eq!(catalog.tickets(&all, at(1_500)).await.unwrap(), [two]);
    catalog.prune_tickets(at(2_001)).await.unwrap();
    assert_eq!(catalog.tickets(&all, at(1_500)).await.unwrap(), []);
}
