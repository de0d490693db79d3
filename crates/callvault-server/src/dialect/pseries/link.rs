//! What a link gives: audio, or a file of call records that is made as it leaves.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use callvault_core::call::CallPlace;
use callvault_core::call_search::CallSearch;
use callvault_core::gate::Principal;
use callvault_core::id::CustomerId;
use callvault_core::page::PageRequest;
use callvault_core::service::links::Followed;
use callvault_core::service::tickets::TicketRefused;
use callvault_wire::pseries::cdr;
use callvault_wire::pseries::error::Errcode;
use callvault_wire::pseries::response::{self, Content, Header};
use callvault_wire::pseries::time::Display;
use futures_util::stream::try_unfold;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, header};

use super::{DOOR, display, internal};
use crate::app::App;
use crate::play;
use crate::telemetry::TicketEvent;

/// How many calls are read, and held in memory, at once.
const CALLS_AT_ONCE: u32 = 1000;

/// Follows a link of the principal's.
pub(super) async fn follow(
    app: &Arc<App>,
    principal: &Principal,
    customer: CustomerId,
    random: &str,
    parts: &Parts,
) -> Result<Response, Errcode> {
    let headers_only = parts.method == Method::HEAD;
    let followed = app.services.links.follow(principal, random, headers_only).await;
    let followed = followed.map_err(|refused| {
        app.metrics.ticket(DOOR, TicketEvent::Refused);
        match &refused {
            TicketRefused::Failed(error) => internal(error),
            other => other.into(),
        }
    })?;
    let response = match followed {
        Followed::Recording(playable) => {
            let played = play::audio(app, &parts.method, &parts.headers, &playable, DOOR).await;
            let mut response = played.map_err(|error| internal(&error))?;
            let content = Content::Audio(playable.audio.facts.container);
            give(&mut response, response::download_headers(&playable.file_name, content));
            response
        }
        Followed::Calls { search, made_at } => {
            let display = display(app, principal).await?;
            let file = cdr::file_name(&display.stamp(made_at));
            let body = if headers_only {
                // Of no known length, as that of a GET: an empty body would say that the file is empty.
                Body::from_stream(futures_util::stream::empty::<Result<Bytes, std::convert::Infallible>>())
            } else {
                calls(app, principal.clone(), customer, search, display)
            };
            let mut response = Response::new(body);
            give(&mut response, response::download_headers(&file, Content::Cdr));
            response
        }
    };
    if !headers_only && response.status().is_success() {
        app.metrics.ticket(DOOR, TicketEvent::Redeemed);
    }
    Ok(response)
}

/// Sets headers; a media type that the range engine chose stays, as it may be that of several parts.
fn give(response: &mut Response, headers: Vec<Header>) {
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value))
            && (name != header::CONTENT_TYPE || !response.headers().contains_key(&name))
        {
            response.headers_mut().insert(name, value);
        }
    }
}

/// A file of call records on its way out.
struct File {
    app: Arc<App>,
    principal: Principal,
    customer: CustomerId,
    search: CallSearch,
    display: Display,
    after: Option<CallPlace>,
    done: bool,
}

/// The header line and the calls, page by page. A page that cannot be read breaks the connection, so that half a file
/// does not pass for a whole one.
fn calls(
    app: &Arc<App>,
    principal: Principal,
    customer: CustomerId,
    search: Option<CallSearch>,
    display: Display,
) -> Body {
    let done = search.is_none();
    let search = search.unwrap_or_default();
    let file = File { app: app.clone(), principal, customer, search, display, after: None, done };
    let head = futures_util::stream::once(async { Ok(Bytes::from_static(cdr::HEADER.as_bytes())) });
    let pages = try_unfold(file, |mut file| async move {
        let next = file.next().await.inspect_err(|error| {
            tracing::error!(error = error as &dyn std::error::Error, "a file of call records broke off");
        })?;
        Ok::<_, callvault_core::Error>(next.map(|bytes| (bytes, file)))
    });
    Body::from_stream(futures_util::StreamExt::chain(head, pages))
}

impl File {
    /// The lines of the next page that has any.
    async fn next(&mut self) -> callvault_core::Result<Option<Bytes>> {
        let mut lines = String::new();
        while !self.done && lines.is_empty() {
            let page = PageRequest::new(self.after, CALLS_AT_ONCE);
            let limit = page.limit as usize;
            let filter = self.search.filter();
            let calls =
                self.app.services.calls.list(&self.principal, Some(self.customer), &filter, page).await?;
            self.after = calls.last().map(|call| CallPlace { started_at: call.started_at, id: call.id });
            self.done = calls.len() < limit;
            for call in calls.iter().filter(|call| self.search.wants(call)) {
                cdr::write_line(call, &self.display, &mut lines);
            }
        }
        Ok(Some(lines).filter(|lines| !lines.is_empty()).map(Bytes::from))
    }
}
