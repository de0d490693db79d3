//! `recording`, but for the import.

use anyhow::Context as _;
use serde_json::{Value, json};

use super::names::recording_failure;
use super::{Outcome, customers, import, of_customers, print_list, target};
use crate::arguments::{OneRecording, Output, RecordingCommand};
use crate::client::{ApiClient, Route};
use crate::printer::{Column, Printer, column, printable};

const RECORDINGS: &[Column] = &[
    column("CUSTOMER", "customer"),
    column("NAME", "name"),
    column("BYTES", "audio.size_bytes"),
    column("CODEC", "audio.codec"),
    column("MS", "audio.duration_ms"),
    column("STORED", "stored_at"),
];

fn route(recording: &OneRecording) -> Route {
    Route::to([&"recordings", &recording.name]).maybe("customer", recording.customer)
}

pub(super) async fn run(client: &ApiClient, command: RecordingCommand) -> anyhow::Result<Outcome> {
    match command {
        RecordingCommand::Import(arguments) => return import::run(client, arguments).await,
        RecordingCommand::List { customer, output } => {
            let routes = of_customers(client, "recordings", customer).await?;
            return print_list(client, Printer::new(output.json), RECORDINGS, routes).await;
        }
        RecordingCommand::Verify { names, customer, output } => {
            return verify(client, &names, customer, output).await;
        }
        RecordingCommand::Show { recording, output } => match client.get(&route(&recording)).await {
            Ok(found) => Printer::new(output.json).object(&found)?,
            Err(error) => return Err(recording_failure(client, error, "show", &recording.name).await),
        },
        RecordingCommand::Set { recording, record_group, expires, output } => {
            let mut body = json!({});
            if let Some(group) = record_group {
                body["record_group"] = group.0.into();
            }
            if let Some(expiry) = expires {
                body["expires_at"] = expiry.0.into();
            }
            match client.patch(&route(&recording), &body).await {
                Ok(found) => Printer::new(output.json).object(&found)?,
                Err(error) => return Err(recording_failure(client, error, "change", &recording.name).await),
            }
        }
        RecordingCommand::Copy { recording, record_group } => {
            let route = Route::to([&"recordings", &recording.name, &"groups", &record_group]);
            if let Err(error) = client.put_empty(&route.maybe("customer", recording.customer)).await {
                return Err(recording_failure(client, error, "copy", &recording.name).await);
            }
        }
        RecordingCommand::Get { recording, output } => {
            let route =
                Route::to([&"recordings", &recording.name, &"audio"]).maybe("customer", recording.customer);
            if let Err(error) = client.download(&route, &target(output)?).await {
                return Err(recording_failure(client, error, "fetch", &recording.name).await);
            }
        }
        RecordingCommand::Remove { recording } => {
            if let Err(error) = client.delete(&route(&recording)).await {
                return Err(recording_failure(client, error, "remove", &recording.name).await);
            }
        }
    }
    Ok(Outcome::Done)
}

/// How a verification went so far.
struct Verification {
    printer: Printer,
    verified: u64,
    faults: u64,
}

impl Verification {
    fn one(&mut self, answer: &Value) -> anyhow::Result<()> {
        let verdict = answer["verdict"].as_str().context("the answer has no verdict")?;
        self.verified += 1;
        self.faults += u64::from(verdict != "intact");
        if self.printer.is_json() {
            return Ok(self.printer.line(&answer.to_string())?);
        }
        let recording = &answer["recording"];
        let name = printable(recording["name"].as_str().unwrap_or_default());
        let detail =
            answer["detail"].as_str().map(|detail| format!(": {}", printable(detail))).unwrap_or_default();
        Ok(self.printer.line(&format!("{verdict} {name} (customer {}){detail}", recording["customer"]))?)
    }
}

async fn verify(
    client: &ApiClient,
    names: &[String],
    customer: Option<i64>,
    output: Output,
) -> anyhow::Result<Outcome> {
    let mut run = Verification { printer: Printer::new(output.json), verified: 0, faults: 0 };
    let ask = async |name: &str, customer: Option<i64>| {
        client.ask(&Route::to([&"recordings", &name, &"verify"]).maybe("customer", customer)).await
    };
    for name in names {
        match ask(name, customer).await {
            Ok(answer) => run.one(&answer)?,
            Err(error) => {
                let error = recording_failure(client, error, "verify", name).await;
                crate::printer::complain(&crate::failure::lines(&error));
                run.faults += 1;
            }
        }
    }
    if names.is_empty() {
        for id in customers(client, customer).await? {
            let mut pages = client.pages(Route::to([&"recordings"]).query("customer", &id));
            while let Some(rows) = pages.next().await? {
                for row in rows {
                    let name = row["name"].as_str().context("a recording has no name")?;
                    run.one(&ask(name, Some(id)).await.with_context(|| format!("cannot verify {name:?}"))?)?;
                }
            }
        }
    }
    run.printer.note(&format!("{} verified, {} not intact", run.verified, run.faults));
    Ok(Outcome::fine_if(run.faults == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_intact_is_fine() {
        let mut run = Verification { printer: Printer::new(true), verified: 0, faults: 0 };
        for (verdict, faults) in [("intact", 0), ("damaged", 1), ("unreadable", 2)] {
            run.one(&json!({"verdict": verdict, "recording": {"name": "a", "customer": 1}})).unwrap();
            assert_eq!(run.faults, faults);
        }
        assert!(run.one(&json!({})).is_err());
    }
}
