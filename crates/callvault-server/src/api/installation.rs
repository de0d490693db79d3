//! The listen log and the check of the installation.

use std::sync::Arc;

use axum::extract::State;
use callvault_core::id::PersonId;
use callvault_core::listen::Broken;
use callvault_core::port::catalog::{LogFilter, LogPlace};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::extract::{Json, List, ListParams, Params};
use super::object::{HeadObject, LogObject};
use super::principal::Verified;
use super::problem::Problem;
use super::schema::PairKey;
use crate::app::App;

#[derive(Deserialize, JsonSchema)]
pub(super) struct LogParams {
    /// The name of what was played, fetched, shared or deleted.
    name: Option<String>,
    /// Who did it.
    person: Option<i64>,
}

/// The key of a log page: `EPOCH-SEQUENCE`.
fn place(key: &str) -> Option<LogPlace> {
    let (epoch, sequence) = key.split_once('-')?;
    Some(LogPlace { epoch: epoch.parse().ok()?, sequence: sequence.parse().ok()? })
}

pub(super) async fn list_log(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Params(filter): Params<LogParams>,
    Params(params): Params<ListParams<PairKey>>,
) -> Result<Json<List<LogObject>>, Problem> {
    let page = params.page(place)?;
    let limit = page.limit;
    let filter = LogFilter { name: filter.name, person: filter.person.map(PersonId) };
    let rows = app.services.listening.list(&principal, params.customer(), &filter, page).await?;
    Ok(Json::ok(List::page(rows, limit, |row| format!("{}-{}", row.epoch, row.sequence), Into::into)))
}

/// What came of walking the listen log.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LogVerdict")]
pub(super) struct LogVerdictObject {
    chains: u64,
    entries: u64,
    faults: Vec<String>,
    heads: Vec<HeadObject>,
}

pub(super) async fn verify_log(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
) -> Result<Json<LogVerdictObject>, Problem> {
    let verdict = app.services.listening.verify(&principal).await?;
    Ok(Json::ok(LogVerdictObject {
        chains: verdict.chains,
        entries: verdict.entries,
        faults: verdict.faults.iter().map(Broken::to_string).collect(),
        heads: verdict.heads.into_iter().map(Into::into).collect(),
    }))
}

/// What came of holding the catalog against the stored audio.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Findings")]
pub(super) struct FindingsObject {
    audio_objects: u64,
    audio_bytes: u64,
    problems: Vec<String>,
    warnings: Vec<String>,
}

pub(super) async fn check(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
) -> Result<Json<FindingsObject>, Problem> {
    let findings = app.services.installation.check(&principal).await?;
    Ok(Json::ok(FindingsObject {
        audio_objects: findings.audio_objects,
        audio_bytes: findings.audio_bytes,
        problems: findings.problems,
        warnings: app.warnings.told(),
    }))
}
