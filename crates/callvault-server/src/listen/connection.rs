//! One connection: what is spoken, who is there, and its requests one after the other.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{Either, Empty};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsAcceptor;
use tower::{Service, ServiceExt};

use super::mended::Mended;
use super::proxy::{self, Progress, ProxyError, ProxyHeader};
use super::replay::Replay;
use super::stay::Stay;
use super::transmit::{Transmitter, Transmitting};
use super::{Peer, PeerInfo, Protocol, Shared};
use crate::http::address::in_any;

/// The first byte of a TLS connection: a record of type handshake (RFC 8446 section 5.1). No HTTP method
/// begins with it.
const TLS_HANDSHAKE: u8 = 0x16;

/// A connection as it was accepted.
#[derive(Debug)]
pub(super) enum Opened {
    Tcp { stream: TcpStream, protocol: Protocol, peer: SocketAddr, local: SocketAddr },
    Control(UnixStream),
}

/// A connection between the thread that accepted it and the one that serves it: each waits for its own.
#[derive(Debug)]
pub(super) enum HandedOver {
    Tcp { stream: std::net::TcpStream, protocol: Protocol, peer: SocketAddr, local: SocketAddr },
    Control(std::os::unix::net::UnixStream),
}

impl Opened {
    /// Lets go of it.
    ///
    /// # Errors
    /// When the runtime does not let go of it.
    pub(super) fn hand_over(self) -> io::Result<HandedOver> {
        Ok(match self {
            Self::Tcp { stream, protocol, peer, local } => {
                HandedOver::Tcp { stream: stream.into_std()?, protocol, peer, local }
            }
            Self::Control(stream) => HandedOver::Control(stream.into_std()?),
        })
    }
}

impl HandedOver {
    /// Takes it over on the runtime that calls this.
    ///
    /// # Errors
    /// When the runtime cannot wait for it.
    pub(super) fn take_over(self) -> io::Result<Opened> {
        Ok(match self {
            Self::Tcp { stream, protocol, peer, local } => {
                Opened::Tcp { stream: TcpStream::from_std(stream)?, protocol, peer, local }
            }
            Self::Control(stream) => Opened::Control(UnixStream::from_std(stream)?),
        })
    }
}

/// Why a connection ended before its first request.
#[derive(Debug, Error)]
enum OpeningError {
    #[error("the client took too long for {0}")]
    TooSlow(&'static str),
    #[error("the client left")]
    Left,
    #[error("the connection failed")]
    Broken(#[from] io::Error),
    #[error(transparent)]
    Proxy(#[from] ProxyError),
}

/// Serves a connection to its end, or until the server stops or cuts it.
pub(super) async fn run<S, B>(opened: Opened, service: S, shared: Arc<Shared>, stay: Stay)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match opened {
        Opened::Control(stream) => {
            let _open = shared.metrics.connection_opened("control");
            Box::pin(requests(Mended::new(stream), None, Peer::ControlSocket, None, service, &shared, stay))
                .await;
        }
        Opened::Tcp { stream, protocol, peer, local } => {
            let (peer, local) = (canonical(peer), canonical(local));
            // Until the first request, nothing is under way that a shutdown would have to wait for.
            let opening =
                shared.stop.run_until_cancelled(Box::pin(open(stream, protocol, peer, local, &shared)));
            match opening.await {
                None => {}
                Some(Ok(Wire::Plain(stream, info))) => {
                    let _open = shared.metrics.connection_opened("http");
                    let transmitter = Transmitter::default();
                    let stream = Transmitting::new(Mended::new(stream), transmitter.clone());
                    let (info, peer) = (Peer::Tcp(info), Some(peer));
                    Box::pin(requests(stream, Some(transmitter), info, peer, service, &shared, stay)).await;
                }
                Some(Ok(Wire::Tls(stream, info))) => {
                    let _open = shared.metrics.connection_opened("https");
                    let (stream, info) = (Mended::new(*stream), Peer::Tcp(info));
                    Box::pin(requests(stream, None, info, Some(peer), service, &shared, stay)).await;
                }
                Some(Err(error @ OpeningError::Proxy(_))) => {
                    tracing::warn!(%error, peer.address = %peer, "a configured proxy was turned away");
                }
                Some(Err(error)) => {
                    tracing::debug!(%error, peer.address = %peer, "a connection came to nothing")
                }
            }
        }
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// A connection that is ready for requests.
enum Wire {
    Plain(Replay<TcpStream>, PeerInfo),
    Tls(Box<tokio_rustls::server::TlsStream<Replay<TcpStream>>>, PeerInfo),
}

async fn open(
    stream: TcpStream,
    protocol: Protocol,
    peer: SocketAddr,
    local: SocketAddr,
    shared: &Shared,
) -> Result<Wire, OpeningError> {
    let settings = &shared.settings;
    let mut stream = Replay::new(stream);
    let mut info = PeerInfo { address: peer, local, tls: false, server_name: None };
    let looking = within(settings.first_byte_timeout, "its first byte", async {
        if in_any(&settings.proxy_protocol, peer.ip()) {
            read_proxy_header(&mut stream, &mut info).await?;
        }
        while stream.ahead().is_empty() {
            look(&mut stream, 1).await?;
        }
        Ok(stream.ahead().first() == Some(&TLS_HANDSHAKE))
    });
    let is_handshake = looking.await?;
    let speaks_tls = match protocol {
        Protocol::Both => is_handshake,
        Protocol::Plain => false,
        Protocol::Tls => true,
    };
    let Some(config) = shared.tls.as_ref().filter(|_| speaks_tls) else {
        return Ok(Wire::Plain(stream, info));
    };
    let handshake = async { Ok(TlsAcceptor::from(config.clone()).accept(stream).await?) };
    let stream = within(settings.handshake_timeout, "its TLS handshake", handshake).await?;
    info.tls = true;
    info.server_name = stream.get_ref().1.server_name().map(|name| name.to_ascii_lowercase().into());
    Ok(Wire::Tls(Box::new(stream), info))
}

async fn within<T>(
    limit: Duration,
    what: &'static str,
    work: impl Future<Output = Result<T, OpeningError>>,
) -> Result<T, OpeningError> {
    tokio::time::timeout(limit, work).await.map_err(|_| OpeningError::TooSlow(what))?
}

async fn look(stream: &mut Replay<TcpStream>, most_bytes: usize) -> Result<(), OpeningError> {
    match stream.look_further(most_bytes).await? {
        0 => Err(OpeningError::Left),
        _ => Ok(()),
    }
}

async fn read_proxy_header(stream: &mut Replay<TcpStream>, info: &mut PeerInfo) -> Result<(), OpeningError> {
    loop {
        match proxy::parse(stream.ahead())? {
            Progress::Incomplete => look(stream, proxy::MOST_BYTES).await?,
            Progress::Complete { header, consumed_bytes } => {
                stream.consume(consumed_bytes);
                if let ProxyHeader::Proxied { source, destination } = header {
                    (info.address, info.local) = (canonical(source), canonical(destination));
                }
                return Ok(());
            }
        }
    }
}

/// Serves the requests of a connection. `transmitter` is that of a stream that sends files, `wire` the peer of a TCP
/// socket, PROXY header or not.
async fn requests<IO, S, B>(
    stream: IO,
    transmitter: Option<Transmitter>,
    peer: Peer,
    wire: Option<SocketAddr>,
    service: S,
    shared: &Arc<Shared>,
    stay: Stay,
) where
    IO: AsyncRead + AsyncWrite + Unpin,
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let answer = |mut request: Request<Incoming>| {
        let refusal = admit(&mut request, &peer, wire, shared);
        request.extensions_mut().insert(stay.clone());
        let (service, transmitter) = (service.clone(), transmitter.clone());
        async move {
            if let Some(status) = refusal {
                return Ok(refuse(status));
            }
            let answering = service.oneshot(request);
            let answer = match transmitter {
                Some(transmitter) => transmitter.scope(answering).await,
                None => answering.await,
            };
            answer.map(|response| response.map(Either::Left))
        }
    };
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(shared.settings.header_timeout)
        // The bound of the buffer is the bound of the head; hyper panics below 8192.
        .max_buf_size(shared.settings.header_bytes.max(8192));
    let mut connection =
        pin!(builder.serve_connection(TokioIo::new(stream), hyper::service::service_fn(answer)));

    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = shared.cut.cancelled() => None,
        () = shared.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            shared.cut.run_until_cancelled(connection).await
        }
    };
    match ended {
        Some(Ok(())) => {}
        Some(Err(error)) => tracing::debug!(%error, "a connection ended early"),
        None => {
            shared.cut_connections.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Puts into the extensions who asks, and says with which status the request is refused, if it is.
fn admit(
    request: &mut Request<Incoming>,
    peer: &Peer,
    wire: Option<SocketAddr>,
    shared: &Shared,
) -> Option<StatusCode> {
    request.extensions_mut().insert(peer.clone());
    let (Peer::Tcp(info), Some(wire)) = (peer, wire) else {
        return None;
    };
    let settings = &shared.settings;
    if !info.tls && !settings.plain.admits(wire.ip()) {
        tracing::debug!(peer.address = %wire, "plain HTTP was refused");
        return Some(StatusCode::FORBIDDEN);
    }
    let client = match settings.forwarding.client(info.address.ip(), request.headers()) {
        Ok(client) => client,
        Err(error) => {
            tracing::warn!(%error, "a request through a proxy was refused");
            return Some(StatusCode::BAD_REQUEST);
        }
    };
    if settings.clients.as_ref().is_some_and(|clients| !in_any(clients, client.address)) {
        tracing::debug!(client.address = %client.address, "a client outside the permitted addresses was refused");
        return Some(StatusCode::FORBIDDEN);
    }
    request.extensions_mut().insert(client);
    None
}

fn refuse<B>(status: StatusCode) -> Response<Either<B, Empty<Bytes>>> {
    let mut response = Response::new(Either::Right(Empty::new()));
    *response.status_mut() = status;
    // The body of the request is not read, so the connection is of no more use.
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
