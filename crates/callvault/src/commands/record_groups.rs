//! `recordgroup`.

use anyhow::Context as _;
use serde_json::{Value, json};

use super::names::person_id;
use super::{Outcome, of_customers, print_list, without_nulls};
use crate::arguments::{RecordGroupCommand, RecordGroupSettingsArguments};
use crate::client::{ApiClient, Route};
use crate::printer::{Column, Printer, column};

const RECORD_GROUPS: &[Column] = &[
    column("ID", "id"),
    column("CUSTOMER", "customer"),
    column("NAME", "name"),
    column("OWNER", "owner"),
    column("DAYS", "retention_days"),
    column("DESCRIPTION", "description"),
];

pub(super) async fn run(client: &ApiClient, command: RecordGroupCommand) -> anyhow::Result<Outcome> {
    match command {
        RecordGroupCommand::Add { customer, name, id, owner, settings, output } => {
            let owner = match owner {
                Some(person) => Some(person_id(client, &person).await?),
                None => None,
            };
            let body = without_nulls(json!({"customer": customer, "name": name, "id": id, "owner": owner}));
            let added = client.post(&Route::to([&"recordgroups"]), &with_settings(body, &settings)).await;
            let added = added.with_context(|| format!("cannot add record group {name:?}"))?;
            Printer::new(output.json).added(&added)?;
        }
        RecordGroupCommand::Set { id, name, owner, no_owner, settings } => {
            let mut body = with_settings(without_nulls(json!({"name": name})), &settings);
            if let Some(person) = owner {
                body["owner"] = person_id(client, &person).await?.into();
            } else if no_owner {
                body["owner"] = Value::Null;
            }
            let changed = client.patch(&Route::to([&"recordgroups", &id]), &body).await;
            changed.with_context(|| format!("cannot change record group {id}"))?;
        }
        RecordGroupCommand::List { customer, output } => {
            let routes = of_customers(client, "recordgroups", customer).await?;
            return print_list(client, Printer::new(output.json), RECORD_GROUPS, routes).await;
        }
        RecordGroupCommand::Show { id, output } => {
            let found = client.get(&Route::to([&"recordgroups", &id])).await;
            Printer::new(output.json)
                .object(&found.with_context(|| format!("cannot show record group {id}"))?)?;
        }
        RecordGroupCommand::Remove { id } => {
            let removed = client.delete(&Route::to([&"recordgroups", &id])).await;
            removed.with_context(|| format!("cannot remove record group {id}"))?;
        }
    }
    Ok(Outcome::Done)
}

/// Adds what was said about a record group to a body.
fn with_settings(mut body: Value, settings: &RecordGroupSettingsArguments) -> Value {
    let yes = |word: &Option<String>| word.as_deref().map(|word| word == "yes");
    let said = without_nulls(json!({
        "description": settings.description,
        "email": settings.email,
        "retention_days": settings.expires,
        "fraction_percent": settings.fraction,
        "beep_seconds": settings.beep,
        "record_inbound": yes(&settings.inbound),
        "record_outbound": yes(&settings.outbound),
        "transcribe": yes(&settings.transcribe),
        "announcement": settings.announcement,
    }));
    if let (Some(body), Value::Object(said)) = (body.as_object_mut(), said) {
        body.extend(said);
    }
    body
}
