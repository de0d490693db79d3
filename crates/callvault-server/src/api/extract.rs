//! How handlers read paths, queries and bodies: every fault names its field and is a [`Problem`].

use std::marker::PhantomData;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, RawPathParams, Request};
use axum::response::{IntoResponse, Response};
use callvault_core::Error;
use callvault_core::hunt_group::Level;
use callvault_core::id::{CustomerId, DestinationId, HuntGroupId, RecordGroupId, SoundId, TargetId};
use callvault_core::page::PageRequest;
use callvault_core::recording::RecordingName;
use http::StatusCode;
use http::request::Parts;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use crate::api::members::Members;
use crate::api::operation::{Answers, Input, Operation, Schemas};
use crate::api::principal::WasVerified;
use crate::api::problem::{Code, Problem};
use crate::api::schema::{LevelNumber, NumberKey, RecordingNameText};
use crate::app::App;
use crate::caller::Caller;
use crate::small_body::{NoBody, Sender};

/// The largest JSON body, unless a route says otherwise.
const MOST_JSON_BYTES: usize = 64 * 1024;

/// The largest body that is read again where an integer is written as 4.0: as values it takes sixty times its length.
const MOST_REREAD_BYTES: usize = MOST_JSON_BYTES;

/// How many rows a page has when nothing is said.
const DEFAULT_LIMIT: u32 = 100;

/// A JSON body of at most `MOST` bytes. A route lets [`super::principal::Verified`] go first, so that nobody unknown fills
/// memory with a large one, and nobody who is known waits for strangers. Where `MOST` is more than usual, what goes first asks
/// for the privilege as well.
pub(super) struct JsonBody<T, const MOST: usize = MOST_JSON_BYTES>(pub(super) T);

impl<T: DeserializeOwned, const MOST: usize> FromRequest<Arc<App>> for JsonBody<T, MOST> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let caller = Caller::of(request.extensions());
        let sender = match request.extensions().get::<WasVerified>() {
            Some(WasVerified) => Sender::verified(caller),
            None => Sender::unverified(caller),
        };
        let read = app.bodies.read(sender, request.into_body(), MOST).await;
        let bytes = read.map_err(|refused| match refused {
            NoBody::TooLong => Problem::too_large(MOST),
            NoBody::Broken => Problem::broken_body(),
            NoBody::Busy => Error::Busy.into(),
        })?;
        understood(&bytes).map(Self)
    }
}

/// The JSON as what a route takes.
fn understood<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let error = match serde_json::from_slice(bytes) {
        Ok(Members(understood)) => return Ok(understood),
        Err(error) => error,
    };
    let text = error.to_string();
    // 4.0 is an integer too (JSON Schema 2020-12, section 4.2.3), and there are languages that write it so.
    if bytes.len() <= MOST_REREAD_BYTES
        && text.starts_with("invalid type: floating point")
        && let Ok(mut value) = serde_json::from_slice(bytes)
        && let Ok(Members(understood)) = serde_json::from_value(with_integers(&mut value))
    {
        return Ok(understood);
    }
    // serde's text names the field and never repeats a value that was of the right type.
    let field = text.split_once(" field `").and_then(|(_, rest)| rest.split('`').next()).unwrap_or_default();
    let detail = format!("the body is not what this route takes: {}", without_values(&error, &text));
    Err(Problem::invalid(field, detail))
}

/// The value with every number that has no fraction as an integer. Up to 2^53 a float is exactly what was written.
fn with_integers(value: &mut Value) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) if number.is_f64() => match number.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "it has no fraction, and is in range")]
            Some(float) if float.fract() == 0.0 && float.abs() <= EXACT => Value::from(float as i64),
            _ => value.take(),
        },
        Value::Array(items) => items.iter_mut().map(with_integers).collect(),
        Value::Object(members) => {
            members.iter_mut().map(|(name, member)| (name.clone(), with_integers(member))).collect()
        }
        other => other.take(),
    }
}

impl<T: JsonSchema, const MOST: usize> Input for JsonBody<T, MOST> {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        let content = json!({ "application/json": { "schema": schemas.sent_ref::<T>() } });
        let about = match MOST > MOST_REREAD_BYTES {
            true => format!(
                "At most {MOST} bytes; beyond {MOST_REREAD_BYTES}, integers are written without a point."
            ),
            false => format!("At most {MOST} bytes."),
        };
        operation.body = Some(json!({ "required": true, "description": about, "content": content }));
        operation.fails(&[Code::Invalid, Code::TooLarge, Code::Busy]);
    }
}

/// Tells `null`, which takes a value away, from absent, which keeps it.
pub(super) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    value: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// A wrong type's message repeats the value, which may be a secret in the wrong place: then only the place is told.
fn without_values(error: &serde_json::Error, text: &str) -> String {
    if error.is_data() && text.starts_with("invalid") {
        format!("a value has the wrong type, at line {} column {}", error.line(), error.column())
    } else {
        text.to_owned()
    }
}

/// Query parameters.
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Arc<App>> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(params)) => Ok(Self(params)),
            Err(_) => Err(Problem::invalid(
                "",
                "a query parameter does not have the form that docs/api.md gives it",
            )),
        }
    }
}

impl<T: JsonSchema> Input for Params<T> {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        operation.query(&schemas.sent::<T>());
        operation.fails(&[Code::Invalid]);
    }
}

/// Which customer and which page. `K` is the shape of the keys of its pages.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(super) struct ListParams<K = NumberKey> {
    /// The customer whose things are asked for; without it, one's own.
    customer: Option<i64>,
    /// The `next` of the page before.
    #[schemars(with = "Option<K>")]
    after: Option<String>,
    /// The most rows of the page; 100 when nothing is said.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
    #[serde(skip)]
    #[schemars(skip)]
    key: PhantomData<K>,
}

/// Which page of a list that is not of one customer.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(super) struct PageParams<K = NumberKey> {
    /// The `next` of the page before.
    #[schemars(with = "Option<K>")]
    after: Option<String>,
    /// The most rows of the page; 100 when nothing is said.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
    #[serde(skip)]
    #[schemars(skip)]
    key: PhantomData<K>,
}

impl<S> ListParams<S> {
    /// The customer asked for.
    pub(super) fn customer(&self) -> Option<CustomerId> {
        self.customer.map(CustomerId)
    }

    /// The page asked for, its key read by `key`.
    pub(super) fn page<K>(&self, key: impl FnOnce(&str) -> Option<K>) -> Result<PageRequest<K>, Problem> {
        page(self.after.as_deref(), self.limit, key)
    }

    /// See [`PageParams::cut`].
    pub(super) fn cut<R, T: From<R>>(
        &self,
        rows: Vec<R>,
        place: impl Fn(&R) -> (i64, String),
    ) -> Result<List<T>, Problem> {
        cut(self.after.as_deref(), self.limit, rows, place)
    }
}

impl<S> PageParams<S> {
    /// The page asked for, its key read by `key`.
    pub(super) fn page<K>(&self, key: impl FnOnce(&str) -> Option<K>) -> Result<PageRequest<K>, Problem> {
        page(self.after.as_deref(), self.limit, key)
    }

    /// The page asked for, of a list in memory, sorted by a number and, where that is equal, a handle. The key of a
    /// page is this place in the order, so that a row that goes meanwhile does not end the list.
    pub(super) fn cut<R, T: From<R>>(
        &self,
        rows: Vec<R>,
        place: impl Fn(&R) -> (i64, String),
    ) -> Result<List<T>, Problem> {
        cut(self.after.as_deref(), self.limit, rows, place)
    }
}

fn page<K>(
    after: Option<&str>,
    limit: Option<u32>,
    key: impl FnOnce(&str) -> Option<K>,
) -> Result<PageRequest<K>, Problem> {
    let after = match after {
        None => None,
        Some(text) => Some(key(text).ok_or_else(|| Problem::invalid("after", "is no key of this list"))?),
    };
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=PageRequest::<K>::MOST).contains(&limit) {
        return Err(Problem::invalid("limit", "must be an integer from 1 to 1000"));
    }
    Ok(PageRequest::new(after, limit))
}

fn cut<R, T: From<R>>(
    after: Option<&str>,
    limit: Option<u32>,
    mut rows: Vec<R>,
    place: impl Fn(&R) -> (i64, String),
) -> Result<List<T>, Problem> {
    rows.sort_by_cached_key(&place);
    let page = page(after, limit, |key| {
        let (number, handle) = key.split_once('_')?;
        Some((number.parse::<i64>().ok()?, handle.to_owned()))
    })?;
    let beyond = |row: &R| page.after.as_ref().is_none_or(|after| place(row) > *after);
    let rows: Vec<R> = rows.into_iter().filter(beyond).take(page.limit as usize).collect();
    let key = |row: &R| {
        let (number, handle) = place(row);
        format!("{number}_{handle}")
    };
    Ok(List::page(rows, page.limit, key, Into::into))
}

/// Which customer.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(super) struct CustomerParam {
    /// The customer to whom it belongs; without it, one's own.
    customer: Option<i64>,
}

impl CustomerParam {
    /// The customer asked for.
    pub(super) fn customer(&self) -> Option<CustomerId> {
        self.customer.map(CustomerId)
    }
}

/// A page of a list as it is answered.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ListOf{T}")]
pub(super) struct List<T> {
    items: Vec<T>,
    /// The `after` of the next page; null on the last one.
    next: Option<String>,
}

impl<T> List<T> {
    /// A list without further pages.
    pub(super) fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }

    /// A page of at most `limit` rows; a full one may have a next.
    pub(super) fn page<R>(
        rows: Vec<R>,
        limit: u32,
        key: impl Fn(&R) -> String,
        item: impl Fn(R) -> T,
    ) -> Self {
        let full = rows.len() >= limit as usize;
        let next = rows.last().filter(|_| full).map(key);
        Self { items: rows.into_iter().map(item).collect(), next }
    }
}

/// A JSON answer with one status.
#[derive(Debug)]
pub(super) struct Json<T, const STATUS: u16 = 200>(T);

/// 201, with what was made.
pub(super) type Created<T> = Json<T, 201>;

impl<T> Json<T> {
    /// 200.
    pub(super) fn ok(value: T) -> Self {
        Self(value)
    }
}

impl<T> Created<T> {
    /// 201.
    pub(super) fn created(value: T) -> Self {
        Self(value)
    }
}

impl<T: Serialize, const STATUS: u16> IntoResponse for Json<T, STATUS> {
    fn into_response(self) -> Response {
        let (Ok(status), Ok(body)) = (StatusCode::from_u16(STATUS), serde_json::to_vec(&self.0)) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let headers = [("content-type", "application/json"), ("cache-control", "no-store")];
        (status, headers, Body::from(body)).into_response()
    }
}

impl<T: JsonSchema, const STATUS: u16> Answers for Json<T, STATUS> {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        operation.answers_json(STATUS, &schemas.answered_ref::<T>());
    }
}

/// 200, with what was there, or 201, with what was made.
#[derive(Debug)]
pub(super) enum Kept<T> {
    /// It was there.
    There(T),
    /// It is new.
    New(T),
}

impl<T: Serialize> IntoResponse for Kept<T> {
    fn into_response(self) -> Response {
        match self {
            Self::There(value) => Json::ok(value).into_response(),
            Self::New(value) => Created::created(value).into_response(),
        }
    }
}

impl<T: JsonSchema> Answers for Kept<T> {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        <Json<T> as Answers>::describe(operation, schemas);
        <Created<T> as Answers>::describe(operation, schemas);
    }
}

/// 204: it is done, and there is nothing to tell.
#[derive(Debug)]
pub(super) struct Done;

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl Answers for Done {
    fn describe(operation: &mut Operation, _: &mut Schemas) {
        operation.answers.push((204, json!({ "description": "Done" })));
    }
}

/// The number in a path; what is no number names nothing.
pub(super) struct Numbered<T>(pub(super) T);

macro_rules! numbered {
    ($($id:ty, $what:literal, $make:expr);* $(;)?) => {$(
        impl FromRequestParts<Arc<App>> for Numbered<$id> {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
                let Path(params) = Path::<Vec<(String, String)>>::from_request_parts(parts, app)
                    .await
                    .map_err(|_| Problem::not_found($what))?;
                let number = params.first().and_then(|(_, text)| text.parse().ok());
                number.map($make).map(Self).ok_or_else(|| Problem::not_found($what))
            }
        }

        impl Input for Numbered<$id> {
            fn describe(operation: &mut Operation, schemas: &mut Schemas) {
                operation.path(schemas.sent::<i64>(), concat!("The number of the ", $what, "."));
                operation.fails(&[Code::NotFound]);
            }
        }
    )*};
}

numbered! {
    CustomerId, "customer", CustomerId;
    callvault_core::id::PersonId, "person", callvault_core::id::PersonId;
    callvault_core::id::KeyId, "key", callvault_core::id::KeyId;
    HuntGroupId, "hunt group", HuntGroupId;
    DestinationId, "destination", DestinationId;
    RecordGroupId, "record group", RecordGroupId;
    SoundId, "sound", SoundId;
    TargetId, "target", TargetId;
}

/// A hunt group and a level in a path.
pub(super) struct LevelOf(pub(super) HuntGroupId, pub(super) Level);

impl FromRequestParts<Arc<App>> for LevelOf {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let Path((hunt_group, level)) = Path::<(String, String)>::from_request_parts(parts, app)
            .await
            .map_err(|_| Problem::not_found("hunt group"))?;
        let hunt_group = hunt_group.parse().map_err(|_| Problem::not_found("hunt group"))?;
        let level = level.parse().ok().and_then(Level::new);
        Ok(Self(
            hunt_group,
            level.ok_or_else(|| Problem::invalid("level", "must be an integer from 1 to 10"))?,
        ))
    }
}

impl Input for LevelOf {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        operation.path(schemas.sent::<i64>(), "The number of the hunt group.");
        operation.path(schemas.sent::<LevelNumber>(), "The level.");
        operation.fails(&[Code::NotFound, Code::Invalid]);
    }
}

/// The name of a recording in a path.
pub(super) struct Named(pub(super) RecordingName);

impl FromRequestParts<Arc<App>> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let Path(name) = Path::<String>::from_request_parts(parts, app)
            .await
            .map_err(|_| Problem::invalid("name", "must be UTF-8"))?;
        RecordingName::new(name).map(Self).map_err(|error| Problem::invalid("name", error.to_string()))
    }
}

impl Input for Named {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        operation.path(schemas.sent::<RecordingNameText>(), "The name of the recording, percent-encoded.");
        operation.fails(&[Code::NotFound, Code::Invalid]);
    }
}

/// The name of a recording and the number of a record group in a path.
pub(super) struct InGroup(pub(super) RecordingName, pub(super) RecordGroupId);

impl FromRequestParts<Arc<App>> for InGroup {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let Path((name, group)) = Path::<(String, String)>::from_request_parts(parts, app)
            .await
            .map_err(|_| Problem::invalid("name", "must be UTF-8"))?;
        let name = RecordingName::new(name).map_err(|error| Problem::invalid("name", error.to_string()))?;
        // What is no number names nothing.
        let group = group.parse().map_err(|_| Problem::not_found("record group"))?;
        Ok(Self(name, group))
    }
}

impl Input for InGroup {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        operation.path(schemas.sent::<RecordingNameText>(), "The name of the recording, percent-encoded.");
        operation.path(schemas.sent::<i64>(), "The number of the record group.");
        operation.fails(&[Code::NotFound, Code::Invalid]);
    }
}

/// A handle or a secret in a path, as text.
pub(super) struct Handle(pub(super) String);

impl FromRequestParts<Arc<App>> for Handle {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let params =
            RawPathParams::from_request_parts(parts, app).await.map_err(|_| Problem::not_found("route"))?;
        let first = params.iter().next().map(|(_, text)| text.to_owned());
        first.map(Self).ok_or_else(|| Problem::not_found("route"))
    }
}

impl Input for Handle {
    fn describe(operation: &mut Operation, _: &mut Schemas) {
        operation.path(json!({ "type": "string", "minLength": 1 }), "As it was told when it was made.");
        operation.fails(&[Code::NotFound]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        level: i64,
        password: Option<String>,
    }

    #[test]
    fn a_number_without_a_fraction_is_an_integer() {
        let check = |text: &str, expected: Option<i64>| {
            let level = understood::<Body>(text.as_bytes()).ok().map(|body| body.level);
            assert_eq!(level, expected, "{text}");
        };
        check(r#"{"level":4}"#, Some(4));
        check(r#"{"level":4.0}"#, Some(4));
        check(r#"{"level":-4.0e1,"password":null}"#, Some(-40));
        check(r#"{"level":9007199254740992.0}"#, Some(1 << 53));
        check(r#"{"level":4.5}"#, None);
        check(r#"{"level":1e300}"#, None);
        check(r#"{"level":4.0,"more":1}"#, None);
        check(r#"{"level":4,"level":4}"#, None);
        check("[4,null]", None);
        check("[4.0,null]", None);
        // A long body is not turned into values.
        let text = r#"{"level":4.0}"#;
        let padded = |length: usize| text.to_owned() + &" ".repeat(length - text.len());
        check(&padded(MOST_REREAD_BYTES), Some(4));
        check(&padded(MOST_REREAD_BYTES + 1), None);
    }

    #[test]
    fn a_fault_in_a_body_names_the_field_and_never_repeats_a_value() {
        let check = |text: &str, field: Option<&str>| {
            let problem = serde_json::to_value(understood::<Body>(text.as_bytes()).unwrap_err()).unwrap();
            assert_eq!(problem["field"].as_str(), field, "{text}");
            assert!(!problem.to_string().contains("8261"), "{problem}");
        };
        check(r#"{"password":"x"}"#, Some("level"));
        check(r#"{"level":1,"pass":"8261"}"#, Some("pass"));
        check(r#"{"level":1,"password":8261}"#, None);
        check(r#"{"level":1,"password":8261.5}"#, None);
        check(r#"{"level":"8261"}"#, None);
    }
}
