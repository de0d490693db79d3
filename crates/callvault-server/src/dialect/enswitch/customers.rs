//! `customers/*`: the customers below the caller's own (`docs/enswitch.md` 53).

use callvault_core::Error;
use callvault_core::customer::{Customer, CustomerChange};
use callvault_core::gate::Verb;
use callvault_core::id::CustomerId;
use callvault_core::service::accounts::CustomerToAdd;
use callvault_wire::enswitch::error::Failure;
use callvault_wire::enswitch::request::customers::{Create, Settings, Update};
use callvault_wire::enswitch::response::Reply;
use callvault_wire::enswitch::response::rows::{self, ListPieces};
use callvault_wire::enswitch::schema::InCustomer;
use callvault_wire::enswitch::schema::values::{Description, ZoneName};

use super::lists::Rows;
use super::people::refused;
use super::{Outcome, Visit, unreadable};

pub(super) async fn create(visit: &Visit<'_>, call: Create) -> Result<Outcome, Failure> {
    let new = CustomerToAdd {
        parent: call.place.customer.0.map(CustomerId).or(visit.principal.customer),
        name: call.name.as_str().to_owned(),
        description: call.settings.description.as_str().to_owned(),
        timezone: Some(call.settings.timezone.as_str().to_owned()),
        ..CustomerToAdd::default()
    };
    let accounts = &visit.app.services.accounts;
    let reply = if call.validation.only {
        accounts.try_add_customer(&visit.principal, new).await.map(|()| Reply::valid())
    } else {
        accounts.add_customer(&visit.principal, new).await.map(|id| Reply::created(id.0))
    };
    // What is not found is the one above it.
    reply.map(Outcome::Reply).map_err(|error| visit.failed(&error))
}

pub(super) async fn get(visit: &Visit<'_>, id: i64) -> Result<Outcome, Failure> {
    let customer = below(visit, Verb::See, id).await?;
    let settings = shown(&customer).map_err(|error| failed(visit, &error))?;
    Ok(Outcome::Reply(Reply::row(&row(&customer, &settings))))
}

pub(super) async fn update(visit: &Visit<'_>, call: Update) -> Result<Outcome, Failure> {
    let id = below(visit, Verb::Change, call.id).await?.id;
    let change = CustomerChange {
        name: call.name.map(|name| name.as_str().to_owned()),
        description: call.changes.description.map(|text| text.as_str().to_owned()),
        timezone: call.changes.timezone.map(|zone| zone.as_str().to_owned()),
        ..CustomerChange::default()
    };
    let accounts = &visit.app.services.accounts;
    let reply = if call.validation.only {
        accounts.try_change_customer(&visit.principal, id, change).await.map(|()| Reply::valid())
    } else {
        accounts.change_customer(&visit.principal, id, change).await.map(|()| Reply::done())
    };
    reply.map(Outcome::Reply).map_err(|error| failed(visit, &error))
}

pub(super) async fn list(visit: &Visit<'_>, call: &InCustomer) -> Result<Outcome, Failure> {
    let (app, principal) = (visit.app.clone(), visit.principal.clone());
    let parent = call.customer.0.map(CustomerId);
    let rows = Rows {
        next: move |page| {
            let (app, principal) = (app.clone(), principal.clone());
            async move { app.services.accounts.customers_below(&principal, parent, page).await }
        },
        key: |row: &Customer| row.id,
        write: |customer, pieces: &mut ListPieces| {
            shown(customer).map(|settings| pieces.row(&row(customer, &settings)))
        },
    };
    // What is not found is the one above them.
    rows.body().await.map(Outcome::List).map_err(|error| visit.failed(&error))
}

pub(super) async fn delete(visit: &Visit<'_>, id: i64) -> Result<Outcome, Failure> {
    let id = below(visit, Verb::Delete, id).await?.id;
    let removed = visit.app.services.accounts.remove_customer(&visit.principal, id).await;
    removed.map_err(|error| failed(visit, &error))?;
    Ok(Outcome::Reply(Reply::done()))
}

async fn below(visit: &Visit<'_>, verb: Verb, id: i64) -> Result<Customer, Failure> {
    let found = visit.app.services.accounts.customer_below(&visit.principal, verb, CustomerId(id)).await;
    found.map_err(|error| failed(visit, &error))
}

fn row<'a>(customer: &'a Customer, settings: &'a Settings) -> rows::Customer<'a> {
    rows::Customer {
        id: customer.id.0,
        parent: customer.parent.map_or(0, |parent| parent.0),
        name: &customer.name,
        settings,
    }
}

fn shown(customer: &Customer) -> Result<Settings, Error> {
    let words = || {
        let description = Description::new(&customer.description)?;
        Some(Settings { description, timezone: ZoneName::new(&customer.timezone)? })
    };
    words().ok_or_else(|| unreadable("customer"))
}

fn failed(visit: &Visit<'_>, error: &Error) -> Failure {
    match error {
        Error::NotFound { what: "customer" } => visit.function.no_such().unwrap_or(Failure::Internal),
        Error::Conflict { field: "id", reason } => refused("id", reason),
        other => visit.failed(other),
    }
}
