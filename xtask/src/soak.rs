//! `cargo xtask soak`: the long scenarios at their full size, on the release binary.
//!
//! The same tests as in `cargo xtask test`; `CALLVAULT_SOAK=1` tells them to run at the size that was promised.

use anyhow::{Context, bail};

use crate::cargo::{output, release_binary};
use crate::steps::Steps;
use crate::suite::end_to_end;
use crate::tools;

/// The variable that makes the end-to-end tests run at full size.
const SOAK_VARIABLE: &str = "CALLVAULT_SOAK";

/// A scenario: what one types, the part of the test names that selects it, and what it shows.
struct Scenario {
    name: &'static str,
    filter: &'static str,
    shows: &'static str,
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "ticket-race",
        filter: "ticket_race",
        shows: "200 clients race for one ticket, 500 times: one 200 each time, memory and descriptors stay level",
    },
    Scenario {
        name: "ticket-age",
        filter: "ticket_age",
        shows: "a ticket works at 29 s and is gone at 31 s of real time",
    },
    Scenario {
        name: "kill-import",
        filter: "kill_import",
        shows: "kill -9 at random moments of 300 imports: nothing acknowledged is lost, nothing half is visible",
    },
    Scenario {
        name: "big-file",
        filter: "big_file",
        shows: "a 2 GiB WAV through every download with the server's memory under 64 MiB",
    },
];

/// Prints the scenarios.
pub(crate) fn list() {
    for scenario in SCENARIOS {
        println!("{:<12} {}", scenario.name, scenario.shows);
    }
}

/// Runs one scenario, or all of them.
///
/// # Errors
/// An unknown name, a scenario without a test, or the first scenario that failed.
pub(crate) fn run(name: Option<&str>) -> anyhow::Result<()> {
    let scenarios = select(name)?;
    tools::provide()?;
    let mut steps = Steps::new();
    let binary = steps.step("release binary", release_binary)?;
    steps.step("end-to-end tests, built and listed", || {
        let mut command = end_to_end(&binary);
        command.args(["--", "--list"]);
        let tests = String::from_utf8(output(command)?).context("the list of tests is not UTF-8")?;
        for scenario in &scenarios {
            // A filter that matches nothing passes silently; a scenario must not.
            if !has_test(&tests, scenario.filter) {
                bail!("scenario {}: no end-to-end test has `{}` in its name", scenario.name, scenario.filter);
            }
        }
        Ok(())
    })?;
    for scenario in &scenarios {
        let mut command = end_to_end(&binary);
        command.env(SOAK_VARIABLE, "1");
        // One at a time, so that memory and times belong to the scenario; its figures are printed.
        command.args(["--", scenario.filter, "--nocapture", "--test-threads=1"]);
        steps.command(&format!("{}: {}", scenario.name, scenario.shows), command)?;
    }
    steps.finish();
    Ok(())
}

fn select(name: Option<&str>) -> anyhow::Result<Vec<&'static Scenario>> {
    let chosen: Vec<&Scenario> =
        SCENARIOS.iter().filter(|scenario| name.is_none_or(|name| name == scenario.name)).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
        bail!("no scenario {}; there are: {}", name.unwrap_or_default(), names.join(", "));
    }
    Ok(chosen)
}

/// Whether the harness's list (`NAME: test` per line) has a test with `filter` in its name.
fn has_test(list: &str, filter: &str) -> bool {
    list.lines().filter_map(|line| line.strip_suffix(": test")).any(|name| name.contains(filter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_scenario_or_all() {
        assert_eq!(select(None).expect("all").len(), SCENARIOS.len());
        let one = select(Some("big-file")).expect("a known name");
        assert_eq!(one.iter().map(|scenario| scenario.filter).collect::<Vec<_>>(), ["big_file"]);
        let error = select(Some("big_file")).err().expect("an unknown name").to_string();
        assert!(error.contains("big-file"), "the error lists what there is: {error}");
    }

    #[test]
    fn a_scenario_needs_a_test_of_its_name() {
        let list = "tickets::ticket_race: test\nbench_race: benchmark\n\n1 test, 1 benchmark\n";
        assert!(has_test(list, "ticket_race"));
        assert!(!has_test(list, "bench_race"));
        assert!(!has_test(list, "big_file"));
    }
}
