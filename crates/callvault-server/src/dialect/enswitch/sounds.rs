//! `sounds/create`, `get`, `update`, `list` and `delete`.

use callvault_core::Error;
use callvault_core::gate::Principal;
use callvault_core::id::{CustomerId, SoundId};
use callvault_core::role::Reach;
use callvault_core::service::sounds::SoundToAdd;
use callvault_core::sound::{Sound, SoundChange};
use callvault_wire::enswitch::error::Failure;
use callvault_wire::enswitch::request::sounds::{Create, Settings, Update};
use callvault_wire::enswitch::response::Reply;
use callvault_wire::enswitch::response::rows::{self, ListPieces};
use callvault_wire::enswitch::schema::InCustomer;
use callvault_wire::enswitch::schema::values::Description;

use super::lists::Rows;
use super::{Outcome, Visit, unreadable};

pub(super) async fn create(visit: &Visit<'_>, call: Create) -> Result<Outcome, Failure> {
    let new = SoundToAdd {
        id: None,
        customer: call.place.customer.0.map(CustomerId),
        name: call.name.as_str().to_owned(),
        description: call.settings.description.as_str().to_owned(),
        shared: call.settings.shared && may_share(&visit.principal),
    };
    let sounds = &visit.app.services.sounds;
    let reply = if call.validation.only {
        sounds.try_add(&visit.principal, new).await.map(|()| Reply::valid())
    } else {
        sounds.add(&visit.principal, new).await.map(|id| Reply::created(id.0))
    };
    reply.map(Outcome::Reply).map_err(|error| visit.failed(&error))
}

pub(super) async fn get(visit: &Visit<'_>, id: i64) -> Result<Outcome, Failure> {
    let found = visit.app.services.sounds.find(&visit.principal, SoundId(id)).await;
    let sound = found.map_err(|error| visit.failed(&error))?;
    let settings = shown(&sound).map_err(|error| visit.failed(&error))?;
    Ok(Outcome::Reply(Reply::row(&row(&sound, &settings))))
}

pub(super) async fn update(visit: &Visit<'_>, call: Update) -> Result<Outcome, Failure> {
    let id = SoundId(call.id);
    let change = SoundChange {
        name: call.name.map(|name| name.as_str().to_owned()),
        description: call.changes.description.map(|text| text.as_str().to_owned()),
        shared: call.changes.shared.filter(|_| may_share(&visit.principal)),
    };
    let sounds = &visit.app.services.sounds;
    let reply = if call.validation.only {
        sounds.try_change(&visit.principal, id, change).await.map(|()| Reply::valid())
    } else {
        sounds.change(&visit.principal, id, change).await.map(|()| Reply::done())
    };
    reply.map(Outcome::Reply).map_err(|error| visit.failed(&error))
}

pub(super) async fn list(visit: &Visit<'_>, call: &InCustomer) -> Result<Outcome, Failure> {
    let (app, principal) = (visit.app.clone(), visit.principal.clone());
    let customer = call.customer.0.map(CustomerId);
    let rows = Rows {
        next: move |page| {
            let (app, principal) = (app.clone(), principal.clone());
            async move { app.services.sounds.list(&principal, customer, true, page).await }
        },
        key: |row: &Sound| row.id,
        write: |sound, pieces: &mut ListPieces| {
            shown(sound).map(|settings| pieces.row(&row(sound, &settings)))
        },
    };
    rows.body().await.map(Outcome::List).map_err(|error| visit.failed(&error))
}

pub(super) async fn delete(visit: &Visit<'_>, id: i64) -> Result<Outcome, Failure> {
    let removed = visit.app.services.sounds.remove(&visit.principal, SoundId(id)).await;
    removed.map_err(|error| visit.failed(&error))?;
    Ok(Outcome::Reply(Reply::done()))
}

/// From anybody else `shared` is not honoured (`docs/enswitch.md` 64); our own API refuses it.
fn may_share(principal: &Principal) -> bool {
    principal.reach == Reach::System
}

fn row<'a>(sound: &'a Sound, settings: &'a Settings) -> rows::Sound<'a> {
    rows::Sound { id: sound.id.0, customer: sound.customer.0, name: &sound.name, settings }
}

fn shown(sound: &Sound) -> Result<Settings, Error> {
    let description = Description::new(&sound.description).ok_or_else(|| unreadable("sound"))?;
    Ok(Settings { description, shared: sound.shared })
}
