//! A reference: the files served by axum with tower-http's `ServeDir`, in a process of its own.
//!
//! What a Rust web service costs that only serves files, without any credential. Nothing is promised against it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::Context;
use rustix::process::{Signal, set_parent_process_death_signal};
use tower_http::services::ServeDir;

use crate::installation::Installation;
use crate::work::{Fetch, Form, Steps};
use callvault_trial::installation::Size;

/// Serves the files of `folder`, prints the address, and goes on until it is ended.
///
/// # Errors
/// When it cannot listen.
pub(crate) fn serve(folder: &Path) -> anyhow::Result<()> {
    // Not to outlive a load generator that is killed.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        // 256 KiB is what ours reads at a time; the usual 64 KiB take more turns.
        let files = ServeDir::new(folder).with_buf_chunk_size(256 * 1024);
        let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
            // As the others have it. It cannot fail on an open socket, and would only cost time.
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, axum::Router::new().fallback_service(files)).await?;
        Ok(())
    })
}

/// The process; ended when dropped.
pub(crate) struct Reference {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Reference {
    /// Starts this program once more, to serve the files of `folder`.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start(folder: &Path) -> anyhow::Result<Reference> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("--serve-dir")
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the reference")?;
        let output = child.stdout.take();
        let mut reference = Reference { child, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let mut line = String::new();
        BufReader::new(output.context("the reference has no output")?).read_line(&mut line)?;
        reference.address =
            line.trim().parse().with_context(|| format!("the reference says `{}`", line.trim()))?;
        Ok(reference)
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The file of a size, without more.
    pub(crate) fn steps(&self, size: Size) -> (Steps, Form) {
        let (name, host) = (Installation::recording(size), self.address);
        let request = format!("GET /{name} HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes();
        (Steps::Fixed(vec![Fetch { request, status: 200, part: 0..size.bytes }]), Form::Bare)
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        // Fails when it has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
