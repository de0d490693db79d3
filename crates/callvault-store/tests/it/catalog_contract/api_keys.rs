//! Keys of our own API.

use callvault_core::api_key::ApiKey;
use callvault_core::customer::CustomerChange;
use callvault_core::id::{CustomerId, KeyId, PersonId};
use callvault_core::page::PageRequest;
use callvault_core::role::{Privileges, Reach};
use callvault_core::scope::Scopes;
use callvault_core::secret::SecretHash;

use crate::bench::{Bench, assert_gone, at, first};

fn key(text: &str, customer: CustomerId) -> ApiKey {
    ApiKey {
        id: KeyId(0),
        hash: SecretHash::of(text),
        customer,
        below: false,
        name: String::new(),
        scopes: Scopes::parse(["calls:read"]).unwrap(),
        privileges: Privileges::default(),
        made_by: None,
        created_at: at(1_000),
        expires_at: None,
        last_used_at: None,
    }
}

/// Adds one; answers it with its number.
async fn add(bench: &Bench, key: ApiKey) -> ApiKey {
    let id = bench.catalog.add_key(key.clone()).await.unwrap();
    ApiKey { id, ..key }
}

async fn find(bench: &Bench, text: &str) -> Option<(ApiKey, bool)> {
    bench.catalog.key(SecretHash::of(text)).await.unwrap()
}

pub(crate) async fn a_key_comes_back_as_written(bench: &Bench) {
    let customer = bench.customer(None).await;
    let plain = add(bench, key("plain", customer)).await;
    let full = ApiKey {
        below: true,
        name: "CRM export, \u{e4}".to_owned(),
        scopes: Scopes::parse(["sounds:*", "metrics"]).unwrap(),
        privileges: Privileges::all(),
        // A note: nobody has this number.
        made_by: Some(PersonId(999)),
        expires_at: Some(at(9_000)),
        last_used_at: Some(at(2_000)),
        ..key("full", customer)
    };
    let full = add(bench, full).await;
    assert_ne!(plain.id, full.id);
    assert_eq!(find(bench, "plain").await, Some((plain.clone(), false)));
    assert_eq!(find(bench, "full").await, Some((full.clone(), false)));
    assert_eq!(find(bench, "none").await, None);
    assert_eq!(
        bench.catalog.add_key(key("plain", customer)).await.unwrap(),
        plain.id,
        "a second run of the same"
    );
    for (noted, kept) in [(3_000, 3_000), (2_500, 3_000), (4_000, 4_000)] {
        bench.catalog.note_key_use(plain.id, at(noted)).await.unwrap();
        assert_eq!(find(bench, "plain").await.unwrap().0.last_used_at, Some(at(kept)));
    }
    bench.catalog.note_key_use(KeyId(999), at(1_000)).await.unwrap();
    assert_gone(bench.catalog.add_key(key("other", CustomerId(999))).await, "customer");
}

pub(crate) async fn keys_are_listed_and_revoked_within_reach(bench: &Bench) {
    let parent = bench.customer(None).await;
    let below = bench.customer(Some(parent)).await;
    let mut own = Vec::new();
    for text in ["1", "2", "3"] {
        own.push(add(bench, key(text, parent)).await);
    }
    let other = add(bench, key("other", below)).await;
    let inside = bench.inside(parent).await;
    assert_eq!(bench.catalog.keys(&inside, first(100)).await.unwrap(), own);
    let page = PageRequest::new(Some(own[0].id), 1);
    assert_eq!(bench.catalog.keys(&inside, page).await.unwrap(), own[1..2]);
    let revoke = async |customer, reach, id| {
        bench.catalog.revoke_key(&bench.reach(customer, reach), id).await.unwrap()
    };
    assert!(!revoke(below, Reach::Subtree, own[0].id).await);
    assert!(!revoke(parent, Reach::Customer, other.id).await);
    assert!(revoke(parent, Reach::Subtree, other.id).await);
    assert!(!revoke(parent, Reach::Subtree, other.id).await);
    assert_eq!(find(bench, "other").await, None);
    assert_eq!(bench.catalog.keys(&inside, first(100)).await.unwrap(), own);
}

pub(crate) async fn a_key_knows_of_a_disabled_customer(bench: &Bench) {
    let parent = bench.customer(None).await;
    let below = bench.customer(Some(parent)).await;
    add(bench, key("below", below)).await;
    let disabled = async |disabled| {
        let change = CustomerChange { disabled: Some(disabled), ..CustomerChange::default() };
        bench.catalog.change_customer(parent, change).await.unwrap();
        find(bench, "below").await.unwrap().1
    };
    assert!(disabled(true).await);
    assert!(!disabled(false).await);
}

pub(crate) async fn a_key_goes_with_its_customer_alone(bench: &Bench) {
    let customer = bench.customer(None).await;
    let person = bench.person(customer, "ann").await;
    add(bench, ApiKey { made_by: Some(person), ..key("one", customer) }).await;
    bench.catalog.remove_person(person).await.unwrap();
    assert!(find(bench, "one").await.is_some(), "it outlives who made it");
    bench.catalog.remove_customer(customer, at(2_000)).await.unwrap();
    assert!(find(bench, "one").await.is_none());
}
