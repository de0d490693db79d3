//! The installation: a customer, two people, an API key, recordings, and a hunt group with messages.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::audio::wave_file;

/// The person of the Yeastar flow; its role may use that door.
pub const CONNECTOR: &str = "trial-connector";

/// The person of the Enswitch downloads; hunt groups without an owner are open to its role.
pub const CALLER: &str = "trial-caller";

/// Of both, without a character that a form would encode. The installation listens on loopback alone and is of no use
/// after the run.
pub const PASSWORD: &str = "of-no-use-after-the-run";

/// Its MD5, as `printf of-no-use-after-the-run | md5sum` prints it: the form that the Yeastar API wants.
pub const PASSWORD_MD5: &str = "b7cdfc23cbe1a2293a7c20e1e8e8d5cf";

/// A file to be kept, of which there is one of each size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// As figures call it.
    pub name: &'static str,
    /// The whole WAV file with its header: an even number of at least 44 and below 4 GiB.
    pub bytes: usize,
    /// The level of the hunt group where it is the message, 1 to 10; 0 for what is a recording alone.
    pub level: u8,
}

/// Where an installation lies.
#[derive(Debug)]
enum Folder {
    /// Removed at the end.
    Temporary(tempfile::TempDir),
    Kept(PathBuf),
}

/// The folder, and what requests need to know of its content.
#[derive(Debug)]
pub struct Installation {
    binary: PathBuf,
    folder: Folder,
    huntgroup: u64,
    key: String,
}

impl Installation {
    /// Makes one in a temporary folder, with a recording of each size and a message of each that has a level.
    ///
    /// # Errors
    /// When a command of callvault fails or a file cannot be written.
    pub fn create(binary: &Path, sizes: &[Size]) -> anyhow::Result<Installation> {
        let folder = Folder::Temporary(tempfile::Builder::new().prefix("callvault-trial-").tempdir()?);
        let mut installation = Self::over(binary, folder)?;
        installation.fill(sizes)?;
        Ok(installation)
    }

    /// One in `folder`, which stays: made if it is not there yet. It has the people and the recordings; of the rest
    /// nothing is known of one that was there.
    ///
    /// # Errors
    /// As [`Installation::create`].
    pub fn keep(binary: &Path, folder: &Path, sizes: &[Size]) -> anyhow::Result<Installation> {
        fs_err::create_dir_all(folder)?;
        let mut installation = Self::over(binary, Folder::Kept(fs_err::canonicalize(folder)?))?;
        if !installation.folder().join("data").exists() {
            installation.fill(sizes)?;
        }
        Ok(installation)
    }

    fn over(binary: &Path, folder: Folder) -> anyhow::Result<Installation> {
        let binary = fs_err::canonicalize(binary)?;
        Ok(Installation { binary, folder, huntgroup: 0, key: String::new() })
    }

    fn fill(&mut self, sizes: &[Size]) -> anyhow::Result<()> {
        let audio = self.audio();
        fs_err::create_dir(&audio)?;
        for size in sizes {
            fs_err::write(audio.join(Self::recording(*size)), wave_file(size.bytes))?;
        }
        self.command(&["init"], None)?;
        let customer = id(&self.added(&["customer", "add", "--name", "Trial"])?)?.to_string();
        for (username, role) in [(CONNECTOR, "api"), (CALLER, "user")] {
            let person = ["person", "add", "--customer", &customer, "--username", username, "--role", role];
            self.command(&[&person[..], &["--password-stdin"]].concat(), Some(PASSWORD))?;
        }
        self.command(&["recording", "import", "--customer", &customer, path_text(&audio)?], None)?;
        let scopes = ["--scope", "recordings:read", "--scope", "recordings:write"];
        let key = ["key", "add", "--customer", &customer, "--name", "Trial", "--expires", "1d"];
        let key = self.added(&[&key[..], &scopes].concat())?;
        self.key = key["key"].as_str().context("`callvault key add` printed no key")?.to_owned();
        self.huntgroup =
            id(&self.added(&["huntgroup", "add", "--customer", &customer, "--name", "Trial"])?)?;
        let huntgroup = self.huntgroup.to_string();
        for size in sizes.iter().filter(|size| size.level > 0) {
            let file = audio.join(Self::recording(*size));
            let place = ["message", "put", "--huntgroup", &huntgroup, "--level", &size.level.to_string()];
            self.command(&[&place[..], &[path_text(&file)?]].concat(), None)?;
        }
        Ok(())
    }

    /// The name under which the recording of a size is kept: in the usual form, nothing in it needs encoding.
    #[must_use]
    pub fn recording(size: Size) -> String {
        format!("20260105090000-1767603600.{}-4000-4001-Internal.wav", size.level)
    }

    /// The hunt group that has the messages.
    #[must_use]
    pub fn huntgroup(&self) -> u64 {
        self.huntgroup
    }

    /// An API key that may read and write recordings, for a day.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Where there is room for what a measurement writes.
    #[must_use]
    pub fn folder(&self) -> &Path {
        match &self.folder {
            Folder::Temporary(folder) => folder.path(),
            Folder::Kept(folder) => folder,
        }
    }

    /// Where the files lie as they were made, for others to serve.
    #[must_use]
    pub fn audio(&self) -> PathBuf {
        self.folder().join("audio")
    }

    /// Its catalog, to be touched while nothing runs.
    #[must_use]
    pub fn catalog(&self) -> PathBuf {
        self.folder().join("data").join("catalog.sqlite")
    }

    /// The program, as one that runs it under another needs it.
    #[must_use]
    pub fn binary(&self) -> &Path {
        &self.binary
    }

    /// Runs a program on this installation, callvault or one that runs it, with the settings that it has by itself.
    #[must_use]
    pub fn run<Argument: AsRef<OsStr>>(&self, program: &Path, arguments: &[Argument]) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CALLVAULT_") {
                command.env_remove(&name);
            }
        }
        command.env_remove("RUST_LOG").env("CALLVAULT_DATA", self.folder().join("data"));
        command.current_dir(self.folder()).args(arguments);
        command
    }

    /// Runs a command that adds something and gives what it printed of it.
    fn added(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let output = self.command(&[arguments, &["--json"]].concat(), None)?;
        serde_json::from_str(&output)
            .with_context(|| format!("`callvault {}` printed no JSON: {output}", arguments.join(" ")))
    }

    /// Runs a command to its end and gives what it printed.
    fn command(&self, arguments: &[&str], input: Option<&str>) -> anyhow::Result<String> {
        let line = || format!("callvault {}", arguments.join(" "));
        let mut child = self
            .run(&self.binary, arguments)
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

fn id(object: &Value) -> anyhow::Result<u64> {
    object["id"].as_u64().with_context(|| format!("no id in {object}"))
}

fn path_text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))
}
