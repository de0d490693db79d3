//! An installation of its own in a temporary folder, filled through the command line as an operator would.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

use super::audio::wave_file;

/// The person of the Yeastar flow; its role may use that door.
pub(super) const CONNECTOR: &str = "guard-connector";

/// The person of the Enswitch downloads; hunt groups without an owner are open to its role.
pub(super) const CALLER: &str = "guard-caller";

/// Of both, without a character that a form would encode. The installation listens on loopback alone and is removed at
/// the end.
pub(super) const PASSWORD: &str = "of-no-use-after-the-run";

/// Its MD5, as `printf of-no-use-after-the-run | md5sum` prints it: the form that the Yeastar API wants.
pub(super) const PASSWORD_MD5: &str = "b7cdfc23cbe1a2293a7c20e1e8e8d5cf";

/// A file that is served, as a recording and as the message on a level of the hunt group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// The whole WAV file with its header.
    pub(super) bytes: usize,
    /// 1 to 10.
    pub(super) level: u8,
}

/// A quarter of a second of 16-bit telephone audio: what is left is the work for the request itself.
pub(super) const SHORT: Size = Size { bytes: 4096, level: 1 };

/// Half a minute, of which the work for each byte shows.
pub(super) const CALL: Size = Size { bytes: 480_000, level: 2 };

/// Three minutes, to take parts of.
pub(super) const LONG: Size = Size { bytes: 3_000_000, level: 3 };

/// The folder, and what the requests need to know of its content.
pub(super) struct Installation {
    binary: PathBuf,
    folder: tempfile::TempDir,
    huntgroup: u64,
    key: String,
}

impl Installation {
    /// Makes it: a customer, two people, an API key, a recording of each size, and a hunt group with a message of each.
    ///
    /// # Errors
    /// When a command of callvault fails or a file cannot be written.
    pub(super) fn create(binary: &Path) -> anyhow::Result<Installation> {
        let binary = fs_err::canonicalize(binary)?;
        let folder = tempfile::Builder::new().prefix("callvault-hot-paths-").tempdir()?;
        let mut installation = Installation { binary, folder, huntgroup: 0, key: String::new() };
        installation.fill()?;
        Ok(installation)
    }

    fn fill(&mut self) -> anyhow::Result<()> {
        let audio = self.folder.path().join("audio");
        fs_err::create_dir(&audio)?;
        for size in [SHORT, CALL, LONG] {
            fs_err::write(audio.join(Self::recording(size)), wave_file(size.bytes))?;
        }
        self.command(&["init"], None)?;
        let customer = id(&self.add(&["customer", "add", "--name", "Guard", "--json"])?)?.to_string();
        for (username, role) in [(CONNECTOR, "api"), (CALLER, "user")] {
            let person = ["person", "add", "--customer", &customer, "--username", username, "--role", role];
            self.command(&[&person[..], &["--password-stdin"]].concat(), Some(PASSWORD))?;
        }
        let scopes = ["--scope", "recordings:read", "--scope", "recordings:write"];
        let key = ["key", "add", "--customer", &customer, "--name", "guard", "--expires", "1d", "--json"];
        let key = self.add(&[&key[..], &scopes].concat())?;
        self.key = key["key"].as_str().context("`callvault key add` printed no key")?.to_owned();
        self.command(&["recording", "import", "--customer", &customer, path_text(&audio)?], None)?;
        self.huntgroup =
            id(&self.add(&["huntgroup", "add", "--customer", &customer, "--name", "Guard", "--json"])?)?;
        let huntgroup = self.huntgroup.to_string();
        for size in [SHORT, CALL, LONG] {
            let file = audio.join(Self::recording(size));
            let place = ["message", "put", "--huntgroup", &huntgroup, "--level", &size.level.to_string()];
            self.command(&[&place[..], &[path_text(&file)?]].concat(), None)?;
        }
        Ok(())
    }

    /// The name under which the recording of a size is stored: in the usual form, nothing in it needs encoding.
    pub(super) fn recording(size: Size) -> String {
        format!("20260105090000-1767603600.{}-4000-4001-Internal.wav", size.level)
    }

    /// The hunt group that has a message of each size, on the level of the size.
    pub(super) fn huntgroup(&self) -> u64 {
        self.huntgroup
    }

    /// An API key that may read and write recordings.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Where there is room for what the measurement writes.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The program, as one that runs it under another needs it.
    pub(super) fn binary(&self) -> &Path {
        &self.binary
    }

    /// Runs a program on this installation, callvault or one that runs it, with the settings that it has by itself.
    pub(super) fn run<Argument: AsRef<OsStr>>(&self, program: &Path, arguments: &[Argument]) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CALLVAULT_") {
                command.env_remove(&name);
            }
        }
        command.env_remove("RUST_LOG").env("CALLVAULT_DATA", self.folder.path().join("data"));
        command.current_dir(self.folder.path()).args(arguments);
        command
    }

    /// Runs a command that adds something with `--json` and gives what it printed.
    fn add(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let output = self.command(arguments, None)?;
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
