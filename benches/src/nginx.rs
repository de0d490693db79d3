//! The peer: Debian's nginx with `benches/peers/nginx.conf`, as a child of this process in a folder of its own.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use data_encoding::BASE64URL_NOPAD;
use md5::{Digest, Md5};
use rustix::process::{Pid, Signal, kill_process};

use crate::installation::Installation;
use crate::plan::Work;
use crate::process;
use crate::ranges;
use crate::tls::Certificate;
use crate::work::{Fetch, Form, Steps};
use callvault_trial::installation::Size;

/// What is filled in: see the file.
const TEMPLATE: &str = include_str!("../peers/nginx.conf");

/// Of the links that `secure_link` checks. The server listens on loopback alone and ends with the run.
const SECRET: &str = "of no use after the run";

/// Of the links: the last second that 32 bits hold.
const EXPIRES: &str = "4294967295";

/// How long to wait for the start and for the end.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often to look.
const LOOK: Duration = Duration::from_millis(5);

/// The running server; ended when dropped.
pub(crate) struct Nginx {
    master: Child,
    folder: tempfile::TempDir,
    pub(crate) address: SocketAddr,
    /// Where it speaks TLS.
    pub(crate) tls_address: SocketAddr,
    workers: usize,
}

impl Nginx {
    /// Starts it on the files of `audio`, with `template` or what `benches/peers/nginx.conf` was when this was built.
    ///
    /// # Errors
    /// When it is not installed, does not take its configuration, or does not listen within 20 s.
    pub(crate) fn start(
        audio: &Path,
        certificate: &Certificate,
        template: Option<&Path>,
        workers: usize,
    ) -> anyhow::Result<Nginx> {
        let template = match template {
            Some(file) => fs_err::read_to_string(file)?,
            None => TEMPLATE.to_owned(),
        };
        let folder = tempfile::Builder::new().prefix("callvault-bench-nginx-").tempdir()?;
        let (address, tls_address) = free_addresses()?;
        let text = fill(
            &template,
            &[
                ("workers", &workers.to_string()),
                ("user", &user()?),
                ("audio", &audio.to_string_lossy()),
                ("address", &address.to_string()),
                ("tls_address", &tls_address.to_string()),
                ("certificate", &certificate.certificate.to_string_lossy()),
                ("key", &certificate.key.to_string_lossy()),
                ("secret", SECRET),
            ],
        )?;
        let configuration = folder.path().join("nginx.conf");
        fs_err::write(&configuration, text)?;
        let output = fs_err::File::create(folder.path().join("output"))?.into_parts().0;
        let master = Command::new(program())
            .arg("-p")
            .arg(folder.path())
            .arg("-c")
            .arg(&configuration)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .context("cannot start nginx; install it: sudo apt-get install nginx libnginx-mod-http-lua")?;
        let mut nginx = Nginx { master, folder, address, tls_address, workers };
        nginx.wait_until_ready()?;
        Ok(nginx)
    }

    fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let started = Instant::now();
        while process::children(self.master.id()).map_or(0, |children| children.len()) < self.workers
            || TcpStream::connect(self.address).is_err()
        {
            if let Some(status) = self.master.try_wait()? {
                bail!("nginx ended with {status}\n{}", self.log());
            }
            if started.elapsed() > PATIENCE {
                bail!("nginx was not ready within {PATIENCE:?}\n{}", self.log());
            }
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    /// The processes: the master, which does nothing, and the workers.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn ids(&self) -> anyhow::Result<Vec<u32>> {
        let mut ids = process::children(self.master.id())?;
        ids.push(self.master.id());
        Ok(ids)
    }

    /// What stands in for our requests of a kind of work.
    ///
    /// # Errors
    /// When it has nothing like it.
    pub(crate) fn steps(&self, work: Work, size: Size) -> anyhow::Result<(Steps, Form)> {
        let name = Installation::recording(size);
        let host = self.address;
        let steps = match work {
            Work::Flow => Steps::Ticket {
                ask: get(host, &format!("/get_random?recording={name}")),
                before: format!("GET /download/{name}?random=").into_bytes(),
                after: format!(" HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes(),
            },
            Work::File => {
                let request = get(host, &link(&format!("/static/{name}")));
                Steps::Fixed(vec![Fetch { request, status: 200, part: 0..size.bytes }])
            }
            Work::Range => {
                let path = link(&format!("/static/{name}"));
                Steps::Fixed(ranges::requests(
                    &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n"),
                    size.bytes,
                ))
            }
            Work::Base64 | Work::Raw => bail!("nginx has no {}", work.name()),
        };
        Ok((steps, Form::Bare))
    }

    /// What it wrote, for an error.
    pub(crate) fn log(&self) -> String {
        let texts = ["output", "error.log"]
            .map(|name| fs_err::read_to_string(self.folder.path().join(name)).unwrap_or_default());
        format!("what nginx wrote:\n{}", texts.concat())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Killed at once, the master would leave its workers behind; on SIGTERM it ends them first.
        let _ = kill_process(Pid::from_child(&self.master), Signal::TERM);
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            if !matches!(self.master.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(LOOK);
        }
        let _ = self.master.kill();
        let _ = self.master.wait();
    }
}

/// What `nginx -v` says, such as `nginx/1.22.1`.
///
/// # Errors
/// When it is not installed.
pub(crate) fn version() -> anyhow::Result<String> {
    let output = Command::new(program())
        .arg("-v")
        .output()
        .context("cannot start nginx; install it: sudo apt-get install nginx libnginx-mod-http-lua")?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok(text.trim().rsplit(' ').next().unwrap_or_default().to_owned())
}

/// Debian puts it where only root has its PATH.
fn program() -> PathBuf {
    let usual = Path::new("/usr/sbin/nginx");
    if usual.exists() { usual.to_owned() } else { PathBuf::from("nginx") }
}

/// As whom the workers run: as this process, so that they may read its folder.
fn user() -> anyhow::Result<String> {
    let id = rustix::process::geteuid().as_raw();
    let accounts = fs_err::read_to_string("/etc/passwd")?;
    Ok(account(&accounts, id).with_context(|| format!("the user {id} has no account"))?.to_owned())
}

/// The name of a user in /etc/passwd.
fn account(accounts: &str, id: u32) -> Option<&str> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then_some(name)
    })
}

/// Two addresses on loopback that nobody listens at; nginx does not take port 0.
fn free_addresses() -> anyhow::Result<(SocketAddr, SocketAddr)> {
    let listeners = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
    Ok((listeners.0.local_addr()?, listeners.1.local_addr()?))
}

/// Puts values in the place of `@name@`.
fn fill(template: &str, values: &[(&str, &str)]) -> anyhow::Result<String> {
    let mut text = template.to_owned();
    for (name, value) in values {
        let place = format!("@{name}@");
        if !text.contains(&place) {
            bail!("the configuration of nginx has no {place}");
        }
        text = text.replace(&place, value);
    }
    Ok(text)
}

/// A path with the proof that `secure_link` asks for
/// (<https://nginx.org/en/docs/http/ngx_http_secure_link_module.html>).
fn link(path: &str) -> String {
    let proof = BASE64URL_NOPAD.encode(&Md5::digest(format!("{EXPIRES}{path} {SECRET}")));
    format!("{path}?md5={proof}&expires={EXPIRES}")
}

fn get(host: SocketAddr, path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_filled_whole() {
        let names = ["user", "audio", "address", "tls_address", "certificate", "key", "secret"];
        let values: Vec<(&str, &str)> =
            [("workers", "2")].into_iter().chain(names.map(|name| (name, "x"))).collect();
        let text = fill(TEMPLATE, &values).expect("all places are there");
        assert!(text.contains("worker_processes 2;"));
        assert!(text.lines().all(|line| line.trim_start().starts_with('#') || !line.contains('@')), "{text}");
        assert!(fill("nothing", &[("workers", "2")]).is_err());
    }

    #[test]
    fn the_account_is_found_by_its_number() {
        let accounts = "root:x:0:0:root:/root:/bin/sh\nsomebody:x:1000:1000::/home/somebody:/bin/sh\n";
        assert_eq!(account(accounts, 1000), Some("somebody"));
        assert_eq!(account(accounts, 0), Some("root"));
        assert_eq!(account(accounts, 7), None);
    }

    #[test]
    fn links_carry_the_proof_of_their_path() {
        // printf '%s' '4294967295/static/a.wav of no use after the run' | openssl md5 -binary | basenc --base64url
        assert_eq!(link("/static/a.wav"), "/static/a.wav?md5=BpPxqeb4lPLp1bCoKgRptA&expires=4294967295");
    }
}
