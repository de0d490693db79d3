//! Customers, people and roles.

use std::sync::Arc;

use axum::extract::State;
use callvault_core::address::SourceList;
use callvault_core::customer::{CustomerChange, RecordingsEncoding};
use callvault_core::gate::Principal;
use callvault_core::id::{CustomerId, PersonId};
use callvault_core::person::profile::{DateFormat, ProfileChange, Profiled, TimeFormat};
use callvault_core::person::{DownloadErrors, EmptyCalls};
use callvault_core::plan::{Plan, PlanChange};
use callvault_core::role::{Privilege, Privileges, Reach};
use callvault_core::secret::Secret;
use callvault_core::service::accounts::{
    CustomerToAdd, NewPassword, PersonToAdd, PersonToChange, RoleChoice,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::extract::{
    Created, Done, Json, JsonBody, List, ListParams, Numbered, PageParams, Params, present,
};
use super::object::{CustomerObject, PersonObject, RoleObject};
use super::principal::Verified;
use super::problem::Problem;
use super::schema::{
    Bytes, Count, Country, Description, DeviceName, NewNumber, Password, PlaceKey, ProfileText, PublicKey,
    Serial, Title, Username, Word,
};
use crate::app::App;

type Answer<T> = Result<Json<T>, Problem>;

/// A customer to add.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CustomerBody {
    #[schemars(with = "Option<NewNumber>")]
    id: Option<i64>,
    /// The customer above it; without it, that of who asks.
    parent: Option<i64>,
    #[schemars(with = "Title")]
    name: String,
    #[serde(default)]
    #[schemars(with = "Description")]
    description: String,
    /// Of the IANA database; `UTC` when nothing is said.
    timezone: Option<String>,
    #[serde(default)]
    #[schemars(with = "Serial")]
    serial: String,
    #[serde(default)]
    #[schemars(with = "DeviceName")]
    device_name: String,
    huntgroups_allowed: Option<bool>,
    #[schemars(with = "Option<Bytes>")]
    largest_message_bytes: Option<i64>,
    #[schemars(with = "Option<Bytes>")]
    total_message_bytes: Option<i64>,
    #[schemars(with = "Option<Count>")]
    huntgroup_destinations: Option<i64>,
    sounds_allowed: Option<bool>,
    #[schemars(with = "Option<Count>")]
    most_people: Option<i64>,
    #[schemars(with = "Option<Count>")]
    most_customers: Option<i64>,
    recordgroups_allowed: Option<bool>,
}

/// What changes about a customer; what is left out stays, and null is no limit.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CustomerPatch {
    #[schemars(with = "Option<Title>")]
    name: Option<String>,
    #[schemars(with = "Option<Description>")]
    description: Option<String>,
    timezone: Option<String>,
    #[schemars(with = "Option<Serial>")]
    serial: Option<String>,
    #[schemars(with = "Option<DeviceName>")]
    device_name: Option<String>,
    huntgroups_allowed: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Option<Bytes>")]
    largest_message_bytes: Option<Option<i64>>,
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Option<Bytes>")]
    total_message_bytes: Option<Option<i64>>,
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Option<Count>")]
    huntgroup_destinations: Option<Option<i64>>,
    sounds_allowed: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Option<Count>")]
    most_people: Option<Option<i64>>,
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Option<Count>")]
    most_customers: Option<Option<i64>>,
    recordgroups_allowed: Option<bool>,
    /// How the Enswitch dialect sends recordings when a call does not say.
    #[schemars(with = "Option<Word<RecordingsEncoding>>")]
    recordings_encoding: Option<String>,
    disabled: Option<bool>,
}

/// A limit as it was sent. What is negative is as little of a limit as 0 is, and refused with it.
fn limit(bytes: i64) -> u64 {
    u64::try_from(bytes).unwrap_or(0)
}

/// A most of something that is counted, as it was sent.
fn count(field: &'static str, number: i64) -> Result<u32, Problem> {
    let bad = || Problem::invalid(field, "must be an integer from 0 to 4294967295, or null");
    u32::try_from(number).map_err(|_| bad())
}

/// The same in a change.
fn counted(field: &'static str, number: Option<Option<i64>>) -> Result<Option<Option<u32>>, Problem> {
    let most = |number: Option<i64>| number.map(|number| count(field, number)).transpose();
    number.map(most).transpose()
}

pub(super) async fn list_customers(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Params(params): Params<PageParams>,
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
) -> Result<Created<CustomerObject>, Problem> {
    let accounts = &app.services.accounts;
    let customer = CustomerToAdd {
        id: new.id.map(CustomerId),
        parent: new.parent.map(CustomerId),
        name: new.name,
        description: new.description,
        timezone: new.timezone,
        serial: new.serial,
        device_name: new.device_name,
        plan: Plan {
            hunt_groups_allowed: new.huntgroups_allowed.unwrap_or(true),
            largest_message_bytes: new.largest_message_bytes.map(limit),
            total_message_bytes: new.total_message_bytes.map(limit),
            hunt_group_destinations: new
                .huntgroup_destinations
                .map(|most| count("huntgroup_destinations", most))
                .transpose()?,
            people: new.most_people.map(|most| count("most_people", most)).transpose()?,
            customers: new.most_customers.map(|most| count("most_customers", most)).transpose()?,
            sounds_allowed: new.sounds_allowed.unwrap_or(true),
            record_groups_allowed: new.recordgroups_allowed.unwrap_or(true),
        },
    };
    let id = accounts.add_customer(&principal, customer).await?;
    Ok(Created::created(accounts.customer(&principal, id).await?.into()))
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
        description: patch.description,
        timezone: patch.timezone,
        serial: patch.serial,
        device_name: patch.device_name,
        plan: PlanChange {
            hunt_groups_allowed: patch.huntgroups_allowed,
            largest_message_bytes: patch.largest_message_bytes.map(|bytes| bytes.map(limit)),
            total_message_bytes: patch.total_message_bytes.map(|bytes| bytes.map(limit)),
            hunt_group_destinations: counted("huntgroup_destinations", patch.huntgroup_destinations)?,
            people: counted("most_people", patch.most_people)?,
            customers: counted("most_customers", patch.most_customers)?,
            sounds_allowed: patch.sounds_allowed,
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

pub(super) async fn remove_customer(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<CustomerId>,
) -> Result<Done, Problem> {
    app.services.accounts.remove_customer(&principal, id).await?;
    Ok(Done)
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct PeopleParams {
    /// The one person of this name.
    username: Option<String>,
    /// An address that one person has, without regard to case.
    email: Option<String>,
}

/// The members of a profile in a body. Not flattened into the bodies, because an unknown member must be refused.
macro_rules! with_profile {
    ($(#[$about:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty,)* }) => {
        #[derive(Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        $(#[$about])*
        pub(super) struct $name {
            $($(#[$attribute])* $field: $type,)*
            #[schemars(with = "Option<ProfileText>")]
            email: Option<String>,
            #[schemars(with = "Option<ProfileText>")]
            title: Option<String>,
            #[schemars(with = "Option<ProfileText>")]
            forename: Option<String>,
            #[schemars(with = "Option<ProfileText>")]
            surname: Option<String>,
            #[schemars(with = "Option<ProfileText>")]
            company: Option<String>,
            #[schemars(with = "Option<Description>")]
            description: Option<String>,
            #[schemars(with = "Option<Country>")]
            country: Option<String>,
            #[schemars(with = "Option<ProfileText>")]
            language: Option<String>,
            timezone: Option<String>,
            #[schemars(with = "Option<Word<DateFormat>>")]
            date_format: Option<String>,
            #[schemars(with = "Option<Word<TimeFormat>>")]
            time_format: Option<String>,
            #[schemars(with = "Option<ProfileText>")]
            telephone: Option<String>,
            #[schemars(with = "Option<ProfileText>")]
            mobile: Option<String>,
            #[schemars(with = "Option<ProfileText>")]
            fax: Option<String>,
            #[schemars(with = "Option<ProfileText>")]
            extension: Option<String>,
            #[schemars(with = "Option<PublicKey>")]
            public_key: Option<String>,
        }

        impl $name {
            fn profile(&mut self) -> Result<ProfileChange, Problem> {
                Ok(ProfileChange {
                    email: self.email.take(),
                    title: self.title.take(),
                    forename: self.forename.take(),
                    surname: self.surname.take(),
                    company: self.company.take(),
                    description: self.description.take(),
                    country: self.country.take(),
                    language: self.language.take(),
                    timezone: self.timezone.take(),
                    date_format: self.date_format.as_deref().map(date_format).transpose()?,
                    time_format: self.time_format.as_deref().map(time_format).transpose()?,
                    telephone: self.telephone.take(),
                    mobile: self.mobile.take(),
                    fax: self.fax.take(),
                    extension: self.extension.take(),
                    public_key: self.public_key.take(),
                })
            }
        }
    };
}

fn date_format(word: &str) -> Result<DateFormat, Problem> {
    let bad = || Problem::invalid("date_format", "must be DD/MM/YYYY, MM/DD/YYYY or YYYY-MM-DD");
    DateFormat::parse(word).ok_or_else(bad)
}

fn time_format(word: &str) -> Result<TimeFormat, Problem> {
    TimeFormat::parse(word).ok_or_else(|| Problem::invalid("time_format", "must be 12 or 24"))
}

with_profile! {
/// A person to add, with either a password or the one of another person.
#[schemars(extend("oneOf" = [alone("password", "string", "copy_password"), alone("copy_password", "integer", "password")]))]
PersonBody {
    customer: Option<i64>,
    #[schemars(with = "Username")]
    username: String,
    /// The name of a role.
    role: String,
    #[schemars(with = "Option<Password>")]
    password: Option<String>,
    /// A person of the same customer, whose password it is too.
    copy_password: Option<i64>,
    /// Addresses and networks from which a login is taken, with commas; empty is everywhere.
    #[serde(default)]
    source: String,
    #[schemars(with = "Option<Word<DownloadErrors>>")]
    download_errors: Option<String>,
    #[schemars(with = "Option<Word<EmptyCalls>>")]
    empty_calls: Option<String>,
} }

with_profile! {
/// What changes about a person; what is left out stays.
PersonPatch {
    #[schemars(with = "Option<Username>")]
    username: Option<String>,
    /// The name of a role.
    role: Option<String>,
    #[schemars(with = "Option<Password>")]
    password: Option<String>,
    /// Addresses and networks from which a login is taken, with commas; empty is everywhere.
    source: Option<String>,
    #[schemars(with = "Option<Word<DownloadErrors>>")]
    download_errors: Option<String>,
    #[schemars(with = "Option<Word<EmptyCalls>>")]
    empty_calls: Option<String>,
    disabled: Option<bool>,
} }

/// That this member is there, with a value of this type, and the other is not.
fn alone(member: &str, kind: &str, other: &str) -> Value {
    json!({ "required": [member], "properties": { member: { "type": kind }, other: { "type": "null" } } })
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

async fn shown(app: &App, principal: &Principal, person: Profiled) -> Result<PersonObject, Problem> {
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
    if let Some(email) = &filter.email {
        let person = accounts.person_with_email(&principal, email).await?;
        return Ok(Json::ok(List::whole(vec![shown(&app, &principal, person).await?])));
    }
    let page = params.page(|key| key.parse().ok())?;
    let limit = page.limit;
    let rows = accounts.people(&principal, params.customer(), page).await?;
    let roles = accounts.roles(&principal).await?;
    Ok(Json::ok(List::page(
        rows,
        limit,
        |row| row.person.id.to_string(),
        |row| PersonObject::new(row, &roles),
    )))
}

pub(super) async fn add_person(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    JsonBody(mut new): JsonBody<PersonBody>,
) -> Result<Created<PersonObject>, Problem> {
    let accounts = &app.services.accounts;
    let person = PersonToAdd {
        customer: new.customer.map(CustomerId),
        username: new.username.clone(),
        role: RoleChoice::Name(new.role.clone()),
        password: match (new.password.take(), new.copy_password) {
            (Some(password), None) => NewPassword::Given(Secret::new(password)),
            (None, Some(id)) => NewPassword::CopiedFrom(PersonId(id)),
            _ => return Err(Problem::invalid("password", "give either password or copy_password")),
        },
        profile: new.profile()?,
        source: source(&new.source)?,
        download_errors: new.download_errors.as_deref().map(download_errors).transpose()?.unwrap_or_default(),
        empty_calls: new.empty_calls.as_deref().map(empty_calls).transpose()?.unwrap_or_default(),
    };
    let id = accounts.add_person(&principal, person).await?;
    let person = accounts.person(&principal, id).await?;
    Ok(Created::created(shown(&app, &principal, person).await?))
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
    JsonBody(mut patch): JsonBody<PersonPatch>,
) -> Answer<PersonObject> {
    let accounts = &app.services.accounts;
    // The answer shows them, so who may not see them changes nothing: it would be done, and look refused.
    accounts.person(&principal, id).await?;
    let change = PersonToChange {
        profile: patch.profile()?,
        username: patch.username,
        role: patch.role.map(RoleChoice::Name),
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

pub(super) async fn remove_person(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<PersonId>,
) -> Result<Done, Problem> {
    app.services.accounts.remove_person(&principal, id).await?;
    Ok(Done)
}

/// A role to add.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleToAdd {
    #[schemars(with = "Title")]
    name: String,
    #[schemars(with = "Vec<Word<Privilege>>", length(min = 1))]
    privileges: Vec<String>,
    #[schemars(with = "Option<Word<Reach>>")]
    reach: Option<String>,
}

pub(super) async fn list_roles(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Params(params): Params<PageParams<PlaceKey>>,
) -> Answer<List<RoleObject>> {
    let roles = app.services.accounts.roles(&principal).await?;
    Ok(Json::ok(params.cut(roles, |role| (role.id.0, String::new()))?))
}

pub(super) async fn add_role(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    JsonBody(new): JsonBody<RoleToAdd>,
) -> Result<Created<RoleObject>, Problem> {
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
    Ok(Created::created(role.into()))
}
