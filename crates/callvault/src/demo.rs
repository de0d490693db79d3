//! `demo`: a server with sample data whose passwords everybody knows, and commands to paste.
//!
//! Only a folder that the demo made itself is served as a demo, so its passwords never reach a real installation.

mod content;
mod paste;

use anyhow::Context as _;

use crate::client::ApiClient;
use crate::commands::Outcome;
use crate::config::{Resolved, Settings};
use crate::failure::hinted;
use crate::installation::{self, Engine, State};
use crate::printer::Printer;

/// Runs the demo until it is told to stop.
///
/// # Errors
/// When the folder is no demo's, or the server cannot start.
pub(crate) async fn run(mut resolved: Resolved) -> anyhow::Result<Outcome> {
    // What is printed to paste must not scroll away.
    resolved.quieten("warn");
    let settings = &resolved.settings;
    crate::serve::start_log(settings)?;
    let engine = Box::pin(engine(settings)).await?;
    Box::pin(crate::serve::until_told(settings, engine, |reached, fingerprint| {
        Ok(Printer::new(false).line(&paste::commands(reached, fingerprint))?)
    }))
    .await
}

async fn engine(settings: &Settings) -> anyhow::Result<Engine> {
    let data = &settings.server.data;
    match installation::state(data)? {
        State::Demo => {
            let lock = installation::lock_for_server(data).await?;
            Engine::open(settings, lock).await
        }
        State::Installed => Err(hinted(
            format!("{} holds an installation that is no demo", data.display()),
            "name another folder: callvault demo --data DIR",
        )),
        State::Free | State::Half => {
            let lock = installation::claim(data)?;
            installation::mark_as_demo(data)?;
            let client = ApiClient::in_process(Box::new(Engine::create(settings, lock).await?));
            content::fill(&client).await.context("cannot make the sample data")?;
            installation::finish(data)?;
            client.into_engine().map(|engine| *engine).context("the engine is gone")
        }
    }
}
