//! Sending a report by HTTP or HTTPS: one connection, one request in one write, and of the answer the status.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use callvault_wire::yeastar::event::answer::{Answer, AnswerReader};
use callvault_wire::yeastar::event::post;
use callvault_wire::yeastar::event::target::{Host, Target};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use super::outlet::SendError;
use super::reach::Reach;
use super::resolve::Resolver;
use super::trust::Trust;

/// The most that is read of an answer before its status is known; interim answers may have headers.
const MOST_ANSWER_BYTES: usize = 64 * 1024;

/// How much of the rest of an answer is taken, and for how long. A receiver that is cut off while it still writes shows its
/// owner an error for a report that went well.
const MOST_REST_BYTES: u64 = 64 * 1024;
const REST_TIME: Duration = Duration::from_secs(2);

/// How many connections may be on their way out at once.
const LEAVING: usize = 64;

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// From the name to a connection that is ready, TLS included.
    pub connect: Duration,
    /// From the request to the status.
    pub answer: Duration,
}

impl Default for Patience {
    /// `docs/yeastar.md` G24.
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), answer: Duration::from_secs(5) }
    }
}

/// Makes connections to targets.
pub(super) struct Sender {
    reach: Reach,
    trust: Trust,
    patience: Patience,
    resolver: Resolver,
    /// Made when the first `https` target comes.
    tls: OnceCell<TlsConnector>,
    leaving: Arc<Semaphore>,
}

impl Sender {
    pub(super) fn new(reach: Reach, trust: Trust, patience: Patience) -> Self {
        let leaving = Arc::new(Semaphore::new(LEAVING));
        Self { reach, trust, patience, resolver: Resolver::new(), tls: OnceCell::new(), leaving }
    }

    /// Sends a report; answers the status if it is 2xx. `login` is where the login that wants reports came from.
    pub(super) async fn send(
        &self,
        target: &Target,
        body: &[u8],
        login: Option<IpAddr>,
    ) -> Result<u16, SendError> {
        let deadline = Instant::now() + self.patience.connect;
        let stream = self.connect(target, login, deadline).await?;
        let request = post::request(target, body);
        if !target.is_https() {
            return self.exchange(stream, &request).await;
        }
        let connector = self.connector().await?;
        let name = server_name(target.host())?;
        match timeout_at(deadline, connector.connect(name, stream)).await {
            Ok(Ok(stream)) => self.exchange(stream, &request).await,
            Ok(Err(error)) => Err(SendError::Unreached(format!("the TLS handshake failed: {error}"))),
            Err(_) => Err(SendError::Unreached("the TLS handshake took too long".to_owned())),
        }
    }

    /// A connection to an address that the policy admits. The address that was judged is the one that is connected to, so
    /// a name server that answers differently each time gains nothing.
    async fn connect(
        &self,
        target: &Target,
        login: Option<IpAddr>,
        deadline: Instant,
    ) -> Result<TcpStream, SendError> {
        let addresses = self.addresses(target, deadline).await?;
        let judged: Vec<_> = addresses
            .into_iter()
            .map(|address| self.reach.admit(address.ip(), login).map(|()| address))
            .collect();
        let admitted: Vec<_> = judged.iter().flatten().copied().collect();
        if admitted.is_empty() {
            let refused = judged.into_iter().find_map(Result::err);
            let nothing = || SendError::Unreached(format!("{} has no address", target.host()));
            return Err(refused.map_or_else(nothing, SendError::Forbidden));
        }
        let mut failure = String::new();
        for (place, address) in admitted.iter().enumerate() {
            // One address that swallows packets must leave time for the others.
            let left = deadline.saturating_duration_since(Instant::now());
            let share = left / u32::try_from(admitted.len() - place).unwrap_or(u32::MAX);
            match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // The request is one write already; this is for the records of the TLS handshake.
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "TCP_NODELAY could not be set");
                    }
                    return Ok(stream);
                }
                Ok(Err(error)) => failure = format!("cannot connect to {address}: {error}"),
                Err(_) => failure = format!("cannot connect to {address}: no answer in time"),
            }
        }
        Err(SendError::Unreached(failure))
    }

    async fn addresses(&self, target: &Target, deadline: Instant) -> Result<Vec<SocketAddr>, SendError> {
        let name = match target.host() {
            Host::Address(address) => return Ok(vec![SocketAddr::new(*address, target.port())]),
            Host::Name(name) => name,
        };
        let failure = match timeout_at(deadline, self.resolver.addresses(name, target.port())).await {
            Ok(Ok(addresses)) => return Ok(addresses),
            Ok(Err(error)) => format!("{name} has no address: {error}"),
            Err(_) => format!("the address of {name} was not told in time"),
        };
        Err(SendError::Unreached(failure))
    }

    async fn connector(&self) -> Result<&TlsConnector, SendError> {
        let make = || async {
            let trust = self.trust.clone();
            let made = tokio::task::spawn_blocking(move || trust.client_config()).await;
            let failed = |error: String| SendError::Unreached(format!("TLS could not be set up: {error}"));
            let config = made.map_err(|error| failed(error.to_string()))?;
            let config = config.map_err(|error| failed(error.to_string()))?;
            Ok(TlsConnector::from(Arc::new(config)))
        };
        self.tls.get_or_try_init(make).await
    }

    async fn exchange<S>(&self, mut stream: S, request: &[u8]) -> Result<u16, SendError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let status = match timeout(self.patience.answer, ask(&mut stream, request)).await {
            Ok(answered) => answered?,
            Err(_) => {
                return Err(SendError::Unreached("the application server gave no answer in time".to_owned()));
            }
        };
        if let Ok(permit) = self.leaving.clone().try_acquire_owned() {
            tokio::spawn(async move {
                let leave = async {
                    let mut rest = (&mut stream).take(MOST_REST_BYTES);
                    tokio::io::copy(&mut rest, &mut tokio::io::sink()).await?;
                    stream.shutdown().await
                };
                // How it ends says nothing any more.
                let _ = timeout(REST_TIME, leave).await;
                drop(permit);
            });
        }
        match status {
            200..=299 => Ok(status),
            other => Err(SendError::Status(other)),
        }
    }
}

async fn ask<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, request: &[u8]) -> Result<u16, SendError> {
    let broken = |error: std::io::Error| SendError::Unreached(format!("the connection broke: {error}"));
    stream.write_all(request).await.map_err(broken)?;
    stream.flush().await.map_err(broken)?;
    let mut reader = AnswerReader::new();
    let mut buffer = [0; 1024];
    let mut seen = 0;
    loop {
        // A receiver may be gone before it is read to its end: what came until then counts.
        let length = match stream.read(&mut buffer).await {
            Ok(length) => length,
            Err(error) => return finished(reader).ok_or_else(|| broken(error)),
        };
        if length == 0 {
            let closed = || {
                SendError::Unreached(
                    "the application server closed the connection without an answer".to_owned(),
                )
            };
            return finished(reader).ok_or_else(closed);
        }
        seen += length;
        match reader.push(&buffer[..length]) {
            Answer::Status(status) => return Ok(status),
            Answer::Garbage => return Err(SendError::Garbage),
            Answer::Pending if seen > MOST_ANSWER_BYTES => return Err(SendError::Garbage),
            Answer::Pending => {}
        }
    }
}

/// The status, if it was there in whole when the connection ended.
fn finished(reader: AnswerReader) -> Option<u16> {
    match reader.finish() {
        Answer::Status(status) => Some(status),
        Answer::Pending | Answer::Garbage => None,
    }
}

fn server_name(host: &Host) -> Result<ServerName<'static>, SendError> {
    match host {
        Host::Address(address) => Ok(ServerName::from(*address)),
        Host::Name(name) => ServerName::try_from(name.trim_end_matches('.').to_owned())
            .map_err(|_| SendError::Unreached(format!("{name} is no name that a certificate can have"))),
    }
}
