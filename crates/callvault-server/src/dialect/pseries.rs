//! The routes of the P-Series dialect: the calls below `/openapi/`, and the links below `/api/download/` that they give out.

mod link;
mod rows;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use callvault_core::call_search::CallSearch;
use callvault_core::gate::{Principal, Verb};
use callvault_core::id::CustomerId;
use callvault_core::listen::Door;
use callvault_core::recording::Recording;
use callvault_core::service::logins::{Attempt, LoginRefused};
use callvault_core::service::openapi_tokens::{IssuedTokens, TokenRefused};
use callvault_core::time::Timestamp;
use callvault_wire::pseries::error::Errcode;
use callvault_wire::pseries::path::{self, Endpoint, Method, ResourceKind};
use callvault_wire::pseries::request::{self, Call, CdrDownload, GetToken, Head, RecordingChoice};
use callvault_wire::pseries::response::{self, Reply, Success};
use callvault_wire::pseries::time::{DateOrder, Display, Edge, HourClock, TimeBound};
use callvault_wire::pseries::{auth, cdr};

use super::respond;
use crate::app::App;
use crate::caller::Caller;
use crate::small_body::{NoBody, Sender};
use crate::telemetry::TicketEvent;

/// The largest body that is read; the dialect takes none over 16 KiB.
const MOST_BODY_BYTES: usize = 17 * 1024;

/// Its word in metrics.
const DOOR: &str = Door::PSeries.as_str();

/// Whether a path is one of this dialect's, known or not.
pub(super) fn owns(path: &str) -> bool {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    matches!((segments.next(), segments.next()), (Some("openapi"), _) | (Some("api"), Some("download")))
}

/// What a request comes to.
enum Outcome {
    Done(Success),
    Resource(Response),
}

/// Answers a call or a link.
pub(super) async fn answer(app: Arc<App>, request: Request) -> Response {
    let app = &app;
    let (parts, body) = request.into_parts();
    let caller = Caller::of(&parts.extensions);
    let method = Method::parse(parts.method.as_str());
    let path = parts.uri.path();
    let route = pattern(path);
    // The bodies of other methods are not looked at.
    let body = if method == Method::Post { body } else { Body::empty() };
    let body = app.bodies.read(Sender::unverified(caller), body, MOST_BODY_BYTES).await;
    if matches!(body, Err(NoBody::Busy)) {
        return reply(route, response::failure(Errcode::Busy, path::surface(path)));
    }
    let user_agent = parts.headers.get(http::header::USER_AGENT);
    let head = request::parse_head(&request::Request {
        method,
        path,
        query: parts.uri.query().unwrap_or_default(),
        // Text that is not ASCII names the client as well as any other.
        user_agent: user_agent.map(|agent| agent.to_str().unwrap_or("?")),
        // What is too long, or did not come whole, is as little a JSON object as this.
        body: body.as_deref().unwrap_or(b"?"),
    });
    let outcome = match head {
        Ok(head) => carry_out(app, caller, &head, &parts).await,
        Err(errcode) => Err(errcode),
    };
    match outcome {
        Ok(Outcome::Done(success)) => reply(route, response::success(&success)),
        Ok(Outcome::Resource(mut response)) => {
            response.extensions_mut().insert(crate::observe::Route(route.into()));
            response
        }
        Err(errcode) => {
            tracing::debug!(errcode = errcode.code(), route, "refused");
            let mut reply = response::failure(errcode, path::surface(path));
            if reply.status == 405 {
                reply.headers.push(("Allow", "GET, HEAD".into()));
            }
            self::reply(route, reply)
        }
    }
}

async fn carry_out(
    app: &Arc<App>,
    caller: Caller,
    head: &Head,
    parts: &http::request::Parts,
) -> Result<Outcome, Errcode> {
    let peer = caller.address();
    let services = &app.services;
    let Some(token) = &head.access_token else {
        return match head.call()? {
            Call::GetToken(asked) => log_in(app, caller, asked).await,
            Call::RefreshToken { refresh_token } => {
                let renewed = services.openapi_tokens.renew(refresh_token.reveal(), peer).await;
                renewed.map(tokens).map_err(|refused| token_errcode(&refused))
            }
            _ => Err(Errcode::AccessDenied),
        };
    };
    let is_link = matches!(head.endpoint, Endpoint::Resource(_));
    let resumed = services.openapi_tokens.resume(token.reveal(), peer).await;
    let principal = resumed.map_err(|refused| match refused {
        TokenRefused::Address if is_link => {
            tracing::warn!(client = %peer, "a link was followed from an address that may not use it");
            Errcode::AddressForbidden
        }
        other => token_errcode(&other),
    })?;
    // The door speaks for one customer, as a device does: names are unique in a customer only.
    let customer = principal.customer.ok_or(Errcode::AccessDenied)?;
    let done = match head.call()? {
        Call::GetToken(_) | Call::RefreshToken { .. } => return Err(Errcode::InterfaceUnknown),
        Call::DelToken => {
            services.openapi_tokens.end(token.reveal()).await.map_err(|error| internal(&error))?;
            Success::Revoked
        }
        Call::RecordingList(paging) => rows::list(app, &principal, customer, &paging).await?,
        Call::RecordingSearch(search) => rows::search(app, &principal, customer, &search).await?,
        Call::RecordingDownload(choice) => {
            let recording = chosen(app, &principal, customer, &choice).await?;
            let made = services.links.to_recording(&principal, &recording).await;
            let made = made.map_err(|error| internal(&error))?;
            let stamp = display(app, &principal).await?.stamp(made.made_at);
            let file = recording.name.to_string();
            let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
            let link = path::link(ResourceKind::Recording, &stamp, &made.random, extension);
            app.metrics.ticket(DOOR, TicketEvent::Issued);
            Success::Download { file, link }
        }
        Call::CdrDownload(wanted) => {
            let display = display(app, &principal).await?;
            let search = search(&wanted, &display);
            let made = services.links.to_calls(&principal, customer, search).await;
            let made = made.map_err(|error| internal(&error))?;
            let stamp = display.stamp(made.made_at);
            let link = path::link(ResourceKind::Cdr, &stamp, &made.random, "csv");
            app.metrics.ticket(DOOR, TicketEvent::Issued);
            Success::Download { file: cdr::file_name(&stamp), link }
        }
        Call::Resource { resource, .. } => {
            let followed = link::follow(app, &principal, resource.random.reveal(), parts).await;
            return followed.map(Outcome::Resource);
        }
    };
    Ok(Outcome::Done(done))
}

async fn log_in(app: &Arc<App>, caller: Caller, asked: GetToken) -> Result<Outcome, Errcode> {
    let peer = caller.address();
    if caller.is_readable_on_the_wire() {
        app.warnings.plain_login(peer);
    }
    let password = auth::password(&asked.client_secret);
    let attempt = Attempt { door: Door::PSeries, username: &asked.username, password: &password, peer };
    let account = app.services.logins.verify(attempt).await.map_err(|refused| {
        app.metrics.login_failed(DOOR);
        if let LoginRefused::Failed(error) = &refused {
            return internal(error);
        }
        tracing::warn!(client = %peer, door = DOOR, "login refused: {refused}");
        Errcode::from(&refused)
    })?;
    app.services.openapi_tokens.issue(&account).await.map(tokens).map_err(|refused| match refused {
        // The account was changed since its password was verified.
        TokenRefused::Unknown | TokenRefused::Address => Errcode::AccessDenied,
        other => token_errcode(&other),
    })
}

fn tokens(issued: IssuedTokens) -> Outcome {
    Outcome::Done(Success::Tokens { access_token: issued.access, refresh_token: issued.refresh })
}

fn token_errcode(refused: &TokenRefused) -> Errcode {
    match refused {
        TokenRefused::Unknown | TokenRefused::Address => Errcode::TokenExpired,
        TokenRefused::Full => Errcode::LimitReached,
        TokenRefused::Failed(error) => internal(error),
    }
}

/// The recording that a link is wanted for.
async fn chosen(
    app: &Arc<App>,
    principal: &Principal,
    customer: CustomerId,
    choice: &RecordingChoice,
) -> Result<Recording, Errcode> {
    let services = &app.services;
    let names = match choice {
        RecordingChoice::Id(sent) => {
            let wanted = rows::wanted(sent);
            let found = services.finding.with_id(principal, Verb::Download, customer, wanted).await;
            return found.map_err(|error| internal(&error));
        }
        RecordingChoice::File(names) => names,
    };
    for name in names {
        match services.recordings.find(principal, Verb::Download, Some(customer), name).await {
            Err(callvault_core::Error::NotFound { .. }) => {}
            found => return found.map_err(|error| internal(&error)),
        }
    }
    Err(Errcode::NotFound)
}

/// Which calls a file is wanted of; `None` for a filter that finds nothing (`docs/pseries.md` P15, P23).
fn search(wanted: &CdrDownload, display: &Display) -> Option<CallSearch> {
    let resolved = |bound: &Option<TimeBound>, edge| -> Option<Option<Timestamp>> {
        match bound {
            None => Some(None),
            Some(bound) => bound.resolve(display, edge).map(Some),
        }
    };
    if wanted.extension_group.is_some() {
        return None;
    }
    Some(CallSearch {
        since: resolved(&wanted.start_time, Edge::Start)?,
        until: resolved(&wanted.end_time, Edge::End)?,
        from: wanted.call_from.clone(),
        to: wanted.call_to.clone(),
        status: wanted.status,
        in_part: wanted.fuzzy,
    })
}

/// How the customer of a principal sees times (`docs/pseries.md` P14).
async fn display(app: &Arc<App>, principal: &Principal) -> Result<Display, Errcode> {
    let zone = app.services.accounts.own_timezone(principal).await.map_err(|error| internal(&error))?;
    Display::new(&zone, DateOrder::default(), HourClock::default()).map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "a customer's times cannot be shown");
        Errcode::Internal
    })
}

/// The errcode of a use case's failure; what is no client's doing goes to the log, where alone its cause is told.
fn internal(error: &callvault_core::Error) -> Errcode {
    let errcode = Errcode::from(error);
    if errcode == Errcode::Internal || matches!(error, callvault_core::Error::Unreadable(_)) {
        tracing::error!(error = error as &dyn std::error::Error, "a call of the P-Series dialect failed");
    }
    errcode
}

fn reply(route: &'static str, reply: Reply) -> Response {
    respond(route, reply.status, reply.headers, Body::from(reply.body.into_bytes()))
}

/// The pattern of a path, for metrics and logs.
fn pattern(path: &str) -> &'static str {
    match path::parse(path) {
        Ok(Endpoint::GetToken) => "/openapi/v1.0/get_token",
        Ok(Endpoint::RefreshToken) => "/openapi/v1.0/refresh_token",
        Ok(Endpoint::DelToken) => "/openapi/v1.0/del_token",
        Ok(Endpoint::RecordingList) => "/openapi/v1.0/recording/list",
        Ok(Endpoint::RecordingSearch) => "/openapi/v1.0/recording/search",
        Ok(Endpoint::RecordingDownload) => "/openapi/v1.0/recording/download",
        Ok(Endpoint::CdrDownload) => "/openapi/v1.0/cdr/download",
        Ok(Endpoint::Resource(_)) => "/api/download/{resource}",
        Err(_) => match path::surface(path) {
            callvault_wire::pseries::error::Surface::Link => "/api/download/{resource}",
            callvault_wire::pseries::error::Surface::Call => "/openapi/unknown",
        },
    }
}
