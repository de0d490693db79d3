//! Login tokens of the Enswitch dialect.

use callvault_core::customer::CustomerChange;
use callvault_core::gate::Within;
use callvault_core::id::{CustomerId, PersonId};
use callvault_core::login_token::{LetInBy, LoginToken};
use callvault_core::person::{PasswordHash, PersonChange};
use callvault_core::role::Reach;
use callvault_core::secret::SecretHash;
use callvault_core::time::Timestamp;

use crate::bench::{Bench, at};

/// A token that was made at 1000 ms and ends at 9000 ms.
fn token(text: &str, (person, customer): (PersonId, CustomerId)) -> LoginToken {
    LoginToken {
        token: SecretHash::of(text),
        person,
        customer,
        peer: "192.0.2.7".parse().unwrap(),
        switched_by: None,
        created_at: at(1_000),
        expires_at: Some(at(9_000)),
    }
}

async fn somebody(bench: &Bench, username: &str) -> (PersonId, CustomerId) {
    let customer = bench.customer(None).await;
    (bench.person(customer, username).await, customer)
}

/// Adds one, with the password that [`Bench::person`] gives and at most three; answers how many went.
async fn add(bench: &Bench, token: &LoginToken) -> Option<usize> {
    add_by(bench, token, by_password(token.person, "$argon2id$one")).await
}

fn by_password(person: PersonId, phc: &str) -> LetInBy {
    LetInBy::Password { person, verified: PasswordHash::new(phc), with_code: false }
}

async fn add_by(bench: &Bench, token: &LoginToken, by: LetInBy) -> Option<usize> {
    let read = PasswordHash::new("$argon2id$one");
    let gone = bench.catalog.add_login_token(token.clone(), read, by, 3).await.unwrap()?;
    for hash in &gone {
        assert_eq!(bench.catalog.login_token(*hash).await.unwrap(), None, "what is told as gone is");
    }
    Some(gone.len())
}

async fn there(bench: &Bench, token: &LoginToken) -> bool {
    let found = bench.catalog.login_token(token.token).await.unwrap();
    assert!(found.as_ref().is_none_or(|found| found == token), "{found:?}");
    found.is_some()
}

pub(crate) async fn a_login_token_comes_back_as_written(bench: &Bench) {
    let (ann, ben) = (somebody(bench, "ann").await, somebody(bench, "ben").await);
    let one =
        LoginToken { switched_by: Some(ben.0), peer: "2001:db8::7".parse().unwrap(), ..token("one", ann) };
    let endless = LoginToken { expires_at: None, ..token("endless", ann) };
    for again in [false, true] {
        assert_eq!(add(bench, &one).await, Some(0), "a second run does no harm: {again}");
    }
    assert_eq!(add(bench, &endless).await, Some(0));
    assert!(there(bench, &one).await && there(bench, &endless).await);
    assert!(!there(bench, &token("none", ann)).await);
    bench.catalog.prune_login_tokens(at(8_999)).await.unwrap();
    assert!(there(bench, &one).await);
    bench.catalog.prune_login_tokens(at(9_000)).await.unwrap();
    assert!(!there(bench, &one).await && there(bench, &endless).await, "without an end there is none");
    for _ in 0..2 {
        bench.catalog.end_login_token(endless.token).await.unwrap();
    }
    assert!(!there(bench, &endless).await);
}

pub(crate) async fn the_oldest_make_room(bench: &Bench) {
    let (ann, ben) = (somebody(bench, "ann").await, somebody(bench, "ben").await);
    let made = |text: &str, ms| LoginToken { created_at: at(ms), ..token(text, ann) };
    let tokens = [made("1", 1_000), made("2", 2_000), made("3", 3_000), made("4", 4_000)];
    let of_ben = LoginToken { expires_at: None, ..token("ben", ben) };
    assert_eq!(add(bench, &of_ben).await, Some(0));
    for (one, gone) in tokens.iter().zip([0, 0, 0, 1]) {
        assert_eq!(add(bench, one).await, Some(gone));
    }
    let left = async || {
        let mut left = Vec::new();
        for one in &tokens {
            left.push(there(bench, one).await);
        }
        left
    };
    assert_eq!(left().await, [false, true, true, true]);
    // One that is told of late, as by a clock that was turned back, is not the one to go.
    assert_eq!(add(bench, &made("late", 500)).await, Some(1));
    assert_eq!(left().await, [false, false, true, true]);
    // What is over goes without being counted.
    let new = LoginToken { created_at: at(9_000), expires_at: Some(at(20_000)), ..token("new", ann) };
    assert_eq!(add(bench, &new).await, Some(3));
    assert!(there(bench, &of_ben).await, "each person has their own");
}

pub(crate) async fn a_login_token_needs_the_people_of_now(bench: &Bench) {
    let change = async |person, change| bench.catalog.change_person(person, change).await.unwrap();
    let disabled = |disabled| PersonChange { disabled: Some(disabled), ..PersonChange::default() };
    let password =
        |phc| PersonChange { password_hash: Some(PasswordHash::new(phc)), ..PersonChange::default() };
    let (ann, boss) = (somebody(bench, "ann").await, somebody(bench, "boss").await);
    let own = token("own", ann);
    let switched = LoginToken { switched_by: Some(boss.0), ..token("switched", ann) };
    for one in [&own, &switched] {
        assert_eq!(add(bench, one).await, Some(0));
    }
    change(ann.0, PersonChange { source: Some("10.0.0.1".parse().unwrap()), ..PersonChange::default() })
        .await;
    assert!(there(bench, &own).await, "other changes end nothing");
    change(boss.0, disabled(true)).await;
    assert!(there(bench, &own).await && !there(bench, &switched).await);
    assert_eq!(add(bench, &switched).await, None, "who is disabled switches nobody");
    change(boss.0, disabled(false)).await;
    assert!(!there(bench, &switched).await, "what ended stays ended");
    assert_eq!(add(bench, &switched).await, Some(0));
    change(boss.0, password("$argon2id$two")).await;
    assert!(there(bench, &own).await && !there(bench, &switched).await);
    change(ann.0, password("$argon2id$two")).await;
    assert!(!there(bench, &own).await);
    assert_eq!(add(bench, &own).await, None, "the password that was verified is not that of now");
    change(ann.0, password("$argon2id$one")).await;
    change(ann.0, disabled(true)).await;
    assert_eq!(add(bench, &own).await, None);
    let nobody = token("nobody", (PersonId(999), ann.1));
    assert_eq!(add(bench, &nobody).await, None);
    change(ann.0, disabled(false)).await;
    for one in [&own, &switched] {
        assert_eq!(add(bench, one).await, Some(0));
    }
    bench.catalog.remove_person(boss.0).await.unwrap();
    assert!(there(bench, &own).await && !there(bench, &switched).await, "who switched is gone");
    bench.catalog.remove_person(ann.0).await.unwrap();
    assert!(!there(bench, &own).await, "so is who logged in");
}

pub(crate) async fn a_login_token_needs_what_its_person_was_let_in_by(bench: &Bench) {
    let (ann, boss) = (somebody(bench, "ann").await, somebody(bench, "boss").await);
    let (first, second) = (token("first", ann), token("second", ann));
    assert_eq!(add(bench, &first).await, Some(0));
    let by_first = || LetInBy::Token(first.token);
    for again in [false, true] {
        assert_eq!(add_by(bench, &second, by_first()).await, Some(0), "a second run does no harm: {again}");
    }
    bench.catalog.end_login_token(first.token).await.unwrap();
    assert_eq!(add_by(bench, &token("third", ann), by_first()).await, None, "it ended");
    assert_eq!(add_by(bench, &second, by_first()).await, Some(0), "a run before had pushed it out");
    let switched = LoginToken { switched_by: Some(boss.0), ..token("switched", ann) };
    assert_eq!(add_by(bench, &switched, by_password(boss.0, "$argon2id$two")).await, None);
    assert!(!there(bench, &switched).await);
    assert_eq!(add_by(bench, &switched, by_password(boss.0, "$argon2id$one")).await, Some(0));
}

pub(crate) async fn login_tokens_are_listed_within_reach(bench: &Bench) {
    let parent = bench.customer(None).await;
    let below = bench.customer(Some(parent)).await;
    let (ann, ben) = (bench.person(parent, "ann").await, bench.person(below, "ben").await);
    let made = |text: &str, who, ms| LoginToken { created_at: at(ms), ..token(text, who) };
    let tokens = [
        made("d", (ann, parent), 3_000),
        made("c", (ben, below), 2_000),
        made("a", (ann, parent), 1_000),
        made("b", (ben, below), 1_000),
    ];
    for one in &tokens {
        assert_eq!(add(bench, one).await, Some(0));
    }
    let mut expected = tokens.to_vec();
    expected.sort_by_key(|one| (std::cmp::Reverse(one.created_at), one.token));
    let list = async |within: &Within, now: Timestamp, limit| {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = bench.catalog.login_tokens(within, now, after, limit).await.unwrap();
            let Some(last) = page.last() else { return found };
            after = Some((last.created_at, last.token));
            found.extend(page);
        }
    };
    for limit in [1, 2, 3, 100] {
        assert_eq!(list(&bench.everywhere(), at(5_000), limit).await, expected, "pages of {limit}");
    }
    let own: Vec<_> = expected.iter().filter(|one| one.customer == below).cloned().collect();
    assert_eq!(list(&bench.reach(below, Reach::Subtree), at(5_000), 100).await, own);
    assert_eq!(list(&bench.reach(parent, Reach::Subtree), at(5_000), 100).await, expected);
    assert_eq!(list(&bench.reach(parent, Reach::Customer), at(5_000), 100).await.len(), 2);
    assert_eq!(list(&bench.everywhere(), at(9_000), 100).await, [], "what is over is not listed");

    let beginning = |one: &LoginToken| {
        let mut beginning = [0; 6];
        beginning.copy_from_slice(&one.token.as_bytes()[..6]);
        beginning
    };
    let find = async |within: Within, one: &LoginToken, now| {
        bench.catalog.login_token_beginning(&within, beginning(one), at(now)).await.unwrap()
    };
    for one in &tokens {
        assert_eq!(find(bench.everywhere(), one, 5_000).await.as_ref(), Some(one));
    }
    assert_eq!(find(bench.reach(below, Reach::Subtree), &tokens[0], 5_000).await, None);
    assert_eq!(find(bench.everywhere(), &tokens[0], 9_000).await, None);
}

pub(crate) async fn customers_are_found_by_name(bench: &Bench) {
    let parent = bench.customer(None).await;
    let [below, other, third] =
        [bench.customer(Some(parent)).await, bench.customer(None).await, bench.customer(None).await];
    let rename = async |id, name: &str| {
        let change = CustomerChange { name: Some(name.to_owned()), ..CustomerChange::default() };
        bench.catalog.change_customer(id, change).await.unwrap();
    };
    for (id, name) in [(below, "Branch"), (other, "Branch"), (third, "Branch")] {
        rename(id, name).await;
    }
    let named = async |within: Within, name: &str| {
        let found = bench.catalog.customers_named(&within, name).await.unwrap();
        found.into_iter().map(|customer| customer.id).collect::<Vec<_>>()
    };
    assert_eq!(named(bench.reach(parent, Reach::Subtree), "Branch").await, [below]);
    assert_eq!(named(bench.reach(parent, Reach::Subtree), "branch").await, []);
    assert_eq!(named(bench.reach(parent, Reach::Customer), "Branch").await, []);
    assert_eq!(named(bench.everywhere(), "Branch").await, [below, other], "two are enough to know");
}
