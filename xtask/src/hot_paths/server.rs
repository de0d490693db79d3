//! `callvault serve` under callgrind, which counts only while it is told to.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::installation::Installation;
use super::profile::Profile;

/// How long to wait for the start; it takes seconds under valgrind.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often to look.
const LOOK: Duration = Duration::from_millis(20);

/// The process; killed when dropped. What it would do at its end is of no interest, and its data is removed.
pub(super) struct Server {
    child: Child,
    address: SocketAddr,
    folder: PathBuf,
    log: PathBuf,
}

impl Server {
    /// Starts one and waits until it accepts connections. Nothing is counted yet.
    ///
    /// # Errors
    /// When it ends, or is not ready in two minutes.
    pub(super) fn start(installation: &Installation) -> anyhow::Result<Server> {
        let folder = installation.folder().join("callgrind");
        fs_err::create_dir(&folder)?;
        let (ready, log) = (folder.join("ready"), folder.join("serve.log"));
        let output = fs_err::File::create(&log)?.into_parts().0;
        let mut out_file = std::ffi::OsString::from("--callgrind-out-file=");
        out_file.push(folder.join("out"));
        // Valgrind runs one thread at a time. Without turns, the one that serves could keep the writer of the listen log from
        // its commits until the log is too far behind to serve anything.
        let options =
            ["--tool=callgrind", "--instr-atstart=no", "--separate-threads=yes", "--fair-sched=yes"];
        let mut command = installation.run(Path::new("valgrind"), &options);
        command.arg(out_file).arg(installation.binary());
        command.args(["serve", "--listen", "127.0.0.1:0", "--ready-file"]).arg(&ready);
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = command.spawn().context("cannot start valgrind")?;
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Server { child, address, folder, log };
        let started = Instant::now();
        loop {
            // A line without its end is still being written.
            if let Ok(text) = fs_err::read_to_string(&ready)
                && let Some(address) = http_address(&text)
            {
                server.address = address;
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended with {status}\n{}", server.log_tail());
            }
            if started.elapsed() > PATIENCE {
                bail!("the server was not ready within {PATIENCE:?}\n{}", server.log_tail());
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Where it speaks HTTP.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
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
        result.with_context(|| self.log_tail())?;
        Ok(profiles)
    }

    fn control(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let mut command = Command::new("callgrind_control");
        command.args(arguments).arg(self.child.id().to_string());
        let output = command.output().context("cannot start callgrind_control")?;
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() || !text.contains("OK") {
            let error = String::from_utf8_lossy(&output.stderr);
            bail!("callgrind_control {} failed: {text}{error}\n{}", arguments.join(" "), self.log_tail());
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
            bail!("callgrind wrote no dump\n{}", self.log_tail());
        }
        Ok(profiles)
    }

    fn log_tail(&self) -> String {
        let text = fs_err::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines[lines.len().saturating_sub(5)..].join("\n");
        format!("the end of the server's log:\n{tail}")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails when it has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address of the line `http ADDRESS` in a ready file.
fn http_address(text: &str) -> Option<SocketAddr> {
    text.split_inclusive('\n')
        .filter_map(|line| line.strip_suffix('\n'))
        .find_map(|line| line.strip_prefix("http "))
        .and_then(|address| address.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_file_gives_the_address_of_plain_http() {
        let address = Some(SocketAddr::from(([127, 0, 0, 1], 4711)));
        assert_eq!(http_address("https 127.0.0.1:4712\nhttp 127.0.0.1:4711\n"), address);
        assert_eq!(http_address("http 127.0.0.1:47"), None, "a line that is still being written");
    }
}
