//! An installation of its own in a temporary folder, filled through the command line as an operator would.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::audio::wave_file;
use crate::plan::{LONG, SIZES, Size};
use crate::tls::Certificate;

/// The person of the Yeastar flow; its role may use that door.
pub(crate) const CONNECTOR: &str = "bench-connector";

/// The person of the Enswitch downloads; hunt groups without an owner are open to its role.
pub(crate) const CALLER: &str = "bench-caller";

/// Of both. The installation listens on loopback alone and is removed at the end.
pub(crate) const PASSWORD: &str = "of no use after the run";

/// Where an installation lies.
enum Folder {
    /// Removed at the end.
    Temporary(tempfile::TempDir),
    Kept(PathBuf),
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Folder::Temporary(folder) => folder.path(),
            Folder::Kept(folder) => folder,
        }
    }
}

/// The folder, and what the requests need to know of its content.
pub(crate) struct Installation {
    binary: PathBuf,
    folder: Folder,
    huntgroup: u64,
    key: String,
    certificate: Certificate,
}

impl Installation {
    /// Makes it: a customer, two people, a recording of each size, and a hunt group with a message of each size.
    ///
    /// # Errors
    /// When a command of callvault fails or a file cannot be written.
    pub(crate) fn create(binary: &Path) -> anyhow::Result<Installation> {
        let binary = fs_err::canonicalize(binary)?;
        let folder = Folder::Temporary(tempfile::Builder::new().prefix("callvault-bench-").tempdir()?);
        let certificate = Certificate::make(folder.path())?;
        let mut installation = Installation { binary, folder, huntgroup: 0, key: String::new(), certificate };
        installation.fill()?;
        Ok(installation)
    }

    /// One in `folder`, which stays: made if it is not there yet. It has the people and the recordings; of the rest
    /// nothing is known of one that was there.
    ///
    /// # Errors
    /// As [`Installation::create`].
    pub(crate) fn keep(binary: &Path, folder: &Path) -> anyhow::Result<Installation> {
        let binary = fs_err::canonicalize(binary)?;
        fs_err::create_dir_all(folder)?;
        let folder = Folder::Kept(fs_err::canonicalize(folder)?);
        let certificate = Certificate::make(folder.path())?;
        let is_new = !folder.path().join("data").exists();
        let mut installation = Installation { binary, folder, huntgroup: 0, key: String::new(), certificate };
        if is_new {
            installation.fill()?;
        }
        Ok(installation)
    }

    fn fill(&mut self) -> anyhow::Result<()> {
        let audio = self.audio();
        fs_err::create_dir(&audio)?;
        for size in SIZES.into_iter().chain([LONG]) {
            fs_err::write(audio.join(Self::recording(size)), wave_file(size.bytes))?;
        }
        self.command(&["init"], None)?;
        let customer = self.add(&["customer", "add", "--name", "Bench", "--json"])?.to_string();
        for (username, role) in [(CONNECTOR, "api"), (CALLER, "user")] {
            let person = ["person", "add", "--customer", &customer, "--username", username, "--role", role];
            self.command(&[&person[..], &["--password-stdin"]].concat(), Some(PASSWORD))?;
        }
        self.command(&["recording", "import", "--customer", &customer, path_text(&audio)?], None)?;
        let scopes = ["--scope", "recordings:read", "--scope", "recordings:write"];
        let key =
            [&["key", "add", "--customer", &customer, "--name", "Bench", "--json"], &scopes[..]].concat();
        self.key = self.printed(&key)?["key"].as_str().context("`key add` printed no key")?.to_owned();
        self.huntgroup =
            self.add(&["huntgroup", "add", "--customer", &customer, "--name", "Bench", "--json"])?;
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

    /// An API key that may read and write recordings.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// What TLS is spoken with.
    pub(crate) fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Where `serve` tells its address and writes its log.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the files lie as they were made, for others to serve.
    pub(crate) fn audio(&self) -> PathBuf {
        self.folder.path().join("audio")
    }

    /// Its catalog, to be touched while nothing runs.
    pub(crate) fn catalog(&self) -> PathBuf {
        self.folder.path().join("data").join("catalog.sqlite")
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
    fn add(&self, arguments: &[&str]) -> anyhow::Result<u64> {
        self.printed(arguments)?["id"]
            .as_u64()
            .with_context(|| format!("`callvault {}` printed no id", arguments.join(" ")))
    }

    /// Runs a command with `--json` and gives what it prints.
    fn printed(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let output = self.command(arguments, None)?;
        serde_json::from_str(&output)
            .with_context(|| format!("`callvault {}` printed no JSON: {output}", arguments.join(" ")))
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
