//! An installation of its own in a temporary folder, filled through the command line as an operator would.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::audio::wave_file;
use crate::plan::{SIZES, Size};

/// The person of the Yeastar flow; its role may use that door.
pub(crate) const CONNECTOR: &str = "bench-connector";

/// The person of the Enswitch downloads; hunt groups without an owner are open to its role.
pub(crate) const CALLER: &str = "bench-caller";

/// Of both. The installation listens on loopback alone and is removed at the end.
pub(crate) const PASSWORD: &str = "of no use after the run";

/// The folder, and what the requests need to know of its content.
pub(crate) struct Installation {
    binary: PathBuf,
    folder: tempfile::TempDir,
    huntgroup: u64,
}

impl Installation {
    /// Makes it: a customer, two people, a recording of each size, and a hunt group with a message of each size.
    ///
    /// # Errors
    /// When a command of callvault fails or a file cannot be written.
    pub(crate) fn create(binary: &Path) -> anyhow::Result<Installation> {
        let binary = fs_err::canonicalize(binary)?;
        let folder = tempfile::Builder::new().prefix("callvault-bench-").tempdir()?;
        let mut installation = Installation { binary, folder, huntgroup: 0 };
        installation.fill()?;
        Ok(installation)
    }

    fn fill(&mut self) -> anyhow::Result<()> {
        let audio = self.audio();
        fs_err::create_dir(&audio)?;
        for size in SIZES {
            fs_err::write(audio.join(Self::recording(size)), wave_file(size.bytes))?;
        }
        self.command(&["init"], None)?;
        let customer = self.add(&["customer", "add", "--name", "Bench", "--json"], None)?.to_string();
        for (username, role) in [(CONNECTOR, "api"), (CALLER, "user")] {
            let person = ["person", "add", "--customer", &customer, "--username", username, "--role", role];
            self.command(&[&person[..], &["--password-stdin"]].concat(), Some(PASSWORD))?;
        }
        self.command(&["recording", "import", "--customer", &customer, path_text(&audio)?], None)?;
        self.huntgroup =
            self.add(&["huntgroup", "add", "--customer", &customer, "--name", "Bench", "--json"], None)?;
        let huntgroup = self.huntgroup.to_string();
        for size in SIZES {
            let file = audio.join(Self::recording(size));
            let place = ["message", "put", "--huntgroup", &huntgroup, "--level", &size.level.to_string()];
            self.command(&[&place[..], &[path_text(&file)?]].concat(), None)?;
        }
        Ok(())
    }

    /// The name under which the recording of a size is stored: in the usual form, nothing in it needs encoding.
    pub(crate) fn recording(size: Size) -> String {
        format!("20260105090000-1767603600.{}-4000-4001-Internal.wav", size.level)
    }

    /// The hunt group that has a message of each size, on the level of the size.
    pub(crate) fn huntgroup(&self) -> u64 {
        self.huntgroup
    }

    /// Where `serve` tells its address and writes its log.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the files lie as they were made, for others to serve.
    pub(crate) fn audio(&self) -> PathBuf {
        self.folder.path().join("audio")
    }

    /// A callvault command on this installation with the settings that it has by itself.
    pub(crate) fn callvault<Argument: AsRef<OsStr>>(&self, arguments: &[Argument]) -> Command {
        let mut command = Command::new(&self.binary);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CALLVAULT_") {
                command.env_remove(&name);
            }
        }
        command.env_remove("RUST_LOG").env("CALLVAULT_DATA", self.folder.path().join("data"));
        command.current_dir(self.folder.path()).args(arguments);
        command
    }

    /// Runs a command that adds something with `--json` and gives the id it prints.
    fn add(&self, arguments: &[&str], input: Option<&str>) -> anyhow::Result<u64> {
        let output = self.command(arguments, input)?;
        let object: Value = serde_json::from_str(&output)
            .with_context(|| format!("`callvault {}` printed no JSON: {output}", arguments.join(" ")))?;
        object["id"].as_u64().with_context(|| format!("`callvault {}` printed no id", arguments.join(" ")))
    }

    /// Runs a command to its end and gives what it printed.
    fn command(&self, arguments: &[&str], input: Option<&str>) -> anyhow::Result<String> {
        let line = || format!("callvault {}", arguments.join(" "));
        let mut child = self
            .callvault(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start `{}`", line()))?;
        // Taken and dropped, so that the command sees the end of its input.
        let mut stdin = child.stdin.take().context("the command has no standard input")?;
        if let Some(input) = input {
            writeln!(stdin, "{input}").with_context(|| format!("`{}` does not read its input", line()))?;
        }
        drop(stdin);
        let output = child.wait_with_output().with_context(|| format!("cannot wait for `{}`", line()))?;
        if !output.status.success() {
            bail!(
                "`{}` failed ({}): {}",
                line(),
                output.status,
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        String::from_utf8(output.stdout).with_context(|| format!("`{}` printed no UTF-8", line()))
    }
}

fn path_text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))
}
