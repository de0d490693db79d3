//! Calls of cargo from within a chore.
//!
//! Promises that a nested call sees the environment of a call by hand, so that neither recompiles what the other built.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    // What cargo says now goes before what it said when this was compiled: a moved checkout, or a second one with the
    // same target directory, finds the program already built.
    let own = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&own).parent().expect("xtask/ lies in the root of the repository").to_owned()
}

/// A cargo command in the root of the repository.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root()).args(arguments);
    // `cargo run` exports the package it runs. ring's build script asks to be run again when these change, so
    // that without this every `cargo xtask test` after a plain `cargo test` would rebuild ring and all above it.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a command whose output is JSON and gives back its output; what it says on stderr passes through.
///
/// # Errors
/// When the command cannot be started or fails.
pub(crate) fn output(mut command: Command) -> anyhow::Result<Vec<u8>> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    if !output.status.success() {
        bail!("`{}` failed: {}", line(&command), output.status);
    }
    Ok(output.stdout)
}

/// A command as one would type it.
pub(crate) fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut text = String::new();
    for (name, value) in command.get_envs() {
        // Only what was set; what was removed has no value.
        if let Some(value) = value {
            text.push_str(&format!("{}={} ", name.display(), value.display()));
        }
    }
    text.push_str(&program.to_string_lossy());
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

/// Builds the release binary of `callvault` and says where it is, whatever the target directory.
///
/// # Errors
/// When the build fails, or cargo does not name an executable.
pub(crate) fn release_binary() -> anyhow::Result<PathBuf> {
    release_executable("callvault")
}

/// Builds the release binary of a package that has the package's name.
///
/// # Errors
/// As [`release_binary`].
pub(crate) fn release_executable(package: &str) -> anyhow::Result<PathBuf> {
    let command = cargo(&[
        "build",
        "--release",
        "--package",
        package,
        "--bin",
        package,
        "--message-format=json-render-diagnostics",
    ]);
    let messages = String::from_utf8(output(command)?).context("cargo's messages are not UTF-8")?;
    executable(&messages, package).with_context(|| format!("cargo built {package} but named no executable"))
}

/// The executable of that name in cargo's messages, one JSON object per line
/// (<https://doc.rust-lang.org/cargo/reference/external-tools.html#json-messages>).
fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|text| serde_json::from_str::<Value>(text).ok())
        .filter(|message| message["reason"] == "compiler-artifact" && message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_is_the_one_of_the_binary() {
        let messages = r#"
{"reason":"compiler-artifact","target":{"name":"callvault_core"},"executable":null}
{"reason":"build-script-executed","package_id":"x"}
{"reason":"compiler-artifact","target":{"name":"callvault"},"executable":"/target/release/callvault"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(executable(messages, "callvault"), Some(PathBuf::from("/target/release/callvault")));
        assert_eq!(executable("{\"reason\":\"build-finished\",\"success\":true}", "callvault"), None);
    }

    #[test]
    fn a_nested_call_does_not_inherit_the_package_of_the_caller() {
        // The test runs under cargo, which exports CARGO_PKG_NAME=xtask.
        assert!(std::env::var_os("CARGO_PKG_NAME").is_some());
        let command = cargo(&["--version"]);
        assert!(command.get_envs().any(|(name, value)| name == "CARGO_PKG_NAME" && value.is_none()));
    }
}
