//! `cargo xtask soak`: the long scenarios at their full size, on the release binary.
//!
//! The same tests as in `cargo xtask test`; `CALLVAULT_SOAK=1` tells them to run at the size that was promised. The
//! scenario `fuzz` needs no binary: it gives every fuzz function its time, on optimised code that still panics where
//! arithmetic overflows.

use std::process::Command;

use anyhow::{Context, bail};

use crate::cargo::{cargo, output, release_binary};
use crate::steps::Steps;
use crate::suite::end_to_end;
use crate::{schemathesis, tools};

/// The variable that makes the end-to-end tests run at full size.
const SOAK_VARIABLE: &str = "CALLVAULT_SOAK";

/// The variable that says for how many seconds each fuzz function runs.
const FUZZ_VARIABLE: &str = "CALLVAULT_FUZZ_SECONDS";

/// How long each fuzz function runs when nothing is said: ten minutes.
const FUZZ_SECONDS: u64 = 600;

/// A scenario: what one types, how it is run, and what it shows.
struct Scenario {
    name: &'static str,
    way: Way,
    shows: &'static str,
}

/// How a scenario is run.
enum Way {
    /// By the end-to-end tests with this in their names.
    EndToEnd(&'static str),
    /// By the fuzz functions, as many at a time as there are processors.
    Fuzz,
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "ticket-race",
        way: Way::EndToEnd("ticket_race"),
        shows: "200 clients race for one ticket, 500 times: one 200 each time, memory and descriptors stay level",
    },
    Scenario {
        name: "ticket-age",
        way: Way::EndToEnd("ticket_age"),
        shows: "a ticket works at 29 s and is gone at 31 s of real time",
    },
    Scenario {
        name: "kill-import",
        way: Way::EndToEnd("kill_import"),
        shows: "kill -9 at random moments of 300 imports: nothing acknowledged is lost, nothing half is visible",
    },
    Scenario {
        name: "reports",
        way: Way::EndToEnd("reports_outlive_kills"),
        shows: "1,000 calls reported through ten kill -9, each recording fetched inside the report's handler: none is missed",
    },
    Scenario {
        name: "call-records",
        way: Way::EndToEnd("many_calls"),
        shows: "10 million call records: files at a steady rate, memory under 100 MiB, tickets as fast as with ten thousand",
    },
    Scenario {
        name: "api",
        way: Way::EndToEnd("api_description"),
        shows: "200 requests for each operation of our own API, fitting its description and not: every answer is as described",
    },
    Scenario {
        name: "big-file",
        way: Way::EndToEnd("big_file"),
        shows: "a 2 GiB WAV through every download with the server's memory under 64 MiB",
    },
    Scenario {
        name: "replace-message",
        way: Way::EndToEnd("replace_message"),
        shows: "a message replaced 300 times and killed 60 times under 100 clients: each gets wholly the old or the new one",
    },
    Scenario {
        name: "many-downloads",
        way: Way::EndToEnd("many_downloads"),
        shows: "a message of 10 MiB for 200 clients at once in each encoding with the server's memory under 96 MiB",
    },
    Scenario {
        name: "fuzz",
        way: Way::Fuzz,
        shows: "every parser over mutations of its corpus, 10 minutes each (--seconds N): no promise is broken",
    },
];

/// Prints the scenarios.
pub(crate) fn list() {
    for scenario in SCENARIOS {
        println!("{:<15} {}", scenario.name, scenario.shows);
    }
}

/// Runs one scenario, or all of them. `seconds` is for each fuzz function.
///
/// # Errors
/// An unknown name, a scenario without a test, or the first scenario that failed.
pub(crate) fn run(name: Option<&str>, seconds: Option<u64>) -> anyhow::Result<()> {
    let scenarios = select(name)?;
    let mut steps = Steps::new();
    let filters: Vec<(&Scenario, &str)> = scenarios
        .iter()
        .filter_map(|scenario| match scenario.way {
            Way::EndToEnd(filter) => Some((*scenario, filter)),
            Way::Fuzz => None,
        })
        .collect();
    if !filters.is_empty() {
        run_end_to_end(&mut steps, &filters)?;
    }
    for scenario in scenarios.iter().filter(|scenario| matches!(scenario.way, Way::Fuzz)) {
        steps.command(&title(scenario), fuzz(seconds.unwrap_or(FUZZ_SECONDS)))?;
    }
    steps.finish();
    Ok(())
}

fn run_end_to_end(steps: &mut Steps, filters: &[(&Scenario, &str)]) -> anyhow::Result<()> {
    tools::provide()?;
    let binary = steps.step("release binary", release_binary)?;
    let schemathesis = steps.step("schemathesis", schemathesis::provide)?;
    steps.step("end-to-end tests, built and listed", || {
        let mut command = end_to_end(&binary, &schemathesis);
        command.args(["--", "--list"]);
        let tests = String::from_utf8(output(command)?).context("the list of tests is not UTF-8")?;
        for (scenario, filter) in filters {
            // A filter that matches nothing passes silently; a scenario must not.
            if !has_test(&tests, filter) {
                bail!("scenario {}: no end-to-end test has `{filter}` in its name", scenario.name);
            }
        }
        Ok(())
    })?;
    for (scenario, filter) in filters {
        let mut command = end_to_end(&binary, &schemathesis);
        command.env(SOAK_VARIABLE, "1");
        // One at a time, so that memory and times belong to the scenario; its figures are printed.
        command.args(["--", filter, "--nocapture", "--test-threads=1"]);
        steps.command(&title(scenario), command)?;
    }
    Ok(())
}

/// The fuzz functions, for so many seconds each; how many mutations each had is printed.
fn fuzz(seconds: u64) -> Command {
    let mut command = cargo(&["test", "--profile", "fuzz", "--package", "callvault-fuzz", "--test", "it"]);
    command.env(FUZZ_VARIABLE, seconds.to_string()).args(["--", "--nocapture"]);
    command
}

fn title(scenario: &Scenario) -> String {
    format!("{}: {}", scenario.name, scenario.shows)
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
        assert_eq!(one.iter().map(|scenario| scenario.name).collect::<Vec<_>>(), ["big-file"]);
        let error = select(Some("big_file")).err().expect("an unknown name").to_string();
        assert!(error.contains("big-file"), "the error lists what there is: {error}");
    }

    #[test]
    fn fuzz_functions_run_as_long_as_is_said() {
        let command = fuzz(7);
        let seconds =
            command.get_envs().find(|(name, _)| *name == FUZZ_VARIABLE).and_then(|(_, value)| value);
        assert_eq!(seconds, Some("7".as_ref()));
        // The tests read this very variable; otherwise the soak would pass within seconds.
        let tests =
            fs_err::read_to_string(crate::cargo::root().join("fuzz/tests/it/main.rs")).expect("the tests");
        assert!(tests.contains(FUZZ_VARIABLE));
    }

    #[test]
    fn a_scenario_needs_a_test_of_its_name() {
        let list = "tickets::ticket_race: test\nbench_race: benchmark\n\n1 test, 1 benchmark\n";
        assert!(has_test(list, "ticket_race"));
        assert!(!has_test(list, "bench_race"));
        assert!(!has_test(list, "big_file"));
    }
}
