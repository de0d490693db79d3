//! The routes of the Yeastar dialect: from a request to the call it is, to whoever carries it out, to its answer.

mod call_files;
mod phone;
mod recordings;
mod reporting;
mod session;

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use callvault_core::listen::Door;
use callvault_core::person::DownloadErrors;
use callvault_core::service::sessions::{Resumed, SessionRefused};
use callvault_core::service::tickets::TicketRefused;
use callvault_wire::yeastar::error::{Errno, Subject};
use callvault_wire::yeastar::path::{Endpoint, Method, Version};
use callvault_wire::yeastar::request::{self, Call, Head, Opening};
use callvault_wire::yeastar::response::{self, FailureStatus, Reply, Success};

use super::respond;
use crate::app::App;
use crate::caller::Caller;
use crate::small_body::{NoBody, Sender};
use crate::telemetry::TicketEvent;

/// The largest body of a call. The longest honest one, a login with a long `url`, has a few kilobytes.
const MOST_BODY_BYTES: usize = 64 * 1024;

/// Its word in metrics.
const DOOR: &str = Door::Yeastar.as_str();

/// What a call comes to.
enum Outcome {
    Done(Success),
    Preflight,
    Stream(Response),
}

/// A client whose token was found good.
struct Visit<'a> {
    app: &'a Arc<App>,
    version: Version,
    peer: IpAddr,
    resumed: Resumed,
}

/// Answers a call of this dialect.
pub(super) async fn answer(app: Arc<App>, request: Request) -> Response {
    let app = &app;
    let (parts, body) = request.into_parts();
    let caller = Caller::of(&parts.extensions);
    let method = Method::parse(parts.method.as_str());
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    let body = match app.bodies.read(Sender::unverified(caller), body, MOST_BODY_BYTES).await {
        Ok(body) => body,
        Err(refused) => {
            let errno = if refused == NoBody::Busy { Errno::Unavailable } else { Errno::NotJson };
            return reply(pattern(path), failure(app, errno, FailureStatus::AlwaysOk));
        }
    };
    let mut failures = FailureStatus::AlwaysOk;
    let (route, outcome) = match request::parse_head(method, path, query, &body) {
        Ok(Opening::Preflight) => (pattern(path), Ok(Outcome::Preflight)),
        Ok(Opening::Call(head)) => {
            (pattern_of(head.endpoint), carry_out(app, caller, &head, &mut failures).await)
        }
        Err(errno) => (pattern(path), Err(errno)),
    };
    match outcome {
        Ok(Outcome::Done(success)) => reply(route, response::success(&success, &app.settings.cors)),
        Ok(Outcome::Preflight) => reply(route, response::preflight(&app.settings.cors)),
        Ok(Outcome::Stream(response)) => response,
        Err(errno) => {
            tracing::debug!(errno = errno.code(), route, "refused");
            reply(route, failure(app, errno, failures))
        }
    }
}

/// `failures` becomes what the person wants on download links, once it is known who they are.
async fn carry_out(
    app: &Arc<App>,
    caller: Caller,
    head: &Head<'_>,
    failures: &mut FailureStatus,
) -> Result<Outcome, Errno> {
    let peer = caller.address();
    let Some(token) = &head.token else {
        let done = match head.call()? {
            Call::Login(login) => session::log_in(app, caller, head.version, login).await,
            Call::TokenRefresh(shown) => session::refresh(app, caller, shown).await,
            _ => Err(Errno::TokenBlank),
        };
        return done.map(Outcome::Done);
    };
    let is_download = head.endpoint.is_download();
    let resumed = app.services.sessions.resume(token.reveal(), peer, is_download).await;
    let known = match &resumed {
        Ok(resumed) => Some(resumed.download_errors),
        Err(SessionRefused::Expired { download_errors }) => Some(*download_errors),
        Err(_) => None,
    };
    if is_download && known == Some(DownloadErrors::Status) {
        *failures = FailureStatus::Real;
    }
    let resumed = resumed.map_err(|refused| match refused {
        SessionRefused::Unknown => Errno::TokenUnknown,
        SessionRefused::Expired { .. } => head.version.expired_token(),
        SessionRefused::Failed(error) => internal(&error),
    })?;
    let visit = Visit { app, version: head.version, peer, resumed };
    let done = match head.call()? {
        // They have no token.
        Call::Login(_) | Call::TokenRefresh(_) => return Err(Errno::RequestUnknown),
        Call::Heartbeat(beat) => session::heartbeat(&visit, beat).await?,
        Call::Logout => session::log_out(&visit).await?,
        Call::RecordingGetRandom(wanted) => recordings::ticket(&visit, wanted).await?,
        Call::RecordingDownload(link) => {
            return recordings::download(&visit, link).await.map(Outcome::Stream);
        }
        Call::CdrGetRandom(wanted) => call_files::ticket(&visit, wanted).await?,
        Call::CdrDownload(link) => return call_files::download(&visit, link).await.map(Outcome::Stream),
        Call::DeviceInfoQuery => phone::device(&visit).await?,
        Call::ExtensionList => phone::extensions(&visit).await?,
        Call::ExtensionQuery(numbers) => phone::extension_infos(&visit, &numbers).await?,
        Call::QueueQuery(numbers) => phone::queues(&visit, &numbers)?,
        Call::TrunkList => phone::trunks(&visit).await?,
        Call::VoicemailQuery(numbers) => phone::voicemails(&visit, &numbers).await?,
        Call::VoicemailGetRandom(wanted) => phone::voicemail_ticket(&visit, &wanted).await?,
        Call::VoicemailDownload(_) => return Err(phone::voicemail_download(&visit)),
    };
    Ok(Outcome::Done(done))
}

/// The errno of a use case's failure; what is no client's doing goes to the log, where alone its cause is told.
fn internal(error: &callvault_core::Error) -> Errno {
    let errno = Errno::from(error);
    if errno == Errno::Unavailable || matches!(error, callvault_core::Error::Unreadable(_)) {
        tracing::error!(error = error as &dyn std::error::Error, "a call of the Yeastar dialect failed");
    }
    errno
}

/// The errno of a ticket that opened nothing.
fn refused_ticket(visit: &Visit<'_>, subject: Subject, refused: &TicketRefused) -> Errno {
    visit.app.metrics.ticket(DOOR, TicketEvent::Refused);
    match refused {
        TicketRefused::Failed(error) => {
            internal(error);
        }
        TicketRefused::Address => {
            tracing::warn!(client = %visit.peer, "a ticket was shown from an address that may not use it");
        }
        TicketRefused::Invalid | TicketRefused::Missing => {}
    }
    subject.refused(refused)
}

fn failure(app: &App, errno: Errno, status: FailureStatus) -> Reply {
    response::failure(errno, status, &app.settings.cors)
}

fn reply(route: &'static str, reply: Reply) -> Response {
    respond(route, reply.status, reply.headers, Body::from(reply.body.into_bytes()))
}

/// The pattern of a path, for metrics and logs.
fn pattern(path: &str) -> &'static str {
    match callvault_wire::yeastar::path::parse(path) {
        Ok((_, endpoint)) => pattern_of(endpoint),
        Err(_) => "/api/{version}/unknown",
    }
}

fn pattern_of(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Login => "/api/{version}/login",
        Endpoint::Heartbeat => "/api/{version}/heartbeat",
        Endpoint::Logout => "/api/{version}/logout",
        Endpoint::TokenRefresh => "/api/{version}/token/refresh",
        Endpoint::RecordingGetRandom => "/api/{version}/recording/get_random",
        Endpoint::RecordingDownload => "/api/{version}/recording/download",
        Endpoint::CdrGetRandom => "/api/{version}/cdr/get_random",
        Endpoint::CdrDownload => "/api/{version}/cdr/download",
        Endpoint::VoicemailQuery => "/api/{version}/voicemail/query",
        Endpoint::VoicemailGetRandom => "/api/{version}/voicemail/get_random",
        Endpoint::VoicemailDownload => "/api/{version}/voicemail/download",
        Endpoint::DeviceInfoQuery => "/api/{version}/deviceinfo/query",
        Endpoint::ExtensionList => "/api/{version}/extension/list",
        Endpoint::ExtensionQuery => "/api/{version}/extension/query",
        Endpoint::QueueQuery => "/api/{version}/queue/query",
        Endpoint::TrunkList => "/api/{version}/trunk/list",
    }
}
