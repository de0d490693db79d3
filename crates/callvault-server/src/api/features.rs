//! Features and their prompts.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, State};
use callvault_core::feature::{Feature, FeatureChange, FeatureKey, FeatureKind, Prompt, PromptFile};
use callvault_core::gate::Verb;
use callvault_core::id::{CustomerId, FeatureId, PersonId, SoundId};
use callvault_core::service::features::FeatureToAdd;
use http::request::Parts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::audio::{self, Audio};
use super::extract::{Created, Done, Json, JsonBody, List, ListParams, PageParams, Params, present};
use super::object::AudioObject;
use super::operation::{Input, Operation, Schemas};
use super::principal::Verified;
use super::problem::{Code, Problem};
use super::schema::{KindKey, NewNumber, PlaceKey, Time, Title, Word};
use super::upload::{AudioBody, receive, size_of};
use crate::app::App;

/// What has files besides the levels of hunt groups: a queue, a mailbox, a number and so on.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Feature")]
pub(super) struct FeatureObject {
    #[schemars(with = "Word<FeatureKind>")]
    kind: &'static str,
    id: i64,
    customer: i64,
    number: Option<String>,
    name: String,
    owner: Option<i64>,
    system: bool,
    #[schemars(with = "Time")]
    created_at: String,
    /// Its prompts, where one feature is asked for.
    #[schemars(with = "Vec<PromptObject>")]
    #[serde(skip_serializing_if = "Option::is_none")]
    prompts: Option<Vec<PromptObject>>,
}

impl From<Feature> for FeatureObject {
    fn from(feature: Feature) -> Self {
        Self {
            kind: feature.key.kind.as_str(),
            id: feature.key.id.0,
            customer: feature.customer.0,
            number: feature.number,
            name: feature.name,
            owner: feature.owner.map(|owner| owner.0),
            system: feature.is_system,
            created_at: feature.created_at.to_string(),
            prompts: None,
        }
    }
}

/// A file of a feature.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Prompt")]
pub(super) struct PromptObject {
    #[schemars(with = "Word<FeatureKind>")]
    kind: &'static str,
    feature: i64,
    file: &'static str,
    name: String,
    put_by: Option<i64>,
    #[schemars(with = "Time")]
    created_at: String,
    audio: AudioObject,
}

impl From<Prompt> for PromptObject {
    fn from(prompt: Prompt) -> Self {
        Self {
            kind: prompt.feature.kind.as_str(),
            feature: prompt.feature.id.0,
            file: prompt.file.as_str(),
            name: prompt.name,
            put_by: prompt.put_by.map(|person| person.0),
            created_at: prompt.created_at.to_string(),
            audio: (&prompt.audio).into(),
        }
    }
}

/// The kinds, for whoever named none of them.
fn unknown_kind() -> Problem {
    let words: Vec<_> = FeatureKind::ALL.into_iter().map(FeatureKind::as_str).collect();
    Problem::invalid("kind", format!("must be one of {}", words.join(", ")))
}

/// A kind and a number in a path; what is neither names nothing.
fn key(kind: &str, id: &str) -> Result<FeatureKey, Problem> {
    let nothing = || Problem::not_found("feature");
    let kind = FeatureKind::parse(kind).ok_or_else(nothing)?;
    Ok(FeatureKey { kind, id: FeatureId(id.parse().map_err(|_| nothing())?) })
}

/// A feature in a path.
pub(super) struct FeatureOf(FeatureKey);

impl FromRequestParts<Arc<App>> for FeatureOf {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let Path((kind, id)) = Path::<(String, String)>::from_request_parts(parts, app)
            .await
            .map_err(|_| Problem::not_found("feature"))?;
        key(&kind, &id).map(Self)
    }
}

impl Input for FeatureOf {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        operation.path(schemas.sent::<Word<FeatureKind>>(), "The kind of the feature.");
        operation.path(schemas.sent::<i64>(), "The number of the feature among those of its kind.");
        operation.fails(&[Code::NotFound]);
    }
}

/// A feature and one of its files in a path.
pub(super) struct PromptOf(FeatureKey, PromptFile);

impl FromRequestParts<Arc<App>> for PromptOf {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let Path((kind, id, file)) = Path::<(String, String, String)>::from_request_parts(parts, app)
            .await
            .map_err(|_| Problem::not_found("feature"))?;
        let key = key(&kind, &id)?;
        let words = || key.kind.files().map(PromptFile::as_str).collect::<Vec<_>>().join(", ");
        let file = key.kind.file(&file);
        let file = file.ok_or_else(|| Problem::invalid("file", format!("must be one of {}", words())))?;
        Ok(Self(key, file))
    }
}

impl Input for PromptOf {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        FeatureOf::describe(operation, schemas);
        let mut words: Vec<_> = FeatureKind::ALL.iter().flat_map(|kind| kind.files()).collect();
        words.sort_unstable();
        words.dedup();
        let words: Vec<_> = words.into_iter().map(PromptFile::as_str).collect();
        operation.path(
            json!({ "type": "string", "enum": words }),
            "Which of its files: a word that its kind has, `main` where there is one alone.",
        );
        operation.fails(&[Code::Invalid]);
    }
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct KindParam {
    /// Features of this kind alone.
    #[schemars(with = "Option<Word<FeatureKind>>")]
    kind: Option<String>,
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Params(params): Params<ListParams<KindKey>>,
    Params(KindParam { kind }): Params<KindParam>,
) -> Result<Json<List<FeatureObject>>, Problem> {
    let kind = kind.map(|word| FeatureKind::parse(&word).ok_or_else(unknown_kind)).transpose()?;
    let page = params.page(|after| {
        let (kind, id) = after.split_once('/')?;
        key(kind, id).ok()
    })?;
    let limit = page.limit;
    let rows = app.services.features.list(&principal, params.customer(), kind, page).await?;
    Ok(Json::ok(List::page(rows, limit, |row| row.key.to_string(), Into::into)))
}

/// A feature to add. Those of some kinds are selected by a number, the others have none, and a music class alone may be one of
/// the phone system.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("allOf" = [number_by_kind(), system_by_kind()]))]
pub(super) struct FeatureBody {
    #[schemars(with = "Word<FeatureKind>")]
    kind: String,
    #[schemars(with = "Option<NewNumber>")]
    id: Option<i64>,
    customer: Option<i64>,
    /// For kinds that are selected by it.
    #[schemars(with = "Option<Title>")]
    number: Option<String>,
    #[schemars(with = "Title")]
    name: String,
    owner: Option<i64>,
    #[serde(default)]
    system: bool,
}

/// That a number is there where the kind has one, and nowhere else.
fn number_by_kind() -> Value {
    let numbered = FeatureKind::ALL.into_iter().filter(|kind| kind.is_numbered());
    let numbered: Vec<_> = numbered.map(FeatureKind::as_str).collect();
    json!({
        "if": { "properties": { "kind": { "enum": numbered } } },
        "then": { "required": ["number"], "properties": { "number": { "type": "string" } } },
        "else": { "properties": { "number": { "type": "null" } } },
    })
}

/// That only a music class is one of the phone system.
fn system_by_kind() -> Value {
    json!({
        "if": { "properties": { "system": { "const": true } }, "required": ["system"] },
        "then": { "properties": { "kind": { "const": FeatureKind::Music.as_str() } } },
    })
}

pub(super) async fn add(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    JsonBody(new): JsonBody<FeatureBody>,
) -> Result<Created<FeatureObject>, Problem> {
    let features = &app.services.features;
    let new = FeatureToAdd {
        kind: FeatureKind::parse(&new.kind).ok_or_else(unknown_kind)?,
        id: new.id.map(FeatureId),
        customer: new.customer.map(CustomerId),
        number: new.number,
        name: new.name,
        owner: new.owner.map(PersonId),
        is_system: new.system,
    };
    let key = features.add(&principal, new).await?;
    Ok(Created::created(features.find(&principal, Verb::See, key).await?.into()))
}

pub(super) async fn find(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    FeatureOf(key): FeatureOf,
) -> Result<Json<FeatureObject>, Problem> {
    let feature = app.services.features.find(&principal, Verb::See, key).await?;
    // One of the phone system has none, and none are looked for.
    let prompts = match feature.is_system {
        true => Vec::new(),
        false => app.services.prompts.list(&principal, key).await?,
    };
    let prompts = prompts.into_iter().map(Into::into).collect();
    Ok(Json::ok(FeatureObject { prompts: Some(prompts), ..feature.into() }))
}

/// What changes about a feature; what is left out stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FeaturePatch {
    #[schemars(with = "Option<Title>")]
    name: Option<String>,
    /// Where its kind is selected by one.
    #[schemars(with = "Option<Title>")]
    number: Option<String>,
    #[serde(default, deserialize_with = "present")]
    owner: Option<Option<i64>>,
}

pub(super) async fn change(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    FeatureOf(key): FeatureOf,
    JsonBody(patch): JsonBody<FeaturePatch>,
) -> Result<Json<FeatureObject>, Problem> {
    let features = &app.services.features;
    let owner = patch.owner.map(|owner| owner.map(PersonId));
    let change = FeatureChange { name: patch.name, number: patch.number, owner };
    features.change(&principal, key, change).await?;
    Ok(Json::ok(features.find(&principal, Verb::See, key).await?.into()))
}

pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    FeatureOf(key): FeatureOf,
) -> Result<Done, Problem> {
    app.services.features.remove(&principal, key).await?;
    Ok(Done)
}

pub(super) async fn list_prompts(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    FeatureOf(key): FeatureOf,
    Params(params): Params<PageParams<PlaceKey>>,
) -> Result<Json<List<PromptObject>>, Problem> {
    let prompts = app.services.prompts.list(&principal, key).await?;
    Ok(Json::ok(params.cut(prompts, |prompt| (0, prompt.file.as_str().to_owned()))?))
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct PutParams {
    /// What the file is called when it is downloaded.
    name: Option<String>,
    /// The sound that it is taken from, in place of a body.
    sound: Option<i64>,
}

pub(super) async fn put_prompt(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    PromptOf(key, file): PromptOf,
    Params(params): Params<PutParams>,
    AudioBody(body): AudioBody,
) -> Result<Created<PromptObject>, Problem> {
    let prompts = &app.services.prompts;
    match params.sound {
        Some(sound) => prompts.put_sound(&principal, key, file, SoundId(sound)).await?,
        None => {
            let mut prompt = prompts.begin(&principal, key, file, size_of(&body)).await?;
            if let Err(problem) = receive(body, &mut prompt.incoming).await {
                prompt.incoming.abandon().await;
                return Err(problem);
            }
            prompts.put(&principal, prompt, params.name.as_deref()).await?
        }
    };
    Ok(Created::created(prompts.find(&principal, key, file).await?.into()))
}

pub(super) async fn play_prompt(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    PromptOf(key, file): PromptOf,
    parts: Parts,
) -> Result<Audio, Problem> {
    let (_, playable) = app.services.prompts.open(&principal, key, file).await?;
    audio::serve(&app, &parts, playable).await
}

pub(super) async fn remove_prompt(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    PromptOf(key, file): PromptOf,
) -> Result<Done, Problem> {
    app.services.prompts.remove(&principal, key, file).await?;
    Ok(Done)
}
