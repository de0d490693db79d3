//! Targets of reports: what waits for them, trying them out, and sending again what was set aside.

use std::sync::Arc;

use axum::extract::State;
use callvault_core::gate::Verb;
use callvault_core::id::TargetId;
use callvault_core::report::{Target, TargetState};
use schemars::JsonSchema;
use serde::Serialize;

use super::extract::{Json, List, Numbered, PageParams, Params};
use super::object::TargetObject;
use super::principal::Verified;
use super::problem::Problem;
use super::schema::PlaceKey;
use crate::app::App;
use crate::work::reports;

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Params(params): Params<PageParams<PlaceKey>>,
) -> Result<Json<List<TargetObject>>, Problem> {
    let mut states = app.services.reports.list(&principal).await?;
    for state in &mut states {
        state.target = as_asked(&app, state.target.clone());
    }
    Ok(Json::ok(params.cut(states, |state| (state.target.id.0, String::new()))?))
}

pub(super) async fn find(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<TargetId>,
) -> Result<Json<TargetObject>, Problem> {
    let state = app.services.reports.find(&principal, Verb::See, id).await?;
    Ok(Json::ok(TargetState { target: as_asked(&app, state.target), ..state }.into()))
}

/// As reports would be sent to it now.
fn as_asked(app: &App, target: Target) -> Target {
    let asking = app.services.reports.asking(&target);
    reports::as_asked(target, asking.as_ref())
}

/// What came of an event that tells of no call.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Trial")]
pub(super) struct TrialObject {
    delivered: bool,
    status: Option<u16>,
    duration_ms: u64,
    failure: Option<String>,
}

/// Sends an event that tells of no call. What waits for the target is not touched.
pub(super) async fn try_out(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<TargetId>,
) -> Result<Json<TrialObject>, Problem> {
    let target = app.services.reports.find(&principal, Verb::Change, id).await?.target;
    let customer = app.services.accounts.customer(&principal, target.customer).await?;
    let asking = app.services.reports.asking(&target);
    let login = asking.as_ref().map(|asking| asking.peer);
    let target = reports::as_asked(target, asking.as_ref());
    let trial =
        app.outlet.try_out(&target, &customer.serial, login).await.ok_or(callvault_core::Error::Busy)?;
    Ok(Json::ok(TrialObject {
        delivered: trial.failure.is_none(),
        status: trial.status,
        duration_ms: u64::try_from(trial.took.as_millis()).unwrap_or(u64::MAX),
        failure: trial.failure.map(|failure| failure.to_string()),
    }))
}

/// How many reports wait again.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Resent")]
pub(super) struct ResentObject {
    resent: u64,
}

pub(super) async fn resend(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<TargetId>,
) -> Result<Json<ResentObject>, Problem> {
    Ok(Json::ok(ResentObject { resent: app.services.reports.resend(&principal, id).await? }))
}
