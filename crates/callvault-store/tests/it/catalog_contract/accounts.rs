//! Profiles, the removal of people and customers, and trials.

use std::sync::Arc;

use callvault_core::customer::{CustomerChange, NewCustomer};
use callvault_core::hunt_group::HuntGroupChange;
use callvault_core::id::{CustomerId, PersonId, RoleId};
use callvault_core::page::PageRequest;
use callvault_core::person::profile::{
    DateFormat, PeopleOrder, PeopleSlice, Profile, ProfileChange, TimeFormat,
};
use callvault_core::person::{NewPerson, PasswordHash, PersonChange};
use callvault_core::plan::{PlanChange, PlanLimit};
use callvault_core::port::catalog::{CatalogError, CatalogResult, Trial};
use callvault_core::role::Reach;

use super::sessions::session;
use crate::bench::{Bench, assert_forbidden, assert_gone, assert_taken, at, first, name};

const OWNER: RoleId = RoleId(1);

fn assert_kept<T: std::fmt::Debug>(result: CatalogResult<T>, field: &str, reason: &str) {
    match result {
        Err(CatalogError::Kept { field: found, reason: told }) => {
            assert_eq!(found, field);
            assert!(told.contains(reason), "{told}");
        }
        other => panic!("{other:?} and not kept"),
    }
}

fn whole_profile() -> Profile {
    let text = |text: &str| text.to_owned();
    Profile {
        email: text("Ann@Example.com"),
        title: text("Dr"),
        forename: text("Änn"),
        surname: text("Müller"),
        company: text("Grüße & Co"),
        description: text("zwei\nZeilen"),
        country: text("DE"),
        language: text("de"),
        timezone: text("Europe/Berlin"),
        date_format: DateFormat::DayFirst,
        time_format: TimeFormat::Twelve,
        telephone: text("+49 30 1"),
        mobile: text("+49 170 2"),
        fax: text("3"),
        extension: text("4000"),
        public_key: text("-----BEGIN"),
    }
}

pub(crate) async fn a_profile_comes_back_as_written(bench: &Bench) {
    let customer = bench.customer(None).await;
    let new = NewPerson { profile: whole_profile(), ..bench.new_person(customer, "ann") };
    let catalog = &bench.catalog;
    let ann = catalog.add_person(new).await.unwrap();
    let bob = bench.person(customer, "bob").await;
    let read = catalog.profile(ann).await.unwrap().unwrap();
    assert_eq!(read.profile, whole_profile());
    assert_eq!(read.person, catalog.account(ann).await.unwrap().unwrap().person);
    assert_eq!(catalog.profile(bob).await.unwrap().unwrap().profile, Profile::default());
    assert_eq!(catalog.profile(PersonId(99)).await.unwrap(), None);
    let profile = ProfileChange {
        surname: Some(String::new()),
        time_format: Some(TimeFormat::TwentyFour),
        ..ProfileChange::default()
    };
    let change = PersonChange { profile, ..PersonChange::default() };
    catalog.change_person(ann, change).await.unwrap();
    let expected = Profile { surname: String::new(), time_format: TimeFormat::TwentyFour, ..whole_profile() };
    assert_eq!(catalog.profile(ann).await.unwrap().unwrap().profile, expected);
    let within = bench.inside(customer).await;
    let listed = catalog.profiles(&within, first(10)).await.unwrap();
    let ids: Vec<_> = listed.iter().map(|row| row.person.id).collect();
    assert_eq!(ids, [ann, bob]);
    assert_eq!(listed[0].profile, expected);
    let rest = catalog.profiles(&within, PageRequest::new(Some(ann), 10)).await.unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(catalog.count_people(&within).await.unwrap(), 2);
}

pub(crate) async fn people_are_sorted_without_regard_to_case(bench: &Bench) {
    let customer = bench.customer(None).await;
    let catalog = &bench.catalog;
    for (username, forename, surname) in
        [("c", "anna", "Zett"), ("B", "Anna", "adler"), ("a", "Zoe", "Adler"), ("d", "", "")]
    {
        let profile =
            Profile { forename: forename.to_owned(), surname: surname.to_owned(), ..Profile::default() };
        let new = NewPerson { profile, ..bench.new_person(customer, username) };
        catalog.add_person(new).await.unwrap();
    }
    bench.person(bench.customer(None).await, "stranger").await;
    let within = bench.inside(customer).await;
    for page_rows in [1, 2, 10] {
        let check = async |order: PeopleOrder, descending: bool, skip: u64, expected: &str| {
            let mut names = String::new();
            let mut after = None;
            loop {
                let skip = if after.is_none() { skip } else { 0 };
                let slice = PeopleSlice { order, descending, after: after.clone(), skip, limit: page_rows };
                let rows = catalog.sorted_people(&within, slice).await.unwrap();
                let Some(last) = rows.last() else { break };
                after = Some((order.key(&last.person.username, &last.profile), last.person.id));
                names.extend(rows.iter().map(|row| row.person.username.as_str()));
            }
            assert_eq!(names, expected, "{order:?} {descending}");
        };
        check(PeopleOrder::Username, false, 0, "aBcd").await;
        check(PeopleOrder::Username, true, 0, "dcBa").await;
        check(PeopleOrder::Username, false, 3, "d").await;
        check(PeopleOrder::Username, false, u64::MAX, "").await;
        // What is the same goes by number.
        check(PeopleOrder::Forename, false, 0, "dcBa").await;
        check(PeopleOrder::Surname, false, 0, "dBac").await;
        check(PeopleOrder::Surname, true, 1, "aBd").await;
        check(PeopleOrder::FullName, false, 0, "dBca").await;
    }
    let renamed = ProfileChange { surname: Some("AAA".to_owned()), ..ProfileChange::default() };
    let change = PersonChange { profile: renamed, ..PersonChange::default() };
    let zett = catalog.account_named("c").await.unwrap().unwrap().person.id;
    catalog.change_person(zett, change).await.unwrap();
    let order = PeopleOrder::Surname;
    let slice = PeopleSlice { order, descending: false, after: None, skip: 1, limit: 1 };
    assert_eq!(catalog.sorted_people(&within, slice).await.unwrap()[0].person.id, zett);
}

pub(crate) async fn people_are_found_by_their_address(bench: &Bench) {
    let top = bench.customer(None).await;
    let below = bench.customer(Some(top)).await;
    let aside = bench.customer(None).await;
    let catalog = &bench.catalog;
    let add = async |customer, username: &str, email: &str| {
        let profile = Profile { email: email.to_owned(), ..Profile::default() };
        let new = NewPerson { profile, ..bench.new_person(customer, username) };
        catalog.add_person(new).await.unwrap()
    };
    let one = add(top, "one", "One@Example.com").await;
    let two = add(below, "two", "two@example.com").await;
    let three = add(aside, "three", "TWO@example.com").await;
    add(aside, "four", "").await;
    let check = async |within, email: &str, expected: &[PersonId]| {
        assert_eq!(catalog.people_with_email(&within, email).await.unwrap(), expected, "{email}");
    };
    check(bench.everywhere(), "one@example.COM", &[one]).await;
    check(bench.everywhere(), "two@example.com", &[two, three]).await;
    check(bench.everywhere(), "", &[]).await;
    check(bench.everywhere(), "%", &[]).await;
    check(bench.reach(top, Reach::Subtree), "two@example.com", &[two]).await;
    check(bench.reach(top, Reach::Customer), "two@example.com", &[]).await;
    check(bench.reach(aside, Reach::Customer), "two@example.com", &[three]).await;
}

pub(crate) async fn customers_below_one_are_listed(bench: &Bench) {
    let top = bench.customer(None).await;
    let first_below = bench.customer(Some(top)).await;
    let other_top = bench.customer(None).await;
    let second_below = bench.customer(Some(top)).await;
    let bottom = bench.customer(Some(first_below)).await;
    let check = async |parent, tops, page, expected: &[CustomerId]| {
        let parent = bench.inside(parent).await;
        let rows = bench.catalog.customers_below(&parent, tops, page).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), expected);
    };
    check(top, false, first(10), &[first_below, second_below]).await;
    check(top, true, first(10), &[first_below, other_top, second_below]).await;
    check(top, true, PageRequest::new(Some(first_below), 1), &[other_top]).await;
    check(first_below, false, first(10), &[bottom]).await;
    check(bottom, false, first(10), &[]).await;
}

pub(crate) async fn a_person_goes_with_what_is_theirs_alone(bench: &Bench) {
    let customer = bench.customer(None).await;
    let (ann, bob) = (bench.person(customer, "ann").await, bench.person(customer, "bob").await);
    let catalog = &bench.catalog;
    let hash = PasswordHash::new("$argon2id$one");
    for (token, person) in [("a", ann), ("b", bob)] {
        catalog.begin_session(session(token, person), hash.clone(), vec![], None).await.unwrap();
    }
    let mut owned = bench.new_hunt_group(customer);
    owned.owner = Some(ann);
    let hunt_group = catalog.add_hunt_group(owned).await.unwrap();
    assert_kept(catalog.remove_person(ann).await, "id", "hunt groups");
    assert_eq!(catalog.sessions().await.unwrap().len(), 2, "a refusal changes nothing");
    let given = HuntGroupChange { owner: Some(Some(bob)), ..HuntGroupChange::default() };
    catalog.change_hunt_group(hunt_group, given).await.unwrap();
    catalog.remove_person(ann).await.unwrap();
    assert_eq!(catalog.account(ann).await.unwrap(), None);
    assert_eq!(catalog.account_named("ann").await.unwrap(), None);
    let sessions = catalog.sessions().await.unwrap();
    assert_eq!(sessions.iter().map(|session| session.person).collect::<Vec<_>>(), [bob]);
    assert_gone(catalog.remove_person(ann).await, "person");
    // The name is free, the number is not.
    assert!(bench.person(customer, "ann").await > bob);
}

pub(crate) async fn what_is_left_keeps_a_customer(bench: &Bench) {
    let top = bench.customer(None).await;
    let customer = bench.customer(Some(top)).await;
    let catalog = &bench.catalog;
    let refused = async |what: &str| {
        assert_kept(catalog.remove_customer(customer, at(1)).await, "id", what);
    };
    assert_kept(catalog.remove_customer(top, at(1)).await, "id", "left in the customer: customers");
    let person = bench.person(customer, "ann").await;
    refused("left in the customer: people").await;
    let hunt_group = catalog.add_hunt_group(bench.new_hunt_group(customer)).await.unwrap();
    refused("left in the customer: people, hunt groups").await;
    catalog.remove_person(person).await.unwrap();
    catalog.remove_hunt_group(hunt_group, Vec::new(), at(1)).await.unwrap();
    bench.recording(customer, "a.wav", 1).await;
    refused("left in the customer: recordings").await;
    let recorded = name("a.wav");
    let within = bench.inside(customer).await;
    bench.remove_recording(&within, &recorded, at(1)).await.unwrap();
    catalog.remove_customer(customer, at(1)).await.unwrap();
    assert_eq!(catalog.customer(customer).await.unwrap(), None);
    assert_gone(catalog.remove_customer(customer, at(1)).await, "customer");
    catalog.remove_customer(top, at(1)).await.unwrap();
}

fn customer_numbered(id: Option<i64>, parent: Option<CustomerId>) -> NewCustomer {
    NewCustomer {
        id: id.map(CustomerId),
        parent,
        name: "Acme".to_owned(),
        description: String::new(),
        timezone: "UTC".to_owned(),
        serial: String::new(),
        device_name: String::new(),
        plan: callvault_core::plan::Plan::default(),
        created_at: at(1),
    }
}

pub(crate) async fn a_number_is_never_given_again(bench: &Bench) {
    let catalog = &bench.catalog;
    let seven = catalog.add_customer(customer_numbered(Some(7), None)).await.unwrap();
    assert!(!catalog.customer_is_gone(seven).await.unwrap());
    catalog.remove_customer(seven, at(1)).await.unwrap();
    assert!(catalog.customer_is_gone(seven).await.unwrap());
    assert!(!catalog.customer_is_gone(CustomerId(99)).await.unwrap());
    assert_taken(catalog.add_customer(customer_numbered(Some(7), None)).await, "id");
    let next = catalog.add_customer(customer_numbered(None, None)).await.unwrap();
    assert_eq!(next, CustomerId(8));
    assert_gone(catalog.add_customer(customer_numbered(None, Some(seven))).await, "customer");
}

pub(crate) async fn the_last_system_owner_stays(bench: &Bench) {
    let top = bench.customer(None).await;
    let customer = bench.customer(Some(top)).await;
    let catalog = &bench.catalog;
    let add = async |username: &str| {
        let new = NewPerson { role: OWNER, ..bench.new_person(customer, username) };
        catalog.add_person(new).await.unwrap()
    };
    let disabled = |disabled| PersonChange { disabled: Some(disabled), ..PersonChange::default() };
    let demoted = PersonChange { role: Some(RoleId(4)), ..PersonChange::default() };
    let first = add("first").await;
    bench.person(customer, "user").await;
    assert_kept(catalog.remove_person(first).await, "id", "system owner");
    assert_kept(catalog.change_person(first, disabled(true)).await, "disabled", "system owner");
    assert_kept(catalog.change_person(first, demoted.clone()).await, "role", "system owner");
    for id in [customer, top] {
        let change = CustomerChange { disabled: Some(true), ..CustomerChange::default() };
        assert_kept(catalog.change_customer(id, change).await, "disabled", "system owner");
    }
    assert!(!catalog.account(first).await.unwrap().unwrap().person.disabled);
    // One who cannot log in does not count.
    let second = add("second").await;
    catalog.change_person(second, disabled(true)).await.unwrap();
    assert_kept(catalog.remove_person(first).await, "id", "system owner");
    catalog.change_person(second, disabled(false)).await.unwrap();
    catalog.change_person(first, demoted).await.unwrap();
    catalog.remove_person(first).await.unwrap();
    assert_kept(catalog.remove_person(second).await, "id", "system owner");
}

pub(crate) async fn plans_bound_people_and_customers(bench: &Bench) {
    let top = bench.customer(None).await;
    let below = bench.customer(Some(top)).await;
    let ann = bench.person(top, "ann").await;
    let catalog = &bench.catalog;
    let limit = async |people, customers| {
        let plan = PlanChange { people: Some(people), customers: Some(customers), ..PlanChange::default() };
        let change = CustomerChange { plan, ..CustomerChange::default() };
        catalog.change_customer(top, change).await.unwrap();
    };
    let another = || customer_numbered(None, Some(top));
    limit(Some(2), Some(1)).await;
    assert_forbidden(catalog.add_customer(another()).await, PlanLimit::Customers { limit: 1 });
    bench.person(top, "bob").await;
    let refused = catalog.add_person(bench.new_person(top, "eve")).await;
    assert_forbidden(refused, PlanLimit::People { limit: 2 });
    // A plan binds its own customer alone.
    bench.person(below, "eve").await;
    catalog.add_customer(customer_numbered(None, Some(below))).await.unwrap();
    catalog.change_person(ann, PersonChange::default()).await.unwrap();
    limit(Some(0), Some(0)).await;
    let none = PlanLimit::People { limit: 0 };
    assert_forbidden(catalog.change_person(ann, PersonChange::default()).await, none);
    let none = PlanLimit::Customers { limit: 0 };
    assert_forbidden(catalog.change_customer(below, CustomerChange::default()).await, none);
    // A lock is no favour.
    let locked = PersonChange {
        disabled: Some(true),
        password_hash: Some(PasswordHash::new("$argon2id$two")),
        ..PersonChange::default()
    };
    catalog.change_person(ann, locked).await.unwrap();
    let closed = CustomerChange { disabled: Some(true), ..CustomerChange::default() };
    catalog.change_customer(below, closed).await.unwrap();
    limit(None, None).await;
    catalog.add_customer(another()).await.unwrap();
    bench.person(top, "joe").await;
}

pub(crate) async fn a_trial_of_an_account_changes_nothing(bench: &Bench) {
    let customer = bench.customer(None).await;
    let ann = bench.person(customer, "ann").await;
    let catalog = &bench.catalog;
    let before =
        (catalog.profile(ann).await.unwrap().unwrap(), catalog.customer(customer).await.unwrap().unwrap());
    let new = |username: &str| Trial::AddPerson(Box::new(bench.new_person(customer, username)));
    let renamed = |username: &str| {
        let change = PersonChange { username: Some(username.to_owned()), ..PersonChange::default() };
        Trial::ChangePerson(ann, Box::new(change))
    };
    let change = CustomerChange { name: Some("B".to_owned()), ..CustomerChange::default() };
    for work in [
        new("bob"),
        renamed("anna"),
        Trial::AddCustomer(customer_numbered(None, Some(customer))),
        Trial::ChangeCustomer(customer, change.clone()),
    ] {
        catalog.try_out(work).await.unwrap();
    }
    assert_taken(catalog.try_out(new("ANN")).await, "username");
    assert_gone(catalog.try_out(Trial::ChangeCustomer(CustomerId(99), change)).await, "customer");
    let after =
        (catalog.profile(ann).await.unwrap().unwrap(), catalog.customer(customer).await.unwrap().unwrap());
    assert_eq!(after, before);
    // Not even the counters moved.
    assert_eq!(bench.person(customer, "bob").await, PersonId(ann.0 + 1));
    assert_eq!(bench.customer(None).await, CustomerId(customer.0 + 1));
}

pub(crate) async fn a_removal_and_a_login_at_once(bench: &Bench) {
    let customer = bench.customer(None).await;
    for round in 0..10 {
        let person = bench.person(customer, "ann").await;
        let catalog = Arc::clone(&bench.catalog);
        let token = format!("token {round}");
        let hash = PasswordHash::new("$argon2id$one");
        let (begun, removed) = tokio::join!(
            catalog.begin_session(session(&token, person), hash, vec![], None),
            catalog.remove_person(person)
        );
        begun.unwrap();
        removed.unwrap();
        assert_eq!(catalog.sessions().await.unwrap(), [], "round {round}");
    }
}
