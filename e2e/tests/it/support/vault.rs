//! An installation in a folder of its own, the commands on it, and the server that runs it.

use std::ffi::OsStr;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::{told, wait_for};

/// The binary under test.
pub(crate) fn binary() -> PathBuf {
    let path = std::env::var_os("CALLVAULT_BIN").expect(
        "CALLVAULT_BIN must name the callvault binary: run `cargo xtask test`, or build with \
         `cargo build --release` and set it to target/release/callvault",
    );
    let path = PathBuf::from(path);
    // The tests of a package run in its folder, but people give paths from the root of the repository.
    let from_root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(&path);
    if path.exists() { path } else { from_root }
}

/// A callvault command that is not influenced by the environment of whoever runs the tests.
pub(crate) fn callvault() -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CALLVAULT_") || name == "RUST_LOG" {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// A folder with a data directory in it, removed at the end.
pub(crate) struct Vault {
    folder: TempDir,
}

impl Vault {
    /// A folder whose data directory does not exist yet.
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A fresh installation, with its customer 1.
    pub(crate) fn init() -> Self {
        let vault = Self::empty();
        vault.ok(["init"]);
        vault
    }

    /// A fresh installation whose customer has a person `api` of the role `api` with the password [`PASSWORD`].
    pub(crate) fn with_api_person() -> Self {
        let vault = Self::init();
        vault.add_person(1, "api", "api", PASSWORD);
        vault
    }

    /// A folder that goes away with the installation.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The control socket of a running server.
    pub(crate) fn control_socket(&self) -> PathBuf {
        self.data().join("control.sock")
    }

    /// The command `callvault ARGUMENTS --data DATA`.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = callvault();
        command.args(arguments).arg("--data").arg(self.data());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Output {
        self.command(arguments).output().expect("the binary starts")
    }

    /// Runs a command that must succeed and gives its standard output.
    pub(crate) fn ok<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> String {
        let mut command = self.command(arguments);
        let output = command.output().expect("the binary starts");
        assert!(output.status.success(), "{command:?}\n{}", told(&output));
        String::from_utf8(output.stdout).expect("the command line speaks UTF-8")
    }

    /// Runs a command that must succeed with `--json` and gives what it said.
    pub(crate) fn json<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Value {
        let mut command = self.command(arguments);
        let output = command.arg("--json").output().expect("the binary starts");
        assert!(output.status.success(), "{command:?}\n{}", told(&output));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{}", told(&output)))
    }

    /// The list that a `list --json` command shows.
    pub(crate) fn list<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Vec<Value> {
        match self.json(arguments) {
            Value::Array(items) => items,
            Value::Object(mut object) => match object.remove("items") {
                Some(Value::Array(items)) => items,
                _ => panic!("not a list: {object:?}"),
            },
            other => panic!("not a list: {other}"),
        }
    }

    /// Runs a command that must fail with exit code 1 and gives what it complained.
    pub(crate) fn fails<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> String {
        let mut command = self.command(arguments);
        let output = command.output().expect("the binary starts");
        assert_eq!(output.status.code(), Some(1), "{command:?}\n{}", told(&output));
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    }

    /// Runs a command with something on its standard input.
    pub(crate) fn ok_with_input<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>, input: &str) {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads its input");
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{command:?}\n{}", told(&output));
    }

    pub(crate) fn add_person(&self, customer: u64, username: &str, role: &str, password: &str) {
        let customer = customer.to_string();
        self.ok_with_input(
            [
                "person",
                "add",
                "--customer",
                &customer,
                "--username",
                username,
                "--role",
                role,
                "--password-stdin",
            ],
            password,
        );
    }

    pub(crate) fn add_hunt_group(&self, customer: u64, id: u64, name: &str) {
        let (customer, id) = (customer.to_string(), id.to_string());
        self.ok(["huntgroup", "add", "--customer", &customer, "--id", &id, "--name", name]);
    }

    pub(crate) fn put_message(&self, huntgroup: u64, level: u8, file: &Path) {
        let (huntgroup, level) = (huntgroup.to_string(), level.to_string());
        let file = file.to_str().expect("a path in UTF-8");
        self.ok(["message", "put", "--huntgroup", &huntgroup, "--level", &level, file]);
    }

    /// Imports a file for customer 1.
    pub(crate) fn import(&self, path: &Path) {
        self.ok(["recording", "import", "--customer", "1", path.to_str().expect("a path in UTF-8")]);
    }

    /// Writes a file under `name` in the folder of the installation and imports it for customer 1.
    pub(crate) fn import_as(&self, name: &str, bytes: &[u8]) {
        let path = self.folder().join(name);
        fs_err::write(&path, bytes).expect("a file to import");
        self.import(&path);
    }

    /// Starts the server on a free port of loopback and waits until it accepts connections.
    pub(crate) fn serve(&self) -> Server {
        self.serve_with(|_| {})
    }

    /// Starts the server with changes to its command, on `--listen 127.0.0.1:0`.
    pub(crate) fn serve_with(&self, change: impl FnOnce(&mut Command)) -> Server {
        let mut command = self.command(["serve", "--listen", "127.0.0.1:0"]);
        change(&mut command);
        Server::start(command, self.folder())
    }
}

/// The password of [`Vault::with_api_person`].
pub(crate) const PASSWORD: &str = "Callvault1";

/// A running server; killed at the end.
pub(crate) struct Server {
    child: Child,
    /// Where it speaks HTTP.
    pub(crate) http: SocketAddr,
    /// Where it speaks HTTPS.
    pub(crate) https: SocketAddr,
    /// How long it took from the start of the process to the ready file.
    pub(crate) started_in: Duration,
    log: PathBuf,
    output: PathBuf,
}

impl Server {
    /// Starts a `serve` or `demo` command and waits for its ready file; standard output and error go to files in
    /// `folder`.
    pub(crate) fn start(mut command: Command, folder: &Path) -> Self {
        let ready = folder.join("ready");
        match fs_err::remove_file(&ready) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => panic!("{error}"),
        }
        let (log, output) = (folder.join("server.log"), folder.join("server.out"));
        let open = |path: &Path| {
            fs_err::OpenOptions::new().create(true).append(true).open(path).expect("a log file").into_file()
        };
        command.arg("--ready-file").arg(&ready).stdout(open(&output)).stderr(open(&log));
        let start = Instant::now();
        let mut child = command.spawn().expect("the binary starts");
        let text = wait_for("the ready file", Duration::from_secs(30), || {
            if let Some(status) = child.try_wait().expect("a child of ours") {
                let log = fs_err::read_to_string(&log).unwrap_or_default();
                panic!("{command:?} ended before it was ready: {status}\n{log}");
            }
            // Written in one piece, or not there.
            fs_err::read_to_string(&ready).ok().filter(|text| text.ends_with('\n'))
        });
        let started_in = start.elapsed();
        let address = |protocol: &str| {
            text.lines()
                .filter_map(|line| line.split_once(' '))
                .find(|(word, _)| *word == protocol)
                .map(|(_, address)| address.trim().parse().expect("an address in the ready file"))
        };
        // A port of one protocol only answers in place of the other, so that neither test needs an Option.
        let (http, https) = (address("http"), address("https"));
        let any = http.or(https).unwrap_or_else(|| panic!("no address in the ready file: {text}"));
        Self { child, http: http.unwrap_or(any), https: https.unwrap_or(any), started_in, log, output }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What the server wrote to its standard error so far, all runs on this folder together.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs_err::read(&self.log).expect("the log")).into_owned()
    }

    /// What the server wrote to its standard output so far.
    pub(crate) fn output(&self) -> String {
        String::from_utf8_lossy(&fs_err::read(&self.output).expect("the output")).into_owned()
    }

    /// The base address of plain HTTP.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// Sends a signal by its name without SIG.
    pub(crate) fn signal(&self, name: &str) {
        // The shell's own: small systems have no program of this name.
        super::run(Command::new("bash").args(["-c", &format!("kill -{name} {}", self.pid())]));
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it ran");
        self.child.wait().expect("it ended");
    }

    /// Waits for the end.
    pub(crate) fn ended(&mut self, limit: Duration) -> ExitStatus {
        let child = &mut self.child;
        wait_for("the server to end", limit, || child.try_wait().expect("a child of ours"))
    }

    /// SIGTERM, and waits for a clean end.
    pub(crate) fn stop(mut self) {
        self.signal("TERM");
        let status = self.ended(Duration::from_secs(30));
        assert!(status.success(), "the server ended with {status}\n{}", self.log());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Gone already in most tests; both calls then do nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
