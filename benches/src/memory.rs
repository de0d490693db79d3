//! The memory of the server: idle, and while a thousand clients are each in the middle of a download.
//!
//! Every client takes the beginning of its answer and waits until all others have theirs; small receive buffers make sure that
//! the server cannot be done before. Then all take the rest as fast as they can. The peak is of all that.

use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Barrier;
use tokio::task::LocalSet;

use crate::bound::Bound;
use crate::callvault::Callvault;
use crate::checksum::Checksum;
use crate::head;
use crate::installation::Installation;
use crate::plan::{Item, LARGE, Work};
use crate::process;
use crate::report::{Outcome, Row};
use crate::server::Server;
use crate::work::Steps;
use callvault_trial::audio::wave_file;

/// Fewer than one address may have open at once (`connections_per_address`).
const CLIENTS: usize = 1000;

/// Of a client's socket, so that a download cannot hide in it.
const RECEIVE_BYTES: u32 = 64 * 1024;

/// How long all of them are in the middle of it.
const HOLD: Duration = Duration::from_millis(500);

/// How long the server is left alone before it is called idle.
const REST: Duration = Duration::from_millis(500);

/// Measures a server of its own, `rounds` times.
///
/// # Errors
/// When it cannot be started, or a download is not right.
pub(crate) fn run(
    installation: &Installation,
    rounds: usize,
    start: impl Fn() -> anyhow::Result<Server>,
) -> anyhow::Result<Outcome> {
    let (mut idle, mut peak) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let server = start()?;
        std::thread::sleep(REST);
        idle.push(mebibytes(process::resident(server.id())?));
        process::reset_peak(server.id())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let done = runtime.block_on(LocalSet::new().run_until(downloads(installation, &server)));
        done.with_context(|| server.log_tail())?;
        peak.push(mebibytes(process::peak_resident(server.id())?));
        server.stop()?;
    }
    let rows = [
        Row::figure("idle server", "MiB", &idle, Some(Bound::AtMost(25.0))),
        Row::figure("1,000 downloads of 3MB at once", "MiB", &peak, Some(Bound::AtMost(96.0))),
    ];
    Ok(Outcome {
        name: Item::Memory.name(),
        rows: rows.into_iter().flatten().collect(),
        rounds: Vec::new(),
        failure: None,
    })
}

async fn downloads(installation: &Installation, server: &Server) -> anyhow::Result<()> {
    let callvault = Callvault::login(server.address(), installation).await?;
    let (Steps::Fixed(fetches), _) = callvault.steps(Work::File, LARGE) else { bail!("not a bare file") };
    let request: Rc<[u8]> = fetches.into_iter().next().context("no request")?.request.into();
    let expected = Checksum::of(&wave_file(LARGE.bytes));
    let all = Rc::new(Barrier::new(CLIENTS));
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let (request, all) = (Rc::clone(&request), Rc::clone(&all));
        let address = server.address();
        clients.push(tokio::task::spawn_local(async move {
            let socket = TcpSocket::new_v4()?;
            socket.set_recv_buffer_size(RECEIVE_BYTES)?;
            let stream = socket.connect(address).await.context("cannot connect")?;
            download(stream, &request, expected, &all).await
        }));
    }
    for client in clients {
        // The first that failed ends the run: the others would wait for it for ever.
        client.await.context("a client panicked")??;
    }
    Ok(())
}

async fn download(mut stream: TcpStream, request: &[u8], expected: u64, all: &Barrier) -> anyhow::Result<()> {
    stream.write_all(request).await?;
    let mut start = Vec::with_capacity(4096);
    let head = loop {
        if stream.read_buf(&mut start).await? == 0 {
            bail!("the server closed the connection without an answer");
        }
        if let Some(head) = head::parse(&start)? {
            break head;
        }
    };
    if head.status != 200 || head.body_bytes != LARGE.bytes as u64 {
        bail!("status {} with {} bytes", head.status, head.body_bytes);
    }
    all.wait().await;
    tokio::time::sleep(HOLD).await;
    let mut checksum = Checksum::default();
    checksum.update(&start[head.head_bytes..]);
    let mut missing = LARGE.bytes - (start.len() - head.head_bytes);
    let mut buffer = vec![0; RECEIVE_BYTES as usize];
    while missing > 0 {
        let received = stream.read(&mut buffer).await?;
        if received == 0 || received > missing {
            bail!("{received} bytes where {missing} were missing");
        }
        checksum.update(&buffer[..received]);
        missing -= received;
    }
    if checksum.finish() != expected {
        bail!("a download has the right length and the wrong content");
    }
    Ok(())
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}
