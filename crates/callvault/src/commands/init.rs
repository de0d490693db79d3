//! `init`: an empty installation with its first customer and person.

use anyhow::Context as _;
use serde_json::{Value, json};

use super::Outcome;
use crate::arguments::Output;
use crate::client::{ApiClient, Route};
use crate::config::Settings;
use crate::installation::{self, Engine};
use crate::printer::Printer;

pub(super) async fn run(settings: &Settings, output: Output) -> anyhow::Result<Outcome> {
    let data = &settings.server.data;
    let lock = installation::claim(data)?;
    let engine = Box::pin(Engine::create(settings, lock)).await?;
    let password = installation::fresh_password(engine.random());
    let client = ApiClient::in_process(Box::new(engine));
    let made = fill(&client, password.reveal()).await;
    client.close().await;
    made.context("cannot make the first customer and person")?;
    installation::finish(data)?;
    let printer = Printer::new(output.json);
    if printer.is_json() {
        let folder = data.display().to_string();
        printer
            .line(&json!({"data": folder, "username": "admin", "password": password.reveal()}).to_string())?;
    } else {
        printer.line(&format!(
            "made an installation in {}\nusername: admin\npassword: {}",
            data.display(),
            password.reveal()
        ))?;
        printer
            .note("the password is shown this once; `callvault person set-password admin` sets another one");
    }
    Ok(Outcome::Done)
}

async fn fill(client: &ApiClient, password: &str) -> anyhow::Result<Value> {
    let customer = client.post(&Route::to([&"customers"]), &json!({"id": 1, "name": "Main"})).await?;
    let admin = json!({
        "customer": customer["id"], "username": "admin", "role": "system owner", "password": password,
    });
    client.post(&Route::to([&"people"]), &admin).await
}
