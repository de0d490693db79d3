//! Customers, people and roles.

use callvault_core::customer::{Customer, RecordingsEncoding};
use callvault_core::person::profile::{DateFormat, Profile, Profiled, TimeFormat};
use callvault_core::person::{DownloadErrors, EmptyCalls};
use callvault_core::role::{Privilege, Reach, Role};
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::schema::{Time, Word};

/// A customer, to whom everything else belongs.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Customer")]
pub(in crate::api) struct CustomerObject {
    id: i64,
    /// The customer above it.
    parent: Option<i64>,
    name: String,
    description: String,
    /// Of the IANA database.
    timezone: String,
    /// The `sn` of the Yeastar dialect.
    serial: String,
    device_name: String,
    /// Whether hunt groups and messages may be added.
    huntgroups_allowed: bool,
    /// The most bytes of a message or sound; null is no limit of its own.
    largest_message_bytes: Option<u64>,
    /// The most bytes of all messages and sounds; null is no limit.
    total_message_bytes: Option<u64>,
    /// The most destinations of a hunt group; null is no limit.
    huntgroup_destinations: Option<u32>,
    sounds_allowed: bool,
    /// The most people; null is no limit.
    most_people: Option<u32>,
    /// The most customers directly below it; null is no limit.
    most_customers: Option<u32>,
    /// Whether record groups may be added and changed.
    recordgroups_allowed: bool,
    /// How the Enswitch dialect sends recordings when a call does not say.
    #[schemars(with = "Word<RecordingsEncoding>")]
    recordings_encoding: &'static str,
    disabled: bool,
    #[schemars(with = "Time")]
    created_at: String,
}

impl From<Customer> for CustomerObject {
    fn from(customer: Customer) -> Self {
        Self {
            id: customer.id.0,
            parent: customer.parent.map(|parent| parent.0),
            name: customer.name,
            description: customer.description,
            timezone: customer.timezone,
            serial: customer.serial,
            device_name: customer.device_name,
            huntgroups_allowed: customer.plan.hunt_groups_allowed,
            largest_message_bytes: customer.plan.largest_message_bytes,
            total_message_bytes: customer.plan.total_message_bytes,
            huntgroup_destinations: customer.plan.hunt_group_destinations,
            sounds_allowed: customer.plan.sounds_allowed,
            most_people: customer.plan.people,
            most_customers: customer.plan.customers,
            recordgroups_allowed: customer.plan.record_groups_allowed,
            recordings_encoding: customer.recordings_encoding.as_str(),
            disabled: customer.disabled,
            created_at: customer.created_at.to_string(),
        }
    }
}

/// Somebody who may log in.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Person")]
pub(in crate::api) struct PersonObject {
    id: i64,
    customer: i64,
    username: String,
    role: String,
    /// Addresses and networks from which a login is taken; empty is everywhere.
    source: String,
    /// What a Yeastar download answers when it fails.
    #[schemars(with = "Word<DownloadErrors>")]
    download_errors: &'static str,
    /// What a Yeastar download answers for call records of which there are none.
    #[schemars(with = "Word<EmptyCalls>")]
    empty_calls: &'static str,
    #[serde(flatten)]
    profile: ProfileObject,
    disabled: bool,
    #[schemars(with = "Time")]
    created_at: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::api) struct ProfileObject {
    email: String,
    title: String,
    forename: String,
    surname: String,
    company: String,
    description: String,
    country: String,
    language: String,
    timezone: String,
    #[schemars(with = "Word<DateFormat>")]
    date_format: &'static str,
    #[schemars(with = "Word<TimeFormat>")]
    time_format: &'static str,
    telephone: String,
    mobile: String,
    fax: String,
    extension: String,
    public_key: String,
}

impl From<Profile> for ProfileObject {
    fn from(profile: Profile) -> Self {
        Self {
            email: profile.email,
            title: profile.title,
            forename: profile.forename,
            surname: profile.surname,
            company: profile.company,
            description: profile.description,
            country: profile.country,
            language: profile.language,
            timezone: profile.timezone,
            date_format: profile.date_format.as_str(),
            time_format: profile.time_format.as_str(),
            telephone: profile.telephone,
            mobile: profile.mobile,
            fax: profile.fax,
            extension: profile.extension,
            public_key: profile.public_key,
        }
    }
}

impl PersonObject {
    /// The role is shown by its name.
    pub(in crate::api) fn new(person: Profiled, roles: &[Role]) -> Self {
        let Profiled { person, profile } = person;
        let role = roles.iter().find(|role| role.id == person.role).map(|role| role.name.clone());
        Self {
            id: person.id.0,
            customer: person.customer.0,
            username: person.username,
            role: role.unwrap_or_default(),
            source: person.source.to_string(),
            download_errors: person.download_errors.as_str(),
            empty_calls: person.empty_calls.as_str(),
            profile: profile.into(),
            disabled: person.disabled,
            created_at: person.created_at.to_string(),
        }
    }
}

/// A named set of privileges.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Role")]
pub(in crate::api) struct RoleObject {
    id: i64,
    name: String,
    #[schemars(with = "Word<Reach>")]
    reach: &'static str,
    #[schemars(with = "Vec<Word<Privilege>>")]
    privileges: Vec<&'static str>,
    /// It is there from the start and cannot be changed.
    builtin: bool,
}

impl From<Role> for RoleObject {
    fn from(role: Role) -> Self {
        Self {
            id: role.id.0,
            reach: role.reach.as_str(),
            privileges: role.privileges.iter().map(Privilege::as_str).collect(),
            builtin: role.builtin,
            name: role.name,
        }
    }
}
