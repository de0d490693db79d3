//! `huntgroups/files/*`: the messages of levels.

use callvault_core::Error;
use callvault_core::hunt_group::Level;
use callvault_core::id::{HuntGroupId, SoundId};
use callvault_wire::enswitch::error::{Failure, Fault};
use callvault_wire::enswitch::name;
use callvault_wire::enswitch::parameters::{AudioPlace, SentAudio};
use callvault_wire::enswitch::request::huntgroup_files::{
    DeleteCall, DownloadCall, Source, UploadCall, Wanted,
};
use callvault_wire::enswitch::response::{AudioFile, AudioReply, Reply};

use super::{Outcome, Visit, failed};
use crate::dialect::spool::{PourError, Sink, Spool};

/// The type of every message (`docs/enswitch.md` 26).
const MESSAGE_TYPE: &str = "audio/x-wav";

pub(super) async fn download(visit: &Visit<'_>, call: DownloadCall) -> Result<Outcome, Failure> {
    let (hunt_group, level) = place(call.huntgroup, call.level)?;
    let messages = &visit.app.services.messages;
    if call.wanted == Wanted::Check {
        let found =
            messages.exists(&visit.principal, hunt_group, level).await.map_err(|error| failed(&error))?;
        return Ok(Outcome::Reply(Reply::found(found)));
    }
    let playable =
        messages.open(&visit.principal, hunt_group, level).await.map_err(|error| failed(&error))?;
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

pub(super) async fn delete(visit: &Visit<'_>, call: DeleteCall) -> Result<Outcome, Failure> {
    let (hunt_group, level) = place(call.huntgroup, call.level)?;
    let cleared = visit.app.services.messages.clear(&visit.principal, hunt_group, level).await;
    cleared.map_err(|error| failed(&error))?;
    Ok(Outcome::Reply(Reply::done()))
}

pub(super) async fn upload(
    visit: &Visit<'_>,
    call: UploadCall,
    spool: Option<Spool>,
) -> Result<Outcome, Failure> {
    let (hunt_group, level) = place(call.huntgroup, call.level)?;
    let Visit { app, principal, .. } = visit;
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

fn place(hunt_group: i64, level: u8) -> Result<(HuntGroupId, Level), Failure> {
    let level = Level::new(i64::from(level)).ok_or(Failure::Internal)?;
    Ok((HuntGroupId(hunt_group), level))
}
