//! `destination`, and what hunt groups do with calls.

use anyhow::Context as _;
use serde_json::{Value, json};

use super::{Outcome, print_list, without_nulls};
use crate::arguments::{DestinationCommand, LevelArguments, LevelSettingsArguments, SettingsArguments};
use crate::client::{ApiClient, Route};
use crate::printer::{Column, Printer, column};

const DESTINATIONS: &[Column] = &[
    column("ID", "id"),
    column("LEVEL", "level"),
    column("TYPE", "type"),
    column("NUMBER", "number"),
    column("AVAILABLE", "available"),
    column("DESCRIPTION", "description"),
];

pub(super) async fn run(client: &ApiClient, command: DestinationCommand) -> anyhow::Result<Outcome> {
    match command {
        DestinationCommand::Add {
            level: LevelArguments { huntgroup, level },
            kind,
            number,
            id,
            append_callerid,
            unavailable,
            screen,
            description,
            output,
        } => {
            let body = without_nulls(json!({
                "huntgroup": huntgroup, "level": level, "type": kind, "number": number, "id": id,
                "append_callerid": append_callerid, "available": !unavailable, "screen": screen,
                "description": description,
            }));
            let added = client.post(&Route::to([&"destinations"]), &body).await;
            let added = added
                .with_context(|| format!("cannot add destination {number:?} to hunt group {huntgroup}"))?;
            Printer::new(output.json).added(&added)?;
        }
        DestinationCommand::List { huntgroup, output } => {
            let route = Route::to([&"destinations"]).query("huntgroup", &huntgroup);
            return print_list(client, Printer::new(output.json), DESTINATIONS, [route])
                .await
                .with_context(|| format!("cannot list the destinations of hunt group {huntgroup}"));
        }
        DestinationCommand::Remove { id } => {
            let removed = client.delete(&Route::to([&"destinations", &id])).await;
            removed.with_context(|| format!("cannot remove destination {id}"))?;
        }
    }
    Ok(Outcome::Done)
}

/// Changes a level where something is said about it, and shows it.
pub(super) async fn level(client: &ApiClient, arguments: LevelSettingsArguments) -> anyhow::Result<Outcome> {
    let LevelArguments { huntgroup, level } = arguments.level;
    let route = Route::to([&"huntgroups", &huntgroup, &"levels", &level]);
    let mut body = without_nulls(json!({ "play_message": yes(arguments.play_message.as_deref()) }));
    if let Some(seconds) = arguments.ring_seconds {
        body["ring_seconds"] = seconds.0.into();
    }
    if let Some(word) = arguments.music_ringing.as_deref() {
        body["music_ringing"] =
            Some(word).filter(|word| *word != "inherit").and_then(|word| yes(Some(word))).into();
    }
    let is_asked = body.as_object().is_some_and(serde_json::Map::is_empty);
    let found = if is_asked { client.get(&route).await } else { client.patch(&route, &body).await };
    let verb = if is_asked { "show" } else { "change" };
    let found = found.with_context(|| format!("cannot {verb} level {level} of hunt group {huntgroup}"))?;
    Printer::new(arguments.output.json).object(&found)?;
    Ok(Outcome::Done)
}

/// Adds what was said about a hunt group to a body.
pub(super) fn with_settings(mut body: Value, settings: SettingsArguments) -> Value {
    let said = without_nulls(json!({
        "description": settings.description,
        "type": settings.order,
        "ring_seconds": settings.ring_seconds,
        "music_ringing": yes(settings.music_ringing.as_deref()),
        "allow_forwards": yes(settings.allow_forwards.as_deref()),
        "screen": settings.screen,
        "panel": yes(settings.panel.as_deref()),
        "default_exit": settings.default_exit.as_deref().map(exit),
        "unavailable_exit": settings.unavailable_exit.as_deref().map(exit),
        "busy_exit": settings.busy_exit.as_deref().map(exit),
    }));
    if let Some(group) = settings.record_group {
        body["record_group"] = group.0.into();
    }
    if let (Some(body), Value::Object(said)) = (body.as_object_mut(), said) {
        body.extend(said);
    }
    body
}

fn yes(word: Option<&str>) -> Option<bool> {
    word.map(|word| word == "yes")
}

/// An exit as it is typed: its type, and behind a colon its number, which may hold colons itself.
fn exit(text: &str) -> Value {
    let (kind, number) = text.split_once(':').unwrap_or((text, ""));
    json!({ "type": kind, "number": number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exits_are_a_type_and_what_is_behind_the_first_colon() {
        let check = |text: &str, kind: &str, number: &str| {
            assert_eq!(exit(text), json!({ "type": kind, "number": number }), "{text}");
        };
        check("hangup", "hangup", "");
        check("phone:100", "phone", "100");
        check("sipuri:sip:a@example.com", "sipuri", "sip:a@example.com");
    }
}
