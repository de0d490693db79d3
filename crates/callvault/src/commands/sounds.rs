//! `sound`.

use std::fmt::Display;
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
    column("SHARED", "shared"),
    column("BYTES", "audio.size_bytes"),
    column("CODEC", "audio.codec"),
    column("MS", "audio.duration_ms"),
];

pub(super) async fn run(client: &ApiClient, command: SoundCommand) -> anyhow::Result<Outcome> {
    match command {
        SoundCommand::Add { customer, name, id, description, shared, file, output } => {
            let body = without_nulls(json!({
                "customer": customer, "name": name, "id": id, "description": description, "shared": shared,
            }));
            let added = add(client, &body, file.as_deref())
                .await
                .with_context(|| format!("cannot add sound {name:?}"))?;
            Printer::new(output.json).added(&added)?;
        }
        SoundCommand::Set { id, name, description, shared } => {
            let shared = shared.map(|word| word == "yes");
            let body = without_nulls(json!({"name": name, "description": description, "shared": shared}));
            let changed = client.patch(&Route::to([&"sounds", &id]), &body).await;
            changed.with_context(|| format!("cannot change sound {id}"))?;
        }
        SoundCommand::Put { id, file, name } => {
            let put = client.put_file(&audio_route(&id, &file, name.as_deref()), &file).await;
            put.with_context(|| format!("cannot put {} as sound {id}", file.display()))?;
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
        SoundCommand::Remove { id, file_only } => {
            let route =
                if file_only { Route::to([&"sounds", &id, &"audio"]) } else { Route::to([&"sounds", &id]) };
            let removed = client.delete(&route).await;
            let what = if file_only { "the file of sound" } else { "sound" };
            removed.with_context(|| format!("cannot remove {what} {id}"))?;
        }
    }
    Ok(Outcome::Done)
}

/// Adds a sound with its bytes, if there are any; one whose bytes are refused is taken away again.
async fn add(client: &ApiClient, body: &Value, file: Option<&Path>) -> anyhow::Result<Value> {
    if let Some(file) = file {
        anyhow::ensure!(fs_err::metadata(file)?.is_file(), "{} is no file", file.display());
    }
    let added = client.post(&Route::to([&"sounds"]), body).await?;
    let Some(file) = file else { return Ok(added) };
    let id = &added["id"];
    if let Err(error) = client.put_file(&audio_route(id, file, None), file).await {
        return Err(match client.delete(&Route::to([&"sounds", id])).await {
            Ok(_) => error,
            Err(left) => error.context(format!("sound {id} stays without audio ({left:#})")),
        });
    }
    client.get(&Route::to([&"sounds", id])).await
}

/// Where the bytes of a sound go, under a name, or that of the file.
fn audio_route(id: &dyn Display, file: &Path, name: Option<&str>) -> Route {
    let own = file.file_name().map(|name| name.to_string_lossy());
    Route::to([&"sounds", id, &"audio"]).maybe("name", name.or(own.as_deref()))
}
