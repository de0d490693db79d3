//! `sounds/files/*`: the files of the sound library.

use callvault_core::id::SoundId;
use callvault_wire::enswitch::error::Failure;
use callvault_wire::enswitch::request::files::{Data, Delete, Download, Sound, Upload};
use callvault_wire::enswitch::response::Reply;

use super::{Outcome, Visit, audio};
use crate::dialect::spool::Spool;

pub(super) async fn download(visit: &Visit<'_>, call: Download<Sound>) -> Result<Outcome, Failure> {
    let (principal, sounds) = (&visit.principal, &visit.app.services.sounds);
    let id = SoundId(call.file.sound);
    let open = async { Ok((id.0, sounds.open(principal, id).await?)) };
    audio::download(visit, call.wanted, sounds.exists(principal, id), open).await
}

pub(super) async fn upload(
    visit: &Visit<'_>,
    call: Upload<Sound, Data>,
    spool: Option<Spool>,
) -> Result<Outcome, Failure> {
    let (principal, sounds) = (&visit.principal, &visit.app.services.sounds);
    let Data(sent) = call.source;
    let begin = sounds.begin(principal, SoundId(call.file.sound), Some(sent.bytes));
    let filling = audio::take_in(visit, sent, spool, begin).await?;
    let filled = sounds.fill(principal, filling, visit.file_name.as_deref()).await;
    filled.map_err(|error| visit.failed(&error))?;
    Ok(Outcome::Reply(Reply::done()))
}

pub(super) async fn delete(visit: &Visit<'_>, call: Delete<Sound>) -> Result<Outcome, Failure> {
    let cleared = visit.app.services.sounds.clear(&visit.principal, SoundId(call.file.sound)).await;
    cleared.map_err(|error| visit.failed(&error))?;
    Ok(Outcome::Reply(Reply::done()))
}
