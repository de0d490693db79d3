//! `huntgroups/destinations/*`.

use callvault_core::Error;
use callvault_core::destination::{
    Destination, DestinationChange, DestinationDetails, DestinationKind, NewDestination,
};
use callvault_core::gate::Verb;
use callvault_core::id::{DestinationId, HuntGroupId};
use callvault_wire::enswitch::error::Failure;
use callvault_wire::enswitch::request::hunt_groups::destinations::{Create, Get, List, Settings, Update};
use callvault_wire::enswitch::response::Reply;
use callvault_wire::enswitch::response::rows::{self, ListPieces};
use callvault_wire::enswitch::schema::values::{CallerIdSuffix, Description, DestinationKind as SentKind};

use super::levels::kept;
use super::lists::Rows;
use super::{Outcome, Visit, unreadable};

pub(super) async fn create(visit: &Visit<'_>, call: Create) -> Result<Outcome, Failure> {
    let details = DestinationDetails {
        level: kept(call.level)?,
        kind: kind(call.kind),
        number: call.number.as_str().to_owned(),
        append_caller_id: call.settings.append_callerid.as_str().to_owned(),
        available: call.settings.available,
        screen: call.settings.screen,
        description: call.settings.description.as_str().to_owned(),
    };
    let new = NewDestination { id: None, hunt_group: HuntGroupId(call.huntgroup), details };
    let destinations = &visit.app.services.destinations;
    let reply = if call.validation.only {
        destinations.try_add(&visit.principal, new).await.map(|()| Reply::valid())
    } else {
        destinations.add(&visit.principal, new).await.map(|id| Reply::created(id.0))
    };
    reply.map(Outcome::Reply).map_err(|error| visit.failed(&error))
}

pub(super) async fn get(visit: &Visit<'_>, call: Get) -> Result<Outcome, Failure> {
    let destinations = &visit.app.services.destinations;
    let found = match call {
        Get::Id(id) => destinations.find(&visit.principal, Verb::See, DestinationId(id)).await,
        Get::Place { kind: sent, number, huntgroup, level } => {
            let place = (HuntGroupId(huntgroup), kept(level)?);
            destinations.find_on_level(&visit.principal, place, kind(sent), number.as_str()).await
        }
    };
    let destination = found.map_err(|error| visit.failed(&error))?;
    let settings = shown(&destination.details).map_err(|error| visit.failed(&error))?;
    Ok(Outcome::Reply(Reply::row(&row(&destination, &settings))))
}

pub(super) async fn list(visit: &Visit<'_>, call: List) -> Result<Outcome, Failure> {
    let (app, principal) = (visit.app.clone(), visit.principal.clone());
    let rows = Rows {
        next: move |page| {
            let (app, principal, call) = (app.clone(), principal.clone(), call.clone());
            async move {
                let destinations = &app.services.destinations;
                match call {
                    List::OfHuntGroup(id) => destinations.list(&principal, HuntGroupId(id), page).await,
                    List::WithNumber { kind: sent, number } => {
                        destinations.with_number(&principal, kind(sent), number.as_str(), page).await
                    }
                }
            }
        },
        key: |row: &Destination| row.id,
        write: |destination, pieces: &mut ListPieces| {
            let settings = shown(&destination.details)?;
            Ok(pieces.row(&row(destination, &settings)))
        },
    };
    rows.body().await.map(Outcome::List).map_err(|error| visit.failed(&error))
}

pub(super) async fn update(visit: &Visit<'_>, call: Update) -> Result<Outcome, Failure> {
    let id = DestinationId(call.id);
    let change = DestinationChange {
        level: call.level.map(kept).transpose()?,
        kind: call.kind.map(kind),
        number: call.number.map(|number| number.as_str().to_owned()),
        append_caller_id: call.changes.append_callerid.map(|text| text.as_str().to_owned()),
        available: call.changes.available,
        screen: call.changes.screen,
        description: call.changes.description.map(|text| text.as_str().to_owned()),
    };
    let destinations = &visit.app.services.destinations;
    let reply = if call.validation.only {
        destinations.try_change(&visit.principal, id, change).await.map(|()| Reply::valid())
    } else {
        destinations.change(&visit.principal, id, change).await.map(|()| Reply::done())
    };
    reply.map(Outcome::Reply).map_err(|error| visit.failed(&error))
}

pub(super) async fn delete(visit: &Visit<'_>, id: i64) -> Result<Outcome, Failure> {
    let removed = visit.app.services.destinations.remove(&visit.principal, DestinationId(id)).await;
    removed.map_err(|error| visit.failed(&error))?;
    Ok(Outcome::Reply(Reply::done()))
}

fn kind(sent: SentKind) -> DestinationKind {
    match sent {
        SentKind::Forward => DestinationKind::Forward,
        SentKind::Peer => DestinationKind::Peer,
        SentKind::Phone => DestinationKind::Phone,
        SentKind::SipUri => DestinationKind::SipUri,
    }
}

fn row<'a>(destination: &'a Destination, settings: &'a Settings) -> rows::Destination<'a> {
    let details = &destination.details;
    rows::Destination {
        id: destination.id.0,
        huntgroup: destination.hunt_group.0,
        level: details.level.number(),
        kind: match details.kind {
            DestinationKind::Forward => SentKind::Forward,
            DestinationKind::Peer => SentKind::Peer,
            DestinationKind::Phone => SentKind::Phone,
            DestinationKind::SipUri => SentKind::SipUri,
        },
        number: &details.number,
        settings,
    }
}

fn shown(details: &DestinationDetails) -> Result<Settings, Error> {
    words(details).ok_or_else(|| unreadable("destination"))
}

/// The settings in the words of the dialect.
fn words(details: &DestinationDetails) -> Option<Settings> {
    Some(Settings {
        append_callerid: CallerIdSuffix::new(&details.append_caller_id)?,
        available: details.available,
        screen: details.screen,
        description: Description::new(&details.description)?,
    })
}
