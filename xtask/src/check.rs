//! `cargo xtask check`: what can be said about the code without running its tests.

use std::process::{Command, Stdio};

use anyhow::bail;

use crate::cargo::{cargo, root};
use crate::imports;
use crate::steps::Steps;

/// Runs the chore.
///
/// # Errors
/// The first step that failed.
pub(crate) fn run() -> anyhow::Result<()> {
    let mut steps = Steps::new();
    steps.step("cargo-deny is installed", deny_is_installed)?;
    steps.step("import rules", || imports::check(&root()))?;
    steps.command("format", cargo(&["fmt", "--all", "--", "--check"]))?;
    steps.command("licences, bans, sources", cargo(&["deny", "check", "licenses", "bans", "sources"]))?;
    steps.command("lints", cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    steps.command("documentation", documentation())?;
    steps.finish();
    Ok(())
}

fn documentation() -> Command {
    let mut command = cargo(&["doc", "--workspace", "--no-deps", "--document-private-items"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    command
}

/// Asked first: it would be a pity to learn it after the lints.
fn deny_is_installed() -> anyhow::Result<()> {
    let mut command = cargo(&["deny", "--version"]);
    let found =
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if !found {
        bail!("cargo-deny is missing; install it: cargo install cargo-deny --locked --version 0.20.2");
    }
    Ok(())
}
