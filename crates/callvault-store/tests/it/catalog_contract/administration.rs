//! Customers, people, roles and hunt groups.

use callvault_core::customer::{Customer, CustomerChange, NewCustomer, RecordingsEncoding};
use callvault_core::hunt_group::settings::HuntGroupSettings;
use callvault_core::hunt_group::{HuntGroup, HuntGroupChange, NewHuntGroup};
use callvault_core::id::{CustomerId, HuntGroupId, PersonId, RoleId};
use callvault_core::person::profile::ProfileChange;
use callvault_core::person::{DownloadErrors, EmptyCalls, PasswordHash, PersonChange};
use callvault_core::plan::{Plan, PlanChange};
use callvault_core::role::{Privilege, Reach, builtin_roles};

use super::sessions::session;
use crate::bench::{Bench, assert_gone, assert_taken, at, first};

fn customer(id: Option<i64>, parent: Option<i64>) -> NewCustomer {
    NewCustomer {
        id: id.map(CustomerId),
        parent: parent.map(CustomerId),
        name: "Grüße & Co".to_owned(),
        description: "Über 2\nZeilen".to_owned(),
        timezone: "Asia/Tokyo".to_owned(),
        serial: "360000000000".to_owned(),
        device_name: "Empfang Süd".to_owned(),
        plan: Plan {
            hunt_groups_allowed: false,
            largest_message_bytes: Some(1),
            total_message_bytes: Some((1 << 53) - 1),
            hunt_group_destinations: Some(u32::MAX),
            sounds_allowed: false,
            people: Some(u32::MAX),
            customers: Some(u32::MAX - 1),
            record_groups_allowed: false,
        },
        created_at: at(1_505_352_615_274),
    }
}

pub(crate) async fn customers_are_numbered_and_kept(bench: &Bench) {
    let catalog = &bench.catalog;
    assert_eq!(catalog.add_customer(customer(None, None)).await.unwrap(), CustomerId(1));
    assert_eq!(catalog.add_customer(customer(Some(40), Some(1))).await.unwrap(), CustomerId(40));
    assert_eq!(catalog.add_customer(customer(None, None)).await.unwrap(), CustomerId(41));
    assert_eq!(catalog.add_customer(customer(Some(7), None)).await.unwrap(), CustomerId(7));
    assert_eq!(catalog.add_customer(customer(None, None)).await.unwrap(), CustomerId(42));
    assert_taken(catalog.add_customer(customer(Some(40), None)).await, "id");
    assert_gone(catalog.add_customer(customer(None, Some(99))).await, "customer");
    assert_gone(catalog.add_customer(customer(Some(100), Some(100))).await, "customer");
    // Refused units leave no trace, not even in the counter.
    assert_eq!(catalog.add_customer(customer(None, None)).await.unwrap(), CustomerId(43));
    let expected = Customer {
        id: CustomerId(40),
        parent: Some(CustomerId(1)),
        name: "Grüße & Co".to_owned(),
        description: "Über 2\nZeilen".to_owned(),
        timezone: "Asia/Tokyo".to_owned(),
        serial: "360000000000".to_owned(),
        device_name: "Empfang Süd".to_owned(),
        plan: customer(None, None).plan,
        disabled: false,
        created_at: at(1_505_352_615_274),
        recordings_encoding: RecordingsEncoding::Raw,
    };
    assert_eq!(catalog.customer(CustomerId(40)).await.unwrap(), Some(expected));
    assert_eq!(catalog.customer(CustomerId(99)).await.unwrap(), None);
}

pub(crate) async fn customers_form_a_line(bench: &Bench) {
    let top = bench.customer(None).await;
    let middle = bench.customer(Some(top)).await;
    let bottom = bench.customer(Some(middle)).await;
    let aside = bench.customer(Some(top)).await;
    let catalog = &bench.catalog;
    assert_eq!(catalog.customer_line(bottom).await.unwrap(), [bottom, middle, top]);
    assert_eq!(catalog.customer_line(top).await.unwrap(), [top]);
    assert_eq!(catalog.customer_line(CustomerId(99)).await.unwrap(), []);
    let listed = async |within| {
        let customers = catalog.customers(&within, first(10)).await.unwrap();
        customers.iter().map(|customer| customer.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(bench.everywhere()).await, [top, middle, bottom, aside]);
    assert_eq!(listed(bench.reach(middle, Reach::Subtree)).await, [middle, bottom]);
    assert_eq!(listed(bench.reach(top, Reach::Subtree)).await, [top, middle, bottom, aside]);
    assert_eq!(listed(bench.reach(middle, Reach::Customer)).await, [middle]);
}

pub(crate) async fn customers_change(bench: &Bench) {
    let id = bench.customer(None).await;
    let catalog = &bench.catalog;
    let before = catalog.customer(id).await.unwrap().unwrap();
    catalog.change_customer(id, CustomerChange::default()).await.unwrap();
    assert_eq!(catalog.customer(id).await.unwrap().unwrap(), before);
    let change = CustomerChange { disabled: Some(true), ..CustomerChange::default() };
    catalog.change_customer(id, change).await.unwrap();
    assert_eq!(catalog.customer(id).await.unwrap().unwrap(), Customer { disabled: true, ..before.clone() });
    let change = CustomerChange {
        name: Some("B".to_owned()),
        description: Some("C".to_owned()),
        timezone: Some("UTC".to_owned()),
        serial: Some("S-1".to_owned()),
        device_name: Some("Desk".to_owned()),
        plan: PlanChange {
            hunt_groups_allowed: Some(false),
            largest_message_bytes: Some(Some(7)),
            total_message_bytes: Some(Some(9)),
            hunt_group_destinations: Some(Some(0)),
            sounds_allowed: Some(false),
            people: Some(Some(0)),
            customers: Some(Some(1)),
            record_groups_allowed: Some(true),
        },
        recordings_encoding: Some(RecordingsEncoding::Base64),
        disabled: Some(false),
    };
    catalog.change_customer(id, change.clone()).await.unwrap();
    let expected = Customer {
        name: "B".to_owned(),
        description: "C".to_owned(),
        timezone: "UTC".to_owned(),
        serial: "S-1".to_owned(),
        device_name: "Desk".to_owned(),
        plan: Plan {
            hunt_groups_allowed: false,
            largest_message_bytes: Some(7),
            total_message_bytes: Some(9),
            hunt_group_destinations: Some(0),
            sounds_allowed: false,
            people: Some(0),
            customers: Some(1),
            record_groups_allowed: true,
        },
        recordings_encoding: RecordingsEncoding::Base64,
        ..before
    };
    assert_eq!(catalog.customer(id).await.unwrap().unwrap(), expected);
    let plan = PlanChange { largest_message_bytes: Some(None), ..PlanChange::default() };
    let change = CustomerChange { serial: Some(String::new()), plan, ..CustomerChange::default() };
    catalog.change_customer(id, change.clone()).await.unwrap();
    let plan = Plan { largest_message_bytes: None, ..expected.plan };
    let expected = Customer { serial: String::new(), plan, ..expected };
    assert_eq!(catalog.customer(id).await.unwrap().unwrap(), expected);
    assert_gone(catalog.change_customer(CustomerId(99), change).await, "customer");
}

pub(crate) async fn people_are_unique_without_regard_to_case(bench: &Bench) {
    let one = bench.customer(None).await;
    let other = bench.customer(None).await;
    let catalog = &bench.catalog;
    let person = bench.person(one, "Zoë.ÄRGER").await;
    assert_taken(catalog.add_person(bench.new_person(other, "zoë.ärger")).await, "username");
    for spelling in ["zoë.ärger", "ZOË.ÄRGER", "Zoë.ÄRGER"] {
        let account = catalog.account_named(spelling).await.unwrap().unwrap();
        assert_eq!(account.person.id, person);
        assert_eq!(account.person.username, "Zoë.ÄRGER");
    }
    assert_eq!(catalog.account_named("zoe").await.unwrap(), None);
    assert_gone(catalog.add_person(bench.new_person(CustomerId(99), "x")).await, "customer");
    let mut unknown_role = bench.new_person(one, "x");
    unknown_role.role = RoleId(99);
    assert_gone(catalog.add_person(unknown_role).await, "role");
}

pub(crate) async fn accounts_bring_their_rights(bench: &Bench) {
    let top = bench.customer(None).await;
    let middle = bench.customer(Some(top)).await;
    let bottom = bench.customer(Some(middle)).await;
    let person = bench.person(bottom, "ann").await;
    let catalog = &bench.catalog;
    let account = catalog.account(person).await.unwrap().unwrap();
    let new = bench.new_person(bottom, "ann");
    assert_eq!(account.person.customer, bottom);
    assert_eq!(account.person.password_hash, new.password_hash);
    assert_eq!(account.person.source, new.source);
    assert_eq!(account.person.created_at, new.created_at);
    assert_eq!(account.person.download_errors, new.download_errors);
    assert_eq!(account.person.empty_calls, new.empty_calls);
    assert!(!account.person.disabled);
    assert_eq!(account.role, builtin_roles()[3]);
    assert_eq!(catalog.account_named("ann").await.unwrap().unwrap(), account);
    assert_eq!(catalog.account(PersonId(99)).await.unwrap(), None);
    // Disabled anywhere above counts; disabled beside or below does not.
    for (customer, expected) in [(bottom, true), (middle, true), (top, true)] {
        let set = async |disabled| {
            let change = CustomerChange { disabled: Some(disabled), ..CustomerChange::default() };
            catalog.change_customer(customer, change).await.unwrap();
        };
        set(true).await;
        assert_eq!(catalog.account(person).await.unwrap().unwrap().customer_disabled, expected);
        assert_eq!(catalog.account_named("ann").await.unwrap().unwrap().customer_disabled, expected);
        set(false).await;
        assert!(!catalog.account(person).await.unwrap().unwrap().customer_disabled);
    }
    let above = bench.person(top, "boss").await;
    let change = CustomerChange { disabled: Some(true), ..CustomerChange::default() };
    catalog.change_customer(bottom, change).await.unwrap();
    assert!(!catalog.account(above).await.unwrap().unwrap().customer_disabled);
}

pub(crate) async fn people_change(bench: &Bench) {
    let customer = bench.customer(None).await;
    let person = bench.person(customer, "ann").await;
    let catalog = &bench.catalog;
    let change = PersonChange {
        username: Some("Anna".to_owned()),
        role: Some(RoleId(3)),
        password_hash: Some(PasswordHash::new("$argon2id$two")),
        source: Some("192.0.2.0/24".parse().unwrap()),
        disabled: Some(true),
        download_errors: Some(DownloadErrors::Envelope),
        empty_calls: Some(EmptyCalls::Header),
        profile: ProfileChange { title: Some("Dr".to_owned()), ..ProfileChange::default() },
    };
    catalog.change_person(person, change.clone()).await.unwrap();
    let changed = catalog.account(person).await.unwrap().unwrap();
    assert_eq!(changed.role, builtin_roles()[2]);
    assert_eq!(changed.person.password_hash.reveal(), "$argon2id$two");
    assert_eq!(changed.person.source.to_string(), "192.0.2.0/24");
    assert!(changed.person.disabled);
    assert_eq!(changed.person.download_errors, DownloadErrors::Envelope);
    assert_eq!(changed.person.empty_calls, EmptyCalls::Header);
    assert_eq!(changed.person.username, "Anna");
    assert_eq!(catalog.account_named("ANNA").await.unwrap().as_ref(), Some(&changed));
    assert_eq!(catalog.account_named("ann").await.unwrap(), None);
    assert_eq!(catalog.profile(person).await.unwrap().unwrap().profile.title, "Dr");
    bench.person(customer, "bob").await;
    let taken = PersonChange { username: Some("BOB".to_owned()), ..PersonChange::default() };
    assert_taken(catalog.change_person(person, taken).await, "username");
    catalog.change_person(person, PersonChange::default()).await.unwrap();
    assert_eq!(catalog.account(person).await.unwrap().unwrap(), changed);
    let anywhere = PersonChange { source: Some("".parse().unwrap()), ..PersonChange::default() };
    catalog.change_person(person, anywhere).await.unwrap();
    assert_eq!(catalog.account(person).await.unwrap().unwrap().person.source.to_string(), "");
    assert_gone(catalog.change_person(PersonId(99), change.clone()).await, "person");
    let unknown = PersonChange { role: Some(RoleId(99)), ..PersonChange::default() };
    assert_gone(catalog.change_person(person, unknown).await, "role");
}

pub(crate) async fn a_new_password_or_a_lock_out_ends_sessions(bench: &Bench) {
    let customer = bench.customer(None).await;
    let (ann, bob) = (bench.person(customer, "ann").await, bench.person(customer, "bob").await);
    let catalog = &bench.catalog;
    let check = async |change: PersonChange, left: usize| {
        let hash = catalog.account(ann).await.unwrap().unwrap().person.password_hash;
        let enabled = PersonChange { disabled: Some(false), ..PersonChange::default() };
        catalog.change_person(ann, enabled).await.unwrap();
        for (token, person) in [("a1", ann), ("a2", ann), ("b", bob)] {
            catalog.begin_session(session(token, person), hash.clone(), vec![], None).await.unwrap();
        }
        catalog.change_person(ann, change.clone()).await.unwrap();
        let sessions = catalog.sessions().await.unwrap();
        assert_eq!(sessions.len(), left, "{change:?}");
        assert!(sessions.iter().any(|session| session.person == bob));
    };
    let nothing = PersonChange::default();
    check(PersonChange { disabled: Some(false), role: Some(RoleId(3)), ..nothing.clone() }, 3).await;
    check(PersonChange { disabled: Some(true), ..nothing.clone() }, 1).await;
    check(PersonChange { password_hash: Some(PasswordHash::new("$argon2id$two")), ..nothing }, 1).await;
}

pub(crate) async fn roles_are_there_from_the_start(bench: &Bench) {
    let catalog = &bench.catalog;
    assert_eq!(catalog.roles().await.unwrap(), builtin_roles());
    let privileges = [Privilege::Record, Privilege::Reports].into_iter().collect();
    let id = catalog.add_role("Quality".to_owned(), Reach::Subtree, privileges).await.unwrap();
    assert_eq!(id, RoleId(9));
    let role = catalog.roles().await.unwrap().pop().unwrap();
    assert_eq!((role.id, role.name.as_str(), role.reach), (id, "Quality", Reach::Subtree));
    assert_eq!((role.privileges, role.builtin), (privileges, false));
    for taken in ["QUALITY", "System Owner"] {
        assert_taken(catalog.add_role(taken.to_owned(), Reach::Own, privileges).await, "name");
    }
}

pub(crate) async fn hunt_groups_are_numbered_and_kept(bench: &Bench) {
    let customer = bench.customer(None).await;
    let other = bench.customer(None).await;
    let owner = bench.person(customer, "ann").await;
    let stranger = bench.person(other, "eve").await;
    let catalog = &bench.catalog;
    let new = NewHuntGroup {
        id: Some(HuntGroupId(500)),
        customer,
        name: "Sales".to_owned(),
        owner: Some(owner),
        settings: HuntGroupSettings::default(),
        created_at: at(77),
    };
    assert_eq!(catalog.add_hunt_group(new.clone()).await.unwrap(), HuntGroupId(500));
    assert_taken(catalog.add_hunt_group(new.clone()).await, "id");
    assert_eq!(bench.hunt_group(customer).await, HuntGroupId(501));
    assert_gone(
        catalog.add_hunt_group(NewHuntGroup { id: None, customer: CustomerId(99), ..new.clone() }).await,
        "customer",
    );
    for owner in [stranger, PersonId(99)] {
        let new = NewHuntGroup { id: None, owner: Some(owner), ..new.clone() };
        assert_gone(catalog.add_hunt_group(new).await, "owner");
    }
    let expected = HuntGroup {
        id: HuntGroupId(500),
        customer,
        name: "Sales".to_owned(),
        owner: Some(owner),
        settings: HuntGroupSettings::default(),
        created_at: at(77),
    };
    let found = catalog.hunt_group(&bench.everywhere(), HuntGroupId(500)).await.unwrap();
    assert_eq!(found, Some(expected));
}

pub(crate) async fn hunt_groups_change_owners(bench: &Bench) {
    let customer = bench.customer(None).await;
    let other = bench.customer(None).await;
    let (owner, stranger) = (bench.person(customer, "ann").await, bench.person(other, "eve").await);
    let id = bench.hunt_group(customer).await;
    let catalog = &bench.catalog;
    let all = bench.everywhere();
    let change = |name: Option<&str>, owner: Option<Option<PersonId>>| HuntGroupChange {
        name: name.map(str::to_owned),
        owner,
        ..HuntGroupChange::default()
    };
    let check = async |name: &str, owner: Option<PersonId>| {
        let found = catalog.hunt_group(&all, id).await.unwrap().unwrap();
        assert_eq!((found.name.as_str(), found.owner), (name, owner));
    };
    catalog.change_hunt_group(id, change(None, Some(Some(owner)))).await.unwrap();
    check("Support", Some(owner)).await;
    catalog.change_hunt_group(id, change(Some("Desk"), None)).await.unwrap();
    check("Desk", Some(owner)).await;
    for nobody in [stranger, PersonId(99)] {
        assert_gone(catalog.change_hunt_group(id, change(Some("Lost"), Some(Some(nobody)))).await, "owner");
        check("Desk", Some(owner)).await;
    }
    catalog.change_hunt_group(id, change(None, Some(None))).await.unwrap();
    check("Desk", None).await;
    assert_gone(catalog.change_hunt_group(HuntGroupId(99), change(None, None)).await, "hunt group");
    assert_gone(bench.remove_hunt_group(HuntGroupId(99), at(1)).await, "hunt group");
}
