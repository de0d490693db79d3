//! The door of application servers that want reports by TCP (`docs/yeastar.md` G25): they connect, log in, and read.
//!
//! Promises: the password is looked at only where plain HTTP would be served; failed logins count with those of the HTTP
//! login; who has not logged in has ten seconds and four kilobytes; a connection ends with its session.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use callvault_core::address::{Network, canonical};
use callvault_core::listen::Door;
use callvault_core::person::Account;
use callvault_core::port::wake::Wake;
use callvault_core::report::{Channel, WantedTarget};
use callvault_core::secret::Secret;
use callvault_core::service::logins::{Attempt, LoginRefused};
use callvault_core::service::sessions::{SessionRefused, Tokens};
use callvault_core::session::ReportWish;
use callvault_wire::yeastar::tcp::login::{LoginReader, Progress, TcpLogin};
use callvault_wire::yeastar::tcp::{ACCEPTED, REFUSED};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::http::address::in_any;
use crate::listen::per_address::{PerAddress, Share};
use crate::listen::{ListenError, PlainPolicy};

/// How long a login may take.
const LOGIN_TIME: Duration = Duration::from_secs(10);

/// After so long without a byte, what came is taken for the whole login: some clients send no blank line.
const LOGIN_QUIET: Duration = Duration::from_secs(3);

/// How long a client may take to take the answer to its login.
const ANSWER_TIME: Duration = Duration::from_secs(5);

/// How often a connection looks whether its session still lives. It is also what keeps that alive.
const SESSION_ROUND: Duration = Duration::from_secs(1);

/// How long to wait when the system has no room for another connection.
const OUT_OF_ROOM_PAUSE: Duration = Duration::from_millis(500);

/// A client that vanished without a word is noticed after two minutes.
const KEEPALIVE: TcpKeepalive = TcpKeepalive::new()
    .with_time(Duration::from_secs(60))
    .with_interval(Duration::from_secs(15))
    .with_retries(4);

/// After so long without an acknowledgement of what was written the connection breaks.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// Who may connect, and how often. The fields are those of [`crate::listen::ListenSettings`].
#[derive(Debug, Clone)]
pub struct TcpSettings {
    /// Connections open at once; further ones wait.
    pub connections: usize,
    /// Connections that one address may have open at once, or one /64 of IPv6; further ones are closed.
    pub connections_per_address: usize,
    /// From where plain text is taken at all.
    pub plain: PlainPolicy,
    /// Which clients are served at all (`docs/yeastar.md` G3); `None` for all.
    pub clients: Option<Vec<Network>>,
}

/// A bound socket that nobody serves yet.
#[derive(Debug)]
pub struct ReportListener {
    listener: TcpListener,
    address: SocketAddr,
}

impl ReportListener {
    /// Binds an address; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn bind(address: SocketAddr) -> Result<Self, ListenError> {
        let failed = |source| ListenError::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// The address with its real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// What all connections share.
struct Shared {
    app: Arc<App>,
    bell: Arc<dyn Wake>,
    settings: TcpSettings,
    slots: Arc<Semaphore>,
    per_address: Arc<PerAddress>,
    stop: CancellationToken,
}

/// Serves until `stop`; closes all connections then. Their sessions live on, so that clients that come back find what
/// they missed. `bell` is rung for each client that is ready.
pub async fn serve(
    listeners: Vec<ReportListener>,
    settings: TcpSettings,
    app: Arc<App>,
    bell: Arc<dyn Wake>,
    stop: CancellationToken,
) {
    let shared = Arc::new(Shared {
        app,
        bell,
        slots: Arc::new(Semaphore::new(settings.connections.clamp(1, Semaphore::MAX_PERMITS))),
        per_address: PerAddress::new(settings.connections_per_address),
        settings,
        stop: stop.clone(),
    });
    let connections = TaskTracker::new();
    let accepting = TaskTracker::new();
    for listener in listeners {
        let (shared, connections) = (shared.clone(), connections.clone());
        accepting.spawn(async move {
            let stop = shared.stop.clone();
            stop.run_until_cancelled(accept(&listener.listener, &shared, &connections)).await;
        });
    }
    accepting.close();
    stop.cancelled().await;
    accepting.wait().await;
    connections.close();
    connections.wait().await;
}

async fn accept(listener: &TcpListener, shared: &Arc<Shared>, connections: &TaskTracker) {
    loop {
        let Ok(permit) = shared.slots.clone().acquire_owned().await else { return };
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) if crate::listen::is_out_of_room(&error) => {
                tracing::error!(%error, "no room for another connection; waiting");
                tokio::time::sleep(OUT_OF_ROOM_PAUSE).await;
                continue;
            }
            Err(error) => {
                tracing::debug!(%error, "a connection failed before it began");
                continue;
            }
        };
        let peer = canonical(peer.ip());
        let Some(share) = shared.admit(peer) else { continue };
        let shared = shared.clone();
        connections.spawn(async move {
            if let Err(error) = run(&shared, stream, peer).await {
                tracing::debug!(%error, client = %peer, "a connection for reports broke");
            }
            drop((share, permit));
        });
    }
}

impl Shared {
    fn admit(&self, peer: IpAddr) -> Option<Share> {
        let TcpSettings { plain, clients, connections_per_address, .. } = &self.settings;
        if !plain.admits(peer) || clients.as_ref().is_some_and(|clients| !in_any(clients, peer)) {
            tracing::debug!(client = %peer, "a connection for reports is not served");
            return None;
        }
        match self.per_address.take(peer) {
            Ok(share) => Some(share),
            Err(full) => {
                if full.first {
                    let most = connections_per_address;
                    tracing::warn!(client = %peer, most, "an address has all its connections for reports; further ones are closed");
                }
                None
            }
        }
    }
}

/// A client that is logged in.
struct Client {
    account: Arc<Account>,
    token: Secret,
    place: String,
}

async fn run(shared: &Shared, stream: TcpStream, peer: IpAddr) -> io::Result<()> {
    prepare(&stream)?;
    let _counted = shared.app.metrics.connection_opened("tcp-reports");
    let (mut reader, mut writer) = stream.into_split();
    let logging_in = async {
        let client = log_in(shared, &mut reader, peer).await?;
        let answer = if client.is_some() { ACCEPTED } else { REFUSED };
        match timeout(ANSWER_TIME, writer.write_all(answer)).await {
            Ok(written) => written.map(|()| client),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    };
    match shared.stop.run_until_cancelled(logging_in).await {
        Some(Ok(Some(client))) => {
            attend(shared, &client, peer, reader, writer).await;
            Ok(())
        }
        Some(Ok(None)) | None => Ok(()),
        Some(Err(error)) => Err(error),
    }
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
    socket.set_tcp_keepalive(&KEEPALIVE)
}

/// Reads the login and begins the session; nothing if it is to be refused.
async fn log_in(shared: &Shared, reader: &mut OwnedReadHalf, peer: IpAddr) -> io::Result<Option<Client>> {
    let login = match read_login(reader).await? {
        Progress::Login(login) => login,
        Progress::Invalid(invalid) => {
            tracing::debug!(client = %peer, %invalid, "no login for reports");
            return Ok(None);
        }
        Progress::Pending => return Ok(None),
    };
    if !peer.is_loopback() {
        shared.app.warnings.plain_login(peer);
    }
    let TcpLogin { username, password, report_format } = login;
    let door = Door::Yeastar;
    let attempt = Attempt { door, username: &username, password: &password, peer };
    let account = match shared.app.services.logins.verify(attempt).await {
        Ok(account) => account,
        Err(refused) => {
            shared.app.metrics.login_failed(door.as_str());
            match &refused {
                LoginRefused::Failed(error) => failed(error),
                _ => tracing::warn!(client = %peer, door = door.as_str(), "login refused: {refused}"),
            }
            return Ok(None);
        }
    };
    let place = format!("tcp {peer}");
    let format = report_format.as_str().to_owned();
    let report = ReportWish { version: format.clone(), place: place.clone(), ..ReportWish::default() };
    let target =
        WantedTarget { place: place.clone(), channel: Channel::Tcp, address: Secret::default(), format };
    match shared.app.services.sessions.begin(&account, peer, report, Some(target), false).await {
        Ok(Some(Tokens { token, .. })) => Ok(Some(Client { account, token, place })),
        Ok(None) => Ok(None),
        Err(error) => {
            failed(&error);
            Ok(None)
        }
    }
}

async fn read_login(reader: &mut OwnedReadHalf) -> io::Result<Progress> {
    let deadline = Instant::now() + LOGIN_TIME;
    let mut login = LoginReader::new();
    let mut buffer = [0; 1024];
    let mut begun = false;
    loop {
        let quiet = Instant::now() + LOGIN_QUIET;
        let until = if begun { deadline.min(quiet) } else { deadline };
        let length = match timeout_at(until, reader.read(&mut buffer)).await {
            Ok(read) => read?,
            Err(_) if begun => return Ok(login.finish()),
            Err(_) => return Ok(Progress::Pending),
        };
        if length == 0 {
            return Ok(Progress::Pending);
        }
        begun = true;
        match login.push(&buffer[..length]) {
            Progress::Pending => {}
            done => return Ok(done),
        }
    }
}

/// Keeps a client's connection until it ends, from either side.
async fn attend(
    shared: &Shared,
    client: &Client,
    peer: IpAddr,
    mut reader: OwnedReadHalf,
    writer: OwnedWriteHalf,
) {
    let person = client.account.person.id;
    let connections = shared.app.outlet.connections();
    let entered = connections.enter(person, &client.place, writer);
    tracing::info!(client = %peer, person = person.0, "an application server is connected for reports");
    shared.bell.wake();
    let mut round = interval(SESSION_ROUND);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ignored = [0; 1024];
    let why = loop {
        tokio::select! {
            () = shared.stop.cancelled() => break "the server stops",
            () = entered.closed() => break "another connection took its place, or it took no report",
            read = reader.read(&mut ignored) => match read {
                Ok(0) => break "the application server closed it",
                Ok(_) => {}
                Err(_) => break "it broke",
            },
            _ = round.tick() => match shared.app.services.sessions.resume(client.token.reveal(), peer, false).await {
                Ok(_) => {}
                Err(SessionRefused::Failed(error)) => failed(&error),
                Err(SessionRefused::Unknown | SessionRefused::Expired { .. }) => break "its session ended",
            },
        }
    };
    tracing::info!(client = %peer, person = person.0, why, "the connection for reports ended");
}

fn failed(error: &callvault_core::Error) {
    tracing::error!(error = error as &dyn std::error::Error, "a login for reports failed");
}
