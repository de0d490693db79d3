//! The commands. Each gets parsed arguments and a client of the API, prints what it found, and says how it ended.

mod accounts;
mod calls;
mod destinations;
mod features;
mod import;
mod init;
mod keys;
mod live;
mod messages;
mod names;
mod record_groups;
mod recordings;
mod settings;
mod sounds;
mod totp;
mod upkeep;
mod walk;

use serde_json::Value;

use crate::arguments::{Arguments, Command, ConfigCommand, OnInstallation};
use crate::client::{ApiClient, Route, Target};
use crate::config::resolve;
use crate::printer::{Column, Printer};

/// How a command ended that did not fail itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Everything is done, and fine.
    Done,
    /// It was done, and something is not fine: a file was refused, a check found a problem.
    NotFine,
    /// It was told to stop at once.
    Aborted,
}

impl Outcome {
    fn fine_if(fine: bool) -> Self {
        if fine { Self::Done } else { Self::NotFine }
    }
}

/// Runs the command of a parsed line.
///
/// # Errors
/// What failed, on what, and what to do about it.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<Outcome> {
    let invocation = arguments.invocation();
    if let Command::Config(ConfigCommand::Reference) = arguments.command {
        // It explains the settings to whoever has them wrong, so it reads none.
        return settings::reference();
    }
    if let Command::Openapi = arguments.command {
        Printer::new(true).line(&format!("{:#}", callvault_server::api_description()))?;
        return Ok(Outcome::Done);
    }
    let mut resolved = resolve(&invocation)?;
    if matches!(arguments.command, Command::Init(_) | Command::OnInstallation(_)) {
        // Without a server, the cause of an internal failure shows nowhere else.
        resolved.quieten("error");
        crate::serve::start_log(&resolved.settings)?;
    }
    match arguments.command {
        Command::Serve(_) => Box::pin(crate::serve::run(resolved)).await,
        Command::Demo(_) => Box::pin(crate::demo::run(resolved)).await,
        Command::Init(output) => Box::pin(init::run(&resolved.settings, output)).await,
        Command::Config(command) => settings::run(command, &resolved),
        Command::Openapi => Ok(Outcome::Done),
        Command::OnInstallation(command) => {
            let client = Box::pin(ApiClient::connect(&resolved.settings)).await?;
            let outcome = Box::pin(through_api(&client, command)).await;
            client.close().await;
            outcome
        }
    }
}

async fn through_api(client: &ApiClient, command: OnInstallation) -> anyhow::Result<Outcome> {
    match command {
        OnInstallation::Customer(command) => accounts::customer(client, command).await,
        OnInstallation::Person(command) => accounts::person(client, command).await,
        OnInstallation::Role(command) => accounts::role(client, command).await,
        OnInstallation::Huntgroup(command) => messages::hunt_group(client, command).await,
        OnInstallation::Destination(command) => destinations::run(client, command).await,
        OnInstallation::Message(command) => messages::message(client, command).await,
        OnInstallation::Sound(command) => sounds::run(client, command).await,
        OnInstallation::Feature(command) => features::feature(client, command).await,
        OnInstallation::Prompt(command) => features::prompt(client, command).await,
        OnInstallation::Recording(command) => recordings::run(client, command).await,
        OnInstallation::Recordgroup(command) => record_groups::run(client, command).await,
        OnInstallation::Call(command) => calls::run(client, command).await,
        OnInstallation::Ticket(command) => live::ticket(client, command).await,
        OnInstallation::Session(command) => live::session(client, command).await,
        OnInstallation::Key(command) => keys::run(client, command).await,
        OnInstallation::Lockout(command) => live::lockout(client, command).await,
        OnInstallation::Target(command) => live::target(client, command).await,
        OnInstallation::Log(command) => upkeep::log(client, command).await,
        OnInstallation::Check(output) => upkeep::check(client, output).await,
    }
}

/// Prints a list, page by page.
async fn print_list(
    client: &ApiClient,
    printer: Printer,
    columns: &'static [Column],
    routes: impl IntoIterator<Item = Route>,
) -> anyhow::Result<Outcome> {
    let mut table = printer.table(columns);
    for route in routes {
        let mut pages = client.pages(route);
        while let Some(rows) = pages.next().await? {
            table.rows(&rows)?;
        }
    }
    table.end()?;
    Ok(Outcome::Done)
}

/// The named customer, or all of them.
async fn customers(client: &ApiClient, named: Option<i64>) -> anyhow::Result<Vec<i64>> {
    if let Some(id) = named {
        return Ok(vec![id]);
    }
    let mut ids = Vec::new();
    let mut pages = client.pages(Route::to([&"customers"]));
    while let Some(rows) = pages.next().await? {
        ids.extend(rows.iter().filter_map(|row| row["id"].as_i64()));
    }
    Ok(ids)
}

/// The same list of the named customer, or of each.
async fn of_customers(client: &ApiClient, list: &str, named: Option<i64>) -> anyhow::Result<Vec<Route>> {
    let ids = customers(client, named).await?;
    Ok(ids.into_iter().map(|id| Route::to([&list]).query("customer", &id)).collect())
}

/// Where a download was told to go. Audio is not thrown at a terminal.
fn target(output: Option<std::path::PathBuf>) -> anyhow::Result<Target> {
    use std::io::IsTerminal as _;
    match output {
        Some(path) if path.as_os_str() == "-" => Ok(Target::Output),
        Some(path) => Ok(Target::File(path)),
        None if std::io::stdout().is_terminal() => Err(crate::failure::hinted(
            "audio would be written to the terminal",
            "name a file with -o FILE, or use -o - if you mean it",
        )),
        None => Ok(Target::Output),
    }
}

/// An object without the fields that have no value.
fn without_nulls(mut object: Value) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    object
}
