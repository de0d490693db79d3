//! Library sounds.

use std::sync::Arc;

use axum::extract::State;
use callvault_core::gate::Verb;
use callvault_core::id::{CustomerId, SoundId};
use http::request::Parts;
use schemars::JsonSchema;
use serde::Deserialize;

use super::audio::{self, Audio};
use super::extract::{Created, Done, Json, JsonBody, List, ListParams, Numbered, Params};
use super::object::SoundObject;
use super::principal::Verified;
use super::problem::Problem;
use super::schema::{NewNumber, Title};
use super::upload::{AudioBody, receive, size_of};
use crate::app::App;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SoundToAdd {
    #[schemars(with = "Option<NewNumber>")]
    id: Option<i64>,
    customer: Option<i64>,
    #[schemars(with = "Title")]
    name: String,
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Params(params): Params<ListParams>,
) -> Result<Json<List<SoundObject>>, Problem> {
    let page = params.page(|key| key.parse().ok())?;
    let limit = page.limit;
    let rows = app.services.sounds.list(&principal, params.customer(), page).await?;
    Ok(Json::ok(List::page(rows, limit, |row| row.id.to_string(), Into::into)))
}

pub(super) async fn add(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    JsonBody(new): JsonBody<SoundToAdd>,
) -> Result<Created<SoundObject>, Problem> {
    let sounds = &app.services.sounds;
    let id = sounds.add(&principal, new.id.map(SoundId), new.customer.map(CustomerId), &new.name).await?;
    Ok(Created::created(sounds.find(&principal, Verb::See, id).await?.into()))
}

pub(super) async fn find(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<SoundId>,
) -> Result<Json<SoundObject>, Problem> {
    Ok(Json::ok(app.services.sounds.find(&principal, Verb::See, id).await?.into()))
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
    AudioBody(body): AudioBody,
) -> Result<Done, Problem> {
    let sounds = &app.services.sounds;
    let mut filling = sounds.begin(&principal, id, size_of(&body)).await?;
    if let Err(problem) = receive(body, &mut filling.incoming).await {
        filling.incoming.abandon().await;
        return Err(problem);
    }
    sounds.fill(&principal, filling).await?;
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
