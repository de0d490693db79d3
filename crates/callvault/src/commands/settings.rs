//! `config`.

use serde_json::{Value, json};

use super::Outcome;
use crate::arguments::ConfigCommand;
use crate::config::{self, Resolved};
use crate::printer::Printer;

pub(super) fn run(command: ConfigCommand, resolved: &Resolved) -> anyhow::Result<Outcome> {
    let ConfigCommand::Show { sources, output } = command else { return reference() };
    let printer = Printer::new(output.json);
    if printer.is_json() {
        let of_key = |shown: &config::Shown| {
            let value = match sources {
                true => json!({"value": shown.value, "source": shown.origin.to_string()}),
                false => json!(shown.value),
            };
            (shown.key.to_owned(), value)
        };
        printer.line(&Value::Object(resolved.shown.iter().map(of_key).collect()).to_string())?;
    } else {
        for shown in &resolved.shown {
            let origin = if sources { format!("  ({})", shown.origin) } else { String::new() };
            printer.line(&format!("{} = {:?}{origin}", shown.key, shown.value))?;
        }
    }
    for name in &resolved.unknown_variables {
        printer.note(&format!("warning: {name} is set and is no setting"));
    }
    Ok(Outcome::Done)
}

pub(super) fn reference() -> anyhow::Result<Outcome> {
    Printer::new(false).line(config::reference().trim_end())?;
    Ok(Outcome::Done)
}
