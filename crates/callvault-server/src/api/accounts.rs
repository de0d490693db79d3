//! Customers, people and roles.

use std::sync::Arc;

use axum::extract::State;
use callvault_core::address::SourceList;
use callvault_core::customer::{CustomerChange, RecordingsEncoding};
use callvault_core::gate::Principal;
use callvault_core::id::{CustomerId, PersonId};
use callvault_core::person::{DownloadErrors, EmptyCalls, Person};
use callvault_core::plan::{Plan, PlanChange};
use callvault_core::role::{Privileges, Reach};
use callvault_core::secret::Secret;
use callvault_core::service::accounts::{CustomerToAdd, PersonToAdd, PersonToChange};
use serde::Deserialize;

use super::extract::{Json, JsonBody, List, ListParams, Numbered, Params, present};
use super::object::{CustomerObject, PersonObject, RoleObject};
use super::principal::Verified;
use super::problem::Problem;
use crate::app::App;

type Answer<T> = Result<Json<T>, Problem>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CustomerBody {
    id: Option<i64>,
    parent: Option<i64>,
    name: String,
    timezone: Option<String>,
    #[serde(default)]
    serial: String,
    #[serde(default)]
    device_name: String,
    huntgroups_allowed: Option<bool>,
    largest_message_bytes: Option<i64>,
    total_message_bytes: Option<i64>,
    huntgroup_destinations: Option<i64>,
    recordgroups_allowed: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CustomerPatch {
    name: Option<String>,
    timezone: Option<String>,
    serial: Option<String>,
    device_name: Option<String>,
    huntgroups_allowed: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    largest_message_bytes: Option<Option<i64>>,
    #[serde(default, deserialize_with = "present")]
    total_message_bytes: Option<Option<i64>>,
    #[serde(default, deserialize_with = "present")]
    huntgroup_destinations: Option<Option<i64>>,
    recordgroups_allowed: Option<bool>,
    recordings_encoding: Option<String>,
    disabled: Option<bool>,
}

/// A limit as it was sent. What is negative is as little of a limit as 0 is, and refused with it.
fn limit(bytes: i64) -> u64 {
    u64::try_from(bytes).unwrap_or(0)
}

/// A number of destinations as it was sent.
fn count(number: i64) -> Result<u32, Problem> {
    let bad =
        || Problem::invalid("huntgroup_destinations", "must be an integer from 0 to 4294967295, or null");
    u32::try_from(number).map_err(|_| bad())
}

pub(super) async fn list_customers(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Params(params): Params<ListParams>,
) -> Answer<List<CustomerObject>> {
    let page = params.page(|key| key.parse().ok())?;
    let limit = page.limit;
    let rows = app.services.accounts.customers(&principal, page).await?;
    Ok(Json::ok(List::page(rows, limit, |row| row.id.to_string(), Into::into)))
}

pub(super) async fn add_customer(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    JsonBody(new): JsonBody<CustomerBody>,
) -> Answer<CustomerObject> {
    let accounts = &app.services.accounts;
    let customer = CustomerToAdd {
        id: new.id.map(CustomerId),
        parent: new.parent.map(CustomerId),
        name: new.name,
        timezone: new.timezone,
        serial: new.serial,
        device_name: new.device_name,
        plan: Plan {
            hunt_groups_allowed: new.huntgroups_allowed.unwrap_or(true),
            largest_message_bytes: new.largest_message_bytes.map(limit),
            total_message_bytes: new.total_message_bytes.map(limit),
            hunt_group_destinations: new.huntgroup_destinations.map(count).transpose()?,
            record_groups_allowed: new.recordgroups_allowed.unwrap_or(true),
        },
    };
    let id = accounts.add_customer(&principal, customer).await?;
    Ok(Json::created(accounts.customer(&principal, id).await?.into()))
}

pub(super) async fn find_customer(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<CustomerId>,
) -> Answer<CustomerObject> {
    Ok(Json::ok(app.services.accounts.customer(&principal, id).await?.into()))
}

pub(super) async fn change_customer(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<CustomerId>,
    JsonBody(patch): JsonBody<CustomerPatch>,
) -> Answer<CustomerObject> {
    let accounts = &app.services.accounts;
    let change = CustomerChange {
        name: patch.name,
        timezone: patch.timezone,
        serial: patch.serial,
        device_name: patch.device_name,
        plan: PlanChange {
            hunt_groups_allowed: patch.huntgroups_allowed,
            largest_message_bytes: patch.largest_message_bytes.map(|bytes| bytes.map(limit)),
            total_message_bytes: patch.total_message_bytes.map(|bytes| bytes.map(limit)),
            hunt_group_destinations: match patch.huntgroup_destinations {
                Some(number) => Some(number.map(count).transpose()?),
                None => None,
            },
            record_groups_allowed: patch.recordgroups_allowed,
        },
        recordings_encoding: match patch.recordings_encoding.as_deref() {
            None => None,
            Some(word) => Some(
                RecordingsEncoding::parse(word)
                    .ok_or_else(|| Problem::invalid("recordings_encoding", "must be raw or base64"))?,
            ),
        },
        disabled: patch.disabled,
    };
    accounts.change_customer(&principal, id, change).await?;
    Ok(Json::ok(accounts.customer(&principal, id).await?.into()))
}

#[derive(Deserialize)]
pub(super) struct PeopleParams {
    username: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonBody {
    customer: Option<i64>,
    username: String,
    role: String,
    password: String,
    #[serde(default)]
    source: String,
    download_errors: Option<String>,
    empty_calls: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonPatch {
    role: Option<String>,
    password: Option<String>,
    source: Option<String>,
    download_errors: Option<String>,
    empty_calls: Option<String>,
    disabled: Option<bool>,
}

fn source(text: &str) -> Result<SourceList, Problem> {
    text.parse()
        .map_err(|error: callvault_core::address::NetworkError| Problem::invalid("source", error.to_string()))
}

fn download_errors(word: &str) -> Result<DownloadErrors, Problem> {
    DownloadErrors::parse(word)
        .ok_or_else(|| Problem::invalid("download_errors", "must be envelope or status"))
}

fn empty_calls(word: &str) -> Result<EmptyCalls, Problem> {
    EmptyCalls::parse(word).ok_or_else(|| Problem::invalid("empty_calls", "must be header or missing"))
}

async fn shown(app: &App, principal: &Principal, person: Person) -> Result<PersonObject, Problem> {
    let roles = app.services.accounts.roles(principal).await?;
    Ok(PersonObject::new(person, &roles))
}

pub(super) async fn list_people(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Params(filter): Params<PeopleParams>,
    Params(params): Params<ListParams>,
) -> Answer<List<PersonObject>> {
    let accounts = &app.services.accounts;
    if let Some(username) = &filter.username {
        let person = accounts.person_named(&principal, username).await?;
        return Ok(Json::ok(List::whole(vec![shown(&app, &principal, person).await?])));
    }
    let page = params.page(|key| key.parse().ok())?;
    let limit = page.limit;
    let rows = accounts.people(&principal, params.customer(), page).await?;
    let roles = accounts.roles(&principal).await?;
    Ok(Json::ok(List::page(rows, limit, |row| row.id.to_string(), |row| PersonObject::new(row, &roles))))
}

pub(super) async fn add_person(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    JsonBody(new): JsonBody<PersonBody>,
) -> Answer<PersonObject> {
    let accounts = &app.services.accounts;
    let person = PersonToAdd {
        customer: new.customer.map(CustomerId),
        username: new.username,
        role: new.role,
        password: Secret::new(new.password),
        source: source(&new.source)?,
        download_errors: new.download_errors.as_deref().map(download_errors).transpose()?.unwrap_or_default(),
        empty_calls: new.empty_calls.as_deref().map(empty_calls).transpose()?.unwrap_or_default(),
    };
    let id = accounts.add_person(&principal, person).await?;
    let person = accounts.person(&principal, id).await?;
    Ok(Json::created(shown(&app, &principal, person).await?))
}

pub(super) async fn find_person(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<PersonId>,
) -> Answer<PersonObject> {
    let person = app.services.accounts.person(&principal, id).await?;
    Ok(Json::ok(shown(&app, &principal, person).await?))
}

pub(super) async fn change_person(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<PersonId>,
    JsonBody(patch): JsonBody<PersonPatch>,
) -> Answer<PersonObject> {
    let accounts = &app.services.accounts;
    let change = PersonToChange {
        role: patch.role,
        password: patch.password.map(Secret::new),
        source: patch.source.as_deref().map(source).transpose()?,
        download_errors: patch.download_errors.as_deref().map(download_errors).transpose()?,
        empty_calls: patch.empty_calls.as_deref().map(empty_calls).transpose()?,
        disabled: patch.disabled,
    };
    accounts.change_person(&principal, id, change).await?;
    let person = accounts.person(&principal, id).await?;
    Ok(Json::ok(shown(&app, &principal, person).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleToAdd {
    name: String,
    privileges: Vec<String>,
    reach: Option<String>,
}

pub(super) async fn list_roles(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
) -> Answer<List<RoleObject>> {
    let roles = app.services.accounts.roles(&principal).await?;
    Ok(Json::ok(List::whole(roles.into_iter().map(Into::into).collect())))
}

pub(super) async fn add_role(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    JsonBody(new): JsonBody<RoleToAdd>,
) -> Answer<RoleObject> {
    let unknown = |word: String| Problem::invalid("privileges", format!("there is no privilege `{word}`"));
    let privileges = Privileges::parse(&new.privileges.join(",")).map_err(unknown)?;
    let reach = match new.reach.as_deref() {
        None => None,
        Some(word) => {
            let allowed = || Problem::invalid("reach", "must be own, customer, subtree or system");
            Some(Reach::parse(word).ok_or_else(allowed)?)
        }
    };
    let accounts = &app.services.accounts;
    let id = accounts.add_role(&principal, &new.name, privileges, reach).await?;
    let roles = accounts.roles(&principal).await?;
    let role = roles.into_iter().find(|role| role.id == id).ok_or_else(|| Problem::not_found("role"))?;
    Ok(Json::created(role.into()))
}
