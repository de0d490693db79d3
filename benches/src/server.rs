//! A running `callvault serve` of the installation, on a port of its own.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use callvault_trial::serving::Serving;
use rustix::process::{Pid, Signal, kill_process};

use crate::installation::Installation;

/// How long to wait for the start and for the end of a server.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often to look.
const LOOK: Duration = Duration::from_millis(5);

/// The process; killed when dropped without [`Server::stop`].
pub(crate) struct Server {
    serving: Serving,
}

impl Server {
    /// Starts one and waits until it accepts connections. Each setting is `KEY=VALUE`; all others are as they come.
    ///
    /// # Errors
    /// When it ends, or says nothing for a minute.
    pub(crate) fn start(installation: &Installation, settings: &[&str]) -> anyhow::Result<Server> {
        let certificate = installation.certificate();
        // The peers write no line for each request either.
        let mut command = installation.run(installation.binary(), &["serve", "--set", "log.level=warn"]);
        command.env("CALLVAULT_TLS_CERTIFICATE", &certificate.certificate);
        command.env("CALLVAULT_TLS_KEY", &certificate.key);
        for setting in settings {
            command.args(["--set", setting]);
        }
        Ok(Server { serving: Serving::start(command, installation.folder(), PATIENCE)? })
    }

    /// Where it speaks HTTP.
    pub(crate) fn address(&self) -> SocketAddr {
        self.serving.address()
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.serving.id()
    }

    /// Asks it to end and waits for that.
    ///
    /// # Errors
    /// When it does not end within a minute, or not with exit code 0.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        let child = self.serving.child();
        kill_process(Pid::from_child(child), Signal::TERM).context("cannot signal the server")?;
        let asked = Instant::now();
        loop {
            if let Some(status) = self.serving.child().try_wait()? {
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
        self.serving.log_tail()
    }
}
