//! The accept loop: from a bound socket to requests of a `tower` service, over HTTP/1.1.
//!
//! Own code rather than a framework's, because one port speaks HTTP and HTTPS (the first byte tells), because
//! of the PROXY protocol, and because buffers, time-outs and the number of connections have bounds here.
//! Promises:
//! - every request carries a [`Peer`] in its extensions and, over TCP, a [`ClientAddress`];
//! - what the policy forbids is answered with 403 and an empty body before the service sees it;
//! - an error of `accept` never ends the loop, and no client can make the server wait without a limit for the
//!   head of a request or for room to send; how slowly a request body may come is for its route to say;
//! - no address but that of a configured proxy has more than its share of the connections;
//! - after a shutdown was asked for, requests under way may finish within the time given, and nothing makes it wait for
//!   more than a few seconds longer.
//!
//! [`ClientAddress`]: crate::http::address::ClientAddress

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use thiserror::Error;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

use callvault_core::address::Network;

pub(crate) use self::accept::is_out_of_room;
use self::lanes::Lanes;
use self::per_address::{PerAddress, Share};
use crate::http::address::{Forwarding, in_any, is_private};
use crate::telemetry::Metrics;

mod accept;
mod connection;
mod lanes;
pub mod mended;
pub(crate) mod per_address;
pub mod proxy;
mod replay;
mod self_signed;
pub(crate) mod stay;
pub mod tls;
pub(crate) mod transmit;
mod validity;

/// Connections of the control socket that may be open at once. They do not count with those of clients, so
/// that an administrator gets in when those are at their limit.
const CONTROL_CONNECTIONS: usize = 64;

/// How long connections that were cut may take to be gone. They are gone at once, unless the thread that serves them hangs in a
/// call of the system, as on a medium that does not answer: that must not keep what has yet to be committed.
const CUT_TIME: Duration = Duration::from_secs(5);

/// Who is at the other end of a connection. It stands in the extensions of every request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    /// A client over TCP.
    Tcp(PeerInfo),
    /// The local system owner, over the control socket.
    ControlSocket,
}

/// The two ends of a TCP connection; addresses are never IPv4-mapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerInfo {
    /// The peer; after a PROXY header, the client that it names.
    pub address: SocketAddr,
    /// Our end; after a PROXY header, what the client connected to.
    pub local: SocketAddr,
    /// Whether the connection is encrypted up to us.
    pub tls: bool,
    /// The host name that the client asked for in TLS (SNI), in lower case.
    pub server_name: Option<Arc<str>>,
}

/// What a TCP listener speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// HTTP and HTTPS: a first byte 0x16 is the start of a TLS handshake.
    Both,
    /// HTTP alone.
    Plain,
    /// HTTPS alone.
    Tls,
}

impl Protocol {
    /// Whether TLS may be spoken, so that a certificate is needed.
    pub fn speaks_tls(self) -> bool {
        matches!(self, Self::Both | Self::Tls)
    }

    /// Whether plain HTTP may be spoken.
    pub fn speaks_plain(self) -> bool {
        matches!(self, Self::Both | Self::Plain)
    }
}

/// From where plain HTTP is served.
///
/// Judged by the peer of the socket, whatever forwarding or PROXY headers say: the question is who can read
/// the wire, and behind a proxy that is the wire between the proxy and us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlainPolicy {
    /// From everywhere.
    #[default]
    Allow,
    /// From loopback, private and link-local addresses.
    PrivateOnly,
    /// From nowhere.
    Refuse,
}

impl PlainPolicy {
    /// Whether plain HTTP is served over a socket with this peer.
    pub fn admits(self, peer: IpAddr) -> bool {
        match self {
            Self::Allow => true,
            Self::PrivateOnly => is_private(peer),
            Self::Refuse => false,
        }
    }
}

/// Bounds and policies of all listeners of a server.
#[derive(Debug, Clone)]
pub struct ListenSettings {
    /// TCP connections open at once; further ones wait in the queue of the kernel.
    pub connections: usize,
    /// TCP connections that one address may have open at once, or one /64 of IPv6; further ones are closed. It counts
    /// the peer of the socket; the proxies of [`Self::forwarding`] and [`Self::proxy_protocol`] are exempt.
    pub connections_per_address: usize,
    /// How long a client may take to send its first byte (and its PROXY header).
    pub first_byte_timeout: Duration,
    /// How long a TLS handshake may take.
    pub handshake_timeout: Duration,
    /// How long a request line with its headers may take, the idle time of a kept connection included.
    pub header_timeout: Duration,
    /// How long a client may leave an answer unread before its connection is dropped; up to 24 days. A browser
    /// that is paused asks again from where it was.
    pub stall_timeout: Duration,
    /// The most bytes that a request line with its headers may have; at least 8192.
    pub header_bytes: usize,
    /// From where plain HTTP is served.
    pub plain: PlainPolicy,
    /// Which clients are served at all (`docs/yeastar.md` G3); `None` for all.
    pub clients: Option<Vec<Network>>,
    /// Which proxies' forwarding headers count.
    pub forwarding: Forwarding,
    /// Peers that begin each connection with a PROXY header. From them it is demanded, because a proxy that
    /// leaves it out would let its clients send one; from all others it is no HTTP.
    pub proxy_protocol: Vec<Network>,
}

impl Default for ListenSettings {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_address: 1024,
            first_byte_timeout: Duration::from_secs(10),
            handshake_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_secs(300),
            header_bytes: 64 * 1024,
            plain: PlainPolicy::default(),
            clients: None,
            forwarding: Forwarding::default(),
            proxy_protocol: Vec::new(),
        }
    }
}

/// Why a listener could not be set up.
#[derive(Debug, Error)]
pub enum ListenError {
    /// The address cannot be had.
    #[error("cannot listen on {address}")]
    Bind {
        /// What was asked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The control socket cannot be made.
    #[error("cannot listen on the control socket {path}")]
    Control {
        /// Where it was to be.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Something that is no socket has the name of the control socket.
    #[error("{0} is no socket; move it away")]
    NoSocket(PathBuf),
    /// A listener speaks TLS, and there is no certificate.
    #[error("a listener on {0} needs a certificate")]
    NoCertificate(SocketAddr),
    /// The threads that serve connections cannot be had.
    #[error("cannot start the threads that serve connections")]
    Lanes(#[source] io::Error),
}

/// A bound socket that nobody serves yet; clients can connect and wait.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
}

#[derive(Debug)]
enum Socket {
    Tcp { listener: TcpListener, protocol: Protocol, address: SocketAddr },
    Control { listener: UnixListener, path: PathBuf },
}

impl Listener {
    /// Binds a TCP address; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn bind(address: SocketAddr, protocol: Protocol) -> Result<Self, ListenError> {
        let failed = |source| ListenError::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { socket: Socket::Tcp { listener, protocol, address } })
    }

    /// Binds the control socket with mode 0600 and takes the place of one that a crash left behind.
    ///
    /// Call it only while holding the lock on the data directory: it cannot tell a dead server's socket from
    /// a living one's. Only processes of the same user or root are served, so the moment between making the
    /// socket and restricting its mode is no gap.
    ///
    /// # Errors
    /// When it cannot be made, mostly because the path is longer than the 107 bytes that sockets allow.
    pub fn control(path: &Path) -> Result<Self, ListenError> {
        use std::os::unix::fs::{FileTypeExt, PermissionsExt};
        let failed = |source| ListenError::Control { path: path.to_owned(), source };
        match fs_err::symlink_metadata(path) {
            Ok(metadata) if metadata.file_type().is_socket() => fs_err::remove_file(path).map_err(failed)?,
            Ok(_) => return Err(ListenError::NoSocket(path.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let listener = UnixListener::bind(path).map_err(failed)?;
        fs_err::set_permissions(path, PermissionsExt::from_mode(0o600)).map_err(failed)?;
        Ok(Self { socket: Socket::Control { listener, path: path.to_owned() } })
    }

    /// The TCP address with its real port, and what is spoken there; `None` for the control socket.
    pub fn address(&self) -> Option<(SocketAddr, Protocol)> {
        match &self.socket {
            Socket::Tcp { protocol, address, .. } => Some((*address, *protocol)),
            Socket::Control { .. } => None,
        }
    }
}

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shutdown {
    /// Connections that were still busy when the time was over, and were cut.
    pub cut: usize,
}

impl Shared {
    /// A connection's share of what its peer may have; `None` when that is used up.
    fn admit(&self, peer: IpAddr) -> Option<Admission> {
        let peer = peer.to_canonical();
        if in_any(&self.settings.forwarding.proxies, peer) || in_any(&self.settings.proxy_protocol, peer) {
            return Some(Admission { _share: None });
        }
        match self.per_address.take(peer) {
            Ok(share) => Some(Admission { _share: Some(share) }),
            Err(full) => {
                if full.first {
                    let most = self.settings.connections_per_address;
                    tracing::warn!(peer.address = %peer, most, "an address has all its connections; further ones are closed");
                }
                None
            }
        }
    }
}

/// The right of a connection to be there.
#[derive(Debug)]
struct Admission {
    _share: Option<Share>,
}

/// Listeners with what they need to serve.
#[derive(Debug)]
pub struct Server {
    listeners: Vec<Listener>,
    lanes: Arc<Lanes>,
    shared: Arc<Shared>,
}

/// What all connections of a server share.
#[derive(Debug)]
struct Shared {
    settings: ListenSettings,
    tls: Option<Arc<rustls::ServerConfig>>,
    metrics: Arc<Metrics>,
    clients: Arc<Semaphore>,
    per_address: Arc<PerAddress>,
    administrators: Arc<Semaphore>,
    /// Cancelled to stop accepting and to finish what is under way.
    stop: CancellationToken,
    /// Cancelled to cut what is left.
    cut: CancellationToken,
    cut_connections: AtomicUsize,
}

impl Server {
    /// Puts a server together. `tls` is [`tls::Certificates::server_config`].
    ///
    /// # Errors
    /// When a listener speaks TLS and there is no certificate, or the system has no room for the threads.
    pub fn new(
        listeners: Vec<Listener>,
        settings: ListenSettings,
        tls: Option<Arc<rustls::ServerConfig>>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, ListenError> {
        if tls.is_none() {
            let needs_one = |(address, protocol): (_, Protocol)| protocol.speaks_tls().then_some(address);
            if let Some(address) = listeners.iter().filter_map(Listener::address).find_map(needs_one) {
                return Err(ListenError::NoCertificate(address));
            }
        }
        let shared = Shared {
            clients: Arc::new(Semaphore::new(settings.connections.clamp(1, Semaphore::MAX_PERMITS))),
            per_address: PerAddress::new(settings.connections_per_address),
            administrators: Arc::new(Semaphore::new(CONTROL_CONNECTIONS)),
            settings,
            tls,
            metrics,
            stop: CancellationToken::new(),
            cut: CancellationToken::new(),
            cut_connections: AtomicUsize::new(0),
        };
        let lanes = Arc::new(Lanes::start().map_err(ListenError::Lanes)?);
        Ok(Self { listeners, lanes, shared: Arc::new(shared) })
    }

    /// Serves until `stop` is cancelled, then lets requests under way finish for up to `grace`, cuts the
    /// rest, and returns. The control socket is removed when accepting ends.
    ///
    /// The service is cloned for each request. Its body may end with an error, which breaks the connection.
    pub async fn serve<S, B>(self, service: S, stop: CancellationToken, grace: Duration) -> Shutdown
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Future: Send,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let Self { listeners, lanes, shared } = self;
        // Dropping this future must not leave the tasks behind.
        let _cut_on_drop = shared.cut.clone().drop_guard();
        let connections = TaskTracker::new();
        let loops = TaskTracker::new();
        for listener in listeners {
            loops.spawn(accept::run(
                listener.socket,
                service.clone(),
                shared.clone(),
                lanes.clone(),
                connections.clone(),
            ));
        }
        stop.cancelled().await;
        shared.stop.cancel();
        loops.close();
        loops.wait().await;
        connections.close();
        if tokio::time::timeout(grace, connections.wait()).await.is_err() {
            shared.cut.cancel();
            if tokio::time::timeout(CUT_TIME, connections.wait()).await.is_err() {
                tracing::error!("connections hang in a call of the system, and are left behind");
            }
        }
        Shutdown { cut: shared.cut_connections.load(Ordering::Relaxed) }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Mutex;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;
    use tokio::task::JoinHandle;

    use super::*;
    use crate::carried_on::CarriedOn;

    #[tokio::test]
    async fn the_control_socket_replaces_a_dead_one_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("control.sock");
        drop(Listener::control(&path).unwrap());
        assert!(path.exists(), "a listener that never served leaves its socket, like a crash");
        let listener = Listener::control(&path).unwrap();
        assert_eq!(fs_err::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(listener.address(), None);

        let file = directory.path().join("precious");
        fs_err::write(&file, "data").unwrap();
        assert!(matches!(Listener::control(&file), Err(ListenError::NoSocket(path)) if path == file));
        assert_eq!(fs_err::read_to_string(&file).unwrap(), "data");
    }

    #[tokio::test]
    async fn a_tls_listener_without_certificate_is_refused_before_serving() {
        let any = "127.0.0.1:0".parse().unwrap();
        for (protocol, fits) in [(Protocol::Plain, true), (Protocol::Both, false), (Protocol::Tls, false)] {
            let listener = Listener::bind(any, protocol).await.unwrap();
            let server = Server::new(vec![listener], ListenSettings::default(), None, Arc::default());
            assert_eq!(server.is_ok(), fits, "{protocol:?}");
        }
    }

    #[test]
    fn plain_http_is_judged_by_the_peer_of_the_socket() {
        for (peer, private) in
            [("127.0.0.1", true), ("192.168.1.9", true), ("fe80::1", true), ("203.0.113.9", false)]
        {
            let peer = peer.parse().unwrap();
            let admitted = [PlainPolicy::Allow, PlainPolicy::PrivateOnly, PlainPolicy::Refuse]
                .map(|policy| policy.admits(peer));
            assert_eq!(admitted, [true, private, false], "{peer}");
        }
    }

    /// A client begins something and leaves; what it began ends when `go` is given.
    async fn left(
        settings: ListenSettings,
        go: Arc<Semaphore>,
    ) -> (SocketAddr, CancellationToken, JoinHandle<Shutdown>) {
        let (began, metrics) = (Arc::new(Semaphore::new(0)), Arc::new(Metrics::new()));
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), Protocol::Plain).await.unwrap();
        let (address, _) = listener.address().unwrap();
        let server = Server::new(vec![listener], settings, None, metrics.clone()).unwrap();
        let begun = began.clone();
        let service = tower::service_fn(move |request: Request<Incoming>| {
            let (begun, go) = (begun.clone(), go.clone());
            let stay = request.extensions().get::<stay::Stay>().cloned();
            let work = Box::pin(async move {
                begun.add_permits(1);
                go.acquire().await.unwrap().forget();
            });
            let work = CarriedOn::new(stay, work);
            async move {
                work.await.unwrap();
                Ok::<_, std::convert::Infallible>(Response::new(http_body_util::Empty::<Bytes>::new()))
            }
        });
        let stop = CancellationToken::new();
        let serving = tokio::spawn(server.serve(service, stop.clone(), Duration::from_secs(60)));
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n").await.unwrap();
        began.acquire().await.unwrap().forget();
        drop(client);
        while !metrics.render().contains("callvault_connections{protocol=\"http\"} 0") {
            tokio::task::yield_now().await;
        }
        (address, stop, serving)
    }

    #[tokio::test]
    async fn a_server_that_stops_waits_for_what_a_client_began_before_it_left() {
        let go = Arc::new(Semaphore::new(0));
        let (_, stop, mut serving) = left(ListenSettings::default(), go.clone()).await;
        stop.cancel();
        let early = tokio::time::timeout(Duration::from_millis(300), &mut serving).await;
        assert!(early.is_err(), "it did not wait");
        go.add_permits(1);
        assert_eq!(serving.await.unwrap(), Shutdown { cut: 0 });
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_ends_though_a_thread_of_its_connections_hangs() {
        let (began, hangs) = oneshot::channel();
        let began = Arc::new(Mutex::new(Some(began)));
        let service = tower::service_fn(move |_: Request<Incoming>| {
            let began = began.clone();
            async move {
                began.lock().unwrap().take().unwrap().send(()).unwrap();
                // As in a call of a system whose medium does not answer.
                loop {
                    std::thread::park();
                }
                #[expect(unreachable_code, reason = "says what it would answer with")]
                Ok::<_, std::convert::Infallible>(Response::new(http_body_util::Empty::<Bytes>::new()))
            }
        });
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), Protocol::Plain).await.unwrap();
        let (address, _) = listener.address().unwrap();
        let server = Server::new(vec![listener], ListenSettings::default(), None, Arc::default()).unwrap();
        let stop = CancellationToken::new();
        let serving = tokio::spawn(server.serve(service, stop.clone(), Duration::from_secs(60)));
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n").await.unwrap();
        hangs.await.unwrap();
        stop.cancel();
        tokio::time::timeout(Duration::from_secs(600), serving).await.expect("it waits").unwrap();
    }

    #[tokio::test]
    async fn what_a_client_left_behind_counts_as_its_connection() {
        let go = Arc::new(Semaphore::new(0));
        let settings = ListenSettings { connections_per_address: 1, ..ListenSettings::default() };
        let (address, stop, serving) = left(settings, go.clone()).await;
        let is_answered = async || {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n").await.unwrap();
            // One that is let in waits for `go`, as what was left does.
            let read = tokio::time::timeout(Duration::from_secs(5), client.read(&mut [0])).await;
            read.expect("it was let in").is_ok_and(|read| read == 1)
        };
        assert!(!is_answered().await, "answered beside what is still under way");
        // One for what was left, one for each try.
        go.add_permits(100);
        while !is_answered().await {
            tokio::task::yield_now().await;
        }
        stop.cancel();
        serving.await.unwrap();
    }

    #[tokio::test]
    async fn a_taken_address_is_named() {
        let first = Listener::bind("127.0.0.1:0".parse().unwrap(), Protocol::Plain).await.unwrap();
        let (address, _) = first.address().unwrap();
        let error = Listener::bind(address, Protocol::Plain).await.unwrap_err();
        assert_eq!(error.to_string(), format!("cannot listen on {address}"));
    }
}
