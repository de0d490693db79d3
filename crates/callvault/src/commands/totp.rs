//! `person totp`: one-time codes of people.

use anyhow::Context as _;
use serde_json::json;

use super::Outcome;
use super::names::person_id;
use crate::arguments::TotpCommand;
use crate::client::{ApiClient, Route};
use crate::printer::Printer;

pub(super) async fn run(client: &ApiClient, command: TotpCommand) -> anyhow::Result<Outcome> {
    match command {
        TotpCommand::Begin { person, output } => {
            let id = person_id(client, &person).await?;
            let begun = client.post(&Route::to([&"people", &id, &"totp"]), &json!({})).await;
            let begun = begun.with_context(|| format!("cannot begin one-time codes of person {person}"))?;
            Printer::new(output.json).object(&begun)?;
        }
        TotpCommand::Confirm { person, code } => {
            let id = person_id(client, &person).await?;
            let route = Route::to([&"people", &id, &"totp", &"confirm"]);
            let confirmed = client.post(&route, &json!({ "code": code })).await;
            confirmed.with_context(|| format!("cannot turn one-time codes of person {person} on"))?;
        }
        TotpCommand::Show { person, output } => {
            let id = person_id(client, &person).await?;
            let state = client.get(&Route::to([&"people", &id, &"totp"])).await;
            let state = state.with_context(|| format!("cannot show one-time codes of person {person}"))?;
            Printer::new(output.json).object(&state)?;
        }
        TotpCommand::Off { person } => {
            let id = person_id(client, &person).await?;
            let removed = client.delete(&Route::to([&"people", &id, &"totp"])).await;
            removed.with_context(|| format!("cannot turn one-time codes of person {person} off"))?;
        }
    }
    Ok(Outcome::Done)
}
