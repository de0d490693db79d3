//! What hunt groups do with calls: their settings as JSON, levels, and destinations.

use std::sync::Arc;

use axum::extract::State;
use callvault_core::destination::{
    Destination, DestinationChange, DestinationDetails, DestinationKind, NewDestination,
};
use callvault_core::gate::Verb;
use callvault_core::hunt_group::Level;
use callvault_core::hunt_group::settings::{
    Exit, ExitChange, HuntGroupSettings, HuntGroupSettingsChange, LevelChange, LevelSettings, RingOrder,
    Screening,
};
use callvault_core::id::{DestinationId, HuntGroupId, RecordGroupId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::extract::{Created, Done, Json, JsonBody, LevelOf, List, Numbered, PageParams, Params, present};
use super::members::Members;
use super::principal::Verified;
use super::problem::Problem;
use super::schema::{
    Callee, CallerId, Description, ExitKind, LevelNumber, NewNumber, Number, RingSeconds, Word,
};
use crate::app::App;

/// The settings of a hunt group as they are shown.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Settings")]
pub(super) struct SettingsObject {
    description: String,
    #[serde(rename = "type")]
    #[schemars(with = "Word<RingOrder>")]
    order: &'static str,
    ring_seconds: u16,
    music: Option<i64>,
    music_ringing: bool,
    allow_forwards: bool,
    #[schemars(with = "Word<Screening>")]
    screen: &'static str,
    record_group: Option<i64>,
    panel: bool,
    default_exit: ExitObject,
    unavailable_exit: ExitObject,
    busy_exit: ExitObject,
}

/// Where a call goes on, and the number there.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Exit")]
struct ExitObject {
    #[serde(rename = "type")]
    kind: String,
    number: String,
}

impl From<Exit> for ExitObject {
    fn from(exit: Exit) -> Self {
        Self { kind: exit.kind, number: exit.number }
    }
}

impl From<HuntGroupSettings> for SettingsObject {
    fn from(settings: HuntGroupSettings) -> Self {
        Self {
            description: settings.description,
            order: settings.order.as_str(),
            ring_seconds: settings.ring_seconds,
            music: settings.music,
            music_ringing: settings.music_ringing,
            allow_forwards: settings.allow_forwards,
            screen: settings.screen.as_str(),
            record_group: settings.record_group.map(|group| group.0),
            panel: settings.panel,
            default_exit: settings.default_exit.into(),
            unavailable_exit: settings.unavailable_exit.into(),
            busy_exit: settings.busy_exit.into(),
        }
    }
}

/// The settings of a hunt group as they are sent; what is not sent is not changed. Unknown fields are refused by the bodies
/// that this is a part of.
#[derive(Default, Deserialize, JsonSchema)]
pub(super) struct SettingsBody {
    #[schemars(with = "Option<Description>")]
    description: Option<String>,
    #[serde(rename = "type")]
    #[schemars(with = "Option<Word<RingOrder>>")]
    order: Option<String>,
    #[schemars(with = "Option<RingSeconds>")]
    ring_seconds: Option<i64>,
    #[serde(default, deserialize_with = "present")]
    music: Option<Option<i64>>,
    music_ringing: Option<bool>,
    allow_forwards: Option<bool>,
    #[schemars(with = "Option<Word<Screening>>")]
    screen: Option<String>,
    #[serde(default, deserialize_with = "present")]
    record_group: Option<Option<i64>>,
    panel: Option<bool>,
    default_exit: Option<Members<ExitBody>>,
    unavailable_exit: Option<Members<ExitBody>>,
    busy_exit: Option<Members<ExitBody>>,
}

/// Where a call goes on, and the number there; it is sent whole. Where the call ends there is no number.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("if" = { "properties": { "type": { "const": Exit::HANGUP } } }))]
#[schemars(extend("then" = { "properties": { "number": { "maxLength": 0 } } }))]
struct ExitBody {
    #[serde(rename = "type")]
    #[schemars(with = "ExitKind")]
    kind: String,
    #[serde(default)]
    #[schemars(with = "Number")]
    number: String,
}

impl SettingsBody {
    /// What changes.
    pub(super) fn change(self) -> Result<HuntGroupSettingsChange, Problem> {
        let exit = |exit: Option<Members<ExitBody>>| match exit {
            Some(Members(ExitBody { kind, number })) => Exit { kind, number }.into(),
            None => ExitChange::default(),
        };
        let order = self.order.map(|word| {
            let bad = || Problem::invalid("type", "must be circular, linear, smart_circular or smart_linear");
            RingOrder::parse(&word).ok_or_else(bad)
        });
        let screen = self.screen.map(|word| {
            let bad = || Problem::invalid("screen", "must be none, caller_id or name");
            Screening::parse(&word).ok_or_else(bad)
        });
        Ok(HuntGroupSettingsChange {
            description: self.description,
            order: order.transpose()?,
            ring_seconds: self.ring_seconds.map(seconds),
            music: self.music,
            music_ringing: self.music_ringing,
            allow_forwards: self.allow_forwards,
            screen: screen.transpose()?,
            record_group: self.record_group.map(|group| group.map(RecordGroupId)),
            panel: self.panel,
            default_exit: exit(self.default_exit),
            unavailable_exit: exit(self.unavailable_exit),
            busy_exit: exit(self.busy_exit),
        })
    }
}

/// Seconds as they were sent. What no time can be is as bad as the longest that is none, and refused with it.
fn seconds(number: i64) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

/// The settings of a level; null is the value of its hunt group.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Level")]
pub(super) struct LevelObject {
    huntgroup: i64,
    #[schemars(with = "LevelNumber")]
    level: u8,
    ring_seconds: Option<u16>,
    music_ringing: Option<bool>,
    play_message: bool,
}

impl LevelObject {
    fn new(hunt_group: HuntGroupId, level: Level, settings: LevelSettings) -> Self {
        Self {
            huntgroup: hunt_group.0,
            level: level.number(),
            ring_seconds: settings.ring_seconds,
            music_ringing: settings.music_ringing,
            play_message: settings.play_message,
        }
    }
}

/// What changes about a level; what is left out stays, and null is the value of its hunt group.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LevelPatch {
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Option<RingSeconds>")]
    ring_seconds: Option<Option<i64>>,
    #[serde(default, deserialize_with = "present")]
    music_ringing: Option<Option<bool>>,
    play_message: Option<bool>,
}

pub(super) async fn find_level(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    LevelOf(hunt_group, level): LevelOf,
) -> Result<Json<LevelObject>, Problem> {
    let settings = app.services.levels.find(&principal, hunt_group, level).await?;
    Ok(Json::ok(LevelObject::new(hunt_group, level, settings)))
}

pub(super) async fn change_level(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    LevelOf(hunt_group, level): LevelOf,
    JsonBody(patch): JsonBody<LevelPatch>,
) -> Result<Json<LevelObject>, Problem> {
    let levels = &app.services.levels;
    let change = LevelChange {
        ring_seconds: patch.ring_seconds.map(|own| own.map(seconds)),
        music_ringing: patch.music_ringing,
        play_message: patch.play_message,
    };
    levels.change(&principal, hunt_group, level, change).await?;
    let settings = levels.find(&principal, hunt_group, level).await?;
    Ok(Json::ok(LevelObject::new(hunt_group, level, settings)))
}

/// Whom a level calls.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Destination")]
pub(super) struct DestinationObject {
    id: i64,
    huntgroup: i64,
    #[schemars(with = "LevelNumber")]
    level: u8,
    #[serde(rename = "type")]
    #[schemars(with = "Word<DestinationKind>")]
    kind: &'static str,
    number: String,
    append_callerid: String,
    available: bool,
    screen: bool,
    description: String,
}

impl From<Destination> for DestinationObject {
    fn from(destination: Destination) -> Self {
        let Destination { id, hunt_group, details } = destination;
        Self {
            id: id.0,
            huntgroup: hunt_group.0,
            level: details.level.number(),
            kind: details.kind.as_str(),
            number: details.number,
            append_callerid: details.append_caller_id,
            available: details.available,
            screen: details.screen,
            description: details.description,
        }
    }
}

/// A destination to add.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DestinationBody {
    #[schemars(with = "Option<NewNumber>")]
    id: Option<i64>,
    huntgroup: i64,
    #[schemars(with = "LevelNumber")]
    level: i64,
    #[serde(rename = "type")]
    #[schemars(with = "Word<DestinationKind>")]
    kind: String,
    #[schemars(with = "Callee")]
    number: String,
    #[serde(default)]
    #[schemars(with = "CallerId")]
    append_callerid: String,
    available: Option<bool>,
    #[serde(default)]
    screen: bool,
    #[serde(default)]
    #[schemars(with = "Description")]
    description: String,
}

/// What changes about a destination; what is left out stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DestinationPatch {
    #[schemars(with = "Option<LevelNumber>")]
    level: Option<i64>,
    #[serde(rename = "type")]
    #[schemars(with = "Option<Word<DestinationKind>>")]
    kind: Option<String>,
    #[schemars(with = "Option<Callee>")]
    number: Option<String>,
    #[schemars(with = "Option<CallerId>")]
    append_callerid: Option<String>,
    available: Option<bool>,
    screen: Option<bool>,
    #[schemars(with = "Option<Description>")]
    description: Option<String>,
}

fn level(number: i64) -> Result<Level, Problem> {
    Level::new(number).ok_or_else(|| Problem::invalid("level", "must be an integer from 1 to 10"))
}

fn kind(word: &str) -> Result<DestinationKind, Problem> {
    let bad = || Problem::invalid("type", "must be forward, peer, phone or sipuri");
    DestinationKind::parse(word).ok_or_else(bad)
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct HuntGroupParam {
    /// The hunt group whose destinations are asked for.
    #[schemars(with = "i64")]
    huntgroup: Option<i64>,
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Params(of): Params<HuntGroupParam>,
    Params(params): Params<PageParams>,
) -> Result<Json<List<DestinationObject>>, Problem> {
    let hunt_group = of.huntgroup.ok_or_else(|| Problem::invalid("huntgroup", "say which hunt group"))?;
    let page = params.page(|key| key.parse().ok())?;
    let limit = page.limit;
    let rows = app.services.destinations.list(&principal, HuntGroupId(hunt_group), page).await?;
    Ok(Json::ok(List::page(rows, limit, |row| row.id.to_string(), Into::into)))
}

pub(super) async fn add(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    JsonBody(new): JsonBody<DestinationBody>,
) -> Result<Created<DestinationObject>, Problem> {
    let destinations = &app.services.destinations;
    let details = DestinationDetails {
        level: level(new.level)?,
        kind: kind(&new.kind)?,
        number: new.number,
        append_caller_id: new.append_callerid,
        available: new.available.unwrap_or(true),
        screen: new.screen,
        description: new.description,
    };
    let new =
        NewDestination { id: new.id.map(DestinationId), hunt_group: HuntGroupId(new.huntgroup), details };
    let id = destinations.add(&principal, new).await?;
    Ok(Created::created(destinations.find(&principal, Verb::See, id).await?.into()))
}

pub(super) async fn find(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<DestinationId>,
) -> Result<Json<DestinationObject>, Problem> {
    Ok(Json::ok(app.services.destinations.find(&principal, Verb::See, id).await?.into()))
}

pub(super) async fn change(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<DestinationId>,
    JsonBody(patch): JsonBody<DestinationPatch>,
) -> Result<Json<DestinationObject>, Problem> {
    let destinations = &app.services.destinations;
    let change = DestinationChange {
        level: patch.level.map(level).transpose()?,
        kind: patch.kind.as_deref().map(kind).transpose()?,
        number: patch.number,
        append_caller_id: patch.append_callerid,
        available: patch.available,
        screen: patch.screen,
        description: patch.description,
    };
    destinations.change(&principal, id, change).await?;
    Ok(Json::ok(destinations.find(&principal, Verb::See, id).await?.into()))
}

pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Verified(principal): Verified,
    Numbered(id): Numbered<DestinationId>,
) -> Result<Done, Problem> {
    app.services.destinations.remove(&principal, id).await?;
    Ok(Done)
}
