//! Hunt groups and the messages of their levels.

use std::sync::Arc;

use axum::extract::State;
use callvault_core::gate::Verb;
use callvault_core::hunt_group::{HuntGroupChange, Level, Message};
use callvault_core::id::{CustomerId, HuntGroupId, PersonId, SoundId};
use callvault_core::service::hunt_groups::HuntGroupToAdd;
use http::request::Parts;
use schemars::JsonSchema;
use serde::Deserialize;

use super::audio::{self, Audio};
use super::destinations::SettingsBody;
use super::extract::{
    Created, Done, Json, JsonBody, LevelOf, List, ListParams, Numbered, PageParams, Params, present,
};
use super::object::{HuntGroupObject, MessageObject};
use super::principal::Verified;
use super::problem::Problem;
use super::schema::{LevelNumber, NewNumber, PlaceKey, Title};
use super::upload::{AudioBody, receive, size_of};
use crate::app::App;

/// A hunt group to add; what is not sent is as in every new one.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HuntGroupBody {
    #[schemars(with = "Option<NewNumber>")]
    id: Option<i64>,
    customer: Option<i64>,
    #[schemars(with = "Title")]
    name: String,
    owner: Option<i64>,
    #[serde(flatten)]
    settings: SettingsBody,
}

/// What changes about a hunt group; what is left out stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HuntGroupPatch {
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
) -> Result<Json<List<HuntGroupObject>>, Problem> {
    let page = params.page(|key| key.parse().ok())?;
    let limit = page.limit;
    let rows = app.services.hunt_groups.list(&principal, params.customer(), page).await?;
    Ok(Json::ok(List::page(rows, limit, |row| row.id.to_string(), Into::into)))
}

pub(super) async fn add(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    JsonBody(new): JsonBody<HuntGroupBody>,
) -> Result<Created<HuntGroupObject>, Problem> {
    let hunt_groups = &app.services.hunt_groups;
    let new = HuntGroupToAdd {
        id: new.id.map(HuntGroupId),
        customer: new.customer.map(CustomerId),
        name: new.name,
        owner: new.owner.map(PersonId),
        settings: new.settings.change()?,
    };
    let id = hunt_groups.add(&principal, new).await?;
    Ok(Created::created(hunt_groups.find(&principal, Verb::See, id).await?.into()))
}

pub(super) async fn find(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<HuntGroupId>,
) -> Result<Json<HuntGroupObject>, Problem> {
    // The messages first: whose role has none of them learns nothing of the hunt group.
    let messages = app.services.messages.versions(&principal, id, None).await?;
    let hunt_group = app.services.hunt_groups.find(&principal, Verb::See, id).await?;
    Ok(Json::ok(HuntGroupObject::from(hunt_group).with_messages(messages)))
}

pub(super) async fn change(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<HuntGroupId>,
    JsonBody(patch): JsonBody<HuntGroupPatch>,
) -> Result<Json<HuntGroupObject>, Problem> {
    let hunt_groups = &app.services.hunt_groups;
    let change = HuntGroupChange {
        name: patch.name,
        owner: patch.owner.map(|owner| owner.map(PersonId)),
        settings: patch.settings.change()?,
    };
    hunt_groups.change(&principal, id, change).await?;
    Ok(Json::ok(hunt_groups.find(&principal, Verb::See, id).await?.into()))
}

pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<HuntGroupId>,
) -> Result<Done, Problem> {
    app.services.hunt_groups.remove(&principal, id).await?;
    Ok(Done)
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct VersionParams {
    /// The level whose messages are asked for; without it, all of them.
    #[schemars(with = "Option<LevelNumber>")]
    level: Option<i64>,
}

pub(super) async fn list_versions(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<HuntGroupId>,
    Params(of): Params<VersionParams>,
    Params(params): Params<PageParams<PlaceKey>>,
) -> Result<Json<List<MessageObject>>, Problem> {
    let bad_level = || Problem::invalid("level", "must be an integer from 1 to 10");
    let level = match of.level {
        None => None,
        Some(number) => Some(Level::new(number).ok_or_else(bad_level)?),
    };
    let versions = app.services.messages.versions(&principal, id, level).await?;
    let newest_first = |message: &Message| {
        let earlier = u64::MAX - message.version.unsigned_abs();
        (i64::from(message.level.number()), format!("{earlier:020}"))
    };
    Ok(Json::ok(params.cut(versions, newest_first)?))
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct PutParams {
    /// The name of the file, where the body is audio.
    name: Option<String>,
    /// The sound to take, in place of a body.
    sound: Option<i64>,
}

pub(super) async fn put_message(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    LevelOf(hunt_group, level): LevelOf,
    Params(params): Params<PutParams>,
    AudioBody(body): AudioBody,
) -> Result<Created<MessageObject>, Problem> {
    let messages = &app.services.messages;
    let version = match params.sound {
        Some(sound) => messages.put_sound(&principal, hunt_group, level, SoundId(sound)).await?,
        None => {
            let mut message = messages.begin(&principal, hunt_group, level, size_of(&body)).await?;
            if let Err(problem) = receive(body, &mut message.incoming).await {
                message.incoming.abandon().await;
                return Err(problem);
            }
            messages.put(&principal, message, params.name.as_deref()).await?
        }
    };
    let versions = messages.versions(&principal, hunt_group, Some(level)).await?;
    let put = versions.into_iter().find(|message: &Message| message.version == version);
    Ok(Created::created(put.ok_or_else(|| Problem::not_found("message"))?.into()))
}

pub(super) async fn play_message(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    LevelOf(hunt_group, level): LevelOf,
    parts: Parts,
) -> Result<Audio, Problem> {
    let playable = app.services.messages.open(&principal, hunt_group, level).await?;
    audio::serve(&app, &parts, playable).await
}

pub(super) async fn clear_message(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    LevelOf(hunt_group, level): LevelOf,
) -> Result<Done, Problem> {
    app.services.messages.clear(&principal, hunt_group, level).await?;
    Ok(Done)
}

/// The version to play again.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VersionToRestore {
    version: i64,
}

pub(super) async fn restore_message(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    LevelOf(hunt_group, level): LevelOf,
    JsonBody(wanted): JsonBody<VersionToRestore>,
) -> Result<Done, Problem> {
    app.services.messages.restore(&principal, hunt_group, level, wanted.version).await?;
    Ok(Done)
}
