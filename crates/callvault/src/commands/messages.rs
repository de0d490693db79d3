//! `huntgroup` and `message`.

use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::names::person_id;
use super::{Outcome, destinations, of_customers, print_list, target, walk, without_nulls};
use crate::arguments::{HuntGroupCommand, LevelArguments, MessageCommand};
use crate::client::{ApiClient, Route};
use crate::printer::{Column, Printer, column, printable};

const HUNT_GROUPS: &[Column] = &[
    column("ID", "id"),
    column("CUSTOMER", "customer"),
    column("NAME", "name"),
    column("OWNER", "owner"),
    column("CREATED", "created_at"),
];

const VERSIONS: &[Column] = &[
    column("LEVEL", "level"),
    column("VERSION", "version"),
    column("CURRENT", "current"),
    column("NAME", "name"),
    column("BYTES", "audio.size_bytes"),
    column("CODEC", "audio.codec"),
    column("MS", "audio.duration_ms"),
    column("CREATED", "created_at"),
];

pub(super) async fn hunt_group(client: &ApiClient, command: HuntGroupCommand) -> anyhow::Result<Outcome> {
    match command {
        HuntGroupCommand::Add { customer, name, id, owner, settings, output } => {
            let owner = match owner {
                Some(person) => Some(person_id(client, &person).await?),
                None => None,
            };
            let body = without_nulls(json!({"customer": customer, "name": name, "id": id, "owner": owner}));
            let body = destinations::with_settings(body, *settings);
            let added = client.post(&Route::to([&"huntgroups"]), &body).await;
            let added = added.with_context(|| format!("cannot add hunt group {name:?}"))?;
            Printer::new(output.json).added(&added)?;
        }
        HuntGroupCommand::Set { id, name, owner, no_owner, settings } => {
            let mut body = destinations::with_settings(without_nulls(json!({"name": name})), *settings);
            if let Some(person) = owner {
                body["owner"] = person_id(client, &person).await?.into();
            } else if no_owner {
                body["owner"] = Value::Null;
            }
            let changed = client.patch(&Route::to([&"huntgroups", &id]), &body).await;
            changed.with_context(|| format!("cannot change hunt group {id}"))?;
        }
        HuntGroupCommand::List { customer, output } => {
            let routes = of_customers(client, "huntgroups", customer).await?;
            return print_list(client, Printer::new(output.json), HUNT_GROUPS, routes).await;
        }
        HuntGroupCommand::Show { id, output } => {
            let found = client.get(&Route::to([&"huntgroups", &id])).await;
            Printer::new(output.json)
                .object(&found.with_context(|| format!("cannot show hunt group {id}"))?)?;
        }
        HuntGroupCommand::Level(arguments) => return destinations::level(client, arguments).await,
        HuntGroupCommand::Remove { id } => {
            let removed = client.delete(&Route::to([&"huntgroups", &id])).await;
            removed.with_context(|| format!("cannot remove hunt group {id}"))?;
        }
    }
    Ok(Outcome::Done)
}

fn message_route(level: LevelArguments) -> Route {
    Route::to([&"huntgroups", &level.huntgroup, &"levels", &level.level, &"message"])
}

fn title(level: LevelArguments) -> String {
    format!("the message of hunt group {}, level {}", level.huntgroup, level.level)
}

pub(super) async fn message(client: &ApiClient, command: MessageCommand) -> anyhow::Result<Outcome> {
    match command {
        MessageCommand::Put { level, file, name, sound, output } => {
            let put = match (file, sound) {
                (Some(file), _) => {
                    let name = name.or_else(|| Some(file.file_name()?.to_str()?.to_owned()));
                    let route = message_route(level).maybe("name", name);
                    client.put_file(&route, &file).await.map(|sent| sent.answer)
                }
                (None, sound) => client.put_empty(&message_route(level).maybe("sound", sound)).await,
            };
            let put = put.with_context(|| format!("cannot put {}", title(level)))?;
            let printer = Printer::new(output.json);
            if printer.is_json() {
                printer.object(&put)?;
            } else {
                printer.line(&format!("version {}", put["version"]))?;
            }
        }
        MessageCommand::Get { level, output } => {
            let fetched = client.download(&message_route(level), &target(output)?).await;
            fetched.with_context(|| format!("cannot fetch {}", title(level)))?;
        }
        MessageCommand::Remove { level } => {
            let removed = client.delete(&message_route(level)).await;
            removed.with_context(|| format!("cannot remove {}", title(level)))?;
        }
        MessageCommand::Versions { huntgroup, level, output } => {
            let route = Route::to([&"huntgroups", &huntgroup, &"versions"]).maybe("level", level);
            return print_list(client, Printer::new(output.json), VERSIONS, [route])
                .await
                .with_context(|| format!("cannot list the versions of hunt group {huntgroup}"));
        }
        MessageCommand::Restore { level, version } => {
            let LevelArguments { huntgroup, level: number } = level;
            let route = Route::to([&"huntgroups", &huntgroup, &"levels", &number, &"message", &"restore"]);
            let restored = client.post(&route, &json!({"version": version})).await;
            restored.with_context(|| format!("cannot restore version {version} of {}", title(level)))?;
        }
        MessageCommand::Sync { dir, output } => return sync(client, &dir, Printer::new(output.json)).await,
    }
    Ok(Outcome::Done)
}

/// What became of one file of a sync.
enum Synced {
    Put,
    Unchanged,
    Refused(String),
}

async fn sync(client: &ApiClient, directory: &Path, printer: Printer) -> anyhow::Result<Outcome> {
    let mut fine = true;
    for folder in walk::entries(directory)? {
        if !folder.is_dir() || folder.is_symlink() {
            printer.note(&format!("passed over {}: no folder of a hunt group", shown(&folder)));
            continue;
        }
        for file in walk::entries(&folder)? {
            let synced = match place(&folder, &file) {
                Some(level) => sync_one(client, level, &file).await,
                None => {
                    Ok(Synced::Refused("is not HUNTGROUP/LEVEL.wav with a level from 1 to 10".to_owned()))
                }
            };
            let synced = synced.unwrap_or_else(|error| Synced::Refused(format!("{error:#}")));
            fine &= !matches!(synced, Synced::Refused(_));
            report(printer, &file, &synced)?;
        }
    }
    Ok(Outcome::fine_if(fine))
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}

fn report(printer: Printer, file: &Path, synced: &Synced) -> std::io::Result<()> {
    let path = shown(file);
    let (word, reason) = match synced {
        Synced::Put => ("put", None),
        Synced::Unchanged => ("unchanged", None),
        Synced::Refused(reason) => ("refused", Some(printable(reason))),
    };
    if printer.is_json() {
        return printer
            .line(&without_nulls(json!({"outcome": word, "path": path, "reason": reason})).to_string());
    }
    match reason {
        Some(reason) => printer.line(&format!("{word} {path}: {reason}")),
        None => printer.line(&format!("{word} {path}")),
    }
}

fn place(folder: &Path, file: &Path) -> Option<LevelArguments> {
    let huntgroup = folder.file_name()?.to_str()?.parse().ok()?;
    if !file.extension()?.eq_ignore_ascii_case("wav") {
        return None;
    }
    let level = file.file_stem()?.to_str()?.parse().ok()?;
    (1..=10).contains(&level).then_some(LevelArguments { huntgroup, level })
}

async fn sync_one(client: &ApiClient, level: LevelArguments, file: &Path) -> anyhow::Result<Synced> {
    anyhow::ensure!(file.is_file() && !file.is_symlink(), "is no file");
    let hunt_group = client.get(&Route::to([&"huntgroups", &level.huntgroup])).await?;
    let current = hunt_group["messages"]
        .as_array()
        .and_then(|messages| messages.iter().find(|message| message["level"] == json!(level.level)))
        .and_then(|message| message["audio"]["sha256"].as_str());
    let path = file.to_owned();
    let sha256 =
        tokio::task::spawn_blocking(move || walk::sha256(&path)).await.context("hashing broke off")??;
    if current == Some(sha256.as_str()) {
        return Ok(Synced::Unchanged);
    }
    let name = file.file_name().and_then(|name| name.to_str());
    client.put_file(&message_route(level).maybe("name", name), file).await?;
    Ok(Synced::Put)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_message_is_in_its_path() {
        let check = |folder: &str, file: &str, expected: Option<(i64, u8)>| {
            let found = place(Path::new(folder), &Path::new(folder).join(file));
            assert_eq!(found.map(|level| (level.huntgroup, level.level)), expected, "{folder}/{file}");
        };
        check("/p/123", "1.wav", Some((123, 1)));
        check("/p/123", "10.WAV", Some((123, 10)));
        check("/p/123", "11.wav", None);
        check("/p/123", "0.wav", None);
        check("/p/123", "1.mp3", None);
        check("/p/123", "welcome.wav", None);
        check("/p/sales", "1.wav", None);
    }
}
