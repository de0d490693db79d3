//! Recordings.

use std::sync::Arc;

use axum::extract::State;
use callvault_core::gate::Verb;
use callvault_core::recording::RecordingName;
use callvault_core::service::recordings::Verdict;
use http::request::Parts;
use schemars::JsonSchema;
use serde::Serialize;

use super::audio::{self, Audio};
use super::extract::{CustomerParam, Done, Json, Kept, List, ListParams, Named, Params};
use super::object::RecordingObject;
use super::principal::Verified;
use super::problem::Problem;
use super::schema::RecordingNameText;
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
    Ok(Json::ok(List::page(rows, limit, |row| row.name.to_string(), Into::into)))
}

pub(super) async fn find(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Named(name): Named,
    Params(params): Params<CustomerParam>,
) -> Result<Json<RecordingObject>, Problem> {
    let recording = app.services.recordings.find(&principal, Verb::See, params.customer(), &name).await?;
    Ok(Json::ok(recording.into()))
}

pub(super) async fn keep(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Named(name): Named,
    Params(params): Params<CustomerParam>,
    AudioBody(body): AudioBody,
) -> Result<Kept<RecordingObject>, Problem> {
    let recordings = &app.services.recordings;
    let mut new = recordings.begin(&principal, params.customer(), name).await?;
    if let Err(problem) = receive(body, &mut new.incoming).await {
        new.incoming.abandon().await;
        return Err(problem);
    }
    let kept = recordings.keep(new).await?;
    let shown = kept.recording.into();
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
    Ok(Json::ok(VerdictObject { recording: recording.into(), verdict, detail }))
}
