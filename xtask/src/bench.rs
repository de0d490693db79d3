//! `cargo xtask bench`: provides the peers, builds the server and the load generator, and lets this one measure the others.
//!
//! docs/benchmarks.md explains what is measured. No figure makes it fail; a wrong answer does.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::cargo::{release_binary, release_executable};
use crate::peers;
use crate::steps::Steps;

/// The package of the load generator, and its program.
const LOAD_GENERATOR: &str = "callvault-benches";

/// Runs the chore; the options are the load generator's.
///
/// # Errors
/// The first step that failed.
pub(crate) fn run(options: &[&str]) -> anyhow::Result<()> {
    let mut steps = Steps::new();
    steps.step("peers", peers::provide)?;
    let server = steps.step("release binary", release_binary)?;
    let load_generator = steps.step("load generator", || release_executable(LOAD_GENERATOR))?;
    let results = results(&server)?;
    steps.command("measured", measure(&load_generator, &server, &results, options))?;
    steps.finish();
    Ok(())
}

/// bench/ in the target directory, which is where release/ lies.
fn results(server: &Path) -> anyhow::Result<PathBuf> {
    let target =
        server.parent().and_then(Path::parent).context("the release binary lies in no target directory")?;
    Ok(target.join("bench"))
}

fn measure(load_generator: &Path, server: &Path, results: &Path, options: &[&str]) -> Command {
    let mut command = Command::new(load_generator);
    command.arg("--server").arg(server).arg("--results").arg(results).args(options);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_lie_in_the_target_directory() {
        let found = results(Path::new("/somewhere/target/release/callvault")).expect("a path");
        assert_eq!(found, Path::new("/somewhere/target/bench"));
        assert!(results(Path::new("callvault")).is_err());
    }
}
