//! The routes of the Yeastar dialect.

mod reporting;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use callvault_core::listen::Door;
use callvault_core::person::DownloadErrors;
use callvault_core::service::logins::{Attempt, LoginRefused};
use callvault_core::service::playback::Released;
use callvault_core::service::sessions::{Resumed, SessionRefused};
use callvault_core::service::tickets::{Bearer, TicketRefused};
use callvault_wire::yeastar::error::Errno;
use callvault_wire::yeastar::path::{Endpoint, Method};
use callvault_wire::yeastar::request::{self, Call, Head, Login, Opening, RecordingDownload};
use callvault_wire::yeastar::response::{self, FailureStatus, Reply, Success, Transport};

use super::{respond, small_body};
use crate::app::App;
use crate::caller::Caller;
use crate::stream::{self, Form, Piece};
use crate::telemetry::TicketEvent;

/// The largest body of a call. The longest honest one, a login with a long `url`, has a few kilobytes.
const MOST_BODY_BYTES: usize = 64 * 1024;

/// Its word in metrics.
const DOOR: &str = Door::Yeastar.as_str();

/// What a call comes to.
enum Outcome {
    Done(Success),
    Preflight,
    Audio(Response),
}

/// Answers a call of this dialect.
pub(super) async fn answer(app: &Arc<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let caller = Caller::of(&parts.extensions);
    let method = Method::parse(parts.method.as_str());
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    let route = pattern(path);
    let body = match small_body(body, MOST_BODY_BYTES).await {
        Some(body) => body,
        None => return reply(route, failure(app, Errno::NotJson, FailureStatus::AlwaysOk)),
    };
    let mut failures = FailureStatus::AlwaysOk;
    let opening = match callvault_wire::yeastar::path::parse(path) {
        // The dialect knows calls that are not served yet: to clients they do not exist.
        Ok((_, endpoint)) if !served(endpoint) && !matches!(method, Method::Options | Method::Other) => {
            Err(Errno::RequestUnknown)
        }
        _ => request::parse_head(method, path, query, &body),
    };
    let outcome = match opening {
        Ok(Opening::Preflight) => Ok(Outcome::Preflight),
        Ok(Opening::Call(head)) => carry_out(app, caller, &head, &mut failures).await,
        Err(errno) => Err(errno),
    };
    match outcome {
        Ok(Outcome::Done(success)) => reply(route, response::success(&success, &app.settings.cors)),
        Ok(Outcome::Preflight) => reply(route, response::preflight(&app.settings.cors)),
        Ok(Outcome::Audio(response)) => response,
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
    head: &Head,
    failures: &mut FailureStatus,
) -> Result<Outcome, Errno> {
    let peer = caller.address();
    let services = &app.services;
    let Some(token) = &head.token else {
        let Call::Login(login) = head.call()? else { return Err(Errno::TokenBlank) };
        if caller.is_readable_on_the_wire() {
            app.warnings.plain_login(peer);
        }
        return log_in(app, caller, head, login).await;
    };
    let resumed =
        services.sessions.resume(token.reveal(), peer, head.endpoint == Endpoint::RecordingDownload).await;
    let known = match &resumed {
        Ok(resumed) => Some(resumed.download_errors),
        Err(SessionRefused::Expired { download_errors }) => Some(*download_errors),
        Err(_) => None,
    };
    if head.endpoint == Endpoint::RecordingDownload && known == Some(DownloadErrors::Status) {
        *failures = FailureStatus::Real;
    }
    let Resumed { session, principal, .. } = resumed.map_err(|refused| match refused {
        SessionRefused::Unknown => Errno::TokenUnknown,
        SessionRefused::Expired { .. } => head.version.expired_token(),
        SessionRefused::Failed(error) => internal(&error),
    })?;
    match head.call()? {
        Call::Login(_)
        | Call::TokenRefresh(_)
        | Call::CdrGetRandom(_)
        | Call::CdrDownload(_)
        | Call::VoicemailQuery(_)
        | Call::VoicemailGetRandom(_)
        | Call::VoicemailDownload(_)
        | Call::DeviceInfoQuery
        | Call::ExtensionList
        | Call::ExtensionQuery(_)
        | Call::QueueQuery(_)
        | Call::TrunkList => Err(Errno::RequestUnknown),
        Call::Heartbeat(beat) => {
            let heartbeat = reporting::of_heartbeat(beat, &session);
            services.sessions.heartbeat(session.token, heartbeat).await.map_err(|error| internal(&error))?;
            Ok(Outcome::Done(Success::Heartbeat))
        }
        Call::Logout => {
            services.sessions.end(session.token).await.map_err(|error| internal(&error))?;
            Ok(Outcome::Done(Success::Logout))
        }
        Call::RecordingGetRandom(wanted) => {
            let names = wanted.recording.spellings();
            let random = services
                .tickets
                .issue(&principal, &session, names, wanted.allowed_address)
                .await
                .map_err(|error| internal(&error))?;
            app.metrics.ticket(DOOR, TicketEvent::Issued);
            let recording = wanted.recording.echo().to_owned();
            Ok(Outcome::Done(Success::RecordingGetRandom { recording, random }))
        }
        Call::RecordingDownload(RecordingDownload { recording, random, headers_only }) => {
            let bearer = Bearer {
                random: random.reveal(),
                names: recording.spellings(),
                session: &session,
                peer,
                spend: !headers_only,
            };
            let playable = services.tickets.redeem(&principal, bearer).await.map_err(|refused| {
                app.metrics.ticket(DOOR, TicketEvent::Refused);
                match &refused {
                    TicketRefused::Failed(error) => internal(error),
                    TicketRefused::Address => {
                        tracing::warn!(client = %peer, "a ticket was shown from an address that may not use it");
                        Errno::AddressRefused
                    }
                    other => other.into(),
                }
            })?;
            let audio = &playable.audio;
            let headers = response::download_headers(
                &playable.file_name,
                audio.facts.container,
                audio.size_bytes,
                &app.settings.cors,
            );
            let body = if headers_only {
                Body::empty()
            } else {
                app.metrics.ticket(DOOR, TicketEvent::Redeemed);
                let reader = playable.release(Released::Whole).await.map_err(|error| internal(&error))?;
                let pieces = vec![Piece::Audio(0..audio.size_bytes, Form::Exact)];
                stream::body(reader, pieces, &app.budget, &app.metrics, DOOR)
            };
            Ok(Outcome::Audio(respond("/api/{version}/recording/download", 200, headers, body)))
        }
    }
}

async fn log_in(app: &Arc<App>, caller: Caller, head: &Head, login: Login) -> Result<Outcome, Errno> {
    let peer = caller.address();
    let logins = &app.services.logins;
    let verified = match &login.password {
        Some(password) => {
            let attempt = Attempt { door: Door::Yeastar, username: &login.username, password, peer };
            logins.verify(attempt).await
        }
        None => Err(logins.refuse(Door::Yeastar, &login.username, peer)),
    };
    let account = verified.map_err(|refused| {
        app.metrics.login_failed(DOOR);
        if let LoginRefused::Failed(error) = &refused {
            return internal(error);
        }
        tracing::warn!(client = %peer, door = DOOR, "login refused: {refused}");
        Errno::from(&refused)
    })?;
    let (report, target) = reporting::of_login(&login, peer);
    let begun = app.services.sessions.begin(&account, peer, report, target).await;
    let token = begun.map_err(|error| internal(&error))?.ok_or(Errno::LoginRefused)?;
    Ok(Outcome::Done(Success::Login {
        version: head.version,
        token,
        refresh_token: None,
        transport: Transport::Http,
    }))
}

/// The errno of a use case's failure; what is no client's doing goes to the log, where alone its cause is told.
fn internal(error: &callvault_core::Error) -> Errno {
    let errno = Errno::from(error);
    if errno == Errno::Unavailable || matches!(error, callvault_core::Error::Unreadable(_)) {
        tracing::error!(error = error as &dyn std::error::Error, "a call of the Yeastar dialect failed");
    }
    errno
}

fn failure(app: &App, errno: Errno, status: FailureStatus) -> Reply {
    response::failure(errno, status, &app.settings.cors)
}

fn reply(route: &'static str, reply: Reply) -> Response {
    respond(route, reply.status, reply.headers, Body::from(reply.body.into_bytes()))
}

/// Which calls are served.
fn served(endpoint: Endpoint) -> bool {
    matches!(
        endpoint,
        Endpoint::Login
            | Endpoint::Heartbeat
            | Endpoint::Logout
            | Endpoint::RecordingGetRandom
            | Endpoint::RecordingDownload
    )
}

/// The pattern of a path, for metrics and logs.
fn pattern(path: &str) -> &'static str {
    match callvault_wire::yeastar::path::parse(path) {
        Ok((_, Endpoint::Login)) => "/api/{version}/login",
        Ok((_, Endpoint::Heartbeat)) => "/api/{version}/heartbeat",
        Ok((_, Endpoint::Logout)) => "/api/{version}/logout",
        Ok((_, Endpoint::RecordingGetRandom)) => "/api/{version}/recording/get_random",
        Ok((_, Endpoint::RecordingDownload)) => "/api/{version}/recording/download",
        Ok(_) | Err(_) => "/api/{version}/unknown",
    }
}
