//! `sound`.

use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::{Outcome, of_customers, print_list, target, without_nulls};
use crate::arguments::SoundCommand;
use crate::client::{ApiClient, Route};
use crate::printer::{Column, Printer, column};

const SOUNDS: &[Column] = &[
    column("ID", "id"),
    column("CUSTOMER", "customer"),
    column("NAME", "name"),
    column("BYTES", "audio.size_bytes"),
    column("CODEC", "audio.codec"),
    column("MS", "audio.duration_ms"),
];

pub(super) async fn run(client: &ApiClient, command: SoundCommand) -> anyhow::Result<Outcome> {
    match command {
        SoundCommand::Add { customer, name, id, file, output } => {
            let body = without_nulls(json!({"customer": customer, "name": name, "id": id}));
            let added =
                add(client, &body, &file).await.with_context(|| format!("cannot add sound {name:?}"))?;
            Printer::new(output.json).added(&added)?;
        }
        SoundCommand::List { customer, output } => {
            let routes = of_customers(client, "sounds", customer).await?;
            return print_list(client, Printer::new(output.json), SOUNDS, routes).await;
        }
        SoundCommand::Show { id, output } => {
            let found = client.get(&Route::to([&"sounds", &id])).await;
            Printer::new(output.json).object(&found.with_context(|| format!("cannot show sound {id}"))?)?;
        }
        SoundCommand::Get { id, output } => {
            let fetched = client.download(&Route::to([&"sounds", &id, &"audio"]), &target(output)?).await;
            fetched.with_context(|| format!("cannot fetch sound {id}"))?;
        }
        SoundCommand::Remove { id } => {
            let removed = client.delete(&Route::to([&"sounds", &id])).await;
            removed.with_context(|| format!("cannot remove sound {id}"))?;
        }
    }
    Ok(Outcome::Done)
}

/// Adds a sound with its bytes; one whose bytes are refused is taken away again.
async fn add(client: &ApiClient, body: &Value, file: &Path) -> anyhow::Result<Value> {
    anyhow::ensure!(fs_err::metadata(file)?.is_file(), "{} is no file", file.display());
    let added = client.post(&Route::to([&"sounds"]), body).await?;
    let id = &added["id"];
    if let Err(error) = client.put_file(&Route::to([&"sounds", id, &"audio"]), file).await {
        return Err(match client.delete(&Route::to([&"sounds", id])).await {
            Ok(_) => error,
            Err(left) => error.context(format!("sound {id} stays without audio ({left:#})")),
        });
    }
    client.get(&Route::to([&"sounds", id])).await
}
