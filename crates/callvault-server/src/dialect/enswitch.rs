//! The routes of the Enswitch dialect.

mod audio;
mod body;
mod call_words;
mod cdrs;
mod customers;
mod destinations;
mod entry;
mod features;
mod files;
mod hunt_groups;
mod levels;
mod lists;
mod people;
mod record_groups;
mod recordings;
mod sound_files;
mod sounds;
mod user;

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use callvault_core::Error;
use callvault_core::gate::Principal;
use callvault_core::listen::Door;
use callvault_core::person::Account;
use callvault_core::port::catalog::CatalogError;
use callvault_core::service::playback::{Playable, Released};
use callvault_wire::enswitch::auth::Credentials;
use callvault_wire::enswitch::error::{Failure, Fault};
use callvault_wire::enswitch::form::FormReader;
use callvault_wire::enswitch::parameters::{Form as SentForm, Parameters};
use callvault_wire::enswitch::path::{Function, Target};
use callvault_wire::enswitch::request::{Call, check_method};
use callvault_wire::enswitch::response::rows::list_headers;
use callvault_wire::enswitch::response::{self, AudioReply, Reply, StatusRule};
use http::request::Parts;
use http::{Method, header};

use self::body::Pieces;
use self::entry::{Entrant, Proof, admit};
use super::respond;
use super::spool::Spool;
use crate::app::App;
use crate::caller::Caller;
use crate::small_body::{NoRoom, Room, Sender};
use crate::stream::{self, Form, Piece};

/// The largest body of a call that carries no file.
const MOST_BODY_BYTES: u64 = 1 << 20;

/// Its word in metrics.
const DOOR: &str = Door::Enswitch.as_str();

/// What a call comes to.
enum Outcome {
    Reply(Reply),
    List(Body),
    Audio(Box<Playable>, AudioReply),
}

/// A call whose caller may make it.
struct Visit<'a> {
    app: &'a Arc<App>,
    principal: Principal,
    function: Function,
    /// What the file of an upload is called.
    file_name: Option<String>,
    /// The account of who calls.
    account: Arc<Account>,
    proof: Proof,
    peer: IpAddr,
}

/// Answers a call of this dialect.
pub(super) async fn answer(app: Arc<App>, target: Target, request: Request) -> Response {
    let app = &app;
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
    let mut room = app.bodies.room(Sender::unverified(caller));
    if parts.method == Method::POST {
        match receive(app, caller, &parameters, &parts, body, &mut room).await {
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
        Ok(Outcome::List(body)) => Ok(respond(route, 200, list_headers(), body)),
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
    let Entrant { principal, account, proof } = admit(app, caller, parameters).await?;
    let (function, peer) = (parameters.function(), caller.address());
    let call = Call::from_parameters(parameters).map_err(Failure::Input)?;
    let file_name = call.upload_name(parameters.file_name());
    let visit = Visit { app, principal, function, file_name, account, proof, peer };
    match call {
        Call::HuntgroupsCreate(call) => hunt_groups::create(&visit, call).await,
        Call::HuntgroupsGet(call) => hunt_groups::get(&visit, call.id).await,
        Call::HuntgroupsUpdate(call) => hunt_groups::update(&visit, call).await,
        Call::HuntgroupsList(call) => hunt_groups::list(&visit, &call).await,
        Call::HuntgroupsDelete(call) => hunt_groups::delete(&visit, call.id).await,
        Call::HuntgroupsLevelsGet(call) => levels::get(&visit, &call).await,
        Call::HuntgroupsLevelsSet(call) => levels::set(&visit, &call).await,
        Call::HuntgroupsDestinationsCreate(call) => destinations::create(&visit, call).await,
        Call::HuntgroupsDestinationsGet(call) => destinations::get(&visit, call).await,
        Call::HuntgroupsDestinationsList(call) => destinations::list(&visit, call).await,
        Call::HuntgroupsDestinationsUpdate(call) => destinations::update(&visit, call).await,
        Call::HuntgroupsDestinationsDelete(call) => destinations::delete(&visit, call.id).await,
        Call::HuntgroupsFilesDownload(call) => files::download(&visit, call).await,
        Call::HuntgroupsFilesUpload(call) => files::upload(&visit, call, spool).await,
        Call::HuntgroupsFilesDelete(call) => files::delete(&visit, call).await,
        Call::SoundsCreate(call) => sounds::create(&visit, call).await,
        Call::SoundsGet(call) => sounds::get(&visit, call.id).await,
        Call::SoundsUpdate(call) => sounds::update(&visit, call).await,
        Call::SoundsList(call) => sounds::list(&visit, &call).await,
        Call::SoundsDelete(call) => sounds::delete(&visit, call.id).await,
        Call::SoundsFilesDownload(call) => sound_files::download(&visit, call).await,
        Call::SoundsFilesUpload(call) => sound_files::upload(&visit, call, spool).await,
        Call::SoundsFilesDelete(call) => sound_files::delete(&visit, call).await,
        Call::PeopleList(call) => people::list(&visit, call).await,
        Call::PeopleGet(call) => people::get(&visit, call).await,
        Call::PeopleCreate(call) => people::create(&visit, call).await,
        Call::PeopleUpdate(call) => people::update(&visit, call).await,
        Call::PeopleDelete(call) => people::delete(&visit, &call).await,
        Call::RolesList(_) => people::roles(&visit).await,
        Call::CustomersList(call) => customers::list(&visit, &call).await,
        Call::CustomersGet(call) => customers::get(&visit, call.id).await,
        Call::CustomersCreate(call) => customers::create(&visit, call).await,
        Call::CustomersUpdate(call) => customers::update(&visit, call).await,
        Call::CustomersDelete(call) => customers::delete(&visit, call.id).await,
        Call::RecordingGroupsCreate(call) => record_groups::create(&visit, call).await,
        Call::RecordingGroupsGet(call) => record_groups::get(&visit, call.id).await,
        Call::RecordingGroupsUpdate(call) => record_groups::update(&visit, call).await,
        Call::RecordingGroupsList(call) => record_groups::list(&visit, &call).await,
        Call::RecordingGroupsDelete(call) => record_groups::delete(&visit, call.id).await,
        Call::RecordingRecordingsList(call) => recordings::list(&visit, call).await,
        Call::RecordingRecordingsGet(call) => recordings::get(&visit, &call).await,
        Call::RecordingRecordingsCopy(call) => recordings::copy(&visit, &call).await,
        Call::RecordingRecordingsUpdate(call) => recordings::update(&visit, &call).await,
        Call::RecordingRecordingsDelete(call) => recordings::delete(&visit, &call).await,
        Call::CdrsList(call) => cdrs::list(&visit, call).await,
        Call::UserLogin(call) => user::login(&visit, &call).await,
        Call::UserSwitch(call) => user::switch(&visit, &call).await,
        // The files of features; paths lead to what is served alone.
        // They are seldom asked for, and larger than all others: in a box they do not make the future of every call as large.
        call => Box::pin(features::carry_out(&visit, call, spool)).await,
    }
}

async fn release(
    app: &Arc<App>,
    route: &'static str,
    playable: &Playable,
    reply: AudioReply,
    head_only: bool,
) -> Result<Response, Failure> {
    let mut headers = reply.headers;
    headers.push(("content-length", reply.content_length.to_string().into()));
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

/// Receives a body. Credentials in the query are judged first, so that a file is only spooled for a stranger when its
/// sender says in the body alone who they are. The values that are kept have `room` until they are used.
async fn receive(
    app: &Arc<App>,
    caller: Caller,
    query: &Parameters,
    parts: &Parts,
    body: Body,
    room: &mut Room,
) -> Result<(SentForm, Option<Spool>), Failure> {
    let takes_file = query.function().takes_file();
    let stranger = Sender::Stranger(caller.address());
    let pieces = |body, sender| match takes_file {
        true => {
            let too_large = Fault::too_large(app.spools.largest_bytes());
            Pieces::new(body, sender, app.spools.most_body_bytes(), too_large)
        }
        false => Pieces::new(body, sender, MOST_BODY_BYTES, Fault::new("", "The body is too long.")),
    };
    if !takes_file {
        return read_form(query.function(), parts, pieces(body, stranger), None, room).await;
    }
    let sender = match Credentials::from_parameters(query) {
        None => stranger,
        Some(_) => match admit(app, caller, query).await {
            Ok(_) => Sender::verified(caller),
            Err(failure) => {
                // Who waits to be told to go on with the body has not sent it, and reads the answer at once.
                if !parts.headers.contains_key(header::EXPECT) {
                    pieces(body, stranger).discard().await;
                }
                return Err(failure);
            }
        },
    };
    let spool = match sender {
        Sender::Known(_) | Sender::Operator => app.spools.open_for_known(caller.address()),
        Sender::Stranger(address) => app.spools.open_for_stranger(address),
    };
    if spool.is_none() {
        tracing::warn!(client = %caller.address(), ?sender, "an upload was refused, too many are under way");
        return Err(Failure::Busy);
    }
    if sender != stranger {
        *room = app.bodies.room(sender);
    }
    read_form(query.function(), parts, pieces(body, sender), spool, room).await
}

/// Reads a body through the dialect's form reader. What is wrong with it stays in the form until the caller is known;
/// only that there is no room for it cannot wait.
async fn read_form(
    function: Function,
    parts: &Parts,
    mut pieces: Pieces,
    mut spool: Option<Spool>,
    room: &mut Room,
) -> Result<(SentForm, Option<Spool>), Failure> {
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mut reader = FormReader::new(function, content_type);
    let mut audio = Vec::new();
    loop {
        match pieces.next().await {
            Ok(Some(piece)) => {
                reader.push(&piece, &mut audio);
                room.hold(reader.held_bytes()).map_err(|NoRoom| Failure::Busy)?;
                keep(&mut spool, &mut audio).await;
            }
            Ok(None) => {
                let form = reader.finish(&mut audio);
                keep(&mut spool, &mut audio).await;
                return Ok((form, spool));
            }
            Err(fault) => return Ok((reader.break_off(fault), spool)),
        }
    }
}

async fn keep(spool: &mut Option<Spool>, audio: &mut Vec<u8>) {
    match spool {
        Some(spool) => spool.take(audio).await,
        None => audio.clear(),
    }
}

impl Visit<'_> {
    /// The failure of a use case in the words of the function (`docs/enswitch.md` 15, 45 and 47).
    fn failed(&self, error: &Error) -> Failure {
        match error {
            Error::NotFound { what: "customer" } => no_such_reference("customer"),
            Error::NotFound { what: "owner" } => no_such_reference("owner"),
            // A function about record groups says so itself; every other one refers to them.
            Error::NotFound { what: "record group" } => match self.function.no_such() {
                Some(failure) if self.function.path().starts_with("recording/groups/") => failure,
                _ if self.function == Function::RecordingRecordingsCopy => no_such_reference("destination"),
                _ => no_such_reference("recordgroup"),
            },
            // The dialect judged each value before; what is left is what an update makes of an exit (30).
            Error::Contradicts { fields } => numbers_of_hangup(fields),
            Error::NotFound {
                what: "hunt group" | "destination" | "sound" | "feature" | "recording" | "person",
            } => self.function.no_such().unwrap_or(Failure::NoSuchHuntgroup),
            Error::NotFound { what: "file" } => self.function.no_file().unwrap_or(Failure::NoMessage),
            other => failed(other),
        }
    }
}

/// What is kept is within the bounds of the dialect; a row that is not was changed by other hands.
fn unreadable(what: &'static str) -> Error {
    Error::Catalog(CatalogError::Unreadable { what })
}

fn no_such_reference(key: &'static str) -> Failure {
    Failure::Input(vec![Fault::no_such_reference(key)])
}

fn numbers_of_hangup(exits: &[&'static str]) -> Failure {
    let key = |exit: &&str| match *exit {
        "default_exit" => "dnumber",
        "unavailable_exit" => "anumber",
        _ => "bnumber",
    };
    Failure::Input(exits.iter().map(key).map(Fault::number_of_hangup).collect())
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
