//! `huntgroups/files/*`: the messages of levels.

use callvault_core::hunt_group::Level;
use callvault_core::id::{HuntGroupId, SoundId};
use callvault_wire::enswitch::error::Failure;
use callvault_wire::enswitch::request::huntgroup_files::{DeleteCall, DownloadCall, Source, UploadCall};
use callvault_wire::enswitch::response::Reply;

use super::{Outcome, Visit, audio};
use crate::dialect::spool::Spool;

pub(super) async fn download(visit: &Visit<'_>, call: DownloadCall) -> Result<Outcome, Failure> {
    let (hunt_group, level) = place(call.huntgroup, call.level)?;
    let messages = &visit.app.services.messages;
    let exists = messages.exists(&visit.principal, hunt_group, level);
    let open = async { Ok((call.huntgroup, messages.open(&visit.principal, hunt_group, level).await?)) };
    audio::download(visit, call.wanted, exists, open).await
}

pub(super) async fn delete(visit: &Visit<'_>, call: DeleteCall) -> Result<Outcome, Failure> {
    let (hunt_group, level) = place(call.huntgroup, call.level)?;
    let cleared = visit.app.services.messages.clear(&visit.principal, hunt_group, level).await;
    cleared.map_err(|error| visit.failed(&error))?;
    Ok(Outcome::Reply(Reply::done()))
}

pub(super) async fn upload(
    visit: &Visit<'_>,
    call: UploadCall,
    spool: Option<Spool>,
) -> Result<Outcome, Failure> {
    let (hunt_group, level) = place(call.huntgroup, call.level)?;
    let (principal, messages) = (&visit.principal, &visit.app.services.messages);
    let put = match call.source {
        Source::Sound(sound) => messages.put_sound(principal, hunt_group, level, SoundId(sound)).await,
        Source::Audio(sent) => {
            let begin = messages.begin(principal, hunt_group, level, Some(sent.bytes));
            let message = audio::take_in(visit, sent, spool, begin).await?;
            messages.put(principal, message, visit.file_name.as_deref()).await
        }
    };
    put.map_err(|error| visit.failed(&error))?;
    Ok(Outcome::Reply(Reply::done()))
}

fn place(hunt_group: i64, level: u8) -> Result<(HuntGroupId, Level), Failure> {
    let level = Level::new(i64::from(level)).ok_or(Failure::Internal)?;
    Ok((HuntGroupId(hunt_group), level))
}
