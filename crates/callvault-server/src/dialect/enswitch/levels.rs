//! `huntgroups/levels/get` and `set`.

use callvault_core::hunt_group::Level;
use callvault_core::hunt_group::settings::LevelChange;
use callvault_core::id::HuntGroupId;
use callvault_wire::enswitch::error::Failure;
use callvault_wire::enswitch::request::hunt_groups::levels::{Get, Set, Settings};
use callvault_wire::enswitch::response::{Reply, rows};
use callvault_wire::enswitch::schema::values::{Inherited, Level as SentLevel, Seconds};

use super::{Outcome, Visit};

pub(super) async fn get(visit: &Visit<'_>, call: &Get) -> Result<Outcome, Failure> {
    let (hunt_group, level) = (HuntGroupId(call.huntgroup.0), kept(call.level)?);
    let found = visit.app.services.levels.find(&visit.principal, hunt_group, level).await;
    let kept = found.map_err(|error| visit.failed(&error))?;
    let seconds = kept.ring_seconds.map(|seconds| Seconds::new(i64::from(seconds)).ok_or(Failure::Internal));
    let settings = Settings {
        ringtime: shown(seconds.transpose()?),
        music_ringing: shown(kept.music_ringing),
        play_message: kept.play_message,
    };
    let row = rows::Level { huntgroup: hunt_group.0, level: level.number(), settings: &settings };
    Ok(Outcome::Reply(Reply::row(&row)))
}

pub(super) async fn set(visit: &Visit<'_>, call: &Set) -> Result<Outcome, Failure> {
    let (hunt_group, level) = (HuntGroupId(call.huntgroup.0), kept(call.level)?);
    let change = LevelChange {
        ring_seconds: call.changes.ringtime.map(|sent| own(sent).map(Seconds::get)),
        music_ringing: call.changes.music_ringing.map(own),
        play_message: call.changes.play_message,
    };
    let levels = &visit.app.services.levels;
    let reply = if call.validation.only {
        levels.try_change(&visit.principal, hunt_group, level, change).await.map(|()| Reply::valid())
    } else {
        levels.change(&visit.principal, hunt_group, level, change).await.map(|()| Reply::done())
    };
    reply.map(Outcome::Reply).map_err(|error| visit.failed(&error))
}

pub(super) fn kept(sent: SentLevel) -> Result<Level, Failure> {
    Level::new(i64::from(sent.get())).ok_or(Failure::Internal)
}

fn own<T>(sent: Inherited<T>) -> Option<T> {
    match sent {
        Inherited::FromHuntGroup => None,
        Inherited::Own(value) => Some(value),
    }
}

fn shown<T>(own: Option<T>) -> Inherited<T> {
    own.map_or(Inherited::FromHuntGroup, Inherited::Own)
}
