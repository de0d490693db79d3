//! `recording/groups/create`, `get`, `update`, `list` and `delete`.

use callvault_core::Error;
use callvault_core::gate::Verb;
use callvault_core::id::{CustomerId, PersonId, RecordGroupId};
use callvault_core::record_group::{Announcement, RecordGroup, RecordGroupChange, RecordGroupSettingsChange};
use callvault_core::service::record_groups::RecordGroupToAdd;
use callvault_wire::enswitch::error::{Failure, Fault};
use callvault_wire::enswitch::request::recording::groups::{Changes, Create, Settings, Update};
use callvault_wire::enswitch::response::Reply;
use callvault_wire::enswitch::response::rows::{self, ListPieces};
use callvault_wire::enswitch::schema::InCustomer;
use callvault_wire::enswitch::schema::values::{
    Days, Description, Emails, MessagePlayed, Percent, Reference, Seconds,
};

use super::lists::Rows;
use super::{Outcome, Visit, unreadable};

pub(super) async fn create(visit: &Visit<'_>, call: Create) -> Result<Outcome, Failure> {
    let new = RecordGroupToAdd {
        id: None,
        customer: call.place.customer.0.map(CustomerId),
        name: call.name.as_str().to_owned(),
        owner: call.settings.owner.0.map(PersonId),
        settings: settings_change(call.settings.into()),
    };
    let record_groups = &visit.app.services.record_groups;
    let reply = if call.validation.only {
        record_groups.try_add(&visit.principal, new).await.map(|()| Reply::valid())
    } else {
        record_groups.add(&visit.principal, new).await.map(|id| Reply::created(id.0))
    };
    reply.map(Outcome::Reply).map_err(|error| visit.failed(&error))
}

pub(super) async fn get(visit: &Visit<'_>, id: i64) -> Result<Outcome, Failure> {
    let found = visit.app.services.record_groups.find(&visit.principal, Verb::See, RecordGroupId(id)).await;
    let group = found.map_err(|error| visit.failed(&error))?;
    let settings = shown(&group).map_err(|error| visit.failed(&error))?;
    Ok(Outcome::Reply(Reply::row(&row(&group, &settings))))
}

pub(super) async fn update(visit: &Visit<'_>, call: Update) -> Result<Outcome, Failure> {
    let id = RecordGroupId(call.id);
    let change = RecordGroupChange {
        name: call.name.map(|name| name.as_str().to_owned()),
        owner: call.changes.owner.map(|owner| owner.0.map(PersonId)),
        settings: settings_change(call.changes),
    };
    let record_groups = &visit.app.services.record_groups;
    let reply = if call.validation.only {
        record_groups.try_change(&visit.principal, id, change).await.map(|()| Reply::valid())
    } else {
        record_groups.change(&visit.principal, id, change).await.map(|()| Reply::done())
    };
    reply.map(Outcome::Reply).map_err(|error| visit.failed(&error))
}

pub(super) async fn list(visit: &Visit<'_>, call: &InCustomer) -> Result<Outcome, Failure> {
    let (app, principal) = (visit.app.clone(), visit.principal.clone());
    let customer = call.customer.0.map(CustomerId);
    let rows = Rows {
        next: move |page| {
            let (app, principal) = (app.clone(), principal.clone());
            async move { app.services.record_groups.list(&principal, customer, page).await }
        },
        key: |row: &RecordGroup| row.id,
        write: |group, pieces: &mut ListPieces| {
            shown(group).map(|settings| pieces.row(&row(group, &settings)))
        },
    };
    rows.body().await.map(Outcome::List).map_err(|error| visit.failed(&error))
}

pub(super) async fn delete(visit: &Visit<'_>, id: i64) -> Result<Outcome, Failure> {
    let removed = visit.app.services.record_groups.remove(&visit.principal, RecordGroupId(id)).await;
    removed.map_err(|error| match error {
        Error::Conflict { .. } => Failure::Input(vec![Fault::holds_recordings()]),
        other => visit.failed(&other),
    })?;
    Ok(Outcome::Reply(Reply::done()))
}

fn row<'a>(group: &'a RecordGroup, settings: &'a Settings) -> rows::RecordGroup<'a> {
    rows::RecordGroup { id: group.id.0, customer: group.customer.0, name: &group.name, settings }
}

fn shown(group: &RecordGroup) -> Result<Settings, Error> {
    words(group).ok_or_else(|| unreadable("record group"))
}

/// The settings in the words of the dialect.
fn words(group: &RecordGroup) -> Option<Settings> {
    let settings = &group.settings;
    Some(Settings {
        description: Description::new(&settings.description)?,
        email: Emails::new(&settings.email)?,
        expires: Days::new(i64::from(settings.retention_days))?,
        fraction: Percent::new(i64::from(settings.fraction_percent))?,
        beep: Seconds::new(i64::from(settings.beep_seconds))?,
        owner: Reference(group.owner.map(|owner| owner.0)),
        record_in: settings.record_inbound,
        record_out: settings.record_outbound,
        transcribe: settings.transcribe,
        message: match settings.announcement {
            Announcement::None => MessagePlayed::None,
            Announcement::All => MessagePlayed::All,
            Announcement::Inbound => MessagePlayed::Inbound,
            Announcement::InboundOutbound => MessagePlayed::InboundOutbound,
            Announcement::Internal => MessagePlayed::Internal,
            Announcement::Outbound => MessagePlayed::Outbound,
        },
    })
}

fn announcement(sent: MessagePlayed) -> Announcement {
    match sent {
        MessagePlayed::None => Announcement::None,
        MessagePlayed::All => Announcement::All,
        MessagePlayed::Inbound => Announcement::Inbound,
        MessagePlayed::InboundOutbound => Announcement::InboundOutbound,
        MessagePlayed::Internal => Announcement::Internal,
        MessagePlayed::Outbound => Announcement::Outbound,
    }
}

/// The settings that are named; those of a new one are all.
fn settings_change(sent: Changes) -> RecordGroupSettingsChange {
    RecordGroupSettingsChange {
        description: sent.description.map(|text| text.as_str().to_owned()),
        email: sent.email.map(|text| text.as_str().to_owned()),
        retention_days: sent.expires.map(Days::get),
        fraction_percent: sent.fraction.map(Percent::get),
        beep_seconds: sent.beep.map(Seconds::get),
        record_inbound: sent.record_in,
        record_outbound: sent.record_out,
        transcribe: sent.transcribe,
        announcement: sent.message.map(announcement),
    }
}
