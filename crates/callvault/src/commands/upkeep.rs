//! `log` and `check`.

use anyhow::Context as _;
use serde_json::Value;

use super::names::person_id;
use super::{Outcome, of_customers, print_list};
use crate::arguments::{LogCommand, Output};
use crate::client::{ApiClient, Route};
use crate::printer::{Column, Printer, column, printable};

const ENTRIES: &[Column] = &[
    column("AT", "at"),
    column("CUSTOMER", "customer"),
    column("PERSON", "person"),
    column("DOOR", "door"),
    column("PEER", "peer"),
    column("ACTION", "action"),
    column("KIND", "kind"),
    column("NAME", "name"),
    column("FIRST", "first_byte"),
    column("LAST", "last_byte"),
];

pub(super) async fn log(client: &ApiClient, command: LogCommand) -> anyhow::Result<Outcome> {
    match command {
        LogCommand::List { customer, name, person, output } => {
            let person = match person {
                Some(person) => Some(person_id(client, &person).await?),
                None => None,
            };
            let routes = of_customers(client, "log", customer).await?;
            let routes =
                routes.into_iter().map(|route| route.maybe("name", name.as_deref()).maybe("person", person));
            print_list(client, Printer::new(output.json), ENTRIES, routes).await
        }
        LogCommand::Verify(output) => {
            let found = client.ask(&Route::to([&"log", &"verify"])).await;
            let found = found.context("cannot verify the listen log")?;
            let counted = format!("{} entries in {} chains", found["entries"], found["chains"]);
            findings(Printer::new(output.json), &found, "faults", &counted)
        }
    }
}

pub(super) async fn check(client: &ApiClient, output: Output) -> anyhow::Result<Outcome> {
    let found = client.ask(&Route::to([&"check"])).await.context("cannot check the installation")?;
    let counted = format!("{} pieces of audio, {} bytes", found["audio_objects"], found["audio_bytes"]);
    let printer = Printer::new(output.json);
    for warning in found["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        printer.note(&format!("warning: {}", printable(warning)));
    }
    findings(printer, &found, "problems", &counted)
}

/// Prints what a check found: a line for each problem, or `clean`.
fn findings(printer: Printer, found: &Value, key: &str, counted: &str) -> anyhow::Result<Outcome> {
    let problems = found[key].as_array().context("the answer lists no findings")?;
    if printer.is_json() {
        printer.line(&found.to_string())?;
    } else {
        for problem in problems {
            let text = problem.as_str().map_or_else(|| problem.to_string(), str::to_owned);
            printer.line(&printable(&text))?;
        }
        if problems.is_empty() {
            printer.line("clean")?;
        }
        printer.note(counted);
    }
    Ok(Outcome::fine_if(problems.is_empty()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn any_problem_is_not_fine() {
        let run = |found: Value| findings(Printer::new(true), &found, "problems", "");
        assert_eq!(run(json!({"problems": []})).unwrap(), Outcome::Done);
        assert_eq!(run(json!({"problems": ["x"]})).unwrap(), Outcome::NotFine);
        assert!(run(json!({})).is_err());
    }
}
