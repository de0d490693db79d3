//! What the functions of files have in common, whatever carries the file: the answer to a download, and the way of an
//! upload's bytes into a use case.
//!
//! Promises: nothing is looked up that the answer does not need, and faults of an upload come in the order of
//! `docs/enswitch.md` 13.

use callvault_core::Error;
use callvault_core::service::intake::Incoming;
use callvault_core::service::messages::MessageToPut;
use callvault_core::service::playback::Playable;
use callvault_core::service::prompts::PromptToPut;
use callvault_core::service::sounds::SoundToFill;
use callvault_wire::enswitch::error::{Failure, Fault};
use callvault_wire::enswitch::parameters::{AudioPlace, SentAudio};
use callvault_wire::enswitch::request::files::Wanted;
use callvault_wire::enswitch::response::{AudioFile, AudioReply, Reply};

use super::{Outcome, Visit, failed};
use crate::dialect::spool::{PourError, Sink, Spool};

/// The type of every file (`docs/enswitch.md` 26).
const AUDIO_TYPE: &str = "audio/x-wav";

/// A use case that has begun and waits for the bytes of a file.
pub(super) trait Begun: Send {
    /// Takes the bytes.
    fn incoming(&mut self) -> &mut Incoming;
    /// What is left to abandon when they do not come.
    fn into_incoming(self) -> Incoming;
}

impl Begun for MessageToPut {
    fn incoming(&mut self) -> &mut Incoming {
        &mut self.incoming
    }

    fn into_incoming(self) -> Incoming {
        self.incoming
    }
}

impl Begun for SoundToFill {
    fn incoming(&mut self) -> &mut Incoming {
        &mut self.incoming
    }

    fn into_incoming(self) -> Incoming {
        self.incoming
    }
}

impl Begun for PromptToPut {
    fn incoming(&mut self) -> &mut Incoming {
        &mut self.incoming
    }

    fn into_incoming(self) -> Incoming {
        self.incoming
    }
}

/// Answers a download: `exists` is asked whether there is a file, `open` for the file and for the id of what carries it;
/// one of the two runs.
pub(super) async fn download(
    visit: &Visit<'_>,
    wanted: Wanted,
    exists: impl Future<Output = Result<bool, Error>>,
    open: impl Future<Output = Result<(i64, Playable), Error>>,
) -> Result<Outcome, Failure> {
    let (encoding, is_bare) = match wanted {
        Wanted::Check => {
            let found = exists.await.map_err(|error| visit.failed(&error))?;
            return Ok(Outcome::Reply(Reply::found(found)));
        }
        Wanted::Bare(encoding) => (encoding, true),
        Wanted::Json(encoding) => (encoding, false),
    };
    let (id, playable) = open.await.map_err(|error| visit.failed(&error))?;
    let file = AudioFile {
        id,
        name: &playable.file_name,
        mimetype: AUDIO_TYPE,
        size_bytes: playable.audio.size_bytes,
        escaped_bytes: playable.audio.escaped_len,
    };
    let reply = if is_bare { AudioReply::bare(file, encoding) } else { AudioReply::wrapped(file, encoding) };
    Ok(Outcome::Audio(Box::new(playable), reply))
}

/// Hands the audio of an upload to the use case that `begin` begins; answers that, to be ended.
pub(super) async fn take_in<T: Begun>(
    visit: &Visit<'_>,
    sent: SentAudio,
    spool: Option<Spool>,
    begin: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failure> {
    // Of what is too large nothing was kept, and that is told like the rest of what is wrong with the bytes: only where there
    // is something to put them on.
    let SentAudio { place, bytes, .. } = sent;
    let app = visit.app;
    let largest_bytes = app.spools.largest_bytes();
    let too_large = || Failure::Input(vec![Fault::too_large(largest_bytes)]);
    let mut begun = match begin.await {
        Ok(begun) if bytes > largest_bytes => {
            begun.into_incoming().abandon().await;
            return Err(too_large());
        }
        Ok(begun) => begun,
        Err(Error::PlanForbids(_)) if bytes > largest_bytes => return Err(too_large()),
        Err(error @ Error::PlanForbids(_)) => {
            // What is no audio for a switch at all is told before that.
            let mut probe = app.services.messages.probe();
            let poured = pour(place, spool, &mut probe).await;
            let fault = poured.is_ok().then(|| probe.finish().err()).flatten();
            return Err(visit.failed(&fault.unwrap_or(error)));
        }
        Err(error) => return Err(visit.failed(&error)),
    };
    match pour(place, spool, begun.incoming()).await {
        Ok(()) => Ok(begun),
        Err(error) => {
            begun.into_incoming().abandon().await;
            Err(unpoured(error))
        }
    }
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
