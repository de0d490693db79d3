//! Token pairs of the P-Series dialect.

use callvault_core::id::PersonId;
use callvault_core::person::{PasswordHash, PersonChange};
use callvault_core::port::catalog::PairAdded;
use callvault_core::secret::SecretHash;
use callvault_core::token_pair::TokenPair;

use crate::bench::{Bench, at};

/// A pair whose access token ends at 2000 ms and whose refresh token ends at 9000 ms.
fn pair(text: &str, person: PersonId) -> TokenPair {
    TokenPair {
        access: SecretHash::of(text),
        refresh: SecretHash::of(&format!("refresh {text}")),
        person,
        access_ends: at(2_000),
        refresh_ends: at(9_000),
    }
}

/// Adds one, with the password that [`Bench::person`] gives and at most three alive.
async fn add(bench: &Bench, pair: TokenPair, now: i64) -> PairAdded {
    bench.catalog.add_token_pair(pair, PasswordHash::new("$argon2id$one"), 3, at(now)).await.unwrap()
}

async fn person(bench: &Bench, username: &str) -> PersonId {
    let customer = bench.customer(None).await;
    bench.person(customer, username).await
}

async fn there(bench: &Bench, pair: &TokenPair) -> bool {
    let found = bench.catalog.token_pair_with_access(pair.access).await.unwrap();
    assert_eq!(bench.catalog.token_pair_with_refresh(pair.refresh).await.unwrap(), found);
    assert!(found.is_none_or(|found| found == *pair));
    found.is_some()
}

pub(crate) async fn a_pair_comes_back_as_written(bench: &Bench) {
    let ann = person(bench, "ann").await;
    let (one, other) = (pair("one", ann), pair("other", ann));
    for again in [false, true] {
        assert_eq!(add(bench, one, 0).await, PairAdded::Added, "a second run does no harm: {again}");
    }
    assert_eq!(add(bench, other, 0).await, PairAdded::Added);
    assert!(there(bench, &one).await && there(bench, &other).await);
    assert!(!there(bench, &pair("none", ann)).await);
    // An access token is no refresh token.
    assert_eq!(bench.catalog.token_pair_with_refresh(one.access).await.unwrap(), None);
    bench.catalog.end_token_pair(one.access).await.unwrap();
    bench.catalog.end_token_pair(one.access).await.unwrap();
    assert!(!there(bench, &one).await && there(bench, &other).await);
    bench.catalog.prune_token_pairs(at(8_999)).await.unwrap();
    assert!(there(bench, &other).await);
    bench.catalog.prune_token_pairs(at(9_000)).await.unwrap();
    assert!(!there(bench, &other).await);
}

pub(crate) async fn only_so_many_are_alive(bench: &Bench) {
    let (ann, ben) = (person(bench, "ann").await, person(bench, "ben").await);
    let pairs = ["1", "2", "3", "4", "5"].map(|text| pair(text, ann));
    for one in &pairs[..3] {
        assert_eq!(add(bench, *one, 0).await, PairAdded::Added);
    }
    assert_eq!(add(bench, pairs[2], 0).await, PairAdded::Added, "a second run counts itself not");
    assert_eq!(add(bench, pairs[3], 1_999).await, PairAdded::Full);
    assert!(!there(bench, &pairs[3]).await, "nothing was done");
    assert_eq!(add(bench, pair("of ben", ben), 0).await, PairAdded::Added, "each person has their own");
    bench.catalog.end_token_pair(pairs[0].access).await.unwrap();
    assert_eq!(add(bench, pairs[3], 1_999).await, PairAdded::Added);
    // Over, they do not count; with their refresh tokens over they are forgotten.
    assert_eq!(add(bench, pairs[4], 2_000).await, PairAdded::Added);
    assert!(there(bench, &pairs[1]).await);
    let late = TokenPair { access_ends: at(10_000), refresh_ends: at(20_000), ..pair("late", ann) };
    assert_eq!(add(bench, late, 9_000).await, PairAdded::Added);
    assert!(!there(bench, &pairs[1]).await);
    let waiting = (0..20).map(|number| {
        let new = TokenPair { access_ends: at(10_000), ..pair(&format!("race {number}"), ben) };
        async move { add(bench, new, 5_000).await }
    });
    let outcomes = futures_util::future::join_all(waiting).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == PairAdded::Added).count(), 3);
}

pub(crate) async fn one_of_many_renews(bench: &Bench) {
    let ann = person(bench, "ann").await;
    let old = pair("old", ann);
    add(bench, old, 0).await;
    let renew = async |refresh: SecretHash, new: TokenPair, now: i64| {
        bench.catalog.replace_token_pair(refresh, new, 3, at(now)).await.unwrap()
    };
    assert_eq!(renew(old.refresh, pair("late", ann), 9_000).await, PairAdded::Refused, "over");
    assert_eq!(renew(old.access, pair("wrong", ann), 0).await, PairAdded::Refused);
    assert_eq!(renew(old.refresh, pair("nobody", PersonId(99)), 0).await, PairAdded::Refused);
    let new: Vec<_> = (0..20).map(|number| pair(&format!("new {number}"), ann)).collect();
    let outcomes = futures_util::future::join_all(new.iter().map(|new| renew(old.refresh, *new, 0))).await;
    let winners: Vec<_> = (0..20).filter(|place| outcomes[*place] == PairAdded::Added).collect();
    assert_eq!(winners.len(), 1, "{outcomes:?}");
    let winner = new[winners[0]];
    assert!(there(bench, &winner).await && !there(bench, &old).await);
    assert_eq!(renew(old.refresh, winner, 0).await, PairAdded::Added, "a second run of the same unit");
    // The pair that is replaced does not count, as long as its access token is alive at all.
    for text in ["2", "3"] {
        assert_eq!(add(bench, pair(text, ann), 0).await, PairAdded::Added);
    }
    let fresh = TokenPair { access_ends: at(5_000), ..pair("fresh", ann) };
    assert_eq!(renew(winner.refresh, fresh, 1_999).await, PairAdded::Added);
    for text in ["4", "5"] {
        let later = TokenPair { access_ends: at(5_000), ..pair(text, ann) };
        assert_eq!(add(bench, later, 2_000).await, PairAdded::Added);
    }
    assert_eq!(renew(pair("2", ann).refresh, pair("one too many", ann), 2_000).await, PairAdded::Full);
    assert!(there(bench, &pair("2", ann)).await, "it stays good");
}

pub(crate) async fn a_pair_needs_the_person_of_now(bench: &Bench) {
    let ann = person(bench, "ann").await;
    let catalog = &bench.catalog;
    let old = PasswordHash::new("$argon2id$old");
    let refused = catalog.add_token_pair(pair("one", ann), old, 3, at(0)).await.unwrap();
    assert_eq!(refused, PairAdded::Refused);
    assert_eq!(add(bench, pair("nobody", PersonId(99)), 0).await, PairAdded::Refused);
    for change in [
        PersonChange { password_hash: Some(PasswordHash::new("$argon2id$one")), ..PersonChange::default() },
        PersonChange { disabled: Some(true), ..PersonChange::default() },
    ] {
        let one = pair("one", ann);
        assert_eq!(add(bench, one, 0).await, PairAdded::Added);
        catalog.change_person(ann, PersonChange::default()).await.unwrap();
        assert!(there(bench, &one).await);
        catalog.change_person(ann, change).await.unwrap();
        assert!(!there(bench, &one).await, "ended in the same commit");
        let renewed = catalog.replace_token_pair(one.refresh, pair("two", ann), 3, at(0)).await.unwrap();
        assert_eq!(renewed, PairAdded::Refused);
    }
    assert_eq!(add(bench, pair("disabled", ann), 0).await, PairAdded::Refused);
}
