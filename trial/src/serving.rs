//! A running `callvault serve`, whatever it runs under.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// How often to look.
const LOOK: Duration = Duration::from_millis(5);

/// The process; killed when dropped.
#[derive(Debug)]
pub struct Serving {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Serving {
    /// Starts a command that ends in `serve` and waits until that accepts connections, on a port of its own. The ready file
    /// and the log go into the folder.
    ///
    /// # Errors
    /// When it ends, or is not ready within `patience`. The error tells the end of its log.
    pub fn start(mut serve: Command, folder: &Path, patience: Duration) -> anyhow::Result<Serving> {
        let (ready, log) = (folder.join("ready"), folder.join("serve.log"));
        match fs_err::remove_file(&ready) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let output = fs_err::File::create(&log)?.into_parts().0;
        serve.args(["--listen", "127.0.0.1:0", "--ready-file"]).arg(&ready);
        serve.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = serve.spawn().context("cannot start the server")?;
        let mut serving = Serving { child, address: SocketAddr::from(([127, 0, 0, 1], 0)), log };
        let started = Instant::now();
        loop {
            if let Ok(text) = fs_err::read_to_string(&ready)
                && let Some(address) = http_address(&text)
            {
                serving.address = address;
                return Ok(serving);
            }
            if let Some(status) = serving.child.try_wait()? {
                bail!("the server ended with {status}\n{}", serving.log_tail());
            }
            if started.elapsed() > patience {
                bail!("the server was not ready within {patience:?}\n{}", serving.log_tail());
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Where it speaks HTTP.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The last lines of its log, for an error.
    #[must_use]
    pub fn log_tail(&self) -> String {
        let text = fs_err::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines[lines.len().saturating_sub(20)..].join("\n");
        format!("the end of the server's log:\n{tail}")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Fails when it has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address of the line `http ADDRESS` in a ready file. A line without its end is still being written.
fn http_address(ready: &str) -> Option<SocketAddr> {
    ready
        .split_inclusive('\n')
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
