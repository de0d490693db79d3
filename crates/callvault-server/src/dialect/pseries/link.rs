//! What a link gives: audio, or a file of call records that is made as it leaves.

use std::sync::Arc;

use axum::response::Response;
use callvault_core::gate::Principal;
use callvault_core::service::links::Followed;
use callvault_core::service::tickets::TicketRefused;
use callvault_wire::pseries::cdr;
use callvault_wire::pseries::error::Errcode;
use callvault_wire::pseries::response::{self, Content, Header};
use http::Method;
use http::header::CONTENT_TYPE;
use http::request::Parts;

use super::{DOOR, display, internal};
use crate::app::App;
use crate::call_file;
use crate::dialect::header;
use crate::play;
use crate::telemetry::TicketEvent;

/// Follows a link of the principal's.
pub(super) async fn follow(
    app: &Arc<App>,
    principal: &Principal,
    random: &str,
    parts: &Parts,
) -> Result<Response, Errcode> {
    let headers_only = parts.method == Method::HEAD;
    let followed = app.services.links.follow(principal, random).await;
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
        Followed::Calls { file, made_at } => {
            let display = display(app, principal).await?;
            let name = cdr::file_name(&display.stamp(made_at));
            let body = if headers_only {
                call_file::no_body()
            } else {
                let pages = file.release().await.map_err(|error| internal(&error))?;
                call_file::body(pages, cdr::HEADER, move |out, call| cdr::push_line(out, call, &display))
            };
            let mut response = Response::new(body);
            give(&mut response, response::download_headers(&name, Content::Cdr));
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
    for (name, value) in headers.into_iter().filter_map(header) {
        if name != CONTENT_TYPE || !response.headers().contains_key(&name) {
            response.headers_mut().insert(name, value);
        }
    }
}
