//! A running `callvault serve` of the installation, on a port of its own.

use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::installation::Installation;

/// How long to wait for the start and for the end of a server.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often to look.
const LOOK: Duration = Duration::from_millis(5);

/// The process; killed when dropped without [`Server::stop`].
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    log: std::path::PathBuf,
}

impl Server {
    /// Starts one and waits until it accepts connections. Each setting is `KEY=VALUE`; all others are as they come.
    ///
    /// # Errors
    /// When it ends, or says nothing for a minute.
    pub(crate) fn start(installation: &Installation, settings: &[&str]) -> anyhow::Result<Server> {
        let ready = installation.folder().join("ready");
        let log = installation.folder().join("serve.log");
        match fs_err::remove_file(&ready) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let output = fs_err::File::create(&log)?.into_parts().0;
        let certificate = installation.certificate();
        let mut command = installation.callvault(&["serve", "--listen", "127.0.0.1:0", "--ready-file"]);
        command.arg(&ready);
        command.env("CALLVAULT_TLS_CERTIFICATE", &certificate.certificate);
        command.env("CALLVAULT_TLS_KEY", &certificate.key);
        // The peers write no line for each request either.
        command.args(["--set", "log.level=warn"]);
        for setting in settings {
            command.args(["--set", setting]);
        }
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = command.spawn().context("cannot start the server")?;
        let mut server = Server { child, address: SocketAddr::from(([127, 0, 0, 1], 0)), log };
        let started = Instant::now();
        loop {
            // Whole when it is there at all is not promised; a line without its end is not taken.
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
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end and waits for that.
    ///
    /// # Errors
    /// When it does not end within a minute, or not with exit code 0.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).context("cannot signal the server")?;
        let asked = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                if !status.success() {
                    bail!("the server ended with {status}\n{}", self.log_tail());
                }
                return Ok(());
            }
            if asked.elapsed() > PATIENCE {
                bail!("the server did not end within {PATIENCE:?}\n{}", self.log_tail());
            }
            std::thread::sleep(LOOK);
        }
    }

    /// The last lines of its log, for an error.
    pub(crate) fn log_tail(&self) -> String {
        let text = fs_err::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines[lines.len().saturating_sub(20)..].join("\n");
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
        assert_eq!(http_address("https 127.0.0.1:4712\n"), None);
    }
}
