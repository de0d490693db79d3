//! `huntgroups/create`, `get`, `update`, `list` and `delete`.

use callvault_core::Error;
use callvault_core::gate::Verb;
use callvault_core::hunt_group::settings::{
    Exit as KeptExit, ExitChange as KeptExitChange, HuntGroupSettings, HuntGroupSettingsChange, RingOrder,
    Screening,
};
use callvault_core::hunt_group::{HuntGroup, HuntGroupChange};
use callvault_core::id::{CustomerId, HuntGroupId, PersonId, RecordGroupId};
use callvault_core::service::hunt_groups::HuntGroupToAdd;
use callvault_wire::enswitch::error::Failure;
use callvault_wire::enswitch::request::hunt_groups::{Changes, Create, Settings, Update};
use callvault_wire::enswitch::response::Reply;
use callvault_wire::enswitch::response::rows::{self, ListPieces};
use callvault_wire::enswitch::schema::InCustomer;
use callvault_wire::enswitch::schema::exit::{Exit, ExitChange, ExitKind};
use callvault_wire::enswitch::schema::values::{
    Description, ExitNumber, Reference, RingOrder as SentOrder, Screen, Seconds,
};

use super::lists::Rows;
use super::{Outcome, Visit, unreadable};

pub(super) async fn create(visit: &Visit<'_>, call: Create) -> Result<Outcome, Failure> {
    let new = HuntGroupToAdd {
        id: None,
        customer: call.place.customer.0.map(CustomerId),
        name: call.name.as_str().to_owned(),
        owner: call.settings.owner.0.map(PersonId),
        settings: settings_change(call.settings.into()),
    };
    let hunt_groups = &visit.app.services.hunt_groups;
    let reply = if call.validation.only {
        hunt_groups.try_add(&visit.principal, new).await.map(|()| Reply::valid())
    } else {
        hunt_groups.add(&visit.principal, new).await.map(|id| Reply::created(id.0))
    };
    reply.map(Outcome::Reply).map_err(|error| visit.failed(&error))
}

pub(super) async fn get(visit: &Visit<'_>, id: i64) -> Result<Outcome, Failure> {
    let found = visit.app.services.hunt_groups.find(&visit.principal, Verb::See, HuntGroupId(id)).await;
    let hunt_group = found.map_err(|error| visit.failed(&error))?;
    let settings = shown(&hunt_group).map_err(|error| visit.failed(&error))?;
    Ok(Outcome::Reply(Reply::row(&row(&hunt_group, &settings))))
}

pub(super) async fn update(visit: &Visit<'_>, call: Update) -> Result<Outcome, Failure> {
    let id = HuntGroupId(call.id);
    let change = HuntGroupChange {
        name: call.name.map(|name| name.as_str().to_owned()),
        owner: call.changes.owner.map(|owner| owner.0.map(PersonId)),
        settings: settings_change(call.changes),
    };
    let hunt_groups = &visit.app.services.hunt_groups;
    let reply = if call.validation.only {
        hunt_groups.try_change(&visit.principal, id, change).await.map(|()| Reply::valid())
    } else {
        hunt_groups.change(&visit.principal, id, change).await.map(|()| Reply::done())
    };
    reply.map(Outcome::Reply).map_err(|error| visit.failed(&error))
}

pub(super) async fn list(visit: &Visit<'_>, call: &InCustomer) -> Result<Outcome, Failure> {
    let (app, principal) = (visit.app.clone(), visit.principal.clone());
    let customer = call.customer.0.map(CustomerId);
    let rows = Rows {
        next: move |page| {
            let (app, principal) = (app.clone(), principal.clone());
            async move { app.services.hunt_groups.list(&principal, customer, page).await }
        },
        key: |row: &HuntGroup| row.id,
        write: |hunt_group, pieces: &mut ListPieces| {
            shown(hunt_group).map(|settings| pieces.row(&row(hunt_group, &settings)))
        },
    };
    rows.body().await.map(Outcome::List).map_err(|error| visit.failed(&error))
}

pub(super) async fn delete(visit: &Visit<'_>, id: i64) -> Result<Outcome, Failure> {
    let removed = visit.app.services.hunt_groups.remove(&visit.principal, HuntGroupId(id)).await;
    removed.map_err(|error| visit.failed(&error))?;
    Ok(Outcome::Reply(Reply::done()))
}

fn row<'a>(hunt_group: &'a HuntGroup, settings: &'a Settings) -> rows::HuntGroup<'a> {
    rows::HuntGroup { id: hunt_group.id.0, customer: hunt_group.customer.0, name: &hunt_group.name, settings }
}

fn shown(hunt_group: &HuntGroup) -> Result<Settings, Error> {
    words(hunt_group).ok_or_else(|| unreadable("hunt group"))
}

/// The settings in the words of the dialect.
fn words(hunt_group: &HuntGroup) -> Option<Settings> {
    let HuntGroupSettings { description, default_exit, unavailable_exit, busy_exit, .. } =
        &hunt_group.settings;
    let settings = &hunt_group.settings;
    let exit = |exit: &KeptExit| {
        Some(Exit { kind: ExitKind::new(&exit.kind)?, number: ExitNumber::new(&exit.number)? })
    };
    Some(Settings {
        description: Description::new(description)?,
        owner: Reference(hunt_group.owner.map(|owner| owner.0)),
        order: match settings.order {
            RingOrder::Circular => SentOrder::Circular,
            RingOrder::Linear => SentOrder::Linear,
            RingOrder::SmartCircular => SentOrder::SmartCircular,
            RingOrder::SmartLinear => SentOrder::SmartLinear,
        },
        ringtime: Seconds::new(i64::from(settings.ring_seconds))?,
        music: Reference(settings.music),
        music_ringing: settings.music_ringing,
        allow_forwards: settings.allow_forwards,
        screen: Screen::new(match settings.screen {
            Screening::None => 0,
            Screening::CallerId => 1,
            Screening::Name => 2,
        })?,
        recordgroup: Reference(settings.record_group.map(|group| group.0)),
        panel: settings.panel,
        default_exit: exit(default_exit)?,
        unavailable_exit: exit(unavailable_exit)?,
        busy_exit: exit(busy_exit)?,
    })
}

fn order(sent: SentOrder) -> RingOrder {
    match sent {
        SentOrder::Circular => RingOrder::Circular,
        SentOrder::Linear => RingOrder::Linear,
        SentOrder::SmartCircular => RingOrder::SmartCircular,
        SentOrder::SmartLinear => RingOrder::SmartLinear,
    }
}

fn screening(sent: Screen) -> Screening {
    match sent.get() {
        0 => Screening::None,
        1 => Screening::CallerId,
        _ => Screening::Name,
    }
}

/// The settings that are named; those of a new one are all.
fn settings_change(sent: Changes) -> HuntGroupSettingsChange {
    let exit = |exit: ExitChange| KeptExitChange {
        kind: exit.kind.map(|kind| kind.as_str().to_owned()),
        number: exit.number.map(|number| number.as_str().to_owned()),
    };
    HuntGroupSettingsChange {
        description: sent.description.map(|text| text.as_str().to_owned()),
        order: sent.order.map(order),
        ring_seconds: sent.ringtime.map(Seconds::get),
        music: sent.music.map(|music| music.0),
        music_ringing: sent.music_ringing,
        allow_forwards: sent.allow_forwards,
        screen: sent.screen.map(screening),
        record_group: sent.recordgroup.map(|group| group.0.map(RecordGroupId)),
        panel: sent.panel,
        default_exit: exit(sent.default_exit),
        unavailable_exit: exit(sent.unavailable_exit),
        busy_exit: exit(sent.busy_exit),
    }
}
