//! Finding things that an operator names: people by id or username, roles, recordings that several customers have.

use anyhow::Context as _;
use http::StatusCode;
use serde_json::Value;

use crate::client::{ApiClient, Route, refusal};
use crate::failure::hinted;

/// The id of a person who was named by id or username. Usernames are often numbers (extensions), so a number that is one
/// person's id and another one's username is refused; `id:` or `name:` in front tells which is meant.
pub(super) async fn person_id(client: &ApiClient, named: &str) -> anyhow::Result<i64> {
    if let Some(number) = named.strip_prefix("id:") {
        return number.parse().map_err(|_| hinted(format!("{number:?} is no id"), "ids are whole numbers"));
    }
    let username = named.strip_prefix("name:").unwrap_or(named);
    let by_name = with_username(client, username).await?;
    let by_id = match named.parse::<i64>() {
        Ok(id) => found(client.get(&Route::to([&"people", &id])).await)?.and_then(|row| row["id"].as_i64()),
        Err(_) => None,
    };
    match (by_id, by_name) {
        (Some(id), Some(other)) if id != other => Err(hinted(
            format!("{named} is the id of one person and the username of another"),
            format!("write id:{named} or name:{named}"),
        )),
        (Some(id), _) | (None, Some(id)) => Ok(id),
        (None, None) => {
            Err(hinted(format!("there is no person {named:?}"), "`callvault person list` shows everybody"))
        }
    }
}

async fn with_username(client: &ApiClient, username: &str) -> anyhow::Result<Option<i64>> {
    let people = found(client.get(&Route::to([&"people"]).query("username", &username)).await)?;
    Ok(people.and_then(|people| people["items"][0]["id"].as_i64()))
}

/// `None` for what is not there.
pub(super) fn found(answer: anyhow::Result<Value>) -> anyhow::Result<Option<Value>> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if refusal(&error).is_some_and(|refused| refused.status == StatusCode::NOT_FOUND) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The role of this name or id.
pub(super) async fn role_named(client: &ApiClient, named: &str) -> anyhow::Result<Value> {
    let mut pages = client.pages(Route::to([&"roles"]));
    while let Some(rows) = pages.next().await? {
        let fits = |row: &Value| {
            row["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(named.trim()))
                || row["id"].as_i64().is_some_and(|id| named.parse() == Ok(id))
        };
        if let Some(row) = rows.into_iter().find(fits) {
            return Ok(row);
        }
    }
    Err(hinted(format!("there is no role {named:?}"), "`callvault role list` shows the roles"))
}

/// An error about one recording. Where several customers have it, the error says which.
pub(super) async fn recording_failure(
    client: &ApiClient,
    error: anyhow::Error,
    what: &str,
    name: &str,
) -> anyhow::Error {
    let context = format!("cannot {what} recording {name:?}");
    let is_ambiguous = refusal(&error).is_some_and(|refused| {
        refused.status == StatusCode::CONFLICT && refused.field.as_deref() == Some("customer")
    });
    if !is_ambiguous {
        return error.context(context);
    }
    match owners(client, name).await {
        Ok(owners) => hinted(
            format!("{context}: several customers have it:\n  {}", owners.join("\n  ")),
            "name the customer with --customer ID",
        ),
        Err(failure) => failure.context(context),
    }
}

async fn owners(client: &ApiClient, name: &str) -> anyhow::Result<Vec<String>> {
    let mut owners = Vec::new();
    let mut pages = client.pages(Route::to([&"customers"]));
    while let Some(rows) = pages.next().await? {
        for row in rows {
            let id = row["id"].as_i64().context("a customer has no id")?;
            let route = Route::to([&"recordings", &name]).query("customer", &id);
            if found(client.get(&route).await)?.is_some() {
                let title = crate::printer::printable(row["name"].as_str().unwrap_or_default());
                owners.push(format!("{id} {title}"));
            }
        }
    }
    Ok(owners)
}
