//! The accept loop over real sockets: who is served, over what, and how it ends.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use callvault_server::http::address::ClientAddress;
use callvault_server::listen::tls::{CertificateSource, Certificates};
use callvault_server::listen::{ListenSettings, Listener, Peer, Protocol, Server, Shutdown};
use callvault_server::telemetry::Metrics;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

mod blanks;
mod bounds;
mod policy;
mod shutdown;
mod tls;

/// Longer than anything here takes; a test that reaches it has failed.
const PATIENCE: Duration = Duration::from_secs(20);

type Answer = Response<UnsyncBoxBody<Bytes, io::Error>>;

/// A server with a service that tells what it sees, and whose downloads go on when the test lets them.
struct Running {
    address: SocketAddr,
    stop: CancellationToken,
    /// One permit lets one download send its second half.
    gate: Arc<Semaphore>,
    metrics: Arc<Metrics>,
    ended: JoinHandle<Shutdown>,
}

struct Start {
    protocol: Protocol,
    settings: ListenSettings,
    certificates: Option<Arc<Certificates>>,
    grace: Duration,
}

impl Default for Start {
    fn default() -> Self {
        Self {
            protocol: Protocol::Plain,
            settings: ListenSettings::default(),
            certificates: None,
            grace: PATIENCE,
        }
    }
}

impl Start {
    fn with(settings: ListenSettings) -> Self {
        Self { settings, ..Self::default() }
    }

    async fn run(self) -> Running {
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), self.protocol).await.unwrap();
        let (address, _) = listener.address().unwrap();
        self.run_on(listener, address)
    }

    fn run_on(self, listener: Listener, address: SocketAddr) -> Running {
        let (stop, gate, metrics) =
            (CancellationToken::new(), Arc::new(Semaphore::new(0)), Arc::new(Metrics::new()));
        let tls = self.certificates.map(|certificates| certificates.server_config());
        let server = Server::new(vec![listener], self.settings, tls, metrics.clone()).unwrap();
        let service = {
            let gate = gate.clone();
            tower::service_fn(move |request| answer(request, gate.clone()))
        };
        let ended = tokio::spawn(server.serve(service, stop.clone(), self.grace));
        Running { address, stop, gate, metrics, ended }
    }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes over a new connection and reads to its end.
    async fn send(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        read_all(&mut stream).await
    }

    async fn shutdown(self) -> Shutdown {
        self.stop.cancel();
        patiently(self.ended).await.unwrap()
    }
}

async fn answer(request: Request<Incoming>, gate: Arc<Semaphore>) -> Result<Answer, io::Error> {
    if request.uri().path() == "/download" {
        let halves = futures_util::stream::unfold(0, move |sent| {
            let gate = gate.clone();
            async move {
                match sent {
                    0 => Some((Ok(Frame::data(Bytes::from_static(b"first "))), 1)),
                    1 => {
                        gate.acquire().await.unwrap().forget();
                        Some((Ok(Frame::data(Bytes::from_static(b"second"))), 2))
                    }
                    _ => None,
                }
            }
        });
        return Ok(Response::new(StreamBody::new(halves).boxed_unsync()));
    }
    if request.uri().path() == "/echo" {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let text = Full::from(format!("[{query} {}]", body.escape_ascii())).map_err(|never| match never {});
        return Ok(Response::new(text.boxed_unsync()));
    }
    if request.uri().path() == "/endless" {
        let filling = Bytes::from(vec![0; 64 * 1024]);
        let endless = futures_util::stream::repeat_with(move || Ok(Frame::data(filling.clone())));
        return Ok(Response::new(StreamBody::new(endless).boxed_unsync()));
    }
    let peer = match request.extensions().get::<Peer>().expect("every request has a peer") {
        Peer::Tcp(info) => format!(
            "peer={} local={} tls={} name={}",
            info.address,
            info.local,
            info.tls,
            info.server_name.as_deref().unwrap_or("-")
        ),
        Peer::ControlSocket => "control socket".to_owned(),
    };
    let client = request
        .extensions()
        .get::<ClientAddress>()
        .map(|client| format!(" client={} ignored={}", client.address, client.forwarding_ignored))
        .unwrap_or_default();
    let text = Full::from(format!("{peer}{client}")).map_err(|never| match never {});
    Ok(Response::new(text.boxed_unsync()))
}

async fn patiently<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.expect("it takes too long")
}

/// Reads to the end of the connection, however it comes.
async fn read_all(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut received = Vec::new();
    // A reset after the answer is an end like another.
    let _ = patiently(stream.read_to_end(&mut received)).await;
    String::from_utf8(received).unwrap()
}

/// Reads until `text` was received.
async fn read_until(stream: &mut (impl AsyncRead + Unpin), text: &str) -> String {
    let mut received = String::new();
    while !received.contains(text) {
        let byte = patiently(stream.read_u8()).await;
        received.push(char::from(byte.unwrap_or_else(|error| panic!("{error} after {received:?}"))));
    }
    received
}

/// One request over a connection that is kept open.
async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), path: &str) {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: a.example\r\n\r\n").as_bytes()).await.unwrap();
}

/// A whole request that asks for the end of the connection.
fn request(headers: &str) -> Vec<u8> {
    format!("GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n{headers}\r\n").into_bytes()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("no answer", |(_, body)| body)
}

fn self_signed(directory: &tempfile::TempDir) -> Arc<Certificates> {
    let source = CertificateSource::SelfSigned { directory: directory.path().join("tls"), names: Vec::new() };
    Arc::new(Certificates::open(source).unwrap())
}
