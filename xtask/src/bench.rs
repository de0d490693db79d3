//! `cargo xtask bench`: builds the server and the load generator, and lets the one measure the other.
//!
//! docs/benchmarks.md explains what is measured. No figure makes it fail; a wrong answer does.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::cargo::{release_binary, release_executable};
use crate::steps::Steps;

/// The package of the load generator, and its program.
const LOAD_GENERATOR: &str = "callvault-benches";

/// Runs the chore; `quick` makes the windows too short to mean much.
///
/// # Errors
/// The first step that failed.
pub(crate) fn run(quick: bool) -> anyhow::Result<()> {
    let mut steps = Steps::new();
    let server = steps.step("release binary", release_binary)?;
    let load_generator = steps.step("load generator", || release_executable(LOAD_GENERATOR))?;
    let results = results(&server)?;
    steps.command("measured", measure(&load_generator, &server, &results, quick))?;
    steps.finish();
    Ok(())
}

/// bench/comparisons.json in the target directory, which is where release/ lies.
fn results(server: &Path) -> anyhow::Result<PathBuf> {
    let target =
        server.parent().and_then(Path::parent).context("the release binary lies in no target directory")?;
    Ok(target.join("bench").join("comparisons.json"))
}

fn measure(load_generator: &Path, server: &Path, results: &Path, quick: bool) -> Command {
    let mut command = Command::new(load_generator);
    command.arg("--server").arg(server).arg("--json").arg(results);
    if quick {
        command.arg("--quick");
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_lie_in_the_target_directory() {
        let found = results(Path::new("/somewhere/target/release/callvault")).expect("a path");
        assert_eq!(found, Path::new("/somewhere/target/bench/comparisons.json"));
        assert!(results(Path::new("callvault")).is_err());
    }
}
