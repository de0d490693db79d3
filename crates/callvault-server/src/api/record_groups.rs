//! Record groups.

use std::sync::Arc;

use axum::extract::State;
use callvault_core::gate::Verb;
use callvault_core::id::{CustomerId, PersonId, RecordGroupId};
use callvault_core::record_group::{Announcement, RecordGroup, RecordGroupChange, RecordGroupSettingsChange};
use callvault_core::service::record_groups::RecordGroupToAdd;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::extract::{Created, Done, Json, JsonBody, List, ListParams, Numbered, Params, present};
use super::principal::Verified;
use super::problem::Problem;
use super::schema::{Description, Emails, NewNumber, Time, Title, Word};
use crate::app::App;

/// A record group.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RecordGroupObject {
    id: i64,
    customer: i64,
    name: String,
    owner: Option<i64>,
    description: String,
    email: String,
    /// For how many days recordings stay that come into it; 0 keeps nothing.
    retention_days: u32,
    fraction_percent: u8,
    beep_seconds: u16,
    record_inbound: bool,
    record_outbound: bool,
    transcribe: bool,
    /// Which calls are told that they are recorded.
    #[schemars(with = "Word<Announcement>")]
    announcement: &'static str,
    #[schemars(with = "Time")]
    created_at: String,
}

impl From<RecordGroup> for RecordGroupObject {
    fn from(group: RecordGroup) -> Self {
        let settings = group.settings;
        Self {
            id: group.id.0,
            customer: group.customer.0,
            name: group.name,
            owner: group.owner.map(|owner| owner.0),
            description: settings.description,
            email: settings.email,
            retention_days: settings.retention_days,
            fraction_percent: settings.fraction_percent,
            beep_seconds: settings.beep_seconds,
            record_inbound: settings.record_inbound,
            record_outbound: settings.record_outbound,
            transcribe: settings.transcribe,
            announcement: settings.announcement.as_str(),
            created_at: group.created_at.to_string(),
        }
    }
}

/// The settings as they are sent; what is not sent is not changed. Unknown fields are refused by the bodies that this is a
/// part of.
#[derive(Deserialize, JsonSchema)]
pub(super) struct SettingsBody {
    #[schemars(with = "Option<Description>")]
    description: Option<String>,
    #[schemars(with = "Option<Emails>")]
    email: Option<String>,
    /// For how many days recordings stay that come into it; 0 keeps nothing.
    #[schemars(range(min = 0, max = 36_500))]
    retention_days: Option<i64>,
    #[schemars(range(min = 0, max = 100))]
    fraction_percent: Option<i64>,
    #[schemars(range(min = 0, max = 3600))]
    beep_seconds: Option<i64>,
    record_inbound: Option<bool>,
    record_outbound: Option<bool>,
    transcribe: Option<bool>,
    /// Which calls are told that they are recorded.
    #[schemars(with = "Option<Word<Announcement>>")]
    announcement: Option<String>,
}

impl SettingsBody {
    fn change(self) -> Result<RecordGroupSettingsChange, Problem> {
        let announcement = self.announcement.as_deref().map(|word| {
            let words = "must be none, all, inbound, inbound_outbound, internal or outbound";
            Announcement::parse(word).ok_or_else(|| Problem::invalid("announcement", words))
        });
        Ok(RecordGroupSettingsChange {
            description: self.description,
            email: self.email,
            retention_days: within(
                "retention_days",
                self.retention_days,
                "must be an integer from 0 to 36500",
            )?,
            fraction_percent: within(
                "fraction_percent",
                self.fraction_percent,
                "must be an integer from 0 to 100",
            )?,
            beep_seconds: within("beep_seconds", self.beep_seconds, "must be an integer from 0 to 3600")?,
            record_inbound: self.record_inbound,
            record_outbound: self.record_outbound,
            transcribe: self.transcribe,
            announcement: announcement.transpose()?,
        })
    }
}

/// A number that fits its type; what the type holds beyond the bound, the service refuses in the same words.
fn within<T: TryFrom<i64>>(
    field: &'static str,
    number: Option<i64>,
    bound: &'static str,
) -> Result<Option<T>, Problem> {
    number.map(|number| T::try_from(number).map_err(|_| Problem::invalid(field, bound))).transpose()
}

/// A record group to add.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordGroupBody {
    #[schemars(with = "Option<NewNumber>")]
    id: Option<i64>,
    customer: Option<i64>,
    #[schemars(with = "Title")]
    name: String,
    owner: Option<i64>,
    #[serde(flatten)]
    settings: SettingsBody,
}

/// What changes about a record group; what is left out stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordGroupPatch {
    #[schemars(with = "Option<Title>")]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    owner: Option<Option<i64>>,
    #[serde(flatten)]
    settings: SettingsBody,
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Params(params): Params<ListParams>,
) -> Result<Json<List<RecordGroupObject>>, Problem> {
    let page = params.page(|key| key.parse().ok())?;
    let limit = page.limit;
    let rows = app.services.record_groups.list(&principal, params.customer(), page).await?;
    Ok(Json::ok(List::page(rows, limit, |row| row.id.to_string(), Into::into)))
}

pub(super) async fn add(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    JsonBody(new): JsonBody<RecordGroupBody>,
) -> Result<Created<RecordGroupObject>, Problem> {
    let record_groups = &app.services.record_groups;
    let new = RecordGroupToAdd {
        id: new.id.map(RecordGroupId),
        customer: new.customer.map(CustomerId),
        name: new.name,
        owner: new.owner.map(PersonId),
        settings: new.settings.change()?,
    };
    let id = record_groups.add(&principal, new).await?;
    Ok(Created::created(record_groups.find(&principal, Verb::See, id).await?.into()))
}

pub(super) async fn find(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<RecordGroupId>,
) -> Result<Json<RecordGroupObject>, Problem> {
    Ok(Json::ok(app.services.record_groups.find(&principal, Verb::See, id).await?.into()))
}

pub(super) async fn change(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<RecordGroupId>,
    JsonBody(patch): JsonBody<RecordGroupPatch>,
) -> Result<Json<RecordGroupObject>, Problem> {
    let record_groups = &app.services.record_groups;
    let change = RecordGroupChange {
        name: patch.name,
        owner: patch.owner.map(|owner| owner.map(PersonId)),
        settings: patch.settings.change()?,
    };
    record_groups.change(&principal, id, change).await?;
    Ok(Json::ok(record_groups.find(&principal, Verb::See, id).await?.into()))
}

pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<RecordGroupId>,
) -> Result<Done, Problem> {
    app.services.record_groups.remove(&principal, id).await?;
    Ok(Done)
}
