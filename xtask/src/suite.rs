//! `cargo xtask test`: every test at the size for every day.

use std::path::Path;
use std::process::Command;

use crate::cargo::{cargo, release_binary, root};
use crate::steps::Steps;
use crate::{hot_paths, imports, schemathesis, tools};

/// The variable by which the end-to-end tests learn which binary to start.
const BINARY_VARIABLE: &str = "CALLVAULT_BIN";

/// The variable by which they learn where schemathesis is.
const SCHEMATHESIS_VARIABLE: &str = "CALLVAULT_SCHEMATHESIS";

/// Runs the chore.
///
/// # Errors
/// The first step that failed.
pub(crate) fn run() -> anyhow::Result<()> {
    tools::provide()?;
    let mut steps = Steps::new();
    steps.step("import rules", || imports::check(&root()))?;
    steps.command("tests of the crates", cargo(&["test"]))?;
    steps.command(
        "fuzz corpus, benchmark and xtask",
        cargo(&[
            "test",
            "--package",
            "callvault-fuzz",
            "--package",
            "callvault-benches",
            "--package",
            "xtask",
        ]),
    )?;
    let binary = steps.step("release binary", release_binary)?;
    steps.step("hot paths", || hot_paths::check(&binary))?;
    let schemathesis = steps.step("schemathesis", schemathesis::provide)?;
    steps.command("end to end", end_to_end(&binary, &schemathesis))?;
    steps.finish();
    Ok(())
}

/// The end-to-end tests against the binary given, with the program schemathesis; arguments for the test harness go after
/// `--`.
pub(crate) fn end_to_end(binary: &Path, schemathesis: &Path) -> Command {
    let mut command = cargo(&["test", "--package", "callvault-e2e"]);
    command.env(BINARY_VARIABLE, binary).env(SCHEMATHESIS_VARIABLE, schemathesis);
    command
}
