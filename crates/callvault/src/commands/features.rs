//! `feature` and `prompt`.

use anyhow::Context as _;
use callvault_core::feature::{FeatureKey, PromptFile};
use serde_json::{Value, json};

use super::names::person_id;
use super::{Outcome, of_customers, print_list, target, without_nulls};
use crate::arguments::{FeatureCommand, PromptArguments, PromptCommand};
use crate::client::{ApiClient, Route};
use crate::failure::hinted;
use crate::printer::{Column, Printer, column};

const FEATURES: &[Column] = &[
    column("KIND", "kind"),
    column("ID", "id"),
    column("CUSTOMER", "customer"),
    column("NUMBER", "number"),
    column("NAME", "name"),
    column("OWNER", "owner"),
];

const PROMPTS: &[Column] = &[
    column("FILE", "file"),
    column("NAME", "name"),
    column("BYTES", "audio.size_bytes"),
    column("CODEC", "audio.codec"),
    column("MS", "audio.duration_ms"),
    column("CREATED", "created_at"),
];

fn feature_route(FeatureKey { kind, id }: FeatureKey) -> Route {
    Route::to([&"features", &kind, &id])
}

pub(super) async fn feature(client: &ApiClient, command: FeatureCommand) -> anyhow::Result<Outcome> {
    match command {
        FeatureCommand::Add { customer, kind, name, number, id, owner, system, output } => {
            let owner = match owner {
                Some(person) => Some(person_id(client, &person).await?),
                None => None,
            };
            let body = without_nulls(json!({
                "customer": customer, "kind": kind, "name": name, "number": number, "id": id, "owner": owner,
                "system": system,
            }));
            let added = client.post(&Route::to([&"features"]), &body).await;
            let added = added.with_context(|| format!("cannot add {kind} {name:?}"))?;
            let printer = Printer::new(output.json);
            if printer.is_json() {
                printer.object(&added)?;
            } else {
                printer.line(&format!("{kind}/{}", added["id"]))?;
            }
        }
        FeatureCommand::Set { feature, name, number, owner, no_owner } => {
            let mut body = without_nulls(json!({ "name": name, "number": number }));
            if let Some(person) = owner {
                body["owner"] = person_id(client, &person).await?.into();
            } else if no_owner {
                body["owner"] = Value::Null;
            }
            let changed = client.patch(&feature_route(feature), &body).await;
            changed.with_context(|| format!("cannot change {feature}"))?;
        }
        FeatureCommand::List { customer, kind, output } => {
            let routes = of_customers(client, "features", customer).await?;
            let routes = routes.into_iter().map(|route| route.maybe("kind", kind.as_deref()));
            return print_list(client, Printer::new(output.json), FEATURES, routes).await;
        }
        FeatureCommand::Show { feature, output } => {
            let found = client.get(&feature_route(feature)).await;
            Printer::new(output.json).object(&found.with_context(|| format!("cannot show {feature}"))?)?;
        }
        FeatureCommand::Remove { feature } => {
            let removed = client.delete(&feature_route(feature)).await;
            removed.with_context(|| format!("cannot remove {feature}"))?;
        }
    }
    Ok(Outcome::Done)
}

/// Which prompt is meant: the word may be left out where there is but one.
struct Named {
    route: Route,
    title: String,
}

fn named(PromptArguments { feature, word }: PromptArguments) -> anyhow::Result<Named> {
    let kind = feature.kind;
    let words = || kind.files().map(PromptFile::as_str).collect::<Vec<_>>().join(", ");
    let file = match &word {
        Some(word) => kind.file(word),
        None => kind.files().next().filter(|_| kind.has_one_file()),
    };
    let Some(file) = file else {
        let fault = match word {
            Some(word) => format!("a {} has no file {word:?}", kind.called()),
            None => format!("a {} has several files", kind.called()),
        };
        return Err(hinted(fault, format!("name one with --file: {}", words())));
    };
    Ok(Named {
        route: Route::to([&"features", &kind, &feature.id, &"prompts", &file]),
        title: format!("the prompt {file} of {feature}"),
    })
}

pub(super) async fn prompt(client: &ApiClient, command: PromptCommand) -> anyhow::Result<Outcome> {
    match command {
        PromptCommand::Put { prompt, path, name, sound, output } => {
            let Named { route, title } = named(prompt)?;
            let put = match path {
                Some(path) => {
                    let name = name.or_else(|| Some(path.file_name()?.to_str()?.to_owned()));
                    client.put_file(&route.maybe("name", name), &path).await.map(|sent| sent.answer)
                }
                None => client.put_empty(&route.maybe("sound", sound)).await,
            };
            let put = put.with_context(|| format!("cannot put {title}"))?;
            let printer = Printer::new(output.json);
            if printer.is_json() {
                printer.object(&put)?;
            }
        }
        PromptCommand::Get { prompt, output } => {
            let Named { route, title } = named(prompt)?;
            let fetched = client.download(&route, &target(output)?).await;
            fetched.with_context(|| format!("cannot fetch {title}"))?;
        }
        PromptCommand::List { feature, output } => {
            let route = Route::to([&"features", &feature.kind, &feature.id, &"prompts"]);
            return print_list(client, Printer::new(output.json), PROMPTS, [route])
                .await
                .with_context(|| format!("cannot list the prompts of {feature}"));
        }
        PromptCommand::Remove { prompt } => {
            let Named { route, title } = named(prompt)?;
            client.delete(&route).await.with_context(|| format!("cannot remove {title}"))?;
        }
    }
    Ok(Outcome::Done)
}
