//! An application server that takes reports: what it answers is in a script, what it gets is kept byte for byte.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// Longer than anything here takes; a test that reaches it has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// What becomes of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// This status, with a whole answer.
    Status(u16),
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// The status line `HTTP/1.1 200` and nothing more, on a connection that stays open.
    StatusLine,
    /// The same as [`Step::Status`] after [`ApplicationServer::release`] was called once for it.
    Held(u16),
    /// Nothing; the connection stays open.
    Silence,
    /// The end of the connection after the request.
    Close,
}

/// One request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// All of it.
    pub bytes: Vec<u8>,
    /// How much of it the first read gave: all of it, if it was one write.
    pub first_read: usize,
}

impl Received {
    /// The whole request as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The request line and headers.
    pub fn head(&self) -> String {
        self.text().split("\r\n\r\n").next().unwrap_or_default().to_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        let text = self.text();
        let body = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no body in {text:?}")).1;
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body:?}"))
    }
}

#[derive(Debug)]
struct State {
    script: Mutex<VecDeque<Step>>,
    otherwise: Mutex<Step>,
    received: Mutex<Vec<Received>>,
    arrived: Notify,
    released: Semaphore,
}

/// A running one. It ends when it is dropped.
#[derive(Debug)]
pub struct ApplicationServer {
    address: SocketAddr,
    state: Arc<State>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Drop for ApplicationServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl ApplicationServer {
    /// On a free port of 127.0.0.1; answers 200.
    pub async fn start() -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), None).await
    }

    /// Speaks TLS.
    pub async fn start_tls(tls: TlsAcceptor) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), Some(tls)).await
    }

    /// At an address, which must be free.
    pub async fn start_at(address: SocketAddr, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            script: Mutex::default(),
            otherwise: Mutex::new(Step::Status(200)),
            received: Mutex::default(),
            arrived: Notify::new(),
            released: Semaphore::new(0),
        });
        let accepting = tokio::spawn(accept(listener, state.clone(), tls));
        Self { address, state, accepting }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds what the next requests get, one step for each.
    pub fn script(&self, steps: impl IntoIterator<Item = Step>) {
        self.state.script.lock().unwrap().extend(steps);
    }

    /// What requests get that the script has nothing for.
    pub fn otherwise(&self, step: Step) {
        *self.state.otherwise.lock().unwrap() = step;
    }

    /// Lets one [`Step::Held`] go on.
    pub fn release(&self) {
        self.state.released.add_permits(1);
    }

    /// What came so far.
    pub fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }

    /// The values of one member of all bodies so far.
    pub fn told(&self, member: &str) -> Vec<String> {
        let text = |received: Received| received.json()[member].as_str().unwrap_or_default().to_owned();
        self.received().into_iter().map(text).collect()
    }

    /// Waits until so many requests came; answers all of them.
    pub async fn after(&self, requests: usize) -> Vec<Received> {
        let waiting = async {
            loop {
                let arrived = self.state.arrived.notified();
                let received = self.received();
                if received.len() >= requests {
                    return received;
                }
                arrived.await;
            }
        };
        let waited = timeout(PATIENCE, waiting).await;
        waited.unwrap_or_else(|_| panic!("{} requests came instead of {requests}", self.received().len()))
    }
}

async fn accept(listener: TcpListener, state: Arc<State>, tls: Option<TlsAcceptor>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (state, tls) = (state.clone(), tls.clone());
        connections.spawn(async move {
            match tls {
                None => serve(stream, &state).await,
                // A client that does not believe the certificate goes, which is what its test wants.
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => serve(stream, &state).await,
                    Err(_) => Ok(()),
                },
            }
        });
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, state: &State) -> std::io::Result<()> {
    let Some(received) = read_request(&mut stream).await? else { return Ok(()) };
    let step = {
        let scripted = state.script.lock().unwrap().pop_front();
        scripted.unwrap_or_else(|| state.otherwise.lock().unwrap().clone())
    };
    state.received.lock().unwrap().push(received);
    state.arrived.notify_waiters();
    let whole =
        |status: u16| format!("HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    match step {
        Step::Status(status) => stream.write_all(whole(status).as_bytes()).await?,
        Step::Bytes(bytes) => stream.write_all(&bytes).await?,
        Step::StatusLine => {
            stream.write_all(b"HTTP/1.1 200\r\n").await?;
            stream.flush().await?;
            return stay(stream).await;
        }
        Step::Held(status) => {
            state.released.acquire().await.unwrap().forget();
            stream.write_all(whole(status).as_bytes()).await?;
        }
        Step::Silence => return stay(stream).await,
        Step::Close => {}
    }
    stream.shutdown().await
}

/// Until the other end goes.
async fn stay<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> std::io::Result<()> {
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.map(drop)
}

/// Headers, and as many bytes of body as they say; nothing from a client that sends nothing.
async fn read_request<S: AsyncRead + Unpin>(stream: &mut S) -> std::io::Result<Option<Received>> {
    let (mut bytes, mut first_read, mut buffer) = (Vec::new(), 0, vec![0; 16 * 1024]);
    loop {
        let length = stream.read(&mut buffer).await?;
        if length == 0 {
            return Ok((!bytes.is_empty()).then_some(Received { bytes, first_read }));
        }
        bytes.extend_from_slice(&buffer[..length]);
        if first_read == 0 {
            first_read = length;
        }
        if is_whole(&bytes) {
            return Ok(Some(Received { bytes, first_read }));
        }
    }
}

fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    bytes.len() >= head.len() + 4 + length.unwrap_or(0_usize)
}

/// An application server that gets its reports by TCP.
#[derive(Debug)]
pub struct TcpClient {
    reader: BufReader<OwnedReadHalf>,
    /// What it says goes here; nothing of it means anything after the login.
    pub writer: OwnedWriteHalf,
}

impl TcpClient {
    /// Connects and sends a login.
    pub async fn connect(server: SocketAddr, login: &str) -> Self {
        let (reader, mut writer) = TcpStream::connect(server).await.unwrap().into_split();
        writer.write_all(login.as_bytes()).await.unwrap();
        Self { reader: BufReader::new(reader), writer }
    }

    /// The next line without its end; `None` when the connection ended.
    pub async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = timeout(PATIENCE, self.reader.read_line(&mut line)).await;
        match read.unwrap_or_else(|_| panic!("no line came, after {line:?}")) {
            Ok(0) | Err(_) => None,
            Ok(_) => {
                assert!(line.ends_with("\r\n"), "{line:?}");
                Some(line.trim_end_matches("\r\n").to_owned())
            }
        }
    }

    /// The answer to the login with the blank line after it.
    pub async fn answer(&mut self) -> Option<String> {
        let answer = self.line().await?;
        assert_eq!(self.line().await.as_deref(), Some(""), "after {answer:?}");
        Some(answer)
    }

    /// The next report.
    pub async fn report(&mut self) -> Value {
        let line = self.line().await.expect("a report");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }
}
