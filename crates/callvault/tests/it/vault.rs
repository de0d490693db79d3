//! A data folder of a test, the binary on it, and a server that stops when the test ends.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// How long anything may take before a test gives up.
const LONGEST: Duration = Duration::from_secs(60);

/// A real recording of the demo's, in the repository.
pub(crate) fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/demo").join(name)
}

/// A u-law recording of 89168 bytes (`ls -l`).
pub(crate) const RECORDING: &str = "recordings/20260325153650-1774453008.27-12025550182-1003-Inbound.wav";
/// Another one, of 100200 bytes.
pub(crate) const OTHER_RECORDING: &str =
    "recordings/20260323075829-1774252707.12-1001-12025550163-Outbound.wav";

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Insists on success and gives what was printed.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out.trim_end().to_owned()
    }

    /// Insists on failure, and on words in the complaint.
    #[track_caller]
    pub(crate) fn failed(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "no {word:?} in {self:?}");
        }
        self
    }

    /// Insists on success and reads the JSON that was printed.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        let out = self.done();
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error} in {out}"))
    }
}

/// A folder for a test.
pub(crate) struct Vault {
    directory: TempDir,
}

impl Vault {
    /// Without an installation.
    pub(crate) fn bare() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    /// With an installation.
    pub(crate) fn made() -> Self {
        let vault = Self::bare();
        vault.run(&["init"]).done();
        vault
    }

    /// A path beside the data folder.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.beside("data")
    }

    /// The binary on this folder, with nothing of our environment that it would read.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_callvault"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CALLVAULT_") {
                command.env_remove(name);
            }
        }
        command.env("CALLVAULT_DATA", self.data()).args(arguments).stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        ran(&mut self.command(arguments))
    }

    /// Runs a command that reads a text.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        let file = self.beside("input");
        fs_err::write(&file, input).unwrap();
        let (file, _) = fs_err::File::open(file).unwrap().into_parts();
        ran(self.command(arguments).stdin(file))
    }

    /// Waits for something that shows in the file system.
    pub(crate) fn wait_until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let end = Instant::now() + LONGEST;
        while !holds() {
            assert!(Instant::now() < end, "{what}: waited in vain");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Starts a server or a demo on a free port.
    pub(crate) fn start(&self, command: &str) -> Running {
        self.start_with(command, &[])
    }

    /// The same with more options.
    pub(crate) fn start_with(&self, command: &str, options: &[&str]) -> Running {
        let ready = self.beside("ready");
        // A server that was killed leaves its own, and the new one takes a moment to remove it.
        let _ = fs_err::remove_file(&ready);
        let arguments = [command, "--listen", "127.0.0.1:0", "--ready-file", ready.to_str().unwrap()];
        let mut child = self
            .command(&[&arguments, options].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        self.wait_until("the server is ready", || {
            if let Some(status) = child.try_wait().unwrap() {
                let mut err = String::new();
                child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
                panic!("{command} ended with {status}: {err}");
            }
            ready.exists()
        });
        Running { child: Some(child), ready: fs_err::read_to_string(ready).unwrap() }
    }
}

/// Runs a command to its end.
pub(crate) fn ran(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A running server; it is killed if the test does not stop it.
pub(crate) struct Running {
    child: Option<Child>,
    /// What the ready file said.
    pub(crate) ready: String,
}

impl Running {
    /// The address with this protocol.
    pub(crate) fn address(&self, protocol: &str) -> SocketAddr {
        let line = self.ready.lines().find_map(|line| line.strip_prefix(&format!("{protocol} ")));
        line.unwrap_or_else(|| panic!("no {protocol} in {:?}", self.ready)).parse().unwrap()
    }

    /// The status line of an answer to a GET over plain HTTP.
    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address("http")).unwrap();
        stream.set_read_timeout(Some(LONGEST)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn pid(&self) -> Pid {
        Pid::from_child(self.child.as_ref().unwrap())
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Stops it with a signal and gives its end.
    pub(crate) fn stop(mut self, signal: Signal) -> Ran {
        self.signal(signal);
        let output = self.child.take().unwrap().wait_with_output().unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
