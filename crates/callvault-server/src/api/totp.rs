//! One-time codes of people: `/people/{id}/totp`.

use std::sync::Arc;

use axum::extract::State;
use callvault_core::id::PersonId;
use callvault_core::secret::Secret;
use callvault_core::service::one_time_codes::{BegunCodes, CodesState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::extract::{Created, Done, Json, JsonBody, Numbered};
use super::principal::Verified;
use super::problem::Problem;
use super::schema::{OneTimeCode, Word};
use crate::app::App;

/// Whether a person has one-time codes.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OneTimeCodes")]
pub(super) struct StateObject {
    #[schemars(with = "Word<CodesState>")]
    state: &'static str,
}

/// The secret at the one moment when it is told.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NewOneTimeCodes")]
pub(super) struct SecretObject {
    /// In base32.
    secret: String,
    /// The same for an authenticator app.
    uri: String,
}

/// A code, as an authenticator app shows it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeBody {
    #[schemars(with = "OneTimeCode")]
    code: String,
}

pub(super) async fn find(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<PersonId>,
) -> Result<Json<StateObject>, Problem> {
    let state = app.services.one_time_codes.state(&principal, id).await?;
    Ok(Json::ok(StateObject { state: state.as_str() }))
}

pub(super) async fn begin(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<PersonId>,
) -> Result<Created<SecretObject>, Problem> {
    let BegunCodes { secret, uri } = app.services.one_time_codes.begin(&principal, id).await?;
    Ok(Created::created(SecretObject { secret: secret.reveal().to_owned(), uri: uri.reveal().to_owned() }))
}

pub(super) async fn confirm(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<PersonId>,
    JsonBody(CodeBody { code }): JsonBody<CodeBody>,
) -> Result<Done, Problem> {
    app.services.one_time_codes.confirm(&principal, id, &Secret::new(code)).await?;
    Ok(Done)
}

pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<PersonId>,
) -> Result<Done, Problem> {
    app.services.one_time_codes.remove(&principal, id).await?;
    Ok(Done)
}
