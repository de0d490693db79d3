//! `customer`, `person` and `role`.

use anyhow::Context as _;
use serde_json::{Value, json};

use super::names::{person_id, role_named};
use super::{Outcome, of_customers, print_list, totp, without_nulls};
use crate::arguments::{
    CustomerCommand, DeviceArguments, PersonCommand, PlanArguments, ProfileArguments, RoleCommand,
};
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
        CustomerCommand::Add { name, description, id, parent, timezone, device, plan, output } => {
            let body = json!({
                "name": name, "description": description, "id": id, "parent": parent, "timezone": timezone,
            });
            let body = with_settings(without_nulls(body), device, &plan);
            let added = client.post(&Route::to([&"customers"]), &body).await;
            let added = added.with_context(|| format!("cannot add customer {name:?}"))?;
            Printer::new(output.json).added(&added)?;
            Ok(Outcome::Done)
        }
        CustomerCommand::Set { id, name, description, timezone, device, plan, recordings_encoding } => {
            let body = json!({
                "name": name, "description": description, "timezone": timezone,
                "recordings_encoding": recordings_encoding,
            });
            let body = without_nulls(body);
            change(id, with_settings(body, device, &plan)).await
        }
        CustomerCommand::Remove { id } => {
            let removed = client.delete(&Route::to([&"customers", &id])).await;
            removed.with_context(|| format!("cannot remove customer {id}"))?;
            Ok(Outcome::Done)
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
    if let Some(word) = &plan.sounds {
        body["sounds_allowed"] = (word == "allow").into();
    }
    if let Some(most) = plan.people {
        body["most_people"] = most.0.into();
    }
    if let Some(most) = plan.customers {
        body["most_customers"] = most.0.into();
    }
    body
}

/// The body with what was said about the profile.
fn with_profile(mut body: Value, profile: ProfileArguments) -> Value {
    let said = json!({
        "email": profile.email, "title": profile.title, "forename": profile.forename, "surname": profile.surname,
        "company": profile.company, "description": profile.description, "country": profile.country,
        "language": profile.language, "timezone": profile.timezone, "date_format": profile.date_format,
        "time_format": profile.time_format, "telephone": profile.telephone, "mobile": profile.mobile,
        "fax": profile.fax, "extension": profile.extension, "public_key": profile.public_key,
    });
    if let (Value::Object(body), Value::Object(said)) = (&mut body, without_nulls(said)) {
        body.extend(said);
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
            copy_password,
            source,
            download_errors,
            empty_calls,
            profile,
            output,
        } => {
            let mut body = without_nulls(json!({
                "customer": customer, "username": username, "role": role, "source": source,
                "download_errors": download_errors, "empty_calls": empty_calls,
            }));
            match copy_password {
                Some(other) => body["copy_password"] = person_id(client, &other).await?.into(),
                None => {
                    let secret = password::ask(password.password_stdin, &username)?;
                    body["password"] = secret.reveal().into();
                }
            }
            let body = with_profile(body, *profile);
            let added = client.post(&Route::to([&"people"]), &body).await;
            let added = added.with_context(|| format!("cannot add person {username:?}"))?;
            Printer::new(output.json).added(&added)?;
            Ok(Outcome::Done)
        }
        PersonCommand::Set { person, username, role, source, download_errors, empty_calls, profile } => {
            let body = json!({
                "username": username, "role": role, "source": source, "download_errors": download_errors, "empty_calls": empty_calls,
            });
            change(&person, with_profile(without_nulls(body), *profile)).await
        }
        PersonCommand::SetPassword { person, password } => {
            let secret = password::ask(password.password_stdin, &person)?;
            change(&person, json!({"password": secret.reveal()})).await
        }
        PersonCommand::Remove { person } => {
            let id = person_id(client, &person).await?;
            let removed = client.delete(&Route::to([&"people", &id])).await;
            removed.with_context(|| format!("cannot remove person {person}"))?;
            Ok(Outcome::Done)
        }
        PersonCommand::Disable { person } => change(&person, json!({"disabled": true})).await,
        PersonCommand::Enable { person } => change(&person, json!({"disabled": false})).await,
        PersonCommand::Totp(command) => totp::run(client, command).await,
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
