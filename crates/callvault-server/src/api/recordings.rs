//! Recordings.

use std::sync::Arc;

use axum::extract::State;
use callvault_core::gate::Verb;
use callvault_core::id::{CustomerId, RecordGroupId};
use callvault_core::kept::{Place, PlaceChange};
use callvault_core::recording::{Recording, RecordingName};
use callvault_core::service::recordings::Verdict;
use callvault_core::time::Timestamp;
use http::request::Parts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::audio::{self, Audio};
use super::extract::{
    CustomerParam, Done, InGroup, Json, JsonBody, Kept, List, ListParams, Named, Params, present,
};
use super::object::RecordingObject;
use super::principal::Verified;
use super::problem::Problem;
use super::schema::{End, RecordingNameText};
use super::upload::{AudioBody, receive};
use crate::app::App;

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Params(params): Params<ListParams<RecordingNameText>>,
) -> Result<Json<List<RecordingObject>>, Problem> {
    let page = params.page(|key| RecordingName::new(key).ok())?;
    let limit = page.limit;
    let rows = app.services.recordings.list(&principal, params.customer(), page).await?;
    let places = app.services.recordings.places(&rows).await?;
    let rows = rows.into_iter().zip(places).collect();
    let key = |(row, _): &(Recording, Vec<Place>)| row.name.to_string();
    Ok(Json::ok(List::page(rows, limit, key, |(row, places)| RecordingObject::new(row, places))))
}

/// A recording as it is shown.
async fn shown(app: &App, recording: Recording) -> Result<RecordingObject, Problem> {
    let places = app.services.recordings.places(std::slice::from_ref(&recording)).await?;
    Ok(RecordingObject::new(recording, places.into_iter().flatten().collect()))
}

pub(super) async fn find(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Named(name): Named,
    Params(params): Params<CustomerParam>,
) -> Result<Json<RecordingObject>, Problem> {
    let recording = app.services.recordings.find(&principal, Verb::See, params.customer(), &name).await?;
    Ok(Json::ok(shown(&app, recording).await?))
}

/// What changes about a recording; what is left out stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordingPatch {
    /// The one record group that it is in from now on; null is none.
    #[serde(default, deserialize_with = "present")]
    record_group: Option<Option<i64>>,
    #[serde(default, deserialize_with = "present")]
    /// When it is deleted, at each place where it is: in the future; null is never.
    #[schemars(with = "Option<End>")]
    expires_at: Option<Option<String>>,
}

pub(super) async fn change(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Named(name): Named,
    Params(params): Params<CustomerParam>,
    JsonBody(patch): JsonBody<RecordingPatch>,
) -> Result<Json<RecordingObject>, Problem> {
    let end = |text: String| {
        let end = Timestamp::parse(&text).filter(|end| end.unix_ms() >= 0);
        end.ok_or_else(|| {
            Problem::invalid("expires_at", "must be a time such as 2026-11-22T03:51:55Z, or null")
        })
    };
    let change = PlaceChange {
        record_group: patch.record_group.map(|group| group.map(RecordGroupId)),
        expires_at: match patch.expires_at {
            Some(end_of) => Some(end_of.map(end).transpose()?),
            None => None,
        },
    };
    let recording = app.services.recordings.change(&principal, params.customer(), &name, change).await?;
    Ok(Json::ok(shown(&app, recording).await?))
}

pub(super) async fn put_into_group(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    InGroup(name, group): InGroup,
    Params(params): Params<CustomerParam>,
) -> Result<Done, Problem> {
    app.services.recordings.put_into(&principal, params.customer(), &name, group).await?;
    Ok(Done)
}

pub(super) async fn take_from_group(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    InGroup(name, group): InGroup,
    Params(params): Params<CustomerParam>,
) -> Result<Done, Problem> {
    app.services.recordings.take_from(&principal, params.customer(), &name, group).await?;
    Ok(Done)
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(super) struct KeepParams {
    /// The customer whose recording it is; without it, one's own.
    customer: Option<i64>,
    /// The record group that keeps it.
    record_group: Option<i64>,
}

pub(super) async fn keep(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Named(name): Named,
    Params(params): Params<KeepParams>,
    AudioBody(body): AudioBody,
) -> Result<Kept<RecordingObject>, Problem> {
    let recordings = &app.services.recordings;
    let (customer, group) = (params.customer.map(CustomerId), params.record_group.map(RecordGroupId));
    let mut new = recordings.begin(&principal, customer, name, group).await?;
    if let Err(problem) = receive(body, &mut new.incoming).await {
        new.incoming.abandon().await;
        return Err(problem);
    }
    let kept = recordings.keep(new).await?;
    let shown = RecordingObject::new(kept.recording, kept.places);
    Ok(if kept.new { Kept::New(shown) } else { Kept::There(shown) })
}

pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Named(name): Named,
    Params(params): Params<CustomerParam>,
) -> Result<Done, Problem> {
    app.services.recordings.remove(&principal, params.customer(), &name).await?;
    Ok(Done)
}

pub(super) async fn play(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Named(name): Named,
    Params(params): Params<CustomerParam>,
    parts: Parts,
) -> Result<Audio, Problem> {
    let playable = app.services.recordings.open(&principal, params.customer(), &name).await?;
    audio::serve(&app, &parts, playable).await
}

/// What came of reading a recording back from the medium.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Verdict")]
pub(super) struct VerdictObject {
    recording: RecordingObject,
    #[schemars(extend("enum" = ["intact", "damaged", "unreadable"]))]
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    detail: Option<String>,
}

pub(super) async fn verify(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Named(name): Named,
    Params(params): Params<CustomerParam>,
) -> Result<Json<VerdictObject>, Problem> {
    let (recording, verdict) = app.services.recordings.verify(&principal, params.customer(), &name).await?;
    let (verdict, detail) = match verdict {
        Verdict::Intact => ("intact", None),
        Verdict::Damaged { found } => {
            ("damaged", Some(format!("the medium holds bytes with SHA-256 {found}")))
        }
        Verdict::Unreadable(reason) => ("unreadable", Some(reason)),
    };
    Ok(Json::ok(VerdictObject { recording: shown(&app, recording).await?, verdict, detail }))
}
