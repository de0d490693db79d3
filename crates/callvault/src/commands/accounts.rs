//! `customer`, `person` and `role`.

use anyhow::Context as _;
use serde_json::{Value, json};

use super::names::{person_id, role_named};
use super::{Outcome, of_customers, print_list, without_nulls};
use crate::arguments::{CustomerCommand, DeviceArguments, PersonCommand, PlanArguments, RoleCommand};
use crate::client::{ApiClient, Route};
use crate::password;
use crate::printer::{Column, Printer, column};

const CUSTOMERS: &[Column] = &[
    column("ID", "id"),
    column("NAME", "name"),
    column("PARENT", "parent"),
    column("TIMEZONE", "timezone"),
    column("SERIAL", "serial"),
    column("DISABLED", "disabled"),
];

const PEOPLE: &[Column] = &[
    column("ID", "id"),
    column("CUSTOMER", "customer"),
    column("USERNAME", "username"),
    column("ROLE", "role"),
    column("SOURCE", "source"),
    column("DISABLED", "disabled"),
];

const ROLES: &[Column] = &[
    column("ID", "id"),
    column("NAME", "name"),
    column("REACH", "reach"),
    column("PRIVILEGES", "privileges"),
    column("BUILTIN", "builtin"),
];

pub(super) async fn customer(client: &ApiClient, command: CustomerCommand) -> anyhow::Result<Outcome> {
    let change = async |id: i64, change: Value| {
        let route = Route::to([&"customers", &id]);
        client.patch(&route, &change).await.with_context(|| format!("cannot change customer {id}"))?;
        anyhow::Ok(Outcome::Done)
    };
    match command {
        CustomerCommand::Add { name, id, parent, timezone, device, plan, output } => {
            let body = json!({"name": name, "id": id, "parent": parent, "timezone": timezone});
            let body = with_settings(without_nulls(body), device, &plan);
            let added = client.post(&Route::to([&"customers"]), &body).await;
            let added = added.with_context(|| format!("cannot add customer {name:?}"))?;
            Printer::new(output.json).added(&added)?;
            Ok(Outcome::Done)
        }
        CustomerCommand::Set { id, name, timezone, device, plan, recordings_encoding } => {
            let body =
                json!({"name": name, "timezone": timezone, "recordings_encoding": recordings_encoding});
            let body = without_nulls(body);
            change(id, with_settings(body, device, &plan)).await
        }
        CustomerCommand::Disable { id } => change(id, json!({"disabled": true})).await,
        CustomerCommand::Enable { id } => change(id, json!({"disabled": false})).await,
        CustomerCommand::List(output) => {
            print_list(client, Printer::new(output.json), CUSTOMERS, [Route::to([&"customers"])]).await
        }
        CustomerCommand::Show { id, output } => {
            let customer = client.get(&Route::to([&"customers", &id])).await;
            Printer::new(output.json)
                .object(&customer.with_context(|| format!("cannot show customer {id}"))?)?;
            Ok(Outcome::Done)
        }
    }
}

/// The body with what was said about device and plan; a limit of none is null.
fn with_settings(mut body: Value, device: DeviceArguments, plan: &PlanArguments) -> Value {
    if let Some(serial) = device.serial {
        body["serial"] = serial.into();
    }
    if let Some(name) = device.device_name {
        body["device_name"] = name.into();
    }
    if let Some(word) = &plan.hunt_groups {
        body["huntgroups_allowed"] = (word == "allow").into();
    }
    if let Some(limit) = plan.largest_message {
        body["largest_message_bytes"] = limit.0.into();
    }
    if let Some(limit) = plan.total_messages {
        body["total_message_bytes"] = limit.0.into();
    }
    if let Some(most) = plan.destinations {
        body["huntgroup_destinations"] = most.0.into();
    }
    if let Some(word) = &plan.record_groups {
        body["recordgroups_allowed"] = (word == "allow").into();
    }
    body
}

pub(super) async fn person(client: &ApiClient, command: PersonCommand) -> anyhow::Result<Outcome> {
    let change = async |person: &str, change: Value| {
        let id = person_id(client, person).await?;
        let changed = client.patch(&Route::to([&"people", &id]), &change).await;
        changed.with_context(|| format!("cannot change person {person}"))?;
        anyhow::Ok(Outcome::Done)
    };
    match command {
        PersonCommand::Add {
            customer,
            username,
            role,
            password,
            source,
            download_errors,
            empty_calls,
            output,
        } => {
            let secret = password::ask(password.password_stdin, &username)?;
            let body = without_nulls(json!({
                "customer": customer, "username": username, "role": role, "password": secret.reveal(), "source": source,
                "download_errors": download_errors, "empty_calls": empty_calls,
            }));
            let added = client.post(&Route::to([&"people"]), &body).await;
            let added = added.with_context(|| format!("cannot add person {username:?}"))?;
            Printer::new(output.json).added(&added)?;
            Ok(Outcome::Done)
        }
        PersonCommand::Set { person, role, source, download_errors, empty_calls } => {
            let body = json!({
                "role": role, "source": source, "download_errors": download_errors, "empty_calls": empty_calls,
            });
            change(&person, without_nulls(body)).await
        }
        PersonCommand::SetPassword { person, password } => {
            let secret = password::ask(password.password_stdin, &person)?;
            change(&person, json!({"password": secret.reveal()})).await
        }
        PersonCommand::Disable { person } => change(&person, json!({"disabled": true})).await,
        PersonCommand::Enable { person } => change(&person, json!({"disabled": false})).await,
        PersonCommand::List { customer, output } => {
            let routes = of_customers(client, "people", customer).await?;
            print_list(client, Printer::new(output.json), PEOPLE, routes).await
        }
        PersonCommand::Show { person, output } => {
            let id = person_id(client, &person).await?;
            let found = client.get(&Route::to([&"people", &id])).await;
            Printer::new(output.json)
                .object(&found.with_context(|| format!("cannot show person {person}"))?)?;
            Ok(Outcome::Done)
        }
    }
}

pub(super) async fn role(client: &ApiClient, command: RoleCommand) -> anyhow::Result<Outcome> {
    match command {
        RoleCommand::List(output) => {
            print_list(client, Printer::new(output.json), ROLES, [Route::to([&"roles"])]).await
        }
        RoleCommand::Show { role, output } => {
            Printer::new(output.json).object(&role_named(client, &role).await?)?;
            Ok(Outcome::Done)
        }
        RoleCommand::Add { name, privileges, reach, output } => {
            let body = without_nulls(json!({"name": name, "privileges": privileges, "reach": reach}));
            let added = client.post(&Route::to([&"roles"]), &body).await;
            let added = added.with_context(|| format!("cannot add role {name:?}"))?;
            Printer::new(output.json).added(&added)?;
            Ok(Outcome::Done)
        }
    }
}
