//! API keys: `/keys`.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::State;
use callvault_core::api_key::ApiKey;
use callvault_core::id::{CustomerId, KeyId};
use callvault_core::scope::{Scope, Scopes};
use callvault_core::service::api_keys::{KeyEnd, KeyToAdd};
use callvault_core::time::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::extract::{Created, Done, Json, JsonBody, List, ListParams, Numbered, Params, present};
use super::principal::Verified;
use super::problem::Problem;
use super::schema::{End, KeyName, Time, Word};
use crate::app::App;

/// An API key, without what opens with it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Key")]
pub(super) struct KeyObject {
    id: i64,
    customer: i64,
    /// Whether it reaches the customers below as well.
    below: bool,
    name: String,
    #[schemars(with = "Vec<Word<Scope>>")]
    scopes: Vec<&'static str>,
    /// The person who made it.
    made_by: Option<i64>,
    #[schemars(with = "Time")]
    created_at: String,
    /// Null never ends.
    #[schemars(with = "Option<Time>")]
    expires_at: Option<String>,
    /// To the hour.
    #[schemars(with = "Option<Time>")]
    last_used_at: Option<String>,
}

impl From<ApiKey> for KeyObject {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id.0,
            customer: key.customer.0,
            below: key.below,
            name: key.name,
            scopes: key.scopes.iter().map(Scope::as_str).collect(),
            made_by: key.made_by.map(|person| person.0),
            created_at: key.created_at.to_string(),
            expires_at: key.expires_at.map(|end| end.to_string()),
            last_used_at: key.last_used_at.map(|at| at.to_string()),
        }
    }
}

/// A key at the one moment when it is told.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NewKey")]
pub(super) struct NewKeyObject {
    #[serde(flatten)]
    row: KeyObject,
    key: String,
}

/// A scope, or all of a kind, as they are asked for.
struct WantedScope;

impl JsonSchema for WantedScope {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "WantedScope".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut words: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str().to_owned()).collect();
        let kinds = Scope::ALL.iter().filter_map(|scope| scope.as_str().split_once(':'));
        words.extend(kinds.map(|(kind, _)| format!("{kind}:*")));
        words.sort();
        words.dedup();
        json_schema!({ "type": "string", "enum": words })
    }
}

/// A key to make.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyBody {
    /// Its customer; one's own where nothing is said.
    customer: Option<i64>,
    #[schemars(with = "Vec<WantedScope>", length(min = 1))]
    scopes: Vec<String>,
    #[serde(default)]
    below: bool,
    #[serde(default)]
    #[schemars(with = "KeyName")]
    name: String,
    /// In the future, and a year from now where nothing is said; null never ends.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Option<End>")]
    expires_at: Option<Option<String>>,
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Params(params): Params<ListParams>,
) -> Result<Json<List<KeyObject>>, Problem> {
    let page = params.page(|key| key.parse().ok())?;
    let limit = page.limit;
    let rows = app.services.api_keys.list(&principal, params.customer(), page).await?;
    Ok(Json::ok(List::page(rows, limit, |row| row.id.to_string(), Into::into)))
}

pub(super) async fn add(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    JsonBody(new): JsonBody<KeyBody>,
) -> Result<Created<NewKeyObject>, Problem> {
    let unknown = |word: String| Problem::invalid("scopes", format!("there is no scope `{word}`"));
    let moment = |text: String| {
        let bad = || Problem::invalid("expires_at", "must be a time such as 2027-01-31T00:00:00Z, or null");
        Timestamp::parse(&text).ok_or_else(bad)
    };
    let new = KeyToAdd {
        customer: new.customer.map(CustomerId),
        below: new.below,
        name: new.name,
        scopes: Scopes::parse(new.scopes.iter().map(String::as_str)).map_err(unknown)?,
        ends: match new.expires_at {
            None => KeyEnd::Usual,
            Some(None) => KeyEnd::Never,
            Some(Some(text)) => KeyEnd::At(moment(text)?),
        },
    };
    let (secret, key) = app.services.api_keys.add(&principal, new).await?;
    Ok(Created::created(NewKeyObject { row: key.into(), key: secret.reveal().to_owned() }))
}

pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<KeyId>,
) -> Result<Done, Problem> {
    app.services.api_keys.revoke(&principal, id).await?;
    Ok(Done)
}
