//! How handlers read paths, queries and bodies: every fault names its field and is a [`Problem`].

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
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use crate::api::problem::Problem;
use crate::app::App;
use crate::small_body::NoBody;

/// The largest JSON body, unless a route says otherwise.
const MOST_JSON_BYTES: usize = 64 * 1024;

/// How many rows a page has when nothing is said.
const DEFAULT_LIMIT: u32 = 100;

/// A JSON body of at most `MOST` bytes. A route with a large one lets [`super::principal::Verified`] go first, so that
/// nobody unknown fills memory with it.
pub(super) struct JsonBody<T, const MOST: usize = MOST_JSON_BYTES>(pub(super) T);

impl<T: DeserializeOwned, const MOST: usize> FromRequest<Arc<App>> for JsonBody<T, MOST> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let read = app.bodies.read(request.into_body(), MOST).await;
        let bytes = read.map_err(|refused| match refused {
            NoBody::TooLong => Problem::too_large(MOST),
            NoBody::Broken => Problem::broken_body(),
            NoBody::Busy => Error::Busy.into(),
        })?;
        // serde's text names the field and never repeats a value that was of the right type.
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            let text = error.to_string();
            let field = text.split('`').nth(1).unwrap_or_default().to_owned();
            Problem::invalid(
                field,
                format!("the body is not what this route takes: {}", without_values(&error, text)),
            )
        })
    }
}

/// Tells `null`, which takes a value away, from absent, which keeps it.
pub(super) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    value: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// A wrong type's message repeats the value, which may be a secret in the wrong place: then only the place is told.
fn without_values(error: &serde_json::Error, text: String) -> String {
    if error.is_data() && text.starts_with("invalid") {
        format!("a value has the wrong type, at line {} column {}", error.line(), error.column())
    } else {
        text
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

/// Which customer and which page.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ListParams {
    customer: Option<i64>,
    after: Option<String>,
    limit: Option<u32>,
}

impl ListParams {
    /// The customer asked for.
    pub(super) fn customer(&self) -> Option<CustomerId> {
        self.customer.map(CustomerId)
    }

    /// The page asked for, its key read by `key`.
    pub(super) fn page<K>(&self, key: impl FnOnce(&str) -> Option<K>) -> Result<PageRequest<K>, Problem> {
        let after = match &self.after {
            None => None,
            Some(text) => Some(key(text).ok_or_else(|| Problem::invalid("after", "is no key of this list"))?),
        };
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=PageRequest::<K>::MOST).contains(&limit) {
            return Err(Problem::invalid("limit", "must be an integer from 1 to 1000"));
        }
        Ok(PageRequest::new(after, limit))
    }
}

impl ListParams {
    /// The page asked for, of a list in memory that is sorted by a number and, where that is equal, a handle. The key of a
    /// page is this place in the order, so that a row that goes meanwhile does not end the list.
    pub(super) fn cut<R, T: From<R>>(
        &self,
        rows: Vec<R>,
        place: impl Fn(&R) -> (i64, String),
    ) -> Result<List<T>, Problem> {
        let page = self.page(|key| {
            let (number, handle) = key.rsplit_once('_')?;
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
}

/// Which customer.
#[derive(Debug, Default, Deserialize)]
pub(super) struct CustomerParam {
    customer: Option<i64>,
}

impl CustomerParam {
    /// The customer asked for.
    pub(super) fn customer(&self) -> Option<CustomerId> {
        self.customer.map(CustomerId)
    }
}

/// A page of a list as it is answered.
#[derive(Debug, Serialize)]
pub(super) struct List<T> {
    items: Vec<T>,
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

/// A JSON answer.
#[derive(Debug)]
pub(super) struct Json<T>(pub(super) StatusCode, pub(super) T);

impl<T> Json<T> {
    /// 200.
    pub(super) fn ok(value: T) -> Self {
        Self(StatusCode::OK, value)
    }

    /// 201.
    pub(super) fn created(value: T) -> Self {
        Self(StatusCode::CREATED, value)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let Ok(body) = serde_json::to_vec(&self.1) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let headers = [("content-type", "application/json"), ("cache-control", "no-store")];
        (self.0, headers, Body::from(body)).into_response()
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
    )*};
}

numbered! {
    CustomerId, "customer", CustomerId;
    callvault_core::id::PersonId, "person", callvault_core::id::PersonId;
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
