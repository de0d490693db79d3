//! The world of the pairs about people, roles and customers.

use callvault_core::id::{CustomerId, RoleId};
use callvault_core::person::profile::Profile;
use callvault_core::person::{DownloadErrors, EmptyCalls, NewPerson, PasswordHash};
use callvault_core::role::{Privilege, Reach};
use callvault_core::time::Timestamp;
use callvault_testkit::golden::Message;
use callvault_testkit::world::World;
use callvault_wire::enswitch::path::Function;
use http::{Method, StatusCode};
use serde_json::json;

use super::{USER, sent};

/// The object that the pairs change and delete; what they create comes next.
const OBJECT: i64 = 123;

/// Whether a function's pairs are arranged here.
pub(super) fn is_here(function: Function) -> bool {
    ["people/", "roles/", "customers/"].iter().any(|family| function.path().starts_with(family))
}

pub(super) async fn arrange(world: &World, function: Function, request: &Message) {
    let is = |word: &str, value: &str| request.comment(word, "") == value;
    let is_of_customers = function.path().starts_with("customers/");
    world.customer(1, None).await;
    world.customer(2, None).await;
    let named = sent(request, "customer").and_then(|id| id.parse().ok()).filter(|id| *id > 1);
    if let Some(customer) = named {
        world.customer(customer, Some(1)).await;
    }
    if is_of_customers && !is("object", "absent") {
        let branch = json!({ "id": OBJECT, "parent": 1, "name": "Branch", "timezone": "Europe/Berlin" });
        world.add("/customers", branch).await;
    }
    if sent(request, "role").as_deref() == Some("123") {
        for number in 9..=OBJECT {
            let user = [Privilege::User].into_iter().collect();
            let id = world.catalog.add_role(format!("role {number}"), Reach::Own, user).await.unwrap();
            assert_eq!(id, RoleId(number));
        }
    }
    if !is("object", "absent") {
        // Those who are left out of a list come before the person of the pairs.
        let skipped = if sent(request, "offset").as_deref() == Some("20") { 20 } else { 0 };
        for number in 1..USER {
            person(world, if number <= skipped { 1 } else { 2 }, number).await;
        }
    }
    let role = match request.comment("as", "administrator") {
        "auditor" => "auditor",
        _ if is_of_customers || named.is_some() => "reseller",
        _ => "administrator",
    };
    let mut user = json!({
        "customer": 1, "username": "user", "password": "password", "role": role, "email": "user@example.com",
        "country": "DE", "forename": "Ada", "surname": "Example",
    });
    world.add("/people", user.clone()).await;
    if is("people", "several") {
        user["username"] = "another".into();
        world.add("/people", user).await;
    }
    if matches!(function, Function::PeopleCreate | Function::PeopleUpdate | Function::PeopleDelete)
        && !is("object", "absent")
    {
        for number in USER + 1..=OBJECT {
            person(world, if number == OBJECT { 1 } else { 2 }, number).await;
        }
    }
    if is("plan", "forbids") {
        let plan = json!({ "most_people": 0, "most_customers": 0 }).to_string();
        let patched = world.local(Method::PATCH, "/customers/1", plan).await;
        assert_eq!(patched.status, StatusCode::OK, "{}", patched.text());
    }
}

/// Somebody who does not log in.
async fn person(world: &World, customer: i64, number: i64) {
    let new = NewPerson {
        customer: CustomerId(customer),
        username: format!("person-{number}"),
        role: RoleId(4),
        password_hash: PasswordHash::new(""),
        source: "".parse().unwrap(),
        download_errors: DownloadErrors::default(),
        empty_calls: EmptyCalls::default(),
        profile: Profile { surname: "Zed".to_owned(), ..Profile::default() },
        created_at: Timestamp::from_unix_ms(0),
    };
    assert_eq!(world.catalog.add_person(new).await.unwrap().0, number);
}
