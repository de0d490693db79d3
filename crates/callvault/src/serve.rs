//! `serve`: from settings to a running server, and back in order.
//!
//! Start: settings are checked, the folder is locked, catalog and audio are opened, addresses are bound, the control
//! socket is there, then the ready file. Stop: no new connections, requests under way finish within the grace, sessions
//! and the listen log are written, the catalog is closed, the lock is given back.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use callvault_core::port::clock::Clock as _;
use callvault_server::http::address::{Forwarding, ForwardingHeader};
use callvault_server::listen::tls::{CertificateSource, Certificates};
use callvault_server::listen::{ListenSettings, Listener, PlainPolicy, Protocol, Server};
use callvault_server::system::SystemClock;
use callvault_server::telemetry::{self, LogFormat, LogSettings};
use callvault_server::work::reports::tcp::{self, ReportListener, TcpSettings};
use callvault_server::work::{background, expiry};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::commands::Outcome;
use crate::config::{HeaderWord, LogShape, PlainHttp, Resolved, Settings};
use crate::installation::{self, Engine, Places, State};

/// How often certificate files are looked at.
const CERTIFICATE_ROUND: Duration = Duration::from_secs(5);

/// Runs a server until it is told to stop.
///
/// # Errors
/// When it cannot start.
pub(crate) async fn run(resolved: Resolved) -> anyhow::Result<Outcome> {
    let settings = &resolved.settings;
    start_log(settings)?;
    for name in &resolved.unknown_variables {
        tracing::warn!("{name} is set and is no setting");
    }
    let data = &settings.server.data;
    let lock = installation::lock_for_server(data).await?;
    if installation::state(data)? == State::Demo {
        tracing::warn!("this installation was made by the demo: its passwords are public");
    }
    let engine = Box::pin(Engine::open(settings, lock)).await?;
    Box::pin(until_told(settings, engine, |_, _| Ok(()))).await
}

/// Makes this process log as the settings say.
///
/// # Errors
/// When the filter cannot be read.
pub(crate) fn start_log(settings: &Settings) -> anyhow::Result<()> {
    let format = match settings.log.format {
        LogShape::Text => LogFormat::Text,
        LogShape::Json => LogFormat::Json,
    };
    telemetry::install(&LogSettings { format, filter: settings.log.level.clone() })
        .context("log.level is wrong")?;
    Ok(())
}

/// Where a running server can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reached {
    /// `http`, `https` or `tcp-reports`.
    pub(crate) scheme: &'static str,
    /// The address with its real port.
    pub(crate) address: SocketAddr,
}

/// Serves with an engine until a signal says stop; `announce` is called when connections are
/// accepted, with where they are and the fingerprint of the certificate.
///
/// # Errors
/// When an address, the control socket or the certificate cannot be had, or `announce` fails.
pub(crate) async fn until_told(
    settings: &Settings,
    engine: Engine,
    announce: impl FnOnce(&[Reached], Option<&str>) -> anyhow::Result<()>,
) -> anyhow::Result<Outcome> {
    let mut signals = Signals::new()?;
    raise_open_files();
    let server_settings = &settings.server;
    let places = Places::of(&server_settings.data);
    if let Some(path) = &server_settings.ready_file {
        // One of an earlier run would tell of ports that are not ours.
        remove_if_there(path).context("cannot remove the old ready file")?;
    }
    let mut listeners = bind(settings).await?;
    let report_listeners = bind_reports(settings).await?;
    let mut reached = addresses(&listeners, server_settings.plain_http);
    reached
        .extend(report_listeners.iter().map(|one| Reached { scheme: "tcp-reports", address: one.address() }));
    let stop = CancellationToken::new();
    let certificates =
        match listeners.iter().filter_map(Listener::address).any(|(_, speaks)| speaks.speaks_tls()) {
            true => Some(certificates(settings, &places).await?),
            false => None,
        };
    listeners.push(control(&places.control_socket())?);
    let tls = certificates.as_ref().map(|certificates| certificates.server_config());
    let server = Server::new(listeners, listen_settings(settings), tls, engine.metrics())?;

    let started = SystemClock::new().now();
    let serving = tokio::spawn(server.serve(engine.front(), stop.clone(), server_settings.shutdown_grace.0));
    let couriering = tokio::spawn(engine.courier().run(stop.clone(), server_settings.shutdown_grace.0));
    let (app, bell) = engine.reporting();
    let reporting =
        tokio::spawn(tcp::serve(report_listeners, tcp_settings(settings), app, bell, stop.clone()));
    let stop_upkeep = CancellationToken::new();
    let upkeep = tokio::spawn(background::run(engine.services(), started, stop_upkeep.clone()));
    let expiring = tokio::spawn(expiry::run(engine.services(), engine.metrics(), stop_upkeep.clone()));
    let fingerprint = certificates.as_ref().map(|certificates| certificates.fingerprint());
    if let (Some(certificates), Some(fingerprint)) = (&certificates, &fingerprint) {
        tracing::info!(tls.fingerprint = fingerprint, "the certificate (SHA-256)");
        tokio::spawn(certificates.clone().watch(CERTIFICATE_ROUND, stop.clone()));
    }
    for Reached { scheme, address } in &reached {
        tracing::info!("listening on {scheme}://{address}");
    }
    let ready = match &server_settings.ready_file {
        Some(path) => write_ready_file(path, &reached),
        None => Ok(()),
    };
    let ready = ready.and_then(|()| announce(&reached, fingerprint.as_deref()));

    if ready.is_ok() {
        signals.stop().await;
        tracing::info!("stopping");
    }
    stop.cancel();
    let ended = tokio::select! {
        ended = serving => ended.context("the server ended badly")?,
        () = signals.interrupt() => return Ok(Outcome::Aborted),
    };
    if ended.cut > 0 {
        tracing::warn!(connections = ended.cut, "connections that were still busy were cut");
    }
    for (part, ended) in [("the delivery of reports", couriering.await), ("reports by TCP", reporting.await)]
    {
        if let Err(error) = ended {
            tracing::error!(%error, part, "a part of the server ended badly");
        }
    }
    stop_upkeep.cancel();
    for ended in [upkeep.await, expiring.await] {
        if let Err(error) = ended {
            tracing::error!(%error, "the upkeep ended badly");
        }
    }
    engine.close().await;
    if let Some(path) = &server_settings.ready_file
        && let Err(error) = remove_if_there(path)
    {
        tracing::warn!(%error, "the ready file could not be removed");
    }
    ready?;
    tracing::info!("stopped");
    Ok(Outcome::Done)
}

/// Binds every address; a failure names all that cannot be had.
async fn bind(settings: &Settings) -> anyhow::Result<Vec<Listener>> {
    let server = &settings.server;
    let wanted = [
        (&server.listen, Protocol::Both),
        (&server.plain_listen, Protocol::Plain),
        (&server.tls_listen, Protocol::Tls),
    ];
    let mut listeners = Vec::new();
    let mut failures = Vec::new();
    for (addresses, protocol) in wanted {
        for address in addresses {
            match Listener::bind(*address, protocol).await {
                Ok(listener) => listeners.push(listener),
                Err(error) => failures.push(format!("{:#}", anyhow::Error::from(error))),
            }
        }
    }
    if failures.is_empty() {
        return Ok(listeners);
    }
    Err(crate::failure::hinted(
        failures.join("\n  "),
        "another program may have the port; --listen ADDR names another address, and port 0 takes a free one",
    ))
}

/// Binds the addresses of reports by TCP.
async fn bind_reports(settings: &Settings) -> anyhow::Result<Vec<ReportListener>> {
    let mut listeners = Vec::new();
    for address in &settings.reports.tcp_listen {
        listeners.push(ReportListener::bind(*address).await.context("reports.tcp_listen")?);
    }
    Ok(listeners)
}

fn tcp_settings(settings: &Settings) -> TcpSettings {
    let ListenSettings { plain, clients, connections_per_address, .. } = listen_settings(settings);
    let connections = within_open_files(settings.reports.tcp_connections);
    TcpSettings { connections, connections_per_address, plain, clients }
}

/// The longest path of a Unix socket, in bytes (unix(7): 108 with the zero at the end).
const LONGEST_SOCKET_PATH: usize = 107;

fn control(path: &Path) -> anyhow::Result<Listener> {
    if path.as_os_str().len() > LONGEST_SOCKET_PATH {
        return Err(crate::failure::hinted(
            format!("{} is too long for a socket", path.display()),
            "name the data folder by a shorter path, such as a relative one or a symbolic link",
        ));
    }
    Ok(Listener::control(path)?)
}

fn addresses(listeners: &[Listener], plain_http: PlainHttp) -> Vec<Reached> {
    let mut reached = Vec::new();
    for (address, protocol) in listeners.iter().filter_map(Listener::address) {
        if protocol.speaks_plain() && plain_http != PlainHttp::Refuse {
            reached.push(Reached { scheme: "http", address });
        }
        if protocol.speaks_tls() {
            reached.push(Reached { scheme: "https", address });
        }
    }
    reached
}

async fn certificates(settings: &Settings, places: &Places) -> anyhow::Result<Arc<Certificates>> {
    let source = match (&settings.tls.certificate, &settings.tls.key) {
        (Some(chain), Some(key)) => CertificateSource::Files { chain: chain.clone(), key: key.clone() },
        _ => CertificateSource::SelfSigned { directory: places.tls(), names: settings.tls.names.clone() },
    };
    let opened = tokio::task::spawn_blocking(move || Certificates::open(source)).await;
    Ok(Arc::new(opened.context("opening the certificate was broken off")??))
}

fn listen_settings(settings: &Settings) -> ListenSettings {
    let server = &settings.server;
    ListenSettings {
        connections: within_open_files(server.connections),
        connections_per_address: server.connections_per_address,
        plain: match server.plain_http {
            PlainHttp::Allow => PlainPolicy::Allow,
            PlainHttp::Private => PlainPolicy::PrivateOnly,
            PlainHttp::Refuse => PlainPolicy::Refuse,
        },
        clients: (!server.clients.is_empty()).then(|| server.clients.clone()),
        forwarding: Forwarding {
            proxies: settings.proxies.networks.clone(),
            header: match settings.proxies.header {
                HeaderWord::XForwardedFor => ForwardingHeader::XForwardedFor,
                HeaderWord::Forwarded => ForwardingHeader::Forwarded,
            },
        },
        proxy_protocol: settings.proxies.proxy_protocol.clone(),
        ..ListenSettings::default()
    }
}

fn write_ready_file(path: &Path, reached: &[Reached]) -> anyhow::Result<()> {
    let line = |one: &Reached| format!("{} {}\n", one.scheme, one.address);
    let text: String = reached.iter().map(line).collect();
    installation::write_durably(path, &text).context("cannot write the ready file")
}

fn remove_if_there(path: &Path) -> std::io::Result<()> {
    match fs_err::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Each connection and each download takes a file; the usual soft limit of 1024 is for programs that use `select`.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit on open files could not be raised");
    }
}

/// Files that are no connections: the catalog, the log, listeners, audio being written and read.
const OTHER_FILES: u64 = 256;

/// How many connections there may be, so that the limit on open files leaves room for everything else.
fn within_open_files(connections: usize) -> usize {
    let Some(limit) = getrlimit(Resource::Nofile).current else { return connections };
    let most = most_connections(connections, limit);
    if most < connections {
        tracing::warn!(connections = most, limit, "the limit on open files lowers the number of connections");
    }
    most
}

/// Two files for each: its socket, and the recording that it downloads.
fn most_connections(wanted: usize, open_files: u64) -> usize {
    let room = (open_files.saturating_sub(OTHER_FILES) / 2).max(1);
    wanted.min(usize::try_from(room).unwrap_or(usize::MAX))
}

/// What tells a server to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Returns at the first SIGTERM or SIGINT.
    async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Returns at the next SIGINT.
    async fn interrupt(&mut self) {
        if self.interrupt.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_everything_else() {
        for (wanted, open_files, most) in
            [(10_000, 1_048_576, 10_000), (10_000, 1024, 384), (10, 1024, 10), (10_000, 256, 1), (5, 0, 1)]
        {
            assert_eq!(most_connections(wanted, open_files), most, "{wanted} of {open_files}");
        }
    }
}
