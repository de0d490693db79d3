//! `callvault serve` under callgrind, which counts only while it is told to.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use callvault_trial::installation::Installation;
use callvault_trial::serving::Serving;

use super::profile::Profile;

/// How long to wait for the start; it takes seconds under valgrind.
const PATIENCE: Duration = Duration::from_secs(120);

/// The process; killed when dropped. What it would do at its end is of no interest, and its data is removed.
pub(super) struct Server {
    serving: Serving,
    folder: PathBuf,
}

impl Server {
    /// Starts one and waits until it accepts connections. Nothing is counted yet.
    ///
    /// # Errors
    /// When it ends, or is not ready in two minutes.
    pub(super) fn start(installation: &Installation) -> anyhow::Result<Server> {
        let folder = installation.folder().join("callgrind");
        fs_err::create_dir(&folder)?;
        let mut out_file = std::ffi::OsString::from("--callgrind-out-file=");
        out_file.push(folder.join("out"));
        // Valgrind runs one thread at a time. Without turns, the one that serves could keep the writer of the listen log from
        // its commits until the log is too far behind to serve anything.
        let options =
            ["--tool=callgrind", "--instr-atstart=no", "--separate-threads=yes", "--fair-sched=yes"];
        let mut command = installation.run(Path::new("valgrind"), &options);
        command.arg(out_file).arg(installation.binary()).arg("serve");
        let serving = Serving::start(command, &folder, PATIENCE).context("under valgrind")?;
        Ok(Server { serving, folder })
    }

    /// Where it speaks HTTP.
    pub(super) fn address(&self) -> SocketAddr {
        self.serving.address()
    }

    /// Counts what the server does while `work` runs, and gives it thread by thread. What `warm_up` does is not counted. After an error it can count again, from
    /// zero.
    ///
    /// # Errors
    /// What `warm_up` or `work` failed with, or when callgrind does not answer.
    pub(super) fn count(
        &self,
        warm_up: impl FnOnce() -> anyhow::Result<()>,
        work: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<Vec<Profile>> {
        self.control(&["--instr=on"])?;
        // Valgrind translates all code anew now, which takes seconds on a busy machine.
        let result = warm_up().and_then(|()| self.control(&["--zero"])).and_then(|()| work());
        self.control(&["--instr=off"])?;
        self.control(&["--dump"])?;
        let profiles = self.take_dump()?;
        result.with_context(|| self.serving.log_tail())?;
        Ok(profiles)
    }

    fn control(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let mut command = Command::new("callgrind_control");
        command.args(arguments).arg(self.serving.id().to_string());
        let output = command.output().context("cannot start callgrind_control")?;
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() || !text.contains("OK") {
            let error = String::from_utf8_lossy(&output.stderr);
            bail!(
                "callgrind_control {} failed: {text}{error}\n{}",
                arguments.join(" "),
                self.serving.log_tail()
            );
        }
        Ok(())
    }

    /// Reads and removes the files of a dump, `out.PART-THREAD`.
    fn take_dump(&self) -> anyhow::Result<Vec<Profile>> {
        let mut profiles = Vec::new();
        for entry in fs_err::read_dir(&self.folder)? {
            let path = entry?.path();
            let is_dump = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("out."));
            if is_dump {
                profiles.push(Profile::parse(&fs_err::read_to_string(&path)?));
                fs_err::remove_file(&path)?;
            }
        }
        if profiles.is_empty() {
            bail!("callgrind wrote no dump\n{}", self.serving.log_tail());
        }
        Ok(profiles)
    }
}
