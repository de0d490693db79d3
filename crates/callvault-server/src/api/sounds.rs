//! Library sounds.

use std::sync::Arc;

use axum::extract::State;
use callvault_core::id::{CustomerId, SoundId};
use callvault_core::service::sounds::SoundToAdd;
use callvault_core::sound::SoundChange;
use http::request::Parts;
use schemars::JsonSchema;
use serde::Deserialize;

use super::audio::{self, Audio};
use super::extract::{Created, Done, Json, JsonBody, List, ListParams, Numbered, Params};
use super::object::SoundObject;
use super::principal::Verified;
use super::problem::Problem;
use super::schema::{Description, NewNumber, Title};
use super::upload::{AudioBody, receive, size_of};
use crate::app::App;

/// A sound to add; its audio follows.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SoundBody {
    #[schemars(with = "Option<NewNumber>")]
    id: Option<i64>,
    customer: Option<i64>,
    #[schemars(with = "Title")]
    name: String,
    #[serde(default)]
    #[schemars(with = "Description")]
    description: String,
    #[serde(default)]
    shared: bool,
}

/// What changes about a sound; what is left out stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SoundPatch {
    #[schemars(with = "Option<Title>")]
    name: Option<String>,
    #[schemars(with = "Option<Description>")]
    description: Option<String>,
    shared: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct SoundsParams {
    /// Those that system owners share with every customer as well.
    #[serde(default)]
    shared: bool,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct FillParams {
    /// What the file is called when it is downloaded.
    name: Option<String>,
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Params(params): Params<ListParams>,
    Params(wanted): Params<SoundsParams>,
) -> Result<Json<List<SoundObject>>, Problem> {
    let page = params.page(|key| key.parse().ok())?;
    let limit = page.limit;
    let rows = app.services.sounds.list(&principal, params.customer(), wanted.shared, page).await?;
    Ok(Json::ok(List::page(rows, limit, |row| row.id.to_string(), Into::into)))
}

pub(super) async fn add(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    JsonBody(new): JsonBody<SoundBody>,
) -> Result<Created<SoundObject>, Problem> {
    let sounds = &app.services.sounds;
    let new = SoundToAdd {
        id: new.id.map(SoundId),
        customer: new.customer.map(CustomerId),
        name: new.name,
        description: new.description,
        shared: new.shared,
    };
    let id = sounds.add(&principal, new).await?;
    Ok(Created::created(sounds.find(&principal, id).await?.into()))
}

pub(super) async fn find(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<SoundId>,
) -> Result<Json<SoundObject>, Problem> {
    Ok(Json::ok(app.services.sounds.find(&principal, id).await?.into()))
}

pub(super) async fn change(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<SoundId>,
    JsonBody(patch): JsonBody<SoundPatch>,
) -> Result<Json<SoundObject>, Problem> {
    let sounds = &app.services.sounds;
    let change = SoundChange { name: patch.name, description: patch.description, shared: patch.shared };
    sounds.change(&principal, id, change).await?;
    Ok(Json::ok(sounds.find(&principal, id).await?.into()))
}

pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<SoundId>,
) -> Result<Done, Problem> {
    app.services.sounds.remove(&principal, id).await?;
    Ok(Done)
}

pub(super) async fn fill(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<SoundId>,
    Params(params): Params<FillParams>,
    AudioBody(body): AudioBody,
) -> Result<Done, Problem> {
    let sounds = &app.services.sounds;
    let mut filling = sounds.begin(&principal, id, size_of(&body)).await?;
    if let Err(problem) = receive(body, &mut filling.incoming).await {
        filling.incoming.abandon().await;
        return Err(problem);
    }
    sounds.fill(&principal, filling, params.name.as_deref()).await?;
    Ok(Done)
}

pub(super) async fn clear(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<SoundId>,
) -> Result<Done, Problem> {
    app.services.sounds.clear(&principal, id).await?;
    Ok(Done)
}

pub(super) async fn play(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<SoundId>,
    parts: Parts,
) -> Result<Audio, Problem> {
    let playable = app.services.sounds.open(&principal, id).await?;
    audio::serve(&app, &parts, playable).await
}
