//! One-time codes of people.

use callvault_core::id::PersonId;
use callvault_core::login_token::{LetInBy, LoginToken};
use callvault_core::one_time_code::{OneTimeSecret, StoredSecret};
use callvault_core::person::PasswordHash;
use callvault_core::secret::SecretHash;

use crate::bench::{Bench, assert_gone, at};

const ONE: OneTimeSecretBytes = [1; 20];
const OTHER: OneTimeSecretBytes = [2; 20];

type OneTimeSecretBytes = [u8; 20];

fn secret(bytes: OneTimeSecretBytes) -> OneTimeSecret {
    OneTimeSecret::from_bytes(bytes)
}

async fn stored(bench: &Bench, person: PersonId) -> Option<StoredSecret> {
    bench.catalog.one_time_secret(person).await.unwrap()
}

pub(crate) async fn a_secret_is_replaced_until_it_is_confirmed(bench: &Bench) {
    let customer = bench.customer(None).await;
    let (ann, ben) = (bench.person(customer, "ann").await, bench.person(customer, "ben").await);
    let begin =
        async |bytes| bench.catalog.begin_one_time_codes(ann, secret(bytes), at(1_000)).await.unwrap();
    let confirm =
        async |bytes, step| bench.catalog.confirm_one_time_codes(ann, secret(bytes), step).await.unwrap();
    let on = async || bench.catalog.account(ann).await.unwrap().unwrap().one_time_codes;
    assert_eq!(stored(bench, ann).await, None);
    assert!(begin(ONE).await && begin(OTHER).await);
    let begun = StoredSecret { secret: secret(OTHER), confirmed: false, last_step: 0 };
    assert_eq!(stored(bench, ann).await, Some(begun));
    assert!(!on().await);
    assert!(
        !bench.catalog.use_one_time_code(ann, secret(OTHER), 7).await.unwrap(),
        "not before it is confirmed"
    );
    assert!(!confirm(ONE, 7).await);
    for again in [false, true] {
        assert!(confirm(OTHER, 7).await, "a second run does no harm: {again}");
    }
    assert_eq!(stored(bench, ann).await, Some(StoredSecret { confirmed: true, last_step: 7, ..begun }));
    assert!(on().await);
    assert!(!begin(ONE).await, "a confirmed one stays");
    assert!(!confirm(OTHER, 8).await);
    assert_eq!(stored(bench, ben).await, None);
    assert!(bench.catalog.remove_one_time_codes(ann).await.unwrap());
    assert!(!bench.catalog.remove_one_time_codes(ann).await.unwrap());
    assert!(!on().await);
    assert_gone(bench.catalog.begin_one_time_codes(PersonId(999), secret(ONE), at(1_000)).await, "person");
}

pub(crate) async fn a_code_is_used_once(bench: &Bench) {
    let customer = bench.customer(None).await;
    let ann = bench.person(customer, "ann").await;
    bench.catalog.begin_one_time_codes(ann, secret(ONE), at(1_000)).await.unwrap();
    bench.catalog.confirm_one_time_codes(ann, secret(ONE), 7).await.unwrap();
    let used = async |bytes, step| bench.catalog.use_one_time_code(ann, secret(bytes), step).await.unwrap();
    assert!(!used(ONE, 7).await, "that which confirmed");
    assert!(!used(OTHER, 9).await);
    let many = futures_util::future::join_all((0..20).map(|_| used(ONE, 9))).await;
    assert_eq!(many.into_iter().filter(|won| *won).count(), 1);
    assert!(!used(ONE, 8).await, "one of before");
    assert!(used(ONE, 10).await);
}

pub(crate) async fn confirming_ends_what_was_got_without_a_code(bench: &Bench) {
    let customer = bench.customer(None).await;
    let (ann, ben) = (bench.person(customer, "ann").await, bench.person(customer, "ben").await);
    let token = |text: &str, person| LoginToken {
        token: SecretHash::of(text),
        person,
        customer,
        peer: "192.0.2.7".parse().unwrap(),
        switched_by: None,
        created_at: at(1_000),
        expires_at: None,
    };
    let added = async |one: LoginToken, with_code| {
        let read = PasswordHash::new("$argon2id$one");
        let by = LetInBy::Password { person: one.person, verified: read.clone(), with_code };
        bench.catalog.add_login_token(one, read, by, 3).await.unwrap().is_some()
    };
    for one in [token("ann", ann), token("ben", ben)] {
        assert!(added(one, false).await);
    }
    let there = async |text: &str| bench.catalog.login_token(SecretHash::of(text)).await.unwrap().is_some();
    bench.catalog.begin_one_time_codes(ann, secret(ONE), at(1_000)).await.unwrap();
    assert!(there("ann").await);
    assert!(!bench.catalog.confirm_one_time_codes(ann, secret(OTHER), 7).await.unwrap());
    assert!(there("ann").await, "nothing was done");
    assert!(bench.catalog.confirm_one_time_codes(ann, secret(ONE), 7).await.unwrap());
    assert!(!there("ann").await && there("ben").await);
    assert!(!added(token("late", ann), false).await, "whose password was verified before");
    assert!(added(token("coded", ann), true).await);
    bench.catalog.remove_person(ann).await.unwrap();
    assert_eq!(stored(bench, ann).await, None, "they go with their person");
}
