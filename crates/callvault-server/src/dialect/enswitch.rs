//! The routes of the Enswitch dialect.

mod body;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use callvault_core::Error;
use callvault_core::gate::{Kind, Principal, Verb};
use callvault_core::hunt_group::Level;
use callvault_core::id::{HuntGroupId, SoundId};
use callvault_core::listen::Door;
use callvault_core::secret::PasswordMd5;
use callvault_core::service::logins::{Attempt, LoginRefused};
use callvault_core::service::playback::{Playable, Released};
use callvault_wire::enswitch::auth::Credentials;
use callvault_wire::enswitch::error::{Failure, Fault};
use callvault_wire::enswitch::form::FormReader;
use callvault_wire::enswitch::name;
use callvault_wire::enswitch::parameters::{AudioPlace, Form as SentForm, Parameters, SentAudio};
use callvault_wire::enswitch::path::{Function, Target};
use callvault_wire::enswitch::request::huntgroup_files::{DownloadCall, Source, UploadCall, Wanted};
use callvault_wire::enswitch::request::{Call, check_method};
use callvault_wire::enswitch::response::{self, AudioFile, AudioReply, Reply, StatusRule};
use http::request::Parts;
use http::{Method, header};

use self::body::{Pieces, Sender};
use super::respond;
use super::spool::{PourError, Sink, Spool};
use crate::app::App;
use crate::caller::Caller;
use crate::stream::{self, Form, Piece};

/// The largest body of a call that carries no file.
const MOST_BODY_BYTES: u64 = 1 << 20;

/// Its word in metrics.
const DOOR: &str = Door::Enswitch.as_str();

/// The type of every message (`docs/enswitch.md` 26).
const MESSAGE_TYPE: &str = "audio/x-wav";

/// What a call comes to.
enum Outcome {
    Reply(Reply),
    Audio(Box<Playable>, AudioReply),
}

/// Answers a call of this dialect.
pub(super) async fn answer(app: &Arc<App>, target: Target, request: Request) -> Response {
    let Target::Function(function) = target else {
        let rule = StatusRule::of(app.settings.enswitch_mirror, None);
        return reply("/api/json/unknown", Reply::failure(&Failure::NoSuchFunction, rule));
    };
    let route = function.path();
    let (parts, body) = request.into_parts();
    let caller = Caller::of(&parts.extensions);
    let query = parts.uri.query().unwrap_or_default();
    let mut parameters = Parameters::from_query(function, query.as_bytes());
    let mut spool = None;
    if parts.method == Method::POST {
        match receive(app, caller, &parameters, &parts, body).await {
            Ok((form, spooled)) => {
                parameters = parameters.with_body(form);
                spool = spooled;
            }
            Err(failure) => {
                let rule = StatusRule::of(app.settings.enswitch_mirror, Some(&parameters));
                return reply(route, Reply::failure(&failure, rule));
            }
        }
    }
    if let Err(allow) = check_method(parts.method.as_str(), &parameters) {
        return reply(route, Reply::method_not_allowed(allow));
    }
    let rule = StatusRule::of(app.settings.enswitch_mirror, Some(&parameters));
    let head_only = parts.method == Method::HEAD;
    let outcome = carry_out(app, caller, &parameters, spool).await;
    let released = match outcome {
        Ok(Outcome::Audio(playable, audio)) => release(app, route, &playable, audio, head_only).await,
        Ok(Outcome::Reply(done)) => Ok(reply(route, done)),
        Err(failure) => Err(failure),
    };
    released.unwrap_or_else(|failure| reply(route, Reply::failure(&failure, rule)))
}

/// The order of checks is that of `docs/enswitch.md` 13.
async fn carry_out(
    app: &Arc<App>,
    caller: Caller,
    parameters: &Parameters,
    spool: Option<Spool>,
) -> Result<Outcome, Failure> {
    let principal = admit(app, caller, parameters).await?;
    match Call::from_parameters(parameters).map_err(Failure::Input)? {
        Call::HuntgroupsFilesDownload(call) => download(app, &principal, call).await,
        Call::HuntgroupsFilesUpload(call) => upload(app, &principal, call, spool).await,
        Call::HuntgroupsFilesDelete(call) => {
            let (hunt_group, level) = place(call.huntgroup, call.level)?;
            app.services
                .messages
                .clear(&principal, hunt_group, level)
                .await
                .map_err(|error| failed(&error))?;
            Ok(Outcome::Reply(Reply::done()))
        }
        // Paths lead to what is served alone.
        _ => Err(Failure::NoSuchFunction),
    }
}

/// Who calls, if their role has the function at all.
async fn admit(app: &Arc<App>, caller: Caller, parameters: &Parameters) -> Result<Principal, Failure> {
    let principal = authenticate(app, caller, parameters).await?;
    let verb = match parameters.function() {
        Function::HuntgroupsFilesDownload => Verb::Download,
        Function::HuntgroupsFilesUpload => Verb::Change,
        Function::HuntgroupsFilesDelete => Verb::Delete,
        _ => return Err(Failure::NoSuchFunction),
    };
    app.services.gate.privilege(&principal, Kind::Message, verb).map_err(|error| failed(&error))?;
    Ok(principal)
}

async fn authenticate(app: &Arc<App>, caller: Caller, parameters: &Parameters) -> Result<Principal, Failure> {
    let Some(Credentials::Password { username, password }) = Credentials::from_parameters(parameters) else {
        // There are no tokens of this dialect yet, so none is a right one.
        return Err(Failure::Unauthenticated);
    };
    let peer = caller.address();
    let password = PasswordMd5::of_password(&password);
    let attempt = Attempt { door: Door::Enswitch, username: username.reveal(), password: &password, peer };
    match app.services.logins.verify(attempt).await {
        Ok(account) => Ok(Principal::of_account(&account, Door::Enswitch, peer)),
        Err(refused) => {
            app.metrics.login_failed(DOOR);
            match &refused {
                LoginRefused::Failed(error) => {
                    tracing::error!(
                        error = error as &dyn std::error::Error,
                        "a login at the Enswitch door failed"
                    );
                }
                _ => tracing::warn!(client = %peer, door = DOOR, "login refused: {refused}"),
            }
            Err(Failure::from(&refused))
        }
    }
}

async fn download(app: &Arc<App>, principal: &Principal, call: DownloadCall) -> Result<Outcome, Failure> {
    let (hunt_group, level) = place(call.huntgroup, call.level)?;
    let messages = &app.services.messages;
    if call.wanted == Wanted::Check {
        let found = messages.exists(principal, hunt_group, level).await.map_err(|error| failed(&error))?;
        return Ok(Outcome::Reply(Reply::found(found)));
    }
    let playable = messages.open(principal, hunt_group, level).await.map_err(|error| failed(&error))?;
    let file = AudioFile {
        id: call.huntgroup,
        name: &playable.file_name,
        mimetype: MESSAGE_TYPE,
        size_bytes: playable.audio.size_bytes,
        escaped_bytes: playable.audio.escaped_len,
    };
    let reply = match call.wanted {
        Wanted::Bare(encoding) => AudioReply::bare(file, encoding),
        Wanted::Json(encoding) => AudioReply::wrapped(file, encoding),
        Wanted::Check => return Err(Failure::Internal),
    };
    Ok(Outcome::Audio(Box::new(playable), reply))
}

async fn release(
    app: &Arc<App>,
    route: &'static str,
    playable: &Playable,
    reply: AudioReply,
    head_only: bool,
) -> Result<Response, Failure> {
    let mut headers = reply.headers;
    headers.push(("content-length", reply.content_length.to_string()));
    if head_only {
        return Ok(respond(route, 200, headers, Body::empty()));
    }
    let reader = playable.release(Released::Whole).await.map_err(|error| failed(&error))?;
    let form = match reply.form {
        response::Form::Exact => Form::Exact,
        response::Form::Escaped => Form::Escaped,
        response::Form::Base64 => Form::Base64,
    };
    let pieces = vec![
        Piece::Bytes(reply.prefix.into()),
        Piece::Audio(0..playable.audio.size_bytes, form),
        Piece::Bytes(Bytes::from_static(reply.suffix)),
    ];
    Ok(respond(route, 200, headers, stream::body(reader, pieces, &app.budget, &app.metrics, DOOR)))
}

async fn upload(
    app: &Arc<App>,
    principal: &Principal,
    call: UploadCall,
    spool: Option<Spool>,
) -> Result<Outcome, Failure> {
    let (hunt_group, level) = place(call.huntgroup, call.level)?;
    let messages = &app.services.messages;
    match call.source {
        Source::Sound(sound) => {
            let put = messages.put_sound(principal, hunt_group, level, SoundId(sound)).await;
            put.map_err(|error| failed(&error))?;
        }
        Source::Audio(SentAudio { place, file_name, bytes }) => {
            if bytes > app.spools.largest_bytes() {
                return Err(Failure::Input(vec![Fault::too_large(app.spools.largest_bytes())]));
            }
            let mut message = match messages.begin(principal, hunt_group, level, Some(bytes)).await {
                Ok(message) => message,
                Err(error @ Error::PlanForbids(_)) => {
                    // What is no message at all is told before that (`docs/enswitch.md` 13).
                    let mut probe = messages.probe();
                    let poured = pour(place, spool, &mut probe).await;
                    let fault = poured.is_ok().then(|| probe.finish().err()).flatten();
                    return Err(failed(&fault.unwrap_or(error)));
                }
                Err(error) => return Err(failed(&error)),
            };
            if let Err(error) = pour(place, spool, &mut message.incoming).await {
                message.incoming.abandon().await;
                return Err(unpoured(error));
            }
            let name = name::of_upload(file_name.as_deref(), call.huntgroup, call.level);
            messages.put(principal, message, Some(&name)).await.map_err(|error| failed(&error))?;
        }
    }
    Ok(Outcome::Reply(Reply::done()))
}

/// Hands the audio of an upload on, wherever it was sent.
async fn pour(place: AudioPlace, spool: Option<Spool>, into: &mut impl Sink) -> Result<(), PourError> {
    match (place, spool) {
        (AudioPlace::Query(bytes), _) => Ok(into.take(bytes.into()).await?),
        (AudioPlace::Body, Some(spool)) => spool.pour(into).await,
        (AudioPlace::Body, None) => Ok(()),
    }
}

fn unpoured(error: PourError) -> Failure {
    match error {
        PourError::Intake(error) => failed(&error),
        PourError::Spool(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the spool of an upload failed");
            Failure::Internal
        }
    }
}

/// Receives a body. Credentials in the query are judged first, so that a file is only spooled for a stranger when its
/// sender says in the body alone who they are.
async fn receive(
    app: &Arc<App>,
    caller: Caller,
    query: &Parameters,
    parts: &Parts,
    body: Body,
) -> Result<(SentForm, Option<Spool>), Failure> {
    let takes_file = query.function() == Function::HuntgroupsFilesUpload;
    let pieces = |body, sender| match takes_file {
        true => {
            let too_large = Fault::too_large(app.spools.largest_bytes());
            Pieces::new(body, sender, app.spools.most_body_bytes(), too_large)
        }
        false => Pieces::new(body, sender, MOST_BODY_BYTES, Fault::new("", "The body is too long.")),
    };
    if !takes_file {
        return Ok(read_form(query.function(), parts, pieces(body, Sender::Stranger), None).await);
    }
    let sender = match Credentials::from_parameters(query) {
        None => Sender::Stranger,
        Some(_) => match admit(app, caller, query).await {
            Ok(_) => Sender::Known,
            Err(failure) => {
                // Who waits to be told to go on with the body has not sent it, and reads the answer at once.
                if !parts.headers.contains_key(header::EXPECT) {
                    pieces(body, Sender::Stranger).discard().await;
                }
                return Err(failure);
            }
        },
    };
    let spool = match sender {
        Sender::Known => app.spools.open_for_known(caller.address()),
        Sender::Stranger => app.spools.open_for_stranger(caller.address()),
    };
    if spool.is_none() {
        tracing::warn!(client = %caller.address(), ?sender, "an upload was refused, too many are under way");
        return Err(Failure::Busy);
    }
    Ok(read_form(query.function(), parts, pieces(body, sender), spool).await)
}

/// Reads a body through the dialect's form reader. What is wrong with it stays in the form until the caller is known.
async fn read_form(
    function: Function,
    parts: &Parts,
    mut pieces: Pieces,
    mut spool: Option<Spool>,
) -> (SentForm, Option<Spool>) {
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mut reader = FormReader::new(function, content_type);
    let mut audio = Vec::new();
    loop {
        match pieces.next().await {
            Ok(Some(piece)) => {
                reader.push(&piece, &mut audio);
                keep(&mut spool, &mut audio).await;
            }
            Ok(None) => {
                let form = reader.finish(&mut audio);
                keep(&mut spool, &mut audio).await;
                return (form, spool);
            }
            Err(fault) => return (reader.break_off(fault), spool),
        }
    }
}

async fn keep(spool: &mut Option<Spool>, audio: &mut Vec<u8>) {
    match spool {
        Some(spool) => spool.take(audio).await,
        None => audio.clear(),
    }
}

fn place(hunt_group: i64, level: u8) -> Result<(HuntGroupId, Level), Failure> {
    let level = Level::new(i64::from(level)).ok_or(Failure::Internal)?;
    Ok((HuntGroupId(hunt_group), level))
}

/// The failure of a use case; what is no client's doing goes to the log, where alone its cause is told.
fn failed(error: &Error) -> Failure {
    let failure = Failure::from(error);
    if matches!(failure, Failure::Internal | Failure::Unreadable) {
        tracing::error!(error = error as &dyn std::error::Error, "a call of the Enswitch dialect failed");
    }
    failure
}

fn reply(route: &'static str, reply: Reply) -> Response {
    respond(route, reply.status, reply.headers, Body::from(reply.body))
}
